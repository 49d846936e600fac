//! What a translation depends on, told so that it can be made again.

use super::translator::{TranslateOptions, Translator};
use crate::document::Provenance;
use crate::model::config::EarlyStopping;

impl Translator {
    /// How translations of this model with these options come about. How many sentences are decoded
    /// together, and on how many cores, changes nothing and is left out.
    pub(super) fn provenance(&self, options: &TranslateOptions) -> Provenance {
        let search = &options.search;
        let mut told = vec![
            format!("beams={}", search.beams),
            format!("length_penalty={}", search.length_penalty),
            format!("max_length={}", search.max_length),
        ];
        let mut unusual = |name: &str, value: String, is_usual: bool| {
            if !is_usual {
                told.push(format!("{name}={value}"));
            }
        };
        let early = format!("{:?}", search.early_stopping).to_lowercase();
        unusual("early_stopping", early, search.early_stopping == EarlyStopping::default());
        let (ngram, penalty) = (search.no_repeat_ngram_size, search.repetition_penalty);
        unusual("no_repeat_ngram", ngram.to_string(), ngram == 0);
        unusual("repetition_penalty", penalty.to_string(), (penalty - 1.0).abs() < f32::EPSILON);
        unusual("context", options.context.to_string(), options.context == 0);
        let tried = options.second_try && options.checks.is_some() && options.context == 0;
        unusual("second_try", "true".into(), !tried);
        let (only, usual) = (options.only_persian, self.reads_persian);
        unusual("only_persian", only.to_string(), only == usual);
        unusual("half_spaces", "as_written".into(), options.half_spaces);
        let precision = format!("{:?}", self.compute_type).to_lowercase();
        told.push(format!("compute_type={precision}"));
        if self.computes_some {
            told.push("vocabulary=english".into());
        }
        if let Some(glossary) = &options.glossary {
            told.push(format!("glossary={}", glossary.identity()));
        }
        if let Some(memory) = &options.memory {
            told.push(format!("memory={}", memory.identity()));
        }
        Provenance {
            tool: concat!("tarjoman ", env!("CARGO_PKG_VERSION")).into(),
            revision: self.revision.clone(),
            options: told.join(" "),
            time: time(std::env::var("SOURCE_DATE_EPOCH").ok().as_deref()),
        }
    }
}

/// The time of an environment that wants the same outputs from the same inputs
/// (<https://reproducible-builds.org/specs/source-date-epoch/>).
fn time(epoch: Option<&str>) -> Option<String> {
    let seconds: u64 = epoch?.trim().parse().ok()?;
    let time = std::time::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))?;
    let day = crate::persian::Day::of(time);
    let clock = seconds % 86_400;
    Some(format!("{day}T{:02}:{:02}:{:02}Z", clock / 3600, clock / 60 % 60, clock % 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_what_the_environment_says_and_else_nothing() {
        assert_eq!(time(Some("1761004800")).as_deref(), Some("2025-10-21T00:00:00Z"));
        assert_eq!(time(Some("soon")), None);
        assert_eq!(time(None), None);
    }
}
