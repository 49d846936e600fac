//! Words of several parts: what is joined over a space, and second parts that make new words.

use super::affixes::{self, ENDINGS, Host, PREVERBS};
use super::word::Reading;
use super::{ZWNJ, lexicon};

/// Second parts that make words of any noun, joined by a half-space: `موضع‌گیری`.
const SECOND: &[&str] = &[
    "گیری",
    "گیران",
    "گیرانه",
    "سازی",
    "سازان",
    "ساز",
    "بندی",
    "گذاری",
    "گذاران",
    "گذار",
    "گرایی",
    "گرایان",
    "گرایانه",
    "گرا",
    "شناسی",
    "شناسان",
    "شناس",
    "شناختی",
    "پردازی",
    "پردازان",
    "پرداز",
    "فروشی",
    "فروشان",
    "نویسی",
    "نویسان",
    "رسانی",
    "یابی",
    "سنجی",
    "زدایی",
    "طلبی",
    "طلبان",
    "طلبانه",
    "طلب",
    "خواهی",
    "خواهان",
    "خواهانه",
    "پذیری",
    "پذیر",
    "ناپذیر",
    "ناپذیری",
    "آمیز",
    "ریزی",
    "جویی",
    "جویانه",
    "افزایی",
    "افزار",
    "افزاری",
    "اندازی",
    "کننده",
    "کنندگان",
    "دهنده",
    "دهندگان",
    "ستیز",
    "ستیزی",
    "باوری",
    "نشین",
    "نشینان",
    "محور",
    "محوری",
    "پرستی",
    "پرستان",
    "پروری",
    "مدار",
    "مداری",
    "یافته",
    "آلود",
    "آفرین",
    "آفرینی",
    "انگیز",
    "زدگی",
    "زده",
    "زدگان",
    "درمانی",
    "سالاری",
    "اندیشی",
    "نامه",
    "داری",
    "داران",
    "کاری",
    "وار",
];

/// Second parts of family names.
const SURNAMES: &[&str] = &["پور", "نیا", "فر", "فرد", "نسب", "نژاد", "زاده", "زادگان"];

/// Those of them that are nothing else: also joined over a space.
const BOUND: &[&str] = &[
    "گیری",
    "گیرانه",
    "سازی",
    "سازان",
    "بندی",
    "گذاری",
    "گذاران",
    "گرایی",
    "گرایان",
    "گرایانه",
    "گرا",
    "شناسی",
    "شناسان",
    "شناس",
    "پردازی",
    "پردازان",
    "فروشی",
    "نویسی",
    "رسانی",
    "یابی",
    "سنجی",
    "زدایی",
    "طلبی",
    "طلبان",
    "طلبانه",
    "پذیری",
    "پذیر",
    "ناپذیر",
    "ناپذیری",
    "آمیز",
    "جویانه",
    "افزایی",
    "افزاری",
    "اندازی",
    "کنندگان",
    "دهندگان",
    "نشینان",
    "پرستی",
    "زدگی",
    "سالاری",
    "اندیشی",
];

/// Words behind which no ending stands.
const FUNCTION: &[&str] = &[
    "و", "در", "به", "از", "که", "را", "با", "تا", "بر", "یا", "نه", "اما", "ولی", "اگر", "چه",
    "برای", "هم", "نیز", "پس", "است", "بود", "شد",
];

/// What the reading as a new word is worth.
const NEW_WORD: i32 = -5;

/// Words that stand before a singular.
const COUNTING: &[&str] = &[
    "یک",
    "هر",
    "چند",
    "هیچ",
    "چنین",
    "دو",
    "سه",
    "چهار",
    "پنج",
    "شش",
    "هفت",
    "هشت",
    "نه",
    "ده",
    "صد",
    "هزار",
    "چندین",
];

/// Whether a word is one of grammar: no ezafe leads to it.
pub(super) fn is_function(word: &str) -> bool {
    FUNCTION.contains(&word) || word.starts_with("می\u{200C}") || word.starts_with("نمی\u{200C}")
}

/// Whether a noun behind this word is a singular.
pub(super) fn counts(word: &str) -> bool {
    COUNTING.contains(&word)
}

/// A new word of a known noun and a second part that makes such words.
pub(super) fn inside(word: &str) -> Option<Reading> {
    // هاشمی‌پور: a family name of a family name.
    let family = SURNAMES.iter().find_map(|second| word.strip_suffix(second));
    if let Some(first) = family.filter(|first| first.ends_with('ی') && first.len() > 6) {
        return Some(Reading { breaks: vec![first.len()], score: NEW_WORD });
    }
    SECOND.iter().find_map(|second| {
        let first = word.strip_suffix(second).filter(|first| first.len() > 4)?;
        lexicon::solid(first).filter(|form| form.weight > 0 || !form.is_no_noun)?;
        // A known word with a common ending, طرفدار + ان, is likelier.
        Some(Reading { breaks: vec![first.len()], score: NEW_WORD })
    })
}

/// For words with one space between them: which of the spaces were half-spaces.
pub(super) fn joins(words: &[&str]) -> Vec<bool> {
    let mut joins = vec![false; words.len().saturating_sub(1)];
    let mut at = 0;
    while at < joins.len() {
        let length = [3, 2]
            .into_iter()
            .find(|length| at + length <= words.len() && is_compound(&words[at..at + length]));
        if let Some(length) = length {
            joins[at..at + length - 1].fill(true);
            at += length - 1;
        } else {
            joins[at] = is_verb(words[at], words[at + 1])
                || is_inflected(words[at], words[at + 1], at > 0 && joins[at - 1]);
            at += 1;
        }
    }
    joins
}

/// Whether the lexicon writes these words as one, with half-spaces between them; the last
/// may have an ending.
fn is_compound(words: &[&str]) -> bool {
    let Some((last, first)) = words.split_last() else { return false };
    let mut solid = String::new();
    let mut gaps = Vec::with_capacity(first.len());
    for word in first {
        solid.extend(word.chars().filter(|c| *c != ZWNJ));
        gaps.push(solid.len());
    }
    let length = solid.len();
    let mut matches = |last: &str| {
        solid.truncate(length);
        solid.extend(last.chars().filter(|c| *c != ZWNJ));
        let Some((form, known)) = lexicon::entry(&solid).parted else { return false };
        let mut breaks = form.match_indices('-').enumerate().map(|(index, (at, _))| at - index);
        known.joins_spaced && gaps.iter().all(|gap| breaks.any(|at| at == *gap))
    };
    if matches(last) {
        return true;
    }
    let plural =
        ENDINGS.iter().filter(|ending| ending.host == Host::Noun || ending.host == Host::Adjective);
    let endings = plural.map(|ending| ending.text).chain(["ی", "یی", "ان"]);
    let stem = |ending: &str| last.strip_suffix(ending).map(|stem| stem.trim_end_matches(ZWNJ));
    if endings.filter_map(stem).any(|stem| stem.len() > 4 && matches(stem)) {
        return true;
    }
    // نیمه نهایی‌اش
    last.rsplit_once(ZWNJ).is_some_and(|(stem, ending)| affixes::is_ending(ending) && matches(stem))
}

/// `می شود`, `بر نمی گردد`
fn is_verb(first: &str, second: &str) -> bool {
    let mi = PREVERBS.iter().find_map(|preverb| first.strip_prefix(preverb)).unwrap_or(first);
    if !matches!(mi, "می" | "نمی" | "همی") {
        return false;
    }
    // می کرده‌اند
    let verb = second.split(ZWNJ).next().unwrap_or(second);
    affixes::verb_form(verb).is_some()
}

/// Whether the second word is an ending of the first.
fn is_inflected(first: &str, second: &str, first_is_ending: bool) -> bool {
    if first == "بی" {
        return lexicon::solid(second).is_some_and(|form| form.weight > 1)
            && second.len() > 4
            && !FUNCTION.contains(&second);
    }
    let host = first.rsplit(ZWNJ).next().unwrap_or(first);
    if BOUND.contains(&second) {
        return lexicon::solid(host).is_some() && host.len() > 4;
    }
    let Some(ending) = ENDINGS.iter().find(|ending| ending.text == second) else { return false };
    if first.chars().count() < 2 || (FUNCTION.contains(&first) && !first_is_ending) {
        return false;
    }
    let solid: String = first.chars().filter(|c| *c != ZWNJ).collect();
    match ending.host {
        Host::Noun => true,
        Host::Adjective => affixes::hosts(&solid, Host::Adjective) || second == "ترین",
        host => affixes::hosts(&solid, host) || host_unknown(&solid, second),
    }
}

/// A word that the lexicon does not have, but whose heh is silent all the same; the copula
/// stands behind any word.
fn host_unknown(first: &str, second: &str) -> bool {
    second == "اند"
        || (first.ends_with('ه') && first.chars().count() > 3 && lexicon::solid(first).is_none())
}
