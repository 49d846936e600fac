//! Markdown: headings as headings, every other block as a table `| Persian | English |`,
//! doubts as a list under it. What Markdown or HTML would act on is escaped.

use std::io;

use super::{WriteOptions, one_line};
use crate::document::{AlignedDocument, BlockKind, TranslationUnit};

pub(super) fn write(
    document: &AlignedDocument,
    options: WriteOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if options.blocks_before == 0 {
        let state = if document.is_reviewed() { "reviewed by an editor" } else { "not reviewed" };
        let by = escaped(&document.provenance_line());
        writeln!(out, "*Machine translation, {state}. Model: {by}.*")?;
    }
    for (block, units) in document.blocks().filter(|(_, units)| !units.is_empty()) {
        writeln!(out)?;
        match block.kind {
            BlockKind::Title => write_heading("#", document, units, out)?,
            BlockKind::Heading => write_heading("##", document, units, out)?,
            BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Caption => {
                writeln!(out, "| Persian | English |\n|---:|:---|")?;
                for unit in units {
                    let (source, target) = (escaped(document.source(unit)), escaped(unit.target()));
                    writeln!(out, "| {source} | {target} |")?;
                }
            }
        }
        write_issues(units, out)?;
    }
    Ok(())
}

fn write_heading(
    level: &str,
    document: &AlignedDocument,
    units: &[TranslationUnit],
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let english: Vec<String> = units.iter().map(|unit| escaped(unit.target())).collect();
    writeln!(out, "{level} {}\n", english.join(" "))?;
    let persian: Vec<String> = units.iter().map(|unit| escaped(document.source(unit))).collect();
    writeln!(out, "> {}", persian.join(" "))
}

fn write_issues(units: &[TranslationUnit], out: &mut dyn io::Write) -> io::Result<()> {
    let mut first = true;
    for (index, unit) in units.iter().enumerate() {
        for issue in &unit.issues {
            if std::mem::take(&mut first) {
                writeln!(out)?;
            }
            writeln!(out, "- ! Sentence {}: {}", index + 1, escaped(&issue.message))?;
        }
    }
    Ok(())
}

/// One line in which nothing is markup. At the start of a line more characters mean
/// something (lists, headings, quotes, rules) than inside it.
fn escaped(text: &str) -> String {
    let text = one_line(text);
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut only_digits = true;
    for (index, c) in text.trim().char_indices() {
        let starts_markup = match c {
            '#' | '+' | '-' | '=' => index == 0,
            '.' | ')' => index > 0 && only_digits,
            _ => false,
        };
        if starts_markup
            || matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$')
        {
            escaped.push('\\');
        }
        only_digits &= c.is_ascii_digit();
        escaped.push(c);
    }
    escaped
}
