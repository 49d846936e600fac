use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::{Deserialize, Serialize};

use super::cpu_seconds;
use crate::decode::{self, Batch, SearchOptions};
use crate::model::Seq2Seq;

/// Sentences that are decoded together.
#[derive(Debug, Clone, Deserialize)]
pub struct BatchOf {
    /// Source tokens of each, with the end-of-sentence token.
    pub sources: Vec<Vec<u32>>,
    /// Target tokens of each; no sentence ends before. Nothing: the model ends each as it will.
    #[serde(default)]
    pub target_length: Option<usize>,
}

/// Work that is the same for every program: batches are not mixed or cut.
#[derive(Debug, Clone, Deserialize)]
pub struct Workload {
    /// In the order in which they are started.
    pub batches: Vec<BatchOf>,
}

impl Workload {
    /// Sentences.
    #[must_use]
    pub fn sentences(&self) -> usize {
        self.batches.iter().map(|batch| batch.sources.len()).sum()
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

/// One run of a workload.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pass {
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Target tokens, with the end-of-sentence token where there is one.
    pub target_tokens: usize,
    /// Wall-clock seconds of each batch, in the order in which they ended.
    pub latencies: Vec<f64>,
}

/// Threads that run workloads.
pub(super) struct Runner {
    /// One pool for all: a worker that has nothing left to do helps the others.
    pool: ThreadPool,
    workers: usize,
}

impl Runner {
    pub fn new(workers: usize, threads: usize) -> decode::Result<Self> {
        let pool = ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
        Ok(Self { pool: pool.map_err(candle_core::Error::wrap)?, workers: workers.max(1) })
    }

    /// * `networks`: copies of the same, for workers in turn; at least one
    pub fn run(
        &self,
        networks: &[&dyn Seq2Seq],
        workload: &Workload,
        search: &SearchOptions,
    ) -> decode::Result<Pass> {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Pass::default());
        let work = |worker: usize| {
            while let Some(batch) = workload.batches.get(next.fetch_add(1, Ordering::Relaxed)) {
                let start = Instant::now();
                let network = networks[worker % networks.len()];
                let tokens = self.pool.install(|| decode(network, batch, search))?;
                let seconds = start.elapsed().as_secs_f64();
                let mut done = done.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                done.target_tokens += tokens;
                done.latencies.push(seconds);
            }
            Ok(())
        };
        let start = Instant::now();
        std::thread::scope(|scope| {
            let work = &work;
            let threads: Vec<_> = (0..self.workers.min(workload.batches.len()))
                .map(|worker| scope.spawn(move || work(worker)))
                .collect();
            threads
                .into_iter()
                .map(|thread| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect::<decode::Result<Vec<()>>>()
        })?;
        let seconds = start.elapsed().as_secs_f64();
        let done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Pass { seconds, ..done })
    }
}

/// Runs a workload and measures it. Where lengths are forced, constraints of `search` other than the
/// length are dropped.
///
/// # Errors
/// When the model fails or the system gives no threads.
pub fn measure(
    model: &dyn Seq2Seq,
    workload: &Workload,
    search: &SearchOptions,
    options: RunOptions,
) -> decode::Result<Measurement> {
    let runner = Runner::new(options.workers, options.threads)?;
    let target_tokens = runner.run(&[model], workload, search)?.target_tokens;
    let mut seconds = Vec::with_capacity(options.repeat);
    let before = cpu_seconds();
    for _ in 0..options.repeat {
        seconds.push(runner.run(&[model], workload, search)?.seconds);
    }
    let cpu_seconds = cpu_seconds().zip(before).map(|(after, before)| after - before);
    Ok(Measurement { seconds, cpu_seconds, target_tokens, source_tokens: workload.source_tokens() })
}

/// Returns the target tokens.
fn decode(model: &dyn Seq2Seq, batch: &BatchOf, search: &SearchOptions) -> decode::Result<usize> {
    let rows: Vec<(usize, &[u32])> = batch.sources.iter().map(Vec::as_slice).enumerate().collect();
    let inputs = Batch::new(&rows, search.pad, model.device())?;
    let found = match batch.target_length {
        None => decode::search(model, &inputs, search)?,
        // Lengths count the start token; the end of a sentence is forbidden up to the last token.
        Some(length) => {
            let options = SearchOptions {
                max_length: length + 1,
                max_length_factor: None,
                min_length: length + 2,
                candidates: 1,
                no_repeat_ngram_size: 0,
                repetition_penalty: 1.0,
                forced_first: None,
                forced_last: Vec::new(),
                renormalize: false,
                ..search.clone()
            };
            decode::search(model, &inputs, &options)?
        }
    };
    Ok(found.iter().filter_map(|candidates| candidates.first()).map(|it| it.tokens.len()).sum())
}
