//! AVX-512 VNNI, see [`super`].

use std::arch::asm;

use super::super::tile::{End, Kernel, finish};

pub(in crate::kernels) struct Avx512Vnni;

/// Four inputs of a row times four inputs of 64 outputs.
macro_rules! row {
    ($address:literal, $a:literal, $b:literal, $c:literal, $d:literal) => {
        concat!(
            "vpbroadcastd zmm28, dword ptr [",
            $address,
            "]\n",
            "vpdpbusd zmm",
            $a,
            ", zmm24, zmm28\n",
            "vpdpbusd zmm",
            $b,
            ", zmm25, zmm28\n",
            "vpdpbusd zmm",
            $c,
            ", zmm26, zmm28\n",
            "vpdpbusd zmm",
            $d,
            ", zmm27, zmm28",
        )
    };
}

/// Rows as `[address, registers of 16 outputs each, place of the sums]`.
macro_rules! tile {
    ($activations:ident, $stride:ident, $panel:ident, $groups:ident, $sums:ident,
     $([$address:literal, $a:literal, $b:literal, $c:literal, $d:literal, $to:literal])*) => {
        asm!(
            "# {stride} {fourth}: not all tiles use them",
            $(concat!("vpxord zmm", $a, ", zmm", $a, ", zmm", $a),)*
            $(concat!("vpxord zmm", $b, ", zmm", $b, ", zmm", $b),)*
            $(concat!("vpxord zmm", $c, ", zmm", $c, ", zmm", $c),)*
            $(concat!("vpxord zmm", $d, ", zmm", $d, ", zmm", $d),)*
            "2:",
            "vmovdqu64 zmm24, zmmword ptr [{panel}]",
            "vmovdqu64 zmm25, zmmword ptr [{panel} + 64]",
            "vmovdqu64 zmm26, zmmword ptr [{panel} + 128]",
            "vmovdqu64 zmm27, zmmword ptr [{panel} + 192]",
            $(row!($address, $a, $b, $c, $d),)*
            "add {panel}, 256",
            "add {first}, 4",
            "add {fourth}, 4",
            "dec {groups}",
            "jnz 2b",
            $(concat!("vmovdqu64 zmmword ptr [{sums} + ", $to, "], zmm", $a),)*
            $(concat!("vmovdqu64 zmmword ptr [{sums} + ", $to, " + 64], zmm", $b),)*
            $(concat!("vmovdqu64 zmmword ptr [{sums} + ", $to, " + 128], zmm", $c),)*
            $(concat!("vmovdqu64 zmmword ptr [{sums} + ", $to, " + 192], zmm", $d),)*
            first = inout(reg) $activations => _,
            fourth = inout(reg) $activations.wrapping_add(3 * $stride) => _,
            stride = in(reg) $stride,
            panel = inout(reg) $panel => _,
            groups = inout(reg) $groups => _,
            sums = in(reg) $sums,
            out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _, out("zmm5") _, out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _, out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm13") _, out("zmm14") _, out("zmm15") _, out("zmm16") _, out("zmm17") _, out("zmm18") _, out("zmm19") _, out("zmm20") _, out("zmm21") _, out("zmm22") _, out("zmm23") _, out("zmm24") _, out("zmm25") _, out("zmm26") _, out("zmm27") _, out("zmm28") _,
            options(nostack),
        )
    };
}

impl Kernel for Avx512Vnni {
    type Activation = i8;
    const COLUMNS: usize = 64;
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
                1 => tile!(activations, stride, panel, groups, sums, ["{first}", 0, 1, 2, 3, 0]),
                2 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 2, 3, 0] ["{first} + {stride}", 4, 5, 6, 7, 256]),
                3 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 2, 3, 0] ["{first} + {stride}", 4, 5, 6, 7, 256] ["{first} + 2*{stride}", 8, 9, 10, 11, 512]),
                4 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 2, 3, 0] ["{first} + {stride}", 4, 5, 6, 7, 256] ["{first} + 2*{stride}", 8, 9, 10, 11, 512] ["{fourth}", 12, 13, 14, 15, 768]),
                5 => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 2, 3, 0] ["{first} + {stride}", 4, 5, 6, 7, 256] ["{first} + 2*{stride}", 8, 9, 10, 11, 512] ["{fourth}", 12, 13, 14, 15, 768] ["{fourth} + {stride}", 16, 17, 18, 19, 1024]),
                _ => tile!(activations, stride, panel, groups, sums,
                    ["{first}", 0, 1, 2, 3, 0] ["{first} + {stride}", 4, 5, 6, 7, 256] ["{first} + 2*{stride}", 8, 9, 10, 11, 512] ["{fourth}", 12, 13, 14, 15, 768] ["{fourth} + {stride}", 16, 17, 18, 19, 1024] ["{fourth} + 2*{stride}", 20, 21, 22, 23, 1280]),
            }
        };
        // SAFETY: the caller's promise; the sums of `R` rows were written.
        unsafe { finish::<Self, R>(end, make) };
    }
}
