//! The tokens that a network's logits stand for. Where those are not all, the search counts in
//! places among them, and what it is told and what it finds are translated here.

use std::borrow::Cow;

use super::{Demand, Error, Form, Hypothesis, Phrase, Result, SearchOptions};

/// Stands for a token that is never chosen.
const NONE: u32 = u32::MAX;

/// The tokens of the columns of logits, ascending; nothing where they are all.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outputs<'a>(pub Option<&'a [u32]>);

impl Outputs<'_> {
    /// The token in this place.
    pub fn token(self, place: u32) -> u32 {
        match self.0 {
            Some(tokens) => tokens.get(place as usize).copied().unwrap_or(NONE),
            None => place,
        }
    }

    /// The place of this token.
    pub fn place(self, token: u32) -> Option<u32> {
        match self.0 {
            Some(tokens) => tokens.binary_search(&token).ok().map(|place| place as u32),
            None => Some(token),
        }
    }

    fn places(self, tokens: &[u32], option: &'static str) -> Result<Vec<u32>> {
        let places: Vec<u32> = tokens.iter().filter_map(|token| self.place(*token)).collect();
        if places.is_empty() && !tokens.is_empty() {
            let reason = "the network computes no logit of it".into();
            return Err(Error::Option { option, value: format!("{tokens:?}"), reason });
        }
        Ok(places)
    }

    /// The options with places in place of tokens.
    ///
    /// # Errors
    /// When a token that must be chosen has none.
    pub fn options(self, options: &SearchOptions) -> Result<Cow<'_, SearchOptions>> {
        if self.0.is_none() {
            return Ok(Cow::Borrowed(options));
        }
        let first = options.forced_first.as_slice();
        Ok(Cow::Owned(SearchOptions {
            start: self.place(options.start).unwrap_or(NONE),
            pad: self.place(options.pad).unwrap_or(NONE),
            end: self.places(&options.end, "eos_token_id")?,
            forced_first: self.places(first, "forced_bos_token_id")?.first().copied(),
            forced_last: self.places(&options.forced_last, "forced_eos_token_id")?,
            // A sequence with a token that is never chosen never occurs.
            bad_words: options
                .bad_words
                .iter()
                .filter_map(|word| word.iter().map(|token| self.place(*token)).collect())
                .collect(),
            ..options.clone()
        }))
    }

    /// The demand with places in place of tokens. A form that can't be spelled with the tokens that
    /// there are is gone.
    pub fn demand(self, demand: &Demand) -> Cow<'_, Demand> {
        if self.0.is_none() {
            return Cow::Borrowed(demand);
        }
        let places = |tokens: &[u32]| -> Option<Vec<u32>> {
            tokens.iter().map(|token| self.place(*token)).collect()
        };
        let form = |form: &Form| {
            Some(Form { inner: places(&form.inner)?, initial: places(&form.initial)? })
        };
        let phrase =
            |phrase: &Phrase| Phrase { forms: phrase.forms.iter().filter_map(form).collect() };
        let phrases = demand.phrases.iter().map(phrase).collect();
        Cow::Owned(Demand { phrases, usual: demand.usual })
    }

    /// Of what is known of every token, what is known of those that there are.
    pub fn known(self, all: &[bool]) -> Cow<'_, [bool]> {
        let Some(tokens) = self.0 else { return Cow::Borrowed(all) };
        let of = |token: &u32| all.get(*token as usize).copied().unwrap_or(false);
        Cow::Owned(tokens.iter().map(of).collect())
    }

    /// A hypothesis with tokens in place of places.
    pub fn hypothesis(self, found: Hypothesis) -> Hypothesis {
        let tokens = found.tokens.into_iter().map(|place| self.token(place)).collect();
        Hypothesis { tokens, ..found }
    }
}
