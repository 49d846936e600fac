//! Plain Rust, written so that the compiler may vectorise it for whatever CPU it is.

use super::tile::{End, Kernel, finish};

pub(super) struct Portable;

impl Kernel for Portable {
    type Activation = i16;
    const COLUMNS: usize = 16;
    const GROUP: usize = 2;
    const STEP: usize = 2;
    const ROWS: usize = 4;
    const OFFSET: i32 = 0;

    #[inline(always)]
    unsafe fn tile<const R: usize>(
        activations: *const i16,
        stride: usize,
        panel: *const u8,
        groups: usize,
        end: &End,
    ) {
        let mut total = [[0i32; 16]; R];
        for group in 0..groups {
            // SAFETY: the caller's promise: the panel has `groups` groups of 32 bytes.
            let weights = unsafe { panel.add(group * 32).cast::<[i8; 32]>().read() };
            for (row, total) in total.iter_mut().enumerate() {
                // SAFETY: the caller's promise: `R` rows of `2 * groups` activations.
                let [a, b] = unsafe {
                    activations.add(row * stride + group * 2).cast::<[i16; 2]>().read_unaligned()
                };
                for (at, total) in total.iter_mut().enumerate() {
                    *total += i32::from(a) * i32::from(weights[2 * at])
                        + i32::from(b) * i32::from(weights[2 * at + 1]);
                }
            }
        }
        // SAFETY: the caller's promise; these are `R` rows of 16 sums.
        unsafe { finish::<Self, R>(end, |sums| sums.cast::<[[i32; 16]; R]>().write(total)) };
    }
}
