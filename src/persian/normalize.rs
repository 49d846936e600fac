//! Character normalisation for what the model reads.

use tokenizers::NormalizedString;

/// The text as the model reads it, with the way back to the text as displayed.
#[must_use]
pub fn normalize(text: &str) -> NormalizedString {
    NormalizedString::from(text)
}
