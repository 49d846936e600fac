//! Translation memories: sentences that have a translation already. Owns what counts as the same
//! sentence and as a like one, and an index that finds them quickly; reads no files.

use std::collections::HashMap;
use std::fmt;

use sha2::{Digest as _, Sha256};
use similar::{Algorithm, capture_diff_slices, get_diff_ratio};

use crate::document::{AlignedDocument, Similar};
use crate::model::files::hex;
use crate::persian;

/// Sentences with their translations. Those that differ in nothing but forms of letters, digits,
/// vowel marks, spaces and half-spaces are the same.
#[derive(Clone)]
pub struct Memory {
    units: Vec<Unit>,
    /// The best unit of every sentence.
    exact: HashMap<String, usize>,
    /// Numbers of words.
    words: HashMap<String, u32>,
    /// For every word the units that have it, in order.
    postings: Vec<Vec<u32>>,
    /// The least similarity that is worth showing.
    threshold: f32,
    names: Vec<String>,
    hash: Sha256,
}

#[derive(Debug, Clone)]
struct Unit {
    source: String,
    target: String,
    words: Vec<u32>,
    memory: usize,
    /// Its number in the memory, from 1.
    number: usize,
    reviewed: bool,
}

/// A sentence that a memory has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact<'a> {
    /// Its translation.
    pub target: &'a str,
    /// The memory.
    pub memory: &'a str,
    /// The unit in it, from 1.
    pub unit: usize,
    /// Whether an editor has said that the translation is right.
    pub reviewed: bool,
}

/// A memory is known by a hash of what is in it.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({}, {})", self.identity(), self.threshold)
    }
}

impl Memory {
    /// An empty memory.
    ///
    /// * `threshold`: the least similarity of what is shown beside a translation, from 0 to 1
    #[must_use]
    pub fn new(threshold: f32) -> Self {
        Self {
            units: Vec::new(),
            exact: HashMap::new(),
            words: HashMap::new(),
            postings: Vec::new(),
            threshold,
            names: Vec::new(),
            hash: Sha256::new(),
        }
    }

    /// Adds the units of a document that have a translation. Of the same sentence a reviewed
    /// translation counts more than one that is not, and then a later one more than an earlier.
    ///
    /// * `name`: what outputs call it
    pub fn add(&mut self, name: &str, document: &AlignedDocument) {
        let memory = self.names.len();
        self.names.push(name.to_owned());
        for (index, unit) in document.units.iter().enumerate() {
            let (source, target) = (document.source(unit).trim(), unit.target().trim());
            if source.is_empty() || target.is_empty() {
                continue;
            }
            for text in [source, target] {
                self.hash.update((text.len() as u64).to_le_bytes());
                self.hash.update(text);
            }
            self.hash.update([u8::from(unit.reviewed)]);
            let number = index + 1;
            self.put(source, target, memory, number, unit.reviewed);
        }
    }

    fn put(&mut self, source: &str, target: &str, memory: usize, number: usize, reviewed: bool) {
        let text = persian::normalize(source);
        let at = self.units.len();
        let mut words = Vec::new();
        for word in split(text.get()) {
            let next = self.postings.len() as u32;
            let id = *self.words.entry(word).or_insert(next);
            if id == next {
                self.postings.push(Vec::new());
            }
            words.push(id);
            let of_word = &mut self.postings[id as usize];
            if of_word.last() != Some(&(at as u32)) {
                of_word.push(at as u32);
            }
        }
        let best = self.exact.entry(key(text.get())).or_insert(at);
        if reviewed || !self.units.get(*best).is_some_and(|unit| unit.reviewed) {
            *best = at;
        }
        let (source, target) = (source.to_owned(), target.to_owned());
        self.units.push(Unit { source, target, words, memory, number, reviewed });
    }

    /// How many units there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// A hash of the units, in 12 hexadecimal digits.
    #[must_use]
    pub fn identity(&self) -> String {
        short(&self.hash.clone().finalize()[..])
    }

    /// The translation of the same sentence.
    ///
    /// * `text`: as [`persian::normalize`] leaves it, with half-spaces restored or not
    #[must_use]
    pub fn exact(&self, text: &str) -> Option<Exact<'_>> {
        let unit = &self.units[*self.exact.get(&key(text))?];
        Some(Exact {
            target: &unit.target,
            memory: &self.names[unit.memory],
            unit: unit.number,
            reviewed: unit.reviewed,
        })
    }

    /// The likest sentences, at most `most`, the likest first. How like two are is twice the words
    /// that they have in the same order over the words of both (Ratcliff's measure, as `difflib`
    /// has it).
    ///
    /// * `text`: as for [`Memory::exact`]
    #[must_use]
    pub fn similar(&self, text: &str, most: usize) -> Vec<Similar> {
        // A word that no unit has is like none.
        let words: Vec<u32> =
            split(text).map(|word| self.words.get(&word).copied().unwrap_or(u32::MAX)).collect();
        let mut found: Vec<(f32, usize)> = Vec::new();
        for at in self.candidates(&words) {
            let unit = &self.units[at as usize];
            let similarity = ratio(&words, &unit.words);
            if similarity >= self.threshold {
                found.push((similarity, at as usize));
            }
        }
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        let mut shown: Vec<Similar> = Vec::new();
        for (similarity, at) in found {
            let unit = &self.units[at];
            let again =
                |known: &Similar| known.source == unit.source && known.target == unit.target;
            if shown.len() < most && !shown.iter().any(again) {
                shown.push(Similar {
                    similarity: (similarity * 1000.0).round() / 1000.0,
                    source: unit.source.clone(),
                    target: unit.target.clone(),
                    origin: format!("{} {}", self.names[unit.memory], unit.number),
                });
            }
        }
        shown
    }

    /// Units that may be as like as the threshold asks. With `a` and `b` words such a unit shares
    /// at least `t (a + b) / 2` of them, and `b` is at least what is shared: so it has one of any
    /// `a - t a / (2 - t) + 1` words of the sentence, and the rarest ones are asked for.
    fn candidates(&self, words: &[u32]) -> Vec<u32> {
        let shared = self.threshold / (2.0 - self.threshold);
        #[allow(clippy::cast_sign_loss)] // neither is below 0
        let least = ((words.len() as f32 * shared) - 1e-3).ceil().max(0.0) as usize;
        let mut rarest: Vec<u32> = words.to_vec();
        let often = |word: &u32| self.postings.get(*word as usize).map_or(0, Vec::len);
        rarest.sort_by_key(|word| (often(word), *word));
        rarest.truncate((words.len() + 1).saturating_sub(least));
        let mut units: Vec<u32> = rarest
            .iter()
            .filter_map(|word| self.postings.get(*word as usize))
            .flatten()
            .copied()
            .filter(|at| {
                let (a, b) = (words.len() as f32, self.units[*at as usize].words.len() as f32);
                a.min(b) >= (a + b) * self.threshold / 2.0 - 1e-3
            })
            .collect();
        units.sort_unstable();
        units.dedup();
        units
    }
}

fn ratio(a: &[u32], b: &[u32]) -> f32 {
    // Its `Lcs` leaves out some of what is the same; Myers' algorithm doesn't.
    get_diff_ratio(&capture_diff_slices(Algorithm::Myers, a, b), a.len(), b.len())
}

/// Words without half-spaces: what has lost them is the same word.
fn split(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split_whitespace().map(|word| word.replace('\u{200C}', ""))
}

/// What is the same for the same sentence.
fn key(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '\u{200C}').collect()
}

/// The first 12 hexadecimal digits of a hash.
pub(super) fn short(hash: &[u8]) -> String {
    hex(&hash[..6])
}
