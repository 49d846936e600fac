//! JSON lines of the schema `tarjoman.aligned/1`. Keys that are not known are passed over.

use serde::Deserialize;

use super::{File, Row};
use crate::document::writers::SCHEMA;
use crate::document::{
    BlockKind, Candidate, Coverage, Error, Issue, Provenance, Result, Similar, TermUse,
    Translation, WordPair,
};

#[derive(Deserialize)]
struct Line {
    schema: String,
    block: Option<usize>,
    #[serde(default)]
    kind: BlockKind,
    span: Option<[usize; 2]>,
    source: String,
    target: String,
    score: Option<f32>,
    #[serde(default)]
    candidates: Vec<Candidate>,
    alignment: Option<Vec<[usize; 4]>>,
    coverage: Option<f32>,
    #[serde(default)]
    uncovered: Vec<[usize; 2]>,
    #[serde(default)]
    issues: Vec<Issue>,
    #[serde(default)]
    reviewed: bool,
    #[serde(default)]
    model: String,
    licence: Option<String>,
    #[serde(default)]
    provenance: Provenance,
    #[serde(default)]
    terms: Vec<TermUse>,
    #[serde(default)]
    similar: Vec<Similar>,
}

pub(super) fn read(name: &str, text: &str) -> Result<File> {
    let damaged = |line: usize, reason: String| Error::Damaged {
        name: name.to_owned(),
        what: "aligned JSON lines",
        reason: format!("line {line}: {reason}"),
    };
    let mut rows = Vec::new();
    let mut model = String::new();
    let mut licence = None;
    let mut provenance = Provenance::default();
    let mut last: Option<(Option<usize>, usize)> = None;
    for (index, text) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let line: Line =
            serde_json::from_str(text).map_err(|error| damaged(index + 1, error.to_string()))?;
        if line.schema != SCHEMA {
            let reason = format!("its schema is {:?}, not {SCHEMA}", line.schema);
            return Err(damaged(index + 1, reason));
        }
        let span = line.span.unwrap_or_default();
        let joins = last == Some((line.block, span[0])) && line.block.is_some();
        last = Some((line.block, span[1]));
        let best = Candidate { text: line.target, score: line.score.unwrap_or(f32::NAN) };
        let mut candidates = vec![best];
        candidates.extend(line.candidates.into_iter().skip(1));
        model = line.model;
        licence = line.licence;
        provenance = line.provenance;
        rows.push(Row {
            block: line.block,
            kind: line.kind,
            joins,
            source: line.source,
            translation: Translation {
                sentence: 0,
                candidates,
                alignment: line.alignment.map(|pairs| pairs.into_iter().map(pair).collect()),
                coverage: line.coverage.map(|share| Coverage {
                    share,
                    missing: line.uncovered.iter().map(|[from, to]| *from..*to.max(from)).collect(),
                }),
                terms: line.terms,
                similar: line.similar,
            },
            issues: line.issues,
            reviewed: line.reviewed,
        });
    }
    Ok(File { model, licence, provenance, rows })
}

fn pair([a, b, c, d]: [usize; 4]) -> WordPair {
    WordPair { source: a..b.max(a), target: c..d.max(c) }
}
