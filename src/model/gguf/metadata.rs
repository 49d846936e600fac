//! The configuration of a language model or a T5 in a file of llama.cpp's, in transformers' words.

use std::collections::HashMap;
use std::path::Path;

use candle_core::quantized::gguf_file::{Content, Value};
use serde_json::{Map, json};

use super::{map, parts, t5};

/// Every how manyeth block of Gemma 3 sees all tokens, and the base of positions in the others:
/// constants of llama.cpp, too (`llama-model.cpp`).
const GEMMA_PATTERN: u64 = 6;
const GEMMA_LOCAL_BASE: f64 = 10_000.0;
/// Blocks of Gemma 3 27B, whose attention is scaled by other channels than those of a head.
const GEMMA_27B: u64 = 62;

/// What llama.cpp calls T5, mT5 and umT5.
const T5: &str = "t5";

/// Whether it holds a T5 of llama.cpp's.
///
/// # Errors
/// Says what is wrong with the file.
pub(in crate::model) fn is_t5(path: &Path) -> Result<bool, String> {
    Ok(Metadata(&content(path)?.metadata).text("general.architecture") == Some(T5))
}

/// What `config.json` would say.
///
/// # Errors
/// Says what is wrong with the file.
pub(in crate::model) fn configuration(
    path: &Path,
) -> Result<Map<String, serde_json::Value>, String> {
    let mut content = content(path)?;
    for part in parts::beside(path).iter().filter(|part| *part != path) {
        content.tensor_infos.extend(self::content(part)?.tensor_infos);
    }
    let metadata = Metadata(&content.metadata);
    let architecture = metadata.text("general.architecture").ok_or(
        "there is no config.json beside it, and it does not say what is in it (llama.cpp's \
         general.architecture)",
    )?;
    let embedding = content.tensor_infos.get("token_embd.weight");
    let vocabulary = embedding.and_then(|info| info.shape.dims().first().copied());
    let model_type = match architecture {
        "gemma3" => "gemma3_text",
        "qwen3" => "qwen3",
        T5 => return t5::configuration(&content, vocabulary),
        other => {
            return Err(format!(
                "general.architecture is {other:?}; without a config.json Tarjoman runs gemma3, \
                 qwen3 and t5"
            ));
        }
    };
    let own = |key: &str| format!("{architecture}.{key}");
    let count =
        |key: &str| metadata.whole(&own(key)).ok_or_else(|| format!("it has no {}", own(key)));
    let (blocks, heads) = (count("block_count")?, count("attention.head_count")?);
    let channels = count("embedding_length")?;
    let head_dim = match metadata.whole(&own("attention.key_length")) {
        Some(channels) => channels,
        None => channels.checked_div(heads).ok_or("it has no heads")?,
    };
    let theta = metadata.number(&own("rope.freq_base"));
    let scaling = match metadata.text(&own("rope.scaling.type")) {
        None | Some("none") => json!({ "rope_type": "default" }),
        Some(kind) => json!({
            "rope_type": kind,
            "factor": metadata.number(&own("rope.scaling.factor")),
            "original_max_position_embeddings":
                metadata.whole(&own("rope.scaling.original_context_length")),
            "attention_factor": metadata.number(&own("rope.scaling.yarn_attn_factor")),
            "beta_fast": metadata.number(&own("rope.scaling.yarn_beta_fast")),
            "beta_slow": metadata.number(&own("rope.scaling.yarn_beta_slow")),
        }),
    };
    let ends = ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"];
    let mut ends: Vec<u64> = ends.iter().filter_map(|key| metadata.whole(key)).collect();
    ends.dedup();
    let mut config = json!({
        "model_type": model_type,
        "vocab_size": vocabulary.ok_or("it has no token_embd.weight")?,
        "hidden_size": channels,
        "intermediate_size": count("feed_forward_length")?,
        "num_hidden_layers": blocks,
        "num_attention_heads": heads,
        "num_key_value_heads": metadata.whole(&own("attention.head_count_kv")).unwrap_or(heads),
        "head_dim": head_dim,
        "max_position_embeddings": count("context_length")?,
        "rms_norm_eps": metadata.number(&own("attention.layer_norm_rms_epsilon")).unwrap_or(1e-6),
        "tie_word_embeddings": !content.tensor_infos.contains_key("output.weight"),
        "rope_scaling": scaling,
        "bos_token_id": metadata.whole("tokenizer.ggml.bos_token_id"),
        "pad_token_id": metadata.whole("tokenizer.ggml.padding_token_id"),
        "eos_token_id": ends,
    });
    if architecture == "gemma3" {
        let scalar = if blocks == GEMMA_27B { channels / heads.max(1) } else { head_dim };
        let pattern = metadata.whole(&own("attention.sliding_window_pattern"));
        let local = metadata.number(&own("rope.freq_base_swa"));
        config["query_pre_attn_scalar"] = json!(scalar);
        config["sliding_window"] = json!(metadata.whole(&own("attention.sliding_window")));
        config["sliding_window_pattern"] = json!(pattern.unwrap_or(GEMMA_PATTERN));
        config["rope_theta"] = json!(theta.unwrap_or(1_000_000.0));
        config["rope_local_base_freq"] = json!(local.unwrap_or(GEMMA_LOCAL_BASE));
    } else {
        config["rope_theta"] = json!(theta.unwrap_or(10_000.0));
        config["hidden_act"] = json!("silu");
    }
    match config {
        serde_json::Value::Object(config) => Ok(config),
        _ => Err("it has no configuration".into()),
    }
}

/// The chat template that the file carries, if it does.
pub(in crate::model) fn chat_template(path: &Path) -> Result<Option<String>, String> {
    let content = content(path)?;
    Ok(Metadata(&content.metadata).text("tokenizer.chat_template").map(str::to_owned))
}

pub(in crate::model) fn content(path: &Path) -> Result<Content, String> {
    let file = map(path).map_err(|error| format!("{}: {error}", path.display()))?;
    super::content(&file).map_err(|error| error.to_string())
}

pub(in crate::model) struct Metadata<'a>(pub &'a HashMap<String, Value>);

impl Metadata<'_> {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_string().ok().map(String::as_str)
    }

    pub fn whole(&self, key: &str) -> Option<u64> {
        self.0.get(key)?.to_u64().ok()
    }

    /// In double precision as it would be written: `1e-6` is no number of single precision.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.0.get(key)?.to_f32().ok()?.to_string().parse().ok()
    }

    pub fn flag(&self, key: &str) -> Option<bool> {
        self.0.get(key)?.to_bool().ok()
    }

    /// The elements of an array.
    pub fn list(&self, key: &str) -> Option<&[Value]> {
        self.0.get(key)?.to_vec().ok().map(Vec::as_slice)
    }
}
