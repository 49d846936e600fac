//! Owns the list of models that are known to work (`catalogue.toml`). Does not know which of them
//! are on this machine (that is [`super::source::hub`]).

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

/// A model that is known to load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The short name that `--model` takes.
    pub name: String,
    /// `ORG/NAME` on the hub, or `embedded`.
    pub id: String,
    /// The kind of network.
    pub family: String,
    /// What a pull fetches, in millions of bytes, roughly; 0 for the embedded model.
    pub size_mb: u64,
    /// The licence of the weights (SPDX).
    pub licence: String,
    /// Whether the licence allows commercial use.
    pub commercial: bool,
    /// What it translates.
    pub languages: String,
    /// The token that asks for English, where a model knows several targets: `>>eng<<`.
    pub prefix: Option<String>,
    /// What a language model is told, by its name in `prompt/prompts.toml`.
    pub prompt: Option<String>,
    /// The file of weights to fetch, where the repository has several.
    pub weights: Option<String>,
    /// Whether it is any good for Persian.
    pub recommended: bool,
    /// How to get it, where Tarjoman does not fetch it.
    pub by_hand: Option<String>,
    /// What a user should know.
    pub note: String,
}

#[derive(Deserialize)]
struct File {
    model: Vec<Entry>,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let file: File = toml_edit::de::from_str(include_str!("catalogue.toml"))
        .expect("the file is part of the program and a test parses it");
    file.model
});

/// All entries, the embedded model first.
#[must_use]
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// The entry with this short name, `ORG/NAME`, or `NAME`, in any case of the letters.
#[must_use]
pub fn find(text: &str) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.names().any(|name| name.eq_ignore_ascii_case(text)))
}

/// The entry whose name is closest to `text`, if it looks like a slip of the finger.
#[must_use]
pub fn nearest(text: &str) -> Option<&'static Entry> {
    let text = text.to_ascii_lowercase();
    entries()
        .iter()
        .flat_map(|entry| entry.names().map(move |name| (entry, name)))
        .map(|(entry, name)| (distance(&text, &name.to_ascii_lowercase()), name.len(), entry))
        .filter(|(distance, len, _)| *distance > 0 && distance * 4 <= *len)
        .min_by_key(|(distance, ..)| *distance)
        .map(|(.., entry)| entry)
}

impl Entry {
    /// The licence, and whether it forbids commercial use, for outputs.
    #[must_use]
    pub fn terms(&self) -> String {
        let licence = self.licence.strip_prefix("LicenseRef-").unwrap_or(&self.licence);
        let limit = if self.commercial { "" } else { ", not for commercial use" };
        format!("{licence}{limit}")
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let last = self.id.rsplit('/').next();
        [Some(self.name.as_str()), Some(self.id.as_str()), last].into_iter().flatten()
    }
}

/// Levenshtein's edit distance, one row at a time.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_catalogue_is_complete_and_its_names_are_its_own() {
        assert_eq!(entries()[0].id, "embedded");
        for entry in entries() {
            for text in [&entry.name, &entry.family, &entry.licence, &entry.languages, &entry.note]
            {
                assert!(!text.trim().is_empty(), "{entry:?}");
            }
            assert_eq!(entry.id == "embedded", entry.size_mb == 0, "{entry:?}");
            assert!(entry.id == "embedded" || entry.id.split('/').count() == 2, "{entry:?}");
            assert_eq!(entry.note.contains("not recommended"), !entry.recommended, "{entry:?}");
            // A model with several targets translates into any of them when the prefix is left out.
            assert_eq!(entry.languages.contains("German"), entry.prefix.is_some(), "{entry:?}");
            assert!(entry.names().all(|name| find(name) == Some(entry)), "{entry:?}");
        }
    }

    #[test]
    fn models_that_all_may_use_are_recommended_first_and_those_of_no_use_stand_last() {
        let rank = |entry: &Entry| (!entry.recommended, !entry.commercial);
        assert!(entries().is_sorted_by_key(rank), "{:?}", entries());
        let listed = |name: &str| find(name).expect("it is listed");
        assert!(listed("madlad-3b").commercial && listed("m2m100-418m").commercial);
        for (name, bleu) in [("nllb-600m", "33.3"), ("nllb-1.3b", "36.5"), ("nllb-3.3b", "37.0")] {
            assert!(!listed(name).commercial && listed(name).note.contains(bleu), "{name}");
        }
        // Every network that Tarjoman runs has a model to begin with.
        for family in crate::model::config::FAMILIES.iter().filter(|family| **family != "umt5") {
            assert!(entries().iter().any(|entry| entry.family == *family), "{family}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_a_stranger_is_not() {
        assert_eq!(nearest("embeded").map(|entry| entry.id.as_str()), Some("embedded"));
        assert_eq!(nearest("bible-big-irr").map(|e| e.name.as_str()), Some("bible-big-iir"));
        assert_eq!(nearest("gpt2"), None);
    }
}
