//! Files as the engine takes them. Owns reading, and what is left out because it is done.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::batch::{Batch, Item, Plan, Planned, Work};
use super::journal::{Verdict, hash};
use super::output::{kept, part_file};
use super::parts::{Checkpoint, Part, Parts, inspect};
use super::progress::add;
use super::walk::{Found, Source};
use super::{Progress, told};
use crate::document::writers::{Format, check};
use crate::document::{Article, readers};

/// A text file of more bytes is read in parts, where the format allows it.
const LARGE: u64 = 8 << 20;

/// Other files of more bytes are refused: they are read at once.
const LARGEST: u64 = 256 << 20;

/// Sizes and times of files that were met, so that who watches a directory need not read all of
/// it again.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<PathBuf, (u64, SystemTime)>>);

impl Memory {
    /// Whether the file was met as it is; remembers it.
    fn knows(&self, source: &Source) -> bool {
        let Some(modified) = source.modified else { return false };
        let mut met = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (source.bytes, modified);
        met.insert(source.relative.clone(), now) == Some(now)
    }
}

/// All files of a batch in turn, those that are done left out.
pub(super) struct Feed<'a> {
    batch: &'a Batch,
    progress: &'a Progress,
    stop: &'a AtomicBool,
    memory: &'a Memory,
    found: Box<dyn Iterator<Item = Found> + Send>,
    number: u64,
    /// The large file that is being read.
    large: Option<Large>,
}

struct Large {
    parts: Parts,
    /// The next part, so that the last is known to be the last.
    next: Option<Part>,
    file: String,
    output: PathBuf,
    path: PathBuf,
    hash: String,
    from: Arc<Checkpoint>,
    done: u64,
}

/// A file that was read.
enum Read {
    Whole(Article),
    Large(Large),
    Failed(String),
}

impl<'a> Feed<'a> {
    pub fn new(
        batch: &'a Batch,
        progress: &'a Progress,
        stop: &'a AtomicBool,
        memory: &'a Memory,
    ) -> Self {
        let found = Box::new(batch.walk.iter());
        Self { batch, progress, stop, memory, found, number: 0, large: None }
    }

    /// The next thing that the walk meets in this share.
    fn found(&mut self) -> Option<Found> {
        loop {
            let found = self.found.next()?;
            self.number += 1;
            if self.batch.options.shard.is_none_or(|shard| shard.has(self.number - 1)) {
                return Some(found);
            }
        }
    }

    /// Says what would be done with every file.
    pub fn plan(mut self, give: &mut dyn FnMut(Planned)) {
        while let Some(found) = self.found() {
            let (relative, planned) = match found {
                Found::Skipped(..) => continue,
                Found::Bad(relative, reason) => (relative, (Plan::Unreadable, Some(reason))),
                Found::File(source) => {
                    let (verdict, _, read) = self.judge(&source);
                    let planned = match (self.plan_of(&source, &verdict), read) {
                        (plan @ (Plan::Keep | Plan::Failed), _) => (plan, None),
                        (_, Read::Failed(reason)) => (Plan::Unreadable, Some(reason)),
                        (plan, _) => (plan, None),
                    };
                    (source.relative, planned)
                }
            };
            let (plan, reason) = planned;
            give(Planned { file: key(&relative), plan, reason });
        }
    }

    fn plan_of(&self, source: &Source, verdict: &Verdict) -> Plan {
        let output = self.batch.options.output.join(self.output(&source.relative));
        match verdict {
            Verdict::New => Plan::Translate,
            Verdict::Changed => Plan::Again,
            Verdict::Part(_) => Plan::Continue,
            Verdict::Failed if self.batch.options.retry_failed => Plan::Retry,
            Verdict::Failed => Plan::Failed,
            Verdict::Done { bytes } => {
                // Whoever deletes an output wants it again.
                let is_there = std::fs::metadata(output).is_ok_and(|data| data.len() == *bytes);
                if is_there { Plan::Keep } else { Plan::Again }
            }
        }
    }

    /// The place of an output: the name of the source, with the ending of the format added where
    /// it has another. So no two sources have one output, but for `a` and `a.txt`.
    fn output(&self, relative: &Path) -> PathBuf {
        let Some(ending) = &self.batch.options.ending else { return relative.into() };
        if relative.extension().is_some_and(|own| own.eq_ignore_ascii_case(ending.as_str())) {
            return relative.into();
        }
        let mut name: OsString = relative.into();
        name.push(".");
        name.push(ending);
        name.into()
    }

    /// Reads a file, and asks the journal for it.
    fn judge(&mut self, source: &Source) -> (Verdict, String, Read) {
        let (hash, read) = self.read(source);
        let verdict = self.batch.journal().verdict(&key(&source.relative), &hash, self.batch.key());
        (verdict, hash, read)
    }

    fn read(&self, source: &Source) -> (String, Read) {
        let options = &self.batch.options;
        let ending = source.relative.extension().unwrap_or_default().to_ascii_lowercase();
        let is_text = ending.is_empty() || ending == "txt" || ending == "text";
        let in_parts = matches!(
            options.format,
            Format::Text | Format::Jsonl | Format::Tsv | Format::Markdown | Format::Document
        );
        if source.bytes > LARGE && is_text && in_parts {
            return match inspect(&source.path) {
                Ok(hash) => (hash.clone(), self.large(source, hash)),
                Err(error) => (String::new(), Read::Failed(told(&error))),
            };
        }
        if source.bytes > LARGEST {
            let error = format!(
                "it is too large to be read at once ({} MiB); as plain text, with --format text, jsonl, tsv, markdown or document, it would be read in parts, and `tarjoman pipe` reads JSON lines of any length",
                source.bytes >> 20
            );
            return (String::new(), Read::Failed(error));
        }
        let name = source.path.display().to_string();
        match std::fs::read(&source.path) {
            Ok(bytes) => {
                let hash = hash(&bytes);
                let read = readers::read(&name, bytes)
                    .and_then(|article| check(&article, options.format).map(|()| article));
                match read {
                    Ok(article) => (hash, Read::Whole(article)),
                    Err(error) => (hash, Read::Failed(told(&error))),
                }
            }
            Err(source) => {
                let error = crate::document::Error::Read { name, source };
                (String::new(), Read::Failed(told(&error)))
            }
        }
    }

    fn large(&self, source: &Source, hash: String) -> Read {
        let opened = Parts::open(&source.path, 0);
        match opened {
            Ok(parts) => Read::Large(Large {
                parts,
                next: None,
                file: key(&source.relative),
                output: self.output(&source.relative),
                path: source.path.clone(),
                hash,
                from: Arc::default(),
                done: 0,
            }),
            Err(error) => Read::Failed(error.to_string()),
        }
    }

    /// What of a file the engine gets; `None` when there is nothing to do.
    fn take(&mut self, source: &Source) -> Option<(Item, Article)> {
        if self.batch.options.watch && self.memory.knows(source) {
            kept(self.progress, source.bytes, false);
            return None;
        }
        let (verdict, hash, read) = self.judge(source);
        let output = self.output(&source.relative);
        let plan = self.plan_of(source, &verdict);
        let mut item = Item {
            file: key(&source.relative),
            output: output.clone(),
            bytes: source.bytes,
            work: Work::Whole { hash: hash.clone() },
        };
        let fails = |mut item: Item, hash: Option<String>, error: String| {
            item.work = Work::Failed { hash, error };
            Some((item, Article::default()))
        };
        if matches!(plan, Plan::Keep | Plan::Failed) {
            tracing::trace!(file = %item.file, ?plan, "nothing to do");
            kept(self.progress, source.bytes, plan == Plan::Failed);
            return None;
        }
        if source.relative != output && self.batch.walk.root().join(&output).exists() {
            let error = format!("its output would be that of {}", output.display());
            return fails(item, None, error);
        }
        match read {
            Read::Whole(article) => {
                if !article.meta.kept.is_empty() {
                    let kept = article.meta.kept.join(", ");
                    tracing::warn!(file = %item.file, kept, "not all of it is translated");
                }
                Some((item, article))
            }
            Read::Failed(error) => fails(item, (!hash.is_empty()).then_some(hash), error),
            Read::Large(large) => match self.begin(large, verdict) {
                Ok(large) => {
                    self.large = Some(large);
                    self.part()
                }
                Err(error) => {
                    item.bytes = 0;
                    fails(item, None, error.to_string())
                }
            },
        }
    }

    /// Goes to where a large file is to be gone on with.
    fn begin(&self, mut large: Large, verdict: Verdict) -> std::io::Result<Large> {
        if let Verdict::Part(checkpoint) = verdict {
            let part = part_file(&self.batch.options.output, &large.file);
            // What the journal knows of is on disk, or the file is begun anew.
            if std::fs::metadata(part).is_ok_and(|data| data.len() >= checkpoint.output) {
                large.parts = Parts::open(&large.path, checkpoint.source)?;
                large.done = checkpoint.source;
                self.progress.advanced(checkpoint.source, false);
                large.from = Arc::new(*checkpoint);
            }
        }
        large.next = large.parts.next()?;
        Ok(large)
    }

    /// The next part of the large file.
    fn part(&mut self) -> Option<(Item, Article)> {
        let large = self.large.as_mut()?;
        let read = large.parts.next();
        let part = large.next.take().unwrap_or_else(|| Part {
            // Nothing is left of it but to be finished.
            article: Article::default(),
            end: large.done,
        });
        let bytes = part.end - large.done;
        large.done = part.end;
        let mut item = Item {
            file: large.file.clone(),
            output: large.output.clone(),
            bytes,
            work: Work::Part {
                hash: large.hash.clone(),
                from: Arc::clone(&large.from),
                end: part.end,
                last: false,
            },
        };
        let mut article = part.article;
        let error = match read {
            Ok(Some(next)) => {
                large.next = Some(next);
                return Some((item, article));
            }
            Ok(None) => match inspect(&large.path) {
                Ok(hash) if hash == large.hash => None,
                _ => Some("it changed while it was read".to_owned()),
            },
            Err(error) => Some(error.to_string()),
        };
        if let Some(error) = error {
            item.work = Work::Failed { hash: None, error };
            article = Article::default();
        } else if let Work::Part { last, .. } = &mut item.work {
            *last = true;
        }
        self.large = None;
        Some((item, article))
    }
}

impl Iterator for Feed<'_> {
    type Item = (Item, Article);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(part) = self.part() {
                return Some(part);
            }
            let item = match self.found()? {
                Found::File(source) => self.take(&source),
                Found::Skipped(relative, reason) => {
                    tracing::warn!(file = %relative.display(), reason, "left alone");
                    add(&self.progress.skipped, 1);
                    None
                }
                Found::Bad(relative, error) => {
                    let file = key(&relative);
                    let work = Work::Failed { hash: None, error };
                    let item = Item { file, output: relative, bytes: 0, work };
                    Some((item, Article::default()))
                }
            };
            if item.is_some() {
                return item;
            }
        }
    }
}

/// The name of a file in the journal: its path, with the bytes of what is no Unicode told apart.
pub(super) fn key(relative: &Path) -> String {
    relative.to_str().map_or_else(
        || {
            let bytes = relative.as_os_str().as_encoded_bytes();
            format!("{}#{}", relative.display(), &hash(bytes)[..8])
        },
        str::to_owned,
    )
}
