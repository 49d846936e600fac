//! Tab-separated values: those that `tarjoman` writes, or any with columns `source` and `target` in
//! their first line, quoted as in CSV; else Persian, a tab, and English on each line, untouched.

use super::{File, Row};
use crate::document::{Candidate, Error, Provenance, Result, Translation};

pub(super) fn read(name: &str, text: &str) -> Result<File> {
    let damaged = |line: u64, reason: String| Error::Damaged {
        name: name.to_owned(),
        what: "translation, as tab-separated values, TMX, XLIFF 2 or aligned JSON lines",
        reason: format!("line {line}: {reason}"),
    };
    let head: Vec<&str> = text.lines().next().unwrap_or_default().split('\t').collect();
    let column = |wanted: &str| head.iter().position(|name| *name == wanted);
    let mut rows = Vec::new();
    if let (Some(source), Some(target)) = (column("source"), column("target")) {
        let (block, score) = (column("block"), column("score"));
        let mut records =
            csv::ReaderBuilder::new().delimiter(b'\t').flexible(true).from_reader(text.as_bytes());
        for (index, record) in records.records().enumerate() {
            let line = index as u64 + 2;
            let record = record.map_err(|error| damaged(line, error.to_string()))?;
            let field = |column: Option<usize>| record.get(column?);
            let (Some(source), Some(target)) = (record.get(source), record.get(target)) else {
                return Err(damaged(line, "it has no source or no target".into()));
            };
            let score = field(score).and_then(|score| score.parse().ok());
            let block = field(block).and_then(|block| block.parse().ok());
            rows.push(Row { block, ..row(source, target, score) });
        }
    } else {
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let Some((source, target)) = line.split_once('\t') else {
                return Err(damaged(index as u64 + 1, "there is no tab in it".into()));
            };
            let target = target.split('\t').next().unwrap_or_default();
            rows.push(row(source, target, None));
        }
    }
    Ok(File { model: String::new(), licence: None, provenance: Provenance::default(), rows })
}

/// A row without anything but texts and perhaps a score.
pub(super) fn row(source: &str, target: &str, score: Option<f32>) -> Row {
    let best = Candidate { text: target.to_owned(), score: score.unwrap_or(f32::NAN) };
    let translation = Translation { candidates: vec![best], ..Translation::default() };
    Row { source: source.to_owned(), translation, ..Row::default() }
}
