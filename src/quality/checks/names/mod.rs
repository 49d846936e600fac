//! Names of people and places that the English lacks. A name is one of the list (`names.tsv`), a
//! Latin word in the Persian, or a Persian word that no lexicon knows and that stands where names
//! do. The English may have any form of the list, or whatever sounds like the Persian: spellings
//! differ.

mod consistency;
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

pub(super) use consistency::Consistency;

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
    /// As it stands there, without the `'s` of possession.
    shown: String,
    span: Range<usize>,
    is_capital: bool,
    /// Whether it is one word.
    is_single: bool,
}

/// The words of the English, and neighbours as one (`bin Salman`, `Abu Ghraib`, `U.S.`).
fn words(tokens: &[English<'_>]) -> Vec<Word> {
    let single = |token: &English<'_>| Word {
        plain: plain(token.stem()),
        shown: token.text.trim_end_matches("'s").trim_end_matches("’s").to_owned(),
        span: token.span.clone(),
        is_capital: token.is_capital(),
        is_single: true,
    };
    let join = |first: &Word, second: &Word| Word {
        plain: format!("{}{}", first.plain, second.plain),
        shown: format!("{} {}", first.shown, second.shown),
        span: first.span.start..second.span.end,
        is_capital: first.is_capital || second.is_capital,
        is_single: false,
    };
    let singles: Vec<Word> =
        tokens.iter().filter(|token| token.kind == Kind::Word).map(single).collect();
    let joined = singles.windows(2).map(|two| join(&two[0], &two[1]));
    let joined: Vec<Word> = joined.filter(|word| word.is_capital).collect();
    let initials = tokens.windows(3).filter(|three| {
        three[1].is(".") && !three[1].spaced && !three[2].spaced && three[0].text.len() == 1
    });
    let initials: Vec<Word> =
        initials.map(|three| join(&single(&three[0]), &single(&three[2]))).collect();
    singles.into_iter().chain(joined).chain(initials).collect()
}

fn is_there(name: &Name, words: &[Word]) -> bool {
    match &name.kin {
        Kin::Listed(entry) => {
            let formed = entry.forms.iter().any(|form| {
                words.iter().any(|word| form.is_meant_by(&word.plain, word.is_capital))
            });
            // Of a full name the last word counts.
            let last = name.text.rsplit(' ').next().unwrap_or_default();
            formed
                || last.chars().count() > 2
                    && words.iter().any(|word| word.is_capital && sounds(last, &word.plain))
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
            let kin = if entry.forms.is_empty() { Kin::Unknown } else { Kin::Listed(entry) };
            names.push(Name { span, text: text.join(" "), kin });
            at = end;
            continue;
        }
        let kin = if token.text.chars().all(|c| c < '\u{370}') {
            let is_long = token.text.len() > 2 || token.text.chars().all(char::is_uppercase);
            Some(Kin::Latin).filter(|_| is_long)
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

/// Behind these stands a name, whatever else the word may mean. «شهر» and «خانم» are left out: they
/// stand alone as often.
const TITLES: &[&str] = &[
    "آقای",
    "دکتر",
    "پروفسور",
    "ژنرال",
    "سرهنگ",
    "سناتور",
    "استاندار",
    "خیابان",
    "رودخانه",
    "استان",
    "جزیره",
    "مورخ",
    "فیلسوف",
    "روستای",
    "کوه",
    "دریاچه",
    "سرگرد",
    "سروان",
    "قاضی",
    "لرد",
];

/// Whether a word is in no lexicon and stands alone.
fn is_unknown(text: &str, tokens: &[Token], at: usize) -> bool {
    let token = &tokens[at];
    let joined_before = text[..token.span.start].ends_with('\u{200C}');
    let joined_after = text[token.span.end..].starts_with('\u{200C}');
    if token.text.chars().count() < 3 || joined_before || joined_after {
        return false;
    }
    let title =
        at.checked_sub(1).is_some_and(|before| TITLES.contains(&tokens[before].text.as_str()));
    // With a hamza that tokens don't have.
    let ordinary = persian::is_word(&token.text) || persian::is_word(&text[token.span.clone()]);
    !ordinary || title && !persian::is_common(&token.text)
}

/// Whether a sentence names somebody, as far as the list and the lexicon tell.
pub(super) fn names_somebody(pair: &Pair<'_>) -> bool {
    find(pair.source(), pair.persian()).iter().any(|name| match &name.kin {
        Kin::Listed(entry) => entry.is_person,
        Kin::Latin | Kin::Unknown => true,
    })
}

/// Whether a name stands in a place of the source.
pub(super) fn has_name(pair: &Pair<'_>, place: &Range<usize>) -> bool {
    find(pair.source(), pair.persian())
        .iter()
        .any(|name| place.start <= name.span.start && name.span.end <= place.end)
}
