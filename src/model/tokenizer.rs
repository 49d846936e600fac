//! Text to token ids and back, from `tokenizer.json` or from SentencePiece files.

use super::{Result, TokenizerFiles};

/// Text to token ids and back.
pub struct Tokenizer {}

impl Tokenizer {
    /// Loads the tokenizer.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn load(files: &TokenizerFiles) -> Result<Self> {
        let _ = files;
        todo!()
    }

    /// Token ids of one sentence, the end-of-sentence token appended.
    ///
    /// # Errors
    /// When the tokenizer refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let _ = text;
        todo!()
    }

    /// Plain text of target tokens; special tokens are left out.
    ///
    /// # Errors
    /// When an id is not in the vocabulary.
    pub fn decode(&self, tokens: &[u32]) -> Result<String> {
        let _ = tokens;
        todo!()
    }

    /// What must stand before a source so that the target is in this language (ISO 639-3), such
    /// as `>>eng<<`; nothing where the model has only one target language.
    #[must_use]
    pub fn target_prefix(&self, language: &str) -> Option<String> {
        let _ = language;
        todo!()
    }
}
