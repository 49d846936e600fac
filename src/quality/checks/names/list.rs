//! The list of names, which `scripts/persian/build_names.py` makes.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::skeleton::plain;
use crate::persian::Token;

const TABLE: &str = include_str!("names.tsv");

/// Words of the longest name that is looked for.
const LONGEST: usize = 5;

/// What the English may have for a name.
#[derive(Debug)]
pub(super) struct Form {
    /// As it is written.
    pub text: &'static str,
    /// Its last word, or all of it where that is short, in small letters of ASCII.
    key: String,
    /// Its first word, likewise.
    first: String,
}

impl Form {
    /// Whether a word stands for this name: the same word, or one that is formed from it (`Iran`
    /// and `Iranian`).
    ///
    /// * `word`: in small letters of ASCII
    pub fn is_meant_by(&self, word: &str, is_capital: bool) -> bool {
        [&self.key, &self.first].iter().any(|key| {
            let shared = word.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
            word == key.as_str() || (is_capital && key.len() > 3 && shared >= 4.max(key.len() - 2))
        })
    }
}

/// A name with its forms; never without one.
#[derive(Debug)]
pub(super) struct Entry {
    pub forms: Vec<Form>,
}

static NAMES: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| line.split_once('\t'));
    rows.map(|(persian, forms)| (persian, Entry { forms: forms.split('|').map(form).collect() }))
        .collect()
});

fn form(text: &'static str) -> Form {
    let words = || text.split([' ', '-']).map(plain).filter(|word| word.len() > 2);
    let whole = || plain(text);
    Form {
        text,
        key: words().next_back().unwrap_or_else(whole),
        first: words().next().unwrap_or_else(whole),
    }
}

/// The longest name of the list that begins at a token, and the token after it.
pub(super) fn longest(tokens: &[Token], at: usize) -> Option<(&'static Entry, usize)> {
    (1..=LONGEST.min(tokens.len() - at)).rev().find_map(|length| {
        let words = tokens[at..at + length].iter().map(|token| token.text.as_str());
        let name = words.collect::<Vec<_>>().join(" ");
        NAMES.get(name.as_str()).map(|entry| (entry, at + length))
    })
}
