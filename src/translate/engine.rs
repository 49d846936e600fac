//! Many documents through one model. Pieces of all of them share batches, sorted by length
//! within a window; documents come back in the order in which they went in, or, where somebody
//! waits for each of them, as they are done.
//!
//! ```text
//! caller's iterator -> feeder -> window -> workers -> collector -> caller's `deliver`
//!                      segment,            search     order
//!                      cut
//! ```
//!
//! Everything between two of them is bounded: a slow reader of the results stops the feeder, and
//! with it the iterator, so that memory does not depend on how many documents there are.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use rayon::{ThreadPool, ThreadPoolBuilder};

use super::queue::{Job, Order, Queue, Row};
use super::segment::sentences;
use super::translator::{Observer, TranslateOptions, Translator, cores};
use super::{Error, Result};
use crate::decode::{self, Batch, Hypothesis};
use crate::document::{AlignedDocument, Article};
use crate::model::Seq2Seq;

/// A document with nothing in it takes room too.
const SMALLEST: usize = 64;

/// A document that is not delivered yet.
struct InFlight<T> {
    tag: T,
    failed: Option<Error>,
    job: Arc<Job>,
    hypotheses: Vec<Vec<Hypothesis>>,
    /// Pieces that are not decoded yet.
    missing: usize,
    bytes: usize,
}

/// A document for the engine.
pub(super) struct Prepared<T> {
    pub tag: T,
    /// Of its text.
    pub bytes: usize,
    /// Its pieces, or why there are none.
    pub job: Result<Arc<Job>>,
    /// Tokens that those with which it shares a turn have had.
    pub share: Share,
}

/// Whoever asks for several documents has one share of the model: where its next piece stands among
/// those of the others, in tokens.
#[derive(Debug, Clone, Default)]
pub struct Share(Arc<AtomicU64>);

/// What a document becomes: its pieces, and the candidates of each.
pub(super) type Decoded = (Arc<Job>, Vec<Vec<Hypothesis>>);

/// What one sentence became.
type Outcome = Result<Vec<Hypothesis>>;

/// What the collector hears.
enum Event<T> {
    Admitted(InFlight<T>),
    Decoded(Vec<(Row, Outcome)>),
}

/// Closes the queue when the feeder ends, however it ends; or stops it when the collector does.
struct AtEnd<'a>(&'a Queue, fn(&Queue));

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        (self.1)(self.0);
    }
}

impl Translator {
    /// Translates many articles. Sentences of all of them share batches; each article comes back
    /// exactly once, with its tag, in the order in which it went in. An article's failure is its
    /// own: the others are not touched by it.
    ///
    /// * `articles`: read on a thread of its own, no further ahead than the engine needs; may
    ///   block
    /// * `observer`: hears of every article as it comes in, and of sentences as they are done
    /// * `deliver`: gets the results on this thread, while others are being translated; ends
    ///   everything by `Break`, after what `articles` is just reading
    ///
    /// # Errors
    /// When an option is out of range or the system gives no threads. What is wrong with one
    /// article is delivered.
    pub fn stream<T: Send>(
        &self,
        articles: impl Iterator<Item = (T, Article)> + Send,
        options: &TranslateOptions,
        observer: &dyn Observer,
        mut deliver: impl FnMut(T, Result<AlignedDocument>) -> ControlFlow<()>,
    ) -> Result<()> {
        if options.context > 0 {
            return self.one_by_one(articles, options, observer, deliver);
        }
        let documents = articles.map(|(tag, article)| {
            let bytes = article.blocks.iter().map(|block| block.text.len()).sum();
            let document = sentences(article, options.half_spaces);
            let job = self.pieces(&document, options).map(Job::new);
            Prepared { tag: (tag, document), bytes, job, share: Share::default() }
        });
        self.run(documents, Order::Came, options, observer, |(tag, document), decoded| {
            let aligned = decoded
                .and_then(|(job, hypotheses)| self.aligned(document, &job, &hypotheses, options));
            deliver(tag, aligned)
        })
    }

    /// As [`Translator::stream`] where a sentence needs the translations of those before it: its
    /// document's paragraphs share batches, documents don't.
    fn one_by_one<T>(
        &self,
        articles: impl Iterator<Item = (T, Article)>,
        options: &TranslateOptions,
        observer: &dyn Observer,
        mut deliver: impl FnMut(T, Result<AlignedDocument>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.check(options)?;
        for (tag, article) in articles {
            let translated = if observer.is_cancelled() {
                Err(Error::Cancelled)
            } else {
                self.translate(article, options, observer)
            };
            if deliver(tag, translated).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The engine itself.
    pub(super) fn run<T: Send>(
        &self,
        prepared: impl Iterator<Item = Prepared<T>> + Send,
        order: Order,
        options: &TranslateOptions,
        observer: &dyn Observer,
        deliver: impl FnMut(T, Result<Decoded>) -> ControlFlow<()>,
    ) -> Result<()> {
        self.check(options)?;
        let workers = options.workers.max(1);
        // One pool for all: a worker that waits leaves its core to the products of the others.
        let pool = ThreadPoolBuilder::new().num_threads(cores()).build().map_err(Error::Threads)?;
        let queue = Queue::new(options.batch_tokens / options.search.beams.max(1), workers, order);
        let room = AtomicUsize::new(usize::MAX);
        let (events, received) = sync_channel(2 * workers);
        std::thread::scope(|scope| {
            for number in 0..workers {
                let network = self.network(number);
                let worker = Worker { translator: self, network, pool: &pool, options, observer };
                let (events, queue, room) = (events.clone(), &queue, &room);
                scope.spawn(move || worker.work(queue, room, &events));
            }
            let queue = &queue;
            scope.spawn(move || {
                let _close = AtEnd(queue, Queue::close);
                feed(prepared, queue, observer, &events);
            });
            let _stop = AtEnd(queue, Queue::stop);
            gather(received, queue, order, observer, deliver);
        });
        Ok(())
    }

    /// Refuses options that no sentence could be translated with.
    pub(super) fn check(&self, options: &TranslateOptions) -> Result<()> {
        let refused = |source| Error::Options(Box::new(source));
        let nothing = Batch::new(&[], options.search.pad, self.model.device()).map_err(refused)?;
        decode::search(self.model.as_ref(), &nothing, &options.search).map_err(refused)?;
        Ok(())
    }
}

/// What decodes batches.
struct Worker<'a> {
    translator: &'a Translator,
    network: &'a dyn Seq2Seq,
    pool: &'a ThreadPool,
    options: &'a TranslateOptions,
    observer: &'a dyn Observer,
}

impl Worker<'_> {
    /// Decodes batches until there are no more.
    ///
    /// * `room`: the most tokens that all workers decode in one batch, padding and beams counted
    ///   in; lowered when the device has no memory for one
    fn work<T>(&self, queue: &Queue, room: &AtomicUsize, events: &SyncSender<Event<T>>) {
        while let Some(mut rows) = queue.next() {
            rows.retain(|row| !row.job.has_failed());
            let is_over = self.observer.is_cancelled();
            let (off, rows): (Vec<Row>, Vec<Row>) =
                rows.into_iter().partition(|row| is_over || row.job.is_called_off());
            let mut decoded: Vec<(Row, Outcome)> =
                off.into_iter().map(|row| (row, Err(Error::Cancelled))).collect();
            for (candidates, rows) in alike(rows) {
                let mut options = self.options.clone();
                options.search.candidates = candidates.unwrap_or(options.search.candidates);
                let found = self.pool.install(|| self.decode_rows(&rows, &options, room));
                decoded.extend(rows.into_iter().zip(found));
            }
            // The collector is gone when nobody wants the rest.
            if events.send(Event::Decoded(decoded)).is_err() {
                break;
            }
        }
    }

    /// Decodes rows together; where that fails, half of them and the other half, and so on, so
    /// that only the bad one fails, and that there is memory for what is decoded together.
    fn decode_rows(
        &self,
        rows: &[Row],
        options: &TranslateOptions,
        room: &AtomicUsize,
    ) -> Vec<Outcome> {
        let longest = rows.iter().map(|row| row.piece().tokens.len()).max().unwrap_or(0);
        let tokens = rows.len() * longest * options.search.beams.max(1);
        if rows.len() < 2 || tokens <= room.load(Ordering::Relaxed) {
            match self.attempt(rows, options) {
                Ok(found) => return found.into_iter().map(Ok).collect(),
                Err(error) if rows.len() < 2 => return vec![Err(error)],
                Err(Error::Search { source, .. }) if source.is_out_of_memory() => {
                    let less = tokens / 2;
                    if room.fetch_min(less, Ordering::Relaxed) > less {
                        self.observer.short_of_memory(less);
                    }
                }
                Err(_) => {}
            }
        }
        let (first, second) = rows.split_at(rows.len() / 2);
        let mut found = self.decode_rows(first, options, room);
        found.extend(self.decode_rows(second, options, room));
        found
    }

    fn attempt(&self, rows: &[Row], options: &TranslateOptions) -> Result<Vec<Vec<Hypothesis>>> {
        let sentences = || rows.iter().map(|row| row.piece().sentence + 1);
        let (first, last) = (sentences().min().unwrap_or(0), sentences().max().unwrap_or(0));
        let fail = |source| Error::Search { first, last, source: Box::new(source) };
        let tokens: Vec<(usize, &[u32])> =
            rows.iter().map(|row| (row.index, row.piece().tokens.as_slice())).collect();
        let search = || {
            let batch = Batch::new(&tokens, options.search.pad, self.network.device())?;
            let found = decode::search(self.network, &batch, &options.search)?;
            let found = match self.translator.second_try(self.network, rows, found.clone(), options)
            {
                // What fails in company is tried alone; and then the first try is good enough.
                Err(_) if rows.len() == 1 => found,
                tried => tried?,
            };
            // Last, so that no second try drops a term.
            self.translator.keep_to_glossary(self.network, rows, found, options)
        };
        // A night's work must not die of one sentence. Nothing that lives on is changed by a
        // search, so that what a panic leaves behind can't be seen.
        catch_unwind(AssertUnwindSafe(search))
            .map_err(|_| Error::Crashed { first, last })?
            .map_err(fail)
    }
}

/// Rows of which as many candidates are wanted, together.
fn alike(rows: Vec<Row>) -> BTreeMap<Option<usize>, Vec<Row>> {
    let mut groups: BTreeMap<Option<usize>, Vec<Row>> = BTreeMap::new();
    for row in rows {
        groups.entry(row.job.candidates).or_default().push(row);
    }
    groups
}

/// Puts outcomes back into their documents, and delivers these in order. `events` ends with it:
/// whoever waits to send another would wait for ever.
fn gather<T>(
    events: Receiver<Event<T>>,
    queue: &Queue,
    order: Order,
    observer: &dyn Observer,
    mut deliver: impl FnMut(T, Result<Decoded>) -> ControlFlow<()>,
) {
    let mut came = 0;
    let mut open: BTreeMap<usize, InFlight<T>> = BTreeMap::new();
    for event in events {
        match event {
            Event::Admitted(document) => {
                open.insert(came, document);
                came += 1;
            }
            Event::Decoded(rows) => {
                observer.translated(rows.len());
                for (row, outcome) in rows {
                    // What has failed may be delivered already.
                    if let Some(document) = open.get_mut(&row.document) {
                        document.put(row.index, outcome);
                    }
                }
            }
        }
        while let Some(done) = next_done(&mut open, order) {
            let InFlight { tag, failed, job, hypotheses, bytes, .. } = done;
            let flow = deliver(tag, failed.map_or(Ok((job, hypotheses)), Err));
            queue.delivered(bytes);
            if flow.is_break() {
                return;
            }
        }
    }
}

/// Takes the next document that is done, if it is its turn.
fn next_done<T>(open: &mut BTreeMap<usize, InFlight<T>>, order: Order) -> Option<InFlight<T>> {
    let looked_at = if order == Order::Came { 1 } else { usize::MAX };
    let mut candidates = open.iter().take(looked_at);
    let number = *candidates.find(|(_, document)| document.missing == 0)?.0;
    open.remove(&number)
}

impl<T> InFlight<T> {
    fn put(&mut self, index: usize, outcome: Outcome) {
        if self.failed.is_some() {
            return;
        }
        match outcome {
            Ok(hypotheses) => {
                self.hypotheses[index] = hypotheses;
                self.missing -= 1;
                if let Some(observer) = &self.job.observer {
                    observer.translated(1);
                }
            }
            Err(error) => {
                self.job.fail();
                self.failed = Some(error);
                self.missing = 0;
            }
        }
    }
}

/// Sends documents to the collector and their pieces to the workers.
fn feed<T>(
    prepared: impl Iterator<Item = Prepared<T>>,
    queue: &Queue,
    observer: &dyn Observer,
    events: &SyncSender<Event<T>>,
) {
    for (number, Prepared { tag, bytes, job, share }) in prepared.enumerate() {
        let bytes = bytes.max(SMALLEST);
        let (failed, job) = match job {
            Ok(job) => (None, job),
            Err(error) => (Some(error), Job::new(Vec::new())),
        };
        let missing = job.pieces.len();
        observer.planned(missing);
        if let Some(observer) = &job.observer {
            observer.planned(missing);
        }
        let hypotheses = vec![Vec::new(); missing];
        let of_all = Arc::clone(&job);
        let admitted = InFlight { tag, failed, job: of_all, hypotheses, missing, bytes };
        if !queue.admit(bytes) || events.send(Event::Admitted(admitted)).is_err() {
            return;
        }
        let mut turn = share.0.load(Ordering::Relaxed).max(queue.turn());
        for index in 0..missing {
            if job.has_failed() {
                break;
            }
            let row = Row { document: number, index, job: Arc::clone(&job), turn };
            turn += row.piece().tokens.len() as u64;
            if !queue.push(row) {
                return;
            }
        }
        share.0.store(turn, Ordering::Relaxed);
    }
}
