//! A page that needs nothing else: no network, no script, light and dark, for print too.
//! The template escapes all text; this file only prepares what it shows.

use std::io;

use askama::Template;

use super::WriteOptions;
use crate::document::error::shown;
use crate::document::{AlignedDocument, BlockKind, Candidate, Issue, TranslationUnit};

#[derive(Template)]
#[template(path = "aligned.html")]
struct Page<'a> {
    title: &'a str,
    name: &'a str,
    model: &'a str,
    licence: Option<&'a str>,
    sentences: usize,
    doubts: usize,
    blocks: Vec<Part<'a>>,
}

struct Part<'a> {
    class: &'static str,
    tag: &'static str,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    number: usize,
    source: Vec<Run<'a>>,
    target: &'a str,
    others: &'a [Candidate],
    issues: &'a [Issue],
}

/// A piece of Persian text; a Latin one is isolated, or its brackets and numbers would be
/// laid out from right to left.
struct Run<'a> {
    text: &'a str,
    latin: bool,
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
            let (class, tag) = match block.kind {
                BlockKind::Title => ("title", "h1"),
                BlockKind::Heading => ("heading", "h2"),
                BlockKind::Paragraph => ("paragraph", "p"),
                BlockKind::ListItem => ("item", "p"),
            };
            let rows = units.iter().map(|unit| row(document, unit, options)).collect();
            Part { class, tag, rows }
        })
        .collect();
    let page = Page {
        title: title(document),
        name: shown(&document.article.meta.name),
        model: &document.model,
        licence: document.licence.as_deref(),
        sentences: document.units.len(),
        doubts: document.units.iter().filter(|unit| !unit.issues.is_empty()).count(),
        blocks,
    };
    page.write_into(out)
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
    Row {
        number: unit.sentence.id + 1,
        source: runs(document.source(unit)),
        target: unit.target(),
        others: if options.candidates { candidates.get(1..).unwrap_or_default() } else { &[] },
        issues: &unit.issues,
    }
}

/// Cuts text into Latin runs and the rest. A run goes from the first Latin letter or digit
/// to the last one before the next letter of another script.
fn runs(text: &str) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    let mut done = 0;
    // Start and end of the run being read, and whether it has a letter: numbers alone are
    // laid out well without help.
    let mut open: Option<(usize, usize, bool)> = None;
    let mut close = |open: &mut Option<(usize, usize, bool)>| {
        if let Some((start, end, true)) = open.take() {
            let end = with_closers(text, start, end);
            runs.extend([(done, start, false), (start, end, true)]);
            done = end;
        }
    };
    for (at, c) in text.char_indices() {
        if is_latin(c) || c.is_ascii_digit() {
            let (start, _, letter) = open.unwrap_or((at, at, false));
            open = Some((start, at + c.len_utf8(), letter || is_latin(c)));
        } else if c.is_alphanumeric() || c == '\n' {
            close(&mut open);
        }
    }
    close(&mut open);
    runs.push((done, text.len(), false));
    runs.into_iter()
        .filter(|(start, end, _)| start < end)
        .map(|(start, end, latin)| Run { text: &text[start..end], latin })
        .collect()
}

/// The end of a run with the brackets behind it that close one inside it.
fn with_closers(text: &str, start: usize, mut end: usize) -> usize {
    for (open, closed) in [('(', ')'), ('[', ']')] {
        let run = &text[start..end];
        let is_open = run.matches(open).count() > run.matches(closed).count();
        if is_open && text[end..].starts_with(closed) {
            end += closed.len_utf8();
        }
    }
    end
}

fn is_latin(c: char) -> bool {
    c.is_ascii_alphabetic() || (c.is_alphabetic() && ('\u{C0}'..='\u{24F}').contains(&c))
}
