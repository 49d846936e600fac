//! Both languages for the terminal: a number, the Persian line, the English line under it.
//!
//! No marks are added to the Persian, so that it can be copied; control characters are
//! shown as `�`, or an article could move the cursor and rewrite the screen.

use std::io;

use super::{WriteOptions, one_line};
use crate::document::{AlignedDocument, BlockKind, TranslationUnit};

/// Escape sequences, or nothing where colours are off.
struct Style {
    bold: &'static str,
    dim: &'static str,
    warn: &'static str,
    end: &'static str,
}

const COLOR: Style = Style { bold: "\x1b[1m", dim: "\x1b[2m", warn: "\x1b[33m", end: "\x1b[0m" };
const PLAIN: Style = Style { bold: "", dim: "", warn: "", end: "" };

pub(super) fn write(
    document: &AlignedDocument,
    options: WriteOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let style = if options.color { &COLOR } else { &PLAIN };
    let last = document.units.last().map_or(0, |unit| unit.sentence.id + 1);
    let margin = last.to_string().len().max(2);
    let mut first = true;
    for (block, units) in document.blocks().filter(|(_, units)| !units.is_empty()) {
        if !first {
            writeln!(out)?;
        }
        first = false;
        let bold = match block.kind {
            BlockKind::Title | BlockKind::Heading => style.bold,
            BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Caption => "",
        };
        for unit in units {
            let Style { dim, end, .. } = style;
            let number = unit.sentence.id + 1;
            writeln!(out, "{dim}{number:>margin$}{end}  {}", shown(document.source(unit)))?;
            let close = if bold.is_empty() { "" } else { end };
            writeln!(out, "{:margin$}  {bold}{}{close}", "", shown(unit.target()))?;
            write_notes(unit, options, style, margin, out)?;
        }
    }
    Ok(())
}

fn write_notes(
    unit: &TranslationUnit,
    options: WriteOptions,
    style: &Style,
    margin: usize,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let Style { dim, warn, end, .. } = style;
    if options.candidates {
        for (index, other) in unit.translation.candidates.iter().enumerate().skip(1) {
            let (text, score) = (shown(&other.text), other.score);
            writeln!(out, "{:margin$}  {dim}{}) {text} ({score:.2}){end}", "", index + 1)?;
        }
    }
    for issue in &unit.issues {
        let (color, mark) = if issue.is_doubt() { (warn, '!') } else { (dim, 'i') };
        writeln!(out, "{:margin$}  {color}{mark} {}{end}", "", shown(&issue.message))?;
    }
    Ok(())
}

fn shown(text: &str) -> String {
    one_line(text).replace(char::is_control, "\u{FFFD}")
}
