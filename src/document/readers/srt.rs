//! `SubRip` subtitles. A sentence often goes on over several cues: it is one block, and its
//! translation is laid over the same cues in the share of their lengths. The format is too
//! small for a crate, and those there are don't say where things stand.

use std::ops::Range;

use super::inline::Inline;
use crate::document::skeleton::Builder;
use crate::document::{Article, BlockKind, Error, MarkKind, Result, SourceFormat, Syntax};

/// A sentence is not sought over more cues than this.
const MOST_CUES: usize = 6;

/// A line with its place in the file, without its line end.
struct Line<'a> {
    text: &'a str,
    span: Range<usize>,
}

pub(super) fn read(name: String, text: &str) -> Result<Article> {
    let cues = cues(&lines(text));
    if cues.is_empty() && !text.trim().is_empty() {
        let reason = "no line with two times (00:00:01,000 --> 00:00:02,000)".into();
        return Err(Error::Damaged { name, what: "SubRip subtitles", reason });
    }
    let mut builder = Builder::default();
    let mut done = 0;
    let mut open: Vec<Range<usize>> = Vec::new();
    for (index, cue) in cues.iter().enumerate() {
        open.push(cue.clone());
        let shown = plain(&text[cue.clone()]);
        if ends_sentence(&shown) || open.len() == MOST_CUES || index + 1 == cues.len() {
            place(text, &open, &mut done, &mut builder);
            open.clear();
        }
    }
    builder.raw(&text[done..]);
    builder.finish(name, SourceFormat::Srt, None)
}

/// Puts the text of cues into the article as one block with a place in each.
fn place(text: &str, cues: &[Range<usize>], done: &mut usize, builder: &mut Builder) {
    let mut inline = Inline::default();
    let mut spans = Vec::new();
    for cue in cues {
        if !inline.is_empty() {
            inline.collapsed(" ");
        }
        let start = inline.len();
        tags(&text[cue.clone()], &mut inline);
        spans.push(start..inline.len());
    }
    let Some((shown, marks)) = inline.take() else {
        return;
    };
    let length = shown.len();
    let block = builder.block(BlockKind::Paragraph, shown, marks);
    for (cue, span) in cues.iter().zip(spans) {
        builder.raw(&text[*done..cue.start]);
        builder.slot(block, span.start.min(length)..span.end.min(length), Syntax::Plain);
        *done = cue.end;
    }
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    let pieces = text.split_inclusive('\n');
    pieces
        .map(|piece| {
            let line = piece.trim_end_matches(['\n', '\r']);
            let span = start..start + line.len();
            start += piece.len();
            Line { text: line, span }
        })
        .collect()
}

/// Where the text of each cue stands: from the line after the times to a blank line, or to
/// the number before the next times.
fn cues(lines: &[Line<'_>]) -> Vec<Range<usize>> {
    let times: Vec<usize> = (0..lines.len()).filter(|at| is_times(lines[*at].text)).collect();
    let mut cues = Vec::new();
    for (index, &at) in times.iter().enumerate() {
        let mut end = times.get(index + 1).map_or(lines.len(), |next| *next);
        let is_number = |line: &Line<'_>| line.text.trim().parse::<u64>().is_ok();
        if index + 1 < times.len() && end > at + 1 && is_number(&lines[end - 1]) {
            end -= 1;
        }
        let body = &lines[at + 1..end];
        let shown = |line: &&Line<'_>| !line.text.trim().is_empty();
        let body = &body[..body.len() - body.iter().rev().take_while(|line| !shown(line)).count()];
        if let (Some(first), Some(last)) = (body.iter().find(shown), body.last())
            && plain(&body.iter().map(|line| line.text).collect::<String>())
                .chars()
                .any(char::is_alphanumeric)
        {
            cues.push(first.span.start..last.span.end);
        }
    }
    cues
}

/// `00:00:01,000 --> 00:00:02,000`, maybe with a position behind.
fn is_times(line: &str) -> bool {
    let is_time = |text: &str| {
        text.trim().split(' ').next().is_some_and(|time| {
            time.len() >= 8
                && time.contains(':')
                && time.chars().all(|c| c.is_ascii_digit() || ":,.".contains(c))
        })
    };
    line.split_once("-->").is_some_and(|(from, to)| is_time(from) && is_time(to))
}

/// The text without tags.
fn plain(text: &str) -> String {
    let mut inline = Inline::default();
    tags(text, &mut inline);
    inline.take().map(|(text, _)| text).unwrap_or_default()
}

/// Text with the tags that players know: `<i>`, `<b>`, `<u>`, `<font ...>`, `{\an8}`.
fn tags(text: &str, inline: &mut Inline) {
    let mut rest = text;
    let mut open = Vec::new();
    while let Some(at) = rest.find(['<', '{']) {
        inline.collapsed(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(if rest.starts_with('<') { '>' } else { '}' });
        let Some(end) = end else { break };
        let tag = &rest[..=end];
        let name = tag[1..end].split(' ').next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "i" | "b" | "u" | "font" => {
                let kind = match name.as_str() {
                    "i" => MarkKind::Emphasis,
                    "b" => MarkKind::Strong,
                    _ => MarkKind::Other,
                };
                inline.open(kind, tag.to_owned(), format!("</{name}>"), None);
                open.push(name);
            }
            "/i" | "/b" | "/u" | "/font" => {
                if open.pop().is_some() {
                    inline.close();
                }
            }
            _ if tag.starts_with("{\\") => inline.point(tag.to_owned()),
            _ => inline.collapsed(tag),
        }
        rest = &rest[end + 1..];
    }
    inline.collapsed(rest);
    for _ in open {
        inline.close();
    }
}

fn ends_sentence(text: &str) -> bool {
    let last = text.chars().rev().find(|c| !matches!(c, '»' | '”' | '"' | ')' | ' '));
    last.is_some_and(|c| matches!(c, '.' | '؟' | '?' | '!'))
}
