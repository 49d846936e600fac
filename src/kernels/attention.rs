//! Attention of single queries, over keys and values that lie where they were computed: no
//! transposed or gathered copies.

use std::cell::Cell;

use rayon::prelude::*;

use super::dispatch::dispatched;
use super::rows::{exp, highest};

/// Multiply-adds that are worth a thread of their own.
const THREAD_WORK: usize = 1 << 18;

/// Attention of many queries; channels of all heads lie next to each other, `heads * head_dim`.
#[derive(Debug, Clone, Copy)]
pub struct Attend<'a> {
    /// `[rows, channels]`
    pub queries: &'a [f32],
    /// Rows of channels.
    pub keys: &'a [f32],
    /// As many.
    pub values: &'a [f32],
    /// Heads.
    pub heads: usize,
    /// Channels of all heads.
    pub channels: usize,
    /// Factor of the scores.
    pub scale: f32,
}

/// The keys that a query sees: rows of `keys`.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// So many from a first one on.
    Range(usize, usize),
    /// These.
    Rows(&'a [u32]),
}

impl Seen<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
        match self {
            Self::Range(_, count) => *count,
            Self::Rows(rows) => rows.len(),
        }
    }

    #[inline(always)]
    fn row(&self, at: usize) -> usize {
        match self {
            Self::Range(first, _) => first + at,
            Self::Rows(rows) => rows[at] as usize,
        }
    }
}

impl Attend<'_> {
    /// What each query gathers, into `out` `[rows, channels]`: values, weighted by the softmax of
    /// the scores of its keys. A query that sees nothing gets zeros.
    ///
    /// * `seen`: the keys that the query of a row sees
    ///
    /// # Panics
    /// When sizes do not fit, or a row that is seen is not there.
    pub fn run<'s>(&self, seen: impl Fn(usize) -> Seen<'s> + Sync, out: &mut [f32]) {
        let channels = self.channels;
        assert!(channels.is_multiple_of(self.heads), "heads of whole channels");
        assert_eq!(self.queries.len(), out.len(), "a result a query");
        let rows = self.queries.len() / channels.max(1);
        if rows == 0 {
            return;
        }
        let work = 2 * rows * seen(0).len() * channels;
        let threads = rayon::current_num_threads().min(work / THREAD_WORK).max(1);
        let run = |first: usize, queries: &[f32], out: &mut [f32]| {
            let mut scores = SCORES.take();
            let rows = queries.chunks_exact(channels).zip(out.chunks_exact_mut(channels));
            for (row, (query, out)) in rows.enumerate() {
                one(self, query, seen(first + row), &mut scores, out);
            }
            SCORES.set(scores);
        };
        if threads == 1 {
            return run(0, self.queries, out);
        }
        let share = rows.div_ceil(threads);
        self.queries
            .par_chunks(share * channels)
            .zip(out.par_chunks_mut(share * channels))
            .enumerate()
            .for_each(|(index, (queries, out))| run(index * share, queries, out));
    }

    /// What each query gives to each key that it sees, a mean over heads: `[rows, width]`, zeros
    /// behind the last key. Computed apart from what queries gather: it is wanted of one layer, and
    /// of a decoding step that is next to nothing.
    ///
    /// * `heads`: the heads; none stand for all
    /// * `width`: the most keys that a query sees
    ///
    /// # Panics
    /// As [`Attend::run`], or when there is no such head.
    #[must_use]
    pub fn weigh<'s>(
        &self,
        seen: impl Fn(usize) -> Seen<'s>,
        heads: &[usize],
        width: usize,
    ) -> Vec<f32> {
        let (channels, head_dim) = (self.channels, self.channels / self.heads);
        let rows = self.queries.len() / channels.max(1);
        let count = if heads.is_empty() { self.heads } else { heads.len() };
        let mut weights = vec![0.0; rows * width];
        let mut scores = vec![0.0; width];
        for (row, out) in weights.chunks_exact_mut(width.max(1)).enumerate() {
            let seen = seen(row);
            let scores = &mut scores[..seen.len()];
            for at in 0..count {
                let first = heads.get(at).copied().unwrap_or(at) * head_dim;
                let query = &self.queries[row * channels + first..][..head_dim];
                for (at, score) in scores.iter_mut().enumerate() {
                    let place = seen.row(at) * channels + first;
                    *score = dot(query, &self.keys[place..][..head_dim]) * self.scale;
                }
                softmax(scores);
                for (sum, score) in out.iter_mut().zip(&*scores) {
                    *sum += score / count as f32;
                }
            }
        }
        weights
    }
}

fn softmax(scores: &mut [f32]) {
    let highest = highest(scores);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = exp(*score - highest);
        sum += *score;
    }
    for score in scores {
        *score /= sum;
    }
}

thread_local! {
    static SCORES: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Partial sums of a head's scores.
const LANES: usize = 8;

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0f32; LANES];
    let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left.zip(right) {
        for ((lane, a), b) in lanes.iter_mut().zip(a).zip(b) {
            *lane += a * b;
        }
    }
    let mut width = LANES / 2;
    while width > 0 {
        for at in 0..width {
            lanes[at] += lanes[at + width];
        }
        width /= 2;
    }
    lanes[0] + rest
}

#[inline(always)]
fn one_body(
    attend: &Attend<'_>,
    query: &[f32],
    seen: Seen<'_>,
    scores: &mut Vec<f32>,
    out: &mut [f32],
) {
    let Attend { keys, values, heads, channels, scale, .. } = *attend;
    let (time, head_dim) = (seen.len(), channels / heads);
    out.fill(0.0);
    if time == 0 {
        return;
    }
    // `[heads, time]`
    scores.resize(heads * time, 0.0);
    for at in 0..time {
        let key = &keys[seen.row(at) * channels..][..channels];
        let pairs = query.chunks_exact(head_dim).zip(key.chunks_exact(head_dim));
        for (head, (query, key)) in pairs.enumerate() {
            scores[head * time + at] = dot(query, key) * scale;
        }
    }
    for scores in scores.chunks_exact_mut(time) {
        let highest = highest(scores);
        let mut sum = 0.0;
        for score in scores.iter_mut() {
            *score = exp(*score - highest);
        }
        for score in scores.iter() {
            sum += score;
        }
        let factor = 1.0 / sum;
        for score in scores.iter_mut() {
            *score *= factor;
        }
    }
    for at in 0..time {
        let value = &values[seen.row(at) * channels..][..channels];
        let pairs = out.chunks_exact_mut(head_dim).zip(value.chunks_exact(head_dim));
        for (head, (out, value)) in pairs.enumerate() {
            let share = scores[head * time + at];
            for (out, value) in out.iter_mut().zip(value) {
                *out += share * value;
            }
        }
    }
}

dispatched! {
    fn one(
        attend: &Attend<'_>,
        query: &[f32],
        seen: Seen<'_>,
        scores: &mut Vec<f32>,
        out: &mut [f32],
    ) = one_body
}
