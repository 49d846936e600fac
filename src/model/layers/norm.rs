use candle_core::{DType, Result, Tensor};
use candle_nn::ops::rms_norm;

use crate::model::weights::Weights;

/// Root mean square norm (Zhang and Sennrich 2019), computed in single precision whatever the
/// network computes in, as transformers does it.
#[derive(Debug, Clone)]
pub struct RmsNorm {
    /// `[channels]`, `f32`
    weight: Tensor,
    epsilon: f32,
}

impl RmsNorm {
    /// `weight` `[channels]` of a checkpoint, which `offset` is added to: Gemma's checkpoints have
    /// the distance to 1.
    ///
    /// # Errors
    /// When it is missing or of another shape.
    pub fn load(weights: &Weights, channels: usize, epsilon: f64, offset: f64) -> Result<Self> {
        let weight = weights.get_as(channels, "weight", DType::F32)?;
        Ok(Self { weight: (weight + offset)?, epsilon: epsilon as f32 })
    }

    /// `[.., channels]` to the same shape.
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let normed = rms_norm(&x.to_dtype(DType::F32)?.contiguous()?, &self.weight, self.epsilon)?;
        normed.to_dtype(x.dtype())
    }
}
