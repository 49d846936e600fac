//! What words there are. Owns the tables in `src/persian/lexicon/`, which
//! `scripts/persian/build_lexicon.py` makes; their licences stand in them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words from hazm, Lilak and the project's own corpus, and from treebanks.
const TABLES: [&str; 2] =
    [include_str!("../lexicon/words.tsv"), include_str!("../lexicon/treebanks.tsv")];

/// Past and present stems.
const VERBS: &str = include_str!("../lexicon/verbs.tsv");

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::read);

/// A word as it is written in the tables.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools)] // the tags of the table, each its own
pub(super) struct Form {
    /// log2(1 + how often it was seen).
    pub weight: i32,
    /// Adjective or adverb.
    pub is_adjective: bool,
    /// Known as an adjective or adverb, and not as a noun.
    pub is_no_noun: bool,
    /// Ends in a heh that is a vowel.
    pub has_silent_heh: bool,
    /// Seen in running text with its half-spaces; the weight of others is that of a list.
    pub is_attested: bool,
    /// Joined also when a space stands between its parts.
    pub joins_spaced: bool,
}

/// What the tables know of a run of letters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    /// The word without a half-space.
    pub solid: Option<Form>,
    /// The most frequent way to write it with half-spaces (`-`).
    pub parted: Option<(&'static str, Form)>,
}

struct Lexicon {
    words: HashMap<Cow<'static, str>, Entry>,
    past: HashSet<&'static str>,
    present: HashSet<&'static str>,
}

impl Lexicon {
    fn read() -> Self {
        let lines = TABLES.iter().flat_map(|table| table.lines());
        let mut words: HashMap<Cow<'static, str>, Entry> = HashMap::with_capacity(64 * 1024);
        for line in lines.filter(|line| !line.starts_with('#')) {
            let mut fields = line.split('\t');
            let word = fields.next().unwrap_or("");
            let weight = fields.next().and_then(|weight| weight.parse().ok()).unwrap_or(0);
            let tags = fields.next().unwrap_or("");
            let form = Form {
                weight,
                is_adjective: tags.contains('a'),
                is_no_noun: tags.contains('a') && !tags.contains('n'),
                has_silent_heh: tags.contains('h'),
                is_attested: tags.contains('c'),
                joins_spaced: tags.contains('s'),
            };
            if word.contains('-') {
                let entry = words.entry(word.replace('-', "").into()).or_default();
                if entry.parted.is_none_or(|(_, other)| other.weight < weight) {
                    entry.parted = Some((word, form));
                }
            } else {
                words.entry(word.into()).or_default().solid = Some(form);
            }
        }
        let stems = || VERBS.lines().filter_map(|line| line.split_once('\t'));
        let past = stems().map(|(past, _)| past).filter(|stem| stem.len() > 2).collect();
        let present = stems().map(|(_, present)| present).filter(|stem| stem.len() > 2).collect();
        Self { words, past, present }
    }
}

/// What is known of a word written without half-spaces.
pub(super) fn entry(word: &str) -> Entry {
    LEXICON.words.get(word).copied().unwrap_or_default()
}

/// The word without a half-space, when there is one.
pub(super) fn solid(word: &str) -> Option<Form> {
    entry(word).solid
}

/// Whether this is the past stem of a verb, `رفت`.
pub(super) fn is_past_stem(word: &str) -> bool {
    LEXICON.past.contains(word)
}

/// Whether this is the present stem of a verb, `رو`.
pub(super) fn is_present_stem(word: &str) -> bool {
    LEXICON.present.contains(word)
}
