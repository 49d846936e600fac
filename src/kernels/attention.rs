//! Attention over keys and values that lie where they were computed, or that were sorted by heads
//! once: no copies a step.

use std::cell::Cell;
use std::ops::Range;

use rayon::prelude::*;

use super::Isa;
use super::rows::{exp, highest, total};

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
    /// So many from a first one on, [`by_heads`]. Queries next to each other that see the same
    /// share what is read.
    ByHeads(usize, usize),
    /// These.
    Rows(&'a [u32]),
}

impl Seen<'_> {
    fn len(&self) -> usize {
        match self {
            Self::ByHeads(_, count) => *count,
            Self::Rows(rows) => rows.len(),
        }
    }

    /// Whether another query sees the same block.
    fn is_shared_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::ByHeads(first, count), Self::ByHeads(other, others)) => {
                (first, count) == (other, others)
            }
            _ => false,
        }
    }
}

/// Sorts the rows of each block by heads: from `[time, heads, head_dim]` to `[heads, time,
/// head_dim]`. What a head reads is then in one place, in any cache.
///
/// * `rows`: blocks of `lengths` rows of `channels`, one after another
///
/// # Panics
/// When sizes do not fit.
#[must_use]
pub fn by_heads(rows: &[f32], lengths: &[usize], heads: usize, channels: usize) -> Vec<f32> {
    let head_dim = channels / heads;
    let mut sorted = Vec::with_capacity(rows.len());
    let mut rest = rows;
    for time in lengths {
        let (block, after) = rest.split_at(time * channels);
        for head in 0..heads {
            for row in block.chunks_exact(channels) {
                sorted.extend_from_slice(&row[head * head_dim..(head + 1) * head_dim]);
            }
        }
        rest = after;
    }
    sorted
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
        let run = |first: usize, out: &mut [f32]| {
            let mut scores = SCORES.take();
            let end = first + out.len() / channels;
            let mut out = out;
            let mut row = first;
            while row < end {
                let block = seen(row);
                let mut next = row + 1;
                while next < end && block.is_shared_with(&seen(next)) {
                    next += 1;
                }
                let (these, rest) = out.split_at_mut((next - row) * channels);
                some(self, row..next, block, &mut scores, these);
                (out, row) = (rest, next);
            }
            SCORES.set(scores);
        };
        if threads == 1 {
            return run(0, out);
        }
        let share = rows.div_ceil(threads);
        out.par_chunks_mut(share * channels)
            .enumerate()
            .for_each(|(index, out)| run(index * share, out));
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
                let time = scores.len();
                for (at, score) in scores.iter_mut().enumerate() {
                    let place = match seen {
                        Seen::ByHeads(begin, _) => begin * channels + time * first + at * head_dim,
                        Seen::Rows(rows) => rows[at] as usize * channels + first,
                    };
                    *score = Plain.dot(query, &self.keys[place..][..head_dim]) * self.scale;
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

thread_local! {
    static SCORES: Cell<Vec<f32>> = const { Cell::new(Vec::new()) };
}

/// Partial sums of a head's scores.
const LANES: usize = 8;

/// A dot product; in a function of its own where the compiler makes of it what is meant.
trait Dot: Copy {
    fn dot(self, a: &[f32], b: &[f32]) -> f32;
}

/// Sums in [`LANES`] lanes, halves added until one is left, then what is beyond whole lanes.
#[derive(Clone, Copy)]
struct Plain;

impl Dot for Plain {
    #[inline(always)]
    fn dot(self, a: &[f32], b: &[f32]) -> f32 {
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
}

/// The same sums in the same order. The compiler cuts [`Plain`] into pieces of 64 bits, because of
/// how it ends: measured at a third of the speed.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Dot for Avx2 {
    #[inline(always)]
    fn dot(self, a: &[f32], b: &[f32]) -> f32 {
        use std::arch::x86_64::{
            _mm_add_ps, _mm_add_ss, _mm_cvtss_f32, _mm_movehdup_ps, _mm_movehl_ps, _mm256_add_ps,
            _mm256_castps256_ps128, _mm256_extractf128_ps, _mm256_loadu_ps, _mm256_mul_ps,
            _mm256_setzero_ps,
        };
        let (left, right) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
        let rest: f32 = left.remainder().iter().zip(right.remainder()).map(|(a, b)| a * b).sum();
        // SAFETY: only used where the CPU has AVX2; chunks are of 8 floats.
        unsafe {
            let mut lanes = _mm256_setzero_ps();
            for (a, b) in left.zip(right) {
                let (a, b) = (_mm256_loadu_ps(a.as_ptr()), _mm256_loadu_ps(b.as_ptr()));
                lanes = _mm256_add_ps(lanes, _mm256_mul_ps(a, b));
            }
            let (low, high) = (_mm256_castps256_ps128(lanes), _mm256_extractf128_ps::<1>(lanes));
            let four = _mm_add_ps(low, high);
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two))) + rest
        }
    }
}

/// Softmax in place.
#[inline(always)]
fn softmax(scores: &mut [f32]) {
    let highest = highest(scores);
    let mut lanes = [0f32; 16];
    let mut chunks = scores.chunks_exact_mut(16);
    for chunk in &mut chunks {
        for (lane, score) in lanes.iter_mut().zip(chunk) {
            *score = exp(*score - highest);
            *lane += *score;
        }
    }
    let mut sum = 0.0;
    for score in chunks.into_remainder() {
        *score = exp(*score - highest);
        sum += *score;
    }
    let factor = 1.0 / (sum + total(lanes));
    for score in scores {
        *score *= factor;
    }
}

/// Adds up `WIDTH` channels of all values, in registers.
#[inline(always)]
fn gather<const WIDTH: usize>(
    scores: &[f32],
    values: &[f32],
    place: impl Fn(usize) -> usize,
    out: &mut [f32],
) {
    let mut sums = [0f32; WIDTH];
    for (at, share) in scores.iter().enumerate() {
        let value = &values[place(at)..][..WIDTH];
        for (sum, value) in sums.iter_mut().zip(value) {
            *sum += share * value;
        }
    }
    out.copy_from_slice(&sums);
}

/// One head of one query.
///
/// * `place`: where the channels of a key and of its value begin
#[inline(always)]
fn one<const DIM: usize, D: Dot>(
    (attend, dot): (&Attend<'_>, D),
    query: &[f32],
    place: impl Fn(usize) -> usize + Copy,
    scores: &mut [f32],
    out: &mut [f32],
) {
    // Known to the compiler for the heads of most models.
    let query = if DIM > 0 { &query[..DIM] } else { query };
    let dim = query.len();
    for (at, score) in scores.iter_mut().enumerate() {
        *score = dot.dot(query, &attend.keys[place(at)..][..dim]) * attend.scale;
    }
    softmax(scores);
    let mut done = 0;
    while dim - done >= 64 {
        let to = &mut out[done..done + 64];
        gather::<64>(scores, attend.values, |at| place(at) + done, to);
        done += 64;
    }
    while dim - done >= 32 {
        let to = &mut out[done..done + 32];
        gather::<32>(scores, attend.values, |at| place(at) + done, to);
        done += 32;
    }
    for channel in done..dim {
        gather::<1>(scores, attend.values, |at| place(at) + channel, &mut out[channel..=channel]);
    }
}

#[inline(always)]
fn heads<const DIM: usize, D: Dot>(
    (attend, dot): (&Attend<'_>, D),
    rows: Range<usize>,
    seen: Seen<'_>,
    scores: &mut [f32],
    out: &mut [f32],
) {
    let Attend { heads, channels, .. } = *attend;
    let (time, head_dim) = (scores.len(), channels / heads);
    for head in 0..heads {
        let first = head * head_dim;
        for (row, out) in rows.clone().zip(out.chunks_exact_mut(channels)) {
            let query = &attend.queries[row * channels + first..][..head_dim];
            let out = &mut out[first..first + head_dim];
            match seen {
                Seen::ByHeads(begin, _) => {
                    let begin = begin * channels + time * first;
                    one::<DIM, D>((attend, dot), query, |at| begin + at * head_dim, scores, out);
                }
                Seen::Rows(seen) => {
                    let place = |at: usize| seen[at] as usize * channels + first;
                    one::<DIM, D>((attend, dot), query, place, scores, out);
                }
            }
        }
    }
}

#[inline(always)]
fn some_body<D: Dot>(
    (attend, dot): (&Attend<'_>, D),
    rows: Range<usize>,
    seen: Seen<'_>,
    scores: &mut Vec<f32>,
    out: &mut [f32],
) {
    let time = seen.len();
    if time == 0 {
        return out.fill(0.0);
    }
    scores.resize(scores.len().max(time), 0.0);
    let scores = &mut scores[..time];
    match attend.channels / attend.heads {
        32 => heads::<32, D>((attend, dot), rows, seen, scores, out),
        64 => heads::<64, D>((attend, dot), rows, seen, scores, out),
        _ => heads::<0, D>((attend, dot), rows, seen, scores, out),
    }
}

/// The queries `rows`, which see the same.
fn some(
    attend: &Attend<'_>,
    rows: Range<usize>,
    seen: Seen<'_>,
    scores: &mut Vec<f32>,
    out: &mut [f32],
) {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn wide(
            attend: &Attend<'_>,
            rows: Range<usize>,
            seen: Seen<'_>,
            scores: &mut Vec<f32>,
            out: &mut [f32],
        ) {
            some_body((attend, Avx2), rows, seen, scores, out);
        }
        if Isa::best() >= Isa::Avx2 {
            // SAFETY: the best path is one that the CPU has, and this one has AVX2.
            return unsafe { wide(attend, rows, seen, scores, out) };
        }
    }
    some_body((attend, Plain), rows, seen, scores, out);
}
