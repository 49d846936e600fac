//! Texts of the target language: as tokens, where they are given, and where tokens stand in them.

use std::ops::Range;

use super::{Encoded, Kind, Tokenizer, encoded};
use crate::model::Result;

impl Tokenizer {
    /// Token ids of a text of the target language, as those that a model writes, and where each
    /// stands in the text. Not for language models.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn encode_target(&self, text: &str) -> Result<Encoded> {
        let mut out = match &self.kind {
            Kind::Marian(marian) => return Ok(marian.encode_target(text)),
            Kind::Bergamot(bergamot) => bergamot.encode_target(text),
            _ => return self.encode_other(text),
        };
        out.put_in(self.eos());
        Ok(out)
    }

    /// Where one vocabulary cuts both languages: only the token of the language is another.
    fn encode_other(&self, text: &str) -> Result<Encoded> {
        let mut out = self.encode_placed(text)?;
        if let (Some(target), Some(first)) = (self.target_token(), out.ids.first_mut()) {
            *first = target;
        }
        Ok(out)
    }

    /// Where each of the tokens stands in `text`, which they are decoded to, in bytes; empty for
    /// special tokens and what shows nothing.
    #[must_use]
    pub fn places(&self, tokens: &[u32], text: &str) -> Vec<Range<usize>> {
        let whole = |count| self.decode(&tokens[..count]).unwrap_or_default();
        match &self.kind {
            Kind::Marian(marian) => encoded::places(text, tokens, |id| marian.token(id), whole),
            Kind::Fairseq(fairseq) => encoded::places(text, tokens, |id| fairseq.token(id), whole),
            Kind::T5(t5) => encoded::places(text, tokens, |id| t5.token(id), whole),
            Kind::Bergamot(all) => encoded::places(text, tokens, |id| all.token(id), whole),
            Kind::Json(json) => encoded::places(text, tokens, |id| json.id_to_token(id), whole),
        }
    }
}
