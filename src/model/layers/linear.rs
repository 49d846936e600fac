use candle_core::{Result, Tensor};
use candle_nn::VarBuilder;

/// A matrix product with a bias. The only file that knows in what precision weights are kept.
#[derive(Debug, Clone)]
pub enum Linear {
    /// Weights and products in floating point.
    Float {
        /// `[out, in]`
        weight: Tensor,
        /// `[out]`
        bias: Option<Tensor>,
    },
}

impl Linear {
    /// `weight` `[output, input]` and `bias` `[output]` of a checkpoint.
    ///
    /// # Errors
    /// When one is missing or of another shape.
    pub fn load(weights: &VarBuilder, input: usize, output: usize) -> Result<Self> {
        Ok(Self::Float {
            weight: weights.get((output, input), "weight")?,
            bias: Some(weights.get(output, "bias")?),
        })
    }

    /// `[.., in]` to `[.., out]`.
    ///
    /// # Errors
    /// When the last dimension is not `in`, or the device fails.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let Self::Float { weight, bias } = self;
        // One product over all rows: candle would loop over the leading dimensions.
        let (output, input) = weight.dims2()?;
        let mut shape = x.dims().to_vec();
        let rows: usize = shape.iter().rev().skip(1).product();
        let flat = x.reshape((rows, input))?.matmul(&weight.t()?)?;
        let flat = match bias {
            Some(bias) => flat.broadcast_add(bias)?,
            None => flat,
        };
        if let Some(last) = shape.last_mut() {
            *last = output;
        }
        flat.reshape(shape)
    }
}
