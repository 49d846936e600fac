//! Content of the source that the translation does not have, found by how much of the source the
//! words of the translation come from.
//!
//! Length alone misses a dropped clause beside a wordy translation, and coverage alone sees what
//! was only said freely; their sum is better than each (`scripts/compare/omission.py`).

use super::{Check, Issue, Pair};
use crate::document::words;

/// The check of dropped content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Omission;

const OMISSION: &str = "omission";

/// What words of English for each word of Persian count beside coverage.
const LENGTH: f32 = 0.8;

/// More of them are not better.
const LONGEST: f32 = 1.3;

/// A sum below this is a doubt.
const LEAST: f32 = 1.3;

/// Words of the source that are enough to say something of it.
const FEWEST: usize = 4;

/// Words that are named.
const NAMED: usize = 8;

impl Check for Omission {
    fn codes(&self) -> &'static [&'static str] {
        &[OMISSION]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let Some(coverage) = pair.coverage else { return Vec::new() };
        let (source, target) = (words(pair.source()).len(), words(pair.target).len());
        if source < FEWEST || coverage.missing.is_empty() {
            return Vec::new();
        }
        let ratio = (target as f32 / source as f32).min(LONGEST);
        if coverage.share + LENGTH * ratio >= LEAST {
            return Vec::new();
        }
        let missing = coverage.missing.iter().filter_map(|word| pair.displayed(word));
        let named: Vec<String> = missing.take(NAMED).map(|word| format!("“{word}”")).collect();
        let more = coverage.missing.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!(
            "Part of the sentence may be missing: nothing in the English comes from {}{more}.",
            named.join(", ")
        );
        vec![Issue::doubt(OMISSION, message)]
    }
}
