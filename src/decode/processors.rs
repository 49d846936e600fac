//! Constraints on the next token, after transformers `logits_process.py`.

use super::scores::log_softmax;

/// Changes the scores of the next token of one row; keeps nothing between calls.
pub trait LogitsProcessor: Send + Sync {
    /// * `tokens`: the row so far, the start token first
    /// * `scores`: `[vocabulary]`, logits or log-probabilities
    fn process(&self, tokens: &[u32], scores: &mut [f32]);

    /// Whether at this step it does nothing but set scores to minus infinity, so that scores which
    /// are left may be normalised later. Default: no.
    fn only_forbids(&self, _tokens: &[u32]) -> bool {
        false
    }
}

fn forbid(scores: &mut [f32], token: u32) {
    if let Some(score) = scores.get_mut(token as usize) {
        *score = f32::NEG_INFINITY;
    }
}

fn force(scores: &mut [f32], tokens: &[u32]) {
    scores.fill(f32::NEG_INFINITY);
    for token in tokens {
        if let Some(score) = scores.get_mut(*token as usize) {
            *score = 0.0;
        }
    }
}

/// Keskar et al. 2019 (CTRL): scores of tokens that are there already are divided, or if
/// negative multiplied.
#[derive(Debug)]
pub(super) struct RepetitionPenalty {
    pub penalty: f32,
}

impl LogitsProcessor for RepetitionPenalty {
    fn process(&self, tokens: &[u32], scores: &mut [f32]) {
        for (index, token) in tokens.iter().enumerate() {
            if tokens[..index].contains(token) {
                continue;
            }
            if let Some(score) = scores.get_mut(*token as usize) {
                *score = if *score < 0.0 { *score * self.penalty } else { *score / self.penalty };
            }
        }
    }
}

/// Paulus et al. 2017: no n-gram occurs twice.
#[derive(Debug)]
pub(super) struct NoRepeatNgram {
    pub size: usize,
}

impl LogitsProcessor for NoRepeatNgram {
    fn process(&self, tokens: &[u32], scores: &mut [f32]) {
        if tokens.len() + 1 < self.size {
            return;
        }
        let prefix = &tokens[tokens.len() + 1 - self.size..];
        for ngram in tokens.windows(self.size) {
            if let Some((last, head)) = ngram.split_last()
                && head == prefix
            {
                forbid(scores, *last);
            }
        }
    }

    fn only_forbids(&self, _: &[u32]) -> bool {
        true
    }
}

/// Token sequences that never occur.
#[derive(Debug)]
pub(super) struct BadWords {
    /// None empty, none an end-of-sentence token alone.
    pub sequences: Vec<Vec<u32>>,
}

impl LogitsProcessor for BadWords {
    fn process(&self, tokens: &[u32], scores: &mut [f32]) {
        for sequence in &self.sequences {
            if let Some((last, prefix)) = sequence.split_last()
                && tokens.ends_with(prefix)
            {
                forbid(scores, *last);
            }
        }
    }

    fn only_forbids(&self, _: &[u32]) -> bool {
        true
    }
}

/// No end of sentence before this length.
#[derive(Debug)]
pub(super) struct MinLength {
    pub length: usize,
    pub end: Vec<u32>,
}

impl LogitsProcessor for MinLength {
    fn process(&self, tokens: &[u32], scores: &mut [f32]) {
        if tokens.len() < self.length {
            for token in &self.end {
                forbid(scores, *token);
            }
        }
    }

    fn only_forbids(&self, _: &[u32]) -> bool {
        true
    }
}

/// The token after the start token, such as a language code.
#[derive(Debug)]
pub(super) struct ForcedFirst {
    pub token: u32,
}

impl LogitsProcessor for ForcedFirst {
    fn process(&self, tokens: &[u32], scores: &mut [f32]) {
        if tokens.len() == 1 {
            force(scores, &[self.token]);
        }
    }

    fn only_forbids(&self, tokens: &[u32]) -> bool {
        tokens.len() != 1
    }
}

/// The last token of a target of the longest length.
#[derive(Debug)]
pub(super) struct ForcedLast {
    pub max_length: usize,
    pub tokens: Vec<u32>,
}

impl LogitsProcessor for ForcedLast {
    fn process(&self, tokens: &[u32], scores: &mut [f32]) {
        if tokens.len() + 1 == self.max_length {
            force(scores, &self.tokens);
        }
    }

    fn only_forbids(&self, tokens: &[u32]) -> bool {
        tokens.len() + 1 != self.max_length
    }
}

/// `LogitNormalization`: log-softmax once more, so that scores are log-probabilities again.
#[derive(Debug)]
pub(super) struct Renormalize;

impl LogitsProcessor for Renormalize {
    fn process(&self, _: &[u32], scores: &mut [f32]) {
        log_softmax(scores);
    }
}
