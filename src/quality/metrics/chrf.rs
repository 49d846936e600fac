use std::collections::HashMap;
use std::hash::Hash;

use super::space;

/// chrF (Popović 2015), and with words chrF++ (Popović 2017): an F-score of n-grams of characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chrf {
    /// The longest n-gram of characters. Default 6.
    pub characters: usize,
    /// The longest n-gram of words: 0 for chrF (the default), 2 for chrF++.
    pub words: usize,
    /// How many times recall weighs more than precision. Default 2.
    pub beta: u32,
    /// Whether case is ignored.
    pub lowercase: bool,
}

impl Default for Chrf {
    fn default() -> Self {
        Self { characters: 6, words: 0, beta: 2, lowercase: false }
    }
}

impl Chrf {
    /// chrF++.
    #[must_use]
    pub fn plus_plus() -> Self {
        Self { words: 2, ..Self::default() }
    }

    pub(super) fn name(&self) -> String {
        format!("chrF{}{}", self.beta, "+".repeat(self.words.min(2)))
    }

    pub(super) fn settings(&self) -> String {
        let case = if self.lowercase { "lc" } else { "mixed" };
        format!("case:{case}|eff:yes|nc:{}|nw:{}|space:no", self.characters, self.words)
    }

    /// For each order, characters first: n-grams of the hypothesis, of the reference, matches; of
    /// the reference that fits best.
    pub(super) fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        let lower = |line: &str| {
            if self.lowercase { line.to_lowercase() } else { line.to_owned() }
        };
        let hypothesis = lower(hypothesis);
        let mut best: Option<(f64, Vec<f64>)> = None;
        for reference in references {
            let reference = lower(reference);
            let mut found = Vec::new();
            let (ours, theirs) = (letters(&hypothesis), letters(&reference));
            for order in 1..=self.characters {
                found.extend(matches(&ours, &theirs, order));
            }
            if self.words > 0 {
                let (ours, theirs) = (punctuated(&hypothesis), punctuated(&reference));
                for order in 1..=self.words {
                    found.extend(matches(&ours, &theirs, order));
                }
            }
            let score = self.score(&found);
            if best.as_ref().is_none_or(|(best, _)| score > *best) {
                best = Some((score, found));
            }
        }
        best.map_or_else(|| vec![0.0; 3 * (self.characters + self.words)], |(_, found)| found)
    }

    pub(super) fn score(&self, statistics: &[f64]) -> f64 {
        let factor = f64::from(self.beta * self.beta);
        let (mut precision, mut recall, mut orders) = (0.0, 0.0, 0.0);
        for order in statistics.chunks_exact(3) {
            if order[0] > 0.0 && order[1] > 0.0 {
                precision += order[2] / order[0];
                recall += order[2] / order[1];
                orders += 1.0;
            }
        }
        if orders > 0.0 {
            precision /= orders;
            recall /= orders;
        }
        if precision + recall == 0.0 {
            return 0.0;
        }
        100.0 * ((1.0 + factor) * precision * recall / (factor * precision + recall))
    }
}

fn letters(line: &str) -> Vec<char> {
    line.chars().filter(|c| !space::is_space(*c)).collect()
}

/// Words with the punctuation at one of their ends apart: at the end where there is any.
fn punctuated(line: &str) -> Vec<&str> {
    let mut out = Vec::new();
    for word in space::words(line) {
        let mut chars = word.chars();
        match (chars.next(), chars.next_back()) {
            (Some(_), Some(last)) if last.is_ascii_punctuation() => {
                out.extend([&word[..word.len() - 1], &word[word.len() - 1..]]);
            }
            (Some(first), Some(_)) if first.is_ascii_punctuation() => {
                out.extend([&word[..1], &word[1..]]);
            }
            _ => out.push(word),
        }
    }
    out
}

/// N-grams of ours and of theirs, and how many of them match.
fn matches<T: Eq + Hash>(ours: &[T], theirs: &[T], order: usize) -> [f64; 3] {
    let mut wanted: HashMap<&[T], usize> = HashMap::new();
    for ngram in theirs.windows(order) {
        *wanted.entry(ngram).or_default() += 1;
    }
    let all = theirs.windows(order).len();
    let mut found = 0;
    for ngram in ours.windows(order) {
        if let Some(left) = wanted.get_mut(ngram).filter(|left| **left > 0) {
            *left -= 1;
            found += 1;
        }
    }
    // Without n-grams in the reference those of the hypothesis do not count.
    let own = if all == 0 { 0 } else { ours.windows(order).len() };
    [own as f64, all as f64, f64::from(found)]
}
