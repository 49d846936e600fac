//! The loop over steps: asks the model, lets every sentence choose, drops those that are done.

use candle_core::{DType, Device, Tensor};
use rayon::prelude::*;

use super::alignment::Trace;
use super::beam::Beam;
use super::greedy::Greedy;
use super::{Batch, Hypothesis, Result, SearchOptions};
use crate::kernels::with_slice_mut;
use crate::model::{Error as ModelError, Seq2Seq};

/// One sentence under search.
enum Search {
    Greedy(Greedy),
    Beam(Beam),
}

/// A sentence that is not done.
struct Live {
    /// Its row of the batch.
    index: usize,
    search: Search,
    trace: Option<Trace>,
}

impl Live {
    /// * `source`: tokens of the source
    fn new(index: usize, source: usize, options: &SearchOptions) -> Self {
        let search = match options.beams {
            1 => Search::Greedy(Greedy::new(options)),
            _ => Search::Beam(Beam::new(options)),
        };
        let heads = options.alignment.as_ref();
        Self { index, search, trace: heads.map(|heads| Trace::new(source, heads.shifted)) }
    }
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
    if let Some(heads) = &options.alignment {
        state.watch(heads).map_err(ModelError::from)?;
    }
    let mut results: Vec<Vec<Hypothesis>> = vec![Vec::new(); count];
    let mut live: Vec<Live> =
        (0..count).map(|index| Live::new(index, batch.lengths[index], options)).collect();
    let mut last = state.first_tokens().map_or_else(|| vec![options.start; count], <[u32]>::to_vec);
    // Each with its own longest target.
    let own: Vec<_> = batch.lengths.iter().map(|tokens| options.for_source(*tokens)).collect();

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
                .map(|(Live { index, search, .. }, scores)| match search {
                    Search::Greedy(greedy) => {
                        greedy.advance(scores, &processors, &own[*index]);
                        vec![0]
                    }
                    Search::Beam(beam) => {
                        beam.advance(scores, vocabulary, &processors, &own[*index])
                    }
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
            let done = match &search {
                Search::Greedy(greedy) => greedy.is_done(),
                Search::Beam(beam) => beam.is_done(),
            };
            if done {
                let (own, trace) = (&own[index], trace.as_ref());
                results[index] = match search {
                    Search::Greedy(greedy) => vec![greedy.into_hypothesis(own, trace)],
                    Search::Beam(beam) => beam.into_hypotheses(own, trace),
                };
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
            match search {
                Search::Greedy(greedy) => last.push(greedy.last()),
                Search::Beam(beam) => last.extend(beam.last()),
            }
        }
    }
}
