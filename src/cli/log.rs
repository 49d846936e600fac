//! What a long job says while it runs, on standard error: as text or as JSON, a line an event.

use std::io::{self, Write};

use clap::ValueEnum;
use indicatif::ProgressBar;
use tracing::Level;

/// The form of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people
    Text,
    /// For programs: an object a line
    Json,
}

/// Sends events to standard error from now on. Once a process.
pub(super) fn start(form: Form, level: Level, color: bool, bar: &ProgressBar) {
    let bar = bar.clone();
    let events = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(color)
        .with_writer(move || AboveBar(bar.clone()));
    // Another subscriber can only be a caller's own, who wants it.
    let _ = match form {
        Form::Text => events.try_init(),
        Form::Json => events.json().flatten_event(true).try_init(),
    };
}

/// Standard error above a progress bar.
struct AboveBar(ProgressBar);

impl Write for AboveBar {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
