//! What a search may be told.

use std::borrow::Cow;

use super::processors::{
    BadWords, ForcedFirst, ForcedLast, LogitsProcessor, MinLength, NoRepeatNgram, Renormalize,
    RepetitionPenalty,
};
use super::{Error, Result};
use crate::model::config::{EarlyStopping, GenerationConfig};
use crate::model::{AlignmentHeads, Layer, Seq2Seq};

/// What a search may be told. Names, units and defaults are those of transformers'
/// `GenerationConfig`; lengths are in tokens with the start token counted in.
#[derive(Debug, Clone)]
pub struct SearchOptions {
    /// Beams; 1 is greedy search. Default 1.
    pub beams: usize,
    /// Candidates to return (`num_return_sequences`), at most `beams`. Default 1.
    pub candidates: usize,
    /// Exponent of the length by which scores are divided (Wu et al. 2016, without the
    /// constant 5). Above 0 favours longer targets. Default 1.
    pub length_penalty: f32,
    /// When beam search stops.
    pub early_stopping: EarlyStopping,
    /// Longest target. Default 20.
    pub max_length: usize,
    /// Longest target without the start token, as a multiple of the source's tokens (Marian's
    /// `max-length-factor`); the shorter of both limits holds. Default: none.
    pub max_length_factor: Option<f32>,
    /// Shortest target. Default 0.
    pub min_length: usize,
    /// No n-gram of this size occurs twice (Paulus et al. 2017); 0, the default, is off.
    pub no_repeat_ngram_size: usize,
    /// Divides the scores of tokens that are there already (Keskar et al. 2019). Default 1: off.
    pub repetition_penalty: f32,
    /// Token sequences that are never generated.
    pub bad_words: Vec<Vec<u32>>,
    /// Token that must follow the start token.
    pub forced_first: Option<u32>,
    /// Tokens of which one must end a target of the longest length.
    pub forced_last: Vec<u32>,
    /// Whether scores are log-softmaxed again after the constraints.
    pub renormalize: bool,
    /// First token of the decoder.
    pub start: u32,
    /// Tokens that end a sentence.
    pub end: Vec<u32>,
    /// Padding of sources.
    pub pad: u32,
    /// The attention by which hypotheses say where their tokens come from. Default: what the
    /// model's `generation_config.json` names (`alignment_heads`); nothing is none.
    pub alignment: Option<AlignmentHeads>,
}

impl SearchOptions {
    /// How the model itself wants to be decoded.
    ///
    /// # Errors
    /// When the model names no start or end token.
    pub fn of_model(config: &GenerationConfig) -> Result<Self> {
        let missing = |option| Error::Option {
            option,
            value: "missing".into(),
            reason: "the model's generation_config.json or config.json must have it".into(),
        };
        let start = config
            .decoder_start_token_id
            .or(config.pad_token_id)
            .or(config.bos_token_id)
            .ok_or_else(|| missing("decoder_start_token_id"))?;
        if config.eos_token_id.is_empty() {
            return Err(missing("eos_token_id"));
        }
        Ok(Self {
            beams: config.num_beams.unwrap_or(1),
            candidates: 1,
            length_penalty: config.length_penalty.unwrap_or(1.0),
            early_stopping: config.early_stopping.unwrap_or_default(),
            max_length: config.max_length.unwrap_or(20),
            max_length_factor: config.max_length_factor,
            min_length: config.min_length.unwrap_or(0),
            no_repeat_ngram_size: config.no_repeat_ngram_size.unwrap_or(0),
            repetition_penalty: config.repetition_penalty.unwrap_or(1.0),
            bad_words: config.bad_words_ids.clone().unwrap_or_default(),
            forced_first: config.forced_bos_token_id,
            forced_last: config.forced_eos_token_id.clone(),
            renormalize: config.renormalize_logits.unwrap_or(false),
            start,
            end: config.eos_token_id.clone(),
            pad: config.pad_token_id.unwrap_or(start),
            alignment: alignment_heads(config)?,
        })
    }

    /// The same with the alignment that the network itself knows, where its files name none.
    #[must_use]
    pub fn aligned_by(self, model: &dyn Seq2Seq) -> Self {
        Self { alignment: self.alignment.or_else(|| model.alignment_heads()), ..self }
    }

    /// The same for a source of so many tokens: with its own longest target.
    pub(super) fn for_source(&self, tokens: usize) -> Cow<'_, Self> {
        let Some(factor) = self.max_length_factor else { return Cow::Borrowed(self) };
        // At least one token; a cast of what is out of range stops at the ends of the range.
        #[allow(clippy::cast_sign_loss)] // the factor is above 0, see `check`
        let longest = ((tokens as f32 * factor).ceil() as usize).max(1).saturating_add(1);
        if longest >= self.max_length {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self { max_length: longest, ..self.clone() })
    }

    /// Refuses values that make no sense.
    ///
    /// # Errors
    /// Names the first option that is out of range.
    pub fn check(&self) -> Result<()> {
        let fail = |option, value: String, reason: &str| {
            Err(Error::Option { option, value, reason: reason.into() })
        };
        if self.beams == 0 {
            return fail("beams", self.beams.to_string(), "at least 1");
        }
        if self.candidates == 0 || self.candidates > self.beams {
            let reason = format!("from 1 to the number of beams, {}", self.beams);
            return fail("candidates", self.candidates.to_string(), &reason);
        }
        if self.max_length < 2 {
            return fail("max_length", self.max_length.to_string(), "at least 2");
        }
        if let Some(factor) = self.max_length_factor
            && !(factor.is_finite() && factor > 0.0)
        {
            return fail("max_length_factor", factor.to_string(), "above 0");
        }
        if !self.length_penalty.is_finite() {
            return fail("length_penalty", self.length_penalty.to_string(), "a finite number");
        }
        if !(self.repetition_penalty.is_finite() && self.repetition_penalty > 0.0) {
            return fail("repetition_penalty", self.repetition_penalty.to_string(), "above 0");
        }
        Ok(())
    }

    /// The constraints, in the order of transformers' `_get_logits_processor`.
    #[must_use]
    pub fn processors(&self) -> Vec<Box<dyn LogitsProcessor>> {
        let mut chain: Vec<Box<dyn LogitsProcessor>> = Vec::new();
        if (self.repetition_penalty - 1.0).abs() > f32::EPSILON {
            chain.push(Box::new(RepetitionPenalty { penalty: self.repetition_penalty }));
        }
        if self.no_repeat_ngram_size > 0 {
            chain.push(Box::new(NoRepeatNgram { size: self.no_repeat_ngram_size }));
        }
        let bad_words: Vec<Vec<u32>> = self
            .bad_words
            .iter()
            .filter(|word| {
                !word.is_empty() && !self.end.iter().any(|end| word.as_slice() == [*end])
            })
            .cloned()
            .collect();
        if !bad_words.is_empty() {
            chain.push(Box::new(BadWords { sequences: bad_words }));
        }
        if self.min_length > 0 {
            chain.push(Box::new(MinLength { length: self.min_length, end: self.end.clone() }));
        }
        if let Some(token) = self.forced_first {
            chain.push(Box::new(ForcedFirst { token }));
        }
        if !self.forced_last.is_empty() {
            chain.push(Box::new(ForcedLast {
                max_length: self.max_length,
                tokens: self.forced_last.clone(),
            }));
        }
        if self.renormalize {
            chain.push(Box::new(Renormalize));
        }
        chain
    }
}

/// `alignment_heads` of the configuration.
fn alignment_heads(config: &GenerationConfig) -> Result<Option<AlignmentHeads>> {
    let Some(named) = &config.alignment_heads else { return Ok(None) };
    match named.first() {
        Some([layer, _]) if named.iter().all(|[other, _]| other == layer) => {
            let heads = named.iter().map(|[_, head]| *head).collect();
            Ok(Some(AlignmentHeads::guided(Layer::At(*layer), heads)))
        }
        _ => Err(Error::Option {
            option: "alignment_heads",
            value: format!("{named:?}"),
            reason: "pairs of layer and head, all of the same layer".into(),
        }),
    }
}
