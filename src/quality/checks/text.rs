//! What the form of a translation shows: quotation marks that are gone, words that are said again
//! and again, and a length that does not fit.

use std::ops::Range;

use super::english::Kind;
use super::{Check, Issue, Pair, names};
use crate::persian::TokenKind;

/// The check of quotation marks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Quotations;

const QUOTATION: &str = "quotation_lost";

/// Words from which on a quotation is one, and not a name with marks around it.
const QUOTED: usize = 3;

impl Check for Quotations {
    fn codes(&self) -> &'static [&'static str] {
        &[QUOTATION]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let marks =
            |text: &str| text.chars().filter(|c| matches!(c, '"' | '“' | '”' | '«' | '»')).count();
        let single = pair.target.chars().filter(|c| matches!(c, '‘' | '`')).count();
        // ‹a 'word' b›, and not ‹don't›.
        let straight = pair
            .target
            .match_indices('\'')
            .filter(|(at, _)| !pair.target[..*at].ends_with(char::is_alphanumeric));
        let there = marks(pair.target).div_ceil(2) + single + straight.count();
        let quoted: Vec<Range<usize>> = quotations(pair.source())
            .into_iter()
            .filter(|span| {
                pair.source()[span.clone()].split_whitespace().count() >= QUOTED
                    || !names::has_name(pair, span)
            })
            .collect();
        if quoted.len() <= there {
            return Vec::new();
        }
        let span = quoted[quoted.len() - 1].clone();
        let shown = pair.shown(&span);
        let message = if there == 0 {
            format!("The quotation marks around {shown} are not in the English.")
        } else {
            format!("The Persian has {} quotations, the English {there}.", quoted.len())
        };
        vec![Issue::doubt(QUOTATION, message).in_source(span)]
    }
}

/// What stands between quotation marks, with them.
fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut open: Option<(char, usize)> = None;
    for (at, c) in text.char_indices() {
        let closes = match open {
            Some(('«', _)) => c == '»',
            Some(('“', _)) => c == '”',
            Some(_) => c == '"',
            None => false,
        };
        if let Some((_, start)) = open.filter(|_| closes) {
            found.push(start..at + c.len_utf8());
            open = None;
        } else if open.is_none() && matches!(c, '«' | '“' | '"') {
            open = Some((c, at));
        }
    }
    // The end may be in the next sentence.
    if let Some((_, start)) = open {
        found.push(start..text.len());
    }
    found
}

/// The check of words that are said again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repetition;

const REPETITION: &str = "repetition";

/// Words that may stand twice in a row.
const TWICE: &[&str] =
    &["had", "that", "very", "is", "in", "on", "do", "no", "bye", "so", "many", "far"];

impl Check for Repetition {
    fn codes(&self) -> &'static [&'static str] {
        &[REPETITION]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let words: Vec<_> =
            pair.english().iter().filter(|token| token.kind != Kind::Mark).collect();
        let own: Vec<&str> = pair
            .persian()
            .iter()
            .filter(|token| token.kind != TokenKind::Mark)
            .map(|token| token.text.as_str())
            .collect();
        let texts: Vec<&str> = words.iter().map(|word| word.lower.as_str()).collect();
        let Some((at, length, again)) = repeated(&texts) else { return Vec::new() };
        // «بورا بورا»: the Persian says it twice too.
        if repeated(&own).is_some_and(|(_, own, _)| own >= length || length < 3) {
            return Vec::new();
        }
        let span = words[at].span.start..words[at + length - 1].span.end;
        let said = &pair.target[span.clone()];
        let span = span.start..words[again + length - 1].span.end;
        vec![Issue::doubt(REPETITION, format!("“{said}” is said again.")).in_target(span)]
    }
}

/// Words that are said again, the longest: where, how many, and where again.
fn repeated(words: &[&str]) -> Option<(usize, usize, usize)> {
    /// So many words in a row are said again by chance alone hardly ever.
    const APART: usize = 5;
    let mut best = None;
    for at in 0..words.len() {
        for again in at + 1..words.len().min(at + 60) {
            let same = words[at..].iter().zip(&words[again..]).take_while(|(a, b)| a == b).count();
            let length = same.min(again - at);
            let gap = again - at - length;
            let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
            let fits = match length {
                0 => false,
                1 => gap == 0 && !TWICE.contains(&words[at]) && !is_number(&words[at]),
                2 => gap == 0 && !words[at..at + 2].iter().all(is_number),
                3 | 4 => gap <= 1,
                _ => length >= APART,
            };
            if fits && best.is_none_or(|(_, most, _)| length > most) {
                best = Some((at, length, again));
            }
        }
    }
    best
}

/// The check of lengths.
#[derive(Debug, Clone, Copy)]
pub(super) struct Length;

const SHORT: &str = "too_short";
const LONG: &str = "too_long";

/// Letters of the source, and the least and most letters that the English has for each of them: of the
/// project's own pairs (`scripts/train/data/news`) about one in a thousand is beyond each.
const LIMITS: [(usize, f64, f64); 4] =
    [(80, 0.72, 1.75), (40, 0.6, 1.95), (20, 0.55, 2.2), (8, 0.45, 2.8)];

impl Check for Length {
    fn codes(&self) -> &'static [&'static str] {
        &[SHORT, LONG]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let letters =
            |text: &str| text.chars().filter(|c| !c.is_whitespace() && *c != '\u{200C}').count();
        let (source, target) = (letters(pair.source()), letters(pair.target));
        if target == 0 && source > 0 {
            return vec![Issue::doubt(SHORT, "There is no English.")];
        }
        let Some((_, least, most)) = LIMITS.iter().find(|(letters, ..)| source >= *letters) else {
            return Vec::new();
        };
        let ratio = target as f64 / source as f64;
        let words = |text: &str| text.split_whitespace().count();
        let counts = format!("{} words for {}", words(pair.target), words(pair.source()));
        if ratio < *least {
            let message = format!("The English is short ({counts}): something may be missing.");
            vec![Issue::doubt(SHORT, message)]
        } else if ratio > *most {
            let message = format!("The English is long ({counts}): something may be added.");
            vec![Issue::doubt(LONG, message)]
        } else {
            Vec::new()
        }
    }
}
