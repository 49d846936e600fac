//! Targets that are given: their scores, and where their tokens come from.

use candle_core::{DType, Device, Tensor};

use super::alignment::Trace;
use super::outputs::Outputs;
use super::scores::{length_divisor, log_sum_exp};
use super::{Batch, Hypothesis, Result, SearchOptions};
use crate::kernels::with_slice;
use crate::model::{Error as ModelError, Seq2Seq};

/// What the model says of given targets, one for every row of the batch: their score as that of a
/// search, in which nothing is forbidden, and their alignment. A target with a token that the model
/// does not compute has a score of minus infinity.
///
/// * `targets`: tokens as those of [`Hypothesis`], the end-of-sentence token last
///
/// # Errors
/// When a target is longer than the model takes, or the model fails.
pub fn force(
    model: &dyn Seq2Seq,
    batch: &Batch,
    targets: &[Vec<u32>],
    options: &SearchOptions,
) -> Result<Vec<Hypothesis>> {
    let longest = targets.iter().map(Vec::len).max().unwrap_or(0);
    if longest == 0 {
        return Ok(Vec::new());
    }
    let limit = model.max_target_tokens();
    if longest >= limit {
        return Err(ModelError::TooLong { tokens: longest + 1, limit }.into());
    }
    let outputs = Outputs(model.outputs());
    let mut state = model.start(&batch.input_ids, &batch.lengths)?;
    if let Some(heads) = &options.alignment {
        state.watch(heads).map_err(ModelError::from)?;
    }
    let shifted = options.alignment.as_ref().is_some_and(|heads| heads.shifted);
    let mut traces: Vec<Trace> =
        batch.lengths.iter().map(|length| Trace::new(*length, shifted)).collect();
    let mut sums = vec![0.0; targets.len()];
    let mut last = vec![options.start; targets.len()];
    for at in 0..longest {
        let input = Tensor::new(last.as_slice(), model.device())?;
        let logits = model.step(&input, &mut state)?;
        let vocabulary = logits.dim(1)?;
        let logits = logits.to_dtype(DType::F32)?.to_device(&Device::Cpu)?.contiguous()?;
        with_slice(&logits, |scores| {
            for ((target, scores), sum) in
                targets.iter().zip(scores.chunks_exact(vocabulary)).zip(&mut sums)
            {
                // A forced token is no choice of the model.
                let is_free = at > 0 || options.forced_first.is_none();
                if let Some(token) = target.get(at).filter(|_| is_free) {
                    let place = outputs.place(*token);
                    let score = place.and_then(|place| scores.get(place as usize).copied());
                    *sum += score.unwrap_or(f32::NEG_INFINITY) - log_sum_exp(scores);
                }
            }
        })?;
        let (weights, width) = state.weights().unwrap_or_default();
        for (row, trace) in traces.iter_mut().enumerate() {
            let own = weights.get(row * width..(row + 1) * width);
            trace.weigh(own.unwrap_or_default(), width);
        }
        last =
            targets.iter().map(|target| target.get(at).copied().unwrap_or(options.pad)).collect();
    }
    let given = targets.iter().zip(sums).zip(traces);
    let found = given.map(|((target, sum), trace)| Hypothesis {
        score: sum / length_divisor(target.len(), options.length_penalty),
        truncated: false,
        alignment: trace.of(target.len(), 0),
        tokens: target.clone(),
    });
    Ok(found.collect())
}
