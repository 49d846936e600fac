//! Which words of a sentence and of its translation mean each other: what attention says of
//! tokens, put together to words, in places of the displayed texts.

use std::ops::Range;

use tokenizers::NormalizedString;
use tokenizers::normalizer::Range as Part;

use super::pieces::Piece;
use crate::decode::Hypothesis;
use crate::document::{Coverage, WordPair, words};
use crate::persian;

/// A word of the translation is linked to the words that have at least so much of its weight. This
/// and [`LEAST`] gave the lowest error on half of `tests/fixtures/alignment.tsv`.
const CHIEF: f32 = 0.4;

/// A word of the source that no other word chose is linked to the word of the translation that
/// gives it most, if it gives at least so much.
const LEAST: f32 = 0.15;

/// A word of the source that gets less than so much weight from all of the translation is missing
/// in it.
const MISSING: f32 = 0.3;

/// One piece of a sentence and what was made of it.
pub(super) struct Translated<'a> {
    pub piece: &'a Piece,
    pub hypothesis: &'a Hypothesis,
    /// Where its tokens stand in the translation, in bytes.
    pub places: Vec<Range<usize>>,
}

/// What attention says of a sentence and its translation.
pub(super) struct Aligned {
    /// The words that belong together, in the order of the translation.
    pub pairs: Vec<WordPair>,
    /// `None` where the sentence has no word that says something.
    pub coverage: Option<Coverage>,
}

/// Which words belong together, and how much of the source is there; `None` where a piece has no
/// alignment.
///
/// * `source`: the sentence; its original is what is displayed
/// * `target`: the translation of all pieces
pub(super) fn align(
    source: &NormalizedString,
    target: &str,
    parts: &[Translated<'_>],
) -> Option<Aligned> {
    let (from, to) = (words(source.get()), words(target));
    let mut weights = vec![0.0; to.len() * from.len()];
    for Translated { piece, hypothesis, places } in parts {
        let alignment = hypothesis.alignment.as_ref()?;
        let owners = owners(&from, piece.places.iter().cloned());
        for (row, word) in alignment.rows().zip(self::owners(&to, places.iter().cloned())) {
            let Some(word) = word else { continue };
            let sums = &mut weights[word * from.len()..][..from.len()];
            for (weight, owner) in row.iter().zip(&owners) {
                if let Some(owner) = owner {
                    sums[*owner] += weight;
                }
            }
        }
    }
    let links = links(&mut weights, from.len());
    let displayed: Vec<Option<Range<usize>>> =
        from.iter().map(|word| displayed(source, word.clone())).collect();
    let coverage = coverage(&weights, source.get(), &from, &displayed);
    let pair = |(word, other): (usize, usize)| {
        let source = displayed.get(other)?.clone()?;
        Some(WordPair { source, target: to.get(word)?.clone() })
    };
    Some(Aligned { pairs: links.into_iter().filter_map(pair).collect(), coverage })
}

/// How much of the words that say something the translation comes from.
///
/// * `weights`: `[target words, source words]`, normalised
/// * `words`: of `text`
/// * `displayed`: the same in the displayed source
fn coverage(
    weights: &[f32],
    text: &str,
    words: &[Range<usize>],
    displayed: &[Option<Range<usize>>],
) -> Option<Coverage> {
    let (mut sum, mut count) = (0.0, 0);
    let mut missing = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if persian::is_function_word(&text[word.clone()]) {
            continue;
        }
        let weight: f32 = weights.iter().skip(at).step_by(words.len()).sum();
        count += 1;
        sum += weight.min(1.0);
        if weight < MISSING {
            missing.extend(displayed[at].clone());
        }
    }
    (count > 0).then(|| Coverage { share: sum / count as f32, missing })
}

/// The word that each place lies in, or most of it.
///
/// * `words`, `places`: in the order of the text
fn owners(
    words: &[Range<usize>],
    places: impl Iterator<Item = Range<usize>>,
) -> Vec<Option<usize>> {
    let mut first = 0;
    let shared = |word: &Range<usize>, place: &Range<usize>| {
        word.end.min(place.end).saturating_sub(word.start.max(place.start))
    };
    places
        .map(|place| {
            while words.get(first).is_some_and(|word| word.end <= place.start) {
                first += 1;
            }
            let mut best = (0, None);
            for (at, word) in words.iter().enumerate().skip(first) {
                if word.start >= place.end {
                    break;
                }
                if shared(word, &place) > best.0 {
                    best = (shared(word, &place), Some(at));
                }
            }
            best.1
        })
        .collect()
}

/// Pairs of a word of the translation and a word of the source.
///
/// * `weights`: `[target words, source words]`; their rows are normalised
fn links(weights: &mut [f32], sources: usize) -> Vec<(usize, usize)> {
    let mut links = Vec::new();
    if sources == 0 {
        return links;
    }
    for (word, row) in weights.chunks_exact_mut(sources).enumerate() {
        let sum: f32 = row.iter().sum();
        if sum <= 0.0 {
            continue;
        }
        for (at, weight) in row.iter_mut().enumerate() {
            *weight /= sum;
            if *weight >= CHIEF {
                links.push((word, at));
            }
        }
    }
    for source in 0..sources {
        if links.iter().any(|(_, linked)| *linked == source) {
            continue;
        }
        let column = weights.iter().skip(source).step_by(sources).enumerate();
        if let Some((word, weight)) = column.max_by(|a, b| a.1.total_cmp(b.1))
            && *weight >= LEAST
        {
            links.push((word, source));
        }
    }
    links.sort_unstable();
    links
}

/// The place in the displayed source of a place in what the model read.
fn displayed(source: &NormalizedString, read: Range<usize>) -> Option<Range<usize>> {
    let text = source.get_original();
    let span = source.convert_offsets(Part::Normalized(read))?;
    let shown = text.get(span.clone())?;
    let start = span.start + (shown.len() - shown.trim_start().len());
    let span = start..start + shown.trim().len();
    (!span.is_empty()).then_some(span)
}
