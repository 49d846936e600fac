//! `tarjoman translate`: one article in, aligned bilingual output out.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::aids::{self, Aids};
use super::exit::Refusal;
use super::model::ModelArguments;
use super::output::Output;
use super::progress::Sentences;
use super::search::SearchArguments;
use super::{note, show_progress, use_color};
use crate::document::writers::{self, Format, WriteOptions};
use crate::document::{SourceFormat, readers};
use crate::persian::Day;
use crate::translate;

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
