//! Half-spaces that a text has lost: deleted (`نمیتوان`) or turned into a space (`نمی توان`).
//! Owns where they belong; what a word is, `lexicon` knows, and how it is inflected, `affixes`.
//!
//! For the model only. Conservative: a word that is neither known nor built from a known one
//! stays as it is.

mod affixes;
mod compounds;
mod lexicon;
mod word;

use std::ops::Range;

use tokenizers::NormalizedString;
use tokenizers::normalizer::Range as Part;

/// The half-space, U+200C.
pub(super) const ZWNJ: char = '\u{200C}';

/// How sure it is that a half-space was lost, most sure first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Certainty {
    /// Nothing else can be meant.
    Sure,
    /// Unless the rest of the text has lost its half-spaces in another way, or none.
    #[default]
    Likely,
    /// Only where the rest of the text has lost its half-spaces in this way.
    Doubtful,
}

/// A half-space that is put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HalfSpace {
    /// Bytes of the text that it takes the place of: a space, or nothing.
    pub span: Range<usize>,
}

/// The half-spaces that a text has lost, in order.
///
/// * `text`: as [`normalize()`](super::normalize()) leaves it; letters in other forms are not known
#[must_use]
pub fn half_spaces(text: &str) -> Vec<HalfSpace> {
    let words = word::split(text);
    let mut found: Vec<(HalfSpace, Certainty)> = Vec::new();
    let mut first = 0;
    while first < words.len() {
        // Words with one space between them; over a mark nothing is joined.
        let mut last = first + 1;
        while last < words.len() && &text[words[last - 1].end..words[last].start] == " " {
            last += 1;
        }
        let run = &words[first..last];
        let texts: Vec<&str> = run.iter().map(|span| &text[span.clone()]).collect();
        let joins = compounds::joins(&texts);
        for (index, span) in run.iter().enumerate() {
            if let Some(certainty) = index.checked_sub(1).and_then(|before| joins[before]) {
                found.push((HalfSpace { span: run[index - 1].end..span.start }, certainty));
            }
            let context = word::Context {
                ends: match texts.get(index + 1) {
                    Some(next) => compounds::is_function(next),
                    None => !text[span.end..].trim_start().starts_with(['«', '(', '"', '“']),
                },
                counted: match index.checked_sub(1) {
                    Some(before) => compounds::counts(texts[before]),
                    None => text[..span.start].trim_end().ends_with(char::is_numeric),
                },
            };
            let (breaks, certainty) = word::breaks(texts[index], context);
            let at = |at: usize| HalfSpace { span: span.start + at..span.start + at };
            found.extend(breaks.into_iter().map(|place| (at(place), certainty)));
        }
        first = last;
    }
    let sure = |of_space: bool| {
        let sure = found.iter().filter(|(_, certainty)| *certainty == Certainty::Sure);
        sure.filter(|(half_space, _)| half_space.span.is_empty() != of_space).count()
    };
    let (deleted, spaced, kept) = (sure(false), sure(true), text.contains(ZWNJ));
    found.retain(|(half_space, certainty)| {
        let is_deleted = half_space.span.is_empty();
        let (this, other) = if is_deleted { (deleted, spaced) } else { (spaced, deleted) };
        match certainty {
            Certainty::Sure => true,
            Certainty::Likely => this > 0 || (other == 0 && !kept),
            Certainty::Doubtful => this > 0 && this >= other && !kept,
        }
    });
    found.into_iter().map(|(half_space, _)| half_space).collect()
}

/// Whether the lexicon has a word, or the word without its last letter, as one that is often seen.
#[must_use]
pub fn is_common(word: &str) -> bool {
    let often = |word: &str| lexicon::solid(word).is_some_and(|form| form.weight > 2);
    let shorter = word.char_indices().next_back().map_or("", |(at, _)| &word[..at]);
    often(word) || often(shorter)
}

/// Whether a word is an ordinary one: the lexicon has it, as it stands, without its endings
/// (`کتابهایشان`), or in parts that were written together (`براساس`). Names are mostly none.
///
/// * `word`: in Persian letters, without half-spaces
#[must_use]
pub fn is_word(word: &str) -> bool {
    const ENDINGS: &[&str] = &[
        "ی",
        "ها",
        "های",
        "هایی",
        "ان",
        "ات",
        "تر",
        "ترین",
        "ام",
        "اش",
        "ش",
        "م",
        "ت",
        "شان",
        "تان",
        "مان",
        "ای",
        "اند",
        "ند",
        "ین",
        "یی",
        "ست",
        "یست",
        "انه",
        "هایش",
        "هایشان",
        "هایم",
        "هایمان",
        "هایتان",
        "انی",
        "یم",
    ];
    const PERSONS: [&str; 9] = ["", "م", "ی", "د", "یم", "ید", "ند", "ه", "ن"];
    const BEFORE: [&str; 16] = [
        "بر", "با", "در", "هر", "به", "بی", "از", "می", "نمی", "هم", "پیش", "غیر", "نا", "باز",
        "کم", "مورد",
    ];
    let long = |word: &str, least: usize| word.chars().count() >= least;
    let listed = |word: &str| {
        let entry = lexicon::entry(word);
        entry.solid.is_some() || entry.parted.is_some()
    };
    let known = |word: &str| {
        let stem = |ending: &&str| word.strip_suffix(*ending).filter(|stem| long(stem, 3));
        listed(word) || ENDINGS.iter().filter_map(stem).any(listed)
    };
    let is_verb = |word: &str| {
        PERSONS.iter().filter_map(|ending| word.strip_suffix(*ending)).any(|stem| {
            let bare = stem.strip_prefix(['ن', 'ب']).unwrap_or(stem);
            [stem, bare].iter().any(|stem| {
                long(stem, 2) && (lexicon::is_past_stem(stem) || lexicon::is_present_stem(stem))
            })
        })
    };
    known(word)
        || is_verb(word)
        || BEFORE.iter().any(|before| {
            word.strip_prefix(*before).is_some_and(|rest| long(rest, 3) && known(rest))
        })
        || word.char_indices().any(|(at, _)| {
            let (first, second) = word.split_at(at);
            long(first, 4) && long(second, 3) && listed(first) && listed(second)
        })
}

/// Puts the half-spaces back that a normalised text has lost; offsets still lead to the
/// original.
pub fn restore(text: &mut NormalizedString) {
    let found = half_spaces(text.get());
    if found.is_empty() {
        return;
    }
    let mut changes = Vec::with_capacity(text.get().len());
    let mut found = found.into_iter().peekable();
    for (at, c) in text.get().char_indices() {
        if let Some(half_space) = found.next_if(|next| next.span.start == at) {
            // The first change of a text can't be an insertion: no word begins with one.
            changes.push((ZWNJ, isize::from(half_space.span.is_empty())));
            if !half_space.span.is_empty() {
                continue;
            }
        }
        changes.push((c, 0));
    }
    text.transform_range(Part::Normalized(..), changes, 0);
}
