//! Scores of all kinds in one form: what every sentence of every system adds, and what the sum is.

use anyhow::Context as _;
use candle_core::Device;

use super::super::exit::Refusal;
use super::super::progress::{Download, tokens_bar};
use super::super::show_progress;
use super::sides::Side;
use crate::model::ModelSource;
use crate::model::comet::{Comet, CometFiles, Segment};
use crate::quality::metrics::{Metric, Score, total};

/// A score of a system, as a function of summed statistics.
type OfSum = Box<dyn Fn(&[f64]) -> Score>;

/// One kind of score, and what it says of systems and sentences.
pub(super) struct Measure {
    pub name: String,
    pub signature: String,
    /// Digits after the point.
    pub digits: usize,
    /// By system and sentence.
    pub statistics: Vec<Vec<Vec<f64>>>,
    /// By system and sentence; empty where they are not asked for.
    pub sentences: Vec<Vec<f64>>,
    pub score: OfSum,
}

impl Measure {
    /// Of strings, as sacrebleu has it.
    ///
    /// * `singly`: whether sentences are scored on their own, too
    pub fn of_strings(
        metric: Metric,
        systems: &[Side],
        references: &[Vec<&str>],
        singly: bool,
    ) -> Self {
        let lines = |system: &Side, of: &dyn Fn(&str, &[&str]) -> f64| -> Vec<f64> {
            let pairs = system.sentences.iter().zip(references);
            pairs.map(|(line, references)| of(line, references)).collect()
        };
        let sentence = |line: &str, references: &[&str]| metric.sentence(line, references).value;
        let sentences = systems.iter().filter(|_| singly).map(|system| lines(system, &sentence));
        let sentences = sentences.collect();
        let statistics = systems
            .iter()
            .map(|system| {
                let pairs = system.sentences.iter().zip(references);
                pairs.map(|(line, references)| metric.statistics(line, references)).collect()
            })
            .collect();
        Self {
            name: metric.name(),
            signature: metric.signature(references.first().map_or(1, Vec::len)),
            digits: 2,
            statistics,
            sentences,
            score: Box::new(move |sum| metric.score(sum)),
        }
    }

    /// By a network that reads the source, too. The score of a system is the mean.
    ///
    /// # Errors
    /// When there are no sources, or the model can't be loaded or fails.
    pub fn of_comet(
        model: &ModelSource,
        systems: &[Side],
        references: &[Vec<&str>],
        sources: Option<&[String]>,
        quiet: bool,
    ) -> anyhow::Result<Self> {
        let Some(sources) = sources else {
            let message = "COMET reads the sources as well: name their file with --source";
            return Err(Refusal::Usage(message.into()).into());
        };
        let files = CometFiles::resolve(model, &mut Download::new(show_progress(quiet), quiet))?;
        let comet = Comet::load(&files, &Device::Cpu)
            .with_context(|| format!("could not load model {model}"))?;
        if comet.wants_references() && references.iter().any(Vec::is_empty) {
            let message = format!("{model} compares with references: name them with --reference");
            return Err(Refusal::Usage(message).into());
        }
        let segments: Vec<Segment<'_>> = systems
            .iter()
            .flat_map(|system| {
                let rows = system.sentences.iter().zip(sources).zip(references);
                rows.map(|((translation, source), references)| Segment {
                    source,
                    translation,
                    reference: references.first().copied().unwrap_or_default(),
                })
            })
            .collect();
        let bar = tokens_bar(show_progress(quiet));
        let scores = comet.score(&segments, &mut |done, all| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        });
        bar.finish_and_clear();
        let scores: Vec<f64> =
            scores.context("could not score")?.into_iter().map(f64::from).collect();
        let sentences: Vec<Vec<f64>> =
            scores.chunks(sources.len().max(1)).map(<[f64]>::to_vec).collect();
        let count = |scores: &Vec<f64>| scores.iter().map(|score| vec![*score, 1.0]).collect();
        Ok(Self {
            name: "COMET".into(),
            signature: format!(
                "nrefs:{}|model:{}|revision:{}|tarjoman:{}",
                usize::from(comet.wants_references()),
                comet.name(),
                comet.revision(),
                env!("CARGO_PKG_VERSION")
            ),
            digits: 4,
            statistics: sentences.iter().map(count).collect(),
            sentences,
            score: Box::new(|sum| {
                let value = match sum {
                    [sum, count] if *count > 0.0 => sum / count,
                    _ => 0.0,
                };
                Score { value, detail: String::new() }
            }),
        })
    }

    /// Of a system, by its number.
    pub fn of_system(&self, system: usize) -> Score {
        (self.score)(&total(&self.statistics[system]))
    }
}
