//! The `tarjoman` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    tarjoman::cli::main()
}
