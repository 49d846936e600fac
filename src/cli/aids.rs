//! What helps a translation along and is typed the same for every command: glossaries and
//! translation memories.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::exit::Refusal;
use super::note;
use crate::document::readers::{aligned, terms};
use crate::document::{AlignedDocument, TermUse};
use crate::translate::{Glossary, Memory, TranslateOptions};

/// Terms that a summary names; the others are in the output.
const NAMED: usize = 12;

/// Glossaries and memories.
#[derive(Debug, clap::Args)]
pub(super) struct Aids {
    /// Terms whose English is given: TSV or CSV (the term, its English, other forms behind |), or
    /// TBX; may be repeated, the first that has a term counts
    #[arg(long, value_name = "FILE")]
    glossary: Vec<PathBuf>,

    /// Sentences that have a translation already: TMX, or JSON lines that tarjoman wrote; the same
    /// sentence is taken from there, like ones are shown; may be repeated, a later one counts more
    #[arg(long, value_name = "FILE")]
    memory: Vec<PathBuf>,

    /// How like a sentence of a memory must be to be shown, in percent of its words
    #[arg(long, value_name = "PERCENT", default_value_t = 75)]
    similar: u8,
}

impl Aids {
    /// Whether terms were given.
    pub fn has_glossary(&self) -> bool {
        !self.glossary.is_empty()
    }

    /// Reads the files, for the options of a translation.
    ///
    /// # Errors
    /// When one can't be used.
    pub fn add_to(&self, options: &mut TranslateOptions, quiet: bool) -> anyhow::Result<()> {
        if !self.glossary.is_empty() {
            let mut all = Vec::new();
            for path in &self.glossary {
                all.extend(terms::open(path)?);
            }
            options.glossary = Some(Arc::new(Glossary::new(all)));
        }
        if !(1..=100).contains(&self.similar) {
            let reason = format!("--similar is {}: from 1 to 100", self.similar);
            return Err(Refusal::Usage(reason).into());
        }
        if !self.memory.is_empty() {
            let mut memory = Memory::new(f32::from(self.similar) / 100.0);
            for path in &self.memory {
                let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                memory.add(&name, &aligned::open(path)?);
            }
            note(quiet, &format!("the memory has {} sentences", memory.len()));
            options.memory = Some(Arc::new(memory));
        }
        Ok(())
    }
}

/// Tells what of a glossary and a memory was used in a document.
pub(super) fn summarize(document: &AlignedDocument, options: &TranslateOptions, quiet: bool) {
    if options.glossary.is_some() {
        let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        let uses = document.units.iter().flat_map(|unit| &unit.translation.terms);
        for TermUse { target, honoured, .. } in uses {
            let count = counts.entry(target).or_default();
            count.0 += usize::from(*honoured);
            count.1 += 1;
        }
        let (kept, all) =
            counts.values().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        let mut each: Vec<_> = counts.into_iter().collect();
        // Those that were missed first, then the frequent ones.
        each.sort_by_key(|(_, (kept, all))| {
            (std::cmp::Reverse(all - kept), std::cmp::Reverse(*all))
        });
        let rest = each.len().saturating_sub(NAMED);
        let mut named: Vec<String> = each
            .iter()
            .take(NAMED)
            .map(|(target, (kept, all))| format!("{target} {kept}/{all}"))
            .collect();
        if rest > 0 {
            named.push(format!("{rest} more"));
        }
        let named =
            if named.is_empty() { String::new() } else { format!(": {}", named.join(", ")) };
        note(
            quiet,
            &format!("{kept} of {all} mentions of glossary terms have their English{named}"),
        );
    }
    if options.memory.is_some() {
        let has = |code: &str| {
            let units = document.units.iter();
            units.filter(|unit| unit.issues.iter().any(|issue| issue.code == code)).count()
        };
        let like = document.units.iter().filter(|unit| !unit.translation.similar.is_empty());
        let message = format!(
            "{} of {} sentences are from the memory; it has ones like {} others",
            has("memory_exact"),
            document.units.len(),
            like.count()
        );
        note(quiet, &message);
    }
}
