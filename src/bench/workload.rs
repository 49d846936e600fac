use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rayon::ThreadPoolBuilder;
use serde::{Deserialize, Serialize};

use super::cpu_seconds;
use crate::decode::{self, Batch, SearchOptions};
use crate::model::Seq2Seq;

/// Sentences that are decoded together, all to the same length.
#[derive(Debug, Clone, Deserialize)]
pub struct BatchOf {
    /// Source tokens of each, with the end-of-sentence token.
    pub sources: Vec<Vec<u32>>,
    /// Target tokens of each; no sentence ends before.
    pub target_length: usize,
}

/// Work that is the same for every program: batches are not mixed or cut.
#[derive(Debug, Clone, Deserialize)]
pub struct Workload {
    /// In the order in which they are started.
    pub batches: Vec<BatchOf>,
}

impl Workload {
    /// Target tokens of all sentences.
    #[must_use]
    pub fn target_tokens(&self) -> usize {
        self.batches.iter().map(|batch| batch.sources.len() * batch.target_length).sum()
    }

    /// Source tokens of all sentences, without padding.
    #[must_use]
    pub fn source_tokens(&self) -> usize {
        self.batches.iter().flat_map(|batch| &batch.sources).map(Vec::len).sum()
    }
}

/// How a workload is run.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Batches that are decoded at the same time.
    pub workers: usize,
    /// Threads of all workers.
    pub threads: usize,
    /// Runs that are measured, after one that is not.
    pub repeat: usize,
}

/// Times of a workload.
#[derive(Debug, Clone, Serialize)]
pub struct Measurement {
    /// Wall-clock seconds of each run.
    pub seconds: Vec<f64>,
    /// Seconds that threads computed in all of these runs, where the system says so: on a machine
    /// that does other things as well, the better measure.
    pub cpu_seconds: Option<f64>,
    /// Target tokens of a run.
    pub target_tokens: usize,
    /// Source tokens of a run.
    pub source_tokens: usize,
}

/// Runs a workload and measures it. Constraints of `search` other than the length are dropped.
///
/// # Errors
/// When the model fails or the system gives no threads.
pub fn measure(
    model: &dyn Seq2Seq,
    workload: &Workload,
    search: &SearchOptions,
    options: RunOptions,
) -> decode::Result<Measurement> {
    let workers = options.workers.clamp(1, workload.batches.len().max(1));
    // One pool for all: a worker that has nothing left to do helps the others.
    let pool = ThreadPoolBuilder::new()
        .num_threads(options.threads.max(1))
        .build()
        .map_err(candle_core::Error::wrap)?;
    let run = || {
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(batch) = workload.batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                pool.install(|| decode(model, batch, search))?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect::<decode::Result<Vec<()>>>()
        })
    };
    run()?;
    let mut seconds = Vec::with_capacity(options.repeat);
    let before = cpu_seconds();
    for _ in 0..options.repeat {
        let start = Instant::now();
        run()?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    let cpu_seconds = cpu_seconds().zip(before).map(|(after, before)| after - before);
    Ok(Measurement {
        seconds,
        cpu_seconds,
        target_tokens: workload.target_tokens(),
        source_tokens: workload.source_tokens(),
    })
}

fn decode(model: &dyn Seq2Seq, batch: &BatchOf, search: &SearchOptions) -> decode::Result<()> {
    let rows: Vec<(usize, &[u32])> = batch.sources.iter().map(Vec::as_slice).enumerate().collect();
    let inputs = Batch::new(&rows, search.pad, model.device())?;
    // Lengths count the start token; the end of a sentence is forbidden up to the last token.
    let length = batch.target_length + 1;
    let options = SearchOptions {
        max_length: length,
        min_length: length + 1,
        candidates: 1,
        no_repeat_ngram_size: 0,
        repetition_penalty: 1.0,
        forced_first: None,
        forced_last: Vec::new(),
        renormalize: false,
        ..search.clone()
    };
    decode::search(model, &inputs, &options).map(drop)
}
