//! What is scored: systems and references as files, and the doubts about systems.

use std::fs;
use std::path::Path;

use crate::document::readers::aligned;
use crate::document::{AlignedDocument, Error, Issue};
use crate::persian::is_foreign;
use crate::quality::checks::Checks;

/// A system, or the references, or the sources.
pub(super) struct Side {
    pub name: String,
    pub sentences: Vec<String>,
    /// Where the file has them.
    pub sources: Option<Vec<String>>,
    /// Of each sentence; nothing where nobody looked for any.
    pub doubts: Option<Vec<Vec<String>>>,
}

impl Side {
    /// Lines of text, or the targets of a translation that stands beside its source.
    ///
    /// # Errors
    /// When the file can't be read or is empty.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if ["jsonl", "tsv", "tmx", "xlf", "xliff"].contains(&ending) {
            let document = aligned::open(path)?;
            let sources = document.units.iter().map(|unit| document.source(unit).to_owned());
            // Tables of other programs have no doubts, which is not to say that there are none.
            let doubts = (ending == "jsonl").then(|| doubts(&document));
            return Ok(Self {
                name,
                sources: Some(sources.collect()),
                sentences: document.units.iter().map(|unit| unit.target().to_owned()).collect(),
                doubts,
            });
        }
        let text = fs::read_to_string(path)
            .map_err(|source| Error::Read { name: name.clone(), source })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        // As sacrebleu reads them: a line ends at a newline and nowhere else.
        let lines = text.split_terminator('\n').map(|line| line.trim_end_matches('\r').to_owned());
        let sentences: Vec<String> = lines.collect();
        if sentences.is_empty() {
            return Err(Error::Empty { name }.into());
        }
        Ok(Self { name, sentences, sources: None, doubts: None })
    }

    /// Sources, of which a file with both languages has a column.
    ///
    /// # Errors
    /// As [`Side::read`].
    pub fn read_sources(path: &Path) -> anyhow::Result<Self> {
        let side = Self::read(path)?;
        let sentences = side.sources.unwrap_or(side.sentences);
        Ok(Self { name: side.name, sentences, sources: None, doubts: None })
    }

    /// Looks for doubts where nobody did, if the sources are Persian.
    pub fn check(&mut self, sources: &[String]) {
        let persian = sources.iter().filter(|source| !is_foreign(source)).count();
        if self.doubts.is_some() || 2 * persian < sources.len() {
            return;
        }
        let pairs = sources.iter().zip(&self.sentences);
        let pairs = pairs.map(|(source, sentence)| (source.as_str(), sentence.as_str()));
        let mut document = aligned::of_pairs(&self.name, pairs);
        Checks::default().review(&mut document);
        self.doubts = Some(doubts(&document));
    }
}

fn doubts(document: &AlignedDocument) -> Vec<Vec<String>> {
    let of = |issues: &[Issue]| {
        let doubts = issues.iter().filter(|issue| issue.is_doubt());
        doubts.map(|issue| issue.message.clone()).collect()
    };
    document.units.iter().map(|unit| of(&unit.issues)).collect()
}
