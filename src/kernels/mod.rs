//! Owns the arithmetic that candle lacks or does slowly on a CPU: int8 products, attention of a
//! decoding step, and what runs over whole rows (norms, softmax). Safe functions over slices, and
//! candle custom ops around them; which instructions they use is decided at run time.
//! Does not know layers, weights' names or what a model is.
//!
//! [`Isa`] lists the paths. `TARJOMAN_ISA` forces one that this CPU has, such as `portable`. All
//! paths give the same results, bit for bit, so that what is tested on one CPU holds on others.

#![allow(unsafe_code)] // the one room that may: vector instructions, and rows shared by threads
#![allow(clippy::inline_always)] // generic loops must be inlined where instructions are enabled
#![allow(clippy::cast_ptr_alignment)] // of loads and stores that need no alignment

#[cfg(target_arch = "aarch64")]
mod aarch64;
mod attention;
mod blocks;
mod dispatch;
mod epilogue;
mod int8;
mod isa;
mod op;
mod pack;
mod pages;
mod portable;
pub mod reference;
pub mod rows;
mod select;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86_64;

pub use attention::{Attend, Seen, by_heads};
pub use blocks::{Blocks, Bytes};
pub use epilogue::{Bend, Epilogue, Rounding};
pub use int8::{Int8Matrix, peak};
pub use isa::Isa;
pub use op::{Int8Product, with_slice, with_slice_mut};
pub use pack::{Packed, Part};
pub use pages::large_pages;
