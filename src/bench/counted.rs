use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::{Device, Tensor};

use crate::model::{AlignmentHeads, DecoderState, Result, Seq2Seq};

/// What a network was asked to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Batches.
    pub starts: usize,
    /// Source tokens, without padding.
    pub source_tokens: usize,
    /// Steps of decoding.
    pub steps: usize,
    /// Rows of all steps: tokens that were tried, all beams counted in.
    pub rows: usize,
}

/// A network that counts what it is asked to do.
pub(super) struct Counted<'a> {
    network: &'a dyn Seq2Seq,
    counts: &'a Counters,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    starts: AtomicUsize,
    source_tokens: AtomicUsize,
    steps: AtomicUsize,
    rows: AtomicUsize,
}

impl Counters {
    pub fn read(&self) -> Counts {
        let read = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        Counts {
            starts: read(&self.starts),
            source_tokens: read(&self.source_tokens),
            steps: read(&self.steps),
            rows: read(&self.rows),
        }
    }
}

impl<'a> Counted<'a> {
    pub fn new(network: &'a dyn Seq2Seq, counts: &'a Counters) -> Self {
        Self { network, counts }
    }
}

impl Seq2Seq for Counted<'_> {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> Result<DecoderState> {
        self.counts.starts.fetch_add(1, Ordering::Relaxed);
        self.counts.source_tokens.fetch_add(lengths.iter().sum(), Ordering::Relaxed);
        self.network.start(input_ids, lengths)
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        self.counts.steps.fetch_add(1, Ordering::Relaxed);
        self.counts.rows.fetch_add(last.elem_count(), Ordering::Relaxed);
        self.network.step(last, state)
    }

    fn alignment_heads(&self) -> Option<AlignmentHeads> {
        self.network.alignment_heads()
    }

    fn max_source_tokens(&self) -> usize {
        self.network.max_source_tokens()
    }

    fn max_target_tokens(&self) -> usize {
        self.network.max_target_tokens()
    }

    fn outputs(&self) -> Option<&[u32]> {
        self.network.outputs()
    }

    fn device(&self) -> &Device {
        self.network.device()
    }
}
