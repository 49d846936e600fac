//! A translation that the model itself was unsure of.

use super::{Check, Issue, Pair};

/// The check of scores.
#[derive(Debug, Clone, Copy)]
pub(super) struct Confidence;

const LOW: &str = "low_confidence";

/// Models and the score below which a translation is doubted. Scores of other models are on other
/// scales: of them nothing is said. `scripts/compare/confidence.py` finds these on FLORES dev. A
/// score says little: of the 5 % of sentences below this one, 32 % were among the worst tenth by
/// chrF, where chance gives 10 %.
const LIMITS: &[(&str, f32)] = &[("embedded", -1.27)];

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
