//! A negation of the Persian that the English does not have.
//!
//! Persian negates verbs (`ن‌`, `نمی‌`, `نیست`), English also words (`unable`, `without`, `fail to`), so
//! one is enough for any number of the other; and where Persian says `نه تنها` or `جز`, a translator
//! may well say it without a negation.

use std::ops::Range;

use super::english::Token as English;
use super::{Check, Issue, Pair};
use crate::persian::Token;

/// The check of negations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Negation;

const LOST: &str = "negation_lost";

/// Whole verbs, which need no stem.
const VERBS: &[&str] = &[
    "بدون",
    "نیست",
    "نیستم",
    "نیستی",
    "نیستیم",
    "نیستید",
    "نیستند",
    "نبایستی",
    "نباید",
    "نشاید",
    "ننگ",
];

/// Past stems, and present stems as they stand behind `ن`.
const STEMS: &[&str] = &[
    "بود",
    "شد",
    "کرد",
    "داد",
    "داشت",
    "گرفت",
    "رفت",
    "آمد",
    "یامد",
    "گفت",
    "دید",
    "یافت",
    "رسید",
    "ماند",
    "گذاشت",
    "خورد",
    "زد",
    "برد",
    "پذیرفت",
    "شناخت",
    "دانست",
    "توانست",
    "خواست",
    "نوشت",
    "ساخت",
    "گذشت",
    "یفتاد",
    "یفزود",
    "پرداخت",
    "کشید",
    "بست",
    "شکست",
    "فروخت",
    "خرید",
    "پرسید",
    "شنید",
    "خواند",
    "نشست",
    "یاورد",
    "آورد",
    "فهمید",
    "ایستاد",
    "کشت",
    "باخت",
    "گشت",
    "دارد",
    "دار",
    "دارند",
    "خواهد",
    "خواه",
    "کن",
    "شو",
    "باش",
    "ده",
    "گیر",
    "رو",
    "یا",
    "گو",
    "بین",
    "یاب",
    "رس",
    "مان",
    "گذار",
    "خور",
    "زن",
    "بر",
    "پذیر",
    "شناس",
    "دان",
    "توان",
    "نویس",
    "ساز",
    "گذر",
    "یفت",
    "پرداز",
    "کش",
];

const ENDINGS: &[&str] = &["", "م", "ی", "د", "یم", "ید", "ند", "ه", "ست", "هاند", "است"];

/// Words that begin as negated verbs do and are none.
const OTHERS: &[&str] = &[
    "نزد",
    "نرو",
    "نده",
    "نبرد",
    "نماند",
    "نکن",
    "نبر",
    "نشست",
    "نگو",
    "نشان",
    "نزن",
    "ننوشت",
    "نمان",
    "نبین",
    "نشده",
    "نداد",
    "نخورد",
];

/// Where these stand, English often has no negation: «جز», «نه تنها».
const TURNS: &[&str] = &["جز", "بجز", "مگر", "بلکه"];

/// Words of English that negate, or say as much.
const NO: &[&str] = &[
    "not",
    "no",
    "never",
    "none",
    "nothing",
    "nobody",
    "nowhere",
    "nor",
    "neither",
    "without",
    "cannot",
    "hardly",
    "barely",
    "rarely",
    "scarcely",
    "seldom",
    "unable",
    "unlikely",
    "unless",
    "until",
    "few",
    "little",
    "impossible",
    "inability",
    "non",
    "nil",
    "extinct",
    "except",
    "invisible",
    "incapable",
    "inaccurate",
    "incomplete",
    "insufficient",
    "inadequate",
    "irrelevant",
    "illegal",
    "immune",
    "disagree",
    "disagreed",
    "exempt",
    "regardless",
    "otherwise",
];

/// Beginnings of words that say as much: `lacked`, `refusal`.
const STEMS_OF_NO: &[&str] = &[
    "lack",
    "fail",
    "refus",
    "deni",
    "deny",
    "reject",
    "avoid",
    "prevent",
    "miss",
    "prohibit",
    "forbid",
    "ignor",
    "absen",
    "declin",
    "stop",
    "disappear",
    "dislik",
];

/// Words that begin with `un` and negate nothing.
const UN: &[&str] = &["under", "until", "uni", "upon", "unto", "uncle"];

impl Check for Negation {
    fn codes(&self) -> &'static [&'static str] {
        &[LOST]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let tokens = pair.persian();
        if tokens.iter().any(|token| TURNS.iter().any(|turn| token.is(turn))) {
            return Vec::new();
        }
        let negated: Vec<Range<usize>> = tokens
            .iter()
            .enumerate()
            .filter_map(|(index, token)| {
                let next = tokens.get(index + 1);
                if token.is("نمی") {
                    return next.map(|next| token.span.start..next.span.end);
                }
                is_negated(token).then(|| token.span.clone())
            })
            .collect();
        let there = pair.english().iter().filter(|token| negates(token)).count();
        // Of many, English may well join some.
        if there >= negated.len().min(2) {
            return Vec::new();
        }
        let span = negated[there].clone();
        let message = if there == 0 {
            let shown = pair.shown(&span);
            format!("The Persian negates ({shown}), and the English does not.")
        } else {
            format!("The Persian negates {} times, and the English once.", negated.len())
        };
        vec![Issue::doubt(LOST, message).in_source(span)]
    }
}

fn is_negated(token: &Token) -> bool {
    let word = token.text.as_str();
    if VERBS.contains(&word) || word.starts_with("نمی") && word.chars().count() > 5 {
        return true;
    }
    let Some(stem) = word.strip_prefix('ن') else { return false };
    !OTHERS.contains(&word)
        && ENDINGS.iter().any(|ending| {
            stem.strip_suffix(ending).is_some_and(|stem| {
                STEMS.contains(&stem) && stem.chars().count() + ending.chars().count() > 1
            })
        })
}

fn negates(token: &English<'_>) -> bool {
    let word = token.lower.as_str();
    word.ends_with("n't")
        || NO.contains(&word)
        || STEMS_OF_NO.iter().any(|stem| word.starts_with(stem))
        || (word.len() > 5 && word.starts_with("un") && !UN.iter().any(|un| word.starts_with(un)))
        || (word.len() > 5 && word.ends_with("less"))
}
