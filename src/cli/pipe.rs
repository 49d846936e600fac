//! `tarjoman pipe`: rows of JSON on standard input, answers on standard output.

use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::aids::Aids;
use super::exit::Refusal;
use super::interrupt::Interrupt;
use super::model::ModelArguments;
use super::note;
use super::search::SearchArguments;
use crate::jobs::{self, PipeOptions, PipeSummary, Shard};

/// What may be typed after `pipe`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The field that holds the Persian text
    #[arg(long, value_name = "NAME", default_value = "text")]
    field: String,

    /// Tell of each sentence: where it stands in the text (bytes), source, translation, score
    #[arg(long)]
    sentences: bool,

    /// Answer only every N-th line, from line I (from 0); auto or auto/N asks the environment of
    /// an array job (SLURM, Kubernetes)
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,

    /// A file that is written when every row is answered, with their number; an older one is
    /// removed first
    #[arg(long, value_name = "FILE")]
    done: Option<PathBuf>,

    #[command(flatten)]
    model: ModelArguments,

    #[command(flatten)]
    aids: Aids,

    /// Candidates to give for each sentence, with their scores
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    candidates: usize,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten, next_help_heading = "Search")]
    search: SearchArguments,
}

/// What the marker of a finished pipe says.
#[derive(serde::Serialize)]
struct Marker<'a> {
    shard: Option<String>,
    model: &'a str,
    rows: u64,
    failed: u64,
}

/// Answers the rows of standard input.
///
/// # Errors
/// When the model can't be used, a stream breaks, a row failed, or the run was interrupted.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let environment = |name: &str| std::env::var(name).ok();
    let shard = arguments.shard.as_deref().map(|text| Shard::parse(text, &environment));
    let shard = shard.transpose()?;
    if let Some(path) = &arguments.done {
        remove(path)?;
    }
    let translator = arguments.model.load(arguments.quiet)?;
    let mut translate =
        arguments.search.options(&translator, &arguments.model, arguments.candidates)?;
    arguments.aids.add_to(&mut translate, arguments.quiet)?;
    let options = PipeOptions {
        field: arguments.field.clone(),
        sentences: arguments.sentences,
        shard,
        ..PipeOptions::new(translate)
    };
    let interrupt = Interrupt::listen()?;
    let input = BufReader::new(io::stdin());
    let mut out = BufWriter::new(io::stdout().lock());
    let summary = jobs::pipe(&translator, &options, input, &mut out, interrupt.flag())?;
    let PipeSummary { rows, failed, interrupted, terms, terms_honoured } = summary;
    if interrupted {
        return Err(Refusal::Interrupted(format!("{rows} rows are answered")).into());
    }
    if let Some(path) = &arguments.done {
        let shard = shard.map(|shard| shard.to_string());
        write(path, &Marker { shard, model: translator.name(), rows, failed })?;
    }
    if failed > 0 {
        return Err(Refusal::Partial(format!("{failed} of {rows} rows failed")).into());
    }
    note(arguments.quiet, &format!("{rows} rows answered"));
    if arguments.aids.has_glossary() {
        let message =
            format!("{terms_honoured} of {terms} mentions of glossary terms have their English");
        note(arguments.quiet, &message);
    }
    Ok(())
}

fn remove(path: &Path) -> jobs::Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(jobs::Error::File { action: "remove", path: path.into(), source })
        }
        _ => Ok(()),
    }
}

fn write(path: &Path, marker: &Marker<'_>) -> jobs::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = || {
        let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
        serde_json::to_writer(&mut file, marker)?;
        file.write_all(b"\n")?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|source| jobs::Error::File { action: "write", path: path.into(), source })
}
