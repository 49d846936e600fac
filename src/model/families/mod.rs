//! Owns the networks, a file a family, and the choice between them by `model_type`.

mod bart;
mod bergamot;
mod causal;
mod cost;
mod m2m100;
mod marian;
mod mbart;
mod t5;

pub use bart::Bart;
pub use bergamot::Student;
pub use causal::Causal;
pub use cost::Cost;
pub use t5::T5;

use std::cell::OnceCell;

use candle_core::Device;
use serde::Deserialize;

use self::bart::{Shape, Side};
use self::causal::{GemmaConfig, GemmaWithImages, QwenConfig};
use self::marian::MarianConfig;
use self::t5::Member;
use super::config::{Architecture, SUPPORTED, parse};
use super::layers::Activation;
use super::weights::{self, InInt8, Weights};
use super::{
    ComputeType, Error, FileData, ModelFiles, PackedCache, Result, Seq2Seq, TokenizerFiles,
};

/// The part of `config.json` that the BART family shares.
#[derive(Debug, Clone, Deserialize)]
struct BartConfig {
    d_model: usize,
    encoder_layers: usize,
    decoder_layers: usize,
    encoder_attention_heads: usize,
    decoder_attention_heads: usize,
    encoder_ffn_dim: usize,
    decoder_ffn_dim: usize,
    vocab_size: usize,
    /// Tokens for which there is a position.
    max_position_embeddings: usize,
    activation_function: Activation,
    #[serde(default)]
    scale_embedding: bool,
    #[serde(default = "yes")]
    tie_word_embeddings: bool,
    #[serde(default = "one")]
    pad_token_id: usize,
}

fn yes() -> bool {
    true
}

fn one() -> usize {
    1
}

impl BartConfig {
    /// The shape of a plain post-norm network; families switch on what they add.
    fn shape(&self) -> Shape {
        Shape {
            channels: self.d_model,
            encoder: Side {
                layers: self.encoder_layers,
                heads: self.encoder_attention_heads,
                inner: self.encoder_ffn_dim,
                vocabulary: self.vocab_size,
            },
            decoder: Side {
                layers: self.decoder_layers,
                heads: self.decoder_attention_heads,
                inner: self.decoder_ffn_dim,
                vocabulary: self.vocab_size,
            },
            activation: self.activation_function,
            norm_first: false,
            embedding_norm: false,
            final_norm: false,
            scale_embedding: self.scale_embedding,
            shared_embedding: true,
            tied_projection: self.tie_word_embeddings,
            logits_bias: false,
            guided: false,
        }
    }
}

/// Loads the network that `config.json` names, in 32-bit floats.
///
/// # Errors
/// When the type is unknown, a file is damaged, or weights do not fit the configuration.
pub fn load(files: &ModelFiles, device: &Device) -> Result<Box<dyn Seq2Seq>> {
    load_as(files, device, ComputeType::F32)
}

/// How a network is loaded.
#[derive(Debug, Clone)]
pub struct NetworkOptions {
    /// Where it computes. Default: the CPU.
    pub device: Device,
    /// In what precision. Default: the fastest that keeps the quality.
    pub compute_type: ComputeType,
    /// Where 8-bit weights are kept packed. Default: [`PackedCache::from_env`].
    pub packed: PackedCache,
    /// The target tokens of which logits are computed, such as
    /// [`Tokenizer::english_tokens`](super::Tokenizer::english_tokens); all others are never
    /// chosen. Default: all. Marian's students, with vocabularies of one pair, always compute all.
    pub outputs: Option<Vec<u32>>,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        let (device, compute_type) = (Device::Cpu, ComputeType::default());
        Self { device, compute_type, packed: PackedCache::from_env(), outputs: None }
    }
}

/// Loads the network that `config.json` names.
///
/// # Errors
/// As [`load`].
pub fn load_as(
    files: &ModelFiles,
    device: &Device,
    compute_type: ComputeType,
) -> Result<Box<dyn Seq2Seq>> {
    let device = device.clone();
    load_with(files, &NetworkOptions { device, compute_type, ..NetworkOptions::default() })
}

/// The same with all options.
///
/// # Errors
/// As [`load`].
pub fn load_with(files: &ModelFiles, options: &NetworkOptions) -> Result<Box<dyn Seq2Seq>> {
    let NetworkOptions { device, compute_type, packed, outputs } = options;
    if let TokenizerFiles::Bergamot { source, target } = &files.tokenizer {
        return Student::load(files, source.name() == target.name(), device)
            .map(|student| Box::new(student) as _);
    }
    let architecture: Architecture = parse(&files.config)?;
    let int8 = match compute_type {
        // Quality was measured for this family only.
        ComputeType::Auto if architecture.model_type == "marian" => InInt8::Everything,
        ComputeType::Auto => InInt8::Stored,
        ComputeType::Int8 => InInt8::Everything,
        ComputeType::F32 | ComputeType::Bf16 | ComputeType::F16 => InInt8::Nothing,
    };
    let opened = OnceCell::new();
    let open = || {
        let weights = weights::open(&files.weights, compute_type.dtype(), device)?;
        let weights = weights.with_int8(int8).with_packed(packed, &files.weights);
        let weights = weights.with_outputs(outputs.as_deref());
        Ok::<&Weights, Error>(opened.get_or_init(|| weights))
    };
    let causal = |shape: std::result::Result<causal::Shape, String>| -> Result<_> {
        let wrong = |reason| Error::Config { file: files.config.name(), reason };
        Ok(boxed(Causal::load(shape.map_err(wrong)?, open()?)))
    };
    let network = match architecture.model_type.as_str() {
        "marian" => {
            let config: MarianConfig = parse(&files.config)?;
            config.check(&files.config.name())?;
            boxed(marian::load(&config, open()?))
        }
        "m2m_100" => boxed(m2m100::load(&parse(&files.config)?, open()?)),
        "mbart" => boxed(mbart::load(&parse(&files.config)?, open()?)),
        "t5" => boxed(T5::load(&parse(&files.config)?, Member::T5, open()?)),
        "mt5" => boxed(T5::load(&parse(&files.config)?, Member::Mt5, open()?)),
        "umt5" => boxed(T5::load(&parse(&files.config)?, Member::Umt5, open()?)),
        "gemma3_text" => causal(parse::<GemmaConfig>(&files.config)?.shape())?,
        "gemma3" => causal(parse::<GemmaWithImages>(&files.config)?.shape())?,
        "qwen3" => causal(parse::<QwenConfig>(&files.config)?.shape())?,
        found => {
            return Err(Error::Architecture {
                model: files.name.clone(),
                found: found.to_owned(),
                supported: SUPPORTED,
            });
        }
    };
    let fail = |source| Error::Weights { file: FileData::names(&files.weights), source };
    let network = network.map_err(fail)?;
    if let Some(weights) = opened.get() {
        weights.keep_packed();
    }
    Ok(network)
}

fn boxed<T: Seq2Seq + 'static>(
    network: candle_core::Result<T>,
) -> candle_core::Result<Box<dyn Seq2Seq>> {
    network.map(|network| Box::new(network) as _)
}
