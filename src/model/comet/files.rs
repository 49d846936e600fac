//! The files of a model: its own, and those of its encoder, which may be in another repository.

use super::hparams::Hparams;
use crate::model::files::{self, FileData, Shelf};
use crate::model::source::{self, Progress};
use crate::model::{Error, ModelSource, Result};

const HPARAMS: &str = "hparams.yaml";
const CHECKPOINT: &str = "checkpoints/model.ckpt";
const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";

/// The repository that the hub knows under `xlm-roberta-large`. Its tokenizer is that of all models
/// with this vocabulary, also of those whose repositories have none in this form.
const XLM_R: &str = "FacebookAI/xlm-roberta-large";

/// The files of one model.
#[derive(Debug, Clone)]
pub struct CometFiles {
    /// The model as the user named it.
    pub name: String,
    /// `hparams.yaml`.
    pub hparams: FileData,
    /// `checkpoints/model.ckpt`.
    pub weights: FileData,
    /// `config.json` of the encoder.
    pub config: FileData,
    /// `tokenizer.json` of the encoder.
    pub tokenizer: FileData,
}

/// What a place has of these.
struct Found {
    hparams: FileData,
    weights: FileData,
    config: Option<FileData>,
    tokenizer: Option<FileData>,
}

impl CometFiles {
    /// Finds the files, fetching them where that is needed. In a folder, the encoder's configuration
    /// and tokenizer may lie beside `hparams.yaml`.
    ///
    /// # Errors
    /// When one is missing or can't be fetched.
    pub fn resolve(from: &ModelSource, progress: &mut dyn Progress) -> Result<Self> {
        let name = from.to_string();
        let found = source::gather_with(from, progress, &|name, shelf| {
            let lacks: Vec<&str> =
                [HPARAMS, CHECKPOINT].into_iter().filter(|file| !shelf.has(file)).collect();
            if !lacks.is_empty() {
                let what = lacks.join(", ");
                return Err(Error::Missing { model: name.to_owned(), what });
            }
            Ok(Found {
                hparams: shelf.take(HPARAMS)?,
                config: optional(shelf, CONFIG)?,
                tokenizer: optional(shelf, TOKENIZER)?,
                weights: shelf.take(CHECKPOINT)?,
            })
        })?;
        let Found { hparams, weights, config, tokenizer } = found;
        if let (Some(config), Some(tokenizer)) = (&config, &tokenizer) {
            let (config, tokenizer) = (config.clone(), tokenizer.clone());
            return Ok(Self { name, hparams, weights, config, tokenizer });
        }
        let encoder = Hparams::load(&hparams)?.pretrained_model;
        let repo = if encoder.contains('/') {
            encoder
        } else {
            XLM_R.replace("xlm-roberta-large", &encoder)
        };
        let mut other = |repo: &str, file: &'static str| {
            source::gather_with(&repo.parse()?, progress, &|name, shelf| {
                if shelf.has(file) {
                    return shelf.take(file).map(Some);
                }
                if file == TOKENIZER && name != XLM_R {
                    return Ok(None);
                }
                Err(Error::Missing { model: name.to_owned(), what: file.to_owned() })
            })
        };
        let config = match config {
            Some(config) => Some(config),
            None => other(&repo, CONFIG)?,
        };
        let tokenizer = match tokenizer {
            Some(tokenizer) => Some(tokenizer),
            None => match other(&repo, TOKENIZER)? {
                Some(tokenizer) => Some(tokenizer),
                None => other(XLM_R, TOKENIZER)?,
            },
        };
        let (Some(config), Some(tokenizer)) = (config, tokenizer) else {
            return Err(Error::Missing { model: repo, what: format!("{CONFIG}, {TOKENIZER}") });
        };
        Ok(Self { name, hparams, weights, config, tokenizer })
    }

    /// The commit on the hub, or 16 digits of a hash of the configuration and the weights.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn revision(&self) -> Result<String> {
        files::revision(&self.hparams, [&self.hparams, &self.config, &self.weights].into_iter())
    }
}

fn optional(shelf: &mut dyn Shelf, file: &str) -> Result<Option<FileData>> {
    shelf.has(file).then(|| shelf.take(file)).transpose()
}
