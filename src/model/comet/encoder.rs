//! XLM-R (Conneau et al. 2020), as in transformers `modeling_xlm_roberta.py`: the layers of BERT,
//! which are those of BART under other names.

use candle_core::{Device, Result, Tensor};
use candle_nn::{LayerNorm, Module};
use serde::Deserialize;

use crate::model::layers::{
    Activation, EncoderLayer, LayerOptions, Linear, layer_norm, padding_mask,
};
use crate::model::weights::Weights;
use crate::model::{self, Error};

/// The part of `config.json` that decides the computation.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    model_type: String,
    vocab_size: usize,
    pub hidden_size: usize,
    pub num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    #[serde(default = "gelu")]
    hidden_act: Activation,
    max_position_embeddings: usize,
    #[serde(default = "one")]
    type_vocab_size: usize,
    #[serde(default = "epsilon")]
    layer_norm_eps: f64,
    #[serde(default = "one")]
    pad_token_id: usize,
}

fn gelu() -> Activation {
    Activation::Gelu
}

fn one() -> usize {
    1
}

fn epsilon() -> f64 {
    1e-5
}

/// Refuses what would be computed wrongly.
///
/// # Errors
/// Names what it is, and `file`.
pub(super) fn check(config: &Config, file: &str) -> model::Result<()> {
    let wrong = |reason: &str| Err(Error::Config { file: file.to_owned(), reason: reason.into() });
    if config.model_type != "xlm-roberta" {
        return wrong("its model_type is not xlm-roberta, which COMET's encoder must be");
    }
    if (config.layer_norm_eps - epsilon()).abs() > 1e-9 {
        return wrong("its layer_norm_eps is not 1e-5");
    }
    if config.max_position_embeddings < config.pad_token_id + 5 {
        return wrong("it has no positions for a text");
    }
    Ok(())
}

/// The network.
pub(super) struct Encoder {
    /// `[vocabulary, channels]`
    words: Linear,
    /// `[positions, channels]`; the first belongs to the first token
    positions: Tensor,
    norm: LayerNorm,
    layers: Vec<EncoderLayer>,
    device: Device,
}

impl Encoder {
    pub fn load(config: &Config, weights: &Weights) -> Result<Self> {
        let channels = config.hidden_size;
        let embeddings = weights.pp("embeddings");
        let shape = (config.max_position_embeddings, channels);
        let positions = embeddings.get(shape, "position_embeddings.weight")?;
        // Positions count from the one after the padding's.
        let first = config.pad_token_id + 1;
        let positions = positions.narrow(0, first, config.max_position_embeddings - first)?;
        // Every token is of the first type.
        let shape = (config.type_vocab_size, channels);
        let kind = embeddings.get(shape, "token_type_embeddings.weight")?.narrow(0, 0, 1)?;
        let options = LayerOptions {
            channels,
            heads: config.num_attention_heads,
            inner: config.intermediate_size,
            activation: config.hidden_act,
            norm_first: false,
        };
        Ok(Self {
            words: Linear::load(
                &embeddings.pp("word_embeddings"),
                channels,
                config.vocab_size,
                false,
            )?,
            positions: positions.broadcast_add(&kind)?,
            norm: layer_norm(&embeddings.pp("LayerNorm"), channels)?,
            layers: (0..config.num_hidden_layers)
                .map(|layer| weights.pp(format!("encoder.layer.{layer}")))
                .map(|weights| EncoderLayer::load_bert(&weights, &options))
                .collect::<Result<_>>()?,
            device: weights.device().clone(),
        })
    }

    /// The most tokens of a text, those for begin and end counted in.
    pub fn positions(&self) -> usize {
        self.positions.dim(0).unwrap_or(0)
    }

    /// What comes out of the embedding and of each layer: `[tokens, channels]`, the texts one after
    /// another without padding.
    pub fn forward(&self, texts: &[&[u32]]) -> Result<Vec<Tensor>> {
        let lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
        let ids = Tensor::from_vec(texts.concat(), lengths.iter().sum::<usize>(), &self.device)?;
        let places: Vec<u32> = lengths.iter().flat_map(|length| 0..*length as u32).collect();
        let places = Tensor::new(places.as_slice(), &self.device)?;
        let x = (self.words.rows(&ids)? + self.positions.index_select(&places, 0)?)?;
        let x = self.norm.forward(&x)?;
        if self.device.is_cpu() {
            let mut found = vec![x.clone()];
            let mut x = x;
            for layer in &self.layers {
                x = layer.forward_on_cpu(&x, &lengths)?;
                found.push(x.clone());
            }
            return Ok(found);
        }
        self.forward_padded(&x, &lengths)
    }

    /// The same on other devices, which want batches of one shape.
    fn forward_padded(&self, x: &Tensor, lengths: &[usize]) -> Result<Vec<Tensor>> {
        let time = lengths.iter().copied().max().unwrap_or(0);
        let channels = x.dim(1)?;
        let (mut rows, mut start) = (Vec::with_capacity(lengths.len()), 0);
        for length in lengths {
            let row = x.narrow(0, start, *length)?;
            rows.push(row.pad_with_zeros(0, 0, time - length)?);
            start += length;
        }
        let mut padded = Tensor::stack(&rows, 0)?;
        let mask = padding_mask(lengths, time, &self.device)?;
        let real: Vec<u32> = lengths
            .iter()
            .enumerate()
            .flat_map(|(row, length)| (0..*length).map(move |at| (row * time + at) as u32))
            .collect();
        let real = Tensor::new(real.as_slice(), &self.device)?;
        let mut found = vec![x.clone()];
        for layer in &self.layers {
            padded = layer.forward(&padded, mask.as_ref())?;
            let flat = padded.reshape((lengths.len() * time, channels))?;
            found.push(flat.index_select(&real, 0)?);
        }
        Ok(found)
    }
}
