//! Kernels for `x86_64`.
//!
//! `vpdpbusd`, on 256 bits (AVX-VNNI) and 512 bits (AVX-512 VNNI), multiplies four unsigned and
//! signed bytes and adds them in 32 bits. Weights are the unsigned side, 128 added to each; the
//! kernels' `OFFSET` takes that out again.

mod avx2;
mod avx512_vnni;
mod avx_vnni;
pub(super) mod peak;
pub(super) mod q8_0;

pub(super) use avx_vnni::AvxVnni;
pub(super) use avx2::Avx2;
pub(super) use avx512_vnni::Avx512Vnni;
