use std::cell::Cell;
use std::ops::Range;

use super::Isa;
#[cfg(target_arch = "aarch64")]
use super::aarch64::{Neon, NeonDot};
use super::dispatch::share;
use super::epilogue::{Epilogue, Rounding};
use super::pack::Data;
use super::portable::Portable;
use super::tile::{Activation, Job, Kernel, panels, quantize_marian_row, quantize_row};
#[cfg(target_arch = "x86_64")]
use super::x86_64::{Avx2, Avx512Vnni, AvxVnni};

/// Multiply-adds that are worth a thread of their own: some tens of microseconds.
const THREAD_WORK: usize = 1 << 20;

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

const EMPTY: Line = Line([0; 64]);

/// Bytes from the start of a cache line on.
#[derive(Default)]
pub(super) struct Lines(Vec<Line>);

impl Lines {
    pub(super) fn zeros(bytes: usize) -> Self {
        Self(vec![EMPTY; bytes.div_ceil(64)])
    }

    /// At least so many bytes, of whatever content.
    fn grow(&mut self, bytes: usize) {
        let lines = bytes.div_ceil(64);
        if self.0.len() < lines {
            self.0.resize(lines, EMPTY);
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: a line is 64 bytes without padding.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), self.0.len() * 64) }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above; every byte is a valid one.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * 64) }
    }
}

/// Weights of a matrix product in 8 bits with a scale an output, packed for the kernel of one
/// [`Isa`].
pub struct Int8Matrix {
    pub(super) isa: Isa,
    pub(super) outputs: usize,
    pub(super) inputs: usize,
    pub(super) layout: Layout,
    pub(super) data: Data,
    /// Padded to whole panels.
    pub(super) scales: Vec<f32>,
}

/// How a kernel wants its weights, see [`Kernel`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub columns: usize,
    pub group: usize,
    pub step: usize,
    pub offset: i32,
}

impl Layout {
    fn of<K: Kernel>() -> Self {
        Self { columns: K::COLUMNS, group: K::GROUP, step: K::STEP, offset: K::OFFSET }
    }

    pub(super) fn of_isa(isa: Isa) -> Self {
        match isa {
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => Self::of::<Neon>(),
            #[cfg(target_arch = "aarch64")]
            Isa::NeonDot => Self::of::<NeonDot>(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => Self::of::<Avx2>(),
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni => Self::of::<AvxVnni>(),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => Self::of::<Avx512Vnni>(),
            _ => Self::of::<Portable>(),
        }
    }
}

impl std::fmt::Debug for Int8Matrix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Int8Matrix[{}, {}; {}]", self.outputs, self.inputs, self.isa.name())
    }
}

impl Int8Matrix {
    /// Rows: outputs of the product.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Columns: inputs of the product.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Bytes of memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.data.bytes().len() + self.scales.len() * size_of::<f32>()
    }

    /// `x` `[rows, inputs]` times the transpose of this: `[rows, outputs]`. Inputs are rounded to
    /// 8 bits, the largest of a row to 127.
    ///
    /// # Panics
    /// When `x` is no whole number of rows, or a bias of another length.
    #[must_use]
    pub fn product(&self, x: &[f32], epilogue: Epilogue<'_>) -> Vec<f32> {
        self.product_of(x, Rounding::Largest, epilogue)
    }

    /// As [`Int8Matrix::product`], with inputs rounded in this way.
    ///
    /// # Panics
    /// As there.
    #[must_use]
    pub fn product_of(&self, x: &[f32], rounding: Rounding, epilogue: Epilogue<'_>) -> Vec<f32> {
        assert!(x.len().is_multiple_of(self.inputs), "rows of {} inputs", self.inputs);
        let rows = x.len() / self.inputs;
        let mut out: Vec<f32> = Vec::with_capacity(rows * self.outputs);
        // SAFETY: `run` writes all of it.
        unsafe {
            self.run(x, rounding, epilogue, out.as_mut_ptr());
            out.set_len(rows * self.outputs);
        }
        out
    }

    /// As [`Int8Matrix::product`], into `out` `[rows, outputs]`.
    ///
    /// # Panics
    /// As there, and when `out` is of another size.
    pub fn product_into(&self, x: &[f32], epilogue: Epilogue<'_>, out: &mut [f32]) {
        assert!(x.len().is_multiple_of(self.inputs), "rows of {} inputs", self.inputs);
        assert_eq!(out.len(), x.len() / self.inputs * self.outputs, "rows of outputs");
        // SAFETY: `out` has room for all of it.
        unsafe { self.run(x, Rounding::Largest, epilogue, out.as_mut_ptr()) };
    }

    /// # Safety
    /// `out` has room for `[rows, outputs]`; all of it is written.
    unsafe fn run(&self, x: &[f32], rounding: Rounding, epilogue: Epilogue<'_>, out: *mut f32) {
        assert!(epilogue.bias.is_none_or(|bias| bias.len() == self.outputs), "a bias an output");
        let rows = x.len() / self.inputs;
        let mut scratch = SCRATCH.take();
        let stride = self.inputs.next_multiple_of(self.layout.step);
        // Two bytes an activation are enough for every kernel.
        scratch.activations.grow(rows * stride * 2);
        scratch.scales.resize(rows, 0.0);
        scratch.sums.resize(rows, 0);
        let Scratch { activations, scales, sums } = &mut scratch;
        let to = activations.bytes_mut();
        // SAFETY: `pack_for` checked that this CPU has the instructions.
        unsafe {
            match self.isa {
                #[cfg(target_arch = "aarch64")]
                Isa::Neon | Isa::NeonDot => {
                    quantize::<i8>(x, rounding, self.inputs, stride, to, scales, sums);
                }
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => {
                    quantize_avx2::<i16>(x, rounding, self.inputs, stride, to, scales, sums);
                }
                #[cfg(target_arch = "x86_64")]
                Isa::AvxVnni | Isa::Avx512Vnni => {
                    quantize_avx2::<i8>(x, rounding, self.inputs, stride, to, scales, sums);
                }
                _ => quantize::<i16>(x, rounding, self.inputs, stride, to, scales, sums),
            }
        }
        let job = Job {
            activations: to.as_ptr(),
            stride,
            rows,
            row_scales: scales,
            row_sums: sums,
            weights: self.data.bytes(),
            column_scales: &self.scales,
            outputs: self.outputs,
            epilogue,
            out,
        };
        let panels = self.outputs.div_ceil(self.layout.columns);
        let threads = rayon::current_num_threads().min(rows * stride * self.outputs / THREAD_WORK);
        share(panels, threads, |range| {
            // SAFETY: `pack_for` checked that this CPU has the instructions; the job is whole, and
            // the ranges of threads do not overlap.
            unsafe { self.some_panels(&job, range) }
        });
        SCRATCH.set(scratch);
    }

    /// # Safety
    /// As [`panels`].
    unsafe fn some_panels(&self, job: &Job<'_>, range: Range<usize>) {
        // SAFETY: the caller's promise.
        unsafe {
            match self.isa {
                #[cfg(target_arch = "aarch64")]
                Isa::Neon => panels::<Neon>(job, range),
                #[cfg(target_arch = "aarch64")]
                Isa::NeonDot => panels_neon_dot(job, range),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => panels_avx2(job, range),
                #[cfg(target_arch = "x86_64")]
                Isa::AvxVnni => panels_avx_vnni(job, range),
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512Vnni => panels_avx512_vnni(job, range),
                _ => panels::<Portable>(job, range),
            }
        }
    }
}

/// Rounded inputs of a product, kept by a thread from one to the next.
#[derive(Default)]
struct Scratch {
    activations: Lines,
    scales: Vec<f32>,
    sums: Vec<i32>,
}

thread_local! {
    // Taken while in use: a thread that waits for others may start another product meanwhile.
    static SCRATCH: Cell<Scratch> = const {
        Cell::new(Scratch { activations: Lines(Vec::new()), scales: Vec::new(), sums: Vec::new() })
    };
}

/// Rounds all rows of `x` `[rows, inputs]` into `to` `[rows, stride]`.
#[inline(always)]
fn quantize<A: Activation>(
    x: &[f32],
    rounding: Rounding,
    inputs: usize,
    stride: usize,
    to: &mut [u8],
    scales: &mut [f32],
    sums: &mut [i32],
) {
    // SAFETY: every bit pattern is an activation, and bytes come from whole cache lines.
    let (_, to, _) = unsafe { to.align_to_mut::<A>() };
    let rows = x.chunks_exact(inputs).zip(to.chunks_exact_mut(stride));
    for ((x, to), (scale, sum)) in rows.zip(scales.iter_mut().zip(sums)) {
        (*scale, *sum) = match rounding {
            Rounding::Largest => quantize_row(x, to),
            Rounding::Marian { alpha, weights } => quantize_marian_row(x, to, (alpha, weights)),
        };
    }
}

/// The same, compiled for AVX2, which all vector paths of this architecture need.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn quantize_avx2<A: Activation>(
    x: &[f32],
    rounding: Rounding,
    inputs: usize,
    stride: usize,
    to: &mut [u8],
    scales: &mut [f32],
    sums: &mut [i32],
) {
    quantize::<A>(x, rounding, inputs, stride, to, scales, sums);
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "dotprod")]
unsafe fn panels_neon_dot(job: &Job<'_>, range: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe { panels::<NeonDot>(job, range) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn panels_avx2(job: &Job<'_>, range: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe { panels::<Avx2>(job, range) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avxvnni")]
unsafe fn panels_avx_vnni(job: &Job<'_>, range: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe { panels::<AvxVnni>(job, range) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,avx512f,avx512bw,avx512vl,avx512vnni")]
unsafe fn panels_avx512_vnni(job: &Job<'_>, range: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe { panels::<Avx512Vnni>(job, range) }
}

/// Runs the multiply-add instructions of a path alone, `count` times a tile; returns how many
/// operations those are (two a multiply-add). Returns 0 where the compiler chooses instructions.
#[must_use]
pub fn peak(isa: Isa, count: u64) -> u64 {
    let count = count.max(1);
    if !isa.is_available() {
        return 0;
    }
    match isa {
        // SAFETY: the CPU has it.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { super::x86_64::peak::avx2(count) },
        // SAFETY: the CPU has it.
        #[cfg(target_arch = "x86_64")]
        Isa::AvxVnni => unsafe { super::x86_64::peak::avx_vnni(count) },
        // SAFETY: the CPU has it.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Vnni => unsafe { super::x86_64::peak::avx512_vnni(count) },
        _ => 0,
    }
}
