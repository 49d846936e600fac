//! Arithmetic on the scores of one row.

use crate::kernels::rows;

pub(super) use crate::kernels::rows::{log_sum_exp, top};

/// Log-softmax in place. Minus infinity stays minus infinity.
pub(super) fn log_softmax(scores: &mut [f32]) {
    let shift = log_sum_exp(scores);
    if shift.is_finite() {
        rows::subtract(scores, shift);
    }
}

/// Index of the highest score; the first of equals. Scores that are not a number are passed over;
/// where all are, it is the first.
pub(super) fn argmax(scores: &[f32]) -> usize {
    let mut best = Vec::with_capacity(1);
    top(scores, 1, &mut best);
    best.first().map_or(0, |(_, index)| *index)
}

/// `length` to the power of the penalty, as the divisor of a score.
pub(super) fn length_divisor(length: usize, penalty: f32) -> f32 {
    (length as f64).powf(f64::from(penalty)) as f32
}
