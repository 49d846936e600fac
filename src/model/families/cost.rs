//! What a token costs a network, from its shape alone: for comparisons with what a machine can do.

use serde::Deserialize;

use super::causal::{self, GemmaConfig, GemmaWithImages, QwenConfig};
use super::t5::{Member, T5Config};
use super::{BartConfig, parse};
use crate::model::config::Architecture;
use crate::model::{ComputeType, Error, FileData, ModelFiles, Result, TokenizerFiles};

/// Weights of the matrices that a token meets. Products of attention with what was seen before
/// are not counted: at the length of a sentence they are a few per cent. Nor are norms and biases.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// By which a source token is multiplied, the keys and values for the decoder counted in.
    pub source_weights: usize,
    /// By which a row of a step of decoding is multiplied, the output projection counted in.
    pub target_weights: usize,
    /// Bytes of a weight in memory.
    pub bytes_per_weight: f64,
    /// Whether products are in 8 bits.
    pub in_int8: bool,
}

/// What Marian adds.
#[derive(Deserialize)]
struct TargetVocabulary {
    decoder_vocab_size: Option<usize>,
}

impl Cost {
    /// Nothing for Firefox's models, whose files say their shape in other ways, and for unknown ones.
    ///
    /// # Errors
    /// When the configuration can't be read.
    pub fn of(files: &ModelFiles, compute_type: ComputeType) -> Result<Option<Self>> {
        if matches!(files.tokenizer, TokenizerFiles::Bergamot { .. }) {
            return Ok(None);
        }
        let family = parse::<Architecture>(&files.config)?.model_type;
        let wrong = |reason| Error::Config { file: files.config.name(), reason };
        let (source, target) = match family.as_str() {
            "marian" | "m2m_100" | "mbart" => bart(
                &parse(&files.config)?,
                parse::<TargetVocabulary>(&files.config)?.decoder_vocab_size,
            ),
            "t5" => t5(&parse(&files.config)?, Member::T5),
            "mt5" => t5(&parse(&files.config)?, Member::Mt5),
            "umt5" => t5(&parse(&files.config)?, Member::Umt5),
            "gemma3_text" => {
                of_causal(&parse::<GemmaConfig>(&files.config)?.shape().map_err(wrong)?)
            }
            "gemma3" => {
                of_causal(&parse::<GemmaWithImages>(&files.config)?.shape().map_err(wrong)?)
            }
            "qwen3" => of_causal(&parse::<QwenConfig>(&files.config)?.shape().map_err(wrong)?),
            _ => return Ok(None),
        };
        let in_blocks = files.weights.iter().any(|file| file.gguf().is_some());
        let stored = size(&files.weights)? as f64;
        let bytes_of_dtype = compute_type.dtype().size_in_bytes() as f64;
        // As [`super::load_with`] decides.
        let (bytes_per_weight, in_int8) = if in_blocks {
            (stored / target.max(1) as f64, true)
        } else {
            match compute_type {
                ComputeType::Int8 => (1.0, true),
                ComputeType::Auto if family == "marian" => (1.0, true),
                // A file that holds matrices in 8 bits is smaller than any of floats.
                ComputeType::Auto if stored < 1.5 * (source + target) as f64 => (1.0, true),
                _ => (bytes_of_dtype, false),
            }
        };
        Ok(Some(Self { source_weights: source, target_weights: target, bytes_per_weight, in_int8 }))
    }
}

/// Weights that a source token and a target token meet.
fn bart(config: &BartConfig, target_vocabulary: Option<usize>) -> (usize, usize) {
    let channels = config.d_model;
    let square = channels * channels;
    let encoder = 4 * square + 2 * channels * config.encoder_ffn_dim;
    // Of the attention to the source, queries and outputs.
    let decoder = 6 * square + 2 * channels * config.decoder_ffn_dim;
    let vocabulary = target_vocabulary.unwrap_or(config.vocab_size);
    (
        config.encoder_layers * encoder + config.decoder_layers * 2 * square,
        config.decoder_layers * decoder + channels * vocabulary,
    )
}

fn t5(shape: &T5Config, member: Member) -> (usize, usize) {
    let projection = shape.d_model * shape.num_heads * shape.d_kv;
    let inner = shape.d_model * shape.d_ff * if shape.is_gated(member) { 3 } else { 2 };
    let decoder = shape.num_decoder_layers.unwrap_or(shape.num_layers);
    (
        shape.num_layers * (4 * projection + inner) + decoder * 2 * projection,
        decoder * (6 * projection + inner) + shape.d_model * shape.vocab_size,
    )
}

fn of_causal(shape: &causal::Shape) -> (usize, usize) {
    let heads = 2 * shape.heads + 2 * shape.key_heads;
    let block = shape.channels * (heads * shape.head_dim + 3 * shape.inner);
    let blocks = shape.sliding.len() * block;
    (blocks, blocks + shape.channels * shape.vocabulary)
}

/// Bytes of all files.
fn size(files: &[FileData]) -> Result<u64> {
    files.iter().map(FileData::size).sum()
}
