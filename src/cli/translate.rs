//! `tarjoman translate`: one article in, aligned bilingual output out.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::aids::{self, Aids};
use super::check::CheckArguments;
use super::config::default_model;
use super::exit::Refusal;
use super::output::Output;
use super::progress::{Download, Sentences};
use super::{note, show_progress, use_color};
use crate::document::writers::{self, Format, WriteOptions};
use crate::document::{SourceFormat, readers};
use crate::model::config::EarlyStopping;
use crate::model::{ComputeType, DeviceName, Error, ModelFiles, ModelSource, Prompt};
use crate::persian::Day;
use crate::translate::{self, LoadOptions, TargetVocabulary, TranslateOptions, Translator};

/// What may be typed after `translate`. What is absent is as the model wants it.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The article: text, Markdown, HTML, Word, ninjs, JSON lines, NITF, NewsML-G2 or SRT; - for
    /// standard input
    input: PathBuf,

    /// Where the result goes; its ending chooses the format: .html .docx .tsv .jsonl .tmx .xlf
    /// .md .txt; .srt .json .xml are the article itself in English
    /// [default: both languages on standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The format, whatever the output is called
    #[arg(short, long, value_enum)]
    format: Option<Format>,

    /// The format of the article, whatever it is called
    #[arg(long, value_enum, value_name = "FORMAT")]
    input_format: Option<SourceFormat>,

    #[command(flatten)]
    model: ModelArguments,

    #[command(flatten)]
    aids: Aids,

    /// Candidates to write for each sentence (terminal, HTML and JSON lines)
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    candidates: usize,

    /// Put the Gregorian date of every Iranian or Afghan date beside the translation
    #[arg(long)]
    dates: bool,

    /// The date of the article, YEAR-MONTH-DAY, for dates without a year [default: the day the
    /// file was last changed, or today]
    #[arg(long, value_name = "DATE", value_parser = date)]
    date: Option<Day>,

    /// Exit with 1 when there is a doubt; the result is written all the same
    #[arg(long)]
    fail_on_doubt: bool,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten, next_help_heading = "Search")]
    search: SearchArguments,
}

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

/// How sentences are searched.
#[derive(Debug, clap::Args)]
pub(super) struct SearchArguments {
    /// Beams; 1 is greedy search
    #[arg(short, long, value_name = "N")]
    beams: Option<usize>,

    /// Exponent of the length by which scores are divided; higher favours longer translations
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    length_penalty: Option<f32>,

    /// When beam search stops
    #[arg(long, value_enum, value_name = "WHEN")]
    early_stopping: Option<EarlyStopping>,

    /// Longest translation of a sentence, in tokens
    #[arg(long, value_name = "TOKENS")]
    max_length: Option<usize>,

    /// No sequence of N tokens occurs twice in a sentence; 0 is off
    #[arg(long, value_name = "N")]
    no_repeat_ngram: Option<usize>,

    /// Above 1: makes tokens that are there already less likely
    #[arg(long, value_name = "X")]
    repetition_penalty: Option<f32>,

    /// Leave out half-spaces that the text has lost
    #[arg(long)]
    no_half_space_restoration: bool,

    /// Source tokens that are translated together
    #[arg(long, value_name = "TOKENS")]
    batch_tokens: Option<usize>,

    #[command(flatten, next_help_heading = "Checks")]
    checks: CheckArguments,
}

impl ValueEnum for Format {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Terminal,
            Self::Html,
            Self::Docx,
            Self::Tsv,
            Self::Jsonl,
            Self::Tmx,
            Self::Xliff,
            Self::Markdown,
            Self::Text,
            Self::Document,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Terminal => ("terminal", "Both languages, for reading in a terminal"),
            Self::Html => ("html", "A page to review the translation in"),
            Self::Docx => ("docx", "Word with a table, a sentence a row"),
            Self::Tmx => ("tmx", "TMX 1.4, for translation memories"),
            Self::Xliff => ("xliff", "XLIFF 2.0, for translation tools"),
            Self::Document => ("document", "The article in English, in the format that it came in"),
            Self::Tsv => ("tsv", "A sentence a record, for spreadsheets"),
            Self::Jsonl => ("jsonl", "A JSON object a sentence, for programs"),
            Self::Markdown => ("markdown", "Markdown with a table a paragraph"),
            Self::Text => ("text", "English only"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl ValueEnum for SourceFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self::Text,
            Self::Markdown,
            Self::Html,
            Self::Docx,
            Self::Jsonl,
            Self::Ninjs,
            Self::NewsXml,
            Self::Srt,
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Text => ("text", "Plain text"),
            Self::Markdown => ("markdown", "Markdown"),
            Self::Html => ("html", "A web page: its main article"),
            Self::Docx => ("docx", "A Word document"),
            Self::Jsonl => ("jsonl", "JSON, a record a line"),
            Self::Ninjs => ("ninjs", "News in JSON"),
            Self::NewsXml => ("newsml", "NITF or NewsML-G2"),
            Self::Srt => ("srt", "Subtitles"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl ValueEnum for EarlyStopping {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Always, Self::Heuristic, Self::Never]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Always => ("true", "As soon as there are as many candidates as beams"),
            Self::Heuristic => ("false", "When the best beam can't win at its present length"),
            Self::Never => ("never", "When the best beam can't win at any length"),
        };
        Some(PossibleValue::new(name).help(help))
    }
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

impl SearchArguments {
    /// What was typed, over what the model wants.
    ///
    /// # Errors
    /// When a value is out of range.
    pub fn options(
        &self,
        translator: &Translator,
        model: &ModelArguments,
        candidates: usize,
    ) -> anyhow::Result<TranslateOptions> {
        let mut options = translator.options();
        options.context = model.context.unwrap_or(options.context);
        let search = &mut options.search;
        search.candidates = candidates;
        search.beams = self.beams.unwrap_or(search.beams.max(candidates));
        search.length_penalty = self.length_penalty.unwrap_or(search.length_penalty);
        search.early_stopping = self.early_stopping.unwrap_or(search.early_stopping);
        search.max_length = self.max_length.unwrap_or(search.max_length);
        search.no_repeat_ngram_size = self.no_repeat_ngram.unwrap_or(search.no_repeat_ngram_size);
        search.repetition_penalty = self.repetition_penalty.unwrap_or(search.repetition_penalty);
        options.batch_tokens = self.batch_tokens.unwrap_or(options.batch_tokens);
        options.half_spaces = !self.no_half_space_restoration;
        self.checks.add_to(&mut options);
        options.search.check()?;
        Ok(options)
    }
}

/// Translates one article.
///
/// # Errors
/// Whatever the rooms below report.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = format(arguments.format, arguments.output.as_deref())?;
    let article = readers::open_as(&arguments.input, arguments.input_format)?;
    writers::check(&article, format)?;
    if !article.meta.kept.is_empty() {
        note(arguments.quiet, &format!("not translated: {}", article.meta.kept.join(", ")));
    }
    let output = Output::open(arguments.output.as_deref())?;
    if output.is(&arguments.input) {
        let input = arguments.input.display();
        return Err(Refusal::Usage(format!("the output would replace the article {input}")).into());
    }
    let translator = arguments.model.load(arguments.quiet)?;
    let mut options =
        arguments.search.options(&translator, &arguments.model, arguments.candidates)?;
    arguments.aids.add_to(&mut options, arguments.quiet)?;

    let bar = Sentences::new(show_progress(arguments.quiet));
    let translated = translator.translate(article, &options, &bar);
    bar.finish();
    let mut document =
        translated.with_context(|| format!("could not translate {}", arguments.input.display()))?;
    aids::summarize(&document, &options, arguments.quiet);

    if arguments.dates {
        translate::add_dates(&mut document, reference(arguments));
    }

    let color = matches!(output, Output::Stdout) && use_color(&std::io::stdout());
    let options =
        WriteOptions { color, candidates: arguments.candidates > 1, ..WriteOptions::default() };
    output.write(|out| writers::write(&document, format, &options, out))?;
    if matches!(format, Format::Terminal | Format::Text | Format::Document) {
        // The other formats have a place for it.
        let licence = document.licence.as_deref().unwrap_or("its licence is on its card");
        note(arguments.quiet, &format!("translated by {} ({licence})", document.model));
    }
    let doubtful = document.units.iter().filter(|unit| unit.is_doubtful()).count();
    if arguments.fail_on_doubt && doubtful > 0 {
        let all = document.units.len();
        return Err(Refusal::Doubts(format!("{doubtful} of {all} sentences have doubts")).into());
    }
    Ok(())
}

fn date(text: &str) -> Result<Day, String> {
    Day::parse(text).ok_or_else(|| "not a day of the Gregorian calendar such as 2025-10-21".into())
}

/// The date of the article: as typed, or else of the file, or else today.
fn reference(arguments: &Arguments) -> Day {
    if let Some(date) = arguments.date {
        return date;
    }
    let changed = std::fs::metadata(&arguments.input).and_then(|metadata| metadata.modified());
    let (time, why) = match changed {
        Ok(time) => (time, "when the file was last changed"),
        Err(_) => (SystemTime::now(), "today"),
    };
    let day = Day::of(time);
    note(
        arguments.quiet,
        &format!(
            "dates without a year are taken to be close to {day}, {why}; --date says otherwise"
        ),
    );
    day
}

/// The format that was asked for, by name or by the ending of the output.
///
/// # Errors
/// When the ending is of no format.
pub(super) fn format(format: Option<Format>, output: Option<&Path>) -> anyhow::Result<Format> {
    match (format, output) {
        (Some(format), _) => Ok(format),
        (None, Some(path)) if path.as_os_str() != "-" => Ok(Format::from_path(path)?),
        (None, _) => Ok(Format::Terminal),
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

impl ModelArguments {
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
