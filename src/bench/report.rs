use serde::{Deserialize, Serialize};

use super::machine::{Machine, Peak};
use super::point::{Point, Sample, Task};
use super::stats::{Summary, median, percentile};

/// Of reports as JSON. Keys may be added, none changes its meaning.
pub const SCHEMA: &str = "tarjoman.bench/1";

/// What a sweep measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// The machine.
    pub machine: Machine,
    /// What it does at best, for each number of threads.
    pub peaks: Vec<Peak>,
    /// What was translated, in words.
    pub text: String,
    /// How each process measured.
    pub task: Task,
    /// Processes of each point, in turns.
    pub runs: usize,
    /// In the order of the sweep.
    pub points: Vec<Measured>,
    /// Points that could not be measured.
    pub failed: Vec<Failed>,
}

/// A point that could not be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// The point.
    pub point: Point,
    /// Why.
    pub error: String,
}

/// Delays in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Half are shorter.
    pub p50: f64,
    /// 95 of 100 are shorter.
    pub p95: f64,
    /// 99 of 100 are shorter.
    pub p99: f64,
    /// How many there are.
    pub count: usize,
}

/// What a point makes of what the machine can do at best.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// 10^9 operations a second.
    pub gops: f64,
    /// The same as a part of the rate of a large product of this type.
    pub of_products: f64,
    /// 10^9 bytes of weights a second.
    pub gbs: f64,
    /// The same as a part of the memory bandwidth; above 1 where weights stay in caches.
    pub of_bandwidth: f64,
}

/// A point that was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The point.
    pub point: Point,
    /// The instructions that 8-bit products took.
    pub isa: String,
    /// Beams.
    pub beams: usize,
    /// Source tokens of a batch, padding and beams counted in.
    pub batch_tokens: usize,
    /// Sentences of a run.
    pub sentences: usize,
    /// Source tokens of a run.
    pub source_tokens: usize,
    /// Target tokens of a run.
    pub target_tokens: usize,
    /// Target tokens a second, over all runs of all processes.
    pub tokens_per_second: Summary,
    /// Sentences a second, likewise.
    pub sentences_per_second: Summary,
    /// Target tokens a second that threads computed, a number for each process.
    pub tokens_per_cpu_second: Option<Summary>,
    /// Median target tokens a second of each process: what is compared with other reports.
    pub rounds: Vec<f64>,
    /// Of batches, or of sentences where they come one at a time.
    pub latency: Latency,
    /// Seconds until the model was there.
    pub load_seconds: Summary,
    /// Seconds from the start of the process until the first sentence was translated.
    pub first_sentence_seconds: Summary,
    /// The most memory that a process had resident.
    pub peak_memory_bytes: Option<u64>,
    /// Where the model's shape is known.
    pub share: Option<Share>,
}

impl Measured {
    /// Puts the processes of a point together; nothing where there are none.
    #[must_use]
    pub fn of(point: &Point, samples: &[Sample], peaks: &[Peak]) -> Option<Self> {
        let last = samples.last()?;
        let speeds = |sample: &Sample| -> Vec<f64> {
            let speed = |tokens: usize, seconds: f64| tokens as f64 / seconds.max(1e-9);
            sample.passes.iter().map(|pass| speed(pass.target_tokens, pass.seconds)).collect()
        };
        let all = || samples.iter().flat_map(|sample| &sample.passes);
        let rounds: Vec<f64> = samples.iter().map(|sample| median(&speeds(sample))).collect();
        let tokens: Vec<f64> = samples.iter().flat_map(speeds).collect();
        let sentences: Vec<f64> =
            all().map(|pass| last.sentences as f64 / pass.seconds.max(1e-9)).collect();
        let cpu: Option<Vec<f64>> = samples
            .iter()
            .map(|sample| {
                let made: usize = sample.passes.iter().map(|pass| pass.target_tokens).sum();
                sample.cpu_seconds.map(|seconds| made as f64 / seconds.max(0.01))
            })
            .collect();
        let latencies: Vec<f64> = all().flat_map(|pass| pass.latencies.clone()).collect();
        let seconds: Vec<f64> = all().map(|pass| pass.seconds).collect();
        let of = |number: fn(&Sample) -> f64| samples.iter().map(number).collect::<Vec<_>>();
        Some(Self {
            point: point.clone(),
            isa: last.isa.clone(),
            beams: last.beams,
            batch_tokens: last.batch_tokens,
            sentences: last.sentences,
            source_tokens: last.source_tokens,
            target_tokens: last.passes.last()?.target_tokens,
            tokens_per_second: Summary::of(&tokens)?,
            sentences_per_second: Summary::of(&sentences)?,
            tokens_per_cpu_second: cpu.as_deref().and_then(Summary::of),
            rounds,
            latency: Latency {
                p50: percentile(&latencies, 50.0),
                p95: percentile(&latencies, 95.0),
                p99: percentile(&latencies, 99.0),
                count: latencies.len(),
            },
            load_seconds: Summary::of(&of(|sample| sample.load_seconds))?,
            first_sentence_seconds: Summary::of(&of(|sample| sample.first_sentence_seconds))?,
            peak_memory_bytes: samples.iter().filter_map(|sample| sample.peak_memory_bytes).max(),
            share: share(point, last, median(&seconds), peaks),
        })
    }
}

fn share(point: &Point, sample: &Sample, seconds: f64, peaks: &[Peak]) -> Option<Share> {
    let peak = peaks.iter().find(|peak| peak.threads == point.threads)?;
    // What a machine can do was measured on its CPU.
    let work = sample.work.filter(|_| ["cpu", "auto"].contains(&point.device.as_str()))?;
    let (gops, gbs) = (work.operations / seconds / 1e9, work.bytes / seconds / 1e9);
    let best = if work.in_int8 { peak.int8_gops } else { peak.f32_gops };
    Some(Share { gops, of_products: gops / best, gbs, of_bandwidth: gbs / peak.read_gbs })
}
