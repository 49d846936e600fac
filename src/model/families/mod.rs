//! Owns the networks, a file a family, and the choice between them by `model_type`.

mod marian;

pub use marian::{Marian, MarianConfig};

use candle_core::{DType, Device};

use super::config::{Architecture, SUPPORTED, parse};
use super::{Error, ModelFiles, Result, Seq2Seq, weights};

/// Loads the network that `config.json` names.
///
/// # Errors
/// When the type is unknown, a file is damaged, or weights do not fit the configuration.
pub fn load(files: &ModelFiles, device: &Device) -> Result<Box<dyn Seq2Seq>> {
    let architecture: Architecture = parse(&files.config)?;
    match architecture.model_type.as_str() {
        "marian" => {
            let config: MarianConfig = parse(&files.config)?;
            config.check(&files.config.name())?;
            let weights = weights::open(&files.weights, DType::F32, device)?;
            let network = Marian::load(&config, &weights).map_err(|source| Error::Weights {
                file: files
                    .weights
                    .iter()
                    .map(super::FileData::name)
                    .collect::<Vec<_>>()
                    .join(", "),
                source,
            })?;
            Ok(Box::new(network))
        }
        found => Err(Error::Architecture {
            model: files.name.clone(),
            found: found.to_owned(),
            supported: SUPPORTED,
        }),
    }
}
