//! Beam search whose targets hold given phrases: dynamic beam allocation (Post and Vilar 2018,
//! <https://aclanthology.org/N18-1119>), with the rows of a sentence shared out over banks of
//! hypotheses that have as many tokens of the demand. A phrase that is begun is ended. The search
//! chooses the place of each phrase by what the whole target is worth to the model; a target does
//! not end before it has all phrases.

use super::alignment::Trace;
use super::demand::{Banks, Demand};
use super::scores::{length_divisor, log_softmax, log_sum_exp, top};
use super::{Hypothesis, LogitsProcessor, SearchOptions};
use crate::model::config::EarlyStopping;

/// What the second form of a phrase must be better by than the first, in log-probability; the third
/// by twice as much.
const PREFERENCE: f32 = 0.7;

/// The log-probability of a token of the demand that the model, or a shortlist, rules out.
const NEVER: f32 = -30.0;

/// A phrase of which some tokens are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Open {
    phrase: usize,
    form: usize,
    initial: bool,
    at: usize,
}

#[derive(Debug, Clone)]
struct Running {
    /// The start token first.
    tokens: Vec<u32>,
    /// Sum of log-probabilities.
    score: f32,
    /// The same less what forms cost that are not preferred.
    rank: f32,
    /// The phrases that are there.
    met: u64,
    open: Option<Open>,
    /// Whether the next token must not go on with the word of the last.
    whole: bool,
    /// Where the last phrase ended: what stands before is no part of another.
    from: usize,
    /// The row that the last token was chosen from.
    row: usize,
}

/// A continuation.
#[derive(Debug, Clone, Copy)]
struct Step {
    parent: usize,
    token: u32,
    score: f32,
    rank: f32,
    met: u64,
    open: Option<Open>,
    whole: bool,
    bank: usize,
    ends: bool,
}

#[derive(Debug, Clone)]
struct Finished {
    tokens: Vec<u32>,
    /// Divided by the length.
    score: f32,
    rank: f32,
    /// Ended by a token that ends a sentence.
    ended: bool,
    /// The row that the last token was chosen from.
    row: usize,
}

/// Search over one sentence.
#[derive(Debug)]
pub(super) struct Constrained<'a> {
    demand: &'a Demand,
    /// Tokens that go on with the word of the one before, by id.
    continues: &'a [bool],
    banks: Banks,
    all: u64,
    /// Longest target with the start token.
    limit: usize,
    running: Vec<Running>,
    /// The best first, as many as beams.
    finished: Vec<Finished>,
    done: bool,
}

impl<'a> Constrained<'a> {
    pub fn new(demand: &'a Demand, continues: &'a [bool], options: &SearchOptions) -> Self {
        let banks = Banks::new(demand, options.beams);
        let extra = demand.usual / 8 + banks.last() + 4;
        let start = Running {
            tokens: vec![options.start],
            score: 0.0,
            rank: 0.0,
            met: 0,
            open: None,
            whole: false,
            from: 1,
            row: 0,
        };
        Self {
            demand,
            continues,
            all: banks.all(),
            banks,
            limit: options.max_length.min(demand.usual.saturating_add(extra)).max(2),
            running: vec![start],
            finished: Vec::new(),
            done: false,
        }
    }

    /// Takes one step.
    ///
    /// * `logits`: `[rows, vocabulary]`, changed in place; at the first step one row for all
    ///
    /// Returns for each row the row that it continues.
    pub fn advance(
        &mut self,
        logits: &mut [f32],
        vocabulary: usize,
        processors: &[Box<dyn LogitsProcessor>],
        options: &SearchOptions,
    ) -> Vec<usize> {
        let mut steps = Vec::new();
        for (row, scores) in logits.chunks_mut(vocabulary).take(self.running.len()).enumerate() {
            self.continuations(row, scores, processors, options, &mut steps);
        }
        // Stable: of equals the older and more likely beam stays first.
        steps.sort_by(|a, b| b.rank.total_cmp(&a.rank));
        self.drop_twins(&mut steps);

        let length = self.running[0].tokens.len() + 1;
        let divisor = length_divisor(length - 1, options.length_penalty);
        let last = self.banks.last();
        let best = steps.iter().filter(|step| step.bank == last && step.open.is_none());
        for step in best.take(self.banks.places[last]).filter(|step| step.ends) {
            self.finished.push(Finished {
                tokens: self.extend(step),
                score: step.score / divisor,
                rank: step.rank / divisor,
                ended: options.end.contains(&step.token),
                row: step.parent,
            });
        }
        self.finished.sort_by(|a, b| b.ended.cmp(&a.ended).then(b.rank.total_cmp(&a.rank)));
        self.finished.truncate(options.beams);

        let chosen = self.choose(&steps);
        if chosen.is_empty() && self.finished.is_empty() {
            self.give_up(&steps, divisor, options);
        }
        let running: Vec<Running> = chosen
            .iter()
            .map(|step| Running {
                tokens: self.extend(step),
                score: step.score,
                rank: step.rank,
                met: step.met,
                open: step.open,
                whole: step.whole,
                from: if step.whole { length } else { self.running[step.parent].from },
                row: step.parent,
            })
            .collect();
        let best = running.iter().map(|running| running.rank).fold(f32::NEG_INFINITY, f32::max);
        let full = self.finished.len() >= options.beams;
        let beaten = self.finished.last().is_some_and(|worst| worst.rank >= best / divisor);
        let enough = full && (beaten || options.early_stopping == EarlyStopping::Always);
        self.done = running.is_empty() || enough;
        let mut parents: Vec<usize> = chosen.iter().map(|step| step.parent).collect();
        // The rest of the rows are decoded for nothing, so that all sentences have as many.
        parents.resize(self.banks.rows, parents.first().copied().unwrap_or(0));
        if !running.is_empty() {
            self.running = running;
        }
        parents
    }

    /// All that may follow one hypothesis.
    fn continuations(
        &self,
        row: usize,
        scores: &mut [f32],
        processors: &[Box<dyn LogitsProcessor>],
        options: &SearchOptions,
        steps: &mut Vec<Step>,
    ) {
        let running = &self.running[row];
        let length = running.tokens.len() + 1;
        let shift = log_sum_exp(scores);
        let step =
            |token: u32, score: f32, cost: f32, met: u64, open: Option<Open>, whole: bool| {
                let started =
                    open.map_or(0, |open| open.at.min(self.banks.weights[open.phrase] - 1));
                let ends =
                    length >= self.limit || (met == self.all && options.end.contains(&token));
                Step {
                    parent: row,
                    token,
                    score: running.score + score,
                    rank: running.rank + score - cost,
                    met,
                    open,
                    whole,
                    bank: self.banks.of(met) + started,
                    ends,
                }
            };
        // One more token of a phrase; `cost` is of its form.
        let mut put = |open: Open, cost: f32| {
            let tokens = self.tokens(open);
            let token = tokens[open.at];
            let score = scores.get(token as usize).map_or(f32::NEG_INFINITY, |score| score - shift);
            let score = if score.is_nan() { NEVER } else { score.max(NEVER) };
            let at = open.at + 1;
            let is_whole = at == tokens.len();
            let met = running.met | u64::from(is_whole) << open.phrase;
            let open = (!is_whole).then_some(Open { at, ..open });
            steps.push(step(token, score, cost, met, open, is_whole));
        };
        if let Some(open) = running.open {
            return put(open, 0.0);
        }
        let forced = options.forced_first.is_some() && running.tokens.len() == 1;
        if !forced {
            for (phrase, form, cost) in self.unmet(running.met) {
                let initial = running.tokens.len() == 1;
                put(Open { phrase, form, initial, at: 0 }, cost);
            }
        }
        if running.met != self.all && self.missing(running.met) + length >= self.limit {
            return;
        }
        let later = processors.iter().all(|processor| processor.only_forbids(&running.tokens));
        let shift = if later { shift } else { 0.0 };
        if !later {
            log_softmax(scores);
        }
        for processor in processors {
            processor.process(&running.tokens, scores);
        }
        let mut forbid = |id: usize| {
            if let Some(score) = scores.get_mut(id) {
                *score = f32::NEG_INFINITY;
            }
        };
        if running.met != self.all {
            options.end.iter().for_each(|end| forbid(*end as usize));
        }
        if running.whole {
            let going_on = self.continues.iter().enumerate().filter(|(_, goes_on)| **goes_on);
            going_on.for_each(|(id, _)| forbid(id));
        }
        let mut free = Vec::new();
        top(scores, options.beams + 2, &mut free);
        for (score, id) in free {
            if score == f32::NEG_INFINITY {
                continue;
            }
            let (token, score) = (id as u32, score - shift);
            steps.push(step(token, score, 0.0, running.met, None, false));
            if let Some(phrase) = self.said(running, token) {
                steps.push(step(token, score, 0.0, running.met | 1 << phrase, None, true));
            }
        }
    }

    /// The forms of phrases that are not there yet, with what they cost. Of equal phrases one.
    fn unmet(&self, met: u64) -> impl Iterator<Item = (usize, usize, f32)> {
        let phrases = &self.demand.phrases[..self.banks.weights.len()];
        let open = move |phrase: usize| met & 1 << phrase == 0;
        phrases
            .iter()
            .enumerate()
            .filter(move |(index, phrase)| {
                open(*index) && !(0..*index).any(|other| open(other) && phrases[other] == **phrase)
            })
            .flat_map(|(index, phrase)| {
                let forms = phrase.forms.iter().enumerate();
                let forms =
                    forms.filter(|(_, form)| !form.inner.is_empty() && !form.initial.is_empty());
                forms.map(move |(form, _)| (index, form, PREFERENCE * form as f32))
            })
    }

    fn tokens(&self, open: Open) -> &[u32] {
        let form = &self.demand.phrases[open.phrase].forms[open.form];
        if open.initial { &form.initial } else { &form.inner }
    }

    /// Tokens that are still to come, the end counted in.
    fn missing(&self, met: u64) -> usize {
        self.banks.last() - self.banks.of(met) + 1
    }

    /// The phrase that the search says of its own with this token.
    fn said(&self, running: &Running, token: u32) -> Option<usize> {
        let before = &running.tokens[running.from..];
        let ends = |form: &[u32], initial: bool| {
            form.split_last().is_some_and(|(last, rest)| {
                *last == token
                    && before.ends_with(rest)
                    && (!initial || running.tokens.len() == rest.len() + 1)
            })
        };
        self.unmet(running.met).map(|(phrase, form, _)| (phrase, form)).find_map(
            |(phrase, form)| {
                let form = &self.demand.phrases[phrase].forms[form];
                (ends(&form.inner, false) || ends(&form.initial, true)).then_some(phrase)
            },
        )
    }

    /// The same target reached in two ways is one.
    fn drop_twins(&self, steps: &mut Vec<Step>) {
        let mut kept: Vec<Step> = Vec::with_capacity(steps.len());
        for step in steps.iter() {
            let twin = |other: &Step| {
                (other.token, other.met, other.open, other.bank)
                    == (step.token, step.met, step.open, step.bank)
                    && self.running[other.parent].tokens == self.running[step.parent].tokens
            };
            if !kept.iter().any(twin) {
                kept.push(*step);
            }
        }
        *steps = kept;
    }

    /// Those that go on: of every bank as many as it has places, then the best of the rest.
    fn choose(&self, steps: &[Step]) -> Vec<Step> {
        let mut places = self.banks.places.clone();
        let (mut chosen, mut rest) = (Vec::new(), Vec::new());
        for step in steps.iter().filter(|step| !step.ends) {
            if places[step.bank] > 0 {
                places[step.bank] -= 1;
                chosen.push(*step);
            } else {
                rest.push(*step);
            }
        }
        if chosen.len() > self.banks.rows {
            // Those that have most of the demand.
            chosen.sort_by_key(|step| std::cmp::Reverse(step.bank));
            chosen.truncate(self.banks.rows);
        }
        let room = self.banks.rows - chosen.len();
        chosen.extend(rest.into_iter().take(room));
        chosen
    }

    /// What there is where nothing fits: the target that has most of the demand.
    fn give_up(&mut self, steps: &[Step], divisor: f32, options: &SearchOptions) {
        let best = steps.iter().max_by(|a, b| a.bank.cmp(&b.bank).then(a.rank.total_cmp(&b.rank)));
        let Running { tokens, score, row, .. } = &self.running[0];
        let (tokens, score, row) = best.map_or((tokens.clone(), *score, *row), |step| {
            (self.extend(step), step.score, step.parent)
        });
        let score = score / divisor;
        self.finished.push(Finished {
            ended: tokens.last().is_some_and(|last| options.end.contains(last)),
            tokens,
            score,
            rank: score,
            row,
        });
    }

    fn extend(&self, step: &Step) -> Vec<u32> {
        let mut tokens = self.running[step.parent].tokens.clone();
        tokens.push(step.token);
        tokens
    }

    pub fn is_done(&self) -> bool {
        self.done
    }

    /// The newest token of every row.
    pub fn last(&self) -> impl Iterator<Item = u32> {
        let last = |running: &Running| running.tokens.last().copied().unwrap_or_default();
        let first = self.running.first().map_or(0, last);
        let spare = self.banks.rows.saturating_sub(self.running.len());
        self.running.iter().map(last).chain(std::iter::repeat_n(first, spare))
    }

    pub fn into_hypotheses(
        self,
        options: &SearchOptions,
        trace: Option<&Trace>,
    ) -> Vec<Hypothesis> {
        self.finished
            .into_iter()
            .take(options.candidates)
            .map(|found| Hypothesis {
                truncated: !found.ended,
                alignment: trace.and_then(|trace| trace.of(found.tokens.len() - 1, found.row)),
                tokens: found.tokens[1..].to_vec(),
                score: found.score,
            })
            .collect()
    }
}
