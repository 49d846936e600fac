//! Plain text: paragraphs at blank lines, or a paragraph a line where there are none.
//! Decides from layout alone; what a sentence is belongs to `persian`.

use std::ops::Range;

use crate::document::{Article, Block, BlockKind, Error, Meta, Result};

/// A heading is at most this many characters and words: two lines of a newspaper column.
const HEADING_CHARS: usize = 90;
const HEADING_WORDS: usize = 14;

/// A wrapped line may end this many characters early: editors count half-spaces and marks
/// that we don't, or the other way around.
const WRAP_SLACK: usize = 2;

/// Nobody wraps by hand at fewer characters.
const MIN_WRAP: usize = 30;

/// One line with something to see on it, without its line end.
struct Line<'text> {
    text: &'text str,
    span: Range<usize>,
    /// A blank line, or the start of the file, stands before it.
    after_blank: bool,
}

pub(super) fn read(name: String, text: &str) -> Result<Article> {
    let (lines, blank_inside) = lines(text);
    if lines.is_empty() {
        return Err(Error::Empty { name });
    }
    let mut spans: Vec<(Range<usize>, bool)> = Vec::new();
    for chunk in lines.chunk_by(|_, next| !next.after_blank) {
        push_chunk(chunk, blank_inside, &mut spans);
    }

    let mut article = Article { meta: Meta { name, ..Meta::default() }, ..Article::default() };
    let mut end = 0;
    for (span, is_item) in spans {
        article.blocks.push(Block {
            kind: if is_item { BlockKind::ListItem } else { BlockKind::Paragraph },
            text: text[span.clone()].to_owned(),
            before: text[end..span.start].to_owned(),
            marks: Vec::new(),
        });
        end = span.end;
    }
    text[end..].clone_into(&mut article.after);
    name_headings(&mut article.blocks);
    Ok(article)
}

/// The lines that show something, and whether a blank one stands between two of them.
fn lines(text: &str) -> (Vec<Line<'_>>, bool) {
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut after_blank = true;
    let mut blank_inside = false;
    let mut start = 0;
    // A carriage return alone ends a line too; in CRLF it only adds a gap of nothing, which
    // must not count as a blank line.
    for piece in text.split_inclusive(['\n', '\r']) {
        let is_half_of_crlf = piece == "\n" && text[..start].ends_with('\r');
        let line = piece.trim_matches(is_margin);
        if line.chars().all(is_invisible) {
            after_blank |= !is_half_of_crlf;
        } else {
            let from = start + (piece.len() - piece.trim_start_matches(is_margin).len());
            blank_inside |= after_blank && !lines.is_empty();
            lines.push(Line { text: line, span: from..from + line.len(), after_blank });
            after_blank = false;
        }
        start += piece.len();
    }
    (lines, blank_inside)
}

/// What is cut from the ends of a line and kept in the gaps.
fn is_margin(c: char) -> bool {
    c.is_whitespace() || c == '\u{FEFF}'
}

/// What shows nothing: margins, zero-width and directional characters.
fn is_invisible(c: char) -> bool {
    is_margin(c)
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}')
}

/// Adds the blocks of lines that no blank line parts: (span, is a list item).
fn push_chunk(chunk: &[Line<'_>], blank_inside: bool, spans: &mut Vec<(Range<usize>, bool)>) {
    let items = chunk.iter().filter(|line| is_item(line.text)).count();
    let width = chunk.iter().map(|line| width(line.text)).max().unwrap_or(0);
    let wrapped = is_wrapped(chunk, width);
    // Lines that all end a sentence are whole paragraphs wherever they stand.
    let each_is_a_paragraph =
        if blank_inside { chunk.iter().all(|line| ends_sentence(line.text)) } else { !wrapped };
    for (index, line) in chunk.iter().enumerate() {
        let before = index.checked_sub(1).map(|index| &chunk[index]);
        // One mark in the middle of wrapped text is a dash, not a list.
        let item = is_item(line.text)
            && (items > 1 || before.is_none_or(|before| ends_clause(before.text)));
        let new = match (before, spans.last()) {
            (Some(before), Some((_, in_item))) => {
                let ended = ends_sentence(before.text);
                let room = has_room(before.text, line.text, width);
                item || each_is_a_paragraph
                    || (*in_item && (ended || room))
                    // Wrapped text without blank lines: a line that ends early ends a paragraph.
                    || (wrapped && !blank_inside && ended && room)
            }
            _ => true,
        };
        match spans.last_mut() {
            Some((span, _)) if !new => span.end = line.span.end,
            _ => spans.push((line.span.clone(), item)),
        }
    }
}

/// Whether lines were broken by hand at a column: nearly every line that does not end a
/// sentence is so full that the first word of the next had no room.
fn is_wrapped(lines: &[Line<'_>], width: usize) -> bool {
    let (mut full, mut open) = (0, 0);
    for pair in lines.windows(2) {
        if !ends_sentence(pair[0].text) {
            open += 1;
            full += usize::from(!has_room(pair[0].text, pair[1].text, width));
        }
    }
    width >= MIN_WRAP && open >= 2 && 2 * open >= lines.len() - 1 && full * 5 >= open * 4
}

/// Whether the first word of the next line would have fitted on this one.
fn has_room(line: &str, next: &str, limit: usize) -> bool {
    let word = next.split_whitespace().next().map_or(0, width);
    width(line) + 1 + word + WRAP_SLACK <= limit
}

fn width(text: &str) -> usize {
    text.chars().filter(|&c| !is_invisible(c) || c == ' ').count()
}

fn last_visible(line: &str) -> Option<char> {
    line.chars()
        .rev()
        .find(|&c| !is_invisible(c) && !matches!(c, '»' | '”' | '"' | ')' | ']' | '\'' | '’'))
}

fn ends_sentence(line: &str) -> bool {
    last_visible(line).is_some_and(|c| matches!(c, '.' | '؟' | '?' | '!' | '…'))
}

fn ends_clause(line: &str) -> bool {
    ends_sentence(line) || last_visible(line) == Some(':')
}

/// Whether a line starts with a bullet or a number of a list.
fn is_item(line: &str) -> bool {
    let digits = line.chars().take_while(|&c| is_digit(c)).count();
    let mut rest = line.chars().skip(digits);
    let mark = rest.next();
    let next = rest.next();
    if digits == 0 {
        let bullet =
            matches!(mark, Some('-' | '–' | '—' | '*' | '+' | '•' | '●' | '▪' | '◦' | '‣'));
        let tight = matches!(mark, Some('•' | '●' | '▪' | '◦' | '‣'));
        return bullet && next.is_some_and(|c| c.is_whitespace() || (tight && c.is_alphabetic()));
    }
    // Years and decimals start sentences; ۱-text and ۱.text are lists all the same.
    digits <= 2
        && matches!(mark, Some('.' | '-' | ')' | '–'))
        && next.is_some_and(|c| c.is_whitespace() || c.is_alphabetic())
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '\u{660}'..='\u{669}' | '\u{6F0}'..='\u{6F9}')
}

/// One short line without an end mark names what follows it.
fn name_headings(blocks: &mut [Block]) {
    let short: Vec<bool> = blocks.iter().map(is_heading_like).collect();
    for (index, block) in blocks.iter_mut().enumerate() {
        let names_something = short.get(index + 1).is_some_and(|next| !next || index == 0);
        if short[index] && names_something {
            block.kind = if index == 0 { BlockKind::Title } else { BlockKind::Heading };
        }
    }
}

fn is_heading_like(block: &Block) -> bool {
    let text = &block.text;
    block.kind == BlockKind::Paragraph
        && !text.contains(['\n', '\r'])
        && text.chars().count() <= HEADING_CHARS
        && text.split_whitespace().count() <= HEADING_WORDS
        && text.chars().any(char::is_alphabetic)
        && !ends_sentence(text)
        && last_visible(text).is_some_and(|c| !matches!(c, ':' | '؛' | '،' | ',' | ';'))
}
