//! What may be typed about the model, and its loading: the same for all commands that need one.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::config::default_model;
use super::progress::Download;
use super::{note, show_progress};
use crate::model::{ComputeType, DeviceName, Error, ModelFiles, ModelSource, Prompt};
use crate::translate::{LoadOptions, TargetVocabulary, Translator};

/// Which model, and how it is used.
#[derive(Debug, clap::Args)]
pub(super) struct ModelArguments {
    /// A model: a folder, ORG/NAME[@REVISION], a name that `tarjoman models` lists, or the address
    /// of a folder or of files
    /// [default: the one chosen with `models use`, or else the embedded one]
    #[arg(short, long, value_name = "MODEL", env = "TARJOMAN_MODEL")]
    model: Option<ModelSource>,

    /// Language of the article, for multilingual models: an ISO 639 code [default: fa]
    #[arg(long, value_name = "LANG")]
    from: Option<String>,

    /// Language of the translation, likewise; also for models with a language prefix [default: en]
    #[arg(long, value_name = "LANG")]
    to: Option<String>,

    /// What a language model is told: a file with `{text}` in it, and where wanted
    /// `{source_language}`, `{target_language}` and `{context}`; or one of milmmt, plain,
    /// translategemma, gemma, chatml, qwen3 [default: what the model was trained with]
    #[arg(long, value_name = "FILE")]
    prompt: Option<PathBuf>,

    /// Earlier sentences of the paragraph that a language model is shown
    /// [default: what the prompt says]
    #[arg(long, value_name = "N")]
    context: Option<usize>,

    /// Compute and score all tokens. Without it, a model with a vocabulary of many scripts that
    /// translates into English computes only tokens that can stand in English: faster; scores, and
    /// now and then a translation, are a little other ones
    #[arg(long)]
    full_vocabulary: bool,

    /// In what precision the model computes
    #[arg(long, visible_alias = "dtype", value_enum, value_name = "TYPE", default_value_t)]
    compute_type: ComputeType,

    /// Where the model computes: auto, cpu, cuda, cuda:1, cuda:0,1 (a copy of the model each) or
    /// metal [default: a GPU if this build can use one, or else the CPU]
    #[arg(long, value_name = "DEVICE", env = "TARJOMAN_DEVICE")]
    device: Option<DeviceName>,
}

impl ValueEnum for ComputeType {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Auto, Self::F32, Self::Bf16, Self::F16, Self::Int8]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Auto => ("auto", "The fastest that keeps the quality of the model"),
            Self::F32 => ("f32", "32-bit floats: the results of the reference, to the token"),
            Self::Bf16 => {
                ("bf16", "16 bits, with the range of 32: half the memory, slow on most CPUs")
            }
            Self::F16 => ("f16", "16 bits, with a small range"),
            Self::Int8 => ("int8", "8-bit weights and products"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl ModelArguments {
    /// Earlier sentences that a language model is shown, where that was typed.
    pub fn context(&self) -> Option<usize> {
        self.context
    }

    /// The languages as they were typed, of articles and of translations.
    #[cfg(feature = "serve")]
    pub fn languages(&self) -> (Option<&str>, Option<&str>) {
        (self.from.as_deref(), self.to.as_deref())
    }

    /// Finds the model, fetches it where that is needed, and loads it.
    ///
    /// # Errors
    /// Whatever the model's room reports.
    pub fn load(&self, quiet: bool) -> anyhow::Result<Translator> {
        self.load_files(quiet, self.vocabulary()).map(|(translator, _)| translator)
    }

    /// As [`ModelArguments::load`], with all target tokens, whatever the arguments say: for targets
    /// that are given.
    ///
    /// # Errors
    /// Likewise.
    pub fn load_whole(&self, quiet: bool) -> anyhow::Result<Translator> {
        self.load_files(quiet, TargetVocabulary::Full).map(|(translator, _)| translator)
    }

    /// As [`ModelArguments::load`], with a name for all that translations depend on: what is in
    /// the model's files, the languages, the prompt, and the precision.
    ///
    /// # Errors
    /// Likewise.
    pub fn load_known(&self, quiet: bool) -> anyhow::Result<(Translator, String)> {
        let (translator, files) = self.load_files(quiet, self.vocabulary())?;
        let prompt = self.prompt.as_deref().map(prompt).transpose()?;
        let told = (&self.from, &self.to, &prompt, self.compute_type);
        let vocabulary = if self.full_vocabulary { " full" } else { "" };
        Ok((translator, format!("{} {told:?}{vocabulary}", files.fingerprint()?)))
    }

    fn vocabulary(&self) -> TargetVocabulary {
        if self.full_vocabulary { TargetVocabulary::Full } else { TargetVocabulary::Auto }
    }

    fn load_files(
        &self,
        quiet: bool,
        vocabulary: TargetVocabulary,
    ) -> anyhow::Result<(Translator, ModelFiles)> {
        let source = match &self.model {
            Some(source) => source.clone(),
            None => default_model()?,
        };
        if self.model.is_none() && source == ModelSource::Embedded {
            note(
                quiet,
                "the embedded model is small and often wrong; a better one is a `tarjoman models use NAME` away",
            );
        }
        let mut progress = Download::new(show_progress(quiet), quiet);
        let files = source.resolve(&mut progress)?;
        let options = LoadOptions {
            from: self.from.clone(),
            to: self.to.clone(),
            prompt: self.prompt.as_deref().map(prompt).transpose()?,
            compute_type: self.compute_type,
            devices: self
                .device
                .clone()
                .unwrap_or_default()
                .open(&mut |warning| note(quiet, warning))?,
            vocabulary,
        };
        let translator = Translator::load(&files, &options)
            .with_context(|| format!("could not load model {source}"))?;
        Ok((translator, files))
    }
}

/// A prompt of this name, or in this file.
fn prompt(name: &Path) -> anyhow::Result<Prompt> {
    if let Some(known) = name.to_str().and_then(Prompt::named) {
        return Ok(known.clone());
    }
    let text = std::fs::read_to_string(name)
        .map_err(|source| Error::Read { path: name.to_path_buf(), source })?;
    Ok(Prompt::new(&name.display().to_string(), &text)?)
}
