//! What decoding remembers on a CPU. Keys and values stay where they were first written; beams and
//! dropped sentences change lists of rows, nothing else.

use candle_core::{Device, Result, Tensor};

use crate::kernels::{Attend, Seen, by_heads, with_slice};

/// Positions by which the lists of rows grow.
const GROWTH: usize = 64;

/// How queries meet keys.
#[derive(Debug, Clone, Copy)]
pub struct Heads {
    /// Heads; channels are split evenly.
    pub count: usize,
    /// Factor of the scores.
    pub scale: f32,
}

#[derive(Debug, Clone)]
struct Layer {
    /// `[source_tokens, channels]` of all that the batch began with, each sentence by heads.
    source_keys: Tensor,
    source_values: Tensor,
    /// `[written, channels]`: a row for every token of every beam, in the order of the steps.
    keys: Vec<f32>,
    values: Vec<f32>,
}

/// What decoding remembers on a CPU.
#[derive(Debug, Clone)]
pub struct Direct {
    layers: Vec<Layer>,
    /// Source tokens of the sentences that the batch began with.
    lengths: Vec<usize>,
    /// The first token of each.
    firsts: Vec<usize>,
    /// Which of them the live sentences are.
    origins: Vec<u32>,
    /// Rows of keys that each live row has behind it, `[rows][capacity]`.
    past: Vec<u32>,
    spare: Vec<u32>,
    capacity: usize,
    /// Rows of keys of all earlier steps.
    written: usize,
}

impl Direct {
    /// * `source`: keys and values of every layer, each `[source_tokens, channels]`, by heads
    /// * `lengths`: source tokens of each sentence
    pub(super) fn new(source: Vec<(Tensor, Tensor)>, lengths: Vec<usize>) -> Self {
        let firsts = firsts(&lengths);
        let layers = source
            .into_iter()
            .map(|(source_keys, source_values)| Layer {
                source_keys,
                source_values,
                keys: Vec::new(),
                values: Vec::new(),
            })
            .collect();
        let origins: Vec<u32> = (0..lengths.len() as u32).collect();
        let past = vec![0; lengths.len() * GROWTH];
        Self {
            layers,
            lengths,
            firsts,
            origins,
            past,
            spare: Vec::new(),
            capacity: GROWTH,
            written: 0,
        }
    }

    /// Layers of the decoder.
    pub(super) fn layers(&self) -> usize {
        self.layers.len()
    }

    pub(super) fn reorder(&mut self, rows: &[u32], position: usize) {
        self.spare.clear();
        self.spare.resize(rows.len() * self.capacity, 0);
        for (to, row) in self.spare.chunks_exact_mut(self.capacity).zip(rows) {
            let from = &self.past[*row as usize * self.capacity..][..position];
            to[..position].copy_from_slice(from);
        }
        std::mem::swap(&mut self.past, &mut self.spare);
    }

    /// Keeps these live sentences; rows follow by [`Direct::reorder`].
    pub(super) fn retain(&mut self, sentences: &[u32]) {
        self.origins = sentences.iter().map(|index| self.origins[*index as usize]).collect();
    }

    pub(super) fn advance(&mut self) {
        self.written += self.past.len() / self.capacity;
    }

    /// Room for one more position.
    fn grow(&mut self, position: usize) {
        if position < self.capacity {
            return;
        }
        let capacity = self.capacity * 2;
        let mut larger = vec![0; self.past.len() * 2];
        let rows = larger.chunks_exact_mut(capacity).zip(self.past.chunks_exact(self.capacity));
        for (to, from) in rows {
            to[..from.len()].copy_from_slice(from);
        }
        self.past = larger;
        self.capacity = capacity;
    }

    /// One step of self-attention: queries, keys and values `[rows, channels]` to `[rows,
    /// channels]`.
    pub(super) fn attend_past(
        &mut self,
        layer: usize,
        position: usize,
        [queries, keys, values]: [&Tensor; 3],
        heads: Heads,
    ) -> Result<Tensor> {
        self.grow(position);
        for (row, past) in self.past.chunks_exact_mut(self.capacity).enumerate() {
            past[position] = (self.written + row) as u32;
        }
        let layer = &mut self.layers[layer];
        with_slice(keys, |keys| layer.keys.extend_from_slice(keys))?;
        with_slice(values, |values| layer.values.extend_from_slice(values))?;
        let (past, capacity) = (&self.past, self.capacity);
        let seen = |row: usize| Seen::Rows(&past[row * capacity..][..=position]);
        attend(queries, &layer.keys, &layer.values, heads, seen)
    }

    /// One step of attention to the source: `queries` `[rows, channels]` to the same shape.
    pub(super) fn attend_source(
        &self,
        layer: usize,
        queries: &Tensor,
        heads: Heads,
    ) -> Result<Tensor> {
        let layer = &self.layers[layer];
        let beams = (queries.dim(0)? / self.origins.len().max(1)).max(1);
        let seen = |row: usize| {
            let sentence = self.origins[row / beams] as usize;
            Seen::ByHeads(self.firsts[sentence], self.lengths[sentence])
        };
        with_slice(&layer.source_keys, |keys| {
            with_slice(&layer.source_values, |values| attend(queries, keys, values, heads, seen))
        })??
    }

    /// What that step gives each token of the source, a mean over some heads, or over all where none
    /// are named: `[rows, source_time]`, and `source_time`.
    pub(super) fn weigh_source(
        &self,
        layer: usize,
        queries: &Tensor,
        heads: Heads,
        some: &[usize],
    ) -> Result<(Vec<f32>, usize)> {
        let (layer, channels) = (&self.layers[layer], queries.dim(1)?);
        let beams = (queries.dim(0)? / self.origins.len().max(1)).max(1);
        let seen = |row: usize| {
            let sentence = self.origins[row / beams] as usize;
            Seen::ByHeads(self.firsts[sentence], self.lengths[sentence])
        };
        let source_time = self.lengths.iter().copied().max().unwrap_or(0);
        let weights = with_slice(&layer.source_keys, |keys| {
            with_slice(queries, |queries| {
                let Heads { count, scale } = heads;
                let attend = Attend { queries, keys, values: keys, heads: count, channels, scale };
                attend.weigh(seen, some, source_time)
            })
        })??;
        Ok((weights, source_time))
    }
}

/// The first row of each sentence, where they lie one after another.
fn firsts(lengths: &[usize]) -> Vec<usize> {
    let mut end = 0;
    lengths
        .iter()
        .map(|length| {
            end += length;
            end - length
        })
        .collect()
}

/// Rows `[tokens, channels]` of sentences of these lengths, each sorted by heads.
pub(super) fn sort_by_heads(rows: &Tensor, lengths: &[usize], heads: usize) -> Result<Tensor> {
    let channels = rows.dim(1)?;
    if lengths.iter().sum::<usize>() != rows.dim(0)? || !channels.is_multiple_of(heads.max(1)) {
        candle_core::bail!("{:?} are no sentences of {lengths:?}", rows.dims());
    }
    let sorted = with_slice(rows, |rows| by_heads(rows, lengths, heads, channels))?;
    Tensor::from_vec(sorted, rows.shape(), &Device::Cpu)
}

/// Attention within sentences of these lengths that lie one after another: queries `[tokens,
/// channels]`, keys and values by heads, to `[tokens, channels]`.
pub(super) fn attend_within(
    [queries, keys, values]: [&Tensor; 3],
    lengths: &[usize],
    heads: Heads,
) -> Result<Tensor> {
    let blocks: Vec<(usize, usize)> = firsts(lengths)
        .into_iter()
        .zip(lengths)
        .flat_map(|(first, length)| std::iter::repeat_n((first, *length), *length))
        .collect();
    let seen = |row: usize| Seen::ByHeads(blocks[row].0, blocks[row].1);
    with_slice(keys, |keys| {
        with_slice(values, |values| attend(queries, keys, values, heads, seen))
    })??
}

fn attend<'a>(
    queries: &Tensor,
    keys: &[f32],
    values: &[f32],
    heads: Heads,
    seen: impl Fn(usize) -> Seen<'a> + Sync,
) -> Result<Tensor> {
    let channels = queries.dim(candle_core::D::Minus1)?;
    let mut out = vec![0.0; queries.elem_count()];
    with_slice(queries, |queries| {
        let Heads { count, scale } = heads;
        let attend = Attend { queries, keys, values, heads: count, channels, scale };
        attend.run(seen, &mut out);
    })?;
    Tensor::from_vec(out, queries.shape(), &Device::Cpu)
}
