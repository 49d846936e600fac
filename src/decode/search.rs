//! The loop over steps: asks the model, lets every sentence choose, drops those that are done.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use super::alignment::Trace;
use super::beam::Beam;
use super::constrained::Constrained;
use super::demand::{Banks, Demand};
use super::greedy::Greedy;
use super::outputs::Outputs;
use super::{Batch, Hypothesis, LogitsProcessor, Result, SearchOptions};
use crate::kernels::with_slice_mut;
use crate::model::{Error as ModelError, Seq2Seq};

/// One sentence under search.
enum Search<'a> {
    Greedy(Greedy),
    Beam(Beam),
    Constrained(Box<Constrained<'a>>),
}

impl Search<'_> {
    /// Takes one step on the rows of the sentence; returns for each row the row that it continues.
    fn advance(
        &mut self,
        scores: &mut [f32],
        vocabulary: usize,
        processors: &[Box<dyn LogitsProcessor>],
        options: &SearchOptions,
    ) -> Vec<usize> {
        match self {
            Self::Greedy(greedy) => {
                greedy.advance(scores, processors, options);
                vec![0]
            }
            Self::Beam(beam) => beam.advance(scores, vocabulary, processors, options),
            Self::Constrained(search) => search.advance(scores, vocabulary, processors, options),
        }
    }

    fn is_done(&self) -> bool {
        match self {
            Self::Greedy(greedy) => greedy.is_done(),
            Self::Beam(beam) => beam.is_done(),
            Self::Constrained(search) => search.is_done(),
        }
    }

    fn into_hypotheses(self, options: &SearchOptions, trace: Option<&Trace>) -> Vec<Hypothesis> {
        match self {
            Self::Greedy(greedy) => vec![greedy.into_hypothesis(options, trace)],
            Self::Beam(beam) => beam.into_hypotheses(options, trace),
            Self::Constrained(search) => search.into_hypotheses(options, trace),
        }
    }

    /// Adds the newest token of every row.
    fn last(&self, last: &mut Vec<u32>) {
        match self {
            Self::Greedy(greedy) => last.push(greedy.last()),
            Self::Beam(beam) => last.extend(beam.last()),
            Self::Constrained(search) => last.extend(search.last()),
        }
    }
}

/// A sentence that is not done.
struct Live<'a> {
    /// Its row of the batch.
    index: usize,
    search: Search<'a>,
    trace: Option<Trace>,
}

/// Decodes a batch.
///
/// Returns for every row of the batch its candidates, the best first.
///
/// # Errors
/// When an option is out of range, a target would outgrow the model, or the model fails.
pub fn search(
    model: &dyn Seq2Seq,
    batch: &Batch,
    options: &SearchOptions,
) -> Result<Vec<Vec<Hypothesis>>> {
    run(model, batch, options, |_, options| {
        if options.beams == 1 {
            Search::Greedy(Greedy::new(options))
        } else {
            Search::Beam(Beam::new(options))
        }
    })
}

/// Decodes sentences whose targets must hold given phrases. A row does not depend on the others.
///
/// * `rows`: number and tokens of each source
/// * `demands`: what the target of each must hold
/// * `continues`: by token id, whether a token goes on with the word of the one before: none such
///   follows a phrase
///
/// Returns for every row its candidates, the best first. A target lacks a phrase only where the
/// longest length leaves no room for it.
///
/// # Errors
/// As [`search`].
pub fn search_demanding(
    model: &dyn Seq2Seq,
    rows: &[(usize, &[u32])],
    demands: &[Demand],
    continues: &[bool],
    options: &SearchOptions,
) -> Result<Vec<Vec<Hypothesis>>> {
    let outputs = Outputs(model.outputs());
    let demands: Vec<_> = demands.iter().map(|demand| outputs.demand(demand)).collect();
    let continues = outputs.known(continues);
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, demand) in demands.iter().enumerate().take(rows.len()) {
        groups.entry(Banks::new(demand, options.beams).rows).or_default().push(index);
    }
    let mut results = vec![Vec::new(); rows.len()];
    for group in groups.values() {
        let of_group: Vec<(usize, &[u32])> = group.iter().map(|index| rows[*index]).collect();
        let batch = Batch::new(&of_group, options.pad, model.device())?;
        let found = run(model, &batch, options, |index, options| {
            let demand = demands[group[index]].as_ref();
            Search::Constrained(Box::new(Constrained::new(demand, &continues, options)))
        })?;
        for (index, hypotheses) in group.iter().zip(found) {
            results[*index] = hypotheses;
        }
    }
    Ok(results)
}

/// * `start`: the search of a sentence, by its place in the batch and with its own options
fn run<'a>(
    model: &dyn Seq2Seq,
    batch: &Batch,
    options: &SearchOptions,
    start: impl Fn(usize, &SearchOptions) -> Search<'a>,
) -> Result<Vec<Vec<Hypothesis>>> {
    options.check()?;
    if options.max_length > model.max_target_tokens() {
        return Err(ModelError::TooLong {
            tokens: options.max_length,
            limit: model.max_target_tokens(),
        }
        .into());
    }
    let count = batch.lengths.len();
    if count == 0 {
        return Ok(Vec::new());
    }
    let first = options.start;
    let outputs = Outputs(model.outputs());
    let placed = outputs.options(options)?;
    let options = placed.as_ref();
    let processors = options.processors();
    let mut state = model.start(&batch.input_ids, &batch.lengths)?;
    if let Some(heads) = &options.alignment {
        state.watch(heads).map_err(ModelError::from)?;
    }
    let mut results: Vec<Vec<Hypothesis>> = vec![Vec::new(); count];
    let mut last = state.first_tokens().map_or_else(|| vec![first; count], <[u32]>::to_vec);
    // Each with its own longest target.
    let own: Vec<_> = batch.lengths.iter().map(|tokens| options.for_source(*tokens)).collect();
    let heads = options.alignment.as_ref();
    let trace = |index: usize| heads.map(|it| Trace::new(batch.lengths[index], it.shifted));
    let mut live: Vec<Live<'a>> = own
        .iter()
        .enumerate()
        .map(|(index, own)| Live { index, search: start(index, own), trace: trace(index) })
        .collect();

    loop {
        let input = Tensor::new(last.as_slice(), model.device())?;
        let logits = model.step(&input, &mut state)?;
        let (rows, vocabulary) = logits.dims2()?;
        let rows_each = rows / live.len();
        let logits = logits.to_dtype(DType::F32)?.to_device(&Device::Cpu)?.contiguous()?;

        let weights = state.weights().filter(|_| options.alignment.is_some());
        let (weights, width) = weights.unwrap_or_default();
        for (at, live) in live.iter_mut().enumerate() {
            let own = weights.get(at * rows_each * width..(at + 1) * rows_each * width);
            if let Some(trace) = &mut live.trace {
                trace.weigh(own.unwrap_or_default(), width);
            }
        }

        // Every sentence looks at its own rows only.
        let parents: Vec<Vec<usize>> = with_slice_mut(&logits, |scores| {
            live.par_iter_mut()
                .zip(scores.par_chunks_mut(rows_each * vocabulary))
                .map(|(Live { index, search, .. }, scores)| {
                    search.advance(scores, vocabulary, &processors, &own[*index])
                })
                .collect()
        })?;

        let mut kept = Vec::with_capacity(live.len());
        let mut row_parents = Vec::with_capacity(live.len() * options.beams);
        let mut going = Vec::with_capacity(live.len());
        for (at, (alive, parents)) in live.into_iter().zip(parents).enumerate() {
            let Live { index, search, mut trace } = alive;
            if let Some(trace) = &mut trace {
                trace.choose(&parents);
            }
            if search.is_done() {
                let found = search.into_hypotheses(&own[index], trace.as_ref());
                results[index] = found.into_iter().map(|found| outputs.hypothesis(found)).collect();
                continue;
            }
            // Rows are numbered as they will be once the finished sentences are gone. At the
            // first step there is one row a sentence, whatever beam is meant.
            let first = kept.len() * rows_each;
            row_parents
                .extend(parents.iter().map(|parent| (first + parent.min(&(rows_each - 1))) as u32));
            kept.push(at as u32);
            going.push(Live { index, search, trace });
        }
        live = going;
        if live.is_empty() {
            return Ok(results);
        }
        state.retain(&kept).map_err(ModelError::from)?;
        state.reorder(&row_parents).map_err(ModelError::from)?;
        last.clear();
        for Live { search, .. } in &live {
            search.last(&mut last);
        }
        for place in &mut last {
            *place = outputs.token(*place);
        }
    }
}
