//! A loaded model that translates documents.

use std::ops::ControlFlow;

use candle_core::Device;

use super::{Error, Result};
use crate::decode::{self, SearchOptions};
use crate::document::{AlignedDocument, Article};
use crate::model::config::GenerationConfig;
use crate::model::{self, ModelFiles, Seq2Seq, Tokenizer, families};

/// Hears what happens during a translation.
pub trait Observer: Sync {
    /// A document that comes in has so many sentences to translate (long ones count once a part).
    fn planned(&self, sentences: usize);
    /// So many more of them are done.
    fn translated(&self, sentences: usize);
    /// Asked between batches: whether what is not begun is to be left. Default: no.
    fn is_cancelled(&self) -> bool {
        false
    }
}

/// An observer that does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn planned(&self, _: usize) {}
    fn translated(&self, _: usize) {}
}

/// How a document is translated.
#[derive(Debug, Clone)]
pub struct TranslateOptions {
    /// How each sentence is searched.
    pub search: SearchOptions,
    /// Source tokens of a batch, padding and beams counted in. Default 2,048.
    pub batch_tokens: usize,
    /// Batches that are decoded at the same time, each on its share of the cores. Default: one a
    /// core, which is faster than all cores on one batch; with fewer batches there are fewer.
    pub workers: usize,
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How a model is loaded.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Where it computes. Default: the CPU.
    pub device: Device,
    /// The language of the sources: an ISO 639 code, or as the model names it. Default: Persian;
    /// a model for one pair of languages needs none and takes none.
    pub from: Option<String>,
    /// The language of the translations, likewise. Default: English.
    pub to: Option<String>,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { device: Device::Cpu, from: None, to: None }
    }
}

/// A loaded model that translates documents. Nothing in it changes: many threads can share one.
pub struct Translator {
    name: String,
    pub(super) model: Box<dyn Seq2Seq>,
    pub(super) tokenizer: Tokenizer,
    search: SearchOptions,
    pub(super) prefix: String,
}

impl Translator {
    /// Loads network and tokenizer.
    ///
    /// # Errors
    /// When a file is missing, damaged or of an unknown kind, or the model does not know a
    /// language that was asked for.
    pub fn load(files: &ModelFiles, options: &LoadOptions) -> Result<Self> {
        let tokenizer = Tokenizer::load(&files.tokenizer)?;
        let from = options.from.as_deref().unwrap_or("fa");
        let to = options.to.as_deref().unwrap_or("en");
        let prefix = tokenizer.target_prefix(to);
        let tokenizer = tokenizer.with_languages(from, to)?;
        if tokenizer.languages().is_empty() {
            // Only the training of such a model says what it reads, and mostly what it writes.
            let refused =
                options.to.as_ref().filter(|_| prefix.is_none()).or(options.from.as_ref());
            if let Some(language) = refused {
                return Err(Error::Language {
                    model: files.name.clone(),
                    language: language.clone(),
                });
            }
        }
        let model = families::load(files, &options.device)?;
        let generation = GenerationConfig::load(files)?;
        let mut search = SearchOptions::of_model(&generation).map_err(|error| {
            model::Error::Config { file: files.config.name(), reason: error.to_string() }
        })?;
        // T5 models mostly name no length, for which `generate` takes 20: less than a sentence.
        let longest = generation.max_length.unwrap_or(usize::MAX);
        search.max_length = longest.min(model.max_target_tokens());
        search.forced_first = tokenizer.target_token().or(search.forced_first);
        let prefix = prefix.unwrap_or_default();
        Ok(Self { name: files.name.clone(), model, tokenizer, search, prefix })
    }

    /// Puts another network around or in place of this one, such as one that counts or, in tests,
    /// one that fails.
    #[must_use]
    pub fn map_network(mut self, wrap: impl FnOnce(Box<dyn Seq2Seq>) -> Box<dyn Seq2Seq>) -> Self {
        self.model = wrap(self.model);
        self
    }

    /// The model as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the model itself wants to be used.
    #[must_use]
    pub fn options(&self) -> TranslateOptions {
        TranslateOptions { search: self.search.clone(), batch_tokens: 2048, workers: cores() }
    }

    /// Translates an article: every sentence of it comes back exactly once, in order.
    ///
    /// # Errors
    /// When an option is out of range or the model fails.
    pub fn translate(
        &self,
        article: Article,
        options: &TranslateOptions,
        observer: &dyn Observer,
    ) -> Result<AlignedDocument> {
        let bytes = article.blocks.iter().map(|block| block.text.len()).sum();
        let prepared = self.prepare(article)?;
        // With fewer batches than workers, each has more of the cores.
        let lengths: Vec<usize> = prepared.pieces.iter().map(|piece| piece.tokens.len()).collect();
        let batches = decode::plan(&lengths, options.batch_tokens / options.search.beams.max(1));
        let workers = options.workers.clamp(1, batches.len().max(1));
        let options = TranslateOptions { workers, ..options.clone() };
        let mut translated = None;
        self.run(std::iter::once(((), bytes, Ok(prepared))), &options, observer, |(), result| {
            translated = Some(result);
            ControlFlow::Continue(())
        })?;
        translated.unwrap_or(Err(Error::Lost))
    }
}
