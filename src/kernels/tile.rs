//! What all int8 kernels share: how a product is cut into tiles, how inputs are rounded, and how
//! integer sums become floats. Generic code here is inlined into functions that enable the
//! instructions, and compiled for them.

use std::mem::MaybeUninit;

use super::{Bend, Epilogue};

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

    /// Products of `R` rows with one panel, on their way out as [`End`] says.
    ///
    /// # Safety
    /// The CPU has the instructions; `R <= ROWS`; there are `R` rows `stride` apart of
    /// `groups * GROUP` activations, a panel of `groups` groups, and what `end` points to.
    unsafe fn tile<const R: usize>(
        activations: *const Self::Activation,
        stride: usize,
        panel: *const u8,
        groups: usize,
        end: &End,
    );
}

/// How the sums of a tile become floats: `(sum - offset) * (row scale * column scale) + bias`, and
/// not below the floor. Kernels may read it in assembly.
#[repr(C)]
pub(super) struct End {
    /// `[COLUMNS]`
    pub column_scales: *const f32,
    /// `[COLUMNS]`; -0 adds nothing, not even a sign.
    pub bias: *const f32,
    /// `[R]`
    pub row_scales: *const f32,
    /// `[R][COLUMNS]`, `out_stride` bytes from row to row.
    pub out: *mut f32,
    pub out_stride: usize,
    /// Minus infinity where there is none.
    pub floor: f32,
    /// `[R]`
    pub row_sums: *const i32,
}

/// What a tile does with its sums where it does not do it itself.
///
/// # Safety
/// `sums` writes `[R][COLUMNS]` sums, at most [`MOST_SUMS`]; `end` is as [`Kernel::tile`] has it.
#[inline(always)]
pub(super) unsafe fn finish<K: Kernel, const R: usize>(end: &End, sums: impl FnOnce(*mut i32)) {
    const { assert!(K::ROWS * K::COLUMNS <= MOST_SUMS && K::COLUMNS <= MOST_COLUMNS) };
    let mut room = MaybeUninit::<[i32; MOST_SUMS]>::uninit();
    sums(room.as_mut_ptr().cast());
    // SAFETY: the caller's promise; what `out` points to may be uninitialised, and is only written.
    unsafe {
        let sums = std::slice::from_raw_parts(room.as_ptr().cast::<i32>(), R * K::COLUMNS);
        let scales = std::slice::from_raw_parts(end.column_scales, K::COLUMNS);
        let bias = std::slice::from_raw_parts(end.bias, K::COLUMNS);
        for (row, sums) in sums.chunks_exact(K::COLUMNS).enumerate() {
            let scale = *end.row_scales.add(row);
            let offset = K::OFFSET * *end.row_sums.add(row);
            let to = end.out.byte_add(row * end.out_stride).cast::<MaybeUninit<f32>>();
            let to = std::slice::from_raw_parts_mut(to, K::COLUMNS);
            for (((to, sum), column), bias) in to.iter_mut().zip(sums).zip(scales).zip(bias) {
                let value = (sum - offset) as f32 * (scale * column) + bias;
                // Not `max`: it would turn not-a-number into the floor.
                to.write(if value < end.floor { end.floor } else { value });
            }
        }
    }
}

/// Most sums of a tile over all kernels.
const MOST_SUMS: usize = 6 * MOST_COLUMNS;

/// Most outputs of a panel over all kernels.
const MOST_COLUMNS: usize = 64;

/// A bias that adds nothing.
static NO_BIAS: [f32; MOST_COLUMNS] = [-0.0; MOST_COLUMNS];

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

/// Rounds a row of floats as [`Rounding::Marian`] says; returns what 1 stands for, that of the
/// weights counted in, and the sum.
#[inline(always)]
pub(super) fn quantize_marian_row<A: Activation>(
    x: &[f32],
    to: &mut [A],
    (alpha, weights): (Option<f32>, f32),
) -> (f32, i32) {
    let factor = alpha.unwrap_or_else(|| {
        let largest = x.iter().fold(0f32, |largest, x| largest.max(x.abs()));
        if largest > 0.0 && largest.is_finite() { 127.0 / largest } else { 1.0 }
    });
    let mut sum = 0;
    let (body, padding) = to.split_at_mut(x.len());
    for (to, x) in body.iter_mut().zip(x) {
        // As above; what is no number has zeros there.
        const ROUND: f32 = 12_582_912.0;
        let rounded = A::from_bits(((x * factor).clamp(-127.0, 127.0) + ROUND).to_bits());
        *to = rounded;
        sum += rounded.to_i32();
    }
    padding.fill(A::default());
    (1.0 / (factor * weights), sum)
}

/// All rows of a product with some panels.
///
/// # Safety
/// The CPU has the instructions of `K`; the job is whole; no other thread has these panels.
#[inline(always)]
pub(super) unsafe fn panels<K: Kernel>(job: &Job<'_>, range: std::ops::Range<usize>) {
    let panel_bytes = job.stride * K::COLUMNS;
    // As many rows as stay in the second-level cache while all panels pass.
    let block = ((160 << 10) / (job.stride * size_of::<K::Activation>()).max(1)).max(K::ROWS);
    let block = block.next_multiple_of(K::ROWS);
    for first in (0..job.rows).step_by(block) {
        let end = (first + block).min(job.rows);
        for panel in range.clone() {
            let weights = &job.weights[panel * panel_bytes..(panel + 1) * panel_bytes];
            for row in (first..end).step_by(K::ROWS) {
                // SAFETY: the caller's promise; rows below `job.rows`; the panel is whole.
                unsafe { tile::<K>(job, weights, panel, row..(row + K::ROWS).min(end)) };
            }
        }
    }
}

/// Some rows of a product with one panel.
///
/// # Safety
/// As [`panels`]; at most `ROWS` rows, all of them there.
#[inline(always)]
unsafe fn tile<K: Kernel>(
    job: &Job<'_>,
    weights: &[u8],
    panel: usize,
    rows: std::ops::Range<usize>,
) {
    let column = panel * K::COLUMNS;
    let columns = K::COLUMNS.min(job.outputs - column);
    let whole = columns == K::COLUMNS;
    let Epilogue { bias, bend } = job.epilogue;
    let (mut last_bias, mut last_out) = (NO_BIAS, MaybeUninit::<[f32; MOST_SUMS]>::uninit());
    let bias = match bias {
        None => NO_BIAS.as_ptr(),
        Some(bias) if whole => bias[column..column + columns].as_ptr(),
        Some(bias) => {
            last_bias[..columns].copy_from_slice(&bias[column..]);
            last_bias.as_ptr()
        }
    };
    // SAFETY: the row is there, and so are `columns` outputs.
    let out = unsafe { job.out.add(rows.start * job.outputs + column) };
    let end = End {
        column_scales: job.column_scales[column..column + K::COLUMNS].as_ptr(),
        bias,
        row_scales: job.row_scales[rows.clone()].as_ptr(),
        out: if whole { out } else { last_out.as_mut_ptr().cast() },
        out_stride: size_of::<f32>() * if whole { job.outputs } else { K::COLUMNS },
        floor: if bend == Bend::Relu { 0.0 } else { f32::NEG_INFINITY },
        row_sums: job.row_sums[rows.clone()].as_ptr(),
    };
    let (stride, groups) = (job.stride, job.stride / K::GROUP);
    let panel = weights.as_ptr();
    // SAFETY: the caller's promise; `end` points to whole rows of outputs, or to room for the
    // outputs of a tile.
    unsafe {
        let at = job.activations.cast::<K::Activation>().add(rows.start * stride);
        match rows.len() {
            1 => K::tile::<1>(at, stride, panel, groups, &end),
            2 => K::tile::<2>(at, stride, panel, groups, &end),
            3 => K::tile::<3>(at, stride, panel, groups, &end),
            4 => K::tile::<4>(at, stride, panel, groups, &end),
            5 => K::tile::<5>(at, stride, panel, groups, &end),
            _ => K::tile::<6>(at, stride, panel, groups, &end),
        }
        if whole && bend != Bend::Swish {
            return;
        }
        for row in 0..rows.len() {
            let to = out.add(row * job.outputs);
            if !whole {
                let from = last_out.as_ptr().cast::<f32>().add(row * K::COLUMNS);
                to.copy_from_nonoverlapping(from, columns);
            }
            if bend == Bend::Swish {
                super::rows::swish_body(std::slice::from_raw_parts_mut(to, columns));
            }
        }
    }
}
