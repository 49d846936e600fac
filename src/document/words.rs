//! Where the words of a text stand, of either language.

use std::ops::Range;

/// The words of a text, in bytes: letters and digits with their marks. One apostrophe, hyphen or
/// half-space between two letters is part of a word, as is what stands in a number or a time.
/// Nothing else is.
#[must_use]
pub fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut open = false;
    let mut before = ' ';
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let is_part = if c.is_alphanumeric() {
            true
        } else if open {
            let next = chars.peek().map_or(' ', |(_, next)| *next);
            is_mark(c) || joins(before, c, next)
        } else {
            false
        };
        match words.last_mut() {
            Some(last) if open && is_part => last.end = end,
            _ if is_part => words.push(at..end),
            _ => {}
        }
        open = is_part;
        before = c;
    }
    words
}

/// Vowel marks and accents that are characters of their own.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}')
}

fn joins(before: char, c: char, next: char) -> bool {
    let joins = match c {
        '\'' | '\u{2019}' | '-' | '\u{2010}' | '\u{2011}' | '\u{200C}' => char::is_alphanumeric,
        '.' | ',' | ':' | '/' | '\u{66B}' | '\u{66C}' => char::is_numeric,
        _ => return false,
    };
    (joins(before) || c == '\u{200C}' && is_mark(before)) && joins(next)
}
