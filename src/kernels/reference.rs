//! The int8 product, naively: what every kernel is tested against.

use super::rows::exp;
use super::{Bend, Epilogue};

/// `x` `[rows, inputs]` times the transpose of `weights` `[outputs, inputs]`, whose rows stand
/// for `scales` `[outputs]` times as much: `[rows, outputs]`. Inputs are rounded to 8 bits a row.
#[must_use]
pub fn int8_product(
    x: &[f32],
    rows: usize,
    weights: &[i8],
    scales: &[f32],
    epilogue: Epilogue<'_>,
) -> Vec<f32> {
    let outputs = scales.len();
    let inputs = weights.len() / outputs.max(1);
    let mut out = Vec::with_capacity(rows * outputs);
    for row in 0..rows {
        let x = &x[row * inputs..(row + 1) * inputs];
        let (rounded, scale) = int8_round(x);
        for (output, column_scale) in scales.iter().enumerate() {
            let weights = &weights[output * inputs..(output + 1) * inputs];
            let sum: i32 =
                rounded.iter().zip(weights).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
            let bias = epilogue.bias.map_or(0.0, |bias| bias[output]);
            let value = sum as f32 * (scale * column_scale) + bias;
            out.push(match epilogue.bend {
                Bend::Nothing => value,
                Bend::Relu => value.max(0.0),
                Bend::Swish => value / (1.0 + exp(-value)),
            });
        }
    }
    out
}

/// Rounds to `-127..=127`, the largest to 127, ties to even; returns what 1 stands for as well.
#[must_use]
pub fn int8_round(x: &[f32]) -> (Vec<i8>, f32) {
    let largest = x.iter().fold(0f32, |largest, x| largest.max(x.abs()));
    let factor = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    let factor = if factor.is_finite() { factor } else { 0.0 };
    let rounded = x.iter().map(|x| (x * factor).round_ties_even() as i8).collect();
    (rounded, largest / 127.0)
}
