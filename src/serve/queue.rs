//! What waits for the engine, and how much may: the one place that says no when there is too much
//! to do. Bounded by requests and by characters; a request that is refused here has cost nothing
//! yet but its body.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::Limits;
use super::refusal::Refusal;
use crate::document::{AlignedDocument, Article};
use crate::translate::{self, Observer, Request, Share, TranslateOptions};

/// The longest that a client is told to wait.
const LONGEST_WAIT: u64 = 120;

/// Requests in flight.
#[derive(Debug, Default)]
struct Load {
    requests: usize,
    characters: usize,
    /// How long requests took of late, in seconds.
    took: f64,
}

/// The way to the engine.
#[derive(Clone)]
pub(super) struct Queue(Arc<Shared>);

struct Shared {
    /// Gone when nothing more is taken.
    engine: Mutex<Option<Sender<Request<Answer>>>>,
    load: Mutex<Load>,
    requests: usize,
    characters: usize,
    beams: usize,
    /// Whether the engine runs.
    alive: AtomicBool,
}

/// Room for a request; given back when it is dropped.
pub(super) struct Room {
    queue: Queue,
    characters: usize,
    since: Instant,
}

/// Where a translation goes.
pub(super) struct Answer(oneshot::Sender<translate::Result<AlignedDocument>>);

/// How far a document is: (done, all), in sentences that the model has to translate.
pub(super) type Steps = watch::Receiver<(usize, usize)>;

/// A document that is being translated. To drop it is to call it off.
pub(super) struct Ticket {
    answer: oneshot::Receiver<translate::Result<AlignedDocument>>,
    watcher: Arc<Watcher>,
}

/// Hears of one document.
struct Watcher {
    steps: watch::Sender<(usize, usize)>,
    off: AtomicBool,
}

impl Observer for Watcher {
    fn planned(&self, sentences: usize) {
        self.steps.send_modify(|steps| steps.1 = sentences);
    }

    fn translated(&self, sentences: usize) {
        self.steps.send_modify(|steps| steps.0 += sentences);
    }

    fn is_cancelled(&self) -> bool {
        self.off.load(Ordering::Relaxed)
    }
}

impl Answer {
    /// Hands a translation to whoever waits for it, if somebody still does.
    pub fn give(self, translation: translate::Result<AlignedDocument>) {
        let _ = self.0.send(translation);
    }
}

impl Queue {
    /// The queue, and what the engine reads.
    pub fn new(limits: &Limits, options: &TranslateOptions) -> (Self, Receiver<Request<Answer>>) {
        let (sender, requests) = channel();
        let shared = Shared {
            engine: Mutex::new(Some(sender)),
            load: Mutex::default(),
            requests: limits.queue,
            characters: limits.queue_characters,
            beams: options.search.beams,
            alive: AtomicBool::new(true),
        };
        (Self(Arc::new(shared)), requests)
    }

    fn load(&self) -> MutexGuard<'_, Load> {
        self.0.load.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes room for a request.
    ///
    /// # Errors
    /// When there is none.
    pub fn admit(&self, characters: usize) -> Result<Room, Refusal> {
        let mut load = self.load();
        let full = load.requests >= self.0.requests
            || (load.requests > 0 && load.characters + characters > self.0.characters);
        if full {
            let wait = (load.took.ceil() as i64).clamp(1, LONGEST_WAIT.cast_signed());
            return Err(Refusal::full(wait.unsigned_abs()));
        }
        load.requests += 1;
        load.characters += characters;
        Ok(Room { queue: self.clone(), characters, since: Instant::now() })
    }

    /// Sends a document to the engine.
    ///
    /// * `candidates`: of each sentence; no more than there are beams
    ///
    /// # Errors
    /// When the engine takes nothing any more.
    pub fn send(
        &self,
        article: Article,
        candidates: Option<usize>,
        share: &Share,
    ) -> Result<Ticket, Refusal> {
        let (sender, answer) = oneshot::channel();
        let watcher =
            Arc::new(Watcher { steps: watch::Sender::new((0, 0)), off: AtomicBool::new(false) });
        let request = Request {
            tag: Answer(sender),
            article,
            observer: Arc::clone(&watcher) as Arc<dyn Observer + Send>,
            candidates: candidates.map(|count| count.clamp(1, self.0.beams)),
            share: share.clone(),
        };
        let engine = self.0.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = engine.as_ref().is_some_and(|engine| engine.send(request).is_ok());
        if sent { Ok(Ticket { answer, watcher }) } else { Err(Refusal::stopping()) }
    }

    /// Takes nothing more, so that the engine ends after what it has.
    pub fn close(&self) {
        self.0.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Requests that are not answered yet, and their characters.
    pub fn in_flight(&self) -> usize {
        self.load().requests
    }

    /// Characters of the requests that are not answered yet.
    pub fn characters(&self) -> usize {
        self.load().characters
    }

    /// Whether the engine runs.
    pub fn is_alive(&self) -> bool {
        self.0.alive.load(Ordering::Relaxed)
    }

    /// Marks the engine as ended when it is dropped.
    pub fn alive(&self) -> impl Drop + use<> {
        struct Alive(Queue);
        impl Drop for Alive {
            fn drop(&mut self) {
                self.0.0.alive.store(false, Ordering::Relaxed);
            }
        }
        Alive(self.clone())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        /// How much the newest request counts.
        const NEWEST: f64 = 0.1;
        let mut load = self.queue.load();
        load.requests -= 1;
        load.characters -= self.characters;
        let took: Duration = self.since.elapsed();
        load.took += NEWEST * (took.as_secs_f64() - load.took);
    }
}

impl Ticket {
    /// How far it is.
    pub fn steps(&self) -> Steps {
        self.watcher.steps.subscribe()
    }

    /// Waits for the translation.
    ///
    /// # Errors
    /// When it failed.
    pub async fn wait(&mut self) -> Result<AlignedDocument, Refusal> {
        match (&mut self.answer).await {
            Ok(translation) => translation.map_err(|error| Refusal::translation(&error)),
            Err(_) => Err(Refusal::stopping()),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.watcher.off.store(true, Ordering::Relaxed);
    }
}
