//! T5 as llama.cpp converts it (`conversion/t5.py`): its configuration in transformers' words, and
//! the names of its weights. There is no word of the member of the family: that is told by which
//! weights there are, as llama.cpp does it (`src/models/t5.cpp`).

use candle_core::quantized::gguf_file::Content;
use serde_json::{Map, json};

use super::metadata::Metadata;

/// What llama.cpp takes where the file is silent.
const END: u64 = 1;
const FILLING: u64 = 0;

/// How the names of the encoder's blocks begin.
const BLOCKS: &str = "enc.blk.";

/// What `config.json` would say.
///
/// * `vocabulary`: rows of the embedding
pub(super) fn configuration(
    content: &Content,
    vocabulary: Option<usize>,
) -> Result<Map<String, serde_json::Value>, String> {
    let metadata = Metadata(&content.metadata);
    let optional = |key: &str| metadata.whole(&format!("t5.{key}"));
    let count = |key: &str| optional(key).ok_or_else(|| format!("it has no t5.{key}"));
    if !is_here(content.tensor_infos.keys()) {
        return Err(
            "there is no config.json beside it, and it is not as llama.cpp converts a T5".into()
        );
    }
    let has = |name: &str| content.tensor_infos.contains_key(name);
    let gated = has("enc.blk.0.ffn_gate.weight");
    let own_positions = has("enc.blk.1.attn_rel_b.weight");
    let tied = !has("output.weight");
    let filling = metadata.whole("tokenizer.ggml.padding_token_id").unwrap_or(FILLING);
    let blocks = count("block_count")?;
    let config = json!({
        "model_type": if own_positions { "umt5" } else { "t5" },
        "vocab_size": vocabulary.ok_or("it has no token_embd.weight")?,
        "d_model": count("embedding_length")?,
        "d_kv": count("attention.key_length")?,
        "d_ff": count("feed_forward_length")?,
        "num_layers": blocks,
        "num_decoder_layers": optional("decoder_block_count").unwrap_or(blocks),
        "num_heads": count("attention.head_count")?,
        "relative_attention_num_buckets": count("attention.relative_buckets_count")?,
        "layer_norm_epsilon":
            metadata.number("t5.attention.layer_norm_rms_epsilon").unwrap_or(1e-6),
        "feed_forward_proj": if gated { "gated-gelu" } else { "relu" },
        "tie_word_embeddings": tied,
        // The first T5, which has no gates, scales; T5 v1.1 does not, whether or not its output has
        // a table of its own.
        "scale_decoder_outputs": !gated,
        "decoder_start_token_id": optional("decoder_start_token_id").unwrap_or(filling),
        "eos_token_id": metadata.whole("tokenizer.ggml.eos_token_id").unwrap_or(END),
        "pad_token_id": filling,
    });
    match config {
        serde_json::Value::Object(config) => Ok(config),
        _ => Err("it has no configuration".into()),
    }
}

/// Whether a file with weights of these names is a T5 as llama.cpp converts it.
pub(super) fn is_here<'a>(mut names: impl Iterator<Item = &'a String>) -> bool {
    names.any(|name| name.starts_with(BLOCKS))
}

/// The name in transformers' checkpoints of a weight of llama.cpp's (`gguf/tensor_mapping.py`).
///
/// * `gated`: whether there is a weight of this name
pub(super) fn name(name: &str, gated: impl Fn(&str) -> bool) -> Option<String> {
    match name {
        "token_embd.weight" => return Some("shared.weight".into()),
        "output.weight" => return Some("lm_head.weight".into()),
        "enc.output_norm.weight" => return Some("encoder.final_layer_norm.weight".into()),
        "dec.output_norm.weight" => return Some("decoder.final_layer_norm.weight".into()),
        _ => {}
    }
    let (side, rest) = name.split_once(".blk.")?;
    let (block, rest) = rest.split_once('.')?;
    let weight = rest.strip_suffix(".weight")?;
    let (whole, feed_forward) = match side {
        "enc" => ("encoder", 1),
        "dec" => ("decoder", 2),
        _ => return None,
    };
    let (layer, part) = match weight {
        "attn_norm" => (0, "layer_norm"),
        "attn_q" => (0, "SelfAttention.q"),
        "attn_k" => (0, "SelfAttention.k"),
        "attn_v" => (0, "SelfAttention.v"),
        "attn_o" => (0, "SelfAttention.o"),
        "attn_rel_b" => (0, "SelfAttention.relative_attention_bias"),
        "cross_attn_norm" => (1, "layer_norm"),
        "cross_attn_q" => (1, "EncDecAttention.q"),
        "cross_attn_k" => (1, "EncDecAttention.k"),
        "cross_attn_v" => (1, "EncDecAttention.v"),
        "cross_attn_o" => (1, "EncDecAttention.o"),
        "ffn_norm" => (feed_forward, "layer_norm"),
        "ffn_gate" => (feed_forward, "DenseReluDense.wi_0"),
        "ffn_up" if gated(&format!("{side}.blk.{block}.ffn_gate.weight")) => {
            (feed_forward, "DenseReluDense.wi_1")
        }
        "ffn_up" => (feed_forward, "DenseReluDense.wi"),
        "ffn_down" => (feed_forward, "DenseReluDense.wo"),
        _ => return None,
    };
    Some(format!("{whole}.block.{block}.layer.{layer}.{part}.weight"))
}
