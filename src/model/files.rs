//! Owns the files of one model and the choice among those that a place holds. Does not know
//! where they lie (that is [`super::source`]) or what is in them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use flate2::read::MultiGzDecoder;

use super::forms::{Form, forms, lacking, template};
use super::gguf::metadata;
use super::gguf::parts::{self, ENDING as GGUF};
use super::packed::key::samples;
use super::{Error, Result, bergamot, catalogue};

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

    /// Bytes of it.
    ///
    /// # Errors
    /// When it is not there.
    pub fn size(&self) -> Result<u64> {
        match self {
            Self::Path(path) => match std::fs::metadata(path) {
                Ok(metadata) => Ok(metadata.len()),
                Err(source) => Err(Error::Read { path: path.clone(), source }),
            },
            Self::Static(_, bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Whether its name ends with a dot and this.
    pub(super) fn has_ending(&self, ending: &str) -> bool {
        match self {
            Self::Path(path) => path.extension().is_some_and(|found| found == ending),
            Self::Static(..) => false,
        }
    }

    /// Where it lies, if it is a GGUF file.
    pub(super) fn gguf(&self) -> Option<&Path> {
        match self {
            Self::Path(path) if self.has_ending("gguf") => Some(path),
            _ => None,
        }
    }

    /// The names of several files, to print in messages.
    pub(super) fn names(files: &[Self]) -> String {
        files.iter().map(Self::name).collect::<Vec<_>>().join(", ")
    }

    /// The whole content; of a file whose name ends with `.gz`, what was compressed.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn read(&self) -> Result<Cow<'static, [u8]>> {
        match self {
            Self::Path(path) => {
                let fail = |source| Error::Read { path: path.clone(), source };
                if path.extension().is_some_and(|ending| ending == "gz") {
                    let file = std::fs::File::open(path).map_err(fail)?;
                    return unpack(file).map(Cow::Owned).map_err(fail);
                }
                std::fs::read(path).map(Cow::Owned).map_err(fail)
            }
            Self::Static(_, bytes) => Ok(Cow::Borrowed(bytes)),
        }
    }
}

/// No compressed file of a model has more bytes; a made one might, without end.
const LARGEST_UNPACKED: u64 = 2 << 30;

/// What was compressed; a damaged file is told by its checksum.
fn unpack(file: std::fs::File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = MultiGzDecoder::new(file).take(LARGEST_UNPACKED + 1);
    reader.read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST_UNPACKED {
        return Err(std::io::Error::other("there is more in it than any model has"));
    }
    Ok(bytes)
}

/// Files of a tokenizer, in the forms that the hub holds.
#[derive(Debug, Clone)]
pub enum TokenizerFiles {
    /// One `tokenizer.json` of the tokenizers library, for one pair of languages.
    Json(FileData),
    /// OPUS-MT: two `SentencePiece` models and one joint vocabulary, or one each.
    SentencePiece {
        /// `source.spm`
        source: FileData,
        /// `target.spm`
        target: FileData,
        /// `vocab.json`: piece to id
        vocab: FileData,
        /// `target_vocab.json`: the same for targets, where they have ids of their own.
        target_vocab: Option<FileData>,
    },
    /// M2M100: one `SentencePiece` model for all languages and the ids of its pieces.
    M2m100 {
        /// `sentencepiece.bpe.model`
        pieces: FileData,
        /// `vocab.json`: piece to id
        vocab: FileData,
    },
    /// NLLB-200: a `tokenizer.json` with a token for each language of FLORES-200.
    Nllb(FileData),
    /// NLLB-200: `sentencepiece.bpe.model`, from which the ids follow.
    NllbPieces(FileData),
    /// mBART-50: `sentencepiece.bpe.model`, from which the ids follow.
    Mbart50(FileData),
    /// mBART-50, converted to a `tokenizer.json`.
    Mbart50Json(FileData),
    /// T5 and mT5: `spiece.model`, whose numbers are the ids, or the weights with llama.cpp's.
    T5(FileData),
    /// Language models: a `tokenizer.json`; what a text is told around it is in a prompt.
    Causal {
        /// `tokenizer.json`, or the weights with llama.cpp's
        tokenizer: FileData,
        /// The file with the chat template, by which a prompt is chosen:
        /// `chat_template.jinja`, `tokenizer_config.json`, or the weights.
        template: Option<FileData>,
    },
    /// Marian's students: the numbers of `vocab.*.spm` are the ids.
    Bergamot {
        /// `vocab.*.spm`, or `srcvocab.*.spm`
        source: FileData,
        /// `vocab.*.spm` again, or `trgvocab.*.spm`
        target: FileData,
    },
}

/// All that is needed to load a model.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    /// The model as the user named it; goes into messages and outputs.
    pub name: String,
    /// `config.json`, or the file of weights that holds its own: of a Marian student, or llama.cpp's.
    pub config: FileData,
    /// `generation_config.json`, where there is one.
    pub generation_config: Option<FileData>,
    /// The tokenizer.
    pub tokenizer: TokenizerFiles,
    /// `model.safetensors` or `pytorch_model.bin`, or the shards of either, or a `*.gguf`; or the
    /// file of a Marian student and its shortlist.
    pub weights: Vec<FileData>,
}

impl ModelFiles {
    /// What the model is, for outputs: the commit that the cache of the hub has it under, or else
    /// 16 digits of a hash of its files, of large ones their size and samples: a start must not wait
    /// until all of them are read.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn revision(&self) -> Result<String> {
        revision(&self.config, self.all())
    }

    /// SHA-256 of the configuration and the weights: what the model is, wherever it lies and
    /// whatever it is called. Reads all of the weights.
    ///
    /// # Errors
    /// When a file can't be read.
    pub fn fingerprint(&self) -> Result<String> {
        hash_all(self.all(), u64::MAX)
    }

    /// What a translation depends on, but for the tokenizer.
    fn all(&self) -> impl Iterator<Item = &FileData> {
        std::iter::once(&self.config).chain(&self.generation_config).chain(&self.weights)
    }
}

/// The commit that the cache of the hub has a file under, or else 16 digits of a hash of all.
pub(super) fn revision<'a>(
    first: &FileData,
    all: impl Iterator<Item = &'a FileData>,
) -> Result<String> {
    if let FileData::Path(path) = first
        && let Some(folder) = path.parent()
        && folder.parent().is_some_and(|parent| parent.ends_with("snapshots"))
        && let Some(commit) = folder.file_name().and_then(|name| name.to_str())
        && commit.len() == 40
        && commit.bytes().all(|digit| digit.is_ascii_hexdigit())
    {
        return Ok(commit.to_owned());
    }
    let mut hash = hash_all(all, LARGE)?;
    hash.truncate(16);
    Ok(hash)
}

/// * `large`: bytes from which on a file is looked at in places only
fn hash_all<'a>(files: impl Iterator<Item = &'a FileData>, large: u64) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files {
        match file {
            FileData::Static(_, bytes) => hash.update(bytes),
            FileData::Path(path) => hash_file(path, large, &mut hash)
                .map_err(|source| Error::Read { path: path.clone(), source })?,
        }
        hash.update([0]);
    }
    Ok(hex(&hash.finalize()))
}

/// A hash as it is written, in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // A string can be written to.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Bytes that are read whole at every start.
const LARGE: u64 = 32 << 20;

fn hash_file(path: &Path, large: u64, hash: &mut Sha256) -> io::Result<()> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    if length >= large {
        hash.update(length.to_le_bytes());
        hash.update(samples(&mut file, length)?);
        return Ok(());
    }
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            read => hash.update(&buffer[..read]),
        }
    }
}

/// Chooses files of a place, by the name of the model for messages.
pub(crate) type Gather<'a, T> = &'a dyn Fn(&str, &mut dyn Shelf) -> Result<T>;

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
/// In the order of preference: safetensors are mapped, not copied, and hold no program code.
const WEIGHTS: [&str; 4] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
];

/// The file of weights, or the index of several: the one that the catalogue prefers, one in
/// floating point, or a quantised one. Of several quantised ones it is the last by name: names end
/// with the bits of a weight. Of one in parts it is the first part.
fn weights(model: &str, shelf: &dyn Shelf) -> Option<String> {
    let repo = model.split('@').next().unwrap_or(model);
    let preferred = catalogue::find(repo).and_then(|entry| entry.weights.as_deref());
    preferred.into_iter().chain(WEIGHTS).find(|name| shelf.has(name)).map(str::to_string).or_else(
        || {
            // llama.cpp keeps the part of a network that sees images in a file of its own.
            let whole = |name: &String| name.ends_with(GGUF) && !name.starts_with("mmproj");
            let names = shelf.names().into_iter().filter(whole);
            let last = names.max_by(|a, b| parts::split(a).0.cmp(parts::split(b).0))?;
            parts::all(&last).into_iter().next()
        },
    )
}

/// Chooses the files of a model and takes only those from the shelf, the weights last: whoever
/// finds the weights of an interrupted download finds the rest as well.
pub(crate) fn gather(model: &str, shelf: &mut dyn Shelf) -> Result<ModelFiles> {
    const ANY: [Form; 4] = [Form::SentencePiece, Form::T5, Form::Mbart50, Form::Json];
    if !shelf.has(CONFIG) && bergamot::files::is_here(shelf) {
        return bergamot::files::gather(model, shelf);
    }
    let whole = |shelf: &dyn Shelf, form: &Form| form.names().iter().all(|name| shelf.has(name));
    let weights = weights(model, shelf);
    let mut lacks = Vec::new();
    // llama.cpp's files have the configuration of a language model or a T5 in them.
    let inside = !shelf.has(CONFIG) && weights.as_ref().is_some_and(|name| name.ends_with(GGUF));
    if !shelf.has(CONFIG) && !inside {
        lacks.push(CONFIG.to_string());
    }
    let gguf = weights.as_ref().is_some_and(|name| name.ends_with(GGUF));
    let any: &[Form] = if inside { &[Form::Causal, Form::T5] } else { &ANY };
    // And perhaps a tokenizer, too.
    if !gguf && !any.iter().any(|form| whole(shelf, form)) {
        lacks.push(lacking(any, shelf));
    }
    if weights.is_none() {
        lacks.push(format!("weights ({} or *{GGUF})", WEIGHTS.join(" or ")));
    }
    let missing = |what| Err(Error::Missing { model: model.to_string(), what });
    let Some(weights) = weights.filter(|_| lacks.is_empty()) else {
        return missing(lacks.join(", "));
    };

    let config = if inside { None } else { Some(shelf.take(CONFIG)?) };
    let forms = match &config {
        Some(config) => forms(model, config, shelf)?,
        None => any,
    };
    let generation_config =
        shelf.has(GENERATION_CONFIG).then(|| shelf.take(GENERATION_CONFIG)).transpose()?;
    let form = forms.iter().find(|form| whole(shelf, form));
    let may_be_in_it = |form: &Form| matches!(form, Form::Causal | Form::T5);
    if form.is_none() && !(gguf && forms.iter().any(may_be_in_it)) {
        return missing(lacking(forms, shelf));
    }
    let tokenizer = form.map(|form| form.take(shelf)).transpose()?;
    let template = if tokenizer.is_none() { template(shelf)? } else { None };
    let names = if weights.ends_with(".index.json") {
        shards(&shelf.take(&weights)?)?.into_iter().collect()
    } else {
        parts::all(&weights)
    };
    if let Some(name) = names.iter().find(|name| !shelf.has(name)) {
        return missing(name.clone());
    }
    let weights = names.iter().map(|name| shelf.take(name)).collect::<Result<Vec<_>>>()?;
    // What is in llama.cpp's file, or the first of its parts, besides.
    let Some(first) = weights.first().cloned() else { return missing("weights".into()) };
    let t5 = match first.gguf() {
        // What is wrong with the file is said where it is loaded.
        Some(path) if inside => metadata::is_t5(path).unwrap_or(false),
        _ => forms.iter().any(|form| matches!(form, Form::T5)),
    };
    let tokenizer = match tokenizer {
        Some(TokenizerFiles::Causal { tokenizer, .. }) if t5 => TokenizerFiles::Json(tokenizer),
        Some(found) if t5 || !matches!(found, TokenizerFiles::T5(_)) => found,
        None if t5 => TokenizerFiles::T5(first.clone()),
        // A spiece.model beside a language model is not its tokenizer.
        None | Some(_) => TokenizerFiles::Causal { tokenizer: first.clone(), template },
    };
    let tokenizer = match tokenizer {
        TokenizerFiles::Causal { tokenizer, template: None } if gguf => {
            TokenizerFiles::Causal { tokenizer, template: Some(first.clone()) }
        }
        found => found,
    };
    let config = config.unwrap_or(first);
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
