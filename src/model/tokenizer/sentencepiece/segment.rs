//! Owns how SentencePiece cuts normalised text into pieces: the likeliest sequence under a unigram
//! model (Kudo 2018, <https://arxiv.org/abs/1804.10959>; `unigram_model.cc`, `EncodeOptimized`) or
//! byte-pair merges (Sennrich et al. 2016, <https://arxiv.org/abs/1508.07909>; `bpe_model.cc`).

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

use super::proto::Kind;
use super::{Vocabulary, prefixes::Prefixes};

/// A part of the text and its piece.
pub(super) type Cut<'a> = (&'a str, usize);

/// How much worse than the worst piece an unknown character is.
const UNKNOWN_PENALTY: f32 = 10.0;

/// Viterbi search. Scores are added in single precision from left to right, as the original does
/// it: in double precision (so the tokenizers library) ties fall otherwise, and `۰۰` before or
/// after `۰` is one.
pub(super) fn unigram<'a>(text: &'a str, vocabulary: &Vocabulary) -> Vec<Cut<'a>> {
    #[derive(Clone, Copy)]
    struct End {
        piece: usize,
        score: f32,
        start: Option<usize>,
    }
    let offer = |end: &mut End, piece, score: f32, start| {
        if end.start.is_none() || score > end.score {
            *end = End { piece, score, start: Some(start) };
        }
    };

    let unknown_score = vocabulary.lowest_score - UNKNOWN_PENALTY;
    let mut ends = vec![End { piece: 0, score: 0.0, start: None }; text.len() + 1];
    for (start, character) in text.char_indices() {
        let so_far = ends[start].score;
        let mut covered = false;
        for (length, piece) in vocabulary.text.of(&text[start..]) {
            let entry = &vocabulary.entries[piece];
            let score = match entry.kind {
                Kind::Unused => continue,
                // Better than any other way to write the same.
                Kind::UserDefined => length as f32 * vocabulary.highest_score - 0.1,
                _ => entry.score,
            };
            offer(&mut ends[start + length], piece, score + so_far, start);
            covered |= length == character.len_utf8();
        }
        if !covered {
            let end = &mut ends[start + character.len_utf8()];
            offer(end, vocabulary.unknown, unknown_score + so_far, start);
        }
    }

    let mut cuts = Vec::new();
    let mut at = text.len();
    // Each character offers at least its own end, so that the walk back gets to the start.
    while let Some(start) = ends[at].start {
        cuts.push((&text[start..at], ends[at].piece));
        at = start;
    }
    cuts.reverse();
    cuts
}

/// A pair of neighbours that may be merged; the greatest is merged first.
struct Pair {
    left: usize,
    right: usize,
    score: f32,
    length: usize,
}

impl Ord for Pair {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.left.cmp(&self.left))
    }
}
impl PartialOrd for Pair {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Pair {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl Eq for Pair {}

/// A run of characters that was merged so far; empty when it went into its left neighbour.
struct Symbol {
    start: usize,
    length: usize,
    previous: Option<usize>,
    next: Option<usize>,
    frozen: bool,
}

/// Merges neighbours until no pair is a piece; `frozen` are never merged.
pub(super) fn bpe<'a>(text: &'a str, vocabulary: &Vocabulary, frozen: &Prefixes) -> Vec<Cut<'a>> {
    let mut symbols: Vec<Symbol> = Vec::new();
    let mut start = 0;
    while let Some(character) = text[start..].chars().next() {
        let whole = frozen.of(&text[start..]).last();
        let length = whole.map_or(character.len_utf8(), |(length, _)| length);
        let previous = symbols.len().checked_sub(1);
        let next = (start + length < text.len()).then_some(symbols.len() + 1);
        symbols.push(Symbol { start, length, previous, next, frozen: whole.is_some() });
        start += length;
    }

    let mut agenda = BinaryHeap::new();
    let mut parts: HashMap<&str, (&str, &str)> = HashMap::new();
    let mut consider = |symbols: &[Symbol], left: Option<usize>, right: Option<usize>| {
        let (Some(left), Some(right)) = (left, right) else { return None };
        let (a, b) = (&symbols[left], &symbols[right]);
        if a.frozen || b.frozen {
            return None;
        }
        let merged = &text[a.start..b.start + b.length];
        let entry = &vocabulary.entries[vocabulary.text.get(merged)?];
        if entry.kind == Kind::Unused {
            parts.insert(merged, merged.split_at(a.length));
        }
        Some(Pair { left, right, score: entry.score, length: merged.len() })
    };
    for right in 1..symbols.len() {
        agenda.extend(consider(&symbols, Some(right - 1), Some(right)));
    }
    while let Some(Pair { left, right, length, .. }) = agenda.pop() {
        let (a, b) = (&symbols[left], &symbols[right]);
        if a.length == 0 || b.length == 0 || a.length + b.length != length {
            continue; // One of the two was merged with another since.
        }
        let next = b.next;
        symbols[left].length = length;
        symbols[left].next = next;
        symbols[right].length = 0;
        if let Some(next) = next {
            symbols[next].previous = Some(left);
        }
        agenda.extend(consider(&symbols, symbols[left].previous, Some(left)));
        agenda.extend(consider(&symbols, Some(left), next));
    }

    let mut cuts = Vec::new();
    for symbol in symbols.iter().filter(|symbol| symbol.length > 0) {
        // A piece that is switched off served only to get here: it falls apart again.
        let mut stack = vec![&text[symbol.start..symbol.start + symbol.length]];
        while let Some(part) = stack.pop() {
            let piece = vocabulary.id(part);
            match parts.get(part) {
                Some((left, right)) if vocabulary.entries[piece].kind == Kind::Unused => {
                    stack.extend([right, left]);
                }
                _ => cuts.push((part, piece)),
            }
        }
    }
    cuts
}
