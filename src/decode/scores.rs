//! Arithmetic on the scores of one row.

/// Log-softmax in place. Minus infinity stays minus infinity.
pub(super) fn log_softmax(scores: &mut [f32]) {
    let shift = log_sum_exp(scores);
    if shift.is_finite() {
        for score in scores {
            *score -= shift;
        }
    }
}

/// `log(sum(exp(scores)))`, summed in double precision.
pub(super) fn log_sum_exp(scores: &[f32]) -> f32 {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if !highest.is_finite() {
        return highest;
    }
    let sum: f64 = scores.iter().map(|score| f64::from((score - highest).exp())).sum();
    highest + sum.ln() as f32
}

/// Index of the highest score; the first of equals. Scores that are not a number count as lowest.
pub(super) fn argmax(scores: &[f32]) -> usize {
    let mut best = 0;
    for (index, score) in scores.iter().enumerate() {
        if *score > scores[best] || scores[best].is_nan() {
            best = index;
        }
    }
    best
}

/// The `count` highest scores as (score, index), best first; of equals the first index.
pub(super) fn top(scores: &[f32], count: usize) -> Vec<(f32, usize)> {
    let mut best: Vec<(f32, usize)> = Vec::with_capacity(count + 1);
    for (index, score) in scores.iter().enumerate() {
        if best.len() == count && best.last().is_some_and(|(lowest, _)| score <= lowest) {
            continue;
        }
        if score.is_nan() {
            continue;
        }
        let place = best.partition_point(|(other, _)| other >= score);
        best.insert(place, (*score, index));
        best.truncate(count);
    }
    best
}

/// `length` to the power of the penalty, as the divisor of a score.
pub(super) fn length_divisor(length: usize, penalty: f32) -> f32 {
    (length as f64).powf(f64::from(penalty)) as f32
}
