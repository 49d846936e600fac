//! AVX-VNNI, see [`super`].

use std::arch::asm;

use super::super::tile::{End, Kernel, finish};

pub(in crate::kernels) struct AvxVnni;

/// Four inputs of a row times four inputs of 16 outputs.
macro_rules! row {
    ($address:literal, $left:literal, $right:literal) => {
        concat!(
            "vpbroadcastd ymm14, dword ptr [",
            $address,
            "]\n",
            "{{vex}} vpdpbusd ymm",
            $left,
            ", ymm12, ymm14\n",
            "{{vex}} vpdpbusd ymm",
            $right,
            ", ymm13, ymm14",
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
            "vmovdqu ymm12, ymmword ptr [{panel}]",
            "vmovdqu ymm13, ymmword ptr [{panel} + 32]",
            $(row!($address, $left, $right),)*
            "add {panel}, 64",
            "add {first}, 4",
            "add {fourth}, 4",
            "dec {groups}",
            "jnz 2b",
            $(concat!("vmovdqu ymmword ptr [{sums} + ", $to, "], ymm", $left),)*
            $(concat!("vmovdqu ymmword ptr [{sums} + ", $to, " + 32], ymm", $right),)*
            first = inout(reg) $activations => _,
            fourth = inout(reg) $activations.wrapping_add(3 * $stride) => _,
            stride = in(reg) $stride,
            panel = inout(reg) $panel => _,
            groups = inout(reg) $groups => _,
            sums = in(reg) $sums,
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _,
            out("ymm5") _, out("ymm6") _, out("ymm7") _, out("ymm8") _, out("ymm9") _,
            out("ymm10") _, out("ymm11") _, out("ymm12") _, out("ymm13") _, out("ymm14") _,
            options(nostack),
        )
    };
}

impl Kernel for AvxVnni {
    type Activation = i8;
    const COLUMNS: usize = 16;
    const GROUP: usize = 4;
    const STEP: usize = 4;
    const ROWS: usize = 6;
    const OFFSET: i32 = 128;

    #[inline(always)]
    unsafe fn tile<const R: usize>(
        activations: *const i8,
        stride: usize,
        panel: *const u8,
        groups: usize,
        end: &End,
    ) {
        // SAFETY: the caller's promise: the CPU has the instructions, operands are of these sizes,
        // and there is at least one group.
        let make = |sums: *mut i32| unsafe {
            match R {
                1 => tile!(activations, stride, panel, groups, sums, ["{first}", 0, 1, 0]),
                2 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64]),
                3 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64] ["{first} + 2*{stride}", 4, 5, 128]),
                4 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64] ["{first} + 2*{stride}", 4, 5, 128] ["{fourth}", 6, 7, 192]),
                5 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64] ["{first} + 2*{stride}", 4, 5, 128] ["{fourth}", 6, 7, 192] ["{fourth} + {stride}", 8, 9, 256]),
                _ => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 0] ["{first} + {stride}", 2, 3, 64] ["{first} + 2*{stride}", 4, 5, 128] ["{fourth}", 6, 7, 192] ["{fourth} + {stride}", 8, 9, 256] ["{fourth} + 2*{stride}", 10, 11, 320]),
            }
        };
        // SAFETY: the caller's promise; the sums of `R` rows were written.
        unsafe { finish::<Self, R>(end, make) };
    }
}
