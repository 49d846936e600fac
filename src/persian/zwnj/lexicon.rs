//! What words there are. Owns the tables in `src/persian/lexicon/`, which
//! `scripts/persian/build_lexicon.py` makes; their licences stand in them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Words from hazm, Lilak and the project's own corpus, and from treebanks.
const TABLES: [&str; 2] =
    [include_str!("../lexicon/words.tsv"), include_str!("../lexicon/treebanks.tsv")];

/// Second parts of compounds.
const PARTS: &str = include_str!("../lexicon/parts.tsv");

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
    /// Preferred to the spelling without half-spaces.
    pub is_preferred: bool,
    /// Joined when a space stands between its parts, in a text that has lost others so.
    pub may_join: bool,
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

/// A part that makes words of others, as their last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Second {
    /// log2 of how much oftener it has a half-space before it than none.
    pub weight: i32,
    /// Hardly stands alone: a space before it is a lost half-space.
    pub is_bound: bool,
}

struct Lexicon {
    seconds: HashMap<&'static str, Second>,
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
                is_preferred: tags.contains('p'),
                may_join: tags.contains('d'),
                joins_spaced: tags.contains('s'),
            };
            if word.contains('-') {
                let entry = words.entry(word.replace('-', "").into()).or_default();
                // The same form in the next table says more of it.
                let is_better = |(form, other): (&str, Form)| form == word || other.weight < weight;
                if entry.parted.is_none_or(is_better) {
                    entry.parted = Some((word, form));
                }
            } else {
                words.entry(word.into()).or_default().solid = Some(form);
            }
        }
        let stems = || VERBS.lines().filter_map(|line| line.split_once('\t'));
        let past = stems().map(|(past, _)| past).filter(|stem| stem.len() > 2).collect();
        let present = stems().map(|(_, present)| present).filter(|stem| stem.len() > 2).collect();
        let seconds = PARTS.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let mut fields = line.split('\t');
            let (second, weight) = (fields.next()?, fields.next()?.parse().ok()?);
            let is_bound = fields.next().is_some_and(|tags| tags.contains('b'));
            Some((second, Second { weight, is_bound }))
        });
        Self { seconds: seconds.collect(), words, past, present }
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

/// What is known of a second part of compounds.
pub(super) fn second(part: &str) -> Option<Second> {
    LEXICON.seconds.get(part).copied()
}
