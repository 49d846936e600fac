//! Greedy search: transformers' `_sample` with `do_sample=False`.

use super::alignment::Trace;
use super::scores::{argmax, length_divisor, log_sum_exp};
use super::{Hypothesis, LogitsProcessor, SearchOptions};

/// Greedy search over one sentence.
#[derive(Debug)]
pub(super) struct Greedy {
    /// The start token first.
    tokens: Vec<u32>,
    log_probability: f32,
    done: bool,
}

impl Greedy {
    pub fn new(options: &SearchOptions) -> Self {
        Self { tokens: vec![options.start], log_probability: 0.0, done: false }
    }

    /// Takes the best next token. `logits`: `[vocabulary]`, changed in place.
    pub fn advance(
        &mut self,
        logits: &mut [f32],
        processors: &[Box<dyn LogitsProcessor>],
        options: &SearchOptions,
    ) {
        // A score that is only ever forbidden is as it was, if it is chosen.
        let kept = processors.iter().all(|processor| processor.only_forbids(&self.tokens));
        let raw = if kept { Vec::new() } else { logits.to_vec() };
        let shift = log_sum_exp(logits);
        for processor in processors {
            processor.process(&self.tokens, logits);
        }
        let token = argmax(logits);
        // A forced token is no choice of the model and has probability 1.
        let first = options.forced_first.is_some() && self.tokens.len() == 1;
        let last = !options.forced_last.is_empty() && self.tokens.len() + 1 == options.max_length;
        if !first && !last {
            self.log_probability += if kept { logits[token] } else { raw[token] } - shift;
        }
        self.tokens.push(token as u32);
        self.done =
            options.end.contains(&(token as u32)) || self.tokens.len() >= options.max_length;
    }

    pub fn is_done(&self) -> bool {
        self.done
    }

    pub fn last(&self) -> u32 {
        *self.tokens.last().expect("the start token is there from the beginning")
    }

    pub fn into_hypothesis(self, options: &SearchOptions, trace: Option<&Trace>) -> Hypothesis {
        let length = self.tokens.len() - 1;
        Hypothesis {
            score: self.log_probability / length_divisor(length, options.length_penalty),
            truncated: self.tokens.len() >= options.max_length,
            alignment: trace.and_then(|trace| trace.of(length, 0)),
            tokens: self.tokens[1..].to_vec(),
        }
    }
}
