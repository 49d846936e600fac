//! Kernels for aarch64: `sdot` of Armv8.2 where the CPU has it, else widening multiplications of
//! Advanced SIMD, which every aarch64 CPU has.

use std::arch::aarch64::{
    int32x4_t, vdup_n_s16, vdupq_n_s32, vget_high_s8, vget_low_s8, vld1q_s8, vmull_s8, vpadalq_s16,
    vreinterpret_s8_s16, vreinterpretq_s8_s32, vst1q_s32,
};
use std::arch::asm;

use super::tile::{End, Kernel, finish};

pub(super) struct Neon;

impl Kernel for Neon {
    type Activation = i8;
    const COLUMNS: usize = 16;
    const GROUP: usize = 2;
    const STEP: usize = 2;
    const ROWS: usize = 4;
    const OFFSET: i32 = 0;

    #[inline(always)]
    unsafe fn tile<const R: usize>(
        activations: *const i8,
        stride: usize,
        panel: *const u8,
        groups: usize,
        end: &End,
    ) {
        // SAFETY: the caller's promise: operands are of these sizes; every aarch64 CPU has NEON.
        unsafe {
            let mut total: [[int32x4_t; 4]; R] = [[vdupq_n_s32(0); 4]; R];
            for group in 0..groups {
                let at = panel.add(group * 32).cast::<i8>();
                let (left, right) = (vld1q_s8(at), vld1q_s8(at.add(16)));
                for (row, total) in total.iter_mut().enumerate() {
                    let pair = activations.add(row * stride + group * 2).cast::<i16>();
                    let pair = vreinterpret_s8_s16(vdup_n_s16(pair.read_unaligned()));
                    total[0] = vpadalq_s16(total[0], vmull_s8(vget_low_s8(left), pair));
                    total[1] = vpadalq_s16(total[1], vmull_s8(vget_high_s8(left), pair));
                    total[2] = vpadalq_s16(total[2], vmull_s8(vget_low_s8(right), pair));
                    total[3] = vpadalq_s16(total[3], vmull_s8(vget_high_s8(right), pair));
                }
            }
            finish::<Self, R>(end, |sums| {
                for (row, total) in total.iter().enumerate() {
                    for (at, total) in total.iter().enumerate() {
                        vst1q_s32(sums.add(row * 16 + at * 4), *total);
                    }
                }
            });
        }
    }
}

pub(super) struct NeonDot;

impl Kernel for NeonDot {
    type Activation = i8;
    const COLUMNS: usize = 16;
    const GROUP: usize = 4;
    const STEP: usize = 4;
    const ROWS: usize = 6;
    const OFFSET: i32 = 0;

    #[inline(always)]
    unsafe fn tile<const R: usize>(
        activations: *const i8,
        stride: usize,
        panel: *const u8,
        groups: usize,
        end: &End,
    ) {
        // SAFETY: the caller's promise: the CPU has `sdot`, and operands are of these sizes.
        unsafe {
            let mut total: [[int32x4_t; 4]; R] = [[vdupq_n_s32(0); 4]; R];
            for group in 0..groups {
                let at = panel.add(group * 64).cast::<i8>();
                let weights = [
                    vld1q_s8(at),
                    vld1q_s8(at.add(16)),
                    vld1q_s8(at.add(32)),
                    vld1q_s8(at.add(48)),
                ];
                for (row, total) in total.iter_mut().enumerate() {
                    let four = activations.add(row * stride + group * 4).cast::<i32>();
                    let four = vreinterpretq_s8_s32(vdupq_n_s32(four.read_unaligned()));
                    for (total, weights) in total.iter_mut().zip(weights) {
                        // The intrinsic is not stable yet.
                        asm!(
                            "sdot {total:v}.4s, {weights:v}.16b, {four:v}.16b",
                            total = inout(vreg) *total,
                            weights = in(vreg) weights,
                            four = in(vreg) four,
                            options(pure, nomem, nostack, preserves_flags),
                        );
                    }
                }
            }
            finish::<Self, R>(end, |sums| {
                for (row, total) in total.iter().enumerate() {
                    for (at, total) in total.iter().enumerate() {
                        vst1q_s32(sums.add(row * 16 + at * 4), *total);
                    }
                }
            });
        }
    }
}
