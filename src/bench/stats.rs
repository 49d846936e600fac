//! What is said about many measurements of the same thing.

use serde::{Deserialize, Serialize};

/// Pairs of measurements up to which [`rank_test`] counts all orders.
const EXACT: usize = 400;

/// The middle of some measurements and how far they spread. All in the unit of these.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// The middle one.
    pub median: f64,
    /// The lowest.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// A quarter is below.
    pub q1: f64,
    /// A quarter is above.
    pub q3: f64,
    /// Median distance from the median.
    pub mad: f64,
    /// How many there are.
    pub count: usize,
}

impl Summary {
    /// Nothing where there are no measurements.
    #[must_use]
    pub fn of(numbers: &[f64]) -> Option<Self> {
        if numbers.is_empty() {
            return None;
        }
        let middle = median(numbers);
        let distances: Vec<f64> = numbers.iter().map(|number| (number - middle).abs()).collect();
        Some(Self {
            median: middle,
            min: percentile(numbers, 0.0),
            max: percentile(numbers, 100.0),
            q1: percentile(numbers, 25.0),
            q3: percentile(numbers, 75.0),
            mad: median(&distances),
            count: numbers.len(),
        })
    }
}

/// The middle of some numbers, or the mean of the two in the middle; 0 where there are none.
#[must_use]
pub fn median(numbers: &[f64]) -> f64 {
    percentile(numbers, 50.0)
}

/// What so many per cent are below, between neighbours in proportion (type 7 of Hyndman and Fan
/// 1996, numpy's default); 0 where there are no numbers.
#[must_use]
pub fn percentile(numbers: &[f64], percent: f64) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = percent.clamp(0.0, 100.0) / 100.0 * last as f64;
    #[allow(clippy::cast_sign_loss)] // a place is from 0 to `last`
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (place - below as f64)
}

/// How probable two samples as different as these, or more, are where nothing is different: the
/// two-sided test of Mann and Whitney (1947), exact where the samples are small. 1 where one is empty.
#[must_use]
pub fn rank_test(a: &[f64], b: &[f64]) -> f64 {
    let pairs = a.len() * b.len();
    if pairs == 0 {
        return 1.0;
    }
    let wins: f64 = a
        .iter()
        .flat_map(|a| b.iter().map(move |b| a.total_cmp(b)))
        .map(|order| match order {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })
        .sum();
    let fewer = wins.min(pairs as f64 - wins);
    let one_sided = if pairs <= EXACT {
        let ways = orders(a.len(), b.len());
        let all: f64 = ways.iter().sum();
        let as_few = ways.iter().enumerate().filter(|(wins, _)| *wins as f64 <= fewer);
        as_few.map(|(_, ways)| ways).sum::<f64>() / all
    } else {
        let spread = (pairs as f64 * (a.len() + b.len() + 1) as f64 / 12.0).sqrt();
        normal_below((fewer + 0.5 - pairs as f64 / 2.0) / spread)
    };
    (2.0 * one_sided).min(1.0)
}

/// In how many orders of `a` and `b` things those of the first kind win 0, 1, 2... pairs.
fn orders(a: usize, b: usize) -> Vec<f64> {
    // Gaussian binomial coefficients: a product of (1 - x^(b+i)) / (1 - x^i).
    let mut ways = vec![0.0; a * b + 1];
    ways[0] = 1.0;
    for i in 1..=a {
        for at in ((b + i)..ways.len()).rev() {
            ways[at] -= ways[at - b - i];
        }
        for at in i..ways.len() {
            ways[at] += ways[at - i];
        }
    }
    ways
}

/// The share of a normal distribution below `z` (Abramowitz and Stegun 1964, 26.2.17).
fn normal_below(z: f64) -> f64 {
    const FACTORS: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let sum = FACTORS.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    let tail = sum * (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if z < 0.0 { tail } else { 1.0 - tail }
}
