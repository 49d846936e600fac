//! What a batch did, for programs and for people. Owns `report.json` and `report.html`.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use askama::Template;
use serde::Serialize;

use super::journal::{Done, Journal, Record, State};
use super::{Error, Result, Snapshot};

/// Rows of a table of the page: more than anyone reads. All of them are in `report.json`.
const MOST_ROWS: usize = 2000;

/// The model that translated, for a report.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Used<'a> {
    /// Its name.
    pub model: &'a str,
    /// Its licence, where that is known.
    pub licence: Option<&'a str>,
}

/// What is told besides what the journal has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub used: Used<'a>,
    pub snapshot: &'a Snapshot,
    pub interrupted: bool,
}

#[derive(Serialize)]
struct Head<'a> {
    schema: &'static str,
    #[serde(flatten)]
    used: Used<'a>,
    interrupted: bool,
    #[serde(flatten)]
    snapshot: &'a Snapshot,
}

#[derive(Template)]
#[template(path = "batch.html")]
struct Page<'a> {
    used: Used<'a>,
    interrupted: bool,
    snapshot: &'a Snapshot,
    seconds: String,
    speed: String,
    failures: Vec<(String, String)>,
    more_failures: usize,
    doubtful: Vec<(String, Done)>,
    more_doubtful: usize,
}

/// Writes both reports; each appears whole or not at all.
pub(super) fn write(folder: &Path, journal: &Journal, facts: &Facts<'_>) -> Result<()> {
    let fail = |source| Error::File { action: "write the report in", path: folder.into(), source };
    std::fs::create_dir_all(folder).map_err(fail)?;
    put(folder, "report.json", |out| json(journal, facts, out)).map_err(fail)?;
    put(folder, "report.html", |out| html(journal, facts, out)).map_err(fail)
}

fn put(
    folder: &Path,
    name: &str,
    body: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut out = BufWriter::new(tempfile::NamedTempFile::new_in(folder)?);
    body(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.persist(folder.join(name)).map_err(|error| error.error)?;
    Ok(())
}

/// An object whose last key, `list`, has an object a file; written as the journal is read, so
/// that millions of files need no memory.
fn json(journal: &Journal, facts: &Facts<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Facts { used, snapshot, interrupted } = *facts;
    let head =
        serde_json::to_string(&Head { schema: "tarjoman.batch/1", used, interrupted, snapshot })?;
    write!(out, "{},\"list\":[", head.trim_end_matches('}'))?;
    let mut first = true;
    journal.each(|record: Record| {
        out.write_all(if std::mem::take(&mut first) { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &record).map_err(io::Error::from)
    })?;
    out.write_all(b"\n]}\n")
}

fn html(journal: &Journal, facts: &Facts<'_>, out: &mut dyn Write) -> io::Result<()> {
    let snapshot = facts.snapshot;
    let mut page = Page {
        used: facts.used,
        interrupted: facts.interrupted,
        snapshot,
        seconds: format!("{:.0}", snapshot.seconds),
        speed: format!("{:.0}", snapshot.words_per_second),
        failures: Vec::new(),
        more_failures: 0,
        doubtful: Vec::new(),
        more_doubtful: 0,
    };
    journal.each(|record| {
        match record.state {
            State::Failed { .. } if page.failures.len() == MOST_ROWS => page.more_failures += 1,
            State::Failed { error } => page.failures.push((record.file, error)),
            State::Done(done) if done.doubts > 0 => {
                if page.doubtful.len() == MOST_ROWS {
                    page.more_doubtful += 1;
                } else {
                    page.doubtful.push((record.file, done));
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    let text = page.render().map_err(io::Error::other)?;
    out.write_all(text.as_bytes())
}
