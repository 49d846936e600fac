//! JSON Lines, schema `tarjoman.aligned/1`: one object a sentence, in order.
//!
//! | key | value |
//! |---|---|
//! | `schema` | `tarjoman.aligned/1`; a change that breaks readers changes the number |
//! | `id` | number of the sentence in the document, from 0 |
//! | `block` | number of its block, from 0 |
//! | `kind` | of the block: `title`, `heading`, `paragraph`, `list_item`, `caption` |
//! | `span` | `[start, end)` in bytes of UTF-8 in the block's displayed text |
//! | `source`, `target` | the sentence as displayed, and its best translation |
//! | `score` | of the best; null when it is not a number |
//! | `candidates` | only when asked for: all `{text, score}`, the best first |
//! | `alignment` | words that belong together, each as `[start, end, start, end]` in bytes of `source` and of `target`; absent where it is not known |
//! | `coverage` | from 0 to 1: how much of the source's words with a meaning of their own the target comes from, by the alignment; absent where it is not known |
//! | `uncovered` | only with `coverage`, where there are any: those words that next to nothing comes from, `[start, end]` in bytes of `source` |
//! | `terms` | with a glossary: its terms that the source has, `{source, target, honoured}` |
//! | `similar` | with a memory: like sentences of it, `{similarity, source, target, origin}` |
//! | `issues` | `{code, message}`; a remark has `severity: "note"`; where known, `source_span` and `target_span` are `[start, end]` in bytes of `source` and `target` |
//! | `reviewed` | only where true: an editor has said that the target is right |
//! | `model`, `licence` | name of the model; its licence, null where it is not known |
//! | `provenance` | `{tool, revision, options, time}`: program and version, what the model is, what else the result depends on, and when, only where `SOURCE_DATE_EPOCH` says it |

use std::io;

use serde::Serialize;

use super::WriteOptions;
use crate::document::{
    AlignedDocument, BlockKind, Candidate, Coverage, Issue, Provenance, Similar, TermUse, WordPair,
};

pub(in crate::document) const SCHEMA: &str = "tarjoman.aligned/1";

#[derive(Serialize)]
struct Line<'a> {
    schema: &'static str,
    id: usize,
    block: usize,
    kind: BlockKind,
    span: [usize; 2],
    source: &'a str,
    target: &'a str,
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<&'a [Candidate]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<Vec<[usize; 4]>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<f32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    uncovered: Vec<[usize; 2]>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    terms: &'a [TermUse],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    similar: &'a [Similar],
    issues: &'a [Issue],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reviewed: bool,
    model: &'a str,
    licence: Option<&'a str>,
    #[serde(skip_serializing_if = "is_default")]
    provenance: &'a Provenance,
}

pub(super) fn write(
    document: &AlignedDocument,
    options: WriteOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for (block, units) in document.blocks() {
        for unit in units {
            let candidates = unit.translation.candidates.as_slice();
            let coverage = unit.translation.coverage.as_ref();
            serde_json::to_writer(
                &mut *out,
                &Line {
                    schema: SCHEMA,
                    id: unit.sentence.id,
                    block: options.blocks_before + unit.sentence.block,
                    kind: block.kind,
                    span: [unit.sentence.span.start, unit.sentence.span.end],
                    source: document.source(unit),
                    target: unit.target(),
                    score: candidates.first().map(|best| best.score),
                    candidates: options.candidates.then_some(candidates),
                    alignment: unit.translation.alignment.as_deref().map(quadruples),
                    coverage: coverage.map(|coverage| coverage.share),
                    uncovered: coverage.map(missing).unwrap_or_default(),
                    terms: &unit.translation.terms,
                    similar: &unit.translation.similar,
                    issues: &unit.issues,
                    reviewed: unit.reviewed,
                    model: &document.model,
                    licence: document.licence.as_deref(),
                    provenance: &document.provenance,
                },
            )?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}

fn is_default(provenance: &Provenance) -> bool {
    *provenance == Provenance::default()
}

fn quadruples(pairs: &[WordPair]) -> Vec<[usize; 4]> {
    let quadruple = |WordPair { source, target }: &WordPair| {
        [source.start, source.end, target.start, target.end]
    };
    pairs.iter().map(quadruple).collect()
}

fn missing(coverage: &Coverage) -> Vec<[usize; 2]> {
    coverage.missing.iter().map(|word| [word.start, word.end]).collect()
}
