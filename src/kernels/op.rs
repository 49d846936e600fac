use std::cell::Cell;

use candle_core::{CpuStorage, CustomOp1, InplaceOp1, Layout, Result, Shape, Storage, Tensor};

use super::{Epilogue, Int8Matrix, Rounding};

/// [`Int8Matrix::product`] as an operation on tensors on the CPU: `[.., inputs]` to
/// `[.., outputs]`.
#[derive(Debug, Clone, Copy)]
pub struct Int8Product<'a> {
    /// The weights.
    pub matrix: &'a Int8Matrix,
    /// How inputs are rounded.
    pub rounding: Rounding,
    /// What happens to the product.
    pub epilogue: Epilogue<'a>,
}

/// What a tensor holds, in order; an error where it is not `f32`, or not contiguous.
pub(super) fn slice<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => candle_core::bail!("a tensor that is not contiguous"),
    }
}

impl CustomOp1 for Int8Product<'_> {
    fn name(&self) -> &'static str {
        "int8-product"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let x = slice(storage, layout)?;
        let mut shape = layout.dims().to_vec();
        match shape.last_mut() {
            Some(last) if *last == self.matrix.inputs() => *last = self.matrix.outputs(),
            _ => candle_core::bail!("{:?} times the transpose of {:?}", layout.dims(), self.matrix),
        }
        Ok((CpuStorage::F32(self.matrix.product_of(x, self.rounding, self.epilogue)), shape.into()))
    }
}

/// Lets `f` read what a tensor on the CPU holds, without a copy.
///
/// # Errors
/// When it is elsewhere, not contiguous or not `f32`.
pub fn with_slice<R>(tensor: &Tensor, f: impl FnOnce(&[f32]) -> R) -> Result<R> {
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cpu(storage) => slice(storage, layout).map(f),
        _ => candle_core::bail!("a tensor that is not on the CPU"),
    }
}

/// Lets `f` change what a tensor on the CPU holds, in place. Tensors that share its memory change
/// with it.
///
/// # Errors
/// When it is elsewhere, not contiguous or not `f32`.
pub fn with_slice_mut<R>(tensor: &Tensor, f: impl FnOnce(&mut [f32]) -> R) -> Result<R> {
    let op = InPlace { f: Cell::new(Some(f)), result: Cell::new(None) };
    tensor.inplace_op1(&op)?;
    op.result.take().ok_or_else(|| candle_core::Error::Msg("nothing was changed".into()))
}

struct InPlace<F, R> {
    f: Cell<Option<F>>,
    result: Cell<Option<R>>,
}

impl<R, F: FnOnce(&mut [f32]) -> R> InplaceOp1 for InPlace<F, R> {
    fn name(&self) -> &'static str {
        "in-place"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let CpuStorage::F32(all) = storage else {
            candle_core::bail!("a tensor that is not f32");
        };
        let Some((start, end)) = layout.contiguous_offsets() else {
            candle_core::bail!("a tensor that is not contiguous");
        };
        if let Some(f) = self.f.take() {
            self.result.set(Some(f(&mut all[start..end])));
        }
        Ok(())
    }
}
