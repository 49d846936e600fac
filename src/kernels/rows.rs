//! What runs over whole rows: norms, softmax, the best of many scores.
//!
//! Sums are kept in lanes, always the same number, so that results do not depend on the CPU.

use super::dispatch::dispatched;

/// Partial sums of a row.
const LANES: usize = 16;

#[inline(always)]
pub(super) fn total(lanes: [f32; LANES]) -> f32 {
    // What comes before is not to be cut into the pieces of the last additions.
    let mut lanes = std::hint::black_box(lanes);
    let mut width = LANES / 2;
    while width > 0 {
        for at in 0..width {
            lanes[at] += lanes[at + width];
        }
        width /= 2;
    }
    lanes[0]
}

/// `exp`, to the last two bits or so (the polynomial of Cephes' `expf`); 0 below -87.
#[inline(always)]
#[allow(clippy::excessive_precision)] // as published
pub(super) fn exp(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let limited = if x < -87.0 { -87.0 } else { x };
    let limited = if limited > 88.0 { 88.0 } else { limited };
    let shifted = limited * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = limited - whole * 0.693_359_375 + whole * 2.121_944_4e-4;
    let mut value = 1.987_569_150e-4;
    value = value * rest + 1.398_199_950_7e-3;
    value = value * rest + 8.333_451_907_3e-3;
    value = value * rest + 4.166_579_589_4e-2;
    value = value * rest + 1.666_666_545_9e-1;
    value = value * rest + 5.000_000_120_1e-1;
    value = value * rest * rest + rest + 1.0;
    // The lowest bits of `shifted` are the power of two.
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()));
    if x < -87.0 { 0.0 } else { value * power }
}

/// `2^x` for `x` up to 0, to the last bits (the polynomial of Cephes' `exp2f`); not below `2^-126`.
/// Two thirds of the instructions of [`exp`].
#[inline(always)]
#[allow(clippy::excessive_precision)] // as published
fn exp2_below(x: f32) -> f32 {
    const ROUND: f32 = 12_582_912.0;
    let limited = if x < -126.0 { -126.0 } else { x };
    let shifted = limited + ROUND;
    let rest = limited - (shifted - ROUND);
    let mut value = 1.535_336_188_319_500e-4;
    value = value * rest + 1.339_887_440_266_574e-3;
    value = value * rest + 9.618_437_357_674_640e-3;
    value = value * rest + 5.550_332_471_162_809e-2;
    value = value * rest + 2.402_264_791_363_012e-1;
    value = value * rest + 6.931_472_028_550_421e-1;
    value = value * rest + 1.0;
    // The lowest bits of `shifted` are the power of two.
    value * f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0f32.to_bits()))
}

#[inline(always)]
pub(super) fn highest(row: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let chunks = row.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = if *x > *lane { *x } else { *lane };
        }
    }
    lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max)
}

#[inline(always)]
fn log_sum_exp_body(row: &[f32]) -> f32 {
    let highest = highest(row);
    if !highest.is_finite() {
        return highest;
    }
    let share = |x: f32| exp2_below((x - highest) * std::f32::consts::LOG2_E);
    // Lanes are emptied now and then: many small numbers would be lost in large single ones.
    let mut sum = 0f64;
    for part in row.chunks(64 * LANES) {
        let mut lanes = [0f32; LANES];
        let chunks = part.chunks_exact(LANES);
        let rest = chunks.remainder();
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane += share(*x);
            }
        }
        sum += f64::from(total(lanes));
        sum += rest.iter().map(|x| f64::from(share(*x))).sum::<f64>();
    }
    highest + sum.ln() as f32
}

dispatched! {
    /// `log(sum(exp(row)))`; minus infinity where all are.
    pub fn log_sum_exp(row: &[f32]) -> f32 = log_sum_exp_body
}

#[inline(always)]
fn top_body(scores: &[f32], count: usize, best: &mut Vec<(f32, usize)>) {
    best.clear();
    if count == 0 {
        return;
    }
    let mut floor = f32::NEG_INFINITY;
    for (at, chunk) in scores.chunks(64).enumerate() {
        // Most of a long row is below what was found at its beginning.
        if best.len() == count {
            let mut any = false;
            for score in chunk {
                any |= *score > floor;
            }
            if !any {
                continue;
            }
        }
        for (index, score) in chunk.iter().enumerate() {
            if score.is_nan() || (best.len() == count && *score <= floor) {
                continue;
            }
            let place = best.partition_point(|(other, _)| other >= score);
            best.insert(place, (*score, at * 64 + index));
            best.truncate(count);
            floor = best.last().map_or(f32::NEG_INFINITY, |(score, _)| *score);
        }
    }
}

dispatched! {
    /// The `count` highest scores as (score, index), best first, into `best`; of equals the first
    /// index. Scores that are not a number are passed over.
    pub fn top(scores: &[f32], count: usize, best: &mut Vec<(f32, usize)>) = top_body
}

#[inline(always)]
fn subtract_body(row: &mut [f32], shift: f32) {
    for x in row {
        *x -= shift;
    }
}

dispatched! {
    /// Subtracts `shift` from all.
    pub fn subtract(row: &mut [f32], shift: f32) = subtract_body
}

#[inline(always)]
fn add_body(x: &mut [f32], y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += y;
    }
}

dispatched! {
    /// Adds `y` to `x`.
    pub fn add(x: &mut [f32], y: &[f32]) = add_body
}

#[inline(always)]
pub(super) fn swish_body(row: &mut [f32]) {
    for x in row {
        *x /= 1.0 + exp(-*x);
    }
}

dispatched! {
    /// `x * sigmoid(x)` in place (Ramachandran et al. 2017).
    pub fn swish(row: &mut [f32]) = swish_body
}

#[inline(always)]
fn scale_and_add_body(x: &mut [f32], scale: f32, y: &[f32]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x = *x * scale + y;
    }
}

dispatched! {
    /// Multiplies `x` with `scale`, then adds `y`.
    pub fn scale_and_add(x: &mut [f32], scale: f32, y: &[f32]) = scale_and_add_body
}

/// The weights of a layer norm (Ba et al. 2016).
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// `[channels]`
    pub weight: &'a [f32],
    /// `[channels]`
    pub bias: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

#[inline(always)]
fn norm_body(x: &mut [f32], norm: Norm<'_>) {
    let channels = norm.weight.len();
    for row in x.chunks_exact_mut(channels.max(1)) {
        let mut lanes = [0f32; LANES];
        let chunks = row.chunks_exact(LANES);
        let rest: f32 = chunks.remainder().iter().sum();
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane += *x;
            }
        }
        let mean = (total(lanes) + rest) / channels as f32;
        let mut lanes = [0f32; LANES];
        let chunks = row.chunks_exact(LANES);
        let rest: f32 = chunks.remainder().iter().map(|x| (x - mean) * (x - mean)).sum();
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane += (*x - mean) * (*x - mean);
            }
        }
        let variance = (total(lanes) + rest) / channels as f32;
        let factor = 1.0 / (variance + norm.epsilon).sqrt();
        for ((x, weight), bias) in row.iter_mut().zip(norm.weight).zip(norm.bias) {
            *x = (*x - mean) * factor * weight + bias;
        }
    }
}

dispatched! {
    /// Normalises rows `[.., channels]` in place.
    pub fn layer_norm(x: &mut [f32], norm: Norm<'_>) = norm_body
}
