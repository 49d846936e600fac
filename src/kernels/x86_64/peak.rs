//! The multiply-add instructions of the kernels alone, on registers: what a product could reach
//! at best.

use std::arch::asm;

/// `count` times 12 sums of 16 products each, as [`super::Avx2`] makes them.
///
/// # Safety
/// The CPU has AVX2; `count` is not 0.
pub(in crate::kernels) unsafe fn avx2(count: u64) -> u64 {
    // SAFETY: registers only, all of them named.
    unsafe {
        asm!(
            "vpxor xmm12, xmm12, xmm12",
            "vpxor xmm14, xmm14, xmm14",
            "2:",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm0, ymm0, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm1, ymm1, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm2, ymm2, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm3, ymm3, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm4, ymm4, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm5, ymm5, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm6, ymm6, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm7, ymm7, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm8, ymm8, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm9, ymm9, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm10, ymm10, ymm15",
            "vpmaddwd ymm15, ymm14, ymm12", "vpaddd ymm11, ymm11, ymm15",
            "dec {count}",
            "jnz 2b",
            count = inout(reg) count => _,
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _,
            out("ymm5") _, out("ymm6") _, out("ymm7") _, out("ymm8") _, out("ymm9") _,
            out("ymm10") _, out("ymm11") _, out("ymm12") _, out("ymm14") _, out("ymm15") _,
            options(nostack, nomem),
        );
    }
    count * 12 * 16 * 2
}

/// `count` times 12 sums of 32 products each, as [`super::AvxVnni`] makes them.
///
/// # Safety
/// The CPU has AVX-VNNI; `count` is not 0.
pub(in crate::kernels) unsafe fn avx_vnni(count: u64) -> u64 {
    // SAFETY: registers only, all of them named.
    unsafe {
        asm!(
            "vpxor xmm12, xmm12, xmm12",
            "vpxor xmm14, xmm14, xmm14",
            "2:",
            "{{vex}} vpdpbusd ymm0, ymm12, ymm14", "{{vex}} vpdpbusd ymm1, ymm12, ymm14",
            "{{vex}} vpdpbusd ymm2, ymm12, ymm14", "{{vex}} vpdpbusd ymm3, ymm12, ymm14",
            "{{vex}} vpdpbusd ymm4, ymm12, ymm14", "{{vex}} vpdpbusd ymm5, ymm12, ymm14",
            "{{vex}} vpdpbusd ymm6, ymm12, ymm14", "{{vex}} vpdpbusd ymm7, ymm12, ymm14",
            "{{vex}} vpdpbusd ymm8, ymm12, ymm14", "{{vex}} vpdpbusd ymm9, ymm12, ymm14",
            "{{vex}} vpdpbusd ymm10, ymm12, ymm14", "{{vex}} vpdpbusd ymm11, ymm12, ymm14",
            "dec {count}",
            "jnz 2b",
            count = inout(reg) count => _,
            out("ymm0") _, out("ymm1") _, out("ymm2") _, out("ymm3") _, out("ymm4") _,
            out("ymm5") _, out("ymm6") _, out("ymm7") _, out("ymm8") _, out("ymm9") _,
            out("ymm10") _, out("ymm11") _, out("ymm12") _, out("ymm14") _,
            options(nostack, nomem),
        );
    }
    count * 12 * 32 * 2
}

/// `count` times 12 sums of 64 products each, as [`super::Avx512Vnni`] makes them.
///
/// # Safety
/// The CPU has AVX-512 VNNI; `count` is not 0.
pub(in crate::kernels) unsafe fn avx512_vnni(count: u64) -> u64 {
    // SAFETY: registers only, all of them named.
    unsafe {
        asm!(
            "vpxor xmm12, xmm12, xmm12",
            "vpxor xmm14, xmm14, xmm14",
            "2:",
            "vpdpbusd zmm0, zmm12, zmm14", "vpdpbusd zmm1, zmm12, zmm14",
            "vpdpbusd zmm2, zmm12, zmm14", "vpdpbusd zmm3, zmm12, zmm14",
            "vpdpbusd zmm4, zmm12, zmm14", "vpdpbusd zmm5, zmm12, zmm14",
            "vpdpbusd zmm6, zmm12, zmm14", "vpdpbusd zmm7, zmm12, zmm14",
            "vpdpbusd zmm8, zmm12, zmm14", "vpdpbusd zmm9, zmm12, zmm14",
            "vpdpbusd zmm10, zmm12, zmm14", "vpdpbusd zmm11, zmm12, zmm14",
            "dec {count}",
            "jnz 2b",
            count = inout(reg) count => _,
            out("zmm0") _, out("zmm1") _, out("zmm2") _, out("zmm3") _, out("zmm4") _,
            out("zmm5") _, out("zmm6") _, out("zmm7") _, out("zmm8") _, out("zmm9") _,
            out("zmm10") _, out("zmm11") _, out("zmm12") _, out("zmm14") _,
            options(nostack, nomem),
        );
    }
    count * 12 * 64 * 2
}
