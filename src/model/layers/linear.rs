use std::sync::Arc;

use candle_core::quantized::QTensor;
use candle_core::{D, Result, Tensor};

use super::Int8Matrix;
use crate::model::weights::Weights;

/// A matrix product with or without a bias. The only file that knows in what precision weights
/// are kept.
#[derive(Debug, Clone)]
pub enum Linear {
    /// Weights and products in floating point.
    Float {
        /// `[out, in]`
        weight: Tensor,
        /// `[out]`
        bias: Option<Tensor>,
    },
    /// Weights in blocks of ggml's formats, products by candle's kernels for them, which round
    /// the input to 8 bits (ggml's `Q8_0` and `Q8_K`). On `x86_64` they make a copy of weights in
    /// K formats, packed: memory of 2.3 times the file, measured with `Q4_K`. All threads of a
    /// product are candle's, so that workers take turns.
    Quantized {
        /// `[out, in]`
        weight: Arc<QTensor>,
        /// `[out]`
        bias: Option<Tensor>,
    },
    /// Weights and inputs in 8 bits, as in Marian's students.
    Int8 {
        /// `[out, in]`
        weight: Arc<Int8Matrix>,
        /// `[out]`
        bias: Option<Tensor>,
    },
}

impl Linear {
    /// `weight` `[output, input]` and, with `bias`, `bias` `[output]` of a checkpoint.
    ///
    /// # Errors
    /// When one is missing or of another shape.
    pub fn load(weights: &Weights, input: usize, output: usize, bias: bool) -> Result<Self> {
        let bias = bias.then(|| weights.get(output, "bias")).transpose()?;
        Ok(match weights.quantised((output, input), "weight")? {
            Some(weight) => Self::Quantized { weight, bias },
            None => Self::Float { weight: weights.get((output, input), "weight")?, bias },
        })
    }

    /// `[.., in]` to `[.., out]`.
    ///
    /// # Errors
    /// When the last dimension is not `in`, or the device fails.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // One product over all rows: candle would loop over the leading dimensions.
        let mut shape = x.dims().to_vec();
        let rows: usize = shape.iter().rev().skip(1).product();
        let flat = x.reshape((rows, x.dim(D::Minus1)?))?;
        let (flat, bias) = match self {
            Self::Float { weight, bias } => (flat.matmul(&weight.t()?)?, bias),
            Self::Quantized { weight, bias } => {
                (flat.contiguous()?.apply_op1_no_bwd(weight.as_ref())?, bias)
            }
            Self::Int8 { weight, bias } => {
                (flat.contiguous()?.apply_op1_no_bwd(weight.as_ref())?, bias)
            }
        };
        let flat = match bias {
            Some(bias) => flat.broadcast_add(bias)?,
            None => flat,
        };
        if let Some(last) = shape.last_mut() {
            *last = flat.dim(1)?;
        }
        flat.reshape(shape)
    }

    /// Rows `ids` `[n]`, `u32`, of the weight: `[n, in]`, what an embedding is.
    ///
    /// # Errors
    /// When there is no such row, or the device fails.
    pub fn rows(&self, ids: &Tensor) -> Result<Tensor> {
        match self {
            Self::Float { weight, .. } => weight.index_select(ids, 0),
            Self::Quantized { weight, .. } => weight.embedding(ids),
            Self::Int8 { weight, .. } => weight.rows(ids),
        }
    }

    /// `x` `[rows, in]` to the outputs `ids` alone: `[rows, ids]`.
    ///
    /// # Errors
    /// When there is no such output, weights are in ggml's formats, or the device fails.
    pub fn some(&self, x: &Tensor, ids: &[u32]) -> Result<Tensor> {
        let index = Tensor::new(ids, x.device())?;
        let (some, bias) = match self {
            Self::Float { weight, bias } => {
                (x.matmul(&weight.index_select(&index, 0)?.t()?)?, bias)
            }
            Self::Int8 { weight, bias } => (weight.some(x, ids)?, bias),
            Self::Quantized { .. } => candle_core::bail!("some outputs of a GGUF matrix"),
        };
        match bias {
            Some(bias) => some.broadcast_add(&bias.index_select(&index, 0)?),
            None => Ok(some),
        }
    }

    /// The same weights with this bias `[out]` instead of what they had.
    #[must_use]
    pub fn with_bias(self, bias: Option<Tensor>) -> Self {
        match self {
            Self::Float { weight, .. } => Self::Float { weight, bias },
            Self::Quantized { weight, .. } => Self::Quantized { weight, bias },
            Self::Int8 { weight, .. } => Self::Int8 { weight, bias },
        }
    }
}
