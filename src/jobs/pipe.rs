//! JSON lines in, JSON lines out: a row an object `{id, text, ...}`, answered in order.
//!
//! | key of an answer | value |
//! |---|---|
//! | all of the row | as they came, in their order |
//! | `translation` | the text in English; line breaks between paragraphs are kept |
//! | `score` | mean over the sentences, weighted by length; null when it is not a number |
//! | `candidates` | with several asked for, where the text is one sentence: `{text, score}` |
//! | `sentences` | when asked for: `{span, source, target, score, candidates, terms, similar, issues}` |
//! | `provenance` | model, its licence and revision, program and options |
//! | `issues` | doubts `{code, message}`, where there are any |
//! | `error`, `line` | in place of all these: why there is no translation, and which line it was |

use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use serde::Serialize;

use super::progress::Control;
use super::rows::{LONGEST_LINE, Line, Row, read_line};
use super::{Error, Result, Shard, told};
use crate::document::writers::{self, Format, WriteOptions};
use crate::document::{AlignedDocument, Article, Candidate, Issue, Similar, TermUse, readers};
use crate::translate::{self, TranslateOptions, Translator};

/// Lines that are read ahead of the engine.
const LINES_AHEAD: usize = 16;

/// How often a pipe on which nothing comes looks whether it is to stop.
const GLANCE: Duration = Duration::from_millis(100);

/// What a pipe reads and writes.
#[derive(Debug, Clone)]
pub struct PipeOptions {
    /// How rows are translated; with several candidates, answers tell of them.
    pub translate: TranslateOptions,
    /// The field that is translated. Default: `text`.
    pub field: String,
    /// Whether answers tell of each sentence.
    pub sentences: bool,
    /// The share of the lines that is answered. Default: all.
    pub shard: Option<Shard>,
}

impl PipeOptions {
    /// Answers without details to the field `text` of all lines.
    #[must_use]
    pub fn new(translate: TranslateOptions) -> Self {
        Self { translate, field: "text".into(), sentences: false, shard: None }
    }
}

/// What a pipe has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PipeSummary {
    /// Rows that were answered, the failed ones counted in.
    pub rows: u64,
    /// Rows that were answered with an error.
    pub failed: u64,
    /// Mentions of the glossary's terms.
    pub terms: u64,
    /// Those of them that have their English.
    pub terms_honoured: u64,
    /// Whether it was told to stop before the end of the input.
    pub interrupted: bool,
}

/// A row that waits for its translation.
struct Waiting {
    row: Row,
    line: u64,
    error: Option<String>,
}

#[derive(Serialize)]
struct Answer<'a> {
    translation: &'a str,
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<&'a [Candidate]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sentences: Option<Vec<SentenceAnswer<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    issues: Vec<&'a Issue>,
    provenance: String,
}

#[derive(Serialize)]
struct SentenceAnswer<'a> {
    /// Bytes of UTF-8 in the text of the row.
    span: [usize; 2],
    source: &'a str,
    target: &'a str,
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<&'a [Candidate]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    terms: &'a [TermUse],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    similar: &'a [Similar],
    issues: &'a [Issue],
}

#[derive(Serialize)]
struct Failure<'a> {
    error: &'a str,
    line: u64,
}

/// Answers every line of `input`, in order, each as soon as those before it are answered. A
/// line that can't be answered is answered with its error. Reads no further ahead than the
/// engine needs, and not while `out` takes nothing.
///
/// * `input`: on a thread of its own, which is left behind if it blocks when the pipe ends
/// * `stop`: when it becomes true no more is read; what is in flight is answered
///
/// # Errors
/// When the engine can't start, `input` can't be read on, or `out` can't be written.
pub fn pipe(
    translator: &Translator,
    options: &PipeOptions,
    input: impl BufRead + Send + 'static,
    out: &mut dyn Write,
    stop: &AtomicBool,
) -> Result<PipeSummary> {
    let mut summary = PipeSummary::default();
    let broken = Mutex::new(None);
    let mut refused = None;
    let gone = AtomicBool::new(false);
    let ended = || stop.load(Ordering::Relaxed) || gone.load(Ordering::Relaxed);
    let rows = rows(input, options, &ended, &broken);
    let control = Control(stop);
    translator.stream(rows, &options.translate, &control, |waiting: Waiting, translated| {
        if matches!(translated, Err(translate::Error::Cancelled)) {
            return ControlFlow::Break(());
        }
        let error = waiting.error.or_else(|| translated.as_ref().err().map(|error| told(error)));
        let written = match (&error, &translated) {
            (None, Ok(document)) => {
                let uses = || document.units.iter().flat_map(|unit| &unit.translation.terms);
                summary.terms += uses().count() as u64;
                summary.terms_honoured += uses().filter(|term| term.honoured).count() as u64;
                answer(&waiting.row, document, options, out)
            }
            (error, _) => {
                summary.failed += 1;
                let error = error.as_deref().unwrap_or_default();
                waiting.row.write(&Failure { error, line: waiting.line }, out)
            }
        };
        // The reader may be waiting for this very answer.
        match written.and_then(|()| out.flush()) {
            Ok(()) => {
                summary.rows += 1;
                ControlFlow::Continue(())
            }
            Err(source) => {
                // Or the next row would be waited for.
                gone.store(true, Ordering::Relaxed);
                refused = Some(Error::Output { line: waiting.line, source });
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = refused {
        return Err(error);
    }
    if let Some(error) = broken.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner) {
        return Err(error);
    }
    summary.interrupted = stop.load(Ordering::Relaxed);
    Ok(summary)
}

/// The rows of this share, each with its article. A read error ends them and is left in
/// `broken`.
fn rows<'a>(
    mut input: impl BufRead + Send + 'static,
    options: &'a PipeOptions,
    ended: &'a (dyn Fn() -> bool + Sync),
    broken: &'a Mutex<Option<Error>>,
) -> impl Iterator<Item = (Waiting, Article)> + Send + 'a {
    let (sender, lines) = sync_channel(LINES_AHEAD);
    // A thread that can be left behind: a read from a terminal or a pipe can't be called off.
    std::thread::spawn(move || {
        while let Some(line) = read_line(&mut input).transpose() {
            let last = line.is_err();
            if sender.send(line).is_err() || last {
                break;
            }
        }
    });
    let mut number = 0;
    let next = move || loop {
        if ended() {
            return None;
        }
        match lines.recv_timeout(GLANCE) {
            Ok(Ok(line)) => {
                number += 1;
                return Some((line, number));
            }
            Ok(Err(source)) => {
                let error = Error::Input { line: number, source };
                *broken.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                return None;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return None,
        }
    };
    std::iter::from_fn(next)
        .filter(|(_, number)| options.shard.is_none_or(|shard| shard.has(number - 1)))
        .map(|(line, number)| prepare(&line, number, &options.field))
}

fn prepare(line: &Line, line_number: u64, field: &str) -> (Waiting, Article) {
    let parsed = match line {
        Line::Bytes(bytes) => Row::parse(bytes),
        Line::TooLong => {
            let reason = format!("the line is longer than {} MiB", LONGEST_LINE >> 20);
            Err((Row::unknown(), reason))
        }
    };
    let parsed = parsed.and_then(|mut row| match row.text(field) {
        Ok(text) => Ok((row, text)),
        Err(reason) => Err((row, reason)),
    });
    match parsed {
        Ok((row, text)) => {
            // Text in which nothing can be seen has no article, and its translation is empty.
            let article = readers::plain("row", &text).unwrap_or_default();
            (Waiting { row, line: line_number, error: None }, article)
        }
        Err((row, reason)) => {
            (Waiting { row, line: line_number, error: Some(reason) }, Article::default())
        }
    }
}

fn answer(
    row: &Row,
    document: &AlignedDocument,
    options: &PipeOptions,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let mut english = Vec::new();
    writers::write(document, Format::Text, &WriteOptions::default(), &mut english)?;
    let english = String::from_utf8_lossy(&english);
    let several = options.translate.search.candidates > 1;
    let only = match document.units.as_slice() {
        [only] if several => Some(only.translation.candidates.as_slice()),
        _ => None,
    };
    let answer = Answer {
        translation: english.trim_end_matches(['\r', '\n']),
        score: score(document),
        candidates: only,
        sentences: options.sentences.then(|| sentences(document, several)),
        issues: document.units.iter().flat_map(|unit| &unit.issues).collect(),
        provenance: document.provenance_line(),
    };
    row.write(&answer, out)
}

fn sentences(document: &AlignedDocument, several: bool) -> Vec<SentenceAnswer<'_>> {
    let mut answers = Vec::with_capacity(document.units.len());
    // Blocks and the gaps between them are the text of the row.
    let mut start = 0;
    for (block, units) in document.blocks() {
        start += block.before.len();
        answers.extend(units.iter().map(|unit| {
            let span = &unit.sentence.span;
            SentenceAnswer {
                span: [start + span.start, start + span.end],
                source: document.source(unit),
                target: unit.target(),
                score: unit.translation.candidates.first().map(|best| best.score),
                candidates: several.then_some(unit.translation.candidates.as_slice()),
                terms: &unit.translation.terms,
                similar: &unit.translation.similar,
                issues: &unit.issues,
            }
        }));
        start += block.text.len();
    }
    answers
}

/// The mean of the scores of all sentences, each as often as it has characters.
fn score(document: &AlignedDocument) -> Option<f32> {
    let best = document.units.iter().filter_map(|unit| unit.translation.candidates.first());
    let (mut sum, mut length) = (0.0, 0.0);
    // What is from a memory has no score.
    for candidate in best.filter(|best| !best.score.is_nan()) {
        let characters = candidate.text.chars().count().max(1) as f32;
        sum += candidate.score * characters;
        length += characters;
    }
    let mean = sum / length;
    mean.is_finite().then_some(mean)
}
