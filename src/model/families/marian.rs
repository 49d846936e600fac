//! Marian / OPUS-MT (Junczys-Dowmunt et al. 2018), as in transformers `modeling_marian.py`:
//! a post-norm Transformer with sinusoidal positions, one embedding for both languages unless
//! the configuration says otherwise, and a bias on the logits.

use candle_core::{Device, Result, Tensor};
use candle_nn::{LayerNorm, Module, VarBuilder};
use serde::Deserialize;

use crate::model::layers::{Activation, Attention, Linear, padding_mask, sinusoidal_positions};
use crate::model::{self, DecoderState, Error, Seq2Seq};

/// `torch.nn.LayerNorm`'s default.
const LAYER_NORM_EPSILON: f64 = 1e-5;

/// The part of `config.json` that decides the computation.
#[derive(Debug, Clone, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // they are those of config.json
pub struct MarianConfig {
    /// Channels.
    pub d_model: usize,
    /// Layers of the encoder.
    pub encoder_layers: usize,
    /// Layers of the decoder.
    pub decoder_layers: usize,
    /// Heads of the encoder's attention.
    pub encoder_attention_heads: usize,
    /// Heads of the decoder's attentions.
    pub decoder_attention_heads: usize,
    /// Inner channels of the encoder's feed-forward blocks.
    pub encoder_ffn_dim: usize,
    /// Inner channels of the decoder's feed-forward blocks.
    pub decoder_ffn_dim: usize,
    /// Tokens of the source vocabulary.
    pub vocab_size: usize,
    /// Tokens of the target vocabulary, where it is another one.
    #[serde(default)]
    pub decoder_vocab_size: Option<usize>,
    /// Length of the position table, in tokens.
    pub max_position_embeddings: usize,
    /// Non-linearity of the feed-forward blocks.
    pub activation_function: Activation,
    /// Whether embeddings are multiplied by the square root of `d_model`.
    #[serde(default)]
    pub scale_embedding: bool,
    /// Whether both sides share one embedding.
    #[serde(default = "yes")]
    pub share_encoder_decoder_embeddings: bool,
    /// Whether the output projection is the decoder's embedding.
    #[serde(default = "yes")]
    pub tie_word_embeddings: bool,
    #[serde(default)]
    normalize_before: bool,
    #[serde(default)]
    normalize_embedding: bool,
    #[serde(default)]
    add_final_layer_norm: bool,
    #[serde(default = "yes")]
    static_position_embeddings: bool,
}

fn yes() -> bool {
    true
}

impl MarianConfig {
    /// Refuses variants that no OPUS-MT model uses and that would be computed wrongly.
    pub(super) fn check(&self, file: &str) -> model::Result<()> {
        let odd = [
            ("normalize_before", self.normalize_before),
            ("normalize_embedding", self.normalize_embedding),
            ("add_final_layer_norm", self.add_final_layer_norm),
            ("static_position_embeddings off", !self.static_position_embeddings),
        ];
        match odd.iter().find(|(_, set)| *set) {
            Some((name, _)) => Err(Error::Config {
                file: file.to_owned(),
                reason: format!("{name} is not supported for Marian models"),
            }),
            None => Ok(()),
        }
    }

    /// Tokens of the target vocabulary.
    #[must_use]
    pub fn target_vocabulary(&self) -> usize {
        if self.share_encoder_decoder_embeddings {
            self.vocab_size
        } else {
            self.decoder_vocab_size.unwrap_or(self.vocab_size)
        }
    }
}

#[derive(Debug)]
struct FeedForward {
    fc1: Linear,
    fc2: Linear,
    activation: Activation,
}

impl FeedForward {
    fn load(
        weights: &VarBuilder,
        channels: usize,
        inner: usize,
        activation: Activation,
    ) -> Result<Self> {
        Ok(Self {
            fc1: Linear::load(&weights.pp("fc1"), channels, inner)?,
            fc2: Linear::load(&weights.pp("fc2"), inner, channels)?,
            activation,
        })
    }

    /// `[.., channels]` to the same shape.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.fc2.forward(&self.activation.forward(&self.fc1.forward(x)?)?)
    }
}

fn layer_norm(weights: &VarBuilder, name: &str, channels: usize) -> Result<LayerNorm> {
    let weights = weights.pp(name);
    let (weight, bias) = (weights.get(channels, "weight")?, weights.get(channels, "bias")?);
    Ok(LayerNorm::new(weight, bias, LAYER_NORM_EPSILON))
}

#[derive(Debug)]
struct EncoderLayer {
    self_attn: Attention,
    self_attn_layer_norm: LayerNorm,
    feed_forward: FeedForward,
    final_layer_norm: LayerNorm,
}

impl EncoderLayer {
    fn load(weights: &VarBuilder, config: &MarianConfig) -> Result<Self> {
        let channels = config.d_model;
        let heads = config.encoder_attention_heads;
        let inner = config.encoder_ffn_dim;
        Ok(Self {
            self_attn: Attention::load(&weights.pp("self_attn"), channels, heads)?,
            self_attn_layer_norm: layer_norm(weights, "self_attn_layer_norm", channels)?,
            feed_forward: FeedForward::load(weights, channels, inner, config.activation_function)?,
            final_layer_norm: layer_norm(weights, "final_layer_norm", channels)?,
        })
    }

    /// `x` `[batch, time, channels]`, `mask` `[batch, 1, 1, time]` to `[batch, time, channels]`.
    fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let (keys, values) = self.self_attn.keys_values(x)?;
        let attended = self.self_attn.forward(x, &keys, &values, mask)?;
        let x = self.self_attn_layer_norm.forward(&(x + attended)?)?;
        self.final_layer_norm.forward(&(&x + self.feed_forward.forward(&x)?)?)
    }
}

#[derive(Debug)]
struct DecoderLayer {
    self_attn: Attention,
    self_attn_layer_norm: LayerNorm,
    encoder_attn: Attention,
    encoder_attn_layer_norm: LayerNorm,
    feed_forward: FeedForward,
    final_layer_norm: LayerNorm,
}

impl DecoderLayer {
    fn load(weights: &VarBuilder, config: &MarianConfig) -> Result<Self> {
        let channels = config.d_model;
        let heads = config.decoder_attention_heads;
        let inner = config.decoder_ffn_dim;
        Ok(Self {
            self_attn: Attention::load(&weights.pp("self_attn"), channels, heads)?,
            self_attn_layer_norm: layer_norm(weights, "self_attn_layer_norm", channels)?,
            encoder_attn: Attention::load(&weights.pp("encoder_attn"), channels, heads)?,
            encoder_attn_layer_norm: layer_norm(weights, "encoder_attn_layer_norm", channels)?,
            feed_forward: FeedForward::load(weights, channels, inner, config.activation_function)?,
            final_layer_norm: layer_norm(weights, "final_layer_norm", channels)?,
        })
    }

    /// One step: `x` `[rows, channels]` to the same shape.
    fn forward(&self, x: &Tensor, layer: usize, state: &mut DecoderState) -> Result<Tensor> {
        let (rows, channels) = x.dims2()?;
        // Every row has the same past, so self-attention needs no mask.
        let (keys, values) = self.self_attn.step_keys_values(x)?;
        let (keys, values) = state.append(layer, &keys, &values)?;
        let attended = self.self_attn.forward(&x.unsqueeze(1)?, &keys, &values, None)?;
        let x = self.self_attn_layer_norm.forward(&(x + attended.squeeze(1)?)?)?;

        // The beams of a sentence share its keys and values: they are its query positions.
        let sentences = state.sentences();
        let queries = x.reshape((sentences, rows / sentences, channels))?;
        let (keys, values) = state.cross(layer);
        let attended = self.encoder_attn.forward(&queries, keys, values, state.source_mask())?;
        let x = (x + attended.reshape((rows, channels))?)?;
        let x = self.encoder_attn_layer_norm.forward(&x)?;

        self.final_layer_norm.forward(&(&x + self.feed_forward.forward(&x)?)?)
    }
}

/// The network.
#[derive(Debug)]
pub struct Marian {
    encoder_embedding: Tensor,
    decoder_embedding: Tensor,
    positions: Tensor,
    encoder: Vec<EncoderLayer>,
    decoder: Vec<DecoderLayer>,
    lm_head: Linear,
    embedding_scale: f64,
    max_positions: usize,
    device: Device,
}

impl Marian {
    /// Takes the weights under the names of transformers' `MarianMTModel`.
    ///
    /// # Errors
    /// When a weight is missing or does not fit the configuration.
    pub fn load(config: &MarianConfig, weights: &VarBuilder) -> Result<Self> {
        let channels = config.d_model;
        let target_vocabulary = config.target_vocabulary();
        // Tied tensors are saved once, under a name that varies with the version of the writer.
        let tied = |names: &[&str], rows: usize| {
            let name = names.iter().find(|name| weights.contains_tensor(name)).unwrap_or(&names[0]);
            weights.get((rows, channels), name)
        };
        let (source, target) =
            ("model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight");
        let (encoder_embedding, decoder_embedding) = if config.share_encoder_decoder_embeddings {
            let names = ["model.shared.weight", source, target, "lm_head.weight"];
            let shared = tied(&names, config.vocab_size)?;
            (shared.clone(), shared)
        } else {
            let decoder = tied(&[target, "lm_head.weight"], target_vocabulary)?;
            (tied(&[source], config.vocab_size)?, decoder)
        };
        let projection = if config.tie_word_embeddings {
            decoder_embedding.clone()
        } else {
            weights.get((target_vocabulary, channels), "lm_head.weight")?
        };
        let bias = if weights.contains_tensor("final_logits_bias") {
            Some(weights.get((1, target_vocabulary), "final_logits_bias")?.squeeze(0)?)
        } else {
            None // transformers fills it with zeros then
        };
        let layers = |side: &str, count: usize| {
            (0..count)
                .map(|layer| weights.pp(format!("model.{side}.layers.{layer}")))
                .collect::<Vec<_>>()
        };
        let encoder = layers("encoder", config.encoder_layers)
            .iter()
            .map(|weights| EncoderLayer::load(weights, config))
            .collect::<Result<_>>()?;
        let decoder = layers("decoder", config.decoder_layers)
            .iter()
            .map(|weights| DecoderLayer::load(weights, config))
            .collect::<Result<_>>()?;
        let device = weights.device().clone();
        Ok(Self {
            positions: sinusoidal_positions(config.max_position_embeddings, channels, &device)?,
            encoder_embedding,
            decoder_embedding,
            encoder,
            decoder,
            lm_head: Linear::Float { weight: projection, bias },
            embedding_scale: if config.scale_embedding { (channels as f64).sqrt() } else { 1.0 },
            max_positions: config.max_position_embeddings,
            device,
        })
    }

    /// `input_ids` `[batch, time]`, `mask` `[batch, 1, 1, time]` to `[batch, time, channels]`.
    fn encode(&self, input_ids: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let (batch, time) = input_ids.dims2()?;
        let embedded = self.encoder_embedding.index_select(&input_ids.flatten_all()?, 0)?;
        let embedded = (embedded * self.embedding_scale)?.reshape((batch, time, ()))?;
        let mut x = embedded.broadcast_add(&self.positions.narrow(0, 0, time)?)?;
        for layer in &self.encoder {
            x = layer.forward(&x, mask)?;
        }
        Ok(x)
    }
}

impl Seq2Seq for Marian {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> model::Result<DecoderState> {
        let (batch, time) = input_ids.dims2()?;
        if time > self.max_positions {
            return Err(Error::TooLong { tokens: time, limit: self.max_positions });
        }
        let mask = padding_mask(lengths, time, &self.device)?;
        let encoded = self.encode(input_ids, mask.as_ref())?;
        let cross = self
            .decoder
            .iter()
            .map(|layer| layer.encoder_attn.keys_values(&encoded))
            .collect::<Result<Vec<_>>>()?;
        Ok(DecoderState::new(cross, mask, batch))
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> model::Result<Tensor> {
        let position = state.position();
        if position >= self.max_positions {
            return Err(Error::TooLong { tokens: position + 1, limit: self.max_positions });
        }
        let embedded = (self.decoder_embedding.index_select(last, 0)? * self.embedding_scale)?;
        let mut x = embedded.broadcast_add(&self.positions.narrow(0, position, 1)?)?;
        for (index, layer) in self.decoder.iter().enumerate() {
            x = layer.forward(&x, index, state)?;
        }
        state.advance();
        Ok(self.lm_head.forward(&x)?)
    }

    fn max_source_tokens(&self) -> usize {
        self.max_positions
    }

    fn max_target_tokens(&self) -> usize {
        self.max_positions
    }

    fn device(&self) -> &Device {
        &self.device
    }
}
