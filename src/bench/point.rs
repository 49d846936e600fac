use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::counted::{Counted, Counters, Counts};
use super::workload::{BatchOf, Pass, Runner, Workload};
use super::{cpu_seconds, peak_memory};
use crate::decode::{self, SearchOptions};
use crate::model::families::Cost;
use crate::model::{ComputeType, Seq2Seq};

/// Target tokens for each source token, where lengths are forced.
const TARGET_PER_SOURCE: f64 = 1.1;

/// What is decoded at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Sentences of like length together, as many as fit: the speed of an archive.
    Batches,
    /// One sentence after another, with all threads: the delay that somebody who waits sees.
    Single,
}

impl Mode {
    /// As in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Batches => "batches",
            Self::Single => "single",
        }
    }
}

/// One way to use one model: a point of a sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The model, as for `--model`.
    pub model: String,
    /// In what precision it computes.
    pub compute_type: ComputeType,
    /// Where, as for `--device`.
    pub device: String,
    /// Threads of all workers.
    pub threads: usize,
    /// Batches that are decoded at the same time.
    pub workers: usize,
    /// Source tokens of a batch, padding and beams counted in; nothing: as `translate` has it.
    pub batch_tokens: Option<usize>,
    /// Beams; nothing: as the model wants.
    pub beams: Option<usize>,
    /// What is decoded at once.
    pub mode: Mode,
}

/// How a point is measured in one process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Sentences; those of the text are repeated until there are as many.
    pub sentences: usize,
    /// Whether every target has 1.1 times the tokens of its source, whatever the model says.
    pub forced: bool,
    /// Runs before the first one that is measured.
    pub warmup: usize,
    /// Seconds that are measured at least, in whole runs.
    pub min_seconds: f64,
}

/// What the network did in a run, by [`Cost`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Multiplications and additions with weights.
    pub operations: f64,
    /// Bytes of weights that were read: once a batch by the encoder, once a step by the decoder.
    pub bytes: f64,
    /// Whether products are in 8 bits.
    pub in_int8: bool,
}

impl Work {
    fn of(counts: Counts, runs: usize, cost: Cost) -> Self {
        let runs = runs.max(1) as f64;
        let weights = |source: usize, target: usize| {
            cost.source_weights as f64 * source as f64 + cost.target_weights as f64 * target as f64
        };
        Self {
            operations: 2.0 * weights(counts.source_tokens, counts.rows) / runs,
            bytes: cost.bytes_per_weight * weights(counts.starts, counts.steps) / runs,
            in_int8: cost.in_int8,
        }
    }
}

/// What one process measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The instructions that 8-bit products took.
    pub isa: String,
    /// Beams.
    pub beams: usize,
    /// Source tokens of a batch, padding and beams counted in.
    pub batch_tokens: usize,
    /// Seconds until the model was there.
    pub load_seconds: f64,
    /// Seconds from the start of the process until the first sentence was translated.
    pub first_sentence_seconds: f64,
    /// Each run.
    pub passes: Vec<Pass>,
    /// Seconds that threads computed in all of these.
    pub cpu_seconds: Option<f64>,
    /// Sentences of a run.
    pub sentences: usize,
    /// Source tokens of a run, without padding.
    pub source_tokens: usize,
    /// Of a run; nothing for models whose shape is not known.
    pub work: Option<Work>,
    /// The most memory that the process had resident.
    pub peak_memory_bytes: Option<u64>,
}

/// A loaded model, and how its sentences are searched.
pub struct Loaded<'a> {
    /// The network, or copies of it on several devices; at least one.
    pub networks: Vec<&'a dyn Seq2Seq>,
    /// With the beams that the point asks for.
    pub search: SearchOptions,
    /// Source tokens of a batch, where the point does not say.
    pub batch_tokens: usize,
    /// What a token costs.
    pub cost: Option<Cost>,
    /// Seconds that loading took.
    pub load_seconds: f64,
}

/// Measures a point in this process, which began at `begun` and has loaded the model.
///
/// * `sources`: tokens of the sentences, none of them empty; at least one
/// * `first`: called once the first sentence is translated
///
/// # Errors
/// When the model fails or the system gives no threads.
pub fn time(
    loaded: &Loaded<'_>,
    sources: &[Vec<u32>],
    point: &Point,
    task: &Task,
    begun: Instant,
    first: &mut dyn FnMut(),
) -> decode::Result<Sample> {
    let Loaded { networks, search, cost, .. } = loaded;
    let batch_tokens = point.batch_tokens.unwrap_or(loaded.batch_tokens);
    let sources: Vec<&Vec<u32>> = sources.iter().cycle().take(task.sentences).collect();
    let batch = |group: &[usize]| {
        let sources: Vec<Vec<u32>> = group.iter().map(|at| sources[*at].clone()).collect();
        BatchOf { target_length: task.forced.then(|| target_length(&sources)), sources }
    };
    let one = Workload { batches: sources.first().map(|_| batch(&[0])).into_iter().collect() };
    Runner::new(1, point.threads)?.run(networks, &one, search)?;
    first();
    let first_sentence_seconds = begun.elapsed().as_secs_f64();

    let lengths: Vec<usize> = sources.iter().map(|tokens| tokens.len()).collect();
    let (groups, workers) = match point.mode {
        Mode::Single => ((0..sources.len()).map(|at| vec![at]).collect(), 1),
        Mode::Batches => {
            let budget = batch_tokens / search.beams.max(1);
            (decode::plan(&lengths, budget), point.workers)
        }
    };
    let workload = Workload { batches: groups.iter().map(|group| batch(group)).collect() };
    let runner = Runner::new(workers, point.threads)?;
    for _ in 0..task.warmup {
        runner.run(networks, &workload, search)?;
    }
    let counters = Counters::default();
    let counted: Vec<Counted<'_>> =
        networks.iter().map(|network| Counted::new(*network, &counters)).collect();
    let counted: Vec<&dyn Seq2Seq> = counted.iter().map(|it| it as &dyn Seq2Seq).collect();
    let (start, before) = (Instant::now(), cpu_seconds());
    let mut passes = Vec::new();
    while passes.is_empty() || start.elapsed().as_secs_f64() < task.min_seconds {
        passes.push(runner.run(&counted, &workload, search)?);
    }
    let cpu_seconds = cpu_seconds().zip(before).map(|(after, before)| after - before);
    Ok(Sample {
        isa: crate::kernels::Isa::best().name().to_owned(),
        beams: search.beams,
        batch_tokens,
        load_seconds: loaded.load_seconds,
        first_sentence_seconds,
        work: cost.map(|cost| Work::of(counters.read(), passes.len(), cost)),
        passes,
        cpu_seconds,
        sentences: workload.sentences(),
        source_tokens: workload.source_tokens(),
        peak_memory_bytes: peak_memory(),
    })
}

fn target_length(sources: &[Vec<u32>]) -> usize {
    let tokens: usize = sources.iter().map(Vec::len).sum();
    let mean = tokens as f64 / sources.len().max(1) as f64;
    #[allow(clippy::cast_sign_loss)] // a mean of counts
    let length = (TARGET_PER_SOURCE * mean).round() as usize;
    length.max(1)
}
