//! Text and marks in the syntax of a format. Marks may overlap in any way: they are closed and
//! opened again so that the result nests.

use std::fmt::Write as _;
use std::ops::Range;

use super::{Mark, Syntax};

/// A mark where it is to be written.
#[derive(Debug, Clone)]
pub(super) struct Placed<'a> {
    pub span: Range<usize>,
    pub mark: &'a Mark,
}

/// Writes `text[range]` with the marks over it.
pub(super) fn render(
    text: &str,
    marks: &[Placed<'_>],
    range: Range<usize>,
    syntax: &Syntax,
    out: &mut String,
) {
    match syntax {
        Syntax::JsonXml => {
            let mut html = String::new();
            render(text, marks, range, &Syntax::Xml, &mut html);
            json(&html, out);
        }
        Syntax::Json => json(&text[range], out),
        Syntax::XmlText => xml(&text[range], out),
        Syntax::Plain | Syntax::Markdown | Syntax::Xml | Syntax::Docx(_) => {
            Walk { text, marks, range, syntax, open: Vec::new() }.run(out);
        }
    }
}

/// Marks where they stand in the source.
pub(super) fn in_place(marks: &[Mark]) -> Vec<Placed<'_>> {
    marks.iter().map(|mark| Placed { span: mark.span.clone(), mark }).collect()
}

struct Walk<'a> {
    text: &'a str,
    marks: &'a [Placed<'a>],
    range: Range<usize>,
    syntax: &'a Syntax,
    /// Indices of the marks that are open, outer first.
    open: Vec<usize>,
}

impl Walk<'_> {
    fn run(mut self, out: &mut String) {
        let Range { start, end } = self.range;
        let mut cuts = vec![start, end];
        for Placed { span, .. } in self.marks {
            cuts.extend([span.start, span.end].into_iter().filter(|at| (start..end).contains(at)));
        }
        cuts.sort_unstable();
        cuts.dedup();
        for (index, &at) in cuts.iter().enumerate() {
            let next = cuts.get(index + 1).copied().unwrap_or(at);
            let wanted: Vec<usize> = self
                .spans()
                .filter(|(_, span)| at < next && span.start <= at && next <= span.end)
                .map(|(index, _)| index)
                .collect();
            let same = self.open.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
            // What stands at this point lies inside the marks that go on through it.
            self.close(same, out);
            self.points(at, out);
            self.reopen(&wanted, out);
            if at < next {
                self.text(at..next, out);
            }
        }
        self.close(0, out);
    }

    fn spans(&self) -> impl Iterator<Item = (usize, &Range<usize>)> {
        let spans = self.marks.iter().map(|placed| &placed.span).enumerate();
        spans.filter(|(_, span)| !span.is_empty())
    }

    fn is_container(&self, index: usize) -> bool {
        !matches!(self.syntax, Syntax::Docx(_)) || !self.marks[index].mark.close.is_empty()
    }

    fn close(&mut self, keep: usize, out: &mut String) {
        while self.open.len() > keep {
            if let Some(index) = self.open.pop()
                && self.is_container(index)
            {
                out.push_str(&self.marks[index].mark.close);
            }
        }
    }

    fn reopen(&mut self, wanted: &[usize], out: &mut String) {
        for &index in &wanted[self.open.len()..] {
            if self.is_container(index) {
                out.push_str(&self.marks[index].mark.open);
            }
            self.open.push(index);
        }
    }

    fn points(&self, at: usize, out: &mut String) {
        // At the border of two slots a point belongs to the second.
        if at == self.range.end && at != self.text.len() {
            return;
        }
        for placed in self.marks.iter().filter(|placed| placed.span == (at..at)) {
            out.push_str(&placed.mark.open);
            out.push_str(&placed.mark.close);
        }
    }

    fn text(&self, span: Range<usize>, out: &mut String) {
        let text = &self.text[span.clone()];
        match self.syntax {
            Syntax::Markdown => {
                let code = |index: &usize| self.marks[*index].mark.kind == super::MarkKind::Code;
                if self.open.iter().any(code) {
                    out.push_str(text);
                } else {
                    markdown(text, span.start == self.range.start, out);
                }
            }
            Syntax::Docx(base) => {
                let own = self.open.iter().rev().find(|index| !self.is_container(**index));
                run(text, own.map_or(base, |index| &self.marks[*index].mark.open), out);
            }
            Syntax::Plain => out.push_str(text),
            _ => xml(text, out),
        }
    }
}

/// A run of `WordprocessingML`.
fn run(text: &str, properties: &str, out: &mut String) {
    let _ = write!(out, "<w:r>{properties}");
    for (index, part) in text.split('\t').enumerate() {
        if index > 0 {
            out.push_str("<w:tab/>");
        }
        if !part.is_empty() {
            out.push_str("<w:t xml:space=\"preserve\">");
            xml(part, out);
            out.push_str("</w:t>");
        }
    }
    out.push_str("</w:r>");
}

/// Characters that XML can't have are shown as `�`; a carriage return would become a line end.
pub(super) fn xml(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(c),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            _ => out.push(c),
        }
    }
}

/// The inside of a string of JSON.
pub(super) fn json(text: &str, out: &mut String) {
    let quoted = serde_json::Value::from(text).to_string();
    out.push_str(&quoted[1..quoted.len() - 1]);
}

/// What Markdown would act on is escaped, and nothing else: the text is to be read as Markdown.
fn markdown(text: &str, starts_line: bool, out: &mut String) {
    let mut last = ' ';
    let mut only_digits = starts_line;
    for (index, c) in text.char_indices() {
        let next = text[index + c.len_utf8()..].chars().next();
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let acts = match c {
            '\\' => next.is_none_or(|next| next.is_ascii_punctuation()),
            '`' | '*' | '[' | ']' | '|' | '~' => true,
            '_' => !(word(Some(last)) && word(next)),
            '<' => next.is_none_or(|next| next.is_ascii_alphabetic() || "/!?".contains(next)),
            '&' => next.is_none_or(|next| next.is_ascii_alphanumeric() || next == '#'),
            '!' => next.is_none(),
            '#' | '+' | '-' | '=' | '>' | ':' => starts_line && index == 0,
            '.' | ')' => only_digits && index > 0,
            _ => false,
        };
        if acts {
            out.push('\\');
        }
        only_digits &= c.is_ascii_digit();
        // A line end would end the paragraph's line, and with it a heading or a cell.
        out.push(if matches!(c, '\n' | '\r') { ' ' } else { c });
        last = c;
    }
}
