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

    /// Token ids of a phrase inside a target, and at the start of one; without any special token.
    /// `None` where the vocabulary can't write it.
    #[must_use]
    pub fn encode_phrase(&self, text: &str) -> Option<(Vec<u32>, Vec<u32>)> {
        // Language models have a token for a word with the space before it, and one without.
        let inner = if self.language_model.is_some() { format!(" {text}") } else { text.into() };
        let (inner, initial) = (self.plain_target(&inner)?, self.plain_target(text)?);
        let written = |tokens: &[u32]| {
            let is_known = !tokens.is_empty() && !tokens.iter().any(|id| Some(*id) == self.unk());
            is_known && self.decode(tokens).is_ok_and(|written| written.trim() == text)
        };
        (written(&inner) && written(&initial)).then_some((inner, initial))
    }

    /// Token ids of a text of the target language without what is put around it.
    fn plain_target(&self, text: &str) -> Option<Vec<u32>> {
        let ids = self.encode_target(text).ok()?.ids;
        let language = self.target_token();
        let before = match &self.language_model {
            Some(model) => model.begin.as_slice(),
            None => language.as_slice(),
        };
        let ids = ids.strip_prefix(before).unwrap_or(&ids);
        Some(ids.strip_suffix(self.eos().as_slice()).unwrap_or(ids).to_vec())
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

    /// By token id, whether a token goes on with the word of the token before it.
    #[must_use]
    pub fn continuing(&self) -> Vec<bool> {
        let goes_on = |token: &str| {
            // Byte-level vocabularies write a space as this letter.
            !token.starts_with(['Ġ', 'Ċ'])
                && token.chars().next().is_some_and(char::is_alphanumeric)
        };
        let mut all = vec![false; self.vocabulary_size()];
        for (id, place) in (0..).zip(&mut all) {
            *place = match &self.kind {
                Kind::Marian(marian) => marian.token(id).is_some_and(goes_on),
                Kind::Fairseq(fairseq) => fairseq.token(id).is_some_and(goes_on),
                Kind::T5(t5) => t5.token(id).is_some_and(goes_on),
                Kind::Bergamot(bergamot) => bergamot.token(id).is_some_and(goes_on),
                Kind::Json(tokenizer) => tokenizer.id_to_token(id).is_some_and(|t| goes_on(&t)),
            };
        }
        all
    }
}
