//! AVX2. `vpmaddubsw` would multiply bytes, but adds pairs in 16 bits, where 8-bit inputs
//! overflow; `vpmaddwd` on weights widened in registers is exact and, counted by the ports that
//! multiply, as fast: 32 multiply-adds a cycle on Zen 3.
//!
//! In assembly, because the compiler loads the inputs of all rows first and then lacks registers
//! for the sums: measured at a third of the speed.

use std::arch::asm;
use std::mem::offset_of;

use super::super::tile::{End, Kernel};

pub(in crate::kernels) struct Avx2;

/// Two inputs of a row times two inputs of 16 outputs.
macro_rules! row {
    ($address:literal, $at:literal, $left:literal, $right:literal) => {
        concat!(
            "vpbroadcastd ymm14, dword ptr [",
            $address,
            " + ",
            $at,
            "]\n",
            "vpmaddwd ymm15, ymm14, ymm12\n",
            "vpaddd ymm",
            $left,
            ", ymm",
            $left,
            ", ymm15\n",
            "vpmaddwd ymm15, ymm14, ymm13\n",
            "vpaddd ymm",
            $right,
            ", ymm",
            $right,
            ", ymm15",
        )
    };
}

/// Sums of a row to floats, as [`End`] says: its pointers are in registers that the loop over the
/// inputs needs no more. `vmaxps` gives its last operand where one is not a number.
macro_rules! end {
    ($scale:literal, $left:literal, $right:literal) => {
        concat!(
            "vbroadcastss ymm13, dword ptr [{first} + ",
            $scale,
            "]\n",
            "vcvtdq2ps ymm",
            $left,
            ", ymm",
            $left,
            "\n",
            "vcvtdq2ps ymm",
            $right,
            ", ymm",
            $right,
            "\n",
            "vmulps ymm14, ymm13, ymmword ptr [{panel}]\n",
            "vmulps ymm15, ymm13, ymmword ptr [{panel} + 32]\n",
            "vmulps ymm",
            $left,
            ", ymm",
            $left,
            ", ymm14\n",
            "vmulps ymm",
            $right,
            ", ymm",
            $right,
            ", ymm15\n",
            "vaddps ymm",
            $left,
            ", ymm",
            $left,
            ", ymmword ptr [{pairs}]\n",
            "vaddps ymm",
            $right,
            ", ymm",
            $right,
            ", ymmword ptr [{pairs} + 32]\n",
            "vmaxps ymm",
            $left,
            ", ymm12, ymm",
            $left,
            "\n",
            "vmaxps ymm",
            $right,
            ", ymm12, ymm",
            $right,
            "\n",
            "vmovups ymmword ptr [{fourth}], ymm",
            $left,
            "\n",
            "vmovups ymmword ptr [{fourth} + 32], ymm",
            $right,
            "\n",
            "add {fourth}, {stride}",
        )
    };
}

/// Rows as `[address, register of outputs 0..8, register of outputs 8..16, place of its scale]`.
macro_rules! tile {
    ($activations:ident, $stride:ident, $panel:ident, $groups:ident, $end:ident,
     $([$address:literal, $left:literal, $right:literal, $scale:literal])*) => {
        asm!(
            "# {stride} {fourth}: not all tiles use them",
            $(concat!("vpxor xmm", $left, ", xmm", $left, ", xmm", $left),)*
            $(concat!("vpxor xmm", $right, ", xmm", $right, ", xmm", $right),)*
            "2:",
            "vpmovsxbw ymm12, xmmword ptr [{panel}]",
            "vpmovsxbw ymm13, xmmword ptr [{panel} + 16]",
            $(row!($address, 0, $left, $right),)*
            "vpmovsxbw ymm12, xmmword ptr [{panel} + 32]",
            "vpmovsxbw ymm13, xmmword ptr [{panel} + 48]",
            $(row!($address, 4, $left, $right),)*
            "add {panel}, 64",
            "add {first}, 8",
            "add {fourth}, 8",
            "dec {pairs}",
            "jnz 2b",
            "mov {panel}, qword ptr [{end} + {column_scales}]",
            "mov {pairs}, qword ptr [{end} + {bias}]",
            "mov {first}, qword ptr [{end} + {row_scales}]",
            "mov {fourth}, qword ptr [{end} + {out}]",
            "mov {stride}, qword ptr [{end} + {out_stride}]",
            "vbroadcastss ymm12, dword ptr [{end} + {floor}]",
            $(end!($scale, $left, $right),)*
            first = inout(reg) $activations => _,
            fourth = inout(reg) $activations.wrapping_add(3 * $stride) => _,
            stride = inout(reg) 2 * $stride => _,
            panel = inout(reg) $panel => _,
            pairs = inout(reg) $groups / 2 => _,
            end = in(reg) std::ptr::from_ref($end),
            column_scales = const offset_of!(End, column_scales),
            bias = const offset_of!(End, bias),
            row_scales = const offset_of!(End, row_scales),
            out = const offset_of!(End, out),
            out_stride = const offset_of!(End, out_stride),
            floor = const offset_of!(End, floor),
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _,
            out("ymm5") _, out("ymm6") _, out("ymm7") _, out("ymm8") _, out("ymm9") _,
            out("ymm10") _, out("ymm11") _, out("ymm12") _, out("ymm13") _, out("ymm14") _,
            out("ymm15") _,
            options(nostack),
        )
    };
}

impl Kernel for Avx2 {
    type Activation = i16;
    const COLUMNS: usize = 16;
    const GROUP: usize = 2;
    const STEP: usize = 4;
    const ROWS: usize = 6;
    const OFFSET: i32 = 0;

    #[inline(always)]
    unsafe fn tile<const R: usize>(
        activations: *const i16,
        stride: usize,
        panel: *const u8,
        groups: usize,
        end: &End,
    ) {
        // SAFETY: the caller's promise: the CPU has AVX2, operands are of these sizes, and there
        // are at least two groups, in pairs.
        unsafe {
            match R {
                1 => tile!(activations, stride, panel, groups, end, ["{first}", 0, 1, 0]),
                2 => tile!(activations, stride, panel, groups, end,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 4]),
                3 => tile!(activations, stride, panel, groups, end,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 4]
                    ["{first} + 2*{stride}", 4, 5, 8]),
                4 => tile!(activations, stride, panel, groups, end,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 4]
                    ["{first} + 2*{stride}", 4, 5, 8] ["{fourth}", 6, 7, 12]),
                5 => tile!(activations, stride, panel, groups, end,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 4]
                    ["{first} + 2*{stride}", 4, 5, 8] ["{fourth}", 6, 7, 12]
                    ["{fourth} + {stride}", 8, 9, 16]),
                _ => tile!(activations, stride, panel, groups, end,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 4]
                    ["{first} + 2*{stride}", 4, 5, 8] ["{fourth}", 6, 7, 12]
                    ["{fourth} + {stride}", 8, 9, 16] ["{fourth} + 2*{stride}", 10, 11, 20]),
            }
        }
    }
}
