//! What has been done, so that it is not done twice. Owns the journal in the output directory:
//! one JSON object a line, only ever added to, on disk before anybody relies on it.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::parts::Checkpoint;
use super::{Error, Result, Shard};

/// The folder in the output directory that is the job's own.
pub(super) const FOLDER: &str = ".tarjoman";

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Its place below the input directory.
    pub file: String,
    /// SHA-256 of what was in it; empty where that could not be read.
    pub hash: String,
    /// SHA-256 of all else that the output depends on: model, languages, search, format.
    pub key: String,
    #[serde(flatten)]
    pub state: State,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum State {
    /// The output is there.
    Done(Done),
    /// There is none, and the same file gives none again.
    Failed { error: String },
    /// A part of a large file is there.
    Part(Checkpoint),
}

/// What is told of an output.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Done {
    /// Its place below the output directory.
    pub output: String,
    /// Its size.
    pub bytes: u64,
    pub sentences: u64,
    /// Words of the source.
    pub words: u64,
    /// Sentences with doubts.
    pub doubts: u64,
}

/// A name in 16 bytes: there may be millions.
type Short = [u8; 16];

/// What is remembered of a file.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Of its content and the key.
    version: Short,
    state: Brief,
    /// The journal and the line that said so, for the report.
    line: (u16, u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Brief {
    Done { bytes: u64 },
    Failed,
    Part,
}

/// What the journal says of a version of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// Never heard of.
    New,
    /// Another version was met.
    Changed,
    /// Done; its output had so many bytes.
    Done { bytes: u64 },
    /// This very version failed.
    Failed,
    /// A part of it is done.
    Part(Box<Checkpoint>),
}

/// The journal, locked for this run.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    length: u64,
    path: PathBuf,
    /// All journals that were read, this one first.
    paths: Vec<PathBuf>,
    lines: u64,
    known: HashMap<Short, Known>,
    parts: HashMap<Short, Checkpoint>,
    /// Files that this run has met.
    seen: HashSet<Short>,
    /// A folder for what is not finished, empty at the start.
    workshop: PathBuf,
    /// Held until the run ends.
    _locks: Vec<File>,
}

impl Journal {
    /// Locks the output directory and reads what is known. Shards of one job share a directory,
    /// each with a journal of its own; everything else excludes everything else.
    pub fn open(output: &Path, shard: Option<Shard>) -> Result<Self> {
        let folder = output.join(FOLDER);
        let fail = |action: &'static str, path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { action, path, source }
        };
        fs::create_dir_all(folder.join("parts")).map_err(fail("create", &folder))?;
        let own = shard.map_or("journal.jsonl".into(), |shard| {
            format!("journal-{}.jsonl", shard.to_string().replace('/', "-of-"))
        });
        let mut locks = vec![lock(&folder.join("lock"), shard.is_some(), output)?];
        if shard.is_some() {
            locks.push(lock(&folder.join(format!("{own}.lock")), false, output)?);
        }
        // What a crash left there.
        let workshop = folder.join(own.replace("journal", "tmp").replace(".jsonl", ""));
        match fs::remove_dir_all(&workshop) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(fail("empty", &workshop)(source));
            }
            _ => fs::create_dir(&workshop).map_err(fail("create", &workshop))?,
        }
        let path = folder.join(&own);
        let mut paths = vec![path.clone()];
        for entry in fs::read_dir(&folder).map_err(fail("read", &folder))? {
            let other = entry.map_err(fail("read", &folder))?.path();
            let is_journal = other.extension().is_some_and(|ending| ending == "jsonl");
            if other != path && is_journal {
                paths.push(other);
            }
        }
        paths[1..].sort();
        let file = OpenOptions::new().create(true).read(true).append(true).open(&path);
        let file = file.map_err(fail("open", &path))?;
        let mut journal = Self {
            file,
            length: 0,
            path,
            paths,
            lines: 0,
            known: HashMap::new(),
            parts: HashMap::new(),
            seen: HashSet::new(),
            workshop,
            _locks: locks,
        };
        // Its own last, so that what it says counts.
        for index in (0..journal.paths.len()).rev() {
            let path = journal.paths[index].clone();
            journal.read(index as u16, &path).map_err(fail("read", &path))?;
        }
        // What a crash left of a line goes, or the next would be joined to it.
        let (length, path) = (journal.length, journal.path.clone());
        let trim = journal.file.set_len(length).and_then(|()| journal.file.seek(SeekFrom::End(0)));
        trim.map_err(fail("repair", &path))?;
        Ok(journal)
    }

    fn read(&mut self, index: u16, path: &Path) -> io::Result<()> {
        let mut lines = BufReader::new(File::open(path)?);
        let (mut line, mut number, mut length) = (Vec::new(), 0, 0);
        while lines.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            length += line.len() as u64;
            // A damaged line costs the work of one file, not the journal.
            match serde_json::from_slice::<Record>(&line) {
                Ok(record) => self.remember(&record, (index, number)),
                Err(error) => {
                    tracing::warn!(journal = %path.display(), line = number + 1, %error, "damaged line");
                }
            }
            line.clear();
            number += 1;
        }
        if index == 0 {
            (self.lines, self.length) = (number, length);
        }
        Ok(())
    }

    fn remember(&mut self, record: &Record, line: (u16, u64)) {
        let name = short(&[&record.file]);
        let state = match &record.state {
            State::Done(done) => Brief::Done { bytes: done.bytes },
            State::Failed { .. } => Brief::Failed,
            State::Part(_) => Brief::Part,
        };
        match &record.state {
            State::Part(checkpoint) => drop(self.parts.insert(name, checkpoint.clone())),
            _ => drop(self.parts.remove(&name)),
        }
        let version = short(&[&record.hash, &record.key]);
        self.known.insert(name, Known { version, state, line });
    }

    /// A folder for what is not finished, in the output directory.
    pub fn workshop(&self) -> &Path {
        &self.workshop
    }

    /// What is known of a version of a file.
    pub fn verdict(&mut self, file: &str, hash: &str, key: &str) -> Verdict {
        let name = short(&[file]);
        self.seen.insert(name);
        match self.known.get(&name) {
            None => Verdict::New,
            Some(known) if known.version != short(&[hash, key]) || hash.is_empty() => {
                Verdict::Changed
            }
            Some(Known { state: Brief::Done { bytes }, .. }) => Verdict::Done { bytes: *bytes },
            Some(Known { state: Brief::Failed, .. }) => Verdict::Failed,
            Some(Known { state: Brief::Part, .. }) => match self.parts.get(&name) {
                Some(checkpoint) => Verdict::Part(Box::new(checkpoint.clone())),
                None => Verdict::Changed,
            },
        }
    }

    /// Adds a record. It counts after [`Journal::sync`].
    pub fn add(&mut self, record: &Record) -> Result<()> {
        let written = serde_json::to_vec(record).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line).map(|()| line.len() as u64)
        });
        match written {
            Ok(bytes) => {
                self.length += bytes;
                self.seen.insert(short(&[&record.file]));
                self.remember(record, (0, self.lines));
                self.lines += 1;
                Ok(())
            }
            Err(source) => {
                // Half a line must not stay; if it does, the next run takes it away.
                let _ = self.file.set_len(self.length);
                Err(self.failed(source))
            }
        }
    }

    /// Brings what was added to the disk.
    pub fn sync(&mut self) -> Result<()> {
        self.file.sync_data().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::File { action: "write", path: self.path.clone(), source }
    }

    /// Gives the last word on every file that this run has met, in the order of the journals.
    pub fn each(&self, mut give: impl FnMut(Record) -> io::Result<()>) -> io::Result<()> {
        for (index, path) in self.paths.iter().enumerate() {
            for (number, line) in BufReader::new(File::open(path)?).lines().enumerate() {
                let Ok(record) = serde_json::from_str::<Record>(&line?) else { continue };
                let name = short(&[&record.file]);
                let here = (index as u16, number as u64);
                let is_last = self.known.get(&name).is_some_and(|known| known.line == here);
                if is_last && self.seen.contains(&name) {
                    give(record)?;
                }
            }
        }
        Ok(())
    }
}

/// Locks a file, or says who is in the way.
fn lock(path: &Path, shared: bool, output: &Path) -> Result<File> {
    let fail = |source| Error::File { action: "lock", path: path.into(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).read(true).open(path);
    let file = file.map_err(fail)?;
    match if shared { file.try_lock_shared() } else { file.try_lock() } {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: output.into() }),
        Err(TryLockError::Error(source)) => Err(fail(source)),
    }
}

/// The first bytes of the hash of some texts.
fn short(texts: &[&str]) -> Short {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update(text.as_bytes());
        hash.update([0]);
    }
    let mut short = Short::default();
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

/// A hash as it is written.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The hash of some bytes as it is written.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}
