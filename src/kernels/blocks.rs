//! Products with weights in ggml's blocks, read where they lie: in a file that is mapped to memory.
//! The arithmetic is candle's (`quantized::k_quants`), which rounds inputs to 8 bits, a block at a
//! time; for `Q8_0` on `x86_64` the same arithmetic by a kernel of our own. What is not used of
//! candle is its other way for such weights, which copies a matrix in K formats into wider tiles
//! first: faster for many rows, but 2.3 times the memory with `Q4_K`.

use std::fmt;
use std::sync::Arc;

use candle_core::quantized::k_quants::{
    BlockQ2K, BlockQ3K, BlockQ4_0, BlockQ4_1, BlockQ4K, BlockQ5_0, BlockQ5_1, BlockQ5K, BlockQ6K,
    BlockQ8_0, matmul,
};
use candle_core::quantized::{GgmlDType, GgmlType};
use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, bail};

use super::op::slice;
#[cfg(target_arch = "x86_64")]
use super::x86_64::q8_0;

/// Bytes that stay where they are as long as somebody holds them.
pub type Bytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A matrix in ggml's blocks, inside of other bytes.
#[derive(Clone)]
pub struct Blocks {
    bytes: Bytes,
    start: usize,
    kind: GgmlDType,
    outputs: usize,
    inputs: usize,
}

/// Runs `$body` with the blocks of `$matrix` as `$blocks`, whatever their format.
macro_rules! with_blocks {
    ($matrix:expr, $blocks:ident => $body:expr) => {
        with_blocks!($matrix, $blocks => $body;
            Q4_0 BlockQ4_0, Q4_1 BlockQ4_1, Q5_0 BlockQ5_0, Q5_1 BlockQ5_1, Q8_0 BlockQ8_0,
            Q2K BlockQ2K, Q3K BlockQ3K, Q4K BlockQ4K, Q5K BlockQ5K, Q6K BlockQ6K)
    };
    ($matrix:expr, $blocks:ident => $body:expr; $($kind:ident $block:ident),*) => {
        match $matrix.kind {
            $(GgmlDType::$kind => {
                // SAFETY: ggml's blocks are numbers without gaps: any bytes are a value of theirs.
                let $blocks = unsafe { $matrix.cast::<$block>() }?;
                $body
            })*
            other => bail!("there are no products of weights in ggml's format {other:?}"),
        }
    };
}

impl Blocks {
    /// * `start`: where the first block is
    /// * `[outputs, inputs]`: blocks run along the inputs
    ///
    /// # Errors
    /// When a row ends within a block, the matrix ends beyond the bytes or is not aligned to 2 of
    /// them, or candle can't multiply weights in this format.
    pub fn new(
        bytes: Bytes,
        start: usize,
        kind: GgmlDType,
        [outputs, inputs]: [usize; 2],
    ) -> Result<Self> {
        if inputs == 0 || !inputs.is_multiple_of(kind.block_size()) {
            bail!("rows have {inputs} weights, in blocks of {}", kind.block_size());
        }
        let matrix = Self { bytes, start, kind, outputs, inputs };
        with_blocks!(matrix, _blocks => ());
        Ok(matrix)
    }

    /// # Safety
    /// Any bytes must be a value of `T`.
    unsafe fn cast<T: GgmlType>(&self) -> Result<&[T]> {
        let place = || {
            let count = self.outputs.checked_mul(self.inputs / T::BLCK_SIZE)?;
            let end = count.checked_mul(size_of::<T>())?.checked_add(self.start)?;
            Some((count, (*self.bytes).as_ref().get(self.start..end)?))
        };
        let Some((count, bytes)) = place() else {
            bail!("{self:?} ends beyond its file");
        };
        let first = bytes.as_ptr().cast::<T>();
        if !first.is_aligned() {
            bail!("{self:?} is not aligned in its file");
        }
        // SAFETY: aligned, as long as the bytes that `self` holds, and valid as the caller says.
        Ok(unsafe { std::slice::from_raw_parts(first, count) })
    }

    /// Rows of the matrix.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// How many channels go in.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// `x` `[rows, inputs]` to `[rows, outputs]`.
    ///
    /// # Errors
    /// When `x` is not of whole rows.
    pub fn product(&self, x: &[f32]) -> Result<Vec<f32>> {
        if !x.len().is_multiple_of(self.inputs) {
            bail!("{} channels for {self:?}", x.len());
        }
        let rows = x.len() / self.inputs;
        let mut out = vec![0.0; rows * self.outputs];
        #[cfg(target_arch = "x86_64")]
        if self.kind == GgmlDType::Q8_0 && q8_0::is_available() {
            // SAFETY: as in `with_blocks`.
            let blocks = unsafe { self.cast::<BlockQ8_0>() }?;
            q8_0::product([rows, self.inputs, self.outputs], x, blocks, &mut out);
            return Ok(out);
        }
        let shape = (rows, self.inputs, self.outputs);
        with_blocks!(self, blocks => matmul(shape, x, blocks, &mut out)?);
        Ok(out)
    }

    /// A matrix of the rows `ids`, in this order, with bytes of its own.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn select(&self, ids: &[u32]) -> Result<Self> {
        let each = self.inputs / self.kind.block_size() * self.kind.type_size();
        let all = (*self.bytes).as_ref();
        let mut bytes: Vec<u8> = Vec::with_capacity(ids.len() * each + 1);
        // Blocks begin at even addresses.
        bytes.resize(bytes.as_ptr().align_offset(2).min(1), 0);
        let start = bytes.len();
        for id in ids {
            if *id as usize >= self.outputs {
                bail!("row {id} of {self:?}");
            }
            bytes.extend_from_slice(&all[self.start + *id as usize * each..][..each]);
        }
        Self::new(Arc::new(bytes), start, self.kind, [ids.len(), self.inputs])
    }

    /// Rows `ids` in floating point: `[ids, inputs]`.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn rows(&self, ids: &[u32]) -> Result<Vec<f32>> {
        with_blocks!(self, blocks => gather(blocks, ids, self.inputs))
    }
}

fn gather<T: GgmlType>(blocks: &[T], ids: &[u32], inputs: usize) -> Result<Vec<f32>> {
    let each = inputs / T::BLCK_SIZE;
    let mut out = vec![0.0; ids.len() * inputs];
    for (id, out) in ids.iter().zip(out.chunks_exact_mut(inputs)) {
        let start = *id as usize * each;
        let Some(row) = blocks.get(start..start + each) else {
            bail!("row {id} of a matrix of {} rows", blocks.len() / each);
        };
        T::to_float(row, out);
    }
    Ok(out)
}

impl fmt::Debug for Blocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a matrix of {} by {} in {:?}", self.outputs, self.inputs, self.kind)
    }
}

impl CustomOp1 for Blocks {
    fn name(&self) -> &'static str {
        "product of blocks"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let mut shape = layout.dims().to_vec();
        match shape.last_mut() {
            Some(last) if *last == self.inputs => *last = self.outputs,
            _ => bail!("{:?} times the transpose of {self:?}", layout.dims()),
        }
        Ok((CpuStorage::F32(self.product(slice(storage, layout)?)?), shape.into()))
    }
}
