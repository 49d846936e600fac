//! SIGINT, SIGTERM and SIGHUP: the first asks for an end after what is in flight, the second
//! ends at once.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;

use super::exit;

/// Whether somebody wants the program to end.
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. Once a process.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> anyhow::Result<Self> {
        let flag = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&flag);
        ctrlc::set_handler(move || {
            if asked.swap(true, Ordering::Relaxed) {
                std::process::exit(exit::INTERRUPTED.into());
            }
            let message = "note: finishing what is in flight; once more ends at once\n";
            // Nothing is left to do when standard error is closed.
            let _ = std::io::stderr().write_all(message.as_bytes());
        })
        .context("could not listen to signals")?;
        Ok(Self(flag))
    }

    /// True from the first signal on.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }
}
