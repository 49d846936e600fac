//! `tarjoman check`: doubts about a translation that is there, whoever made it; and what the
//! commands that translate may be told about theirs.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

use super::exit::Refusal;
use super::output::Output;
use super::{note, use_color};
use crate::document::readers::aligned;
use crate::document::writers::{self, Format, WriteOptions};
use crate::document::{AlignedDocument, Issue};
use crate::quality::checks::Checks;
use crate::translate::TranslateOptions;

/// What may be typed after `check`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The translation: Persian, a tab and English on each line; or the TSV, JSON lines or TMX that
    /// tarjoman writes; - for standard input
    input: PathBuf,

    /// Where the result goes; its ending chooses the format, as for `translate`
    /// [default: a line a doubt, on standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The whole translation with its doubts, in this format
    #[arg(short, long, value_enum, conflicts_with = "json")]
    format: Option<Format>,

    /// A JSON object a sentence: its number from 0, and its issues with their places in bytes
    #[arg(long)]
    json: bool,

    /// Exit with 1 when there is a doubt
    #[arg(long)]
    fail_on_doubt: bool,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,
}

/// What is done about doubts.
#[derive(Debug, clap::Args)]
#[allow(clippy::struct_excessive_bools)] // flags, each on its own
pub(super) struct CheckArguments {
    /// Look for no errors, and translate nothing twice
    #[arg(long)]
    no_checks: bool,

    /// Translate no sentence a second time, whatever is doubted
    #[arg(long)]
    no_second_try: bool,

    /// Translate also what is in another script than Persian's, such as English
    #[arg(long)]
    any_language: bool,
}

impl CheckArguments {
    /// What was typed, over what the model wants.
    pub fn add_to(&self, options: &mut TranslateOptions) {
        options.checks = (!self.no_checks).then(Checks::default);
        options.second_try = !self.no_second_try;
        options.only_persian &= !self.any_language;
    }
}

#[derive(Serialize)]
struct Line<'a> {
    id: usize,
    issues: &'a [Issue],
}

/// Checks a translation.
///
/// # Errors
/// When it can't be read or the result can't be written, and where asked for when there are doubts.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let asked = arguments.format.is_some() || arguments.output.is_some() && !arguments.json;
    let format = super::translate::format(arguments.format, arguments.output.as_deref())?;
    let mut document = aligned::open(&arguments.input)?;
    let output = Output::open(arguments.output.as_deref())?;
    if output.is(&arguments.input) {
        let input = arguments.input.display();
        return Err(Refusal::Usage(format!("the output would replace {input}")).into());
    }
    Checks::default().review(&mut document);
    if asked {
        let color = matches!(output, Output::Stdout) && use_color(&io::stdout());
        let options = WriteOptions { color, ..WriteOptions::default() };
        output.write(|out| writers::write(&document, format, &options, out))?;
    } else {
        output.write(|out| list(&document, arguments.json, out))?;
    }
    let doubtful = document.units.iter().filter(|unit| unit.is_doubtful()).count();
    let told = format!("{doubtful} of {} sentences have doubts", document.units.len());
    if arguments.fail_on_doubt && doubtful > 0 {
        return Err(Refusal::Doubts(told).into());
    }
    note(arguments.quiet, &told);
    Ok(())
}

fn list(document: &AlignedDocument, json: bool, out: &mut dyn Write) -> io::Result<()> {
    for unit in &document.units {
        let (id, issues) = (unit.sentence.id, unit.issues.as_slice());
        if json {
            serde_json::to_writer(&mut *out, &Line { id, issues })?;
            writeln!(out)?;
            continue;
        }
        for issue in issues {
            writeln!(out, "{}\t{}\t{}", id + 1, issue.code, issue.message)?;
        }
    }
    Ok(())
}
