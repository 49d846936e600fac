//! What stands on the encoder: the mix of its layers, and the estimator.

use candle_core::{D, Result, Tensor};

use super::hparams::{Bend, Hparams, Kind, Layers, Weighing};
use crate::model::layers::Linear;
use crate::model::weights::Weights;

/// What keeps the division of a text without any variation from being one by zero.
const EPSILON: f64 = 1e-12;

/// A sum of the layers with a weight each (Peters et al. 2018).
pub(super) struct Mix {
    weights: Vec<f64>,
    norm: bool,
}

impl Mix {
    /// * `layers`: those of the encoder, the embedding counted in
    pub fn load(hparams: &Hparams, layers: usize, weights: &Weights) -> Result<Self> {
        let weighing = match hparams.layers {
            Layers::One(layer) if layer < layers => {
                let weights = (0..layers).map(|at| if at == layer { 1.0 } else { 0.0 });
                return Ok(Self { weights: weights.collect(), norm: false });
            }
            Layers::One(layer) => candle_core::bail!("layer {layer} of an encoder of {layers}"),
            Layers::Mix(weighing) => weighing,
        };
        let read = |name: &str| -> Result<f64> {
            Ok(f64::from(weights.get(1, name)?.get(0)?.to_scalar::<f32>()?))
        };
        let raw: Vec<f64> = (0..layers)
            .map(|layer| read(&format!("scalar_parameters.{layer}")))
            .collect::<Result<_>>()?;
        let shares = match weighing {
            Weighing::Softmax => softmax(&raw),
            Weighing::Sparsemax => sparsemax(&raw),
        };
        let gamma = read("gamma")?;
        let weights = shares.into_iter().map(|share| gamma * share).collect();
        Ok(Self { weights, norm: hparams.layer_norm })
    }

    /// Layers `[tokens, channels]`, texts of these lengths one after another, to the same shape.
    pub fn forward(&self, layers: &[Tensor], lengths: &[usize]) -> Result<Tensor> {
        let mut sum: Option<Tensor> = None;
        for (layer, weight) in
            layers.iter().zip(&self.weights).filter(|(_, weight)| **weight != 0.0)
        {
            let layer = if self.norm { normed(layer, lengths)? } else { layer.clone() };
            let part = (layer * *weight)?;
            sum = Some(match sum {
                Some(sum) => (sum + part)?,
                None => part,
            });
        }
        match (sum, layers.first()) {
            (Some(sum), _) => Ok(sum),
            (None, Some(layer)) => layer.zeros_like(),
            (None, None) => candle_core::bail!("an encoder without layers"),
        }
    }
}

/// Every text to mean 0 and variance 1, over all of its tokens and channels together.
fn normed(x: &Tensor, lengths: &[usize]) -> Result<Tensor> {
    let (mut texts, mut start) = (Vec::with_capacity(lengths.len()), 0);
    for length in lengths {
        let text = x.narrow(0, start, *length)?;
        start += length;
        let centred = text.broadcast_sub(&text.mean_all()?)?;
        let variance = (centred.sqr()?.mean_all()? + EPSILON)?;
        texts.push(centred.broadcast_div(&variance.sqrt()?)?);
    }
    Tensor::cat(&texts, 0)
}

fn softmax(raw: &[f64]) -> Vec<f64> {
    let largest = raw.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = raw.iter().map(|value| (value - largest).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
}

/// The nearest point with parts that are no less than 0 and sum to 1 (Martins and Astudillo 2016).
fn sparsemax(raw: &[f64]) -> Vec<f64> {
    let mut sorted = raw.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    let (mut sum, mut threshold) = (0.0, 0.0);
    for (index, value) in sorted.iter().enumerate() {
        let count = (index + 1) as f64;
        if 1.0 + count * value > sum + value {
            sum += value;
            threshold = (sum - 1.0) / count;
        } else {
            break;
        }
    }
    raw.iter().map(|value| (value - threshold).max(0.0)).collect()
}

impl Kind {
    /// Vectors that the estimator takes beside each other.
    pub fn parts(self) -> usize {
        match self {
            Self::Regression => 6,
            Self::Referenceless => 4,
            Self::Unified => 1,
        }
    }

    /// Vectors `[channels]` of translation, reference and source, as far as there are such, to what
    /// the estimator takes.
    pub fn features(self, vectors: &[Tensor]) -> Result<Tensor> {
        let product = |a: &Tensor, b: &Tensor| a * b;
        let distance = |a: &Tensor, b: &Tensor| (a - b)?.abs();
        let parts = match (self, vectors) {
            (Self::Regression, [mt, reference, source]) => vec![
                mt.clone(),
                reference.clone(),
                product(mt, reference)?,
                distance(mt, reference)?,
                product(mt, source)?,
                distance(mt, source)?,
            ],
            (Self::Referenceless, [mt, source]) => {
                vec![mt.clone(), source.clone(), product(mt, source)?, distance(mt, source)?]
            }
            (Self::Unified, [both]) => vec![both.clone()],
            _ => candle_core::bail!("{} vectors", vectors.len()),
        };
        Tensor::cat(&parts, D::Minus1)
    }
}

/// Layers with a non-linearity after each but the last.
pub(super) struct Estimator {
    layers: Vec<Linear>,
    bend: Bend,
    last: Option<Bend>,
}

impl Estimator {
    pub fn load(hparams: &Hparams, inputs: usize, weights: &Weights) -> Result<Self> {
        let mut layers = Vec::new();
        let mut inputs = inputs;
        for (index, outputs) in hparams.hidden_sizes.iter().chain([&1]).enumerate() {
            // Between them are a non-linearity and a dropout, which have no weights.
            let weights = weights.pp(3 * index);
            layers.push(Linear::load(&weights, inputs, *outputs, true)?);
            inputs = *outputs;
        }
        Ok(Self { layers, bend: hparams.activation, last: hparams.final_activation })
    }

    /// `x` `[inputs]` to a score.
    pub fn forward(&self, x: &Tensor) -> Result<f32> {
        let mut x = x.unsqueeze(0)?;
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(&x)?;
            let bend = if index + 1 < self.layers.len() { Some(self.bend) } else { self.last };
            x = match bend {
                Some(Bend::Tanh) => x.tanh()?,
                Some(Bend::Sigmoid) => candle_nn::ops::sigmoid(&x)?,
                None => x,
            };
        }
        x.flatten_all()?.get(0)?.to_scalar()
    }
}
