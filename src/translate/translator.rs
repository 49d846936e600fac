//! A loaded model that translates documents.

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use candle_core::Device;

use super::engine::{Prepared, Share};
use super::frame::Frame;
use super::glossary::Glossary;
use super::memory::Memory;
use super::pieces::{Piece, cut};
use super::queue::{Job, Order};
use super::segment::sentences;
use super::vocabulary::TargetVocabulary;
use super::{Error, Result};
use crate::decode::{self, Hypothesis, SearchOptions};
use crate::document::{AlignedDocument, Article, Document};
use crate::model::config::GenerationConfig;
use crate::model::families::NetworkOptions;
use crate::model::prompt::Pair;
use crate::model::{
    self, ComputeType, ModelFiles, Prompt, Seq2Seq, Tokenizer, catalogue, families,
};
use crate::quality::checks::Checks;

/// Hears what happens during a translation.
pub trait Observer: Sync {
    /// A document that comes in has so many sentences to translate (long ones count once a part).
    fn planned(&self, sentences: usize);
    /// So many more of them are done.
    fn translated(&self, sentences: usize);
    /// The device had no memory for a batch: from here on no more than so many tokens, padding and
    /// beams counted in, are decoded together.
    fn short_of_memory(&self, _tokens: usize) {}
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
    /// Source tokens of a batch, padding and beams counted in. Default 2,048; on a GPU 16,384.
    pub batch_tokens: usize,
    /// Batches that are decoded at the same time, each on its share of the cores. Default: one a
    /// core, which is faster than all cores on one batch; with fewer batches there are fewer. On
    /// GPUs: one each.
    pub workers: usize,
    /// For a language model: how many sentences before the present one it is shown, of the same
    /// paragraph and with their translations. Default: what the prompt says.
    pub context: usize,
    /// What is said about the translations. Default: nothing.
    pub checks: Option<Checks>,
    /// Whether sentences in hard doubt, as `checks` find them, are searched a second time in other
    /// ways; what is kept, and why, is told on the sentence. Not with `context`. Default: no.
    pub second_try: bool,
    /// Whether sentences in another script than Persian's (English, addresses, code) are passed
    /// through. Default: where the model reads Persian.
    pub only_persian: bool,
    /// Whether half-spaces that a text has lost are put back before the model reads it. Default: yes.
    pub half_spaces: bool,
    /// Terms whose English is given. Default: none.
    pub glossary: Option<Arc<Glossary>>,
    /// Sentences that have a translation already: they are not translated again. Default: none.
    pub memory: Option<Arc<Memory>>,
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// How a model is loaded.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Where it computes: one worker, with its own copy of the model, for each GPU; all workers
    /// share one on the CPU. Default, also where empty: the CPU.
    pub devices: Vec<Device>,
    /// The language of the sources: an ISO 639 code, or as the model names it. Default: Persian;
    /// a model for one pair of languages needs none and takes none.
    pub from: Option<String>,
    /// The language of the translations, likewise. Default: English.
    pub to: Option<String>,
    /// In what precision it computes. Default: the fastest that keeps the quality.
    pub compute_type: ComputeType,
    /// What a language model is told. Default: what it was trained to be told.
    pub prompt: Option<Prompt>,
    /// The target tokens that are computed and scored. Default: all.
    pub vocabulary: TargetVocabulary,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            devices: vec![Device::Cpu],
            from: None,
            to: None,
            compute_type: ComputeType::default(),
            prompt: None,
            vocabulary: TargetVocabulary::default(),
        }
    }
}

/// A loaded model that translates documents. Nothing in it changes: many threads can share one.
pub struct Translator {
    name: String,
    pub(super) model: Box<dyn Seq2Seq>,
    /// Copies of it on other devices.
    copies: Vec<Box<dyn Seq2Seq>>,
    pub(super) tokenizer: Tokenizer,
    search: SearchOptions,
    pub(super) frame: Frame,
    pub(super) reads_persian: bool,
    /// What the model is, see [`crate::document::Provenance::revision`].
    pub(super) revision: String,
    pub(super) compute_type: ComputeType,
    /// Whether the network computes only some target tokens.
    pub(super) computes_some: bool,
    /// Tokens that go on with a word; made when a glossary first asks for them.
    pub(super) continues: OnceLock<Vec<bool>>,
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
        let prompt = match (Prompt::of(files)?, &options.prompt) {
            (None, Some(_)) => {
                return Err(Error::NoPrompt { model: files.name.clone(), option: "prompt" });
            }
            (Some(_), Some(own)) => Some(own.clone()),
            (own, None) => own,
        };
        if prompt.is_none() && tokenizer.languages().is_empty() {
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
        let outputs = options.vocabulary.tokens(&tokenizer, to)?;
        let load = |device: &Device| {
            let compute_type = options.compute_type;
            let network = NetworkOptions {
                device: device.clone(),
                compute_type,
                outputs: outputs.clone(),
                ..NetworkOptions::default()
            };
            families::load_with(files, &network)
        };
        let model = load(options.devices.first().unwrap_or(&Device::Cpu))?;
        let copies = options.devices.iter().skip(1).map(load).collect::<model::Result<Vec<_>>>()?;
        let generation = GenerationConfig::load(files)?;
        let mut search = SearchOptions::of_model(&generation).map_err(|error| {
            model::Error::Config { file: files.config.name(), reason: error.to_string() }
        })?;
        // T5 models mostly name no length, for which `generate` takes 20: less than a sentence.
        let longest = generation.max_length.unwrap_or(usize::MAX);
        search.max_length = longest.min(model.max_target_tokens());
        search.forced_first = tokenizer.target_token().or(search.forced_first);
        search = search.aligned_by(model.as_ref());
        let frame = match prompt {
            Some(prompt) => {
                search.end.extend(prompt.stop.iter().filter_map(|token| tokenizer.id(token)));
                search.end.sort_unstable();
                search.end.dedup();
                Frame::Prompt { prompt: Box::new(prompt), languages: Pair::new(from, to)? }
            }
            None => Frame::Prefix(prefix.unwrap_or_default()),
        };
        let reads_persian = ["fa", "pes", "prs", "fas"].iter().any(|code| from.starts_with(code));
        Ok(Self {
            name: files.name.clone(),
            model,
            copies,
            tokenizer,
            search,
            frame,
            reads_persian,
            revision: files.revision()?,
            compute_type: options.compute_type,
            computes_some: outputs.is_some(),
            continues: OnceLock::new(),
        })
    }

    /// Puts another network around or in place of this one, such as one that counts or, in tests,
    /// one that fails. Copies on other devices are dropped.
    #[must_use]
    pub fn map_network(mut self, wrap: impl FnOnce(Box<dyn Seq2Seq>) -> Box<dyn Seq2Seq>) -> Self {
        self.model = wrap(self.model);
        self.copies.clear();
        self
    }

    /// The network of a worker, by its number: workers on the CPU share one.
    #[must_use]
    pub fn network(&self, worker: usize) -> &dyn Seq2Seq {
        match worker % (1 + self.copies.len()) {
            0 => self.model.as_ref(),
            copy => self.copies[copy - 1].as_ref(),
        }
    }

    /// The model as the user named it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The licence of the model, and whether it forbids commercial use. Of a model that the catalogue
    /// doesn't have, only its card knows.
    #[must_use]
    pub fn licence(&self) -> Option<String> {
        let repo = self.name.split('@').next().unwrap_or(&self.name);
        catalogue::find(repo).map(catalogue::Entry::terms)
    }

    /// How the model itself wants to be used.
    #[must_use]
    pub fn options(&self) -> TranslateOptions {
        let context = match &self.frame {
            Frame::Prompt { prompt, .. } => prompt.context,
            Frame::Prefix(_) => 0,
        };
        let on_cpu = self.model.device().is_cpu();
        TranslateOptions {
            search: self.search.clone(),
            // A GPU is full with far more rows than a core, and with one worker.
            batch_tokens: if on_cpu { 2048 } else { 16_384 },
            workers: if on_cpu { cores() } else { 1 + self.copies.len() },
            context,
            checks: None,
            second_try: false,
            only_persian: self.reads_persian,
            half_spaces: true,
            glossary: None,
            memory: None,
        }
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
        let document = sentences(article, options.half_spaces);
        let pieces = self.pieces(&document, options)?;
        observer.planned(pieces.len());
        let silenced = Planned(observer);
        let (job, hypotheses) = match options.context {
            0 => self.decode(pieces, options, &silenced)?,
            _ if !self.frame.asks() => {
                return Err(Error::NoPrompt { model: self.name.clone(), option: "context" });
            }
            _ => {
                let found = self.decode_in_turn(&document, &pieces, options, &silenced)?;
                (Job::new(pieces), found)
            }
        };
        self.aligned(document, &job, &hypotheses, options)
    }

    /// What the network reads of an article: tokens of every sentence, or of its parts.
    ///
    /// # Errors
    /// When a word is too long for the model.
    pub fn sources(&self, article: Article, options: &TranslateOptions) -> Result<Vec<Vec<u32>>> {
        let pieces = self.pieces(&sentences(article, options.half_spaces), options)?;
        Ok(pieces.into_iter().map(|piece| piece.tokens).collect())
    }

    /// Cuts a document for the model.
    pub(super) fn pieces(
        &self,
        document: &Document,
        options: &TranslateOptions,
    ) -> Result<Vec<Piece>> {
        cut(document, &self.tokenizer, &self.frame, self.model.max_source_tokens(), options)
    }

    /// Puts a document and the candidates of its pieces together.
    pub(super) fn aligned(
        &self,
        document: Document,
        job: &Job,
        hypotheses: &[Vec<Hypothesis>],
        options: &TranslateOptions,
    ) -> Result<AlignedDocument> {
        let mut collected = self.collect(document, job, hypotheses, options)?;
        if let Some(checks) = &options.checks {
            checks.review(&mut collected);
        }
        let provenance = self.provenance(options);
        Ok(AlignedDocument { licence: self.licence(), provenance, ..collected })
    }

    /// Decodes pieces in batches; returns them with the candidates of each, in the order of `pieces`.
    pub(super) fn decode(
        &self,
        pieces: Vec<Piece>,
        options: &TranslateOptions,
        observer: &dyn Observer,
    ) -> Result<(Arc<Job>, Vec<Vec<Hypothesis>>)> {
        // With fewer batches than workers, each has more of the cores.
        let lengths: Vec<usize> = pieces.iter().map(|piece| piece.tokens.len()).collect();
        let batches = decode::plan(&lengths, options.batch_tokens / options.search.beams.max(1));
        let workers = options.workers.clamp(1, batches.len().max(1));
        let options = TranslateOptions { workers, ..options.clone() };
        let mut decoded = None;
        let job = Ok(Job::new(pieces));
        let all = std::iter::once(Prepared { tag: (), bytes: 0, job, share: Share::default() });
        self.run(all, Order::Came, &options, observer, |(), result| {
            decoded = Some(result);
            ControlFlow::Continue(())
        })?;
        decoded.unwrap_or(Err(Error::Lost))
    }
}

/// An observer that knows already what is planned.
struct Planned<'a>(&'a dyn Observer);

impl Observer for Planned<'_> {
    fn planned(&self, _: usize) {}

    fn translated(&self, sentences: usize) {
        self.0.translated(sentences);
    }

    fn short_of_memory(&self, tokens: usize) {
        self.0.short_of_memory(tokens);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}
