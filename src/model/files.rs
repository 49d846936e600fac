//! Owns the files of one model and the choice among those that a place holds. Does not know
//! where they lie (that is [`super::source`]) or what is in them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{Error, Result, catalogue};

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
    /// OPUS-MT: two `SentencePiece` models and one joint vocabulary.
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
    /// `model.safetensors` or `pytorch_model.bin`, or the shards of either, or a `*.gguf`.
    pub weights: Vec<FileData>,
}

/// A place that holds the files of one model: a folder, the binary, a repository.
pub(crate) trait Shelf {
    /// Whether there is such a file.
    fn has(&self, name: &str) -> bool;

    /// The names of all files.
    fn names(&self) -> Vec<String>;

    /// The file, fetched where that is needed.
    fn take(&mut self, name: &str) -> Result<FileData>;
}

const CONFIG: &str = "config.json";
const GENERATION_CONFIG: &str = "generation_config.json";
const TOKENIZER: &str = "tokenizer.json";
const SENTENCEPIECE: [&str; 3] = ["source.spm", "target.spm", "vocab.json"];
/// In the order of preference: safetensors are mapped, not copied, and hold no program code.
const WEIGHTS: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

/// How names of GGUF files end.
const GGUF: &str = ".gguf";

/// The file of weights, or the index of several: the one that the catalogue prefers, one in
/// floating point, or a quantised one. Of several quantised ones it is the last by name: names end
/// with the bits of a weight.
fn weights(model: &str, shelf: &dyn Shelf) -> Option<String> {
    let repo = model.split('@').next().unwrap_or(model);
    let preferred = catalogue::find(repo).and_then(|entry| entry.weights.as_deref());
    preferred
        .into_iter()
        .chain(WEIGHTS)
        .find(|name| shelf.has(name))
        .map(str::to_string)
        .or_else(|| shelf.names().into_iter().filter(|name| name.ends_with(GGUF)).max())
}

/// Chooses the files of a model and takes only those from the shelf, the weights last: whoever
/// finds the weights of an interrupted download finds the rest as well.
pub(crate) fn gather(model: &str, shelf: &mut dyn Shelf) -> Result<ModelFiles> {
    let sentencepiece = SENTENCEPIECE.iter().all(|name| shelf.has(name));
    let weights = weights(model, shelf);
    let mut lacking = Vec::new();
    if !shelf.has(CONFIG) {
        lacking.push(CONFIG.to_string());
    }
    if !sentencepiece && !shelf.has(TOKENIZER) {
        let names: Vec<_> = SENTENCEPIECE.into_iter().filter(|name| !shelf.has(name)).collect();
        lacking.push(format!(
            "a tokenizer ({TOKENIZER}, or {}; not there: {})",
            SENTENCEPIECE.join(" + "),
            names.join(", ")
        ));
    }
    if weights.is_none() {
        lacking.push(format!("weights ({} or *{GGUF})", WEIGHTS.join(" or ")));
    }
    let Some(weights) = weights.filter(|_| lacking.is_empty()) else {
        return Err(Error::Missing { model: model.to_string(), what: lacking.join(", ") });
    };

    let config = shelf.take(CONFIG)?;
    let generation_config =
        shelf.has(GENERATION_CONFIG).then(|| shelf.take(GENERATION_CONFIG)).transpose()?;
    // Repositories of OPUS-MT may hold both; the SentencePiece files are the ones that the model
    // was trained with, a tokenizer.json is someone's conversion of them.
    let tokenizer = if sentencepiece {
        let [source, target, vocab] = SENTENCEPIECE;
        TokenizerFiles::SentencePiece {
            source: shelf.take(source)?,
            target: shelf.take(target)?,
            vocab: shelf.take(vocab)?,
        }
    } else {
        TokenizerFiles::Json(shelf.take(TOKENIZER)?)
    };
    let weights = if weights.ends_with(".index.json") {
        let index = shelf.take(&weights)?;
        let shards = shards(&index)?;
        if let Some(shard) = shards.iter().find(|shard| !shelf.has(shard)) {
            return Err(Error::Missing { model: model.to_string(), what: shard.clone() });
        }
        shards.iter().map(|shard| shelf.take(shard)).collect::<Result<_>>()?
    } else {
        vec![shelf.take(&weights)?]
    };
    Ok(ModelFiles { name: model.to_string(), config, generation_config, tokenizer, weights })
}

/// The files that an index of sharded weights names, each once.
fn shards(index: &FileData) -> Result<BTreeSet<String>> {
    #[derive(serde::Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let wrong = |reason: String| Error::Config { file: index.name(), reason };
    let parsed: Index =
        serde_json::from_slice(&index.read()?).map_err(|error| wrong(error.to_string()))?;
    let shards: BTreeSet<String> = parsed.weight_map.into_values().collect();
    if shards.is_empty() {
        return Err(wrong("it names no weights".into()));
    }
    // The index is data from elsewhere: it names files beside itself and no others.
    match shards.iter().find(|name| name.starts_with('.') || name.contains(['/', '\\', ':'])) {
        Some(name) => Err(wrong(format!("{name:?} is not a file beside it"))),
        None => Ok(shards),
    }
}
