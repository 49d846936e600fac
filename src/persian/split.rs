//! Cuts a sentence that is too long for a model, at the least harmful places.

use std::ops::Range;

use super::words::CONJUNCTIONS;

/// Byte ranges of pieces of a sentence that each satisfy `fits`: in order, without overlap,
/// leaving out nothing but white space, none empty. Only a piece of one character may not
/// fit.
///
/// A sentence that does not fit is cut near its middle, and each half again: the pieces
/// come out balanced, and `fits` is asked O(n) times about O(n log n) bytes in all.
#[must_use]
pub fn split_long(text: &str, fits: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut waiting: Vec<Range<usize>> = trimmed(text, 0..text.len()).into_iter().collect();
    while let Some(range) = waiting.pop() {
        let piece = &text[range.clone()];
        match if fits(piece) { None } else { cut(piece) } {
            Some(at) => {
                let at = range.start + at;
                waiting.extend(trimmed(text, at..range.end));
                waiting.extend(trimmed(text, range.start..at));
            }
            None => pieces.push(range),
        }
    }
    pieces
}

/// The range without the white space at its ends; `None` when nothing else is in it.
pub(super) fn trimmed(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start().len());
    let end = start + piece.trim().len();
    (start < end).then_some(start..end)
}

/// Where to cut: at the strongest mark of the middle half, the one closest to the middle;
/// else at the white space closest to the middle; else in the middle.
fn cut(text: &str) -> Option<usize> {
    let middle = text.len() / 2;
    let (first, last) =
        (boundary(text, text.len() / 4), boundary(text, text.len() - text.len() / 4));
    let marks =
        text[first..last].char_indices().filter_map(|(at, c)| strength(text, first + at, c));
    let near = |at: usize| usize::MAX - at.abs_diff(middle);
    let mark = marks.max_by_key(|&(strength, at)| (strength, near(at))).map(|(_, at)| at);
    let middle = boundary(text, middle);
    let inside = |&at: &usize| at > 0 && at < text.len();
    mark.filter(inside)
        .or_else(|| {
            let before = text[..middle].rfind(char::is_whitespace);
            let after = text[middle..].find(char::is_whitespace).map(|at| middle + at);
            before.into_iter().chain(after).filter(inside).max_by_key(|&at| near(at))
        })
        // The middle is 0 only where the first character reaches over it.
        .or(Some(if middle == 0 { text.chars().next()?.len_utf8() } else { middle }))
        .filter(inside)
}

/// The last start of a character that is not after `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// How good it is to cut at this character, and the byte to cut at.
fn strength(text: &str, at: usize, c: char) -> Option<(u8, usize)> {
    let end = at + c.len_utf8();
    let rest = &text[end..];
    // Inside numbers and times the same marks part nothing.
    let parts = rest.starts_with(char::is_whitespace);
    match c {
        '؛' | ';' | '\n' => Some((6, end)),
        '،' | ',' if parts => Some((5, end)),
        ':' if parts => Some((4, end)),
        '–' | '—' if parts => Some((3, end)),
        _ if c.is_whitespace() => {
            // Not `split_whitespace`: over a long run of spaces that would be quadratic.
            let joins = rest.split(char::is_whitespace).next().is_some_and(is_conjunction);
            Some((if joins { 2 } else { 1 }, end))
        }
        _ => None,
    }
}

fn is_conjunction(word: &str) -> bool {
    CONJUNCTIONS.contains(&word)
}
