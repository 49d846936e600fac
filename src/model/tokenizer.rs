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
}
