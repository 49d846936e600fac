//! M2M100 (Fan et al. 2021) and NLLB-200 (Costa-jussà et al. 2022, the dense models), as in
//! transformers `modeling_m2m_100.py`: pre-norm, sinusoidal positions after a padding row, one
//! embedding for all languages.

use candle_core::{Result, Tensor};

use super::BartConfig;
use super::bart::{Bart, Positions};
use crate::model::layers;
use crate::model::weights::Weights;

/// Loads an M2M100 network.
///
/// # Errors
/// When a weight is missing or does not fit the configuration.
pub(super) fn load(config: &BartConfig, weights: &Weights) -> Result<Bart> {
    let mut shape = config.shape();
    shape.norm_first = true;
    shape.final_norm = true;
    // Rows 0 to pad_token_id are not for tokens.
    let first = config.pad_token_id + 1;
    let table: Tensor = layers::sinusoidal_positions_tensor2tensor(
        first..first + config.max_position_embeddings,
        config.d_model,
        weights.device(),
    )?;
    Bart::load(&shape, Positions { encoder: table.clone(), decoder: table }, weights)
}
