//! Beam search over one sentence: transformers' `_beam_search` (5.x), whose sentences do not
//! influence each other, so that each can stop on its own.

use super::alignment::Trace;
use super::scores::{length_divisor, log_softmax, log_sum_exp, top};
use super::{Hypothesis, LogitsProcessor, SearchOptions};
use crate::model::config::EarlyStopping;

/// Stands for minus infinity there; kept, so that sums come out the same.
const NEVER: f32 = -1e9;

#[derive(Debug, Clone)]
struct Running {
    /// The start token first.
    tokens: Vec<u32>,
    /// Sum of log-probabilities.
    score: f32,
}

#[derive(Debug, Clone)]
struct Slot {
    tokens: Vec<u32>,
    /// Divided by the length.
    score: f32,
    finished: bool,
    /// The row that the last token was chosen from.
    row: usize,
}

/// Beam search over one sentence.
#[derive(Debug)]
pub(super) struct Beam {
    running: Vec<Running>,
    /// The best finished candidates so far, best first; always as many as beams.
    slots: Vec<Slot>,
    can_improve: bool,
    done: bool,
}

/// A continuation: score so far, the beam that it continues, its token.
type Continuation = (f32, usize, u32);

impl Beam {
    pub fn new(options: &SearchOptions) -> Self {
        let start = vec![options.start];
        // All beams are the same at first: only one may be continued.
        let running = (0..options.beams)
            .map(|beam| Running {
                tokens: start.clone(),
                score: if beam == 0 { 0.0 } else { NEVER },
            })
            .collect();
        let slot = Slot { tokens: start, score: NEVER, finished: false, row: 0 };
        Self { running, slots: vec![slot; options.beams], can_improve: true, done: false }
    }

    /// Takes one step.
    ///
    /// * `logits`: `[rows, vocabulary]`, changed in place; rows are the beams, or at the first
    ///   step one row for all of them
    ///
    /// Returns for each beam the row that it continues.
    pub fn advance(
        &mut self,
        logits: &mut [f32],
        vocabulary: usize,
        processors: &[Box<dyn LogitsProcessor>],
        options: &SearchOptions,
    ) -> Vec<usize> {
        let beams = self.running.len();
        let length = self.running[0].tokens.len() + 1;
        let kept = (1 + options.end.len()).max(2) * beams;
        let continuations = self.continuations(logits, vocabulary, processors, kept);

        let finishes: Vec<bool> = continuations
            .iter()
            .map(|(_, _, token)| options.end.contains(token) || length >= options.max_length)
            .collect();
        let extend = |(_, beam, token): &Continuation| {
            let mut tokens = self.running[*beam].tokens.clone();
            tokens.push(*token);
            tokens
        };

        // Candidates that end here compete for the slots; only the best `beams` may.
        let closed = options.early_stopping == EarlyStopping::Always
            && self.slots.iter().all(|slot| slot.finished);
        let divisor = length_divisor(length - 1, options.length_penalty);
        let mut slots = self.slots.clone();
        if self.can_improve && !closed {
            for (continuation, _) in
                continuations.iter().zip(&finishes).take(beams).filter(|(_, ends)| **ends)
            {
                let score = continuation.0 / divisor;
                let tokens = extend(continuation);
                slots.push(Slot { tokens, score, finished: true, row: continuation.1 });
            }
        }
        slots.sort_by(|a, b| b.score.total_cmp(&a.score)); // stable: the older of equals stays first
        slots.truncate(beams);

        // The best that go on.
        let scored: Vec<f32> = continuations
            .iter()
            .zip(&finishes)
            .map(|((score, ..), ends)| score + f32::from(u8::from(*ends)) * NEVER)
            .collect();
        let mut chosen = Vec::new();
        top(&scored, beams, &mut chosen);
        let parents = chosen.iter().map(|(_, index)| continuations[*index].1).collect();
        let running = chosen
            .iter()
            .map(|(score, index)| Running { tokens: extend(&continuations[*index]), score: *score })
            .collect();

        self.running = running;
        self.slots = slots;
        self.can_improve = self.can_improve && self.may_still_improve(length, options);
        let open = !(options.early_stopping == EarlyStopping::Always
            && self.slots.iter().all(|slot| slot.finished));
        self.done = !(self.can_improve && open && finishes.iter().any(|ends| !ends));
        parents
    }

    /// The best continuations over all beams, best first.
    fn continuations(
        &self,
        logits: &mut [f32],
        vocabulary: usize,
        processors: &[Box<dyn LogitsProcessor>],
        kept: usize,
    ) -> Vec<Continuation> {
        let mut all: Vec<Continuation> = Vec::with_capacity(kept * self.running.len());
        let mut candidates = Vec::new();
        for (beam, running) in self.running.iter().enumerate() {
            // At the first step one row stands for all beams.
            if let Some(row) = logits.get_mut(beam * vocabulary..(beam + 1) * vocabulary) {
                let later =
                    processors.iter().all(|processor| processor.only_forbids(&running.tokens));
                let shift = if later { log_sum_exp(row) } else { 0.0 };
                if !later {
                    log_softmax(row);
                }
                for processor in processors {
                    processor.process(&running.tokens, row);
                }
                top(row, kept, &mut candidates);
                if shift.is_finite() {
                    for (score, _) in &mut candidates {
                        *score -= shift;
                    }
                }
            }
            all.extend(
                candidates
                    .iter()
                    .map(|(score, token)| (score + running.score, beam, *token as u32)),
            );
        }
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        all.truncate(kept);
        all
    }

    /// transformers' `_check_early_stop_heuristic`: `length` counts the start token.
    fn may_still_improve(&self, length: usize, options: &SearchOptions) -> bool {
        let best_length =
            if options.early_stopping == EarlyStopping::Never && options.length_penalty > 0.0 {
                options.max_length - 1
            } else {
                length - 1
            };
        let best = self.running[0].score / length_divisor(best_length, options.length_penalty);
        let lowest = self.slots.iter().map(|slot| slot.score).fold(f32::INFINITY, f32::min);
        self.slots.iter().any(|slot| best > if slot.finished { lowest } else { NEVER })
    }

    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The newest token of every beam.
    pub fn last(&self) -> impl Iterator<Item = u32> {
        self.running
            .iter()
            .map(|beam| *beam.tokens.last().expect("the start token is there from the beginning"))
    }

    pub fn into_hypotheses(
        self,
        options: &SearchOptions,
        trace: Option<&Trace>,
    ) -> Vec<Hypothesis> {
        self.slots
            .into_iter()
            .take(options.candidates)
            .map(|slot| Hypothesis {
                truncated: slot.tokens.len() >= options.max_length,
                alignment: trace.and_then(|trace| trace.of(slot.tokens.len() - 1, slot.row)),
                tokens: slot.tokens[1..].to_vec(),
                score: slot.score,
            })
            .collect()
    }
}
