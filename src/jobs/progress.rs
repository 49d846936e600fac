//! How far a batch is, for whoever watches it while it runs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::translate::Observer;

/// Counters that the threads of a batch add to.
#[derive(Debug)]
pub struct Progress {
    started: Instant,
    files: AtomicU64,
    bytes: AtomicU64,
    files_over: AtomicU64,
    bytes_over: AtomicU64,
    /// Bytes that were over without work.
    bytes_kept: AtomicU64,
    pub(super) done: AtomicU64,
    pub(super) kept: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) sentences: AtomicU64,
    pub(super) words: AtomicU64,
    pub(super) doubts: AtomicU64,
    pub(super) terms: AtomicU64,
    pub(super) terms_honoured: AtomicU64,
    pub(super) from_memory: AtomicU64,
}

/// How far a batch is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Snapshot {
    /// Files that were found.
    pub files: u64,
    /// Files that this run translated.
    pub done: u64,
    /// Files that were done before.
    pub kept: u64,
    /// Files that can't be translated, those of earlier runs counted in.
    pub failed: u64,
    /// What was left alone, such as links to directories.
    pub skipped: u64,
    /// Sentences that this run translated.
    pub sentences: u64,
    /// Words of their sources.
    pub words: u64,
    /// Sentences with doubts.
    pub doubts: u64,
    /// Mentions of the glossary's terms.
    pub terms: u64,
    /// Those of them that have their English.
    pub terms_honoured: u64,
    /// Sentences that a translation memory had.
    pub from_memory: u64,
    /// Seconds since the start.
    pub seconds: f64,
    /// Source words a second.
    pub words_per_second: f64,
    /// Seconds that the rest will take at the speed so far; unknown at the start.
    pub seconds_left: Option<f64>,
}

impl Default for Progress {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            started: Instant::now(),
            files: zero(),
            bytes: zero(),
            files_over: zero(),
            bytes_over: zero(),
            bytes_kept: zero(),
            done: zero(),
            kept: zero(),
            failed: zero(),
            skipped: zero(),
            sentences: zero(),
            words: zero(),
            doubts: zero(),
            terms: zero(),
            terms_honoured: zero(),
            from_memory: zero(),
        }
    }
}

pub(super) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

impl Progress {
    /// A file was found.
    pub(super) fn planned(&self, bytes: u64) {
        add(&self.files, 1);
        add(&self.bytes, bytes);
    }

    /// A file is over, translated or not.
    pub(super) fn over(&self) {
        add(&self.files_over, 1);
    }

    /// So much of a file is over; `worked`: this run has translated it.
    pub(super) fn advanced(&self, bytes: u64, worked: bool) {
        add(&self.bytes_over, bytes);
        if !worked {
            add(&self.bytes_kept, bytes);
        }
    }

    /// How far it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let seconds = self.started.elapsed().max(Duration::from_millis(1)).as_secs_f64();
        let over = get(&self.bytes_over);
        let worked = over.saturating_sub(get(&self.bytes_kept)) as f64;
        let left = get(&self.bytes).saturating_sub(over) as f64;
        Snapshot {
            files: get(&self.files),
            done: get(&self.done),
            kept: get(&self.kept),
            failed: get(&self.failed),
            skipped: get(&self.skipped),
            sentences: get(&self.sentences),
            words: get(&self.words),
            doubts: get(&self.doubts),
            terms: get(&self.terms),
            terms_honoured: get(&self.terms_honoured),
            from_memory: get(&self.from_memory),
            seconds,
            words_per_second: get(&self.words) as f64 / seconds,
            seconds_left: (worked > 0.0).then(|| seconds * left / worked),
        }
    }

    /// Files that are over.
    #[must_use]
    pub fn over_files(&self) -> u64 {
        self.files_over.load(Ordering::Relaxed)
    }
}

/// Lets the engine know when to stop.
pub(super) struct Control<'a>(pub &'a AtomicBool);

impl Observer for Control<'_> {
    fn planned(&self, _: usize) {}

    fn translated(&self, _: usize) {}

    fn short_of_memory(&self, tokens: usize) {
        tracing::warn!(
            tokens,
            "the device has no memory for so large a batch; smaller ones from here on"
        );
    }

    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
