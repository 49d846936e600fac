//! Sentence boundaries of one paragraph. Owns the walk over the text, open quotations and
//! brackets, and line ends; whether a stop ends a sentence is decided in `stops`.

use std::ops::Range;

use super::split::trimmed;
use super::stops::{self, is_closer, is_stop};
use super::words::GOES_ON;

/// A bracket that is not closed within this many characters is taken for a stray one.
const LONGEST_BRACKET: usize = 300;

/// A quotation of at most this many characters inside a sentence may be a title.
const LONGEST_TITLE: usize = 40;

/// A line of at most this many characters may be a heading.
const LONGEST_HEADING: usize = 60;

/// Byte ranges of the sentences of one paragraph: in order, without overlap, leaving out
/// nothing but white space, none empty.
#[must_use]
pub fn segment(text: &str) -> Vec<Range<usize>> {
    let mut walk = Walk::new(text);
    let mut at = 0;
    while at < walk.chars.len() {
        at = walk.step(at);
    }
    walk.end_sentence(walk.chars.len());
    walk.sentences
}

/// So many marks are kept open at once; text with more has forgotten to close them.
const MOST_OPEN: usize = 16;

/// An open quotation or bracket.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::struct_excessive_bools)] // what is known of it, each on its own
pub(super) struct Open {
    /// Its opening character.
    pub(super) mark: char,
    /// Whether the sentence that it opened in began with it.
    pub(super) leads: bool,
    /// Whether a colon or a verb of saying announced it.
    pub(super) announced: bool,
    /// Whether it is short and stands inside a sentence, as a title does: what ends in it ends
    /// no sentence.
    pub(super) is_title: bool,
    /// Whether a sentence has ended inside it.
    pub(super) has_sentences: bool,
}

/// A walk over the characters of a paragraph.
pub(super) struct Walk<'text> {
    text: &'text str,
    /// Byte and character.
    pub(super) chars: Vec<(usize, char)>,
    /// First character of the sentence being read.
    pub(super) start: usize,
    /// Whether that sentence has a letter or digit yet.
    pub(super) has_words: bool,
    pub(super) open: Vec<Open>,
    /// Whether that sentence has had a quotation that was announced.
    pub(super) has_quoted: bool,
    /// Characters of the longest line, counted when first needed.
    longest_line: Option<usize>,
    sentences: Vec<Range<usize>>,
}

impl<'text> Walk<'text> {
    fn new(text: &'text str) -> Self {
        Self {
            text,
            chars: text.char_indices().collect(),
            start: 0,
            has_words: false,
            open: Vec::new(),
            has_quoted: false,
            longest_line: None,
            sentences: Vec::new(),
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<char> {
        self.chars.get(at).map(|&(_, c)| c)
    }

    fn byte(&self, at: usize) -> usize {
        self.chars.get(at).map_or(self.text.len(), |&(byte, _)| byte)
    }

    /// The text between two characters.
    pub(super) fn slice(&self, range: Range<usize>) -> &'text str {
        &self.text[self.byte(range.start)..self.byte(range.end)]
    }

    /// Reads what stands at `at`; gives where to go on.
    fn step(&mut self, at: usize) -> usize {
        let Some(c) = self.get(at) else { return at + 1 };
        if is_stop(c) {
            let stop = stops::read(self, at);
            if stops::ends_sentence(self, &stop) {
                self.end_sentence(stop.end);
            }
            return stop.end;
        }
        if is_line_end(c) {
            return self.step_over_line_end(at);
        }
        self.has_words |= c.is_alphanumeric();
        if c == ':' && stops::is_dateline(self, at) {
            self.end_sentence(at + 1);
        } else if self.closes(c, at) {
            self.close(c);
        } else if matches!(c, '«' | '“' | '”' | '"') {
            self.open_quotation(c, at);
        } else if matches!(c, '(' | '[') {
            self.open_bracket(c, at);
        } else if c == ')' {
            // علی) ع (: a pair that an old right-to-left editor turned around.
            let ahead = self.chars[at..].iter().take(8);
            return ahead.clone().position(|(_, c)| *c == '(').map_or(at + 1, |skip| at + skip + 1);
        }
        at + 1
    }

    /// Whether this character closes something that is open.
    pub(super) fn closes(&self, c: char, at: usize) -> bool {
        let partner = |mark: char| match c {
            '»' => mark == '«',
            ')' => mark == '(',
            ']' => mark == '[',
            // Both curly quotes stand on either side in Persian; a straight one is told by
            // the space before it.
            '”' | '“' => matches!(mark, '“' | '”'),
            '"' => mark == '"' && at > 0 && !self.get(at - 1).is_some_and(char::is_whitespace),
            _ => false,
        };
        self.open.iter().any(|open| partner(open.mark))
    }

    /// Closes the innermost of its kind, and what was left open inside it.
    pub(super) fn close(&mut self, c: char) -> Option<Open> {
        let last = self.open.iter().rposition(|open| match c {
            '»' => open.mark == '«',
            ')' => open.mark == '(',
            ']' => open.mark == '[',
            '"' => open.mark == '"',
            _ => matches!(open.mark, '“' | '”'),
        })?;
        let closed = self.open.drain(last..).next();
        self.has_quoted |= closed.is_some_and(|open| open.announced);
        closed
    }

    fn open_quotation(&mut self, mark: char, at: usize) {
        let announced = stops::is_announced(self, at);
        let leads = !self.has_words;
        let mut ahead = self.chars[at..].iter().take(LONGEST_TITLE).map(|(_, c)| *c);
        let is_title = mark == '«' && !announced && !leads && ahead.any(|c| c == '»');
        self.open(Open { mark, leads, announced, is_title, has_sentences: false });
    }

    fn open_bracket(&mut self, mark: char, at: usize) {
        let closer = if mark == '(' { ')' } else { ']' };
        let ahead = self.chars[at..].iter().take(LONGEST_BRACKET);
        if ahead.take_while(|(_, c)| !is_line_end(*c)).any(|(_, c)| *c == closer) {
            let leads = !self.has_words;
            self.open(Open {
                mark,
                leads,
                announced: false,
                is_title: false,
                has_sentences: false,
            });
        }
    }

    fn open(&mut self, open: Open) {
        if self.open.len() == MOST_OPEN {
            self.open.remove(0);
        }
        self.open.push(open);
    }

    /// Whether a bracket is open: what it holds is part of the sentence around it.
    pub(super) fn in_bracket(&self) -> bool {
        self.open.iter().any(|open| matches!(open.mark, '(' | '[') && !open.leads)
    }

    /// Whether a title is open.
    pub(super) fn in_title(&self) -> bool {
        self.open.iter().any(|open| open.is_title)
    }

    /// One line end is a hard wrap, unless the line before is a heading or the next a list
    /// item; a blank line ends the sentence.
    fn step_over_line_end(&mut self, at: usize) -> usize {
        let gap = self.chars[at..].iter().take_while(|(_, c)| c.is_whitespace()).count();
        let next = at + gap;
        let ends = self.chars[at..next].iter().filter(|(_, c)| is_line_end(*c)).count();
        let halves = self.slice(at..next).matches("\r\n").count();
        if ends - halves > 1 {
            self.open.clear();
            self.end_sentence(next);
        } else if !self.in_bracket() && self.line_ends_sentence(at, next) {
            self.end_sentence(next);
        }
        next
    }

    fn line_ends_sentence(&mut self, end: usize, next: usize) -> bool {
        let start =
            self.chars[..end].iter().rposition(|(_, c)| is_line_end(*c)).map_or(0, |at| at + 1);
        let line = self.slice(start..end).trim();
        let after = &self.text[self.byte(next)..];
        let word = after.split(char::is_whitespace).next().unwrap_or("").chars().count();
        let length = line.chars().count();
        let longest = *self.longest_line.get_or_insert_with(|| {
            self.text.split(is_line_end).map(|line| line.trim().chars().count()).max().unwrap_or(0)
        });
        let has_room = length + 1 + word < longest.max(LONGEST_HEADING / 2);
        let goes_on = line.ends_with(['،', ',', '؛', ';'])
            || line.split_whitespace().next_back().is_some_and(|word| GOES_ON.contains(&word));
        let is_short = length <= LONGEST_HEADING && length * 10 <= longest.max(20) * 7;
        let all_short = longest <= LONGEST_HEADING / 2;
        (has_room && is_short && !goes_on)
            || (all_short && !goes_on)
            || (starts_item(after) && (has_room || line.ends_with(':') || starts_item(line)))
    }

    /// Ends the sentence before `end` and starts the next there.
    pub(super) fn end_sentence(&mut self, end: usize) {
        if !self.has_words && self.sentences.is_empty() && end < self.chars.len() {
            return;
        }
        let range = trimmed(self.text, self.byte(self.start)..self.byte(end));
        self.start = end;
        self.has_quoted = false;
        for open in &mut self.open {
            open.has_sentences = true;
        }
        let has_words = std::mem::take(&mut self.has_words);
        match (range, self.sentences.last_mut()) {
            // Marks alone (`. . .`, a lone `»`) belong to what stands before them.
            (Some(range), Some(last)) if !has_words => last.end = range.end,
            (Some(range), _) => self.sentences.push(range),
            (None, _) => {}
        }
    }
}

pub(super) fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a line starts with a bullet, or a number and `.`, `-` or `)`.
fn starts_item(line: &str) -> bool {
    let rest = line.trim_start_matches(char::is_numeric);
    let digits = line[..line.len() - rest.len()].chars().count();
    let mut rest = rest.chars();
    let mark = rest.next();
    let spaced = rest.next().is_some_and(|c| c.is_whitespace() || !c.is_numeric());
    match digits {
        0 => spaced && matches!(mark, Some('-' | '–' | '•' | '*' | '●' | '▪')),
        1..=2 => spaced && matches!(mark, Some('.' | '-' | ')')),
        _ => false,
    }
}

/// Closers that end with the stop before them; the others need something open.
pub(super) fn closes_alone(c: char) -> bool {
    is_closer(c) && c != '"'
}
