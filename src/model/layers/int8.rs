//! Products in 8 bits as intgemm computes them (<https://github.com/kpu/intgemm>): inputs are
//! multiplied with a factor and rounded to the nearest whole number from -127 to 127, products are
//! summed exactly, and the sum is divided by the factors of both sides. Where intgemm's own sums
//! overflow, on processors without VNNI, these do not.

use candle_core::backend::BackendStorage as _;
use candle_core::{CpuStorage, CustomOp1, DType, Layout, Result, Shape, Tensor, bail};
use rayon::prelude::*;

/// The largest number in 8 bits that is used on both sides of zero.
const LARGEST: f32 = 127.0;
/// Rows of inputs that one pass over the weights serves.
const ROWS: usize = 4;
/// Rows of inputs from which on threads share a product.
const ROWS_EACH: usize = 16;

/// A matrix in 8 bits.
#[derive(Debug)]
pub struct StudentMatrix {
    /// `[outputs, inputs]`
    values: Vec<i8>,
    outputs: usize,
    inputs: usize,
    /// What the values were multiplied with.
    factor: f32,
    /// What inputs are multiplied with; without it each row is measured, so that its largest value
    /// becomes 127. (Marian measures the whole batch: results depend on the neighbours there.)
    alpha: Option<f32>,
}

impl StudentMatrix {
    /// * `values`: `[outputs, inputs]`, multiplied with `factor`
    /// * `alpha`: what inputs are multiplied with; nothing is measured a row
    ///
    /// # Errors
    /// When there are more or fewer values.
    pub fn new(
        values: Vec<i8>,
        [outputs, inputs]: [usize; 2],
        factor: f32,
        alpha: Option<f32>,
    ) -> Result<Self> {
        if outputs.checked_mul(inputs) != Some(values.len()) || inputs == 0 {
            bail!("{} values are no matrix of {outputs} by {inputs}", values.len());
        }
        Ok(Self { values, outputs, inputs, factor, alpha })
    }

    /// Rounds a matrix so that its largest value becomes 127.
    ///
    /// # Errors
    /// When there are more or fewer values.
    pub fn quantise(values: &[f32], shape: [usize; 2], alpha: Option<f32>) -> Result<Self> {
        let factor = factor_of(values);
        let mut rounded = vec![0; values.len()];
        quantise(values, factor, &mut rounded);
        Self::new(rounded, shape, factor, alpha)
    }

    /// `x` `[rows, inputs]` with all or some of the outputs: `[rows, outputs]`.
    ///
    /// * `some`: the outputs that are wanted, each below `outputs`
    fn product(&self, x: &[f32], some: Option<&[u32]>) -> Vec<f32> {
        let outputs = some.map_or(self.outputs, <[u32]>::len);
        let mut out = vec![0f32; x.len() / self.inputs * outputs];
        if out.is_empty() {
            return out;
        }
        let gathered: Vec<i8>;
        let weights = match some {
            None => &self.values,
            Some(ids) => {
                gathered = ids.iter().flat_map(|id| self.row(*id)).copied().collect();
                &gathered
            }
        };
        let chunks = x.par_chunks(ROWS_EACH * self.inputs);
        chunks.zip(out.par_chunks_mut(ROWS_EACH * outputs)).for_each(|(x, out)| {
            let mut rounded = vec![0i8; x.len()];
            let mut factors = Vec::with_capacity(ROWS_EACH);
            for (row, rounded) in
                x.chunks_exact(self.inputs).zip(rounded.chunks_exact_mut(self.inputs))
            {
                let factor = self.alpha.unwrap_or_else(|| factor_of(row));
                quantise(row, factor, rounded);
                factors.push(1.0 / (factor * self.factor));
            }
            let mut sums = vec![0i32; out.len()];
            multiply(&rounded, weights, self.inputs, &mut sums);
            for ((out, sums), step) in
                out.chunks_exact_mut(outputs).zip(sums.chunks_exact(outputs)).zip(factors)
            {
                for (value, sum) in out.iter_mut().zip(sums) {
                    *value = *sum as f32 * step;
                }
            }
        });
        out
    }

    fn row(&self, id: u32) -> &[i8] {
        let start = id as usize * self.inputs;
        &self.values[start..start + self.inputs]
    }

    /// `x` `[rows, inputs]` with the outputs `ids`: `[rows, ids]`.
    ///
    /// # Errors
    /// When there is no such output, or `x` has another shape.
    pub fn some(&self, x: &Tensor, ids: &[u32]) -> Result<Tensor> {
        self.check(ids)?;
        let (rows, inputs) = x.dims2()?;
        if inputs != self.inputs {
            bail!("{inputs} channels for a matrix of {}", self.inputs);
        }
        let x: Vec<f32> = x.flatten_all()?.to_vec1()?;
        Tensor::from_vec(self.product(&x, Some(ids)), (rows, ids.len()), &candle_core::Device::Cpu)
    }

    /// Rows `ids` `[n]`, `u32`, in floating point: `[n, inputs]`.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn rows(&self, ids: &Tensor) -> Result<Tensor> {
        let device = ids.device();
        let ids: Vec<u32> = ids.to_vec1()?;
        self.check(&ids)?;
        let step = 1.0 / self.factor;
        let values = ids.iter().flat_map(|id| self.row(*id)).map(|value| f32::from(*value) * step);
        Tensor::from_vec(values.collect(), (ids.len(), self.inputs), device)
    }

    fn check(&self, ids: &[u32]) -> Result<()> {
        match ids.iter().find(|id| **id as usize >= self.outputs) {
            Some(id) => bail!("row {id} of a matrix of {} rows", self.outputs),
            None => Ok(()),
        }
    }
}

impl CustomOp1 for StudentMatrix {
    fn name(&self) -> &'static str {
        "int8 product"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, inputs) = layout.shape().dims2()?;
        let CpuStorage::F32(x) = storage else {
            bail!("an 8-bit product of {:?}, not {:?}", storage.dtype(), DType::F32)
        };
        let Some((start, end)) = layout.contiguous_offsets() else {
            bail!("an 8-bit product of a view")
        };
        if inputs != self.inputs {
            bail!("{inputs} channels for a matrix of {}", self.inputs);
        }
        let out = self.product(&x[start..end], None);
        Ok((CpuStorage::F32(out), Shape::from((rows, self.outputs))))
    }
}

/// What makes the largest value 127.
fn factor_of(values: &[f32]) -> f32 {
    let largest = values.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    if largest > 0.0 && largest.is_finite() { LARGEST / largest } else { 1.0 }
}

/// Rounds to the nearest, halves to the even.
fn quantise(values: &[f32], factor: f32, out: &mut [i8]) {
    // Past this number a float has no fraction: adding it rounds, by the rule of the processor.
    const ROUNDER: f32 = 12_582_912.0;
    for (value, out) in values.iter().zip(out) {
        let scaled = (value * factor).clamp(-LARGEST, LARGEST);
        *out = ((scaled + ROUNDER) - ROUNDER) as i8;
    }
}

/// `x` `[rows, depth]` by `weights` `[outputs, depth]` to `out` `[rows, outputs]`, exactly. The one
/// place where 8-bit numbers are multiplied: a faster kernel takes its place.
///
/// Depths beyond 130,000 could overflow; no layer is near that.
fn multiply(x: &[i8], weights: &[i8], depth: usize, out: &mut [i32]) {
    let outputs = weights.len() / depth;
    for (x, out) in x.chunks(ROWS * depth).zip(out.chunks_mut(ROWS * outputs)) {
        if let [a, b, c, d] = x.chunks_exact(depth).collect::<Vec<_>>()[..] {
            for (at, weight) in weights.chunks_exact(depth).enumerate() {
                let mut sums = [0i32; ROWS];
                for ((((w, a), b), c), d) in weight.iter().zip(a).zip(b).zip(c).zip(d) {
                    let w = i32::from(*w);
                    sums[0] += w * i32::from(*a);
                    sums[1] += w * i32::from(*b);
                    sums[2] += w * i32::from(*c);
                    sums[3] += w * i32::from(*d);
                }
                for (row, sum) in sums.into_iter().enumerate() {
                    out[row * outputs + at] = sum;
                }
            }
        } else {
            for (x, out) in x.chunks_exact(depth).zip(out.chunks_exact_mut(outputs)) {
                for (weight, out) in weights.chunks_exact(depth).zip(out) {
                    let products = weight.iter().zip(x).map(|(w, x)| i32::from(*w) * i32::from(*x));
                    *out = products.sum();
                }
            }
        }
    }
}
