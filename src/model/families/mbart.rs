//! mBART and mBART-50 (Tang et al. 2020), as in transformers `modeling_mbart.py`: pre-norm,
//! learned positions, normalised embeddings, a bias on the logits.

use candle_core::Result;

use super::BartConfig;
use super::bart::{Bart, Positions};
use crate::model::weights::Weights;

/// Rows of a position table before the one of the first token.
const POSITION_OFFSET: usize = 2;

/// Loads an mBART network.
///
/// # Errors
/// When a weight is missing or does not fit the configuration.
pub(super) fn load(config: &BartConfig, weights: &Weights) -> Result<Bart> {
    let mut shape = config.shape();
    shape.norm_first = true;
    shape.embedding_norm = true;
    shape.final_norm = true;
    shape.logits_bias = true;
    let count = config.max_position_embeddings;
    let positions = |side: &str| {
        let name = format!("model.{side}.embed_positions.weight");
        weights.get((count + POSITION_OFFSET, config.d_model), &name)?.narrow(
            0,
            POSITION_OFFSET,
            count,
        )
    };
    let positions = Positions { encoder: positions("encoder")?, decoder: positions("decoder")? };
    Bart::load(&shape, positions, weights)
}
