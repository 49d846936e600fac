//! Text of targets to token ids: what a translation is made to hold.

use super::{Kind, Tokenizer, guarded};

impl Tokenizer {
    /// Token ids of a text inside a target, and at the start of one; without any special token.
    /// `None` where the vocabulary can't write it.
    #[must_use]
    pub fn encode_target(&self, text: &str) -> Option<(Vec<u32>, Vec<u32>)> {
        let encode = |text: &str| match &self.kind {
            Kind::Marian(marian) => Some(marian.encode_target(text)),
            Kind::Fairseq(fairseq) => Some(fairseq.encode(text)),
            Kind::T5(t5) => Some(t5.encode(text)),
            Kind::Bergamot(bergamot) => Some(bergamot.encode_target(text)),
            Kind::Json(tokenizer) => {
                let encoding = guarded(|| tokenizer.encode(text, false)).ok()?;
                Some(encoding.get_ids().to_vec())
            }
        };
        // Language models have a token for a word with the space before it, and one without.
        let inner = if self.language_model.is_some() { format!(" {text}") } else { text.into() };
        let (inner, initial) = (encode(&inner)?, encode(text)?);
        let written = |tokens: &[u32]| {
            let is_known = !tokens.is_empty() && !tokens.iter().any(|id| Some(*id) == self.unk());
            is_known && self.decode(tokens).is_ok_and(|written| written.trim() == text)
        };
        (written(&inner) && written(&initial)).then_some((inner, initial))
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
