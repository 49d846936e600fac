//! The loop over steps: asks the model, lets every sentence choose, drops those that are done.

use std::collections::BTreeMap;

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use super::beam::Beam;
use super::constrained::Constrained;
use super::demand::{Banks, Demand};
use super::greedy::Greedy;
use super::{Batch, Hypothesis, Result, SearchOptions};
use crate::kernels::with_slice_mut;
use crate::model::{Error as ModelError, Seq2Seq};

/// One sentence under search.
enum Search<'a> {
    Greedy(Greedy),
    Beam(Beam),
    Constrained(Box<Constrained<'a>>),
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
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (index, demand) in demands.iter().enumerate().take(rows.len()) {
        groups.entry(Banks::new(demand, options.beams).rows).or_default().push(index);
    }
    let mut results = vec![Vec::new(); rows.len()];
    for group in groups.values() {
        let of_group: Vec<(usize, &[u32])> = group.iter().map(|index| rows[*index]).collect();
        let batch = Batch::new(&of_group, options.pad, model.device())?;
        let found = run(model, &batch, options, |index, options| {
            let demand = &demands[group[index]];
            Search::Constrained(Box::new(Constrained::new(demand, continues, options)))
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
    let processors = options.processors();
    let mut state = model.start(&batch.input_ids, &batch.lengths)?;
    let mut results: Vec<Vec<Hypothesis>> = vec![Vec::new(); count];
    let mut last = state.first_tokens().map_or_else(|| vec![options.start; count], <[u32]>::to_vec);
    // Each with its own longest target.
    let own: Vec<_> = batch.lengths.iter().map(|tokens| options.for_source(*tokens)).collect();
    let mut live: Vec<(usize, Search<'a>)> =
        own.iter().enumerate().map(|(index, own)| (index, start(index, own))).collect();

    loop {
        let input = Tensor::new(last.as_slice(), model.device())?;
        let logits = model.step(&input, &mut state)?;
        let (rows, vocabulary) = logits.dims2()?;
        let rows_each = rows / live.len();
        let logits = logits.to_dtype(DType::F32)?.to_device(&Device::Cpu)?.contiguous()?;

        // Every sentence looks at its own rows only.
        let parents: Vec<Vec<usize>> = with_slice_mut(&logits, |scores| {
            live.par_iter_mut()
                .zip(scores.par_chunks_mut(rows_each * vocabulary))
                .map(|((index, search), scores)| match search {
                    Search::Greedy(greedy) => {
                        greedy.advance(scores, &processors, &own[*index]);
                        vec![0]
                    }
                    Search::Beam(beam) => {
                        beam.advance(scores, vocabulary, &processors, &own[*index])
                    }
                    Search::Constrained(search) => {
                        search.advance(scores, vocabulary, &processors, &own[*index])
                    }
                })
                .collect()
        })?;

        let mut kept = Vec::with_capacity(live.len());
        let mut row_parents = Vec::with_capacity(live.len() * options.beams);
        let mut going = Vec::with_capacity(live.len());
        for (at, ((index, search), parents)) in live.into_iter().zip(parents).enumerate() {
            let done = match &search {
                Search::Greedy(greedy) => greedy.is_done(),
                Search::Beam(beam) => beam.is_done(),
                Search::Constrained(search) => search.is_done(),
            };
            if done {
                results[index] = match search {
                    Search::Greedy(greedy) => vec![greedy.into_hypothesis(&own[index])],
                    Search::Beam(beam) => beam.into_hypotheses(&own[index]),
                    Search::Constrained(search) => search.into_hypotheses(&own[index]),
                };
                continue;
            }
            // Rows are numbered as they will be once the finished sentences are gone. At the
            // first step there is one row a sentence, whatever beam is meant.
            let first = kept.len() * rows_each;
            row_parents
                .extend(parents.iter().map(|parent| (first + parent.min(&(rows_each - 1))) as u32));
            kept.push(at as u32);
            going.push((index, search));
        }
        live = going;
        if live.is_empty() {
            return Ok(results);
        }
        state.retain(&kept).map_err(ModelError::from)?;
        state.reorder(&row_parents).map_err(ModelError::from)?;
        last.clear();
        for (_, search) in &live {
            match search {
                Search::Greedy(greedy) => last.push(greedy.last()),
                Search::Beam(beam) => last.extend(beam.last()),
                Search::Constrained(search) => last.extend(search.last()),
            }
        }
    }
}
