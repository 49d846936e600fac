//! Products with weights in ggml's `Q8_0`, blocks of 32 bytes with a scale in 16 bits, where they
//! lie. candle's own asks at every block which CPU this is, to read its two scales; here a product
//! knows. Inputs are rounded by candle, sums are made in its order: results are the same.

use std::arch::x86_64::{
    __m256, __m256i, _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehdup_ps, _mm_movehl_ps,
    _mm_set1_epi16, _mm256_abs_epi8, _mm256_castps256_ps128, _mm256_cvtepi32_ps, _mm256_cvtph_ps,
    _mm256_extractf128_ps, _mm256_fmadd_ps, _mm256_loadu_si256, _mm256_madd_epi16,
    _mm256_maddubs_epi16, _mm256_mul_ps, _mm256_set1_epi16, _mm256_setzero_ps,
    _mm256_setzero_si256, _mm256_sign_epi8,
};
use std::ops::Range;

use crate::kernels::Isa;
use crate::kernels::dispatch::share;
use candle_core::quantized::GgmlType;
use candle_core::quantized::k_quants::BlockQ8_0;

/// Multiply-adds that are worth a thread of their own.
const THREAD_WORK: usize = 1 << 18;

/// Outputs of a tile.
const COLUMNS: usize = 4;

/// Weights of a block.
const BLOCK: usize = 32;

/// Whether this CPU has the instructions.
pub(in crate::kernels) fn is_available() -> bool {
    Isa::best() >= Isa::Avx2 && is_x86_feature_detected!("f16c")
}

/// A product in progress. Pointers, because threads write disjoint columns of the same rows.
struct Job<'a> {
    /// `[rows][blocks]`
    inputs: &'a [BlockQ8_0],
    /// `[outputs][blocks]`
    weights: &'a [BlockQ8_0],
    rows: usize,
    /// Blocks of a row.
    blocks: usize,
    outputs: usize,
    /// `[rows][outputs]`
    out: *mut f32,
}

// SAFETY: inputs and weights are only read; `out` is written by `columns`, whose callers give every
// thread columns of its own.
unsafe impl Sync for Job<'_> {}

/// `x` `[rows, inputs]` times the transpose of `weights` `[outputs, inputs]`, into `out`
/// `[rows, outputs]`.
///
/// # Panics
/// When the CPU lacks the instructions, or sizes do not fit.
pub(in crate::kernels) fn product(
    [rows, inputs, outputs]: [usize; 3],
    x: &[f32],
    weights: &[BlockQ8_0],
    out: &mut [f32],
) {
    assert!(is_available(), "instructions of the CPU");
    let blocks = inputs / BLOCK;
    assert!(inputs == blocks * BLOCK && weights.len() == outputs * blocks, "whole blocks");
    assert!(x.len() == rows * inputs && out.len() == rows * outputs, "whole rows");
    let mut rounded = vec![BlockQ8_0::zeros(); rows * blocks];
    BlockQ8_0::from_float(x, &mut rounded);
    let job = Job { inputs: &rounded, weights, rows, blocks, outputs, out: out.as_mut_ptr() };
    let threads = rayon::current_num_threads().min(rows * inputs * outputs / THREAD_WORK);
    share(outputs.div_ceil(COLUMNS), threads, |tiles| {
        // SAFETY: the instructions and sizes were checked above; ranges do not overlap.
        unsafe { columns(&job, tiles.start * COLUMNS..(tiles.end * COLUMNS).min(outputs)) }
    });
}

/// # Safety
/// The CPU has the instructions; the job is whole, and nobody else writes these columns.
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn columns(job: &Job<'_>, mut range: Range<usize>) {
    // SAFETY: the caller's promise; rows and columns are within the job.
    unsafe {
        while range.len() >= COLUMNS {
            all_rows::<COLUMNS>(job, range.start);
            range.start += COLUMNS;
        }
        for column in range {
            all_rows::<1>(job, column);
        }
    }
}

/// `C` columns from `column` on.
///
/// # Safety
/// As [`columns`].
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn all_rows<const C: usize>(job: &Job<'_>, column: usize) {
    let mut row = 0;
    // SAFETY: the caller's promise.
    unsafe {
        while job.rows - row >= 2 {
            tile::<2, C>(job, row, column);
            row += 2;
        }
        if row < job.rows {
            tile::<1, C>(job, row, column);
        }
    }
}

/// `R` rows by `C` columns.
///
/// # Safety
/// As [`columns`]; these rows and columns exist.
#[inline]
#[target_feature(enable = "avx2,fma,f16c")]
unsafe fn tile<const R: usize, const C: usize>(job: &Job<'_>, row: usize, column: usize) {
    let ones = _mm256_set1_epi16(1);
    let mut sums = [[_mm256_setzero_ps(); C]; R];
    // SAFETY: all blocks are within the slices, whose sizes `product` checked; a block is a scale
    // of 2 bytes and then 32 bytes, and loads need no alignment.
    unsafe {
        let inputs = job.inputs.as_ptr().add(row * job.blocks);
        let weights = job.weights.as_ptr().add(column * job.blocks);
        for at in 0..job.blocks {
            let mut read = [(_mm256_setzero_ps(), _mm256_setzero_si256()); R];
            for (r, read) in read.iter_mut().enumerate() {
                *read = block(inputs.add(r * job.blocks + at));
            }
            for c in 0..C {
                let (scale, values) = block(weights.add(c * job.blocks + at));
                // One side of the product must be without a sign: a sign can move to the other,
                // since inputs are never -128. Pairs stay below 2^15.
                let sizes = _mm256_abs_epi8(values);
                for (sums, (own, input)) in sums.iter_mut().zip(&read) {
                    let pairs = _mm256_maddubs_epi16(sizes, _mm256_sign_epi8(*input, values));
                    let sum = _mm256_cvtepi32_ps(_mm256_madd_epi16(pairs, ones));
                    sums[c] = _mm256_fmadd_ps(_mm256_mul_ps(scale, *own), sum, sums[c]);
                }
            }
        }
        for (r, sums) in sums.iter().enumerate() {
            for (c, sum) in sums.iter().enumerate() {
                job.out.add((row + r) * job.outputs + column + c).write(total(*sum));
            }
        }
    }
}

/// The scale of a block, in all lanes, and its bytes.
///
/// # Safety
/// There is a block.
#[inline]
#[target_feature(enable = "avx2,f16c")]
unsafe fn block(block: *const BlockQ8_0) -> (__m256, __m256i) {
    // SAFETY: the caller's promise.
    unsafe {
        let scale = block.cast::<i16>().read_unaligned();
        let values = _mm256_loadu_si256(block.cast::<u8>().add(2).cast());
        (_mm256_cvtph_ps(_mm_set1_epi16(scale)), values)
    }
}

/// The sum of all lanes, in candle's order.
#[inline]
#[target_feature(enable = "avx2")]
fn total(lanes: __m256) -> f32 {
    let half = _mm_add_ps(_mm256_extractf128_ps(lanes, 1), _mm256_castps256_ps128(lanes));
    let half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    _mm_cvtss_f32(_mm_add_ss(half, _mm_movehdup_ps(half)))
}
