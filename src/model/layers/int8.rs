//! Products in 8 bits as intgemm computes them (<https://github.com/kpu/intgemm>): inputs are
//! multiplied with a factor and rounded to the nearest whole number from -127 to 127, products are
//! summed exactly, and the sum is divided by the factors of both sides. Where intgemm's own sums
//! overflow, on processors without VNNI, these do not.

use candle_core::{Result, Tensor, bail};

use crate::kernels::{Epilogue, Int8Matrix, Int8Product, Rounding};

/// The largest number in 8 bits that is used on both sides of zero.
const LARGEST: f32 = 127.0;

/// A matrix in 8 bits.
#[derive(Debug)]
pub struct StudentMatrix {
    /// Its scales are 1: what the values stand for is in the factor.
    matrix: Int8Matrix,
    /// What the values were multiplied with.
    factor: f32,
    /// What inputs are multiplied with, see [`Rounding::Marian`].
    alpha: Option<f32>,
}

impl StudentMatrix {
    /// * `values`: `[outputs, inputs]`, multiplied with `factor`
    /// * `alpha`: what inputs are multiplied with; nothing is measured a row
    ///
    /// # Errors
    /// When there are more or fewer values.
    pub fn new(
        values: &[i8],
        [outputs, inputs]: [usize; 2],
        factor: f32,
        alpha: Option<f32>,
    ) -> Result<Self> {
        if outputs.checked_mul(inputs) != Some(values.len()) || inputs == 0 {
            bail!("{} values are no matrix of {outputs} by {inputs}", values.len());
        }
        Ok(Self { matrix: Int8Matrix::pack(values, &vec![1.0; outputs])?, factor, alpha })
    }

    /// Rounds a matrix so that its largest value becomes 127.
    ///
    /// # Errors
    /// When there are more or fewer values.
    pub fn quantise(values: &[f32], shape: [usize; 2], alpha: Option<f32>) -> Result<Self> {
        let factor = factor_of(values);
        Self::new(&quantise(values, factor), shape, factor, alpha)
    }

    /// Outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.matrix.outputs()
    }

    /// `x` `[.., inputs]` to `[.., outputs]`.
    ///
    /// # Errors
    /// When the last dimension is another.
    pub fn product(&self, x: &Tensor, epilogue: Epilogue<'_>) -> Result<Tensor> {
        let rounding = Rounding::Marian { alpha: self.alpha, weights: self.factor };
        let product = Int8Product { matrix: &self.matrix, rounding, epilogue };
        x.contiguous()?.apply_op1_no_bwd(&product)
    }

    /// A matrix of these rows alone.
    ///
    /// # Errors
    /// When there is no such row, or there are none.
    pub fn select(&self, rows: &[u32]) -> Result<Self> {
        Ok(Self { matrix: self.matrix.select(rows)?, ..*self })
    }

    /// Rows `ids` `[n]`, `u32`, in floating point: `[n, inputs]`.
    ///
    /// # Errors
    /// When there is no such row.
    pub fn rows(&self, ids: &Tensor) -> Result<Tensor> {
        let device = ids.device();
        let ids: Vec<u32> = ids.to_vec1()?;
        let inputs = self.matrix.inputs();
        let step = 1.0 / self.factor;
        let mut rows = vec![0.0; ids.len() * inputs];
        for (id, row) in ids.iter().zip(rows.chunks_exact_mut(inputs)) {
            if *id as usize >= self.matrix.outputs() {
                bail!("row {id} of a matrix of {} rows", self.matrix.outputs());
            }
            self.matrix.row(*id as usize, row);
            for value in row {
                *value *= step;
            }
        }
        Tensor::from_vec(rows, (ids.len(), inputs), device)
    }
}

/// What makes the largest value 127.
fn factor_of(values: &[f32]) -> f32 {
    let largest = values.iter().fold(0f32, |largest, value| largest.max(value.abs()));
    if largest > 0.0 && largest.is_finite() { LARGEST / largest } else { 1.0 }
}

/// Rounds to the nearest, halves to the even.
fn quantise(values: &[f32], factor: f32) -> Vec<i8> {
    let round = |value: &f32| (value * factor).clamp(-LARGEST, LARGEST).round_ties_even() as i8;
    values.iter().map(round).collect()
}
