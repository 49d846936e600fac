//! Owns the metrics that compare translations with references: BLEU, chrF and TER, each defined
//! by what sacrebleu 2.6 computes, to the last printed digit, under the same signature. Works on
//! strings; reads no files.

mod bleu;
mod chrf;
mod edit;
mod resample;
mod space;
mod ter;
mod tokenize;

pub use bleu::{Bleu, Smoothing};
pub use chrf::Chrf;
pub use resample::{Comparison, Interval, compare, compare_by, interval, interval_by};
pub use ter::Ter;
pub use tokenize::Tokenizer;

/// The release of sacrebleu whose numbers these are, as its signatures name it.
pub const SACREBLEU_VERSION: &str = "2.6.0";

/// A metric with its settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Metric {
    /// Papineni et al. 2002.
    Bleu(Bleu),
    /// Popović 2015; with words, chrF++ (Popović 2017).
    Chrf(Chrf),
    /// Snover et al. 2006. Lower is better.
    Ter(Ter),
}

/// What a metric says of a system or of a sentence.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// From 0 to 100; TER can be more.
    pub value: f64,
    /// What else sacrebleu prints of it; mostly nothing.
    pub detail: String,
}

impl Metric {
    /// As sacrebleu names it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Bleu(_) => "BLEU".to_owned(),
            Self::Chrf(chrf) => chrf.name(),
            Self::Ter(_) => "TER".to_owned(),
        }
    }

    /// Whether more is better.
    #[must_use]
    pub fn higher_is_better(&self) -> bool {
        !matches!(self, Self::Ter(_))
    }

    /// sacrebleu's signature, by which others can make the same number again.
    #[must_use]
    pub fn signature(&self, references: usize) -> String {
        let settings = match self {
            Self::Bleu(bleu) => bleu.settings(),
            Self::Chrf(chrf) => chrf.settings(),
            Self::Ter(ter) => ter.settings(),
        };
        format!("nrefs:{references}|{settings}|version:{SACREBLEU_VERSION}")
    }

    /// What a sentence adds to the statistics of a system: counts, to be summed element by element.
    #[must_use]
    pub fn statistics(&self, hypothesis: &str, references: &[&str]) -> Vec<f64> {
        match self {
            Self::Bleu(bleu) => bleu.statistics(hypothesis, references),
            Self::Chrf(chrf) => chrf.statistics(hypothesis, references),
            Self::Ter(ter) => ter.statistics(hypothesis, references),
        }
    }

    /// The score of summed statistics.
    #[must_use]
    pub fn score(&self, statistics: &[f64]) -> Score {
        match self {
            Self::Bleu(bleu) => bleu.score(statistics),
            Self::Chrf(chrf) => Score { value: chrf.score(statistics), detail: String::new() },
            Self::Ter(_) => Score { value: Ter::score(statistics), detail: String::new() },
        }
    }

    /// The score of one sentence. BLEU takes the order that the sentence reaches, as sacrebleu
    /// advises for sentences.
    #[must_use]
    pub fn sentence(&self, hypothesis: &str, references: &[&str]) -> Score {
        match self {
            Self::Bleu(bleu) => {
                let bleu = Bleu { effective_order: true, ..bleu.clone() };
                bleu.score(&bleu.statistics(hypothesis, references))
            }
            _ => self.score(&self.statistics(hypothesis, references)),
        }
    }
}

/// The sum of the statistics of sentences.
#[must_use]
pub fn total(statistics: &[Vec<f64>]) -> Vec<f64> {
    let mut sum = vec![0.0; statistics.first().map_or(0, Vec::len)];
    for row in statistics {
        for (sum, value) in sum.iter_mut().zip(row) {
            *sum += value;
        }
    }
    sum
}
