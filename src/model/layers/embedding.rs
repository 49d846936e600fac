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
