//! Owns safetensors files as weights, memory-mapped or inside the binary, with one addition to
//! what candle reads: matrices in 8 bits.
//!
//! A matrix `NAME` of type `I8`, `[outputs, inputs]`, has a companion `NAME_scale` of type `F32`,
//! `[outputs]`: what 1 stands for in each row. Weights are in `-127..=127`. What takes floats gets
//! the products of both. `scripts/train/export.py --int8` writes such files.

use std::sync::Arc;

use candle_core::safetensors::{Load as _, MmapedSafetensors, SliceSafetensors};
use candle_core::{DType, Device, Error, Result, Shape, Tensor};
use candle_nn::Init;
use candle_nn::var_builder::SimpleBackend;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// Open files.
#[derive(Clone)]
pub(super) struct Safetensors(Arc<Open>);

enum Open {
    Mapped(MmapedSafetensors),
    Static(SliceSafetensors<'static>),
}

/// A matrix in 8 bits: weights `[outputs, inputs]` and scales `[outputs]`.
pub(super) type Int8Weights = (Vec<i8>, Vec<f32>);

impl From<MmapedSafetensors> for Safetensors {
    fn from(files: MmapedSafetensors) -> Self {
        Self(Arc::new(Open::Mapped(files)))
    }
}

impl From<SliceSafetensors<'static>> for Safetensors {
    fn from(file: SliceSafetensors<'static>) -> Self {
        Self(Arc::new(Open::Static(file)))
    }
}

impl Safetensors {
    fn view(&self, name: &str) -> Result<TensorView<'_>> {
        match self.0.as_ref() {
            Open::Mapped(files) => files.get(name),
            Open::Static(file) => file.get(name),
        }
    }

    /// The matrix as it is in the file; nothing where it is in floating point there.
    pub(super) fn int8(&self, shape: &Shape, name: &str) -> Result<Option<Int8Weights>> {
        let view = self.view(name)?;
        if view.dtype() != Dtype::I8 {
            return Ok(None);
        }
        check(shape, view.shape(), name)?;
        let (rows, _) = shape.dims2()?;
        let companion = format!("{name}_scale");
        let scales = self.view(&companion)?;
        check(&Shape::from(rows), scales.shape(), &companion)?;
        let scales = scales.load(&Device::Cpu)?.to_dtype(DType::F32)?.to_vec1()?;
        Ok(Some((view.data().iter().map(|byte| byte.cast_signed()).collect(), scales)))
    }

    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        let view = self.view(name)?;
        let shape = Shape::from(view.shape());
        match self.int8(&shape, name)? {
            None => view.load(device)?.to_dtype(dtype),
            Some((weights, scales)) => {
                let columns = shape.dims2()?.1;
                let floats: Vec<f32> = weights
                    .chunks(columns.max(1))
                    .zip(scales)
                    .flat_map(|(row, scale)| row.iter().map(move |w| f32::from(*w) * scale))
                    .collect();
                Tensor::from_vec(floats, shape, device)?.to_dtype(dtype)
            }
        }
    }
}

fn check(expected: &Shape, got: &[usize], name: &str) -> Result<()> {
    if expected.dims() == got {
        return Ok(());
    }
    Err(Error::UnexpectedShape {
        msg: format!("shape mismatch for {name}"),
        expected: expected.clone(),
        got: got.into(),
    }
    .bt())
}

impl SimpleBackend for Safetensors {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, to: &Device) -> Result<Tensor> {
        check(&shape, self.view(name)?.shape(), name)?;
        self.load(name, dtype, to)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        self.load(name, dtype, device)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.view(name).is_ok()
    }
}
