//! `config.json` of Gemma 3 and Qwen3, made explicit.

use serde::Deserialize;

use crate::model::layers::{Activation, Rope, Scaling, Yarn};

/// What decides the computation, whatever the family.
#[allow(clippy::struct_excessive_bools)] // families differ in these, one by one
#[derive(Debug, Clone)]
pub(in crate::model::families) struct Shape {
    pub vocabulary: usize,
    pub channels: usize,
    /// Channels inside the feed-forward part.
    pub inner: usize,
    pub heads: usize,
    /// Heads of keys and values, each for as many heads of queries.
    pub key_heads: usize,
    pub head_dim: usize,
    /// For each block whether it sees the last tokens only.
    pub sliding: Vec<bool>,
    /// How many tokens such a block sees, the present one counted in.
    pub window: usize,
    pub activation: Activation,
    pub epsilon: f64,
    /// Factor of the attention scores.
    pub scale: f64,
    /// Whether embeddings are multiplied by the square root of the channels.
    pub scale_embedding: bool,
    /// Whether the output's table is the embedding.
    pub tied: bool,
    /// Whether the projections of the attention have biases.
    pub attention_bias: bool,
    /// What is added to the weights of norms.
    pub norm_offset: f64,
    /// Whether norms follow attention and feed-forward part, too.
    pub post_norms: bool,
    /// Positions in the blocks that see all tokens, and in the others.
    pub rope: Rope,
    pub sliding_rope: Rope,
    /// Tokens for which there are positions.
    pub positions: usize,
    /// `c * tanh(logits / c)`, where there is such a `c`.
    pub logit_cap: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LayerType {
    FullAttention,
    SlidingAttention,
}

/// `rope_scaling`, or a part of `rope_parameters`.
#[derive(Debug, Clone, Default, Deserialize)]
struct RopeParameters {
    rope_type: Option<String>,
    /// The name of the same in older files; some have both.
    #[serde(rename = "type")]
    old_type: Option<String>,
    rope_theta: Option<f64>,
    factor: Option<f64>,
    original_max_position_embeddings: Option<f64>,
    attention_factor: Option<f64>,
    beta_fast: Option<f64>,
    beta_slow: Option<f64>,
    mscale: Option<f64>,
    mscale_all_dim: Option<f64>,
    truncate: Option<bool>,
}

impl RopeParameters {
    /// * `theta`, `positions`: `rope_theta` and `max_position_embeddings` beside these
    fn rope(&self, theta: f64, positions: usize) -> Result<Rope, String> {
        let theta = self.rope_theta.unwrap_or(theta);
        let scaling = match self.rope_type.as_ref().or(self.old_type.as_ref()).map(String::as_str) {
            None | Some("default") => Scaling::Linear(1.0),
            Some("linear") => Scaling::Linear(
                positive(self.factor).ok_or("linear positions need a factor above 0")?,
            ),
            Some("yarn") => Scaling::Yarn(self.yarn(positions as f64)?),
            Some(other) => {
                return Err(format!(
                    "rope_type is {other:?}; Tarjoman knows \"default\", \"linear\" and \"yarn\""
                ));
            }
        };
        Ok(Rope { theta, scaling })
    }

    fn yarn(&self, positions: f64) -> Result<Yarn, String> {
        let trained = self.original_max_position_embeddings.unwrap_or(positions);
        let trained = positive(Some(trained)).ok_or("yarn needs a length of the training")?;
        let factor = positive(Some(self.factor.unwrap_or(positions / trained)))
            .ok_or("yarn positions need a factor above 0")?;
        // What is 0 is not set there.
        let set = |value: Option<f64>| value.filter(|value| *value != 0.0);
        let attention = match (self.attention_factor, set(self.mscale), set(self.mscale_all_dim)) {
            (Some(attention), ..) => attention,
            (None, Some(one), Some(all)) => {
                Yarn::attention(factor, one) / Yarn::attention(factor, all)
            }
            (None, ..) => Yarn::attention(factor, 1.0),
        };
        let turns = (set(self.beta_fast).unwrap_or(32.0), set(self.beta_slow).unwrap_or(1.0));
        Ok(Yarn { factor, trained, turns, whole: self.truncate.unwrap_or(true), attention })
    }
}

fn positive(number: Option<f64>) -> Option<f64> {
    number.filter(|number| *number > 0.0 && number.is_finite())
}

/// Positions of Gemma 3, since transformers 5.
#[derive(Debug, Clone, Default, Deserialize)]
struct RopePerLayer {
    #[serde(default)]
    full_attention: RopeParameters,
    #[serde(default)]
    sliding_attention: RopeParameters,
}

/// Gemma 3 (Gemma Team 2025), the part for text. The published files leave out what is as in
/// `Gemma3TextConfig` of transformers.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub(in crate::model::families) struct GemmaConfig {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: usize,
    head_dim: usize,
    #[serde(alias = "hidden_act")]
    hidden_activation: Activation,
    max_position_embeddings: usize,
    rms_norm_eps: f64,
    tie_word_embeddings: bool,
    query_pre_attn_scalar: f64,
    sliding_window: Option<usize>,
    layer_types: Option<Vec<LayerType>>,
    sliding_window_pattern: usize,
    attention_bias: bool,
    use_bidirectional_attention: Option<bool>,
    final_logit_softcapping: Option<f64>,
    attn_logit_softcapping: Option<f64>,
    rope_theta: f64,
    rope_local_base_freq: f64,
    rope_scaling: Option<RopeParameters>,
    rope_parameters: Option<RopePerLayer>,
}

impl Default for GemmaConfig {
    fn default() -> Self {
        Self {
            vocab_size: 262_208,
            hidden_size: 2304,
            intermediate_size: 9216,
            num_hidden_layers: 26,
            num_attention_heads: 8,
            num_key_value_heads: 4,
            head_dim: 256,
            hidden_activation: Activation::GeluNew,
            max_position_embeddings: 131_072,
            rms_norm_eps: 1e-6,
            tie_word_embeddings: true,
            query_pre_attn_scalar: 256.0,
            sliding_window: Some(4096),
            layer_types: None,
            sliding_window_pattern: 6,
            attention_bias: false,
            use_bidirectional_attention: None,
            final_logit_softcapping: None,
            attn_logit_softcapping: None,
            rope_theta: 1_000_000.0,
            rope_local_base_freq: 10_000.0,
            rope_scaling: None,
            rope_parameters: None,
        }
    }
}

/// A Gemma 3 that also sees images.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::model::families) struct GemmaWithImages {
    text_config: GemmaConfig,
}

impl GemmaWithImages {
    pub fn shape(&self) -> Result<Shape, String> {
        self.text_config.shape()
    }
}

impl GemmaConfig {
    pub fn shape(&self) -> Result<Shape, String> {
        few(self.num_hidden_layers)?;
        if self.attn_logit_softcapping.is_some() || self.use_bidirectional_attention == Some(true) {
            return Err(
                "attn_logit_softcapping and use_bidirectional_attention are not in Gemma 3 \
                        as a translator has it"
                    .into(),
            );
        }
        let sliding = match &self.layer_types {
            Some(types) => types.iter().map(|kind| *kind == LayerType::SlidingAttention).collect(),
            None if self.sliding_window_pattern == 0 => {
                return Err("sliding_window_pattern is 0".into());
            }
            None => (1..=self.num_hidden_layers)
                .map(|layer| layer % self.sliding_window_pattern != 0)
                .collect(),
        };
        let (rope, sliding_rope) = match &self.rope_parameters {
            Some(RopePerLayer { full_attention, sliding_attention }) => (
                full_attention.rope(self.rope_theta, self.max_position_embeddings)?,
                sliding_attention.rope(self.rope_local_base_freq, self.max_position_embeddings)?,
            ),
            None => (
                self.rope_scaling
                    .clone()
                    .unwrap_or_default()
                    .rope(self.rope_theta, self.max_position_embeddings)?,
                Rope::plain(self.rope_local_base_freq),
            ),
        };
        let shape = Shape {
            vocabulary: self.vocab_size,
            channels: self.hidden_size,
            inner: self.intermediate_size,
            heads: self.num_attention_heads,
            key_heads: self.num_key_value_heads,
            head_dim: self.head_dim,
            sliding,
            window: self.sliding_window.unwrap_or(usize::MAX),
            activation: self.hidden_activation,
            epsilon: self.rms_norm_eps,
            scale: self.query_pre_attn_scalar.powf(-0.5),
            scale_embedding: true,
            tied: self.tie_word_embeddings,
            attention_bias: self.attention_bias,
            norm_offset: 1.0,
            post_norms: true,
            rope,
            sliding_rope,
            positions: self.max_position_embeddings,
            logit_cap: self.final_logit_softcapping,
        };
        shape.checked(self.num_hidden_layers)
    }
}

/// Qwen3 (Qwen Team 2025), dense.
#[derive(Debug, Clone, Deserialize)]
pub(in crate::model::families) struct QwenConfig {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    #[serde(default = "qwen_head_dim")]
    head_dim: usize,
    hidden_act: Activation,
    max_position_embeddings: usize,
    #[serde(default = "qwen_epsilon")]
    rms_norm_eps: f64,
    #[serde(default)]
    tie_word_embeddings: bool,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    use_sliding_window: bool,
    sliding_window: Option<usize>,
    max_window_layers: Option<usize>,
    layer_types: Option<Vec<LayerType>>,
    rope_theta: Option<f64>,
    rope_scaling: Option<RopeParameters>,
    rope_parameters: Option<RopeParameters>,
}

fn qwen_head_dim() -> usize {
    128
}

fn qwen_epsilon() -> f64 {
    1e-6
}

impl QwenConfig {
    pub fn shape(&self) -> Result<Shape, String> {
        few(self.num_hidden_layers)?;
        let window = self.sliding_window.filter(|_| self.use_sliding_window);
        let sliding = match &self.layer_types {
            Some(types) => types.iter().map(|kind| *kind == LayerType::SlidingAttention).collect(),
            None => (0..self.num_hidden_layers)
                .map(|layer| window.is_some() && layer >= self.max_window_layers.unwrap_or(28))
                .collect(),
        };
        let parameters = self.rope_parameters.as_ref().or(self.rope_scaling.as_ref());
        let theta = self.rope_theta.unwrap_or(10_000.0);
        let rope =
            parameters.cloned().unwrap_or_default().rope(theta, self.max_position_embeddings)?;
        let shape = Shape {
            vocabulary: self.vocab_size,
            channels: self.hidden_size,
            inner: self.intermediate_size,
            heads: self.num_attention_heads,
            key_heads: self.num_key_value_heads.unwrap_or(self.num_attention_heads),
            head_dim: self.head_dim,
            sliding,
            window: window.unwrap_or(usize::MAX),
            activation: self.hidden_act,
            epsilon: self.rms_norm_eps,
            scale: (self.head_dim as f64).powf(-0.5),
            scale_embedding: false,
            tied: self.tie_word_embeddings,
            attention_bias: self.attention_bias,
            norm_offset: 0.0,
            post_norms: false,
            rope,
            sliding_rope: rope,
            positions: self.max_position_embeddings,
            logit_cap: None,
        };
        shape.checked(self.num_hidden_layers)
    }
}

/// No network has more blocks; a damaged file may name any number.
const MOST_LAYERS: usize = 10_000;
/// Nor more of anything else, so that products of two are numbers, and tables fit the memory.
const MOST: usize = 1 << 24;

fn few(layers: usize) -> Result<(), String> {
    if layers > MOST_LAYERS { Err(format!("{layers} layers are too many")) } else { Ok(()) }
}

impl Shape {
    /// Refuses what can't be computed.
    fn checked(self, layers: usize) -> Result<Self, String> {
        let sizes = [self.vocabulary, self.channels, self.inner, self.heads, self.key_heads];
        if sizes.into_iter().any(|size| size > MOST) || self.head_dim > MOST_LAYERS {
            return Err("its sizes make no sense".into());
        }
        if self.heads == 0 || self.key_heads == 0 || !self.heads.is_multiple_of(self.key_heads) {
            return Err(format!(
                "{} heads of queries can't share {} heads of keys",
                self.heads, self.key_heads
            ));
        }
        if self.sliding.len() != layers {
            return Err(format!("layer_types names {} of {layers} layers", self.sliding.len()));
        }
        if self.window == 0 || self.positions < 4 {
            return Err("there is no room for a prompt".into());
        }
        Ok(self)
    }
}
