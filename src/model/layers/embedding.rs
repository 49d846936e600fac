use std::ops::Range;

use candle_core::{Device, Result, Tensor};

/// Sinusoidal position table `[positions, channels]`: sines in the first half of the channels,
/// cosines in the second (transformers `MarianSinusoidalPositionalEmbedding`; computed in
/// double precision, as there).
///
/// # Errors
/// When the device fails.
pub fn sinusoidal_positions(positions: usize, channels: usize, device: &Device) -> Result<Tensor> {
    let sines = channels.div_ceil(2);
    let mut table = vec![0f32; positions * channels];
    for (position, row) in table.chunks_exact_mut(channels).enumerate() {
        for (index, value) in row.iter_mut().enumerate() {
            let pair = if index < sines { index } else { index - sines };
            let rate = 10000f64.powf(2.0 * pair as f64 / channels as f64);
            let angle = position as f64 / rate;
            *value = if index < sines { angle.sin() } else { angle.cos() } as f32;
        }
    }
    Tensor::from_vec(table, (positions, channels), device)
}

/// Rows `positions` of the sinusoidal table of tensor2tensor, `[positions, channels]`: as
/// [`sinusoidal_positions`], but with rates that reach 1/10000 at the last pair of channels
/// (transformers `M2M100SinusoidalPositionalEmbedding`; angles in single precision, as there).
///
/// # Errors
/// When the device fails.
pub fn sinusoidal_positions_tensor2tensor(
    positions: Range<usize>,
    channels: usize,
    device: &Device,
) -> Result<Tensor> {
    let half = channels / 2;
    let step = 10000f64.ln() / (half as f64 - 1.0);
    let rates: Vec<f32> = (0..half).map(|pair| (pair as f32 * -step as f32).exp()).collect();
    let rows = positions.len();
    let mut table = vec![0f32; rows * channels];
    for (position, row) in positions.zip(table.chunks_exact_mut(channels)) {
        for (pair, rate) in rates.iter().enumerate() {
            let angle = f64::from(position as f32 * rate);
            row[pair] = angle.sin() as f32;
            row[half + pair] = angle.cos() as f32;
        }
    }
    Tensor::from_vec(table, (rows, channels), device)
}
