//! Which target tokens a model computes.

use super::{Error, Result};
use crate::model::Tokenizer;

/// The target tokens that a model computes and scores. With fewer than all, scores are
/// probabilities among those, a little higher than the model's own: a greedy search chooses the
/// same as long as no other token would win, a beam search may now and then choose otherwise. In
/// return, the product with the vocabulary, the largest of a step, is that much smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetVocabulary {
    /// All: what the model itself would do.
    #[default]
    Full,
    /// Those that can stand in English text.
    English,
    /// Those that can stand in English text where the model has a vocabulary of many scripts and
    /// translates into English; all otherwise.
    Auto,
}

/// Vocabularies of one pair of languages, or of some in one script, are smaller; those of M2M100,
/// NLLB, mBART, mT5, MADLAD, Gemma and Qwen larger.
const MANY_SCRIPTS: usize = 100_000;

impl TargetVocabulary {
    /// The tokens, ascending; nothing where those are all.
    ///
    /// # Errors
    /// When English is wanted for another language.
    pub(super) fn tokens(self, tokenizer: &Tokenizer, to: &str) -> Result<Option<Vec<u32>>> {
        let wanted = match self {
            Self::Full => false,
            Self::English if !is_english(to) => {
                return Err(Error::NotEnglish { language: to.to_owned() });
            }
            Self::English => true,
            Self::Auto => is_english(to) && tokenizer.vocabulary_size() >= MANY_SCRIPTS,
        };
        Ok(wanted.then(|| tokenizer.english_tokens()))
    }
}

/// Whether this is English, by its ISO 639 codes or as models name it.
fn is_english(language: &str) -> bool {
    ["en", "eng", "eng_Latn", "en_XX", "__en__"].contains(&language)
}
