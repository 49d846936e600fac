//! How plain loops are compiled for wider vectors than every CPU has, and how work is shared by threads.

use std::ops::Range;

use rayon::prelude::*;

/// Has `work` done on all of `0..count`, by so many threads with a range each; by this one alone
/// where they are not two.
pub(super) fn share(count: usize, threads: usize, work: impl Fn(Range<usize>) + Sync) {
    if threads < 2 {
        return work(0..count);
    }
    let each = count.div_ceil(threads);
    (0..threads)
        .into_par_iter()
        .for_each(|thread| work((thread * each).min(count)..((thread + 1) * each).min(count)));
}

/// Defines a function that runs `$body`, an `#[inline(always)]` function, compiled for AVX2 where
/// the CPU has it. (Advanced SIMD is in every aarch64 CPU.) No fused multiply-add is enabled: it
/// would round differently from CPU to CPU.
macro_rules! dispatched {
    ($(#[$doc:meta])* $visible:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? = $body:ident) => {
        $(#[$doc])*
        $visible fn $name($($arg: $type),*) $(-> $result)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2")]
                fn wide($($arg: $type),*) $(-> $result)? {
                    $body($($arg),*)
                }
                if $crate::kernels::Isa::best() >= $crate::kernels::Isa::Avx2 {
                    // SAFETY: the best path is one that the CPU has, and this one has AVX2.
                    return unsafe { wide($($arg),*) };
                }
            }
            $body($($arg),*)
        }
    };
}

pub(super) use dispatched;
