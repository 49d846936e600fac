//! A translation that the model itself was unsure of.

use super::{Check, Issue, Pair};

/// The check of scores.
#[derive(Debug, Clone, Copy)]
pub(super) struct Confidence;

const LOW: &str = "low_confidence";

/// Models and the score below which a translation is doubted. Scores of other models are on other
/// scales: of them nothing is said. `scripts/compare/confidence.py` finds these.
const LIMITS: &[(&str, f32)] = &[("embedded", -2.2)];

impl Check for Confidence {
    fn codes(&self) -> &'static [&'static str] {
        &[LOW]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let limit = LIMITS.iter().find(|(model, _)| *model == pair.model);
        let low = pair.score.zip(limit).is_some_and(|(score, (_, limit))| score < *limit);
        if !low {
            return Vec::new();
        }
        vec![Issue::doubt(LOW, "The model was unsure of this translation.")]
    }
}
