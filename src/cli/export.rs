//! `tarjoman export`: a translation that was written before, and maybe reviewed since, in any
//! format. Translates nothing.

use std::path::PathBuf;

use super::exit::Refusal;
use super::output::Output;
use super::use_color;
use crate::document::readers::{self, aligned};
use crate::document::writers::{self, Format, WriteOptions};

/// What may be typed after `export`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The translation: JSON lines as tarjoman and its page write them, TMX, or XLIFF 2; - for
    /// standard input
    input: PathBuf,

    /// Where the result goes; its ending chooses the format, as for `translate`
    /// [default: both languages on standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The format, whatever the output is called
    #[arg(short, long, value_enum)]
    format: Option<Format>,

    /// The article that was translated, for its markup and for --format document
    #[arg(long, value_name = "FILE")]
    source: Option<PathBuf>,
}

/// Writes a translation again.
///
/// # Errors
/// Whatever the rooms below report.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = super::translate::format(arguments.format, arguments.output.as_deref())?;
    let mut document = aligned::open(&arguments.input)?;
    if let Some(source) = &arguments.source {
        document = aligned::attach(document, readers::open(source)?)?;
    }
    writers::check(&document.article, format)?;
    let output = Output::open(arguments.output.as_deref())?;
    for input in [Some(&arguments.input), arguments.source.as_ref()].into_iter().flatten() {
        if output.is(input) {
            let input = input.display();
            return Err(Refusal::Usage(format!("the output would replace {input}")).into());
        }
    }
    let color = matches!(output, Output::Stdout) && use_color(&std::io::stdout());
    let candidates = document.units.iter().any(|unit| unit.translation.candidates.len() > 1);
    let options = WriteOptions { color, candidates, ..WriteOptions::default() };
    output.write(|out| writers::write(&document, format, &options, out))?;
    Ok(())
}
