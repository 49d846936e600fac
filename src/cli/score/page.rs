//! Systems side by side, with what differs from the reference, scores and doubts.

use askama::Template;
use similar::{ChangeTag, TextDiff};

use super::Report;
use super::measures::Measure;
use super::sides::Side;

#[derive(Template)]
#[template(path = "score.html")]
pub(super) struct Page<'a> {
    reports: &'a [Report],
    rows: Vec<Sentence<'a>>,
}

struct Sentence<'a> {
    number: usize,
    source: Option<&'a str>,
    references: &'a [&'a str],
    systems: Vec<Cell<'a>>,
}

struct Cell<'a> {
    name: &'a str,
    scores: String,
    words: Vec<(bool, String)>,
    doubts: &'a [String],
}

impl<'a> Page<'a> {
    pub fn new(
        reports: &'a [Report],
        systems: &'a [Side],
        sources: Option<&'a [String]>,
        references: &'a [Vec<&'a str>],
        measures: &[Measure],
    ) -> Self {
        let cell = |at: usize, number: usize, system: &'a Side| {
            let line = &system.sentences[at];
            let scores = measures.iter().map(|measure| {
                let digits = measure.digits.saturating_sub(1);
                format!("{} {:.digits$}", measure.name, measure.sentences[number][at])
            });
            Cell {
                name: &system.name,
                scores: scores.collect::<Vec<_>>().join(" · "),
                words: match references[at].first() {
                    Some(reference) => differences(reference, line),
                    None => vec![(true, line.clone())],
                },
                doubts: system.doubts.as_ref().map_or(&[][..], |doubts| &doubts[at]),
            }
        };
        let row = |(at, references): (usize, &'a Vec<&'a str>)| Sentence {
            number: at + 1,
            source: sources.map(|sources| sources[at].as_str()),
            references,
            systems: systems
                .iter()
                .enumerate()
                .map(|(number, system)| cell(at, number, system))
                .collect(),
        };
        Self { reports, rows: references.iter().enumerate().map(row).collect() }
    }
}

/// The translation in pieces, with whether the reference has them too.
fn differences(reference: &str, line: &str) -> Vec<(bool, String)> {
    TextDiff::from_words(reference, line)
        .iter_all_changes()
        .filter(|change| change.tag() != ChangeTag::Delete)
        .map(|change| (change.tag() == ChangeTag::Equal, change.value().to_owned()))
        .collect()
}
