//! Parses the command line, runs it, and turns an error into an exit status.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    tarjoman::cli::run(&tarjoman::cli::Cli::parse())
}
