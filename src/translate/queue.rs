//! What waits to be decoded. Owns the window of pieces from which batches of like length are
//! made, whose turn it is, and the bounds that keep memory flat; knows neither model nor documents.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::pieces::Piece;
use super::second::Tried;
use super::translator::Observer;
use crate::decode;

/// So long a worker waits for a window to fill before it takes what there is: a program that
/// sends one row and waits for the answer must get one, a fast reader must be able to fill it.
const PATIENCE: Duration = Duration::from_millis(20);

/// In what order documents are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As they came: the engine is fed no faster than it needs.
    Came,
    /// As they are done: somebody waits for each of them. Whatever there is, is let in (who feeds the
    /// engine bounds it), and all get an equal share of the model, so that a long document does
    /// not hold up a short one. The next row is the one with the earliest start tag: start-time
    /// fair queueing (Goyal, Vin and Cheng 1996).
    Done,
}

impl Order {
    /// Batches of a window for each worker. Rows are sorted by length within a window: more of
    /// them mean less padding, and more memory, and a longer wait for what comes next.
    fn batches(self) -> usize {
        match self {
            Self::Came => 16,
            Self::Done => 4,
        }
    }
}

/// Bytes of source text in flight for each token of a window: room for a window that is being
/// decoded, one that fills, and what waits for a long document to be finished.
const BYTES_A_TOKEN: usize = 64;

/// The pieces of one document.
#[derive(Default)]
pub(super) struct Job {
    /// In the order of the source.
    pub pieces: Vec<Piece>,
    /// Whether one of them has failed: the rest need not be decoded.
    failed: AtomicBool,
    /// What was searched twice.
    tried: Mutex<Vec<Tried>>,
    /// Who waits for this document alone.
    pub observer: Option<Arc<dyn Observer + Send>>,
    /// Candidates that are wanted of each piece, where not as of all.
    pub candidates: Option<usize>,
}

impl Job {
    pub fn new(pieces: Vec<Piece>) -> Arc<Self> {
        Arc::new(Self { pieces, ..Self::default() })
    }

    /// As [`Job::new`], for somebody who waits for it alone.
    pub fn waited_for(
        pieces: Vec<Piece>,
        observer: Arc<dyn Observer + Send>,
        candidates: Option<usize>,
    ) -> Arc<Self> {
        Arc::new(Self { pieces, observer: Some(observer), candidates, ..Self::default() })
    }

    /// Whether nobody waits for it any more.
    pub fn is_called_off(&self) -> bool {
        self.observer.as_ref().is_some_and(|observer| observer.is_cancelled())
    }

    pub fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Records a second try.
    pub fn tried(&self, tried: Tried) {
        self.tried.lock().unwrap_or_else(PoisonError::into_inner).push(tried);
    }

    /// Records that a search for the terms of a glossary took the place of what was kept.
    pub fn demanded(&self, index: usize) {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        tried.iter_mut().filter(|tried| tried.index == index).for_each(Tried::demanded);
    }

    /// All second tries, in the order of the source; of a piece that was searched again, alone,
    /// after its batch had failed, the first: both are the same.
    pub fn all_tried(&self) -> Vec<Tried> {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone();
        tried.sort_by_key(|tried| tried.index);
        tried.dedup_by_key(|tried| tried.index);
        tried
    }

    pub fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

/// One piece on its way through the model.
#[derive(Clone)]
pub(super) struct Row {
    /// Number of its document in the stream.
    pub document: usize,
    /// Its number among the pieces of the document.
    pub index: usize,
    /// The document's pieces.
    pub job: Arc<Job>,
    /// When its turn is, in tokens; only with [`Order::Done`].
    pub turn: u64,
}

impl Row {
    pub fn piece(&self) -> &Piece {
        &self.job.pieces[self.index]
    }
}

#[derive(Default)]
struct State {
    /// Batches of the window that is being decoded.
    ready: VecDeque<Vec<Row>>,
    /// The window that fills.
    filling: Vec<Row>,
    /// Its tokens.
    tokens: usize,
    /// Whose turn it is.
    turn: u64,
    /// Bytes of documents that are admitted and not delivered.
    in_flight: usize,
    /// Nothing more is coming.
    closed: bool,
    /// Nobody wants the rest.
    stopped: bool,
}

/// A bounded queue of rows that hands out batches.
pub(super) struct Queue {
    state: Mutex<State>,
    /// Wakes workers.
    work: Condvar,
    /// Wakes the feeder.
    room: Condvar,
    /// Tokens of a batch.
    budget: usize,
    /// Tokens of a window.
    window: usize,
    order: Order,
}

impl Queue {
    /// * `budget`: source tokens of a batch
    pub fn new(budget: usize, workers: usize, order: Order) -> Self {
        let budget = budget.max(1);
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            budget,
            window: budget.saturating_mul(workers).saturating_mul(order.batches()),
            order,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is room for a document of so many bytes; one that is larger than all
    /// the room is let in alone. False when nobody wants it any more.
    pub fn admit(&self, bytes: usize) -> bool {
        let limit = self.window.saturating_mul(BYTES_A_TOKEN);
        let full = |state: &mut State| {
            let is_bounded = self.order == Order::Came && state.in_flight > 0;
            !state.stopped && is_bounded && state.in_flight + bytes > limit
        };
        let mut state =
            self.room.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        state.in_flight += bytes;
        !state.stopped
    }

    /// Gives back the room of a document.
    pub fn delivered(&self, bytes: usize) {
        self.lock().in_flight -= bytes;
        self.room.notify_all();
    }

    /// The turn of what comes now.
    pub fn turn(&self) -> u64 {
        self.lock().turn
    }

    /// Adds a row to the window that fills; waits while it is full. False when nobody wants it
    /// any more.
    pub fn push(&self, row: Row) -> bool {
        let is_bounded = self.order == Order::Came;
        let full = |state: &mut State| is_bounded && !state.stopped && state.tokens >= self.window;
        let mut state =
            self.room.wait_while(self.lock(), full).unwrap_or_else(PoisonError::into_inner);
        if state.stopped {
            return false;
        }
        let was_empty = state.filling.is_empty();
        state.tokens += row.piece().tokens.len();
        state.filling.push(row);
        if was_empty || state.tokens >= self.window {
            self.work.notify_all();
        }
        true
    }

    /// Says that nothing more is coming.
    pub fn close(&self) {
        self.lock().closed = true;
        self.work.notify_all();
    }

    /// Says that nobody wants the rest.
    pub fn stop(&self) {
        self.lock().stopped = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// The next batch, longest first within a window; `None` when there is no more.
    pub fn next(&self) -> Option<Vec<Row>> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(batch) = state.ready.pop_front() {
                return Some(batch);
            }
            if state.filling.is_empty() {
                if state.closed {
                    return None;
                }
                state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            if !state.closed && state.tokens < self.window {
                let (woken, patience) =
                    self.work.wait_timeout(state, PATIENCE).unwrap_or_else(PoisonError::into_inner);
                state = woken;
                let others_did = !state.ready.is_empty() || state.filling.is_empty();
                if !patience.timed_out() || others_did {
                    continue;
                }
            }
            self.roll(&mut state);
        }
    }

    /// Makes batches of the window, and starts a new one.
    fn roll(&self, state: &mut State) {
        let rows = match self.order {
            Order::Came => std::mem::take(&mut state.filling),
            Order::Done => self.in_turn(state),
        };
        state.tokens -= rows.iter().map(|row| row.piece().tokens.len()).sum::<usize>();
        let lengths: Vec<usize> = rows.iter().map(|row| row.piece().tokens.len()).collect();
        let batches = decode::plan(&lengths, self.budget);
        state
            .ready
            .extend(batches.iter().map(|batch| batch.iter().map(|at| rows[*at].clone()).collect()));
        self.room.notify_all();
        self.work.notify_all();
    }

    /// A window of those whose turn it is.
    fn in_turn(&self, state: &mut State) -> Vec<Row> {
        state.filling.sort_by_key(|row| row.turn);
        let mut tokens = 0;
        let fits = |row: &&Row| {
            let fits = tokens < self.window;
            tokens += row.piece().tokens.len();
            fits
        };
        let count = state.filling.iter().take_while(fits).count();
        let rows: Vec<Row> = state.filling.drain(..count).collect();
        state.turn = rows.last().map_or(state.turn, |row| row.turn);
        rows
    }
}
