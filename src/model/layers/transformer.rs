//! Encoder and decoder layers of the BART family, with the field names of its checkpoints
//! (transformers `modeling_bart.py` and its many copies).

use candle_core::{Result, Tensor};
use candle_nn::{LayerNorm, Module};

use super::{Activation, Attention, AttentionOptions, Linear};
use crate::model::DecoderState;
use crate::model::weights::Weights;

/// `torch.nn.LayerNorm`'s default.
const LAYER_NORM_EPSILON: f64 = 1e-5;

/// The shape of a layer.
#[derive(Debug, Clone, Copy)]
pub struct LayerOptions {
    /// Channels between layers.
    pub channels: usize,
    /// Heads of every attention.
    pub heads: usize,
    /// Channels inside the feed-forward block.
    pub inner: usize,
    /// Non-linearity of the feed-forward block.
    pub activation: Activation,
    /// Whether a block normalises its input (Xiong et al. 2020), not its sum with the residual
    /// (Vaswani et al. 2017).
    pub norm_first: bool,
}

/// A layer norm `[channels]` of a checkpoint.
///
/// # Errors
/// When it is missing or of another shape.
pub fn layer_norm(weights: &Weights, channels: usize) -> Result<LayerNorm> {
    let (weight, bias) = (weights.get(channels, "weight")?, weights.get(channels, "bias")?);
    Ok(LayerNorm::new(weight, bias, LAYER_NORM_EPSILON))
}

/// A block with its residual and its norm.
fn residual(
    x: &Tensor,
    norm: &LayerNorm,
    norm_first: bool,
    block: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    if norm_first { x + block(&norm.forward(x)?)? } else { norm.forward(&(x + block(x)?)?) }
}

#[derive(Debug)]
struct FeedForward {
    fc1: Linear,
    fc2: Linear,
    activation: Activation,
}

impl FeedForward {
    fn load(weights: &Weights, options: &LayerOptions) -> Result<Self> {
        Ok(Self {
            fc1: Linear::load(&weights.pp("fc1"), options.channels, options.inner, true)?,
            fc2: Linear::load(&weights.pp("fc2"), options.inner, options.channels, true)?,
            activation: options.activation,
        })
    }

    /// `[.., channels]` to the same shape.
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.fc2.forward(&self.activation.forward(&self.fc1.forward(x)?)?)
    }
}

/// Self-attention and feed-forward.
#[derive(Debug)]
pub struct EncoderLayer {
    self_attn: Attention,
    self_attn_layer_norm: LayerNorm,
    feed_forward: FeedForward,
    final_layer_norm: LayerNorm,
    norm_first: bool,
}

impl EncoderLayer {
    /// Takes the weights of one layer.
    ///
    /// # Errors
    /// When one is missing or of another shape.
    pub fn load(weights: &Weights, options: &LayerOptions) -> Result<Self> {
        let channels = options.channels;
        let attention = AttentionOptions::bart(channels, options.heads)?;
        Ok(Self {
            self_attn: Attention::load(&weights.pp("self_attn"), &attention)?,
            self_attn_layer_norm: layer_norm(&weights.pp("self_attn_layer_norm"), channels)?,
            feed_forward: FeedForward::load(weights, options)?,
            final_layer_norm: layer_norm(&weights.pp("final_layer_norm"), channels)?,
            norm_first: options.norm_first,
        })
    }

    /// `x` `[batch, time, channels]`, `mask` `[batch, 1, 1, time]` to `[batch, time, channels]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: &Tensor, mask: Option<&Tensor>) -> Result<Tensor> {
        let x = residual(x, &self.self_attn_layer_norm, self.norm_first, |x| {
            let (keys, values) = self.self_attn.keys_values(x)?;
            self.self_attn.forward(x, &keys, &values, mask)
        })?;
        residual(&x, &self.final_layer_norm, self.norm_first, |x| self.feed_forward.forward(x))
    }
}

/// Self-attention, cross-attention and feed-forward.
#[derive(Debug)]
pub struct DecoderLayer {
    self_attn: Attention,
    self_attn_layer_norm: LayerNorm,
    encoder_attn: Attention,
    encoder_attn_layer_norm: LayerNorm,
    feed_forward: FeedForward,
    final_layer_norm: LayerNorm,
    norm_first: bool,
}

impl DecoderLayer {
    /// Takes the weights of one layer.
    ///
    /// # Errors
    /// When one is missing or of another shape.
    pub fn load(weights: &Weights, options: &LayerOptions) -> Result<Self> {
        let channels = options.channels;
        let attention = AttentionOptions::bart(channels, options.heads)?;
        Ok(Self {
            self_attn: Attention::load(&weights.pp("self_attn"), &attention)?,
            self_attn_layer_norm: layer_norm(&weights.pp("self_attn_layer_norm"), channels)?,
            encoder_attn: Attention::load(&weights.pp("encoder_attn"), &attention)?,
            encoder_attn_layer_norm: layer_norm(&weights.pp("encoder_attn_layer_norm"), channels)?,
            feed_forward: FeedForward::load(weights, options)?,
            final_layer_norm: layer_norm(&weights.pp("final_layer_norm"), channels)?,
            norm_first: options.norm_first,
        })
    }

    /// Keys and values of the encoded source `[batch, time, channels]`, computed once a
    /// sentence: twice `[batch, heads, time, head_dim]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn source_keys_values(&self, encoded: &Tensor) -> Result<(Tensor, Tensor)> {
        self.encoder_attn.keys_values(encoded)
    }

    /// One step: `x` `[rows, channels]` to the same shape.
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: &Tensor, layer: usize, state: &mut DecoderState) -> Result<Tensor> {
        let x = residual(x, &self.self_attn_layer_norm, self.norm_first, |x| {
            self.self_attn.step(x, layer, state, None)
        })?;
        let x = residual(&x, &self.encoder_attn_layer_norm, self.norm_first, |x| {
            self.encoder_attn.step_source(x, layer, state)
        })?;
        residual(&x, &self.final_layer_norm, self.norm_first, |x| self.feed_forward.forward(x))
    }
}
