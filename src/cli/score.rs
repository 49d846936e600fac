//! `tarjoman score`: translations against references, in numbers, sentence by sentence, and as a page
//! that shows systems side by side.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use askama::Template;
use clap::ValueEnum;
use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use super::exit::Refusal;
use super::output::Output;
use crate::document::Error;
use crate::quality::metrics::{
    Bleu, Chrf, Comparison, Interval, Metric, Ter, Tokenizer, compare, interval, total,
};

/// What may be typed after `score`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Translations, a sentence a line, or a .jsonl or .tsv that `translate` wrote; the first is
    /// the baseline
    #[arg(required = true)]
    systems: Vec<PathBuf>,

    /// References, a sentence a line; give it again for more than one a sentence
    #[arg(short, long = "reference", value_name = "FILE", required = true)]
    references: Vec<PathBuf>,

    /// Which metrics
    #[arg(short, long = "metric", value_enum, value_delimiter = ',', default_value = "bleu,chrf")]
    metrics: Vec<Kind>,

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

/// A system, or the references: its lines and the doubts beside them.
struct Side {
    name: String,
    sentences: Vec<String>,
    doubts: Vec<Vec<String>>,
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
    let references: Vec<Side> =
        arguments.references.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?;
    let systems: Vec<Side> =
        arguments.systems.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?;
    let count = references[0].sentences.len();
    for other in references.iter().chain(&systems) {
        if other.sentences.len() != count {
            return Err(Refusal::Usage(format!(
                "{} has {} lines, {} has {count}: they must be the same sentences",
                other.name,
                other.sentences.len(),
                references[0].name
            ))
            .into());
        }
    }
    let page = arguments.html.as_deref().map(|path| Output::open(Some(path))).transpose()?;
    let by_sentence: Vec<Vec<&str>> = (0..count)
        .map(|at| references.iter().map(|reference| reference.sentences[at].as_str()).collect())
        .collect();
    let metrics = arguments.metrics();
    let reports = reports(arguments, &metrics, &systems, &by_sentence);
    if let (Some(output), Some(path)) = (&page, &arguments.html) {
        let page = Page::new(&reports, &systems, &by_sentence, &metrics);
        output
            .write(|out| page.write_into(out))
            .with_context(|| format!("could not write {}", path.display()))?;
    }
    Output::Stdout.write(|out| {
        if arguments.json {
            serde_json::to_writer_pretty(&mut *out, &reports).map_err(io::Error::from)?;
            writeln!(out)
        } else if arguments.sentences {
            sentences(&metrics, &systems, &by_sentence, out)
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
    #[serde(skip_serializing_if = "Option::is_none")]
    mean: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    half_width: Option<f64>,
    /// Against the first system.
    #[serde(skip_serializing_if = "Option::is_none")]
    p_value: Option<f64>,
}

fn reports(
    arguments: &Arguments,
    metrics: &[Metric],
    systems: &[Side],
    references: &[Vec<&str>],
) -> Vec<Report> {
    let mut out = Vec::new();
    for metric in metrics {
        let mut baseline: Option<Vec<Vec<f64>>> = None;
        for system in systems {
            let statistics: Vec<Vec<f64>> = system
                .sentences
                .iter()
                .zip(references)
                .map(|(line, references)| metric.statistics(line, references))
                .collect();
            let score = metric.score(&total(&statistics));
            let mut signature = metric.signature(references.first().map_or(1, Vec::len));
            let (mut spread, mut p_value) = (None::<Interval>, None);
            if let Some(samples) = arguments.bootstrap {
                // Where sacrebleu puts them.
                let at = signature.find('|').unwrap_or(0);
                signature.insert_str(at, &format!("|bs:{samples}|seed:12345"));
                if let Some(baseline) = &baseline {
                    let found: Comparison = compare(metric, baseline, &statistics, samples);
                    (spread, p_value) = (Some(found.interval), Some(found.p_value));
                } else {
                    spread = Some(interval(metric, &statistics, samples));
                }
            }
            out.push(Report {
                system: system.name.clone(),
                metric: metric.name(),
                score: score.value,
                detail: score.detail,
                signature,
                mean: spread.map(|spread| spread.mean),
                half_width: spread.map(|spread| spread.half_width),
                p_value,
            });
            baseline.get_or_insert(statistics);
        }
    }
    out
}

fn print(reports: &[Report], named: bool, out: &mut dyn Write) -> io::Result<()> {
    for report in reports {
        if named {
            write!(out, "{}: ", report.system)?;
        }
        write!(out, "{}|{} = {:.2}", report.metric, report.signature, report.score)?;
        if let (Some(mean), Some(half)) = (report.mean, report.half_width) {
            write!(out, " (μ = {mean:.2} ± {half:.2})")?;
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
fn sentences(
    metrics: &[Metric],
    systems: &[Side],
    references: &[Vec<&str>],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut table = csv::WriterBuilder::new().delimiter(b'\t').from_writer(out);
    let names = metrics.iter().map(Metric::name);
    let header = ["sentence", "system"].map(str::to_owned).into_iter().chain(names);
    table.write_record(header.chain(["translation".to_owned()]))?;
    for (at, references) in references.iter().enumerate() {
        for system in systems {
            let line = &system.sentences[at];
            let scores = metrics
                .iter()
                .map(|metric| format!("{:.2}", metric.sentence(line, references).value));
            let row = [(at + 1).to_string(), system.name.clone()].into_iter().chain(scores);
            table.write_record(row.chain([line.clone()]))?;
        }
    }
    table.flush()
}

/// Lines of text, or the targets of an aligned document.
fn read(path: &Path) -> anyhow::Result<Side> {
    let name = path.display().to_string();
    let text =
        fs::read_to_string(path).map_err(|source| Error::Read { name: name.clone(), source })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (mut lines, mut doubts) = (Vec::new(), Vec::new());
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("jsonl") => {
            for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
                let row: Row = serde_json::from_str(line)
                    .with_context(|| format!("{name}, line {}: no translated sentence", at + 1))?;
                lines.push(row.target);
                doubts.push(row.issues.into_iter().map(|issue| issue.message).collect());
            }
        }
        Some("tsv") => {
            let mut table = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(text.as_bytes());
            let target = table.headers()?.iter().position(|name| name == "target");
            let target = target.ok_or_else(|| {
                Refusal::Usage(format!("{name} has no column `target`; `translate` writes one"))
            })?;
            for record in table.records() {
                let record = record.with_context(|| format!("could not read {name}"))?;
                lines.push(record.get(target).unwrap_or_default().to_owned());
                doubts.push(Vec::new());
            }
        }
        _ => {
            // As sacrebleu reads them: a line ends at a newline and nowhere else.
            lines = text
                .split_terminator('\n')
                .map(|line| line.trim_end_matches('\r').to_owned())
                .collect();
            doubts = vec![Vec::new(); lines.len()];
        }
    }
    if lines.is_empty() {
        return Err(Error::Empty { name }.into());
    }
    Ok(Side { name, sentences: lines, doubts })
}

#[derive(serde::Deserialize)]
struct Row {
    target: String,
    #[serde(default)]
    issues: Vec<Doubt>,
}

#[derive(serde::Deserialize)]
struct Doubt {
    message: String,
}

#[derive(Template)]
#[template(path = "score.html")]
struct Page<'a> {
    reports: &'a [Report],
    rows: Vec<Sentence<'a>>,
}

struct Sentence<'a> {
    number: usize,
    references: &'a [&'a str],
    systems: Vec<Cell<'a>>,
}

struct Cell<'a> {
    name: &'a str,
    scores: String,
    words: Vec<(bool, String)>,
    doubts: &'a [String],
}

impl<'a> Page<'a> {
    fn new(
        reports: &'a [Report],
        systems: &'a [Side],
        references: &'a [Vec<&'a str>],
        metrics: &[Metric],
    ) -> Self {
        let rows = references
            .iter()
            .enumerate()
            .map(|(at, references)| Sentence {
                number: at + 1,
                references,
                systems: systems
                    .iter()
                    .map(|system| {
                        let line = &system.sentences[at];
                        let scores: Vec<String> = metrics
                            .iter()
                            .map(|metric| {
                                let score = metric.sentence(line, references).value;
                                format!("{} {score:.1}", metric.name())
                            })
                            .collect();
                        Cell {
                            name: &system.name,
                            scores: scores.join(" · "),
                            words: differences(references[0], line),
                            doubts: &system.doubts[at],
                        }
                    })
                    .collect(),
            })
            .collect();
        Self { reports, rows }
    }
}

/// The translation in pieces, with whether the reference has them too.
fn differences(reference: &str, line: &str) -> Vec<(bool, String)> {
    TextDiff::from_words(reference, line)
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Delete)
        .map(|change| (change.tag() == ChangeTag::Equal, change.value().to_owned()))
        .collect()
}
