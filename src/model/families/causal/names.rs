//! How checkpoints call the weights.

use crate::model::weights::Weights;

/// Names of the weights of one form of checkpoint.
#[derive(Debug)]
pub(super) struct Names {
    pub embedding: &'static str,
    /// What stands before the number of a block.
    pub blocks: &'static str,
    pub norm: &'static str,
    pub attention_norm: &'static str,
    pub query: &'static str,
    pub key: &'static str,
    pub value: &'static str,
    pub output: &'static str,
    pub query_norm: &'static str,
    pub key_norm: &'static str,
    /// After the attention, where there is one.
    pub attention_post_norm: &'static str,
    pub feed_forward_norm: &'static str,
    pub gate: &'static str,
    pub up: &'static str,
    pub down: &'static str,
    /// After the feed-forward part, where there is one.
    pub feed_forward_post_norm: &'static str,
}

/// transformers' names of Gemma 3.
pub(super) const GEMMA: Names = Names {
    embedding: "embed_tokens",
    blocks: "layers",
    norm: "norm",
    attention_norm: "input_layernorm",
    query: "self_attn.q_proj",
    key: "self_attn.k_proj",
    value: "self_attn.v_proj",
    output: "self_attn.o_proj",
    query_norm: "self_attn.q_norm",
    key_norm: "self_attn.k_norm",
    attention_post_norm: "post_attention_layernorm",
    feed_forward_norm: "pre_feedforward_layernorm",
    gate: "mlp.gate_proj",
    up: "mlp.up_proj",
    down: "mlp.down_proj",
    feed_forward_post_norm: "post_feedforward_layernorm",
};

/// transformers' names of Qwen3: one of them means another norm than in Gemma 3.
pub(super) const QWEN: Names = Names { feed_forward_norm: "post_attention_layernorm", ..GEMMA };

/// llama.cpp's names, the same for all families (`gguf/constants.py`).
pub(super) const LLAMA_CPP: Names = Names {
    embedding: "token_embd",
    blocks: "blk",
    norm: "output_norm",
    attention_norm: "attn_norm",
    query: "attn_q",
    key: "attn_k",
    value: "attn_v",
    output: "attn_output",
    query_norm: "attn_q_norm",
    key_norm: "attn_k_norm",
    attention_post_norm: "post_attention_norm",
    feed_forward_norm: "ffn_norm",
    gate: "ffn_gate",
    up: "ffn_up",
    down: "ffn_down",
    feed_forward_post_norm: "post_ffw_norm",
};

/// Whether this is a file as llama.cpp converts it.
pub(super) fn of_llama_cpp(weights: &Weights) -> bool {
    weights.pp(LLAMA_CPP.embedding).contains_tensor("weight")
}

/// Where the text part of the network is: alone, or beside one for images; transformers has called
/// that one in two ways.
pub(super) fn trunk(weights: &Weights) -> Weights {
    ["model", "language_model.model", "model.language_model"]
        .into_iter()
        .map(|name| weights.pp(name))
        .find(|trunk| trunk.pp(GEMMA.embedding).contains_tensor("weight"))
        .unwrap_or_else(|| weights.pp("model"))
}

/// Where the output's own table is, if it has one.
pub(super) fn head(weights: &Weights) -> Weights {
    ["lm_head", "language_model.lm_head", "output"]
        .into_iter()
        .map(|name| weights.pp(name))
        .find(|head| head.contains_tensor("weight"))
        .unwrap_or_else(|| weights.pp("lm_head"))
}
