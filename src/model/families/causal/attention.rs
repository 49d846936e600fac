//! Attention of a language model: queries in groups that share keys and values, over the prompt
//! and over what was written since.

use candle_core::{D, DType, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

use super::config::Shape;
use super::names::Names;
use crate::model::DecoderState;
use crate::model::layers::{Linear, RmsNorm, Turns};
use crate::model::weights::Weights;

/// What a token at the present step may see.
#[derive(Debug)]
pub(super) struct Sight {
    /// Over the prompts, `[sentences, 1, 1, source_time]`: 0 or minus infinity.
    pub source: Option<Tensor>,
    /// How many of the tokens that were written since, the present one counted in.
    pub written: usize,
}

/// Grouped-query attention (Ainslie et al. 2023) with norms on queries and keys.
#[derive(Debug)]
pub(super) struct Attention {
    query: Linear,
    key: Linear,
    value: Linear,
    output: Linear,
    query_norm: RmsNorm,
    key_norm: RmsNorm,
    heads: usize,
    key_heads: usize,
    head_dim: usize,
    scale: f64,
}

impl Attention {
    pub fn load(weights: &Weights, shape: &Shape, names: &Names) -> Result<Self> {
        let Shape { channels, heads, key_heads, head_dim, scale, .. } = *shape;
        let inward = |name: &str, heads: usize| {
            Linear::load(&weights.pp(name), channels, heads * head_dim, shape.attention_bias)
        };
        let norm = |name: &str| {
            RmsNorm::load(&weights.pp(name), head_dim, shape.epsilon, shape.norm_offset)
        };
        let output = weights.pp(names.output);
        Ok(Self {
            query: inward(names.query, heads)?,
            key: inward(names.key, key_heads)?,
            value: inward(names.value, key_heads)?,
            output: Linear::load(&output, heads * head_dim, channels, shape.attention_bias)?,
            query_norm: norm(names.query_norm)?,
            key_norm: norm(names.key_norm)?,
            heads,
            key_heads,
            head_dim,
            scale,
        })
    }

    /// Queries, scaled, of `x` `[.., tokens, channels]`: `[.., tokens, heads, head_dim]`.
    fn queries(&self, x: &Tensor, turns: &Turns) -> Result<Tensor> {
        let queries = self.split(&self.query.forward(x)?, self.heads)?;
        turns.apply(&self.query_norm.forward(&queries)?)? * self.scale
    }

    /// Keys and values of `x` `[.., tokens, channels]`: twice `[.., tokens, key_heads, head_dim]`.
    fn keys_values(&self, x: &Tensor, turns: &Turns) -> Result<(Tensor, Tensor)> {
        let keys = self.split(&self.key.forward(x)?, self.key_heads)?;
        let keys = turns.apply(&self.key_norm.forward(&keys)?)?;
        Ok((keys, self.split(&self.value.forward(x)?, self.key_heads)?))
    }

    /// Reads prompts: `x` `[batch, time, channels]` to the same shape, and their keys and values,
    /// twice `[batch, key_heads, time, head_dim]`.
    ///
    /// * `mask`: `[time, time]`, 0 or minus infinity
    pub fn read(
        &self,
        x: &Tensor,
        turns: &Turns,
        mask: &Tensor,
    ) -> Result<(Tensor, (Tensor, Tensor))> {
        let (batch, time, _) = x.dims3()?;
        let by_head = |x: &Tensor| x.transpose(1, 2)?.contiguous();
        let queries = by_head(&self.queries(x, turns)?)?;
        let (keys, values) = self.keys_values(x, turns)?;
        let (keys, values) = (by_head(&keys)?, by_head(&values)?);
        // The queries of a group are further tokens to its keys.
        let group = self.heads / self.key_heads * time;
        let queries = queries.reshape((batch, self.key_heads, group, self.head_dim))?;
        let scores = queries.matmul(&keys.t()?)?.reshape((batch, self.heads, time, time))?;
        let shares = softmax(&scores.broadcast_add(mask)?)?;
        let shares = shares.reshape((batch, self.key_heads, group, time))?;
        let context = shares.matmul(&values)?.reshape((batch, self.heads, time, self.head_dim))?;
        let context = context.transpose(1, 2)?.reshape((batch, time, ()))?;
        Ok((self.output.forward(&context)?, (keys, values)))
    }

    /// One step: `x` `[rows, channels]` to the same shape; appends to the state of `layer`.
    pub fn step(
        &self,
        x: &Tensor,
        layer: usize,
        turns: &Turns,
        sight: &Sight,
        state: &mut DecoderState,
    ) -> Result<Tensor> {
        let (rows, sentences) = (x.dim(0)?, state.sentences());
        let (beams, group) = (rows / sentences.max(1), self.heads / self.key_heads);
        let (kv, head_dim) = (self.key_heads, self.head_dim);
        let queries = self.queries(x, turns)?;
        let (keys, values) = self.keys_values(x, turns)?;
        let (keys, values) = state.append(layer, &keys, &values)?;
        let written = keys.dim(2)?;
        let seen = sight.written.min(written);
        let keys = keys.narrow(2, written - seen, seen)?;
        let values = values.narrow(2, written - seen, seen)?;
        let (source_keys, source_values) = state.cross(layer);
        let time = source_keys.dim(2)?;

        // The beams of a sentence share its prompt: they are further tokens to its keys.
        let own = queries.reshape((rows, kv, group, head_dim))?;
        let shared = queries.reshape((sentences, beams, kv, group, head_dim))?;
        let shared = shared.transpose(1, 2)?.contiguous()?;
        let shared = shared.reshape((sentences, kv, beams * group, head_dim))?;
        let source_scores = shared.matmul(&source_keys.t()?)?;
        let source_scores = match &sight.source {
            Some(mask) => source_scores.broadcast_add(mask)?,
            None => source_scores,
        };
        let by_row = |x: Tensor, last: usize| -> Result<Tensor> {
            let x = x.reshape((sentences, kv, beams, group, last))?.transpose(1, 2)?;
            x.contiguous()?.reshape((rows, kv, group, last))
        };
        let source_scores = by_row(source_scores, time)?;
        let own_scores = own.matmul(&keys.t()?)?;

        let weights = softmax(&Tensor::cat(&[source_scores, own_scores], D::Minus1)?)?;
        let source_weights = weights.narrow(D::Minus1, 0, time)?;
        let source_weights = source_weights.reshape((sentences, beams, kv, group, time))?;
        let source_weights = source_weights.transpose(1, 2)?.contiguous()?;
        let source_weights = source_weights.reshape((sentences, kv, beams * group, time))?;
        let from_source = by_row(source_weights.matmul(source_values)?, head_dim)?;
        let own_weights = weights.narrow(D::Minus1, time, seen)?.contiguous()?;
        let context = (from_source + own_weights.matmul(&values)?)?;
        self.output.forward(&context.reshape((rows, self.heads * head_dim))?)
    }

    /// `[.., heads * head_dim]` to `[.., heads, head_dim]`.
    fn split(&self, x: &Tensor, heads: usize) -> Result<Tensor> {
        let mut shape = x.dims().to_vec();
        shape.pop();
        shape.extend([heads, self.head_dim]);
        x.reshape(shape)
    }
}

/// In single precision, whatever the network computes in.
fn softmax(scores: &Tensor) -> Result<Tensor> {
    softmax_last_dim(&scores.to_dtype(DType::F32)?)?.to_dtype(scores.dtype())
}
