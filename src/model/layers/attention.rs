use candle_core::{Device, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

use super::Linear;
use crate::model::DecoderState;
use crate::model::direct::{Heads, attend_within, sort_by_heads};
use crate::model::weights::Weights;

/// What decides the computation, and the names of the weights.
#[derive(Debug, Clone, Copy)]
pub struct AttentionOptions {
    /// Channels between layers.
    pub channels: usize,
    /// Heads.
    pub heads: usize,
    /// Channels of a head.
    pub head_dim: usize,
    /// Names of the projections of queries, keys and values, and of the last one.
    pub names: [&'static str; 4],
    /// Whether projections have a bias.
    pub bias: bool,
    /// Factor of the queries; nothing is 1.
    pub scale: Option<f64>,
}

impl AttentionOptions {
    /// As in the BART family (and Vaswani et al. 2017): channels are split into heads, projections
    /// have biases, and scores are divided by the square root of the channels of a head.
    ///
    /// # Errors
    /// When `channels` is no multiple of `heads`.
    pub fn bart(channels: usize, heads: usize) -> Result<Self> {
        if heads == 0 || !channels.is_multiple_of(heads) {
            candle_core::bail!("{channels} channels can't be split into {heads} heads");
        }
        let head_dim = channels / heads;
        let names = ["q_proj", "k_proj", "v_proj", "out_proj"];
        let scale = Some((head_dim as f64).powf(-0.5));
        Ok(Self { channels, heads, head_dim, names, bias: true, scale })
    }
}

/// Multi-head attention (Vaswani et al. 2017).
#[derive(Debug, Clone)]
pub struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    heads: usize,
    head_dim: usize,
    scale: Option<f64>,
}

impl Attention {
    /// Four projections: three `[heads * head_dim, channels]`, one back.
    ///
    /// # Errors
    /// When a weight is missing or of another shape.
    pub fn load(weights: &Weights, options: &AttentionOptions) -> Result<Self> {
        let AttentionOptions { channels, heads, head_dim, names, bias, scale } = *options;
        let [query, key, value, output] = names;
        let inner = heads * head_dim;
        let inward = |name| Linear::load(&weights.pp(name), channels, inner, bias);
        Ok(Self {
            query: inward(query)?,
            key: inward(key)?,
            value: inward(value)?,
            output: Linear::load(&weights.pp(output), inner, channels, bias)?,
            heads,
            head_dim,
            scale,
        })
    }

    /// From its projections: those of queries, keys and values, and the last one. Channels are
    /// split into heads, and scores divided, as in [`AttentionOptions::bart`].
    ///
    /// # Errors
    /// When `channels` is no multiple of `heads`.
    pub fn of(
        [query, key, value, output]: [Linear; 4],
        channels: usize,
        heads: usize,
    ) -> Result<Self> {
        let AttentionOptions { head_dim, scale, .. } = AttentionOptions::bart(channels, heads)?;
        Ok(Self { query, key, value, output, heads, head_dim, scale })
    }

    fn heads(&self) -> Heads {
        Heads { count: self.heads, scale: self.scale.unwrap_or(1.0) as f32 }
    }

    /// Keys and values of sentences one after another, `x` `[tokens, channels]`, as
    /// [`DecoderState::on_cpu`] takes them: twice `[tokens, channels]`, each sentence sorted by
    /// heads.
    ///
    /// # Errors
    /// When the lengths are not those of the sentences, or the device fails.
    pub fn sorted_keys_values(&self, x: &Tensor, lengths: &[usize]) -> Result<(Tensor, Tensor)> {
        let sort = |rows: &Tensor| sort_by_heads(rows, lengths, self.heads);
        Ok((sort(&self.key.forward(x)?)?, sort(&self.value.forward(x)?)?))
    }

    /// Self-attention on a CPU within sentences one after another, without the last projection:
    /// `x` `[tokens, channels]` to the same shape.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn gather(&self, x: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let (keys, values) = self.sorted_keys_values(x, lengths)?;
        attend_within([&self.query.forward(x)?, &keys, &values], lengths, self.heads())
    }

    /// As [`Attention::step`] on a CPU, without the last projection.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn gather_past(
        &self,
        x: &Tensor,
        layer: usize,
        state: &mut DecoderState,
    ) -> Result<Tensor> {
        let (keys, values) = (self.key.forward(x)?, self.value.forward(x)?);
        state.attend_past(layer, [&self.query.forward(x)?, &keys, &values], self.heads())
    }

    /// As [`Attention::step_source`] on a CPU, without the last projection.
    ///
    /// # Errors
    /// When shapes do not fit.
    pub fn gather_source(
        &self,
        x: &Tensor,
        layer: usize,
        state: &mut DecoderState,
    ) -> Result<Tensor> {
        state.attend_source(layer, &self.query.forward(x)?, self.heads())
    }

    /// The last projection.
    #[must_use]
    pub fn output(&self) -> &Linear {
        &self.output
    }

    /// Keys and values of `x` `[batch, time, channels]`: twice `[batch, heads, time, head_dim]`.
    ///
    /// # Errors
    /// When the device fails.
    pub fn keys_values(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        Ok((self.split(&self.key.forward(x)?)?, self.split(&self.value.forward(x)?)?))
    }

    /// Keys and values of one step, `x` `[rows, channels]`: twice `[rows, heads, head_dim]`.
    fn step_keys_values(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        let shape = (x.dim(0)?, self.heads, self.head_dim);
        Ok((self.key.forward(x)?.reshape(shape)?, self.value.forward(x)?.reshape(shape)?))
    }

    /// Attends from `x` `[batch, time, channels]` to keys and values
    /// `[batch, heads, other_time, head_dim]`.
    ///
    /// * `bias`: of a shape that can be broadcast to `[batch, heads, time, other_time]`; added to
    ///   the scores. A mask `[batch, 1, 1, other_time]` of 0 and minus infinity, or a bias for
    ///   distances `[1, heads, time, other_time]`, or their sum.
    ///
    /// Returns `[batch, time, channels]`.
    ///
    /// # Errors
    /// When shapes do not fit or the device fails.
    pub fn forward(
        &self,
        x: &Tensor,
        keys: &Tensor,
        values: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        Ok(self.forward_weighing(x, keys, values, bias)?.0)
    }

    /// The same, and the weights `[batch, heads, time, other_time]`.
    fn forward_weighing(
        &self,
        x: &Tensor,
        keys: &Tensor,
        values: &Tensor,
        bias: Option<&Tensor>,
    ) -> Result<(Tensor, Tensor)> {
        let (batch, time, _) = x.dims3()?;
        let inner = self.heads * self.head_dim;
        let queries = self.split(&self.query.forward(x)?)?;
        let queries = match self.scale {
            Some(scale) => (queries * scale)?,
            None => queries,
        };
        let scores = queries.matmul(&keys.t()?)?;
        let scores = match bias {
            Some(bias) => scores.broadcast_add(&bias.to_dtype(scores.dtype())?)?,
            None => scores,
        };
        let weights = softmax_last_dim(&scores)?;
        let context = weights.matmul(values)?.transpose(1, 2)?.reshape((batch, time, inner))?;
        Ok((self.output.forward(&context)?, weights))
    }

    /// One step of self-attention: `x` `[rows, channels]` to the same shape; appends to the
    /// state of `layer`. Every row has the same past, so that it needs no mask.
    ///
    /// * `bias`: as in [`Attention::forward`]
    ///
    /// # Errors
    /// When the device fails.
    pub fn step(
        &self,
        x: &Tensor,
        layer: usize,
        state: &mut DecoderState,
        bias: Option<&Tensor>,
    ) -> Result<Tensor> {
        let (keys, values) = self.step_keys_values(x)?;
        let (keys, values) = state.append(layer, &keys, &values)?;
        self.forward(&x.unsqueeze(1)?, &keys, &values, bias)?.squeeze(1)
    }

    /// One step of attention to the source: `x` `[rows, channels]` to the same shape. The beams
    /// of a sentence share its keys and values: they are its query positions.
    ///
    /// # Errors
    /// When the device fails.
    pub fn step_source(
        &self,
        x: &Tensor,
        layer: usize,
        state: &mut DecoderState,
    ) -> Result<Tensor> {
        let (rows, channels) = x.dims2()?;
        let sentences = state.sentences();
        let queries = x.reshape((sentences, rows / sentences, channels))?;
        let (keys, values) = state.cross(layer);
        let (found, weights) =
            self.forward_weighing(&queries, keys, values, state.source_mask())?;
        state.observe(layer, &weights)?;
        found.reshape((rows, channels))
    }

    /// `[batch, time, channels]` to `[batch, heads, time, head_dim]`.
    fn split(&self, x: &Tensor) -> Result<Tensor> {
        let (batch, time, _) = x.dims3()?;
        x.reshape((batch, time, self.heads, self.head_dim))?.transpose(1, 2)?.contiguous()
    }
}

/// Mask `[batch, 1, 1, time]` over padded rows: 0 for a token, minus infinity for padding;
/// nothing where no row is padded.
///
/// # Errors
/// When the device fails.
pub fn padding_mask(lengths: &[usize], time: usize, device: &Device) -> Result<Option<Tensor>> {
    if lengths.iter().all(|length| *length == time) {
        return Ok(None);
    }
    let mask: Vec<f32> = lengths
        .iter()
        .flat_map(|length| {
            (0..time).map(move |at| if at < *length { 0.0 } else { f32::NEG_INFINITY })
        })
        .collect();
    Ok(Some(Tensor::from_vec(mask, (lengths.len(), 1, 1, time), device)?))
}
