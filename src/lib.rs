//! Tarjoman translates Persian news into English and keeps every sentence beside its source.
//!
//! Two columns that don't know each other, joined in one room; data walks one way:
//!
//! ```text
//! text:   document, persian -> quality tensors:   kernels -> model -> decode
//!                 \__________ translate (the walk) __________/
//!                     jobs, serve, bench   ->   cli -> main
//!
//! Input -> Article -> Document -> Batch -> Hypothesis -> Translation -> AlignedDocument -> Output
//!    reader     segment    batcher    search     detokenise      collect            writer
//! ```

pub mod bench;
#[doc(hidden)]
pub mod cli;
pub mod decode;
pub mod document;
pub mod jobs;
pub mod kernels;
pub mod model;
pub mod persian;
pub mod quality;
#[cfg(feature = "serve")]
pub mod serve;
pub mod translate;

mod error;

pub use error::{Error, Result};
