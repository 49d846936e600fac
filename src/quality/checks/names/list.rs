//! The list of names, which `scripts/persian/build_names.py` makes.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::skeleton::plain;
use crate::persian::{self, Token};

const TABLE: &str = include_str!("names.tsv");

/// Words of the longest name that is looked for.
const LONGEST: usize = 5;

/// Words that say what something is: the name is before them (`Atlantic Ocean`).
const KINDS: &[&str] = &[
    "ocean",
    "sea",
    "river",
    "republic",
    "union",
    "pole",
    "island",
    "islands",
    "city",
    "province",
    "mountains",
    "gulf",
    "desert",
    "airport",
    "bay",
    "lake",
    "strait",
    "peninsula",
    "county",
    "square",
    "canal",
    "states",
];

/// What the English may have for a name.
#[derive(Debug)]
pub(super) struct Form {
    /// As it is written.
    pub text: &'static str,
    /// Its last word that is a name, or all of it where that is short, in small letters of ASCII.
    key: String,
}

impl Form {
    /// Whether a word stands for this name: the same word, or one that is formed from it (`Iran`
    /// and `Iranian`).
    ///
    /// * `word`: in small letters of ASCII
    pub fn is_meant_by(&self, word: &str, is_capital: bool) -> bool {
        let shared = word.bytes().zip(self.key.bytes()).take_while(|(a, b)| a == b).count();
        let least = self.key.len();
        word == self.key || (is_capital && least > 3 && shared >= 4.max(least - 2))
    }
}

/// A name with its forms; without one it is a word that looks like a name.
#[derive(Debug)]
pub(super) struct Entry {
    pub forms: Vec<Form>,
    pub is_person: bool,
}

static NAMES: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| line.split_once('\t'));
    let entry = |rest: &'static str| {
        let (forms, kind) = rest.split_once('\t').unwrap_or((rest, ""));
        let forms = forms.split('|').filter(|text| !text.is_empty()).map(form).collect();
        Entry { forms, is_person: kind == "p" }
    };
    rows.map(|(persian, rest)| (persian, entry(rest))).collect()
});

fn form(text: &'static str) -> Form {
    let words = text.split([' ', '-']).map(plain).filter(|word| word.len() > 2);
    let words: Vec<String> = words.collect();
    let own = words.iter().rposition(|word| !KINDS.contains(&word.as_str()));
    let key = own.map(|at| words[at].clone()).or(words.last().cloned());
    Form { text, key: key.unwrap_or_else(|| plain(text)) }
}

/// The longest name of the list that begins at a token, and the token after it.
pub(super) fn longest(tokens: &[Token], at: usize) -> Option<(&'static Entry, usize)> {
    let found = (1..=LONGEST.min(tokens.len() - at)).rev().find_map(|length| {
        let words = tokens[at..at + length].iter().map(|token| token.text.as_str());
        let name = words.collect::<Vec<_>>().join(" ");
        NAMES.get(name.as_str()).map(|entry| (entry, at + length))
    });
    found.or_else(|| {
        // «بریتانیایی», «لندنی»: of a place, with its name.
        let word = tokens[at].text.as_str();
        if persian::is_common(word) {
            return None;
        }
        let stems = ["ی", "یی", "یها", "ها"].iter().filter_map(|ending| word.strip_suffix(*ending));
        let mut stems = stems.filter(|stem| stem.chars().count() > 3);
        stems
            .find_map(|stem| NAMES.get(stem))
            .filter(|entry| !entry.is_person)
            .map(|entry| (entry, at + 1))
    })
}
