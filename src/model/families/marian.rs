//! Marian / OPUS-MT (Junczys-Dowmunt et al. 2018), as in transformers `modeling_marian.py`:
//! post-norm, sinusoidal positions, one embedding for both languages unless the configuration
//! says otherwise, and a bias on the logits.

use candle_core::{Result, Tensor};
use serde::Deserialize;

use super::bart::{Bart, Positions, Shape};
use super::{BartConfig, yes};
use crate::model::weights::Weights;
use crate::model::{self, Error, layers};

/// The part of `config.json` that decides the computation.
#[derive(Debug, Clone, Deserialize)]
pub struct MarianConfig {
    #[serde(flatten)]
    common: BartConfig,
    /// Tokens of the target vocabulary, where it is another one.
    decoder_vocab_size: Option<usize>,
    #[serde(default = "yes")]
    share_encoder_decoder_embeddings: bool,
    #[serde(flatten)]
    refused: Refused,
}

/// Switches that no OPUS-MT model uses and that would be computed wrongly.
#[derive(Debug, Clone, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // they are those of config.json
struct Refused {
    #[serde(default)]
    normalize_before: bool,
    #[serde(default)]
    normalize_embedding: bool,
    #[serde(default)]
    add_final_layer_norm: bool,
    #[serde(default = "yes")]
    static_position_embeddings: bool,
}

impl MarianConfig {
    /// Refuses variants that would be computed wrongly.
    ///
    /// # Errors
    /// Names the switch, and `file`.
    pub(super) fn check(&self, file: &str) -> model::Result<()> {
        let odd = [
            ("normalize_before", self.refused.normalize_before),
            ("normalize_embedding", self.refused.normalize_embedding),
            ("add_final_layer_norm", self.refused.add_final_layer_norm),
            ("static_position_embeddings off", !self.refused.static_position_embeddings),
        ];
        match odd.iter().find(|(_, set)| *set) {
            Some((name, _)) => Err(Error::Config {
                file: file.to_owned(),
                reason: format!("{name} is not supported for Marian models"),
            }),
            None => Ok(()),
        }
    }

    fn shape(&self) -> Shape {
        let mut shape = self.common.shape();
        shape.shared_embedding = self.share_encoder_decoder_embeddings;
        if !self.share_encoder_decoder_embeddings {
            shape.decoder.vocabulary = self.decoder_vocab_size.unwrap_or(shape.encoder.vocabulary);
        }
        shape.logits_bias = true;
        // OPUS-MT's models are `transformer-align`: `--guided-alignment`, by default of the last
        // layer, and of the first head (Marian's `transformer.h`, `collectOneHead`).
        shape.guided = true;
        shape
    }
}

/// Loads a Marian network.
///
/// # Errors
/// When a weight is missing or does not fit the configuration.
pub(super) fn load(config: &MarianConfig, weights: &Weights) -> Result<Bart> {
    let table: Tensor = layers::sinusoidal_positions(
        config.common.max_position_embeddings,
        config.common.d_model,
        weights.device(),
    )?;
    let positions = Positions { encoder: table.clone(), decoder: table };
    Bart::load(&config.shape(), positions, weights)
}
