//! A directory of articles, translated into a directory of the same shape. Owns the run: files
//! are read on one thread, translated on the engine's, and written on another, with bounded
//! channels between them.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};

use super::feed::{Feed, Memory};
use super::journal::{Journal, State, hash};
use super::output::{Translated, Writer};
use super::parts::Checkpoint;
use super::progress::Control;
use super::walk::{Found, Walk};
use super::{Error, Progress, Result, Shard, Snapshot, Used, WalkOptions, report};
use crate::document::writers::Format;
use crate::translate::{TranslateOptions, Translator};

/// Results that wait for the disk.
const RESULTS_AHEAD: usize = 16;

/// What a batch reads and writes.
#[derive(Debug, Clone)]
pub struct BatchOptions {
    /// A directory, or one file.
    pub input: PathBuf,
    /// A directory, which is made when it is missing.
    pub output: PathBuf,
    /// What of the input is taken.
    pub walk: WalkOptions,
    /// How articles are translated.
    pub translate: TranslateOptions,
    /// The format of the outputs.
    pub format: Format,
    /// Its ending, which is added to names that have another; `None`: names stay.
    pub ending: Option<String>,
    /// All else that outputs depend on, such as the model's files and the languages.
    pub identity: String,
    /// The share of the files that is done.
    pub shard: Option<Shard>,
    /// Whether files that failed before are tried again. Default: no.
    pub retry_failed: bool,
    /// Whether the batch is run again and again: files that have not been written to since the
    /// run before are not read. Default: no.
    pub watch: bool,
}

impl BatchOptions {
    /// A name for all that outputs depend on besides their sources.
    fn key(&self) -> String {
        // How many are decoded together changes nothing.
        let translate = TranslateOptions { batch_tokens: 0, workers: 0, ..self.translate.clone() };
        let told = format!("{}\0{:?}\0{:?}", self.identity, translate, self.format);
        hash(told.as_bytes())
    }
}

/// A file that is read, on its way through the engine.
#[derive(Debug)]
pub(super) struct Item {
    /// Its name in the journal.
    pub file: String,
    /// The place of its output below the output directory.
    pub output: PathBuf,
    /// Bytes of the source that this is.
    pub bytes: u64,
    pub work: Work,
}

/// What of a file goes through the engine.
#[derive(Debug)]
pub(super) enum Work {
    Whole {
        hash: String,
    },
    Part {
        hash: String,
        from: Arc<Checkpoint>,
        end: u64,
        last: bool,
    },
    /// Nothing: it can't be read.
    Failed {
        hash: Option<String>,
        error: String,
    },
}

impl Work {
    pub fn hash(&self) -> &str {
        match self {
            Self::Whole { hash } | Self::Part { hash, .. } => hash,
            Self::Failed { hash, .. } => hash.as_deref().unwrap_or_default(),
        }
    }
}

/// What would be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// It would be translated.
    Translate,
    /// It has changed since it was translated, or the model or an option has.
    Again,
    /// The rest of it would be translated.
    Continue,
    /// It failed before, and would be tried again.
    Retry,
    /// It is done.
    Keep,
    /// It failed before, and would be left.
    Failed,
    /// It can't be read.
    Unreadable,
}

/// A file and what would be done with it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Planned {
    /// Its place below the input directory.
    pub file: String,
    /// What would be done.
    pub plan: Plan,
    /// Why, where it can't be translated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A batch, which holds the lock of its output directory as long as it lives.
pub struct Batch {
    pub(super) options: BatchOptions,
    pub(super) walk: Walk,
    journal: Mutex<Journal>,
    key: String,
    /// Files that this process has met, for those who watch a directory.
    memory: Memory,
}

impl Batch {
    /// Locks the output directory and reads what was done before.
    ///
    /// # Errors
    /// When another run holds the lock, or a directory can't be used.
    pub fn open(options: BatchOptions) -> Result<Self> {
        let fail = |source| Error::File { action: "create", path: options.output.clone(), source };
        std::fs::create_dir_all(&options.output).map_err(fail)?;
        let walk = Walk::new(&options.input, &options.output, &options.walk)?;
        let journal = Mutex::new(Journal::open(&options.output, options.shard)?);
        let key = options.key();
        Ok(Self { options, walk, journal, key, memory: Memory::default() })
    }

    /// Says what would be done with every file, and does nothing.
    pub fn plan(&mut self, give: &mut dyn FnMut(Planned)) {
        let progress = Progress::default();
        let never = AtomicBool::new(false);
        let memory = Memory::default();
        Feed::new(self, &progress, &never, &memory).plan(give);
    }

    /// Counts what there is, so that the time that is left can be told.
    pub fn count(&self, progress: &Progress) {
        for (number, found) in self.walk.iter().enumerate() {
            if self.options.shard.is_none_or(|shard| shard.has(number as u64)) {
                match found {
                    Found::File(source) => progress.planned(source.bytes),
                    Found::Bad(..) => progress.planned(0),
                    Found::Skipped(..) => {}
                }
            }
        }
    }

    /// Translates all that is not done. What is wrong with one file is recorded, and stops
    /// nothing.
    ///
    /// * `progress`: counted by [`Batch::count`] before; tells how far it is meanwhile
    /// * `stop`: when it becomes true, batches of sentences that have begun are finished, and
    ///   what is whole then is written
    ///
    /// # Errors
    /// When nothing more can be written (the disk is full or read-only), or the engine can't
    /// start. What was written before is whole, and the next run goes on.
    pub fn run(
        &mut self,
        translator: &Translator,
        progress: &Progress,
        stop: &AtomicBool,
    ) -> Result<Snapshot> {
        let memory = std::mem::take(&mut self.memory);
        let workshop = self.journal().workshop().to_owned();
        // Both a signal and a full disk end it.
        let halt = AtomicBool::new(false);
        let batch = &*self;
        let written = std::thread::scope(|scope| {
            let (results, received) = sync_channel::<Translated>(RESULTS_AHEAD);
            let writer = Writer {
                options: &batch.options,
                journal: &batch.journal,
                progress,
                key: &batch.key,
                workshop: &workshop,
                open: None,
                broken: None,
            };
            let writer = scope.spawn({
                let halt = &halt;
                move || writer.run(&received).inspect_err(|_| halt.store(true, Ordering::Relaxed))
            });
            let files = Feed::new(batch, progress, stop, &memory);
            let files = files.take_while(|_| !halt.load(Ordering::Relaxed));
            let control = Control(stop);
            let options = &batch.options.translate;
            let ran = translator.stream(files, options, &control, |item, result| {
                // The writer is gone when it could not write.
                match results.send((item, result)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            });
            drop(results);
            // A panic of the writer is passed on.
            let written = match writer.join() {
                Ok(written) => written,
                Err(panic) => std::panic::resume_unwind(panic),
            };
            ran.map_err(Error::from).and(written)
        });
        self.memory = memory;
        written.map(|()| progress.snapshot())
    }

    pub(super) fn journal(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Files that failed, in this run or before, with the reasons: at most `most` of them.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn failures(&self, most: usize) -> Result<Vec<(String, String)>> {
        let mut failures = Vec::new();
        let read = self.journal().each(|record| {
            if let State::Failed { error } = record.state
                && failures.len() < most
            {
                failures.push((record.file, error));
            }
            Ok(())
        });
        match read {
            Ok(()) => Ok(failures),
            Err(source) => {
                Err(Error::File { action: "read", path: self.options.output.clone(), source })
            }
        }
    }

    /// Writes reports of all that the last run met, as `report.json` and `report.html` into a
    /// folder: its own in the output directory, or another.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn report(
        &self,
        folder: Option<&Path>,
        used: Used<'_>,
        snapshot: &Snapshot,
        interrupted: bool,
    ) -> Result<()> {
        let own = self.options.output.join(super::journal::FOLDER);
        let facts = report::Facts { used, snapshot, interrupted };
        report::write(folder.unwrap_or(&own), &self.journal(), &facts)
    }
}
