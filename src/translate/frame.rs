//! What a text stands in when the model reads it, and what of an answer is the translation.

use crate::model::prompt::{Pair, Passage};
use crate::model::tokenizer::Encoded;
use crate::model::{Prompt, Result, Tokenizer};

/// What a text stands in when the model reads it.
#[derive(Debug)]
pub(super) enum Frame {
    /// What a translation model wants before every source, such as `>>eng<<`; often nothing.
    Prefix(String),
    /// What a language model is told.
    Prompt {
        /// With a place for the text.
        prompt: Box<Prompt>,
        /// From what into what.
        languages: Pair,
    },
}

impl Frame {
    /// Token ids of a text in its frame, and where each stands in the text; nothing of that for a
    /// prompt.
    ///
    /// * `before`: for a language model the sentences before it, each with its translation
    pub fn encode(
        &self,
        tokenizer: &Tokenizer,
        text: &str,
        before: &[(String, String)],
    ) -> Result<Encoded> {
        match self {
            Self::Prefix(prefix) if prefix.is_empty() => tokenizer.encode_placed(text),
            Self::Prefix(prefix) => {
                let mut encoded = tokenizer.encode_placed(&format!("{prefix} {text}"))?;
                let own = |at: usize| at.saturating_sub(prefix.len() + 1);
                for span in &mut encoded.spans {
                    *span = own(span.start)..own(span.end);
                }
                Ok(encoded)
            }
            Self::Prompt { prompt, languages } => {
                let before: Vec<(String, String)> = before
                    .iter()
                    .map(|(source, target)| {
                        (tokenizer.harmless(source).into(), tokenizer.harmless(target).into())
                    })
                    .collect();
                let passage = Passage { before: &before, text: &tokenizer.harmless(text) };
                let text = prompt.render(languages, &passage);
                let ids = if prompt.begin {
                    tokenizer.encode(&text)?
                } else {
                    tokenizer.encode_bare(&text)?
                };
                Ok(Encoded { ids, spans: Vec::new() })
            }
        }
    }

    /// Whether what the model writes is an answer, which may hold more than a translation.
    pub fn asks(&self) -> bool {
        matches!(self, Self::Prompt { .. })
    }
}

/// The translation in an answer, which is its first line with something in it, and what else the
/// model wrote.
pub(super) fn translation(answer: &str) -> (&str, Option<&str>) {
    let answer = answer.trim();
    match answer.split_once(['\n', '\r']) {
        Some((line, rest)) => (line.trim_end(), Some(rest.trim()).filter(|rest| !rest.is_empty())),
        None => (answer, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_an_answer_is_the_translation_and_the_rest_is_kept_apart() {
        assert_eq!(translation(" The news. \n"), ("The news.", None));
        assert_eq!(translation("\n\nThe news.\r\nPersian: x\n"), ("The news.", Some("Persian: x")));
        assert_eq!(translation("  \n "), ("", None));
    }
}
