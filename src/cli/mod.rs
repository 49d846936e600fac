//! Owns the command line. A stand-in until the whole of it is there: `tarjoman models` only.

pub mod config;
pub mod download;
pub mod models;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::model;

/// Persian to English, offline.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List, fetch, choose and remove models
    Models(models::Args),
}

/// Runs the command and prints what went wrong.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    let Command::Models(args) = &cli.command;
    let Err(error) = models::run(args) else { return ExitCode::SUCCESS };
    if error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    }) {
        return ExitCode::SUCCESS;
    }
    eprintln!("error: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  caused by: {cause}");
    }
    let hint = error.chain().find_map(|cause| cause.downcast_ref::<model::Error>()?.hint());
    if let Some(hint) = hint {
        eprintln!("hint: {hint}");
    }
    ExitCode::FAILURE
}
