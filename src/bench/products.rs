use std::hint::black_box;

use serde::Serialize;

use super::machine::best;
use crate::kernels::{Epilogue, Int8Matrix, Isa, peak};

/// An int8 product of one size.
#[derive(Debug, Clone, Serialize)]
pub struct Product {
    /// Rows of the input.
    pub rows: usize,
    /// Inputs of the matrix.
    pub inputs: usize,
    /// Outputs of the matrix.
    pub outputs: usize,
    /// 10^9 operations a second (a multiplication and an addition are two), the rounding of the
    /// input and the scaling of the output counted in the time, not in the operations. The best of
    /// the repetitions: what else runs on the machine only slows them down.
    pub gops: f64,
}

/// What one thread does.
#[derive(Debug, Clone, Serialize)]
pub struct Products {
    /// The path that was taken.
    pub isa: &'static str,
    /// Its multiply-add instructions alone, on registers, in the same unit; nothing for paths that
    /// leave the choice of instructions to the compiler.
    pub peak_gops: Option<f64>,
    /// Each size.
    pub products: Vec<Product>,
}

/// Measures int8 products of `(inputs, outputs)` with these numbers of rows, on one thread.
///
/// # Errors
/// When a matrix can't be packed.
pub fn products(shapes: &[(usize, usize)], rows: &[usize]) -> candle_core::Result<Products> {
    let one =
        rayon::ThreadPoolBuilder::new().num_threads(1).build().map_err(candle_core::Error::wrap)?;
    let mut products = Vec::with_capacity(shapes.len() * rows.len());
    let mut peak_gops: Option<f64> = None;
    for &(inputs, outputs) in shapes {
        let weights: Vec<i8> = (0..inputs * outputs)
            .map(|at| ((at * 31 % 255) as u8).cast_signed())
            .map(|w| w.max(-127))
            .collect();
        let matrix = Int8Matrix::pack(&weights, &vec![0.01; outputs])?;
        for &rows in rows {
            let x: Vec<f32> = (0..rows * inputs).map(|at| (at * 37 % 101) as f32 - 50.0).collect();
            let mut out = vec![0.0; rows * outputs];
            let seconds = one.install(|| {
                best(|| matrix.product_into(black_box(&x), Epilogue::default(), &mut out))
            });
            let gops = 2.0 * (rows * inputs * outputs) as f64 / seconds / 1e9;
            products.push(Product { rows, inputs, outputs, gops });
            // Between the products, so that both meet the same clock.
            let operations = peak(Isa::best(), 1 << 20);
            if operations > 0 {
                let seconds = best(|| {
                    black_box(peak(Isa::best(), 1 << 20));
                });
                let gops = operations as f64 / seconds / 1e9;
                peak_gops = Some(peak_gops.map_or(gops, |peak| peak.max(gops)));
            }
        }
    }
    Ok(Products { isa: Isa::best().name(), peak_gops, products })
}
