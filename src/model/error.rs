use std::path::PathBuf;

/// Why a model could not be found, read or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file that this kind of model needs is not there.
    #[error("model {model} lacks {what}")]
    Missing {
        /// The model as the user named it.
        model: String,
        /// The file or files that were looked for.
        what: String,
    },
    /// A file is there but can't be read.
    #[error("could not read model file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A configuration file is not what it should be.
    #[error("model file {file}: {reason}")]
    Config {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model is of a kind that Tarjoman does not run.
    #[error("model {model} is of type {found:?}; Tarjoman runs {supported}")]
    Architecture {
        /// The model as the user named it.
        model: String,
        /// `model_type` of its config.json.
        found: String,
        /// The types that would do.
        supported: &'static str,
    },
    /// Weights are truncated, missing or of the wrong shape.
    #[error("could not load the weights from {file}")]
    Weights {
        /// The file.
        file: String,
        /// What the reader said.
        source: candle_core::Error,
    },
    /// A tokenizer file is damaged or of an unknown kind.
    #[error("tokenizer {file}: {reason}")]
    Tokenizer {
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The model has no such language.
    #[error("tokenizer {file} has no language {language:?}; it has {known}")]
    Language {
        /// The file that names the languages.
        file: String,
        /// What was asked for.
        language: String,
        /// The languages that it has, as it names them.
        known: String,
    },
    /// No prompt can name the language.
    #[error("no prompt names the language {language:?}; known are {known}")]
    PromptLanguage {
        /// What was asked for.
        language: String,
        /// Codes of the languages that have names.
        known: String,
    },
    /// A prompt has no place for the text.
    #[error("there is no {{text}} in the prompt {name}")]
    Prompt {
        /// The file that it came from.
        name: String,
    },
    /// A model identifier that is neither a folder nor `ORG/NAME[@REVISION]`.
    #[error("{name:?} is neither a folder nor a model id")]
    Name {
        /// What the user typed.
        name: String,
        /// A name of the catalogue that is close to it.
        suggestion: Option<String>,
    },
    /// A path was given, and there is no folder.
    #[error("there is no model folder {}: {reason}", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
        /// What is there instead.
        reason: &'static str,
    },
    /// Not the name of a device.
    #[error("there is no device {name:?}")]
    DeviceName {
        /// What the user typed.
        name: String,
    },
    /// The binary was built without the feature for this device.
    #[error("this build can't compute on {device}: it is without the feature {feature:?}")]
    NotBuiltFor {
        /// The device.
        device: String,
        /// The feature of the package.
        feature: &'static str,
    },
    /// The system has no such device, or it does not answer.
    #[error("could not use the device {device}")]
    Device {
        /// The device.
        device: String,
        /// What the driver said.
        source: candle_core::Error,
    },
    /// The binary was built without the feature `embedded-model`.
    #[error("this build carries no embedded model")]
    NotEmbedded,
    /// The hub, or the mirror that `HF_ENDPOINT` names, did not give the file.
    #[error("could not fetch {file} of {model} from {endpoint}: {reason}")]
    Hub {
        /// The model.
        model: String,
        /// The file.
        file: String,
        /// Where it was looked for.
        endpoint: String,
        /// What went wrong.
        reason: String,
    },
    /// A file of a server, not of the hub.
    #[error("could not fetch {url}: {reason}")]
    Address {
        /// The address.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// A model of the catalogue that Tarjoman does not fetch.
    #[error("model {name} is not fetched by its name")]
    ByHand {
        /// The name.
        name: String,
        /// How to get it.
        how: String,
    },
    /// The hub wants a token, another token, or a licence accepted.
    #[error("{endpoint} does not give {model} to you (status {status})")]
    Refused {
        /// The model.
        model: String,
        /// Where it was asked for.
        endpoint: String,
        /// 401 or 403.
        status: u16,
        /// Whether a token was sent.
        token: bool,
    },
    /// The hub has no such model, revision or file.
    #[error("{endpoint} has no {what}")]
    NotOnHub {
        /// What was asked for.
        what: String,
        /// Where it was asked for.
        endpoint: String,
    },
    /// A file arrived, and is not what the hub announced. It was deleted.
    #[error("{file} of {model} arrived damaged: {reason}")]
    Damaged {
        /// The model.
        model: String,
        /// The file.
        file: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The cache of models can't be written.
    #[error("could not write to the model cache at {}", path.display())]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `HF_HUB_OFFLINE` is set, or the hub feature is off, and the model is not in the cache.
    #[error("model {model} is not in the cache ({reason})")]
    NotCached {
        /// The model.
        model: String,
        /// Why it was not fetched.
        reason: String,
    },
    /// A source or target is longer than the model's position table.
    #[error("{tokens} tokens are more than the {limit} that the model takes")]
    TooLong {
        /// Tokens given.
        tokens: usize,
        /// Tokens that it takes.
        limit: usize,
    },
    /// The computation itself failed.
    #[error("the model could not be run")]
    Compute(#[from] candle_core::Error),
}

/// Result of the model room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => "a model folder holds config.json, the weights (model.safetensors, pytorch_model.bin or a *.gguf) and a tokenizer (tokenizer.json; sentencepiece.bpe.model; spiece.model; or source.spm, target.spm and vocab.json); fetch it again with `tarjoman models pull`".into(),
            Self::Read { .. } => "check that the file exists and that you may read it".into(),
            Self::Config { .. } | Self::Tokenizer { .. } => "the file is damaged or of another version; fetch the model again with `tarjoman models pull`".into(),
            Self::Language { .. } => "name a language by its ISO 639 code, such as fa or pes, or as the model names it".into(),
            Self::PromptLanguage { .. } => "use --from and --to with a code of that list; another language can be written into a prompt of your own (--prompt)".into(),
            Self::Prompt { .. } => "{text} stands for what is to be translated; {source_language}, {target_language} and {context} may stand beside it".into(),
            Self::Architecture { .. } => "`tarjoman models` lists models that work".into(),
            Self::Weights { .. } => "the file is truncated or belongs to another model; fetch the model again with `tarjoman models pull`".into(),
            Self::Name { suggestion: Some(name), .. } => format!("did you mean {name}? `tarjoman models` lists known names"),
            Self::NotAFolder { .. } => "--model takes the folder that holds config.json".into(),
            Self::NotEmbedded => "name a model with --model, or build with `--features embedded-model`".into(),
            Self::Name { .. } => "use --model DIR, or --model ORG/NAME; `tarjoman models` lists known names".into(),
            Self::Hub { .. } => "check the name and the network; HF_ENDPOINT names a mirror, HF_TOKEN opens gated models, and without --model the embedded model needs no network".into(),
            Self::Address { .. } => "give the address of a folder (with a slash at its end) or of a model file, or those of all files with commas between them; without --model the embedded model needs no network".into(),
            Self::ByHand { how, .. } => how.clone(),
            Self::Refused { token: false, model, endpoint, .. } => format!("if the model is gated or private, accept its licence at {endpoint}/{model} and set HF_TOKEN; the hub gives the same answer for a name that does not exist"),
            Self::Refused { model, endpoint, .. } => format!("the token (HF_TOKEN, or the token file) may be wrong or lack the right to read it, or the licence at {endpoint}/{model} is not accepted yet"),
            Self::NotOnHub { .. } => "check the spelling; `tarjoman models` lists known names, ORG/NAME@REVISION names a revision".into(),
            Self::Damaged { .. } => "it was deleted; run `tarjoman models pull` again. If this repeats, a proxy or the mirror that HF_ENDPOINT names serves another file".into(),
            Self::Cache { source, .. } if source.kind() == std::io::ErrorKind::StorageFull => "the disk is full: `tarjoman models remove` frees space, and HF_HOME names another place".into(),
            Self::Cache { .. } => "check the rights of that folder; HF_HOME names another place".into(),
            Self::NotCached { .. } => "fetch it while online with `tarjoman models pull`, or leave out --model to use the embedded model".into(),
            Self::TooLong { limit, .. } => format!("give a --max-length of at most {limit}"),
            Self::DeviceName { .. } => "devices are auto, cpu, cuda, cuda:1, cuda:0,1 (each with its own copy of the model) and metal".into(),
            Self::NotBuiltFor { feature, .. } => format!("leave out --device, or build with `--features {feature}`"),
            Self::Device { .. } => "check with `nvidia-smi` that the driver sees the GPU, or use --device cpu".into(),
            Self::Compute(_) => return None,
        })
    }
}
