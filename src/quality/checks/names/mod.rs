//! Names of people and places that the English lacks. A name is one of the list (`names.tsv`), a
//! Latin word in the Persian, or a Persian word that no lexicon knows and that stands where names
//! do. The English may have any form of the list, or whatever sounds like the Persian: spellings
//! differ.

mod list;
mod skeleton;

use std::ops::Range;

use super::english::{Kind, Token as English};
use super::{Check, Issue, Pair};
use crate::persian::{self, Token, TokenKind};
use list::Entry;
use skeleton::{ALIKE, distance, plain};

/// The check of names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names;

const MISSING: &str = "name_missing";

/// Where a name comes from.
#[derive(Debug, Clone)]
enum Kin {
    /// The list, with what the English may have.
    Listed(&'static Entry),
    /// It stands in the Persian in Latin letters.
    Latin,
    /// A word that is in no lexicon.
    Unknown,
}

/// A name of the source.
#[derive(Debug, Clone)]
struct Name {
    span: Range<usize>,
    /// In letters of the list; words joined by a space.
    text: String,
    kin: Kin,
}

impl Check for Names {
    fn codes(&self) -> &'static [&'static str] {
        &[MISSING]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let words = words(pair.english());
        let mut issues = Vec::new();
        for name in find(pair.source(), pair.persian()) {
            if is_there(&name, &words) {
                continue;
            }
            let shown = pair.shown(&name.span);
            let message = match &name.kin {
                Kin::Listed(entry) => {
                    format!("The name {shown} ({}) is not in the English.", entry.forms[0].text)
                }
                Kin::Latin => format!("“{shown}” stands in the Persian and not in the English."),
                Kin::Unknown => {
                    format!("{shown} may be a name, and nothing in the English sounds like it.")
                }
            };
            issues.push(Issue::doubt(MISSING, message).in_source(name.span));
        }
        issues
    }
}

/// A word of the English, or two words together.
#[derive(Debug)]
struct Word {
    /// In small letters of ASCII.
    plain: String,
    is_capital: bool,
}

/// The words of the English, and neighbours as one (`bin Salman`, `Abu Ghraib`).
fn words(tokens: &[English<'_>]) -> Vec<Word> {
    let is_word = |token: &&English<'_>| token.kind == Kind::Word;
    let singles: Vec<Word> = tokens
        .iter()
        .filter(is_word)
        .map(|token| Word { plain: plain(token.stem()), is_capital: token.is_capital() })
        .collect();
    let joined: Vec<Word> = singles
        .windows(2)
        .filter(|two| two.iter().any(|word| word.is_capital))
        .map(|two| Word { plain: format!("{}{}", two[0].plain, two[1].plain), is_capital: true })
        .collect();
    // U.S., D.C.
    let initials = tokens.windows(3).filter(|three| {
        three[1].is(".") && !three[1].spaced && !three[2].spaced && three[0].text.len() == 1
    });
    let initials: Vec<Word> = initials
        .map(|three| Word {
            plain: plain(&format!("{}{}", three[0].text, three[2].text)),
            is_capital: three[0].is_capital(),
        })
        .collect();
    singles.into_iter().chain(joined).chain(initials).collect()
}

fn is_there(name: &Name, words: &[Word]) -> bool {
    match &name.kin {
        Kin::Listed(entry) => {
            let formed = entry.forms.iter().any(|form| {
                words.iter().any(|word| form.is_meant_by(&word.plain, word.is_capital))
            });
            formed
                || name.text.split(' ').filter(|part| part.chars().count() > 2).any(|part| {
                    words.iter().any(|word| word.is_capital && sounds(part, &word.plain))
                })
        }
        Kin::Latin => {
            let own = plain(&name.text);
            words.iter().any(|word| word.plain.starts_with(&own) || own == word.plain)
        }
        Kin::Unknown => words.iter().any(|word| sounds(&name.text, &word.plain)),
    }
}

fn sounds(persian: &str, english: &str) -> bool {
    distance(persian, english) <= ALIKE
}

/// The names of a source.
fn find(text: &str, tokens: &[Token]) -> Vec<Name> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if token.kind != TokenKind::Word {
            at += 1;
            continue;
        }
        if let Some((entry, end)) = list::longest(tokens, at) {
            // «مهرماه», «ایران‌زمین»: part of another word.
            let span = token.span.start..tokens[end - 1].span.end;
            let text = tokens[at..end].iter().map(|token| token.text.as_str()).collect::<Vec<_>>();
            names.push(Name { span, text: text.join(" "), kin: Kin::Listed(entry) });
            at = end;
            continue;
        }
        let kin = if token.text.chars().all(|c| c.is_ascii_alphabetic()) {
            Some(Kin::Latin).filter(|_| token.text.len() > 1)
        } else {
            Some(Kin::Unknown).filter(|_| is_unknown(text, tokens, at))
        };
        if let Some(kin) = kin {
            names.push(Name { span: token.span.clone(), text: token.text.clone(), kin });
        }
        at += 1;
    }
    names
}

/// Whether a word is in no lexicon and stands alone.
fn is_unknown(text: &str, tokens: &[Token], at: usize) -> bool {
    let token = &tokens[at];
    let joined_before = text[..token.span.start].ends_with('\u{200C}');
    let joined_after = text[token.span.end..].starts_with('\u{200C}');
    token.text.chars().count() > 2
        && !joined_before
        && !joined_after
        && !persian::is_word(&token.text)
}
