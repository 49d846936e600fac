//! `vpdpbusd`, on 256 bits (AVX-VNNI) and 512 bits (AVX-512 VNNI): four products of unsigned and
//! signed bytes, added in 32 bits. Weights are the unsigned side, 128 added to each; the kernel's
//! `OFFSET` takes that out again.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_dpbusd_avx_epi32, _mm256_loadu_si256, _mm256_set1_epi32,
    _mm256_setzero_si256, _mm256_storeu_si256, _mm512_dpbusd_epi32, _mm512_loadu_si512,
    _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
};

use super::super::tile::Kernel;

pub(in crate::kernels) struct AvxVnni;

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
        sums: *mut i32,
    ) {
        // SAFETY: the caller's promise: the CPU has AVX-VNNI, and operands are of these sizes.
        unsafe {
            let mut total: [[__m256i; 2]; R] = [[_mm256_setzero_si256(); 2]; R];
            for group in 0..groups {
                let at = panel.add(group * 64).cast::<__m256i>();
                let weights = [_mm256_loadu_si256(at), _mm256_loadu_si256(at.add(1))];
                for (row, total) in total.iter_mut().enumerate() {
                    let four = activations.add(row * stride + group * 4).cast::<i32>();
                    let four = _mm256_set1_epi32(four.read_unaligned());
                    total[0] = _mm256_dpbusd_avx_epi32(total[0], weights[0], four);
                    total[1] = _mm256_dpbusd_avx_epi32(total[1], weights[1], four);
                }
            }
            for (row, total) in total.iter().enumerate() {
                let to = sums.add(row * 16).cast::<__m256i>();
                _mm256_storeu_si256(to, total[0]);
                _mm256_storeu_si256(to.add(1), total[1]);
            }
        }
    }
}

pub(in crate::kernels) struct Avx512Vnni;

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
        sums: *mut i32,
    ) {
        // SAFETY: the caller's promise: the CPU has AVX-512 VNNI, and operands are of these sizes.
        unsafe {
            let mut total: [[__m512i; 4]; R] = [[_mm512_setzero_si512(); 4]; R];
            for group in 0..groups {
                let at = panel.add(group * 256).cast::<__m512i>();
                let weights = [
                    _mm512_loadu_si512(at),
                    _mm512_loadu_si512(at.add(1)),
                    _mm512_loadu_si512(at.add(2)),
                    _mm512_loadu_si512(at.add(3)),
                ];
                for (row, total) in total.iter_mut().enumerate() {
                    let four = activations.add(row * stride + group * 4).cast::<i32>();
                    let four = _mm512_set1_epi32(four.read_unaligned());
                    for (total, weights) in total.iter_mut().zip(weights) {
                        *total = _mm512_dpbusd_epi32(*total, weights, four);
                    }
                }
            }
            for (row, total) in total.iter().enumerate() {
                for (at, total) in total.iter().enumerate() {
                    _mm512_storeu_si512(sums.add(row * 64 + at * 16).cast(), *total);
                }
            }
        }
    }
}
