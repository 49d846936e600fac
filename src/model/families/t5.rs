//! T5 (Raffel et al. 2020), T5 v1.1, mT5 (Xue et al. 2021), umT5 (Chung et al. 2023) and MADLAD-400
//! (Kudugunta et al. 2023), as in transformers 5.23 `modeling_t5.py` and its copies: norms without mean or
//! bias before the blocks, no other biases, and positions as a bias on the attention scores.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{Module, RmsNorm};
use serde::Deserialize;

use crate::model::layers::{
    Activation, Attention, AttentionOptions, Linear, RelativePositions, padding_mask,
};
use crate::model::weights::{Head, Weights};
use crate::model::{self, AlignmentHeads, DecoderState, Error, Seq2Seq};

/// Longest source and target. Distances beyond the last bucket are alike, so that the network
/// itself has no limit; 512 tokens is what T5 was trained with (Raffel et al. 2020, 3.1.2).
const LONGEST: usize = 512;

/// The part of `config.json` that decides the computation.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct T5Config {
    pub(super) vocab_size: usize,
    pub(super) d_model: usize,
    /// Channels of a head; heads need not add up to `d_model`.
    pub(super) d_kv: usize,
    pub(super) d_ff: usize,
    pub(super) num_layers: usize,
    /// Layers of the decoder, where there are not as many as in the encoder.
    pub(super) num_decoder_layers: Option<usize>,
    pub(super) num_heads: usize,
    #[serde(default = "buckets")]
    relative_attention_num_buckets: usize,
    #[serde(default = "max_distance")]
    relative_attention_max_distance: usize,
    #[serde(default = "epsilon")]
    layer_norm_epsilon: f64,
    feed_forward_proj: Option<FeedForwardKind>,
    tie_word_embeddings: Option<bool>,
    scale_decoder_outputs: Option<bool>,
}

fn buckets() -> usize {
    32
}

fn max_distance() -> usize {
    128
}

fn epsilon() -> f64 {
    1e-6
}

/// `relu`, `gated-gelu`: a non-linearity, and whether a second projection is multiplied to it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct FeedForwardKind {
    activation: Activation,
    gated: bool,
}

impl TryFrom<String> for FeedForwardKind {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        let (gated, name) = match text.strip_prefix("gated-") {
            Some(name) => (true, name),
            None => (false, text.as_str()),
        };
        // The one exception to transformers' names: this is the tanh approximation.
        let name = if text == "gated-gelu" { "gelu_new" } else { name };
        let activation = Activation::deserialize(serde_json::Value::from(name))
            .map_err(|error| format!("feed_forward_proj {text:?}: {error}"))?;
        Ok(Self { activation, gated })
    }
}

/// What the members of the family do differently where `config.json` is silent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member {
    /// `t5`: T5, T5 v1.1 and MADLAD-400.
    T5,
    /// `mt5`
    Mt5,
    /// `umt5`: every block has positions of its own.
    Umt5,
}

impl T5Config {
    /// Whether feed-forward layers have a second projection inwards.
    pub(super) fn is_gated(&self, member: Member) -> bool {
        self.feed_forward(member).gated
    }

    fn feed_forward(&self, member: Member) -> FeedForwardKind {
        self.feed_forward_proj.unwrap_or(match member {
            Member::T5 => FeedForwardKind { activation: Activation::Relu, gated: false },
            Member::Mt5 | Member::Umt5 => {
                FeedForwardKind { activation: Activation::GeluNew, gated: true }
            }
        })
    }

    /// Factor of the decoder's output. T5 v1.0 has one, T5 v1.1 does not: its published
    /// configurations are told by `tie_word_embeddings: false` (transformers
    /// `configuration_t5.py`, which writes `scale_decoder_outputs` itself since 5.0).
    fn output_scale(&self, member: Member) -> Option<f64> {
        let tied = self.tie_word_embeddings != Some(false);
        let scaled = match member {
            Member::T5 => self.scale_decoder_outputs.unwrap_or(tied),
            Member::Mt5 => false,
            Member::Umt5 => tied,
        };
        scaled.then(|| (self.d_model as f64).powf(-0.5))
    }

    fn norm(&self, weights: &Weights, name: &str) -> Result<RmsNorm> {
        let weight = weights.pp(name).get(self.d_model, "weight")?;
        Ok(RmsNorm::new(weight, self.layer_norm_epsilon))
    }

    fn attention(&self, weights: &Weights) -> Result<Attention> {
        let options = AttentionOptions {
            channels: self.d_model,
            heads: self.num_heads,
            head_dim: self.d_kv,
            names: ["q", "k", "v", "o"],
            bias: false,
            scale: None,
        };
        Attention::load(weights, &options)
    }

    /// The tables of `blocks` blocks; if there is but one, it is that of all blocks.
    fn positions(
        &self,
        side: &Weights,
        member: Member,
        blocks: usize,
        bidirectional: bool,
    ) -> Result<Vec<RelativePositions>> {
        let shape = (self.relative_attention_num_buckets, self.num_heads);
        let max_distance = self.relative_attention_max_distance;
        let tables = if matches!(member, Member::Umt5) { blocks } else { 1 };
        (0..tables)
            .map(|block| {
                let attention = side.pp(format!("block.{block}.layer.0.SelfAttention"));
                let table = attention.pp("relative_attention_bias").get(shape, "weight")?;
                RelativePositions::new(&table, max_distance, bidirectional, LONGEST)
            })
            .collect()
    }
}

#[derive(Debug)]
struct FeedForward {
    layer_norm: RmsNorm,
    wi: Linear,
    /// What the non-linearity is multiplied with.
    gate: Option<Linear>,
    wo: Linear,
    activation: Activation,
}

impl FeedForward {
    fn load(weights: &Weights, config: &T5Config, kind: FeedForwardKind) -> Result<Self> {
        let dense = weights.pp("DenseReluDense");
        let inward = |name| Linear::load(&dense.pp(name), config.d_model, config.d_ff, false);
        let (wi, gate) = if kind.gated {
            (inward("wi_0")?, Some(inward("wi_1")?))
        } else {
            (inward("wi")?, None)
        };
        Ok(Self {
            layer_norm: config.norm(weights, "layer_norm")?,
            wi,
            gate,
            wo: Linear::load(&dense.pp("wo"), config.d_ff, config.d_model, false)?,
            activation: kind.activation,
        })
    }

    /// `[.., channels]` to the same shape, the residual added.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let normed = self.layer_norm.forward(x)?;
        let inner = self.wi.forward_activated(&normed, self.activation)?;
        let inner = match &self.gate {
            Some(gate) => (inner * gate.forward(&normed)?)?,
            None => inner,
        };
        x + self.wo.forward(&inner)?
    }
}

/// An attention with its norm.
#[derive(Debug)]
struct AttentionBlock {
    layer_norm: RmsNorm,
    attention: Attention,
}

impl AttentionBlock {
    fn load(weights: &Weights, config: &T5Config, name: &str) -> Result<Self> {
        Ok(Self {
            layer_norm: config.norm(weights, "layer_norm")?,
            attention: config.attention(&weights.pp(name))?,
        })
    }
}

#[derive(Debug)]
struct EncoderBlock {
    self_attention: AttentionBlock,
    feed_forward: FeedForward,
}

impl EncoderBlock {
    fn load(weights: &Weights, config: &T5Config, kind: FeedForwardKind) -> Result<Self> {
        let layer = |index: usize| weights.pp(format!("layer.{index}"));
        Ok(Self {
            self_attention: AttentionBlock::load(&layer(0), config, "SelfAttention")?,
            feed_forward: FeedForward::load(&layer(1), config, kind)?,
        })
    }

    /// `x` `[batch, time, channels]` to the same shape; `bias` as in [`Attention::forward`].
    fn forward(&self, x: &Tensor, bias: &Tensor) -> Result<Tensor> {
        let AttentionBlock { layer_norm, attention } = &self.self_attention;
        let normed = layer_norm.forward(x)?;
        let (keys, values) = attention.keys_values(&normed)?;
        let x = (x + attention.forward(&normed, &keys, &values, Some(bias))?)?;
        self.feed_forward.forward(&x)
    }
}

#[derive(Debug)]
struct DecoderBlock {
    self_attention: AttentionBlock,
    source_attention: AttentionBlock,
    feed_forward: FeedForward,
}

impl DecoderBlock {
    fn load(weights: &Weights, config: &T5Config, kind: FeedForwardKind) -> Result<Self> {
        let layer = |index: usize| weights.pp(format!("layer.{index}"));
        Ok(Self {
            self_attention: AttentionBlock::load(&layer(0), config, "SelfAttention")?,
            source_attention: AttentionBlock::load(&layer(1), config, "EncDecAttention")?,
            feed_forward: FeedForward::load(&layer(2), config, kind)?,
        })
    }

    /// One step: `x` `[rows, channels]` to the same shape; `bias` `[1, heads, 1, position + 1]`.
    fn forward(
        &self,
        x: &Tensor,
        layer: usize,
        state: &mut DecoderState,
        bias: &Tensor,
    ) -> Result<Tensor> {
        let AttentionBlock { layer_norm, attention } = &self.self_attention;
        let x = (x + attention.step(&layer_norm.forward(x)?, layer, state, Some(bias))?)?;
        let AttentionBlock { layer_norm, attention } = &self.source_attention;
        let x = (&x + attention.step_source(&layer_norm.forward(&x)?, layer, state)?)?;
        self.feed_forward.forward(&x)
    }
}

/// The network.
#[derive(Debug)]
pub struct T5 {
    /// `[vocabulary, channels]`
    shared: Linear,
    encoder: Vec<EncoderBlock>,
    /// One for all blocks, or one each.
    encoder_positions: Vec<RelativePositions>,
    encoder_norm: RmsNorm,
    decoder: Vec<DecoderBlock>,
    decoder_positions: Vec<RelativePositions>,
    decoder_norm: RmsNorm,
    output_scale: Option<f64>,
    head: Head,
    device: Device,
}

impl T5 {
    /// Takes the weights under the names of transformers' checkpoints.
    ///
    /// # Errors
    /// When a weight is missing or does not fit the configuration.
    pub(super) fn load(config: &T5Config, member: Member, weights: &Weights) -> Result<Self> {
        let kind = config.feed_forward(member);
        let decoder_layers = config.num_decoder_layers.unwrap_or(config.num_layers);
        let (encoder, decoder) = (weights.pp("encoder"), weights.pp("decoder"));
        let table =
            |name: &str| Linear::load(&weights.pp(name), config.d_model, config.vocab_size, false);
        // One embedding for both languages, saved under a name that varies with the writer.
        let names = ["shared", "encoder.embed_tokens", "decoder.embed_tokens"];
        let present = |name: &str| weights.pp(name).contains_tensor("weight");
        let shared = table(names.into_iter().find(|name| present(name)).unwrap_or(names[0]))?;
        // Whether the output has a table of its own is for the file to say, as in transformers'
        // `tie_weights`: `tie_word_embeddings` only stands for the scale.
        let lm_head = if present("lm_head") { table("lm_head")? } else { shared.clone() };
        Ok(Self {
            shared,
            encoder: (0..config.num_layers)
                .map(|layer| encoder.pp(format!("block.{layer}")))
                .map(|weights| EncoderBlock::load(&weights, config, kind))
                .collect::<Result<_>>()?,
            encoder_positions: config.positions(&encoder, member, config.num_layers, true)?,
            encoder_norm: config.norm(&encoder, "final_layer_norm")?,
            decoder: (0..decoder_layers)
                .map(|layer| decoder.pp(format!("block.{layer}")))
                .map(|weights| DecoderBlock::load(&weights, config, kind))
                .collect::<Result<_>>()?,
            decoder_positions: config.positions(&decoder, member, decoder_layers, false)?,
            decoder_norm: config.norm(&decoder, "final_layer_norm")?,
            output_scale: config.output_scale(member),
            head: weights.head(lm_head)?,
            device: weights.device().clone(),
        })
    }

    /// `input_ids` `[batch, time]`, `mask` `[batch, 1, 1, time]` to `[batch, time, channels]`.
    fn encode(&self, input_ids: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let (batch, time) = input_ids.dims2()?;
        let embedded = self.shared.rows(&input_ids.flatten_all()?)?;
        let mut x = embedded.reshape((batch, time, ()))?;
        let biases = self
            .encoder_positions
            .iter()
            .map(|positions| {
                let bias = positions.square(time)?;
                match mask {
                    Some(mask) => bias.broadcast_add(&mask.to_dtype(bias.dtype())?),
                    None => Ok(bias),
                }
            })
            .collect::<Result<Vec<_>>>()?;
        for (block, bias) in self.encoder.iter().zip(biases.iter().cycle()) {
            x = block.forward(&x, bias)?;
        }
        self.encoder_norm.forward(&x)
    }

    /// `last` `[rows]` to logits `[rows, vocabulary]`.
    fn decode(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        let mut x = self.shared.rows(last)?;
        let position = state.position();
        let biases = self.decoder_positions.iter().map(|positions| positions.step(position));
        let biases = biases.collect::<Result<Vec<_>>>()?;
        for (index, (block, bias)) in self.decoder.iter().zip(biases.iter().cycle()).enumerate() {
            x = block.forward(&x, index, state, bias)?;
        }
        state.advance();
        let x = self.decoder_norm.forward(&x)?;
        let x = match self.output_scale {
            Some(scale) => (x * scale)?,
            None => x,
        };
        self.head.linear.forward(&x)?.to_dtype(DType::F32)
    }
}

impl Seq2Seq for T5 {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> model::Result<DecoderState> {
        let (batch, time) = input_ids.dims2()?;
        if time > LONGEST {
            return Err(Error::TooLong { tokens: time, limit: LONGEST });
        }
        let mask = padding_mask(lengths, time, &self.device)?;
        let encoded = self.encode(input_ids, mask.as_ref())?;
        let cross = self
            .decoder
            .iter()
            .map(|block| block.source_attention.attention.keys_values(&encoded))
            .collect::<Result<Vec<_>>>()?;
        Ok(DecoderState::new(cross, mask, batch))
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> model::Result<Tensor> {
        let tokens = state.position() + 1;
        if tokens > LONGEST {
            return Err(Error::TooLong { tokens, limit: LONGEST });
        }
        Ok(self.decode(last, state)?)
    }

    fn alignment_heads(&self) -> Option<AlignmentHeads> {
        Some(AlignmentHeads::unguided())
    }

    fn max_source_tokens(&self) -> usize {
        LONGEST
    }

    fn max_target_tokens(&self) -> usize {
        LONGEST
    }

    fn outputs(&self) -> Option<&[u32]> {
        self.head.tokens.as_deref()
    }

    fn device(&self) -> &Device {
        &self.device
    }
}
