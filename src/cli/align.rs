//! `tarjoman align`: which words belong together in a translation that is there, whoever made it.
//! Translates nothing.

use std::path::PathBuf;

use anyhow::Context as _;

use super::exit::Refusal;
use super::model::ModelArguments;
use super::output::Output;
use super::use_color;
use crate::document::readers::aligned;
use crate::document::writers::{self, Format, WriteOptions};

/// What may be typed after `align`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The translation: JSON lines as tarjoman and its page write them, or TMX; - for standard
    /// input
    input: PathBuf,

    /// Where the result goes; its ending chooses the format, as for `translate`
    /// [default: JSON lines on standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The format, whatever the output is called
    #[arg(short, long, value_enum)]
    format: Option<Format>,

    #[command(flatten)]
    model: ModelArguments,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// Aligns a translation.
///
/// # Errors
/// Whatever the rooms below report.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let format = match (arguments.format, &arguments.output) {
        (None, None) => Format::Jsonl,
        (format, output) => super::translate::format(format, output.as_deref())?,
    };
    let document = aligned::open(&arguments.input)?;
    writers::check(&document.article, format)?;
    let output = Output::open(arguments.output.as_deref())?;
    if output.is(&arguments.input) {
        let input = arguments.input.display();
        return Err(Refusal::Usage(format!("the output would replace {input}")).into());
    }
    let translator = arguments.model.load_whole(arguments.quiet)?;
    let document = translator
        .align(document)
        .with_context(|| format!("could not align {}", arguments.input.display()))?;
    let color = matches!(output, Output::Stdout) && use_color(&std::io::stdout());
    let options = WriteOptions { color, ..WriteOptions::default() };
    output.write(|out| writers::write(&document, format, &options, out))?;
    Ok(())
}
