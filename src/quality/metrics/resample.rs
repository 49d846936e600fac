//! Owns resampling: intervals and paired tests of the difference of two systems (Koehn 2004), with
//! the draws of sacrebleu's default seed, so that the p-values are its too. They come from
//! `NumPy`'s generator: PCG XSL RR 128/64 (O'Neill 2014), seeded through its `SeedSequence`.

use super::{Metric, total};

const SEED: u32 = 12345;

/// Mean and half-width of the 95 % interval over resamples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Mean of the resampled scores.
    pub mean: f64,
    /// Half the distance between the 2.5th and the 97.5th percentile.
    pub half_width: f64,
}

/// A system beside the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Of the system.
    pub interval: Interval,
    /// How likely so large a difference is when the systems are equally good.
    pub p_value: f64,
}

/// The interval of a system from the statistics of its sentences.
#[must_use]
pub fn interval(metric: &Metric, statistics: &[Vec<f64>], samples: usize) -> Interval {
    interval_by(&|sum| metric.score(sum).value, statistics, samples)
}

/// The same for a score of any kind, a function of summed statistics.
#[must_use]
pub fn interval_by(
    score: &dyn Fn(&[f64]) -> f64,
    statistics: &[Vec<f64>],
    samples: usize,
) -> Interval {
    of(&resampled(score, statistics, samples))
}

/// Paired bootstrap test of a system against a baseline on the same sentences.
///
/// # Panics
/// When they have not the same number of sentences.
#[must_use]
pub fn compare(
    metric: &Metric,
    baseline: &[Vec<f64>],
    system: &[Vec<f64>],
    samples: usize,
) -> Comparison {
    compare_by(&|sum| metric.score(sum).value, baseline, system, samples)
}

/// The same for a score of any kind, a function of summed statistics.
///
/// # Panics
/// As [`compare`].
#[must_use]
pub fn compare_by(
    score: &dyn Fn(&[f64]) -> f64,
    baseline: &[Vec<f64>],
    system: &[Vec<f64>],
    samples: usize,
) -> Comparison {
    assert_eq!(baseline.len(), system.len(), "a paired test needs the same sentences");
    let (ours, theirs) = (resampled(score, system, samples), resampled(score, baseline, samples));
    let value = |statistics| score(&total(statistics));
    let difference = (value(baseline) - value(system)).abs();
    let gaps: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).collect();
    let mean = gaps.iter().sum::<f64>() / gaps.len().max(1) as f64;
    let larger = gaps.iter().filter(|gap| **gap - mean > difference).count();
    Comparison { interval: of(&ours), p_value: (larger + 1) as f64 / (gaps.len() + 1) as f64 }
}

fn of(scores: &[f64]) -> Interval {
    let mut sorted = scores.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 40;
    let (Some(low), Some(high)) = (sorted.get(cut), sorted.iter().rev().nth(cut)) else {
        return Interval { mean: 0.0, half_width: 0.0 };
    };
    let mean = scores.iter().sum::<f64>() / scores.len() as f64;
    Interval { mean, half_width: 0.5 * (high - low) }
}

fn resampled(score: &dyn Fn(&[f64]) -> f64, statistics: &[Vec<f64>], samples: usize) -> Vec<f64> {
    let mut random = Random::new(SEED);
    let count = statistics.len() as u32;
    let mut scores = Vec::with_capacity(samples);
    for _ in 0..if count == 0 { 0 } else { samples } {
        let mut sum = vec![0.0; statistics[0].len()];
        for _ in 0..count {
            for (sum, value) in sum.iter_mut().zip(&statistics[random.below(count) as usize]) {
                *sum += value;
            }
        }
        scores.push(score(&sum));
    }
    scores
}

/// `numpy.random.default_rng(seed)`.
struct Random {
    state: u128,
    increment: u128,
    half: Option<u32>,
}

impl Random {
    fn new(seed: u32) -> Self {
        let words = seed_sequence(seed);
        let wide = |at: usize| {
            let long = |at: usize| u64::from(words[at + 1]) << 32 | u64::from(words[at]);
            u128::from(long(at)) << 64 | u128::from(long(at + 2))
        };
        let mut random = Self { state: 0, increment: wide(4) << 1 | 1, half: None };
        random.step();
        random.state = random.state.wrapping_add(wide(0));
        random.step();
        random
    }

    fn step(&mut self) {
        const MULTIPLIER: u128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645;
        self.state = self.state.wrapping_mul(MULTIPLIER).wrapping_add(self.increment);
    }

    fn next(&mut self) -> u32 {
        if let Some(half) = self.half.take() {
            return half;
        }
        self.step();
        let folded = (self.state >> 64) as u64 ^ self.state as u64;
        let out = folded.rotate_right((self.state >> 122) as u32);
        self.half = Some((out >> 32) as u32);
        out as u32
    }

    /// Uniform in `0..limit` (Lemire 2019).
    fn below(&mut self, limit: u32) -> u32 {
        if limit < 2 {
            // NumPy draws nothing here.
            return 0;
        }
        let threshold = limit.wrapping_neg() % limit;
        loop {
            let product = u64::from(self.next()) * u64::from(limit);
            if product as u32 >= threshold {
                return (product >> 32) as u32;
            }
        }
    }
}

/// Eight words of `NumPy`'s `SeedSequence(seed)`.
fn seed_sequence(seed: u32) -> [u32; 8] {
    let mut constant = 0x43b0_d7e5_u32;
    let mut hash = |mut value: u32| {
        value ^= constant;
        constant = constant.wrapping_mul(0x931e_8875);
        value = value.wrapping_mul(constant);
        value ^ value >> 16
    };
    let mut pool = [seed, 0, 0, 0].map(&mut hash);
    for source in 0..4 {
        for target in (0..4).filter(|target| *target != source) {
            let mixed = pool[target]
                .wrapping_mul(0xca01_f9dd)
                .wrapping_sub(hash(pool[source]).wrapping_mul(0x4973_f715));
            pool[target] = mixed ^ mixed >> 16;
        }
    }
    let mut constant = 0x8b51_f9dd_u32;
    std::array::from_fn(|at| {
        let mut value = pool[at % 4] ^ constant;
        constant = constant.wrapping_mul(0x58f3_8ded);
        value = value.wrapping_mul(constant);
        value ^ value >> 16
    })
}
