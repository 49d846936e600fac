//! Encoder and decoder layers of the BART family, with the field names of its checkpoints
//! (transformers `modeling_bart.py` and its many copies).

use candle_core::{Result, Tensor};
use candle_nn::{LayerNorm, Module};

use super::{Activation, Attention, AttentionOptions, Linear};
use crate::kernels::rows::{self, Norm};
use crate::kernels::{with_slice, with_slice_mut};
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

/// [`residual`] on a CPU, in place of what the block made.
fn residual_on_cpu(
    x: &Tensor,
    norm: &LayerNorm,
    norm_first: bool,
    block: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let made = if norm_first { block(&norm_on_cpu(x.copy()?, norm)?)? } else { block(x)? };
    with_slice(x, |x| with_slice_mut(&made, |made| rows::add(made, x)))??;
    if norm_first { Ok(made) } else { norm_on_cpu(made, norm) }
}

/// The layer norm of `x` `[.., channels]`, in its place.
fn norm_on_cpu(x: Tensor, norm: &LayerNorm) -> Result<Tensor> {
    let Some(bias) = norm.bias() else { return norm.forward(&x) };
    with_slice(norm.weight(), |weight| {
        with_slice(bias, |bias| {
            let epsilon = LAYER_NORM_EPSILON as f32;
            with_slice_mut(&x, |x| rows::layer_norm(x, Norm { weight, bias, epsilon }))
        })
    })???;
    Ok(x)
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
        self.fc2.forward(&self.fc1.forward_activated(x, self.activation)?)
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

    /// The same under the names of BERT's family.
    ///
    /// # Errors
    /// As [`EncoderLayer::load`].
    pub fn load_bert(weights: &Weights, options: &LayerOptions) -> Result<Self> {
        let LayerOptions { channels, inner, heads, .. } = *options;
        let names = ["self.query", "self.key", "self.value", "output.dense"];
        let attention = AttentionOptions { names, ..AttentionOptions::bart(channels, heads)? };
        Ok(Self {
            self_attn: Attention::load(&weights.pp("attention"), &attention)?,
            self_attn_layer_norm: layer_norm(&weights.pp("attention.output.LayerNorm"), channels)?,
            feed_forward: FeedForward {
                fc1: Linear::load(&weights.pp("intermediate.dense"), channels, inner, true)?,
                fc2: Linear::load(&weights.pp("output.dense"), inner, channels, true)?,
                activation: options.activation,
            },
            final_layer_norm: layer_norm(&weights.pp("output.LayerNorm"), channels)?,
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

    /// The same on a CPU: `x` `[tokens, channels]`, sentences of these lengths one after another.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn forward_on_cpu(&self, x: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let x = residual_on_cpu(x, &self.self_attn_layer_norm, self.norm_first, |x| {
            self.self_attn.output().forward(&self.self_attn.gather(x, lengths)?)
        })?;
        residual_on_cpu(&x, &self.final_layer_norm, self.norm_first, |x| {
            self.feed_forward.forward(x)
        })
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

    /// The same for a state [`DecoderState::on_cpu`]: `encoded` `[tokens, channels]`, sentences of
    /// these lengths one after another, to twice that shape.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn sorted_source_keys_values(
        &self,
        encoded: &Tensor,
        lengths: &[usize],
    ) -> Result<(Tensor, Tensor)> {
        self.encoder_attn.sorted_keys_values(encoded, lengths)
    }

    /// One step: `x` `[rows, channels]` to the same shape.
    ///
    /// # Errors
    /// When the device fails.
    pub fn forward(&self, x: &Tensor, layer: usize, state: &mut DecoderState) -> Result<Tensor> {
        if state.is_on_cpu() {
            return self.forward_on_cpu(x, layer, state);
        }
        let x = residual(x, &self.self_attn_layer_norm, self.norm_first, |x| {
            self.self_attn.step(x, layer, state, None)
        })?;
        let x = residual(&x, &self.encoder_attn_layer_norm, self.norm_first, |x| {
            self.encoder_attn.step_source(x, layer, state)
        })?;
        residual(&x, &self.final_layer_norm, self.norm_first, |x| self.feed_forward.forward(x))
    }

    fn forward_on_cpu(&self, x: &Tensor, layer: usize, state: &mut DecoderState) -> Result<Tensor> {
        let x = residual_on_cpu(x, &self.self_attn_layer_norm, self.norm_first, |x| {
            self.self_attn.output().forward(&self.self_attn.gather_past(x, layer, state)?)
        })?;
        let x = residual_on_cpu(&x, &self.encoder_attn_layer_norm, self.norm_first, |x| {
            self.encoder_attn.output().forward(&self.encoder_attn.gather_source(x, layer, state)?)
        })?;
        residual_on_cpu(&x, &self.final_layer_norm, self.norm_first, |x| {
            self.feed_forward.forward(x)
        })
    }
}
