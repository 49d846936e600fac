//! The files of one model, wherever they lie.

use std::borrow::Cow;
use std::path::PathBuf;

use super::{Error, Result};

/// A file on disk, or one carried inside the binary.
#[derive(Debug, Clone)]
pub enum FileData {
    /// A file on disk.
    Path(PathBuf),
    /// Bytes inside the binary, and the name that they had.
    Static(&'static str, &'static [u8]),
}

impl FileData {
    /// The name to print in messages.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Static(name, _) => format!("{name} (embedded)"),
        }
    }

    /// The whole content.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&self) -> Result<Cow<'static, [u8]>> {
        match self {
            Self::Path(path) => std::fs::read(path)
                .map(Cow::Owned)
                .map_err(|source| Error::Read { path: path.clone(), source }),
            Self::Static(_, bytes) => Ok(Cow::Borrowed(bytes)),
        }
    }
}

/// Files of a tokenizer, in either of the two forms that the hub holds.
#[derive(Debug, Clone)]
pub enum TokenizerFiles {
    /// One `tokenizer.json` of the tokenizers library.
    Json(FileData),
    /// OPUS-MT: two SentencePiece models and one joint vocabulary.
    SentencePiece {
        /// `source.spm`
        source: FileData,
        /// `target.spm`
        target: FileData,
        /// `vocab.json`: piece to id
        vocab: FileData,
    },
}

/// All that is needed to load a model.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// The model as the user named it; goes into messages and outputs.
    pub name: String,
    /// `config.json`
    pub config: FileData,
    /// `generation_config.json`, where there is one.
    pub generation_config: Option<FileData>,
    /// The tokenizer.
    pub tokenizer: TokenizerFiles,
    /// `model.safetensors`, its shards, or `pytorch_model.bin`.
    pub weights: Vec<FileData>,
}
