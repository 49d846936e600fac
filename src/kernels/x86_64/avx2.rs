//! AVX2. `vpmaddubsw` would multiply bytes, but adds pairs in 16 bits, where 8-bit inputs
//! overflow; `vpmaddwd` on weights widened in registers is exact and, counted by the ports that
//! multiply, as fast: 32 multiply-adds a cycle on Zen 3.
//!
//! In assembly, because the compiler loads the inputs of all rows first and then lacks registers
//! for the sums: measured at a third of the speed.

use std::arch::asm;

use super::super::tile::Kernel;

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

/// Rows as `[address, register of outputs 0..8, register of outputs 8..16, place of the sums]`.
macro_rules! tile {
    ($activations:ident, $stride:ident, $panel:ident, $groups:ident, $sums:ident,
     $([$address:literal, $left:literal, $right:literal, $to:literal])*) => {
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
            $(concat!("vmovdqu ymmword ptr [{sums} + ", $to, "], ymm", $left),)*
            $(concat!("vmovdqu ymmword ptr [{sums} + ", $to, " + 32], ymm", $right),)*
            first = inout(reg) $activations => _,
            fourth = inout(reg) $activations.wrapping_add(3 * $stride) => _,
            stride = in(reg) 2 * $stride,
            panel = inout(reg) $panel => _,
            pairs = inout(reg) $groups / 2 => _,
            sums = in(reg) $sums,
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
        sums: *mut i32,
    ) {
        // SAFETY: the caller's promise: the CPU has AVX2, operands are of these sizes, and there
        // are at least two groups, in pairs.
        unsafe {
            match R {
                1 => tile!(activations, stride, panel, groups, sums, ["{first}", 0, 1, 0]),
                2 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64]),
                3 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64]
                    ["{first} + 2*{stride}", 4, 5, 128]),
                4 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64]
                    ["{first} + 2*{stride}", 4, 5, 128] ["{fourth}", 6, 7, 192]),
                5 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64]
                    ["{first} + 2*{stride}", 4, 5, 128] ["{fourth}", 6, 7, 192]
                    ["{fourth} + {stride}", 8, 9, 256]),
                _ => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64]
                    ["{first} + 2*{stride}", 4, 5, 128] ["{fourth}", 6, 7, 192]
                    ["{fourth} + {stride}", 8, 9, 256] ["{fourth} + 2*{stride}", 10, 11, 320]),
            }
        }
    }
}
