//! Owns the command line: what is typed, what is printed, and the exit code. Everything else is
//! the library's. Data goes to standard output, the rest to standard error.

mod aids;
mod align;
mod batch;
mod bench;
mod check;
mod config;
mod exit;
mod export;
mod interrupt;
mod log;
mod model;
mod models;
mod output;
mod pipe;
mod progress;
mod score;
mod search;
#[cfg(feature = "serve")]
mod serve;
mod text;
mod translate;

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Translates Persian news into English and keeps every sentence beside its source.
#[derive(Debug, Parser)]
#[command(name = "tarjoman", version, after_help = exit::HELP, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Translate one article
    Translate(Box<translate::Arguments>),
    /// Write a translation, reviewed or not, in another format
    Export(export::Arguments),
    /// Check a translation, whoever made it: numbers, names, what is missing
    Check(check::Arguments),
    /// Tell which words belong together in a translation that is there
    Align(align::Arguments),
    /// Translate a directory of articles into a directory; go on where an earlier run ended
    Batch(Box<batch::Arguments>),
    /// Translate JSON lines {"id":…, "text":…} from standard input to standard output
    Pipe(Box<pipe::Arguments>),
    /// Answer requests over HTTP, as LibreTranslate does, and more
    #[cfg(feature = "serve")]
    Serve(Box<serve::Arguments>),
    /// Show the sentences of an article, with their dates and numbers
    Segment(text::Arguments),
    /// Show what the model reads instead of the article, and what was changed
    #[command(alias = "normalise")]
    Normalize(text::Arguments),
    /// List, fetch, choose and remove models
    Models(models::Arguments),
    /// Score translations against references: BLEU, chrF, TER, as sacrebleu does
    Score(score::Arguments),
    /// Measure how fast this machine is
    Bench(bench::Arguments),
}

/// Runs the command line of this process.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Translate(arguments) => translate::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Align(arguments) => align::run(&arguments),
        Command::Batch(arguments) => batch::run(&arguments),
        Command::Pipe(arguments) => pipe::run(&arguments),
        #[cfg(feature = "serve")]
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Segment(arguments) => text::segment(&arguments),
        Command::Normalize(arguments) => text::normalize(&arguments),
        Command::Models(arguments) => models::run(&arguments),
        Command::Score(arguments) => score::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            exit::code(&error)
        }
    }
}

/// Prints an error: what was being done, why it failed, what to do next.
fn report(error: &anyhow::Error) {
    let (bold, reset) =
        if use_color(&std::io::stderr()) { ("\x1b[1;31m", "\x1b[0m") } else { ("", "") };
    let mut message = format!("{bold}error:{reset} {error:#}\n");
    if let Some(hint) = exit::hint(error) {
        message.push_str("hint: ");
        message.push_str(&hint);
        message.push('\n');
    }
    // Nothing is left to do when standard error is closed too.
    let _ = std::io::stderr().write_all(message.as_bytes());
}

/// Whether a stream takes colours (<https://no-color.org>).
fn use_color(stream: &impl std::io::IsTerminal) -> bool {
    let asked_not_to = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal()
        && !asked_not_to
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// A line for the user that is neither data nor an error.
fn note(quiet: bool, message: &str) {
    if !quiet {
        let _ = writeln!(std::io::stderr(), "note: {message}");
    }
}

/// Whether progress bars make sense.
fn show_progress(quiet: bool) -> bool {
    !quiet && std::io::stderr().is_terminal()
}
