//! Waits until something is dropped into a directory. Owns when a run is worth while; what is
//! new is found by the run.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use super::{Batch, Error, Result};

/// How long a directory must be quiet: a file that is being copied in is not to be read yet.
const SETTLED: Duration = Duration::from_secs(1);

/// How often a quiet watch looks whether it is to stop.
const GLANCE: Duration = Duration::from_millis(100);

/// Hears of changes from the moment that it is made.
pub struct Watch {
    _watcher: RecommendedWatcher,
    changes: Receiver<()>,
}

impl Watch {
    /// Watches the input of a batch.
    ///
    /// # Errors
    /// When the system can't watch it, or not so many directories.
    pub fn new(batch: &Batch) -> Result<Self> {
        let root = batch.walk.root().to_owned();
        let fail =
            |error: notify::Error| Error::Watch { path: root.clone(), reason: error.to_string() };
        let own = std::fs::canonicalize(&batch.options.output).unwrap_or_default();
        let (sender, changes) = channel();
        let concerns = move |path: &Path| !path.starts_with(&own);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let matters = event.is_ok_and(|event| {
                    !event.kind.is_access() && event.paths.iter().any(|path| concerns(path))
                });
                if matters {
                    // The watch is gone when the program ends.
                    let _ = sender.send(());
                }
            })
            .map_err(fail)?;
        watcher.watch(&root, RecursiveMode::Recursive).map_err(fail)?;
        Ok(Self { _watcher: watcher, changes })
    }

    /// Waits for a change, and then until there are no more. False when `stop` became true.
    #[must_use]
    pub fn wait(&self, stop: &AtomicBool) -> bool {
        let mut last: Option<Instant> = None;
        while !stop.load(Ordering::Relaxed) {
            match self.changes.recv_timeout(GLANCE) {
                Ok(()) => last = Some(Instant::now()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(GLANCE),
            }
            if last.is_some_and(|last| last.elapsed() >= SETTLED) {
                return true;
            }
        }
        false
    }
}
