//! Owns the translation models: where their files come from ([`source`]), their
//! configuration, weights and tokenizer, and the networks themselves ([`families`]).
//! Does not know sentences, documents or how the next token is chosen (that is `decode`).

mod alignment;
pub mod bergamot;
pub mod catalogue;
pub mod comet;
pub mod config;
pub mod device;
pub mod direct;
mod error;
pub mod families;
pub mod files;
mod forms;
mod gguf;
pub mod layers;
mod packed;
mod pickle;
pub mod prompt;
mod safetensors;
pub mod source;
pub mod state;
pub mod tokenizer;
mod weights;

use candle_core::{DType, Tensor};
use serde::{Deserialize, Serialize};

pub use alignment::{AlignmentHeads, Layer};
pub use device::DeviceName;
pub use error::{Error, Result};
pub use files::{FileData, ModelFiles, TokenizerFiles};
pub use packed::PackedCache;
pub use prompt::Prompt;
pub use source::ModelSource;
pub use state::DecoderState;
pub use tokenizer::Tokenizer;

/// In what precision a network computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComputeType {
    /// The fastest that keeps the quality: 8 bits on a CPU for families where that was measured,
    /// else 32-bit floats.
    #[default]
    Auto,
    /// 32-bit floats: token for token what transformers gives.
    F32,
    /// Of 16 bits, with the range of 32: half the memory. On a CPU candle widens both factors of
    /// every product first, which takes longer than the product.
    Bf16,
    /// Of 16 bits, with a small range: values above 65504 are lost, as Gemma 3 has them.
    F16,
    /// Weights in 8 bits with a scale an output, inputs of products rounded to 8 bits a row. CPU
    /// only. Weights that a GGUF file quantises stay as they are.
    Int8,
}

impl ComputeType {
    /// candle's name for what weights in floating point are kept in.
    #[must_use]
    pub fn dtype(self) -> DType {
        match self {
            Self::Auto | Self::F32 | Self::Int8 => DType::F32,
            Self::Bf16 => DType::BF16,
            Self::F16 => DType::F16,
        }
    }
}

/// A network that reads a source and writes a target: an encoder and a decoder, or a language model
/// whose source is a prompt that the target continues. Weights never change, so that workers share
/// one model; whatever a translation needs to remember is in the [`DecoderState`].
pub trait Seq2Seq: Send + Sync {
    /// Reads a padded batch and prepares decoding, one row a sentence. A language model leaves out
    /// the last token of each prompt: the search begins with it ([`DecoderState::first_tokens`]).
    ///
    /// * `input_ids`: `[batch, source_time]`, `u32`, padded on the right
    /// * `lengths`: real tokens of each row, the end-of-sentence token counted in
    ///
    /// # Errors
    /// When a row is longer than [`Seq2Seq::max_source_tokens`] or the device fails.
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> Result<DecoderState>;

    /// One decoding step.
    ///
    /// * `last`: `[rows]`, `u32`, the newest token of every row; rows = live sentences x beams
    ///
    /// Returns logits `[rows, vocabulary]`, `f32`, which the search changes in place; of all tokens,
    /// or of [`Seq2Seq::outputs`].
    ///
    /// # Errors
    /// When the position table is used up or the device fails.
    fn step(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor>;

    /// Where its attention tells the word alignment; nothing where it has none to the source, as a
    /// language model.
    fn alignment_heads(&self) -> Option<AlignmentHeads> {
        None
    }

    /// The longest source, in tokens with the end-of-sentence token; of a language model, the
    /// longest prompt.
    fn max_source_tokens(&self) -> usize;

    /// The longest target, in tokens with the start token.
    fn max_target_tokens(&self) -> usize;

    /// The tokens that logits stand for, ascending, where the network computes only some. Default:
    /// all.
    fn outputs(&self) -> Option<&[u32]> {
        None
    }

    /// Where the weights lie.
    fn device(&self) -> &candle_core::Device;
}
