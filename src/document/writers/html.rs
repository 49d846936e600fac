//! The review page: one file that needs nothing else, in which an editor reads both sides,
//! corrects the English, and takes it out. The template escapes all text; the page's own
//! script and style are allowed by their hashes and nothing else is, so that what an article
//! says can't run.

use std::fmt::Write as _;
use std::io;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::bidi::{Run, rtl_runs, runs};
use super::{WriteOptions, kind_name};
use crate::document::error::shown;
use crate::document::{AlignedDocument, BlockKind, Candidate, Issue, Similar, TranslationUnit};

const STYLE: &str = include_str!("../../../templates/review.css");
const SCRIPT: &str = include_str!("../../../templates/review.js");

#[derive(Template)]
#[template(path = "review.html")]
struct Page<'a> {
    style: &'static str,
    style_hash: String,
    script: &'static str,
    script_hash: String,
    /// Names the content: what an editor changes is kept under it.
    key: String,
    title: &'a str,
    name: &'a str,
    model: &'a str,
    licence: Option<&'a str>,
    provenance: String,
    /// Provenance as JSON, for the page's exports; empty where nothing is known.
    facts: String,
    sentences: usize,
    doubts: usize,
    reviewed: bool,
    blocks: Vec<Part<'a>>,
}

struct Part<'a> {
    class: &'static str,
    tag: &'static str,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    number: usize,
    id: usize,
    block: usize,
    span: String,
    score: String,
    /// Words that belong together, as the script counts: in units of UTF-16.
    words: String,
    source: Vec<Run<'a>>,
    target: Vec<Run<'a>>,
    others: &'a [Candidate],
    similar: &'a [Similar],
    issues: &'a [Issue],
    /// Whether one of them is more than a remark.
    doubtful: bool,
    reviewed: bool,
}

pub(super) fn write(
    document: &AlignedDocument,
    options: WriteOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let blocks: Vec<Part<'_>> = document
        .blocks()
        .filter(|(_, units)| !units.is_empty())
        .map(|(block, units)| {
            let tag = match block.kind {
                BlockKind::Title => "h1",
                BlockKind::Heading => "h2",
                BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Caption => "p",
            };
            let rows = units.iter().map(|unit| row(document, unit, options)).collect();
            Part { class: kind_name(block.kind), tag, rows }
        })
        .collect();
    let page = Page {
        style: STYLE,
        style_hash: STANDARD.encode(Sha256::digest(STYLE)),
        script: SCRIPT,
        script_hash: STANDARD.encode(Sha256::digest(SCRIPT)),
        key: key(document),
        title: title(document),
        name: shown(&document.article.meta.name),
        model: &document.model,
        licence: document.licence.as_deref(),
        provenance: document.provenance_line(),
        facts: facts(document),
        sentences: document.units.len(),
        doubts: document.units.iter().filter(|unit| unit.is_doubtful()).count(),
        reviewed: document.is_reviewed(),
        blocks,
    };
    page.write_into(out)
}

fn facts(document: &AlignedDocument) -> String {
    if document.provenance.tool.is_empty() {
        return String::new();
    }
    // A struct of texts can be written as JSON.
    serde_json::to_string(&document.provenance).unwrap_or_default()
}

/// A hash of both sides: a page with the same text finds the edits again wherever it lies.
fn key(document: &AlignedDocument) -> String {
    let mut hash = Sha256::new();
    for unit in &document.units {
        for text in [document.source(unit), unit.target()] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    }
    let mut key = String::new();
    for byte in &hash.finalize()[..16] {
        let _ = write!(key, "{byte:02x}");
    }
    key
}

/// The translated title, or the name of the file.
fn title(document: &AlignedDocument) -> &str {
    let is_title = document.article.blocks.first().is_some_and(|b| b.kind == BlockKind::Title);
    match document.units.first() {
        Some(unit) if is_title && !unit.target().is_empty() => unit.target(),
        _ => shown(&document.article.meta.name),
    }
}

fn row<'a>(
    document: &'a AlignedDocument,
    unit: &'a TranslationUnit,
    options: WriteOptions,
) -> Row<'a> {
    let candidates = unit.translation.candidates.as_slice();
    let source = document.source(unit);
    let score = candidates.first().map(|best| best.score).filter(|score| score.is_finite());
    Row {
        number: unit.sentence.id + 1,
        id: unit.sentence.id,
        block: unit.sentence.block,
        span: format!("{},{}", unit.sentence.span.start, unit.sentence.span.end),
        score: score.map_or_else(String::new, |score| score.to_string()),
        words: words(unit, source),
        source: runs(source),
        target: rtl_runs(unit.target()),
        others: if options.candidates { candidates.get(1..).unwrap_or_default() } else { &[] },
        similar: &unit.translation.similar,
        issues: &unit.issues,
        doubtful: unit.is_doubtful(),
        reviewed: unit.reviewed,
    }
}

/// `start,end,start,end;...`; pairs that are not in the texts are left out.
fn words(unit: &TranslationUnit, source: &str) -> String {
    let target = unit.target();
    let units = |text: &str, end: usize| Some(text.get(..end)?.encode_utf16().count());
    let pairs = unit.translation.alignment.iter().flatten().filter_map(|pair| {
        let (from, to) = (units(source, pair.source.start)?, units(source, pair.source.end)?);
        let (start, end) = (units(target, pair.target.start)?, units(target, pair.target.end)?);
        (from < to && start < end).then(|| format!("{from},{to},{start},{end}"))
    });
    pairs.collect::<Vec<_>>().join(";")
}
