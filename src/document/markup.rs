//! Inline markup carried from a source block into its translation: through word alignment where
//! there is one; else what covers whole sentences, and words and numbers that stand in both.
//! What can't be carried is left out and said on the sentence.

use std::ops::Range;

use super::render::Placed;
use super::{AlignedDocument, Block, Issue, Mark, MarkKind, TranslationUnit, WordPair};

/// A block's translation with its marks.
#[derive(Debug)]
pub(super) struct Carried<'a> {
    pub text: String,
    pub marks: Vec<Placed<'a>>,
    /// Unit (index in the block) and mark of what was left out.
    lost: Vec<(usize, &'a Mark)>,
    /// Of each unit: its span in the source and in `text`.
    spans: Vec<(Range<usize>, Range<usize>)>,
    pub source: &'a str,
}

/// Says on every sentence what markup its translation lacks. Says it once.
pub fn note_lost(document: &mut AlignedDocument) {
    let mut issues = Vec::new();
    let mut first = 0;
    for (block, units) in document.blocks() {
        if !block.marks.is_empty() && !units.is_empty() {
            let carried = carry(block, units);
            for index in 0..units.len() {
                let lost: Vec<&Mark> =
                    carried.lost.iter().filter(|lost| lost.0 == index).map(|lost| lost.1).collect();
                if !lost.is_empty() {
                    issues.push((first + index, issue(block, &lost)));
                }
            }
        }
        first += units.len();
    }
    for (unit, issue) in issues {
        let issues = &mut document.units[unit].issues;
        issues.retain(|other| other.code != issue.code);
        issues.push(issue);
    }
}

fn issue(block: &Block, lost: &[&Mark]) -> Issue {
    let each = lost.iter().map(|mark| {
        let what = match (mark.kind, &mark.href) {
            (MarkKind::Link, Some(href)) => format!("the link to {href}"),
            (MarkKind::Link, None) => "a link".into(),
            (MarkKind::Strong, _) => "bold".into(),
            (MarkKind::Emphasis, _) => "italics".into(),
            (MarkKind::Code, _) => "code".into(),
            (MarkKind::Other, _) => "formatting".into(),
        };
        format!("{what} on “{}”", &block.text[mark.span.clone()])
    });
    let each: Vec<String> = each.collect();
    let message = format!("The English lacks {}: its place is not known.", each.join(", "));
    Issue::doubt("markup_lost", message)
}

/// Puts the translations of a block's sentences together and carries the marks over.
pub(super) fn carry<'a>(block: &'a Block, units: &[TranslationUnit]) -> Carried<'a> {
    let mut text = String::new();
    let mut spans = Vec::new();
    for unit in units {
        let target = unit.target().trim();
        if !text.is_empty() && !target.is_empty() {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(target);
        spans.push((unit.sentence.span.clone(), start..text.len()));
    }
    if units.is_empty() {
        // Nothing was to be translated: the source stands.
        text.clone_from(&block.text);
        spans.push((0..block.text.len(), 0..block.text.len()));
    }
    let mut carried =
        Carried { text, marks: Vec::new(), lost: Vec::new(), spans, source: &block.text };
    for mark in &block.marks {
        carried.place(mark, units);
    }
    carried
}

impl<'a> Carried<'a> {
    fn place(&mut self, mark: &'a Mark, units: &[TranslationUnit]) {
        if mark.span.is_empty() {
            let at = self.project(mark.span.start);
            self.marks.push(Placed { span: at..at, mark });
            return;
        }
        let mut whole: Option<Range<usize>> = None;
        for index in 0..self.spans.len() {
            let (source, target) = self.spans[index].clone();
            let start = mark.span.start.max(source.start);
            let end = mark.span.end.min(source.end);
            if start >= end {
                continue;
            }
            if !has_words(&self.source[source.start..start])
                && !has_words(&self.source[end..source.end])
            {
                // One mark over sentences in a row stays one mark.
                let from = whole.take().map_or(target.start, |span| span.start);
                whole = Some(from..target.end);
                continue;
            }
            if let Some(span) = whole.take() {
                self.marks.push(Placed { span, mark });
            }
            let shown = &self.text[target.clone()];
            let unit = units.get(index);
            let pairs = unit.and_then(|unit| unit.translation.alignment.as_deref());
            // The candidate may have been trimmed on its way into the block.
            let cut = unit.map_or(0, |unit| unit.target().len() - unit.target().trim_start().len());
            let inside = start - source.start..end - source.start;
            let found = pairs
                .and_then(|pairs| through(pairs, &inside, shown, cut))
                .or_else(|| verbatim(&self.source[start..end], shown));
            match found {
                Some(span) => {
                    let span = span.start + target.start..span.end + target.start;
                    self.marks.push(Placed { span, mark });
                }
                None if has_words(&self.source[start..end]) => self.lost.push((index, mark)),
                None => {}
            }
        }
        if let Some(span) = whole {
            self.marks.push(Placed { span, mark });
        }
    }

    /// The place in the translation of a place in the source: between the same sentences, and
    /// inside one at the same share of its length, between words.
    pub fn project(&self, at: usize) -> usize {
        let mut before = 0;
        for (source, target) in &self.spans {
            if at <= source.start {
                return if at == source.start { target.start } else { before };
            }
            if at < source.end {
                let count = |span: Range<usize>| self.source[span].chars().count();
                let share = count(source.start..at) as f64 / count(source.clone()) as f64;
                let after_word = !self.source[..at].ends_with(char::is_whitespace);
                return target.start + between_words(&self.text[target.clone()], share, after_word);
            }
            before = target.end;
        }
        self.text.len()
    }
}

/// The place between words that is nearest to a share of the text: the end of a word, or else
/// the start of one.
fn between_words(text: &str, share: f64, after_word: bool) -> usize {
    let wanted = share * text.chars().count() as f64;
    let mut best = (wanted, 0);
    let mut before = None;
    let ends = text.char_indices().chain([(text.len(), ' ')]);
    for (count, (at, c)) in ends.enumerate() {
        let is_place = match before {
            Some(before) if after_word => c == ' ' && before != ' ',
            Some(before) => before == ' ' || at == text.len(),
            None => false,
        };
        let distance = (count as f64 - wanted).abs();
        if is_place && distance < best.0 {
            best = (distance, at);
        }
        before = Some(c);
    }
    best.1
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// The words that are aligned with those in `inside`: all from the first to the last, unless
/// too many others stand between; then the longest row without another.
fn through(
    pairs: &[WordPair],
    inside: &Range<usize>,
    target: &str,
    cut: usize,
) -> Option<Range<usize>> {
    let mut own: Vec<Range<usize>> = Vec::new();
    let mut others: Vec<Range<usize>> = Vec::new();
    for WordPair { source, target: word } in pairs {
        let word = word.start.saturating_sub(cut)..word.end.saturating_sub(cut);
        if word.is_empty() || target.get(word.clone()).is_none() {
            continue;
        }
        let is_own = source.start < inside.end && inside.start < source.end;
        if is_own { own.push(word) } else { others.push(word) }
    }
    others.retain(|other| !own.contains(other));
    own.sort_by_key(|word| (word.start, word.end));
    own.dedup();
    let first = own.first()?.start;
    let last = own.iter().map(|word| word.end).max()?;
    let between = others.iter().filter(|word| first < word.end && word.start < last).count();
    if between * 2 <= own.len() {
        return Some(first..last);
    }
    let mut rows: Vec<Range<usize>> = Vec::new();
    for word in own {
        match rows.last_mut() {
            Some(row) if !others.iter().any(|o| row.end <= o.start && o.end <= word.start) => {
                row.end = row.end.max(word.end);
            }
            _ => rows.push(word),
        }
    }
    rows.into_iter().max_by_key(Range::len)
}

/// Where the same words or numbers stand in the translation, once.
fn verbatim(source: &str, target: &str) -> Option<Range<usize>> {
    let words: String =
        source.trim_matches(|c: char| !c.is_alphanumeric()).chars().map(ascii_digit).collect();
    if words.is_empty() {
        return None;
    }
    let is_whole = |at: &usize| {
        let before = target[..*at].chars().next_back();
        let after = target[*at + words.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    let mut found = target.match_indices(&words).map(|(at, _)| at).filter(is_whole);
    match (found.next(), found.next()) {
        (Some(at), None) => Some(at..at + words.len()),
        _ => None,
    }
}

fn ascii_digit(c: char) -> char {
    let digit = match c {
        '\u{660}'..='\u{669}' => c as u32 - 0x660,
        '\u{6F0}'..='\u{6F9}' => c as u32 - 0x6F0,
        _ => return c,
    };
    char::from_digit(digit, 10).unwrap_or(c)
}
