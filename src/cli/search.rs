//! What may be typed about the search: the same for all commands that translate.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use super::check::CheckArguments;
use super::model::ModelArguments;
use crate::model::config::EarlyStopping;
use crate::translate::{TranslateOptions, Translator};

/// How sentences are searched.
#[derive(Debug, clap::Args)]
pub(super) struct SearchArguments {
    /// Beams; 1 is greedy search
    #[arg(short, long, value_name = "N")]
    beams: Option<usize>,

    /// Exponent of the length by which scores are divided; higher favours longer translations
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    length_penalty: Option<f32>,

    /// When beam search stops
    #[arg(long, value_enum, value_name = "WHEN")]
    early_stopping: Option<EarlyStopping>,

    /// Longest translation of a sentence, in tokens
    #[arg(long, value_name = "TOKENS")]
    max_length: Option<usize>,

    /// No sequence of N tokens occurs twice in a sentence; 0 is off
    #[arg(long, value_name = "N")]
    no_repeat_ngram: Option<usize>,

    /// Above 1: makes tokens that are there already less likely
    #[arg(long, value_name = "X")]
    repetition_penalty: Option<f32>,

    /// Leave out half-spaces that the text has lost
    #[arg(long)]
    no_half_space_restoration: bool,

    /// Source tokens that are translated together
    #[arg(long, value_name = "TOKENS")]
    batch_tokens: Option<usize>,

    #[command(flatten, next_help_heading = "Checks")]
    checks: CheckArguments,
}

impl ValueEnum for EarlyStopping {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Always, Self::Heuristic, Self::Never]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (name, help) = match self {
            Self::Always => ("true", "As soon as there are as many candidates as beams"),
            Self::Heuristic => ("false", "When the best beam can't win at its present length"),
            Self::Never => ("never", "When the best beam can't win at any length"),
        };
        Some(PossibleValue::new(name).help(help))
    }
}

impl SearchArguments {
    /// What was typed, over what the model wants.
    ///
    /// # Errors
    /// When a value is out of range.
    pub fn options(
        &self,
        translator: &Translator,
        model: &ModelArguments,
        candidates: usize,
    ) -> anyhow::Result<TranslateOptions> {
        let mut options = translator.options();
        options.context = model.context().unwrap_or(options.context);
        let search = &mut options.search;
        search.candidates = candidates;
        search.beams = self.beams.unwrap_or(search.beams.max(candidates));
        search.length_penalty = self.length_penalty.unwrap_or(search.length_penalty);
        search.early_stopping = self.early_stopping.unwrap_or(search.early_stopping);
        search.max_length = self.max_length.unwrap_or(search.max_length);
        search.no_repeat_ngram_size = self.no_repeat_ngram.unwrap_or(search.no_repeat_ngram_size);
        search.repetition_penalty = self.repetition_penalty.unwrap_or(search.repetition_penalty);
        options.batch_tokens = self.batch_tokens.unwrap_or(options.batch_tokens);
        options.half_spaces = !self.no_half_space_restoration;
        self.checks.add_to(&mut options);
        options.search.check()?;
        Ok(options)
    }
}
