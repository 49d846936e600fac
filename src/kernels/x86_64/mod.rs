//! Kernels for `x86_64`.

mod avx2;
pub(super) mod peak;
mod vnni;

pub(super) use avx2::Avx2;
pub(super) use vnni::{Avx512Vnni, AvxVnni};
