//! What a batch writes. Owns files that appear whole or not at all, the parts of large ones, and
//! what the journal is told; runs on a thread of its own, so that the engine need not wait for
//! the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

use super::batch::{Item, Work};
use super::journal::{Done, FOLDER, Journal, Record, State, hash};
use super::parts::Checkpoint;
use super::progress::{Progress, add};
use super::{BatchOptions, Error, Result, told};
use crate::document::writers::{self, Format, WriteOptions};
use crate::document::{AlignedDocument, Error as DocumentError, TranslationUnit};
use crate::translate;

/// Outputs that may wait for one sync of the journal.
const GROUP: usize = 64;

/// A translated file, or a part of one, on its way to the disk.
pub(super) type Translated = (Item, translate::Result<AlignedDocument>);

/// Writes results as they come.
pub(super) struct Writer<'a> {
    pub options: &'a BatchOptions,
    pub journal: &'a std::sync::Mutex<Journal>,
    pub progress: &'a Progress,
    /// What all outputs depend on, as the journal has it.
    pub key: &'a str,
    /// Where outputs are made before they are put in place.
    pub workshop: &'a Path,
    /// The large file that is being written.
    pub open: Option<Large>,
    /// The large file of which a part is missing: those that still come are dropped.
    pub broken: Option<String>,
}

/// A large file that is being written.
pub(super) struct Large {
    key: String,
    file: File,
    path: PathBuf,
    at: Checkpoint,
}

impl Writer<'_> {
    /// Writes all that comes.
    ///
    /// # Errors
    /// When nothing more can be written: the disk is full or read-only.
    pub fn run(mut self, results: &Receiver<Translated>) -> Result<()> {
        while let Ok(first) = results.recv() {
            let mut next = Some(first);
            let mut waiting = 0;
            while let Some((item, result)) = next.take() {
                self.take(item, result)?;
                waiting += 1;
                if waiting < GROUP {
                    next = results.try_recv().ok();
                }
            }
            self.journal().sync()?;
        }
        Ok(())
    }

    fn journal(&self) -> std::sync::MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn take(&mut self, item: Item, result: translate::Result<AlignedDocument>) -> Result<()> {
        let is_part = matches!(item.work, Work::Part { .. });
        if is_part && self.broken.as_ref() == Some(&item.file) {
            return Ok(());
        }
        let document = match (&item.work, result) {
            (Work::Failed { hash, error }, _) => {
                return self.failed(&item, hash.as_deref(), error.clone());
            }
            // Nothing is wrong with it: the next run does it.
            (_, Err(translate::Error::Cancelled)) => {
                self.broken = Some(item.file);
                return Ok(());
            }
            (Work::Whole { hash } | Work::Part { hash, .. }, Err(error)) => {
                return self.failed(&item, Some(hash), told(&error));
            }
            (_, Ok(document)) => document,
        };
        let written = match &item.work {
            Work::Part { .. } => self.part(&item, document),
            _ => self.whole(&item, &document),
        };
        match written {
            Ok(None) => Ok(()),
            Ok(Some(done)) => {
                add(&self.progress.done, 1);
                self.progress.over();
                tracing::debug!(
                    file = %item.file, output = %done.output, sentences = done.sentences,
                    words = done.words, doubts = done.doubts, "translated"
                );
                self.record(&item, item.work.hash(), State::Done(done))
            }
            Err(source) if ends_all(&source) => {
                let path = self.options.output.join(&item.output);
                Err(Error::File { action: "write", path, source })
            }
            Err(source) => {
                let name = item.output.display().to_string();
                let error = told(&DocumentError::Write { name, source });
                // Another run may find the place writable.
                self.failed(&item, None, error)
            }
        }
    }

    fn failed(&mut self, item: &Item, hash: Option<&str>, error: String) -> Result<()> {
        tracing::error!(file = %item.file, %error, "failed");
        add(&self.progress.failed, 1);
        self.progress.over();
        self.progress.advanced(item.bytes, false);
        self.broken = Some(item.file.clone());
        self.record(item, hash.unwrap_or_default(), State::Failed { error })
    }

    fn record(&mut self, item: &Item, hash: &str, state: State) -> Result<()> {
        self.journal().add(&Record {
            file: item.file.clone(),
            hash: hash.into(),
            key: self.key.into(),
            state,
        })
    }

    fn count(&self, document: &AlignedDocument, bytes: u64) -> Done {
        let words = |unit| document.source(unit).split_whitespace().count() as u64;
        let done = Done {
            sentences: document.units.len() as u64,
            words: document.units.iter().map(words).sum(),
            doubts: document.units.iter().filter(|unit| unit.is_doubtful()).count() as u64,
            ..Done::default()
        };
        add(&self.progress.sentences, done.sentences);
        add(&self.progress.words, done.words);
        add(&self.progress.doubts, done.doubts);
        let terms = || document.units.iter().flat_map(|unit| &unit.translation.terms);
        add(&self.progress.terms, terms().count() as u64);
        add(&self.progress.terms_honoured, terms().filter(|term| term.honoured).count() as u64);
        let from_memory =
            |unit: &&TranslationUnit| unit.issues.iter().any(|issue| issue.code == "memory_exact");
        add(&self.progress.from_memory, document.units.iter().filter(from_memory).count() as u64);
        self.progress.advanced(bytes, true);
        done
    }

    fn write_options(&self, blocks_before: usize) -> WriteOptions {
        let candidates = self.options.translate.search.candidates > 1;
        WriteOptions { color: false, candidates, blocks_before }
    }

    fn whole(&self, item: &Item, document: &AlignedDocument) -> io::Result<Option<Done>> {
        let path = self.options.output.join(&item.output);
        let mut file = BufWriter::new(temporary(self.workshop)?);
        writers::write(document, self.options.format, &self.write_options(0), &mut file)?;
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let bytes = file.as_file().metadata()?.len();
        file.as_file().sync_data()?;
        fs::create_dir_all(path.parent().unwrap_or(&self.options.output))?;
        file.persist(&path).map_err(|error| error.error)?;
        let output = item.output.to_string_lossy().into_owned();
        Ok(Some(Done { output, bytes, ..self.count(document, item.bytes) }))
    }

    /// Adds a part to its file; the last one puts the file in its place.
    fn part(&mut self, item: &Item, mut document: AlignedDocument) -> io::Result<Option<Done>> {
        let Work::Part { hash: content, from, end, last } = &item.work else { return Ok(None) };
        if self.open.as_ref().is_none_or(|open| open.key != item.file) {
            self.open = Some(self.open(item, from)?);
        }
        let counted = self.count(&document, item.bytes);
        let Some(open) = &mut self.open else { return Ok(None) };
        for unit in &mut document.units {
            unit.sentence.id += open.at.sentences;
        }
        let at = &mut open.at;
        let bytes = if is_text(self.options.format) {
            joined(&document, at)?
        } else {
            let options = WriteOptions {
                candidates: self.options.translate.search.candidates > 1,
                blocks_before: at.blocks,
                ..WriteOptions::default()
            };
            let mut bytes = Vec::new();
            // An empty document has a head in some formats, which belongs before the first block.
            if !document.article.blocks.is_empty() {
                writers::write(&document, self.options.format, &options, &mut bytes)?;
            }
            bytes
        };
        open.file.write_all(&bytes)?;
        at.source = *end;
        at.output += bytes.len() as u64;
        at.blocks += document.article.blocks.len();
        at.sentences += document.units.len();
        at.words += counted.words;
        at.doubts += counted.doubts;
        if !*last {
            open.file.sync_data()?;
            let state = State::Part(at.clone());
            let hash = content.clone();
            self.record(item, &hash, state).map_err(io::Error::other)?;
            return Ok(None);
        }
        let Some(mut open) = self.open.take() else { return Ok(None) };
        if is_text(self.options.format) {
            open.file.write_all(b"\n")?;
            open.at.output += 1;
        }
        open.file.sync_data()?;
        let path = self.options.output.join(&item.output);
        fs::create_dir_all(path.parent().unwrap_or(&self.options.output))?;
        fs::rename(&open.path, &path)?;
        Ok(Some(Done {
            output: item.output.to_string_lossy().into_owned(),
            bytes: open.at.output,
            sentences: open.at.sentences as u64,
            words: open.at.words,
            doubts: open.at.doubts,
        }))
    }

    /// The file that parts are added to, cut back to what is known to be whole.
    fn open(&self, item: &Item, from: &Checkpoint) -> io::Result<Large> {
        let path = part_file(&self.options.output, &item.file);
        let mut file = OpenOptions::new().create(true).truncate(false).write(true).open(&path)?;
        file.set_len(from.output)?;
        file.seek(SeekFrom::End(0))?;
        Ok(Large { key: item.file.clone(), file, path, at: from.clone() })
    }
}

/// Whether a text file comes out as one, which its own format is too.
fn is_text(format: Format) -> bool {
    matches!(format, Format::Text | Format::Document)
}

/// Where the parts of a file are put together.
pub(super) fn part_file(output: &Path, file: &str) -> PathBuf {
    output.join(FOLDER).join("parts").join(format!("{}.part", &hash(file.as_bytes())[..32]))
}

/// English text without the line end behind it, and with what stands between this part and the
/// one before it.
fn joined(document: &AlignedDocument, at: &mut Checkpoint) -> io::Result<Vec<u8>> {
    let space = |text: &str| text.chars().filter(|c| c.is_whitespace()).collect::<String>();
    let mut gap = std::mem::take(&mut at.gap);
    let mut lead = None;
    for (block, units) in document.blocks() {
        gap.push_str(&space(&block.before));
        if !units.is_empty() {
            let before = std::mem::take(&mut gap);
            lead.get_or_insert(before);
        }
    }
    at.gap = gap + &space(&document.article.after);
    let Some(lead) = lead else { return Ok(Vec::new()) };
    let mut text = Vec::new();
    writers::write(document, Format::Text, &WriteOptions::default(), &mut text)?;
    let end = if text.ends_with(b"\r\n") { 2 } else { 1 };
    text.truncate(text.len().saturating_sub(end));
    let mut bytes = Vec::new();
    if at.sentences > 0 {
        bytes.extend_from_slice(if lead.is_empty() { b"\n" } else { lead.as_bytes() });
    }
    bytes.append(&mut text);
    Ok(bytes)
}

/// Whether what stops one output stops all.
fn ends_all(error: &io::Error) -> bool {
    let kind = |error: &io::Error| {
        matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::ReadOnlyFilesystem | ErrorKind::QuotaExceeded
        )
    };
    let job = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    kind(error) || matches!(job, Some(Error::File { .. }))
}

/// A file that a rename puts in place; removed when it is dropped.
fn temporary(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tarjoman-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: the umask takes away what it wants.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

/// Counts what is over without work.
pub(super) fn kept(progress: &Progress, bytes: u64, failed: bool) {
    let counter = if failed { &progress.failed } else { &progress.kept };
    counter.fetch_add(1, Ordering::Relaxed);
    progress.over();
    progress.advanced(bytes, false);
}
