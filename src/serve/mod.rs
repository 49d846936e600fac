//! Owns the service: HTTP in front of the engine, for a content system that asks for translations
//! while others do. Bodies, keys, limits, the queue, results that are kept for a while, metrics, a
//! page for people. Does not know how a sentence is translated or how a format is written.
//!
//! ```text
//! connection -> route -> fields, key, limits -> queue ─┐            ┌─> answer
//!                                                      engine (one, on its own threads)
//! ```
//!
//! All requests share one [`Translator::serve`], so that their sentences share batches. Input and
//! output run on one thread; reading and writing documents on a few others.

mod accept;
mod aligned;
mod app;
mod documents;
mod fields;
mod files;
mod keys;
mod languages;
mod libre;
mod metrics;
mod page;
mod queue;
mod rate;
mod refusal;
mod routes;
mod store;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use keys::Keys;
pub use languages::Languages;
pub use routes::{DESCRIPTION, paths};

use crate::translate::{self, TranslateOptions, Translator};

/// How the service answers.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// How sentences are translated.
    pub translate: TranslateOptions,
    /// What is translated into what, as clients name it.
    pub languages: Languages,
    /// Who may ask. Default: everybody.
    pub keys: Keys,
    /// What is taken at most.
    pub limits: Limits,
    /// Origins whose pages may ask, `*` for all. Default: none.
    pub origins: Vec<String>,
    /// Whether a proxy in front says who the client is (`X-Forwarded-For`) and by what scheme it came
    /// (`X-Forwarded-Proto`). Default: no.
    pub behind_proxy: bool,
}

/// What the service takes at most.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a body. Default 16 MiB.
    pub body: usize,
    /// Characters of the texts of a request. Default 200,000.
    pub characters: usize,
    /// Texts of a request. Default 1,000.
    pub texts: usize,
    /// Requests that wait or are being translated. Default 256.
    pub queue: usize,
    /// Characters of all of them; a single request may have more. Default 1,000,000.
    pub queue_characters: usize,
    /// Requests of a client a minute. Default: as many as it likes.
    pub per_minute: Option<NonZeroU32>,
    /// From when a request is read until it is answered. Default 120 s.
    pub timeout: Duration,
    /// For the head of a request, and for its body. Default 30 s.
    pub slow: Duration,
    /// For what is in flight when the service is told to stop. Default 30 s.
    pub drain: Duration,
    /// Open connections; others wait. Default 1,024.
    pub connections: usize,
    /// Bytes of results that are kept for fetching; older ones give way. Default 256 MiB.
    pub kept: usize,
    /// How long a result is kept. Default 30 minutes.
    pub kept_for: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 16 << 20,
            characters: 200_000,
            texts: 1_000,
            queue: 256,
            queue_characters: 1_000_000,
            per_minute: None,
            timeout: Duration::from_secs(120),
            slow: Duration::from_secs(30),
            drain: Duration::from_secs(30),
            connections: 1_024,
            kept: 256 << 20,
            kept_for: Duration::from_secs(30 * 60),
        }
    }
}

/// Why the service could not be begun, or had to end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address can't be listened on.
    #[error("could not listen on {address}")]
    Listen {
        /// Host and port.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The keys can't be used.
    #[error("the API keys of {origin} can't be used: {reason}")]
    Keys {
        /// The file, or the environment's variable.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// The file of keys can't be read.
    #[error("could not read the API keys in {}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// An origin is none.
    #[error("{origin:?} is no origin")]
    Origin {
        /// As it was given.
        origin: String,
    },
    /// The system gave no threads.
    #[error("could not start the service")]
    Start(#[source] std::io::Error),
    /// Translating ended before it was to, which is a bug.
    #[error("the translator stopped")]
    Stopped,
    /// The engine could not be started.
    #[error(transparent)]
    Translate(#[from] translate::Error),
}

/// Result of the serve room.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Listen { .. } => {
                "choose another --port, or end the program that has this one".into()
            }
            Self::Keys { .. } => {
                "give a key a line, of at least 16 characters, with a name and a space before it if you like".into()
            }
            Self::KeyFile { .. } => "check that the file exists and that you may read it".into(),
            Self::Origin { .. } => "give a scheme and a host, such as https://cms.example.org".into(),
            Self::Start(_) => "the system may limit the number of threads".into(),
            Self::Stopped => "this is a bug; please report it".into(),
            Self::Translate(error) => return error.hint(),
        })
    }
}

/// What a service has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Served {
    /// Requests that were answered, whatever the answer.
    pub requests: u64,
    /// Requests that were not done when the time for draining was over.
    pub unfinished: usize,
}

/// Listens. From now on connections wait until [`run`] takes them.
///
/// # Errors
/// When the address can't be had.
pub fn listen(host: &str, port: u16) -> Result<TcpListener> {
    let fail = |source| Error::Listen { address: format!("{host}:{port}"), source };
    let listener = TcpListener::bind((host, port)).map_err(fail)?;
    listener.set_nonblocking(true).map_err(fail)?;
    Ok(listener)
}

/// Where a listener listens.
///
/// # Errors
/// When the system does not say.
pub fn address(listener: &TcpListener) -> Result<SocketAddr> {
    listener.local_addr().map_err(Error::Start)
}

/// Answers requests until `stop` becomes true; then what is in flight is answered, no longer than
/// the limits say, and it returns.
///
/// * `listener`: of [`listen`]
///
/// # Errors
/// When an option is out of range, or the system gives no threads.
pub fn run(
    translator: &Translator,
    options: &ServeOptions,
    listener: TcpListener,
    stop: &AtomicBool,
) -> Result<Served> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(4)
        .thread_name("documents")
        .build()
        .map_err(Error::Start)?;
    let (queue, requests) = queue::Queue::new(&options.limits, &options.translate);
    let app = app::App::new(translator, options, queue);
    let router = routes::router(&app, &options.origins)?;
    std::thread::scope(|scope| {
        let engine = scope.spawn(|| {
            let _alive = app.queue.alive();
            let requests = requests.into_iter();
            translator.serve(requests, &options.translate, &app.metrics, queue::Answer::give)
        });
        let served = runtime.block_on(accept::run(listener, &router, &app, stop));
        app.queue.close();
        // Whoever still waits is let go, so that the engine need not go on for them.
        runtime.shutdown_background();
        engine.join().unwrap_or(Err(translate::Error::Lost))?;
        let unfinished = served?;
        if !stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        Ok(Served { requests: app.metrics.answered(), unfinished })
    })
}
