//! What all int8 kernels share: how a product is cut into tiles, how inputs are rounded, and how
//! integer sums become floats. Generic code here is inlined into functions that enable the
//! instructions, and compiled for them.

use std::mem::MaybeUninit;

use super::Epilogue;

/// An input as a kernel takes it.
pub(super) trait Activation: Copy + Default {
    fn from_bits(bits: u32) -> Self;
    fn to_i32(self) -> i32;
}

impl Activation for i8 {
    #[inline(always)]
    fn from_bits(bits: u32) -> Self {
        bits as i8
    }

    #[inline(always)]
    fn to_i32(self) -> i32 {
        i32::from(self)
    }
}

impl Activation for i16 {
    #[inline(always)]
    fn from_bits(bits: u32) -> Self {
        bits as i16
    }

    #[inline(always)]
    fn to_i32(self) -> i32 {
        i32::from(self)
    }
}

/// An int8 kernel: the innermost loop, and how it wants its operands.
///
/// A matrix is cut into panels of `COLUMNS` outputs. In a panel come groups of `GROUP`
/// neighbouring weights of each output: `[groups][COLUMNS][GROUP]`.
pub(super) trait Kernel {
    /// Inputs of a product, rounded.
    type Activation: Activation;
    /// Outputs of a panel.
    const COLUMNS: usize;
    /// Neighbouring weights of one output.
    const GROUP: usize;
    /// Inputs are padded to a multiple of this, itself a multiple of `GROUP`.
    const STEP: usize;
    /// Most rows of a tile.
    const ROWS: usize;
    /// What is added to weights when they are packed, so that they are unsigned.
    const OFFSET: i32;

    /// Sums of products of `R` rows with one panel: `sums` `[R][COLUMNS]`.
    ///
    /// # Safety
    /// The CPU has the instructions; `R <= ROWS`; there are `R` rows `stride` apart of
    /// `groups * GROUP` activations, a panel of `groups` groups, and room for the sums.
    unsafe fn tile<const R: usize>(
        activations: *const Self::Activation,
        stride: usize,
        panel: *const u8,
        groups: usize,
        sums: *mut i32,
    );
}

/// Most sums of a tile over all kernels.
const MOST_SUMS: usize = 6 * 64;

/// A product in progress. Pointers, because threads write disjoint columns of the same rows.
#[derive(Clone, Copy)]
pub(super) struct Job<'a> {
    /// `[rows][stride]`, of the kernel's type.
    pub activations: *const u8,
    /// Activations from row to row: the inputs, padded to whole steps.
    pub stride: usize,
    pub rows: usize,
    /// What an activation of 1 stands for, a row.
    pub row_scales: &'a [f32],
    /// Sum of the activations, a row.
    pub row_sums: &'a [i32],
    /// All panels.
    pub weights: &'a [u8],
    /// What a weight of 1 stands for, an output; padded to whole panels.
    pub column_scales: &'a [f32],
    pub outputs: usize,
    pub epilogue: Epilogue<'a>,
    /// `[rows][outputs]`
    pub out: *mut f32,
}

// SAFETY: activations and weights are only read; `out` is written by `panels`, whose callers give
// every thread panels of its own.
unsafe impl Send for Job<'_> {}
// SAFETY: as above.
unsafe impl Sync for Job<'_> {}

/// Rounds a row of floats to `-127..=127`, the largest to 127 (ties to even). Returns what 1
/// stands for, and the sum. A row with an infinite or undefined input has an infinite or
/// undefined scale, and so do its outputs.
#[inline(always)]
pub(super) fn quantize_row<A: Activation>(x: &[f32], to: &mut [A]) -> (f32, i32) {
    // Bits of floats without a sign are in the order of the floats: integer maxima are one
    // instruction on every CPU, and not-a-number is above infinity.
    let largest = x.iter().fold(0u32, |largest, x| largest.max(x.to_bits() & 0x7fff_ffff));
    let largest = f32::from_bits(largest);
    let factor = if largest > 0.0 { 127.0 / largest } else { 0.0 };
    // Subnormal rows would be scaled by infinity.
    let factor = if factor.is_finite() { factor } else { 0.0 };
    let mut sum = 0;
    let (body, padding) = to.split_at_mut(x.len());
    for (to, x) in body.iter_mut().zip(x) {
        // In this range the lowest bits of a float are units: adding rounds to them.
        const ROUND: f32 = 12_582_912.0;
        let rounded = A::from_bits((x * factor + ROUND).to_bits());
        *to = rounded;
        sum += rounded.to_i32();
    }
    padding.fill(A::default());
    (largest / 127.0, sum)
}

/// All rows of a product with some panels.
///
/// # Safety
/// The CPU has the instructions of `K`; the job is whole; no other thread has these panels.
#[inline(always)]
pub(super) unsafe fn panels<K: Kernel>(job: &Job<'_>, range: std::ops::Range<usize>) {
    const { assert!(K::ROWS * K::COLUMNS <= MOST_SUMS) };
    let groups = job.stride / K::GROUP;
    let panel_bytes = groups * K::GROUP * K::COLUMNS;
    // As many rows as stay in the second-level cache while all panels pass.
    let block = ((160 << 10) / (job.stride * size_of::<K::Activation>()).max(1)).max(K::ROWS);
    let block = block.next_multiple_of(K::ROWS);
    for first in (0..job.rows).step_by(block) {
        let end = (first + block).min(job.rows);
        for panel in range.clone() {
            let weights = job.weights[panel * panel_bytes..(panel + 1) * panel_bytes].as_ptr();
            let mut row = first;
            while row < end {
                let rows = (end - row).min(K::ROWS);
                // SAFETY: rows below `job.rows`; the panel is whole (sliced above); a tile writes
                // the sums of all its rows.
                unsafe {
                    let at = job.activations.cast::<K::Activation>().add(row * job.stride);
                    let mut sums = MaybeUninit::<[i32; MOST_SUMS]>::uninit();
                    let to = sums.as_mut_ptr().cast::<i32>();
                    match rows {
                        1 => K::tile::<1>(at, job.stride, weights, groups, to),
                        2 => K::tile::<2>(at, job.stride, weights, groups, to),
                        3 => K::tile::<3>(at, job.stride, weights, groups, to),
                        4 => K::tile::<4>(at, job.stride, weights, groups, to),
                        5 => K::tile::<5>(at, job.stride, weights, groups, to),
                        _ => K::tile::<6>(at, job.stride, weights, groups, to),
                    }
                    let sums = std::slice::from_raw_parts(to, rows * K::COLUMNS);
                    finish::<K>(job, row, panel, sums);
                }
                row += rows;
            }
        }
    }
}

/// Turns `sums` `[rows][COLUMNS]` into floats and writes them.
///
/// # Safety
/// As [`panels`].
#[inline(always)]
unsafe fn finish<K: Kernel>(job: &Job<'_>, first: usize, panel: usize, sums: &[i32]) {
    let column = panel * K::COLUMNS;
    let columns = K::COLUMNS.min(job.outputs - column);
    let scales = &job.column_scales[column..column + columns];
    let bias = job.epilogue.bias.map(|bias| &bias[column..column + columns]);
    for (row, sums) in (first..).zip(sums.chunks_exact(K::COLUMNS)) {
        let scale = job.row_scales[row];
        let offset = K::OFFSET * job.row_sums[row];
        // SAFETY: `row` is a row and `column + columns` at most the outputs; what is there may be
        // uninitialised, and is only written.
        let to = unsafe {
            let to = job.out.add(row * job.outputs + column).cast::<MaybeUninit<f32>>();
            std::slice::from_raw_parts_mut(to, columns)
        };
        let value = |sum: i32, column: f32| (sum - offset) as f32 * (scale * column);
        // Not `max`: it would turn not-a-number into 0.
        let above = |value: f32| if value < 0.0 { 0.0 } else { value };
        let parts = to.iter_mut().zip(sums).zip(scales);
        match (bias, job.epilogue.relu) {
            (None, false) => parts.for_each(|((to, sum), scale)| {
                to.write(value(*sum, *scale));
            }),
            (None, true) => parts.for_each(|((to, sum), scale)| {
                to.write(above(value(*sum, *scale)));
            }),
            (Some(bias), false) => parts.zip(bias).for_each(|(((to, sum), scale), bias)| {
                to.write(value(*sum, *scale) + bias);
            }),
            (Some(bias), true) => parts.zip(bias).for_each(|(((to, sum), scale), bias)| {
                to.write(above(value(*sum, *scale) + bias));
            }),
        }
    }
}
