//! `tarjoman segment` and `tarjoman normalize`: what is done with the Persian text before a
//! model reads it, for people and for programs.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;
use std::path::PathBuf;

use serde::Serialize;

use super::output::Output;
use crate::document::{Document, readers};
use crate::persian::{self, Number, WrittenDate, WrittenYears};
use crate::translate;

/// What may be typed after `segment` and `normalize`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The article: a text file in UTF-8, or - for standard input
    input: PathBuf,

    /// Where the result goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// A JSON object a sentence, with every span in bytes
    #[arg(long)]
    json: bool,

    /// Leave out half-spaces that the text has lost
    #[arg(long)]
    no_half_space_restoration: bool,
}

/// A sentence, for programs. Spans are bytes of UTF-8: `span` in the block, the others in the
/// sentence.
#[derive(Serialize)]
struct SentenceLine<'a> {
    id: usize,
    block: usize,
    span: [usize; 2],
    source: &'a str,
    dates: Vec<WrittenDate>,
    /// Among the numbers, too.
    years: Vec<WrittenYears>,
    numbers: Vec<Number>,
}

#[derive(Serialize)]
struct NormalizedLine<'a> {
    id: usize,
    block: usize,
    span: [usize; 2],
    source: &'a str,
    model: &'a str,
    changes: Vec<ChangeLine<'a>>,
}

#[derive(Serialize)]
struct ChangeLine<'a> {
    span: [usize; 2],
    from: &'a str,
    to: String,
}

/// Prints where the sentences of an article are.
///
/// # Errors
/// When the article can't be read or the result can't be written.
pub(super) fn segment(arguments: &Arguments) -> anyhow::Result<()> {
    show(arguments, |document, out| {
        for sentence in &document.sentences {
            let source = document.source(sentence);
            let (id, block, span) = (sentence.id, sentence.block, ends(&sentence.span));
            let (dates, numbers) = (persian::dates(source), persian::numbers(source));
            let years = persian::years(source);
            if arguments.json {
                write_json(&SentenceLine { id, block, span, source, dates, years, numbers }, out)?;
                continue;
            }
            writeln!(out, "{block}:{}..{}\t{}", span[0], span[1], one_line(source))?;
            for date in dates {
                writeln!(
                    out,
                    "\tdate\t{}\t{}",
                    one_line(&source[date.span.clone()]),
                    date.in_english()
                )?;
            }
            for years in years {
                let text = one_line(&source[years.span.clone()]);
                writeln!(out, "\tyears\t{text}\t{}", years.in_english())?;
            }
            for number in numbers {
                let text = one_line(&source[number.span.clone()]);
                writeln!(out, "\tnumber\t{text}\t{}", number.value)?;
            }
        }
        Ok(())
    })
}

/// Prints what the model reads of an article, and what was changed.
///
/// # Errors
/// When the article can't be read or the result can't be written.
pub(super) fn normalize(arguments: &Arguments) -> anyhow::Result<()> {
    show(arguments, |document, out| {
        for sentence in &document.sentences {
            let source = document.source(sentence);
            let (id, block, span) = (sentence.id, sentence.block, ends(&sentence.span));
            let model = sentence.text.get();
            let changes = persian::changes(&sentence.text);
            if arguments.json {
                let line = |change: persian::Change| ChangeLine {
                    span: ends(&change.span),
                    from: &source[change.span],
                    to: change.to,
                };
                let changes = changes.into_iter().map(line).collect();
                write_json(&NormalizedLine { id, block, span, source, model, changes }, out)?;
                continue;
            }
            writeln!(out, "{model}")?;
            for persian::Change { span, to } in changes {
                let from = visible(&source[span.clone()]);
                writeln!(out, "\t{}..{}\t{from}\t{}", span.start, span.end, visible(&to))?;
            }
        }
        Ok(())
    })
}

fn show(
    arguments: &Arguments,
    body: impl FnOnce(&Document, &mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let article = readers::open(&arguments.input)?;
    let output = Output::open(arguments.output.as_deref())?;
    let document = if arguments.no_half_space_restoration {
        translate::segment_as_written(article)
    } else {
        translate::segment(article)
    };
    output.write(|out| body(&document, out))?;
    Ok(())
}

fn ends(span: &Range<usize>) -> [usize; 2] {
    [span.start, span.end]
}

fn write_json(line: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

/// A sentence that is broken over lines, in one.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters that show nothing, as their code points.
fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        let shows =
            c.is_alphanumeric() || c.is_ascii_punctuation() || ('\u{60C}'..='\u{6FF}').contains(&c);
        if shows {
            visible.push(c);
        } else {
            // Writing to a string can't fail.
            let _ = write!(visible, "U+{:04X}", c as u32);
        }
    }
    if visible.is_empty() { "-".into() } else { visible }
}
