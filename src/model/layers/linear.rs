use std::sync::Arc;

use candle_core::quantized::{QStorage, QTensor};
use candle_core::{D, Device, Result, Tensor};

use super::{Activation, StudentMatrix};
use crate::kernels::{
    Bend, Blocks, Epilogue, Int8Matrix, Int8Product, Rounding, with_slice, with_slice_mut,
};
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
    /// Weights in blocks of ggml's formats, where they lie in their file; products by candle's
    /// kernels for them, which round the input to 8 bits (ggml's `Q8_0` and `Q8_K`). On the CPU. All
    /// threads of a product are candle's, so that workers take turns.
    Mapped {
        /// `[out, in]`
        weight: Blocks,
        /// `[out]`
        bias: Option<Tensor>,
    },
    /// The same on other devices, copied there.
    Quantized {
        /// `[out, in]`
        weight: Arc<QTensor>,
        /// `[out]`
        bias: Option<Tensor>,
    },
    /// Weights and inputs in 8 bits, as in Marian's students.
    Student {
        /// `[out, in]`
        weight: Arc<StudentMatrix>,
        /// `[out]`
        bias: Option<Arc<[f32]>>,
    },
    /// Weights in 8 bits with a scale an output; inputs are rounded to 8 bits a row. On the CPU.
    Int8 {
        /// `[out, in]`
        weight: Arc<Int8Matrix>,
        /// `[out]`
        bias: Option<Arc<[f32]>>,
    },
}

impl Linear {
    /// `weight` `[output, input]` and, with `bias`, `bias` `[output]` of a checkpoint.
    ///
    /// # Errors
    /// When one is missing or of another shape.
    pub fn load(weights: &Weights, input: usize, output: usize, bias: bool) -> Result<Self> {
        let bias = bias.then(|| weights.get(output, "bias")).transpose()?;
        let linear = if let Some(weight) = weights.blocks((output, input), "weight")? {
            Self::Mapped { weight, bias: None }
        } else if let Some(weight) = weights.quantised((output, input), "weight")? {
            Self::Quantized { weight, bias: None }
        } else if let Some(weight) = weights.int8((output, input), "weight")? {
            Self::Int8 { weight: Arc::new(weight), bias: None }
        } else {
            Self::Float { weight: weights.get((output, input), "weight")?, bias: None }
        };
        linear.with_bias(bias)
    }

    /// The same weights with another bias `[out]`: an embedding that is the output projection too.
    ///
    /// # Errors
    /// When the bias can't be read back from its device.
    pub fn with_bias(self, to: Option<Tensor>) -> Result<Self> {
        Ok(match self {
            Self::Float { weight, .. } => Self::Float { weight, bias: to },
            Self::Mapped { weight, .. } => Self::Mapped { weight, bias: to },
            Self::Quantized { weight, .. } => Self::Quantized { weight, bias: to },
            Self::Student { weight, .. } => Self::Student { weight, bias: numbers(to)? },
            Self::Int8 { weight, .. } => Self::Int8 { weight, bias: numbers(to)? },
        })
    }

    /// `[.., in]` to `[.., out]`.
    ///
    /// # Errors
    /// When the last dimension is not `in`, or the device fails.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if let Some(product) = self.in_8_bits(x, Bend::Nothing) {
            return product;
        }
        // One product over all rows: candle would loop over the leading dimensions.
        let mut shape = x.dims().to_vec();
        let rows: usize = shape.iter().rev().skip(1).product();
        let flat = x.reshape((rows, x.dim(D::Minus1)?))?;
        let (flat, bias) = match self {
            Self::Float { weight, bias } => (flat.matmul(&weight.t()?)?, bias),
            Self::Mapped { weight, bias } => (flat.contiguous()?.apply_op1_no_bwd(weight)?, bias),
            Self::Quantized { weight, bias } => {
                (flat.contiguous()?.apply_op1_no_bwd(weight.as_ref())?, bias)
            }
            Self::Student { .. } | Self::Int8 { .. } => {
                candle_core::bail!("int8 products are done above")
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

    /// As [`Linear::forward`], with a non-linearity after it.
    ///
    /// # Errors
    /// As there.
    pub fn forward_activated(&self, x: &Tensor, activation: Activation) -> Result<Tensor> {
        let bend = match activation {
            Activation::Relu => Some(Bend::Relu),
            Activation::Swish => Some(Bend::Swish),
            Activation::Gelu | Activation::GeluNew => None,
        };
        match bend.and_then(|bend| self.in_8_bits(x, bend)) {
            Some(product) => product,
            None => activation.forward(&self.forward(x)?),
        }
    }

    /// Outputs.
    ///
    /// # Errors
    /// When the weight is no matrix.
    pub fn outputs(&self) -> Result<usize> {
        match self {
            Self::Float { weight, .. } => weight.dim(0),
            Self::Mapped { weight, .. } => Ok(weight.outputs()),
            Self::Quantized { weight, .. } => weight.shape().dims2().map(|(outputs, _)| outputs),
            Self::Student { weight, .. } => Ok(weight.outputs()),
            Self::Int8 { weight, .. } => Ok(weight.outputs()),
        }
    }

    /// As [`Linear::forward`] of `x` `[rows, in]` on a CPU, into `room` `[rows, out]` where the
    /// kernel can write there.
    ///
    /// # Errors
    /// As there.
    pub fn forward_into(&self, x: &Tensor, room: &Tensor) -> Result<Tensor> {
        let Self::Int8 { weight, bias } = self else { return self.forward(x) };
        let epilogue = Epilogue { bias: bias.as_deref(), bend: Bend::Nothing };
        with_slice(x, |x| with_slice_mut(room, |room| weight.product_into(x, epilogue, room)))??;
        Ok(room.clone())
    }

    /// The product of a matrix in 8 bits; nothing for others.
    fn in_8_bits(&self, x: &Tensor, bend: Bend) -> Option<Result<Tensor>> {
        match self {
            Self::Int8 { weight, bias } => {
                let epilogue = Epilogue { bias: bias.as_deref(), bend };
                let product = Int8Product { matrix: weight, rounding: Rounding::Largest, epilogue };
                Some(x.contiguous().and_then(|x| x.apply_op1_no_bwd(&product)))
            }
            Self::Student { weight, bias } => {
                Some(weight.product(x, Epilogue { bias: bias.as_deref(), bend }))
            }
            Self::Float { .. } | Self::Mapped { .. } | Self::Quantized { .. } => None,
        }
    }

    /// Rows `ids` `[n]`, `u32`, of the weight: `[n, in]`, what an embedding is.
    ///
    /// # Errors
    /// When there is no such row, or the device fails.
    pub fn rows(&self, ids: &Tensor) -> Result<Tensor> {
        match self {
            Self::Float { weight, .. } => weight.index_select(ids, 0),
            Self::Mapped { weight, .. } => {
                let ids = ids.to_vec1::<u32>()?;
                let shape = (ids.len(), weight.inputs());
                Tensor::from_vec(weight.rows(&ids)?, shape, &Device::Cpu)
            }
            Self::Quantized { weight, .. } => weight.embedding(ids),
            Self::Student { weight, .. } => weight.rows(ids),
            Self::Int8 { weight, .. } => {
                let ids = ids.to_vec1::<u32>()?;
                let mut rows = vec![0.0; ids.len() * weight.inputs()];
                for (id, row) in ids.iter().zip(rows.chunks_exact_mut(weight.inputs())) {
                    if *id as usize >= weight.outputs() {
                        candle_core::bail!("row {id} of a matrix of {} rows", weight.outputs());
                    }
                    weight.row(*id as usize, row);
                }
                Tensor::from_vec(rows, (ids.len(), weight.inputs()), &Device::Cpu)
            }
        }
    }

    /// The outputs `ids` alone, in this order.
    ///
    /// # Errors
    /// When there is no such output, or the device fails.
    pub fn select(&self, ids: &[u32]) -> Result<Self> {
        let some = |bias: &Arc<[f32]>| -> Result<Arc<[f32]>> {
            ids.iter()
                .map(|id| match bias.get(*id as usize) {
                    Some(bias) => Ok(*bias),
                    None => candle_core::bail!("output {id} of {}", bias.len()),
                })
                .collect()
        };
        let some_of = |all: &Tensor| all.index_select(&Tensor::new(ids, all.device())?, 0);
        Ok(match self {
            Self::Float { weight, bias } => Self::Float {
                weight: some_of(weight)?,
                bias: bias.as_ref().map(some_of).transpose()?,
            },
            Self::Student { weight, bias } => Self::Student {
                weight: Arc::new(weight.select(ids)?),
                bias: bias.as_ref().map(some).transpose()?,
            },
            Self::Int8 { weight, bias } => Self::Int8 {
                weight: Arc::new(weight.select(ids)?),
                bias: bias.as_ref().map(some).transpose()?,
            },
            Self::Mapped { weight, bias } => Self::Mapped {
                weight: weight.select(ids)?,
                bias: bias.as_ref().map(some_of).transpose()?,
            },
            Self::Quantized { weight, bias } => {
                // Rows are whole blocks, one after another.
                let (data, (outputs, inputs)) = (weight.data()?, weight.shape().dims2()?);
                let each = data.len() / outputs.max(1);
                let mut rows = Vec::with_capacity(ids.len() * each);
                for id in ids {
                    let row = data.get(*id as usize * each..(*id as usize + 1) * each);
                    let Some(row) = row else { candle_core::bail!("output {id} of {outputs}") };
                    rows.extend_from_slice(row);
                }
                let storage = QStorage::from_data(rows.into(), &weight.device(), weight.dtype())?;
                Self::Quantized {
                    weight: Arc::new(QTensor::new(storage, (ids.len(), inputs))?),
                    bias: bias.as_ref().map(some_of).transpose()?,
                }
            }
        })
    }
}

fn numbers(tensor: Option<Tensor>) -> Result<Option<Arc<[f32]>>> {
    let numbers = tensor.map(|tensor| tensor.to_vec1::<f32>()).transpose()?;
    Ok(numbers.map(Arc::from))
}
