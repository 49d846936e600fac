//! `tarjoman score`: translations against references, in numbers, sentence by sentence, and as a page
//! that shows systems side by side.

mod measures;
mod page;
mod sides;

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context as _;
use askama::Template;
use clap::ValueEnum;
use serde::Serialize;

use self::measures::Measure;
use self::page::Page;
use self::sides::Side;
use super::exit::Refusal;
use super::output::Output;
use crate::model::ModelSource;
use crate::quality::metrics::{
    Bleu, Chrf, Comparison, Interval, Metric, Ter, Tokenizer, compare_by, interval_by,
};

/// What may be typed after `score`.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools)] // flags, each on its own
pub(super) struct Arguments {
    /// Translations, a sentence a line, or a .jsonl, .tsv, .tmx or .xlf that `translate` wrote; the
    /// first is the baseline
    #[arg(required = true)]
    systems: Vec<PathBuf>,

    /// References, a sentence a line; give it again for more than one a sentence
    #[arg(short, long = "reference", value_name = "FILE", required_unless_present = "comets")]
    references: Vec<PathBuf>,

    /// Sources, a sentence a line, for --comet and the page [default: those that stand in the file
    /// of the first system]
    #[arg(short, long, value_name = "FILE")]
    source: Option<PathBuf>,

    /// Which metrics; without references none
    #[arg(short, long = "metric", value_enum, value_delimiter = ',', default_value = "bleu,chrf")]
    metrics: Vec<Kind>,

    /// Score with a COMET model, too: a folder, or a repository such as Unbabel/wmt22-comet-da;
    /// may be repeated
    #[arg(long = "comet", value_name = "MODEL")]
    comets: Vec<ModelSource>,

    /// How BLEU cuts lines into words
    #[arg(long, value_enum, default_value = "13a")]
    tokenize: Words,

    /// Ignore case
    #[arg(long)]
    lowercase: bool,

    /// Intervals, and a paired test against the baseline, from N resamples
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "1000")]
    bootstrap: Option<usize>,

    /// A table of the scores of every sentence instead, tab-separated
    #[arg(long, conflicts_with = "json")]
    sentences: bool,

    /// JSON instead of text
    #[arg(long)]
    json: bool,

    /// Also write a page: sentences side by side, what differs from the reference marked
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Bleu,
    Chrf,
    #[value(name = "chrf++")]
    ChrfPlusPlus,
    Ter,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Words {
    #[value(name = "13a")]
    V13a,
    Intl,
    Zh,
    Char,
    None,
}

impl Arguments {
    fn metrics(&self) -> Vec<Metric> {
        let tokenizer = match self.tokenize {
            Words::V13a => Tokenizer::V13a,
            Words::Intl => Tokenizer::International,
            Words::Zh => Tokenizer::Chinese,
            Words::Char => Tokenizer::Character,
            Words::None => Tokenizer::None,
        };
        let lowercase = self.lowercase;
        self.metrics
            .iter()
            .map(|kind| match kind {
                Kind::Bleu => Metric::Bleu(Bleu { tokenizer, lowercase, ..Bleu::default() }),
                Kind::Chrf => Metric::Chrf(Chrf { lowercase, ..Chrf::default() }),
                Kind::ChrfPlusPlus => Metric::Chrf(Chrf { lowercase, ..Chrf::plus_plus() }),
                Kind::Ter => Metric::Ter(Ter::default()),
            })
            .collect()
    }
}

/// Scores systems.
///
/// # Errors
/// When a file can't be read, or has not as many lines as the others.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let read = |paths: &[PathBuf]| -> anyhow::Result<Vec<Side>> {
        paths.iter().map(|path| Side::read(path)).collect()
    };
    let references = read(&arguments.references)?;
    let mut systems = read(&arguments.systems)?;
    let sources = arguments.source.as_deref().map(Side::read_sources).transpose()?;
    let first = references.first().unwrap_or(&systems[0]);
    let (name, count) = (first.name.clone(), first.sentences.len());
    for other in references.iter().chain(&systems).chain(&sources) {
        if other.sentences.len() != count {
            return Err(Refusal::Usage(format!(
                "{} has {} lines, {name} has {count}: they must be the same sentences",
                other.name,
                other.sentences.len(),
            ))
            .into());
        }
    }
    let page = arguments.html.as_deref().map(|path| Output::open(Some(path))).transpose()?;
    let sources = sources.map(|side| side.sentences).or_else(|| systems[0].sources.clone());
    if let (Some(sources), true) = (&sources, page.is_some()) {
        for system in &mut systems {
            system.check(sources);
        }
    }
    let by_sentence: Vec<Vec<&str>> = (0..count)
        .map(|at| references.iter().map(|reference| reference.sentences[at].as_str()).collect())
        .collect();
    let singly = arguments.sentences || page.is_some();
    let mut measures: Vec<Measure> = Vec::new();
    for metric in arguments.metrics().into_iter().filter(|_| !references.is_empty()) {
        measures.push(Measure::of_strings(metric, &systems, &by_sentence, singly));
    }
    for model in &arguments.comets {
        let sources = sources.as_deref();
        let quiet = arguments.quiet;
        measures.push(Measure::of_comet(model, &systems, &by_sentence, sources, quiet)?);
    }
    let reports = reports(arguments, &measures, &systems);
    if let (Some(output), Some(path)) = (&page, &arguments.html) {
        let page = Page::new(&reports, &systems, sources.as_deref(), &by_sentence, &measures);
        output
            .write(|out| page.write_into(out))
            .with_context(|| format!("could not write {}", path.display()))?;
    }
    Output::Stdout.write(|out| {
        if arguments.json {
            serde_json::to_writer_pretty(&mut *out, &reports).map_err(io::Error::from)?;
            writeln!(out)
        } else if arguments.sentences {
            sentences(&measures, &systems, out)
        } else {
            print(&reports, systems.len() > 1, out)
        }
    })?;
    Ok(())
}

/// A metric of a system.
#[derive(Debug, Serialize)]
struct Report {
    system: String,
    metric: String,
    score: f64,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    signature: String,
    /// Digits after the point that are printed.
    #[serde(skip)]
    digits: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    half_width: Option<f64>,
    /// Against the first system.
    #[serde(skip_serializing_if = "Option::is_none")]
    p_value: Option<f64>,
}

impl Report {
    /// A number with as many digits as this kind of score has.
    fn number(&self, number: f64) -> String {
        format!("{number:.*}", self.digits)
    }

    /// The score, with its interval and how it compares where that is known.
    fn told(&self) -> String {
        let half = self.half_width.map(|half| format!(" ± {}", self.number(half)));
        let p_value = self.p_value.map(|p| format!(" (p = {p:.4})"));
        let score = self.number(self.score);
        format!("{score}{}{}", half.unwrap_or_default(), p_value.unwrap_or_default())
    }
}

fn reports(arguments: &Arguments, measures: &[Measure], systems: &[Side]) -> Vec<Report> {
    let mut out = Vec::new();
    for measure in measures {
        let value = |sum: &[f64]| (measure.score)(sum).value;
        for (number, system) in systems.iter().enumerate() {
            let (statistics, baseline) = (&measure.statistics[number], &measure.statistics[0]);
            let score = measure.of_system(number);
            let mut signature = measure.signature.clone();
            let (mut spread, mut p_value) = (None::<Interval>, None);
            if let Some(samples) = arguments.bootstrap {
                // Where sacrebleu puts them.
                let at = signature.find('|').unwrap_or(0);
                signature.insert_str(at, &format!("|bs:{samples}|seed:12345"));
                if number > 0 {
                    let found: Comparison = compare_by(&value, baseline, statistics, samples);
                    (spread, p_value) = (Some(found.interval), Some(found.p_value));
                } else {
                    spread = Some(interval_by(&value, statistics, samples));
                }
            }
            out.push(Report {
                system: system.name.clone(),
                metric: measure.name.clone(),
                score: score.value,
                detail: score.detail,
                signature,
                digits: measure.digits,
                mean: spread.map(|spread| spread.mean),
                half_width: spread.map(|spread| spread.half_width),
                p_value,
            });
        }
    }
    out
}

fn print(reports: &[Report], named: bool, out: &mut dyn Write) -> io::Result<()> {
    for report in reports {
        if named {
            write!(out, "{}: ", report.system)?;
        }
        let score = report.number(report.score);
        write!(out, "{}|{} = {score}", report.metric, report.signature)?;
        if let (Some(mean), Some(half)) = (report.mean, report.half_width) {
            write!(out, " (μ = {} ± {})", report.number(mean), report.number(half))?;
        }
        if let Some(p) = report.p_value {
            write!(out, " (p = {p:.4})")?;
        }
        if !report.detail.is_empty() {
            write!(out, " {}", report.detail)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// `sentence system metric... translation`, a sentence of a system a line.
fn sentences(measures: &[Measure], systems: &[Side], out: &mut dyn Write) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().delimiter(b'\t').from_writer(out);
    let names = measures.iter().map(|measure| measure.name.clone());
    let header = ["sentence", "system"].map(str::to_owned).into_iter().chain(names);
    table.write_record(header.chain(["translation".to_owned()]))?;
    for at in 0..systems.first().map_or(0, |system| system.sentences.len()) {
        for (number, system) in systems.iter().enumerate() {
            let scores = measures
                .iter()
                .map(|measure| format!("{:.*}", measure.digits, measure.sentences[number][at]));
            let row = [(at + 1).to_string(), system.name.clone()].into_iter().chain(scores);
            table.write_record(row.chain([system.sentences[at].clone()]))?;
        }
    }
    table.flush()
}
