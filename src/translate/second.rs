//! The second try: what a first search left in hard doubt is searched again in other ways, and the
//! way with the fewest doubts is kept. It happens inside a batch, for its doubtful rows alone, so
//! that it costs at most two more searches of each and depends on no other row.

use super::frame::translation;
use super::queue::Row;
use super::translator::{TranslateOptions, Translator};
use crate::decode::{self, Batch, Hypothesis, SearchOptions};
use crate::document::Issue;
use crate::model::Seq2Seq;
use crate::persian;
use crate::quality::checks::{Checks, Pair, is_hard};

/// Below this a source is not cut for a second try, in words.
const SHORTEST: usize = 12;

/// A second try, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tried {
    /// Number of the piece in its document.
    pub index: usize,
    /// What was doubted.
    codes: Vec<String>,
    kept: Kept,
}

/// Which translation was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    First,
    Constrained,
    Parts,
    Demanded,
}

impl Tried {
    /// A search for the terms of a glossary came after it.
    pub fn demanded(&mut self) {
        self.kept = Kept::Demanded;
    }

    /// What an editor is told.
    pub fn note(&self) -> Issue {
        let why = self.codes.join(", ");
        let outcome = match self.kept {
            Kept::First => "nothing was better, the first translation is kept",
            Kept::Constrained => "a search with other beams and without repetitions is kept",
            Kept::Parts => "a translation in parts is kept",
            Kept::Demanded => "a search that keeps to the glossary came after it",
        };
        Issue::note("second_try", format!("Translated again because of {why}: {outcome}."))
    }
}

/// A row in doubt with the best that there is for it.
struct Doubtful {
    at: usize,
    first: Vec<String>,
    left: usize,
    kept: Kept,
}

impl Translator {
    /// Searches the rows in hard doubt again.
    ///
    /// * `found`: what the first search gave, the candidates of each row
    pub(super) fn second_try(
        &self,
        network: &dyn Seq2Seq,
        rows: &[Row],
        mut found: Vec<Vec<Hypothesis>>,
        options: &TranslateOptions,
    ) -> decode::Result<Vec<Vec<Hypothesis>>> {
        let Some(checks) = options.checks.as_ref().filter(|_| options.second_try) else {
            return Ok(found);
        };
        let mut doubtful: Vec<Doubtful> = Vec::new();
        for (at, hypotheses) in found.iter().enumerate() {
            let first = self.doubts(checks, &rows[at].piece().text, hypotheses)?;
            if !first.is_empty() {
                let left = first.len();
                doubtful.push(Doubtful { at, first, left, kept: Kept::First });
            }
        }
        if doubtful.is_empty() {
            return Ok(found);
        }
        // No more at a time than the first search had, beams counted in.
        let constrained = constrained(&options.search);
        let most = (rows.len() * options.search.beams / constrained.beams).max(1);
        let sources: Vec<&[u32]> =
            doubtful.iter().map(|row| rows[row.at].piece().tokens.as_slice()).collect();
        let again = search_again(network, &sources, most, &constrained)?;
        for (row, hypotheses) in doubtful.iter_mut().zip(again) {
            let left = self.doubts(checks, &rows[row.at].piece().text, &hypotheses)?.len();
            if left < row.left {
                (row.left, row.kept) = (left, Kept::Constrained);
                found[row.at] = hypotheses;
            }
        }
        // Parts have no candidates in common.
        if options.search.candidates == 1 {
            self.try_parts(network, checks, rows, &mut doubtful, &mut found, &options.search)?;
        }
        for Doubtful { at, first, kept, .. } in doubtful {
            let row = &rows[at];
            row.job.tried(Tried { index: row.index, codes: first, kept });
        }
        Ok(found)
    }

    /// Codes of the hard doubts about the best hypothesis.
    fn doubts(
        &self,
        checks: &Checks,
        source: &str,
        hypotheses: &[Hypothesis],
    ) -> decode::Result<Vec<String>> {
        let Some(best) = hypotheses.first() else { return Ok(Vec::new()) };
        let text = self.tokenizer.decode(&best.tokens)?;
        let text = if self.frame.asks() { translation(&text).0 } else { &text };
        let issues = checks.sentence(&Pair::new(source, text));
        let mut codes: Vec<String> =
            issues.into_iter().map(|issue| issue.code).filter(|code| is_hard(code)).collect();
        codes.extend(best.truncated.then(|| "target_truncated".to_owned()));
        Ok(codes)
    }

    /// Cuts the sources that are still in doubt where that does the least harm, and translates the
    /// parts.
    fn try_parts(
        &self,
        network: &dyn Seq2Seq,
        checks: &Checks,
        rows: &[Row],
        doubtful: &mut [Doubtful],
        found: &mut [Vec<Hypothesis>],
        options: &SearchOptions,
    ) -> decode::Result<()> {
        let mut parts: Vec<Vec<u32>> = Vec::new();
        let mut counts = Vec::with_capacity(doubtful.len());
        for row in &*doubtful {
            let text = &rows[row.at].piece().text;
            let before = parts.len();
            if row.left > 0 && text.split_whitespace().count() >= SHORTEST {
                for span in persian::split_long(text, &|part| part.len() * 10 <= text.len() * 7) {
                    parts.push(self.frame.encode(&self.tokenizer, &text[span], &[])?.ids);
                }
            }
            counts.push(parts.len() - before);
        }
        let sources: Vec<&[u32]> = parts.iter().map(Vec::as_slice).collect();
        let mut translated = search_again(network, &sources, rows.len(), options)?.into_iter();
        for (row, count) in doubtful.iter_mut().zip(counts).filter(|(_, count)| *count > 0) {
            let own: Vec<Hypothesis> = translated
                .by_ref()
                .take(count)
                .filter_map(|candidates| candidates.into_iter().next())
                .collect();
            let whole = vec![joined(own, &options.end)];
            let left = self.doubts(checks, &rows[row.at].piece().text, &whole)?.len();
            if left < row.left {
                (row.left, row.kept) = (left, Kept::Parts);
                found[row.at] = whole;
            }
        }
        Ok(())
    }
}

/// Searches at most `most` sources at a time.
fn search_again(
    network: &dyn Seq2Seq,
    sources: &[&[u32]],
    most: usize,
    options: &SearchOptions,
) -> decode::Result<Vec<Vec<Hypothesis>>> {
    let mut found = Vec::with_capacity(sources.len());
    for sources in sources.chunks(most.max(1)) {
        let rows: Vec<(usize, &[u32])> = sources.iter().copied().enumerate().collect();
        let batch = Batch::new(&rows, options.pad, network.device())?;
        found.extend(decode::search(network, &batch, options)?);
    }
    Ok(found)
}

/// The same search with more beams, and without what loops are made of.
fn constrained(options: &SearchOptions) -> SearchOptions {
    SearchOptions {
        beams: if options.beams < 4 { 4.max(options.candidates) } else { options.beams },
        no_repeat_ngram_size: match options.no_repeat_ngram_size {
            0 => 3,
            size => size,
        },
        repetition_penalty: options.repetition_penalty.max(1.1),
        ..options.clone()
    }
}

/// Translations of parts in a row as one; its score is their mean by length.
fn joined(parts: Vec<Hypothesis>, end: &[u32]) -> Hypothesis {
    let count: usize = parts.iter().map(|part| part.tokens.len()).sum();
    let sum: f32 = parts.iter().map(|part| part.score * part.tokens.len() as f32).sum();
    let truncated = parts.iter().any(|part| part.truncated);
    let last = parts.len().saturating_sub(1);
    let mut tokens = Vec::with_capacity(count);
    for (at, part) in parts.into_iter().enumerate() {
        tokens.extend(part.tokens.iter().filter(|token| at == last || !end.contains(token)));
    }
    Hypothesis { tokens, score: sum / count.max(1) as f32, truncated, alignment: None }
}
