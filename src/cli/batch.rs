//! `tarjoman batch`: a directory in, a directory out.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum as _;
use indicatif::ProgressBar;
use tracing::Level;

use super::aids::Aids;
use super::exit::Refusal;
use super::interrupt::Interrupt;
use super::log::{self, Form};
use super::model::ModelArguments;
use super::progress::files_bar;
use super::search::SearchArguments;
use super::{note, show_progress, use_color};
use crate::document;
use crate::document::writers::Format;
use crate::jobs::{
    Batch, BatchOptions, Planned, Progress, Shard, Snapshot, Used, WalkOptions, Watch,
};
use crate::translate::Translator;

/// What may be typed after `batch`.
#[allow(clippy::struct_excessive_bools)] // each is a switch of the command line
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A directory of articles, or one article
    input: PathBuf,

    /// The directory that gets the same tree; what is done there is not done again
    output: PathBuf,

    /// The format of the outputs
    #[arg(short, long, value_enum, default_value = "jsonl")]
    format: Format,

    /// Take only files that match, or with ! in front none that match; may be repeated
    #[arg(short, long = "glob", value_name = "GLOB")]
    globs: Vec<String>,

    /// Take hidden files too
    #[arg(long)]
    hidden: bool,

    /// Take what .ignore and .tarjomanignore files leave out
    #[arg(long)]
    no_ignore: bool,

    /// Follow links to directories
    #[arg(long)]
    follow: bool,

    /// Try files again that failed before
    #[arg(long)]
    retry_failed: bool,

    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// Go on waiting for new files until a signal ends it
    #[arg(long, conflicts_with = "dry_run")]
    watch: bool,

    /// Do only every N-th file, from file I (from 0); auto or auto/N asks the environment of an
    /// array job (SLURM, Kubernetes)
    #[arg(long, value_name = "I/N")]
    shard: Option<String>,

    /// The directory for report.json and report.html [default: OUTPUT/.tarjoman]
    #[arg(long, value_name = "DIR")]
    report: Option<PathBuf>,

    /// The form of what is told on standard error
    #[arg(long, value_enum, default_value = "text")]
    log: Form,

    /// Tell of every file
    #[arg(short, long, conflicts_with = "quiet")]
    verbose: bool,

    #[command(flatten)]
    model: ModelArguments,

    #[command(flatten)]
    aids: Aids,

    /// Candidates to write for each sentence (HTML and JSON lines)
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1)]
    candidates: usize,

    /// Say nothing but errors
    #[arg(short, long)]
    quiet: bool,

    #[command(flatten, next_help_heading = "Search")]
    search: SearchArguments,
}

/// The ending of a format's files; `None` where they have that of their source.
fn ending(format: Format) -> anyhow::Result<Option<String>> {
    let name = format.to_possible_value().map(|value| value.get_name().to_owned());
    Ok(match name.as_deref() {
        Some("terminal") => {
            let why = "the format terminal is for a terminal; files are html, jsonl, tsv, …";
            return Err(Refusal::Usage(why.into()).into());
        }
        Some("markdown") => Some("md".into()),
        Some("text") => Some("txt".into()),
        Some("xliff") => Some("xlf".into()),
        Some("document") => None,
        _ => name,
    })
}

/// Translates a directory.
///
/// # Errors
/// When the model or a directory can't be used, a file failed, or the run was interrupted.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let ending = ending(arguments.format)?;
    let environment = |name: &str| std::env::var(name).ok();
    let shard = arguments.shard.as_deref().map(|text| Shard::parse(text, &environment));
    let shard = shard.transpose()?;
    if let Err(source) = std::fs::metadata(&arguments.input) {
        let name = arguments.input.display().to_string();
        return Err(document::Error::Read { name, source }.into());
    }
    let bar = files_bar(show_progress(arguments.quiet) && !arguments.dry_run);
    let level = match (arguments.quiet, arguments.verbose) {
        (true, _) => Level::ERROR,
        (_, true) => Level::DEBUG,
        _ => Level::INFO,
    };
    log::start(arguments.log, level, use_color(&std::io::stderr()), &bar);
    let (translator, identity) = arguments.model.load_known(arguments.quiet)?;
    let mut translate =
        arguments.search.options(&translator, &arguments.model, arguments.candidates)?;
    // What is told goes into the log.
    arguments.aids.add_to(&mut translate, true)?;
    let options = BatchOptions {
        input: arguments.input.clone(),
        output: arguments.output.clone(),
        walk: WalkOptions {
            globs: arguments.globs.clone(),
            hidden: arguments.hidden,
            no_ignore: arguments.no_ignore,
            follow: arguments.follow,
        },
        translate,
        format: arguments.format,
        ending,
        identity,
        shard,
        retry_failed: arguments.retry_failed,
        watch: arguments.watch,
    };
    let mut batch = Batch::open(options)?;
    if arguments.dry_run {
        return plan(&mut batch);
    }
    let interrupt = Interrupt::listen()?;
    let watch = arguments.watch.then(|| Watch::new(&batch)).transpose()?;
    loop {
        let snapshot = pass(&mut batch, &translator, arguments, &bar, interrupt.flag())?;
        let interrupted = interrupt.flag().load(Ordering::Relaxed);
        let waits =
            !interrupted && watch.as_ref().is_some_and(|watch| watch.wait(interrupt.flag()));
        if !waits {
            bar.finish_and_clear();
            return end(&batch, arguments, &snapshot, interrupted);
        }
    }
}

/// One run over the directory, with its report.
fn pass(
    batch: &mut Batch,
    translator: &Translator,
    arguments: &Arguments,
    bar: &ProgressBar,
    stop: &AtomicBool,
) -> anyhow::Result<Snapshot> {
    let progress = Progress::default();
    batch.count(&progress);
    let over = AtomicBool::new(false);
    let snapshot = std::thread::scope(|scope| {
        scope.spawn(|| show(&progress, bar, &over));
        let snapshot = batch.run(translator, &progress, stop);
        over.store(true, Ordering::Relaxed);
        snapshot
    })?;
    let interrupted = stop.load(Ordering::Relaxed);
    let licence = translator.licence();
    let used = Used { model: translator.name(), licence: licence.as_deref() };
    batch.report(arguments.report.as_deref(), used, &snapshot, interrupted)?;
    tracing::info!(
        files = snapshot.files,
        translated = snapshot.done,
        kept = snapshot.kept,
        failed = snapshot.failed,
        sentences = snapshot.sentences,
        words = snapshot.words,
        doubts = snapshot.doubts,
        terms = snapshot.terms,
        terms_honoured = snapshot.terms_honoured,
        from_memory = snapshot.from_memory,
        seconds = round(snapshot.seconds),
        words_per_second = round(snapshot.words_per_second),
        "{}",
        if interrupted { "interrupted" } else { "finished" }
    );
    Ok(snapshot)
}

/// Shows how far it is: in the bar, or now and then as an event.
fn show(progress: &Progress, bar: &ProgressBar, over: &AtomicBool) {
    const GLANCE: Duration = Duration::from_millis(200);
    const EVENT: Duration = Duration::from_secs(30);
    let mut told = Instant::now();
    while !over.load(Ordering::Relaxed) {
        std::thread::sleep(GLANCE);
        let now = progress.snapshot();
        let left = now.seconds_left.unwrap_or_default();
        bar.set_length(now.files);
        bar.set_position(progress.over_files());
        let duration = indicatif::HumanDuration(Duration::from_secs_f64(left.min(1e9)));
        bar.set_message(format!(
            "{:.0} words/s, {} failed, {duration} left",
            now.words_per_second, now.failed
        ));
        if bar.is_hidden() && told.elapsed() >= EVENT {
            told = Instant::now();
            tracing::info!(
                files = now.files,
                over = progress.over_files(),
                failed = now.failed,
                words_per_second = round(now.words_per_second),
                seconds_left = round(left),
                "running"
            );
        }
    }
}

fn round(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn end(
    batch: &Batch,
    arguments: &Arguments,
    snapshot: &Snapshot,
    interrupted: bool,
) -> anyhow::Result<()> {
    const MOST: usize = 20;
    let Snapshot { files, done, kept, failed, .. } = *snapshot;
    if interrupted {
        return Err(
            Refusal::Interrupted(format!("{} of {files} files are done", done + kept)).into()
        );
    }
    if failed > 0 {
        // Those of earlier runs were not named in this one.
        for (file, error) in batch.failures(MOST)? {
            note(arguments.quiet, &format!("{file}: {error}"));
        }
        return Err(Refusal::Partial(format!("{failed} of {files} files failed")).into());
    }
    Ok(())
}

fn plan(batch: &mut Batch) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut failed = None;
    batch.plan(&mut |planned: Planned| {
        let written = serde_json::to_writer(&mut out, &planned).map_err(std::io::Error::from);
        let written = written.and_then(|()| out.write_all(b"\n"));
        failed = failed.take().or(written.err());
    });
    match failed.or(out.flush().err()) {
        Some(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(document::Error::Write { name: "standard output".into(), source: error }.into())
        }
        _ => Ok(()),
    }
}
