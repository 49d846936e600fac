//! Collects the text and the marks of one block.

use crate::document::render::{in_place, render};
use crate::document::skeleton::Builder;
use crate::document::{BlockKind, Mark, MarkKind, Syntax};

/// The text and the marks of a block that is being read.
#[derive(Debug, Default)]
pub(super) struct Inline {
    text: String,
    marks: Vec<Mark>,
    /// Indices of the marks that are open.
    open: Vec<usize>,
}

impl Inline {
    /// Adds text as it is.
    pub fn text(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds text whose white space counts as one space, and as none where a space stands.
    pub fn collapsed(&mut self, text: &str) {
        for c in text.chars() {
            if !matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{0C}') {
                self.text.push(c);
            } else if (!self.text.is_empty() && !self.text.ends_with(' ')) || self.is_at_point() {
                self.text.push(' ');
            }
        }
    }

    /// Whether something without text, such as a picture, was the last thing: spaces on both
    /// sides of it are two.
    fn is_at_point(&self) -> bool {
        let at = self.text.len();
        let last = self.marks.len().checked_sub(1);
        last.is_some_and(|last| self.marks[last].span == (at..at) && !self.open.contains(&last))
    }

    /// Opens a mark.
    pub fn open(&mut self, kind: MarkKind, open: String, close: String, href: Option<String>) {
        let at = self.text.len();
        self.open.push(self.marks.len());
        self.marks.push(Mark { span: at..at, kind, open, close, href });
    }

    /// Closes the mark that was opened last. One without text in it becomes a point, with the
    /// points in it.
    pub fn close(&mut self) {
        let Some(index) = self.open.pop() else { return };
        self.marks[index].span.end = self.text.len();
        if self.marks[index].span.is_empty() {
            let inner: String =
                self.marks.drain(index + 1..).map(|mark| mark.open + &mark.close).collect();
            self.marks[index].open.push_str(&inner);
        }
    }

    /// Bytes of text so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// The text and the marks, when there is a letter or digit; white space at the end stays out.
    pub fn take(self) -> Option<(String, Vec<Mark>)> {
        let length = self.text.trim_end().len();
        let Self { mut text, mut marks, .. } = self;
        text.truncate(length);
        for mark in &mut marks {
            mark.span = mark.span.start.min(length)..mark.span.end.min(length);
        }
        text.chars().any(char::is_alphanumeric).then_some((text, marks))
    }

    /// Whether nothing is there yet.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.marks.is_empty()
    }

    /// Whether no mark is open.
    pub fn is_closed(&self) -> bool {
        self.open.is_empty()
    }

    /// Adds text in a run with properties; runs in a row that have the same are one.
    pub fn run(&mut self, kind: MarkKind, text: &str, properties: &str) {
        let at = self.text.len();
        self.text.push_str(text);
        let end = self.text.len();
        match self.marks.last_mut() {
            Some(last) if last.span.end == at && last.is_run() && last.open == properties => {
                last.span.end = end;
            }
            _ => self.marks.push(Mark {
                span: at..end,
                kind,
                open: properties.into(),
                ..Mark::default()
            }),
        }
    }

    /// The properties that most of the text has; runs that have them are no marks any more.
    /// Bold and italics must have nearly all of it: what can't be carried takes the base.
    pub fn take_base(&mut self) -> String {
        let mut lengths: Vec<(&str, usize)> = Vec::new();
        for mark in self.marks.iter().filter(|mark| mark.is_run()) {
            let weight = if mark.kind == MarkKind::Other { 4 } else { 1 };
            let weight = weight * mark.span.len();
            match lengths.iter_mut().find(|(open, _)| *open == mark.open) {
                Some((_, length)) => *length += weight,
                None => lengths.push((&mark.open, weight)),
            }
        }
        let base = lengths.into_iter().max_by_key(|(_, length)| *length);
        let base = base.map_or_else(String::new, |(open, _)| open.to_owned());
        let mut index = 0;
        let open = std::mem::take(&mut self.open);
        let mut gone = Vec::new();
        self.marks.retain(|mark| {
            let is_base = mark.is_run() && mark.open == base;
            if is_base {
                gone.push(index);
            }
            index += 1;
            !is_base
        });
        self.open = open
            .into_iter()
            .map(|index| index - gone.iter().filter(|gone| **gone < index).count())
            .collect();
        base
    }

    /// Adds what stands at a point and has no text.
    pub fn point(&mut self, raw: String) {
        let at = self.text.len();
        self.marks.push(Mark { span: at..at, open: raw, ..Mark::default() });
    }

    /// Ends the block and puts it into the article: as a block when it has text, else as it
    /// stood. Marks that are open go on in the next block.
    pub fn end(&mut self, kind: BlockKind, syntax: Syntax, builder: &mut Builder) {
        let text = std::mem::take(&mut self.text);
        let mut marks = std::mem::take(&mut self.marks);
        let open = std::mem::take(&mut self.open);
        for index in &open {
            let mark = &mut marks[*index];
            mark.span.end = text.len();
            self.marks.push(Mark { span: 0..0, ..mark.clone() });
        }
        self.open = (0..self.marks.len()).collect();
        // What is open but has no text yet begins in the next block.
        let mut index = 0;
        marks.retain(|mark| {
            index += 1;
            !mark.span.is_empty() || !open.contains(&(index - 1))
        });
        let margin = |c: char| c.is_whitespace() || c == '\u{FEFF}';
        let shown = text.trim_matches(margin);
        if !shown.chars().any(char::is_alphanumeric) {
            let mut raw = String::new();
            render(&text, &in_place(&marks), 0..text.len(), &syntax, &mut raw);
            builder.raw(&raw);
            return;
        }
        let start = text.len() - text.trim_start_matches(margin).len();
        let end = start + shown.len();
        // Marks over white space at the ends alone are gone with it; points stay.
        let clip = |at: usize| at.clamp(start, end) - start;
        marks.retain_mut(|mark| {
            let is_point = mark.span.is_empty();
            mark.span = clip(mark.span.start)..clip(mark.span.end);
            is_point || !mark.span.is_empty()
        });
        let is_docx = matches!(syntax, Syntax::Docx(_));
        if !is_docx {
            builder.raw(&text[..start]);
        }
        builder.place(kind, shown.to_owned(), marks, syntax);
        if !is_docx {
            builder.raw(&text[end..]);
        }
    }
}
