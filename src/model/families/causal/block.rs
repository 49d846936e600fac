use candle_core::{Result, Tensor};

use super::attention::{Attention, Sight};
use super::config::Shape;
use super::names::Names;
use crate::model::DecoderState;
use crate::model::layers::{Activation, Linear, RmsNorm, Turns};
use crate::model::weights::Weights;

/// A part of a block, with a norm before it and perhaps one after it.
#[derive(Debug)]
struct Norms {
    before: RmsNorm,
    after: Option<RmsNorm>,
}

impl Norms {
    fn load(weights: &Weights, shape: &Shape, before: &str, after: &str) -> Result<Self> {
        let norm = |name: &str| {
            RmsNorm::load(&weights.pp(name), shape.channels, shape.epsilon, shape.norm_offset)
        };
        Ok(Self {
            before: norm(before)?,
            after: shape.post_norms.then(|| norm(after)).transpose()?,
        })
    }

    /// `x` and what was made of it, normed.
    fn add(&self, x: &Tensor, made: &Tensor) -> Result<Tensor> {
        match &self.after {
            Some(after) => x + after.forward(made)?,
            None => x + made,
        }
    }
}

/// A feed-forward part whose inner channels are multiplied with a second projection (Shazeer 2020).
#[derive(Debug)]
struct FeedForward {
    gate: Linear,
    up: Linear,
    down: Linear,
    activation: Activation,
}

impl FeedForward {
    fn load(weights: &Weights, shape: &Shape, names: &Names) -> Result<Self> {
        let inward =
            |name: &str| Linear::load(&weights.pp(name), shape.channels, shape.inner, false);
        let down = Linear::load(&weights.pp(names.down), shape.inner, shape.channels, false)?;
        let (gate, up) = (inward(names.gate)?, inward(names.up)?);
        Ok(Self { gate, up, down, activation: shape.activation })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let gate = self.activation.forward(&self.gate.forward(x)?)?;
        self.down.forward(&(gate * self.up.forward(x)?)?)
    }
}

/// Attention and feed-forward part.
#[derive(Debug)]
pub(super) struct Block {
    /// Whether it sees the last tokens only.
    pub sliding: bool,
    attention: Attention,
    attention_norms: Norms,
    feed_forward: FeedForward,
    feed_forward_norms: Norms,
}

impl Block {
    pub fn load(weights: &Weights, shape: &Shape, names: &Names, sliding: bool) -> Result<Self> {
        Ok(Self {
            sliding,
            attention: Attention::load(weights, shape, names)?,
            attention_norms: Norms::load(
                weights,
                shape,
                names.attention_norm,
                names.attention_post_norm,
            )?,
            feed_forward: FeedForward::load(weights, shape, names)?,
            feed_forward_norms: Norms::load(
                weights,
                shape,
                names.feed_forward_norm,
                names.feed_forward_post_norm,
            )?,
        })
    }

    /// Reads prompts, see [`Attention::read`].
    pub fn read(
        &self,
        x: &Tensor,
        turns: &Turns,
        mask: &Tensor,
    ) -> Result<(Tensor, (Tensor, Tensor))> {
        let normed = self.attention_norms.before.forward(x)?;
        let (made, keys_values) = self.attention.read(&normed, turns, mask)?;
        let x = self.attention_norms.add(x, &made)?;
        Ok((self.feed_forward(&x)?, keys_values))
    }

    /// One step: `x` `[rows, channels]` to the same shape.
    pub fn step(
        &self,
        x: &Tensor,
        layer: usize,
        turns: &Turns,
        sight: &Sight,
        state: &mut DecoderState,
    ) -> Result<Tensor> {
        let normed = self.attention_norms.before.forward(x)?;
        let made = self.attention.step(&normed, layer, turns, sight, state)?;
        self.feed_forward(&self.attention_norms.add(x, &made)?)
    }

    fn feed_forward(&self, x: &Tensor) -> Result<Tensor> {
        let normed = self.feed_forward_norms.before.forward(x)?;
        self.feed_forward_norms.add(x, &self.feed_forward.forward(&normed)?)
    }
}
