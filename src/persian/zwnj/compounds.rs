//! Words of several parts: what is joined over a space, and second parts that make new words.

use super::affixes::{self, ENDINGS, Ending, Host, PREVERBS};
use super::word::Reading;
use super::{Certainty, ZWNJ, lexicon};

/// Second parts of family names.
const SURNAMES: &[&str] = &["پور", "نیا", "فر", "فرد", "نسب", "نژاد", "زاده", "زادگان"];

/// Words behind which no ending stands.
const FUNCTION: &[&str] = &[
    "و", "در", "به", "از", "که", "را", "با", "تا", "بر", "یا", "نه", "اما", "ولی", "اگر", "چه",
    "برای", "هم", "نیز", "پس", "است", "بود", "شد",
];

/// How much oftener a part is to have a half-space before it than none, for words that no list has; in bits.
const SECOND_WEIGHT: i32 = 2;

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
        return Some(Reading {
            breaks: vec![first.len()],
            score: NEW_WORD,
            certainty: Certainty::Likely,
        });
    }
    let mut found: Option<Reading> = None;
    for (at, _) in word.char_indices().skip(2) {
        let (first, second) = word.split_at(at);
        // دیندار: behind a letter that is not joined a half-space shows nothing, and is hardly written.
        if affixes::ends_unjoined(first) {
            continue;
        }
        let Some(part) = second_part(second).filter(|part| part.weight >= SECOND_WEIGHT) else {
            continue;
        };
        let Some(mut reading) = first_part(first) else { continue };
        // A known word with a common ending, طرفدار + ان, is likelier.
        reading.score = NEW_WORD + part.weight.min(3);
        reading.certainty = Certainty::Likely;
        reading.breaks.push(at);
        if found.as_ref().is_none_or(|found| reading.score > found.score) {
            found = Some(reading);
        }
    }
    // دوزبانه, شبه‌نظامی
    let first = FIRST.iter().find_map(|first| Some((first, word.strip_prefix(first)?)));
    if let Some((first, rest)) = first
        && rest.chars().count() > 2
        && found.is_none()
        && is_known_as_second(first, rest)
    {
        found = Some(Reading {
            breaks: vec![first.len()],
            score: NEW_WORD,
            certainty: Certainty::Likely,
        });
    }
    found
}

/// What is known of a second part, without its ending.
fn second_part(part: &str) -> Option<lexicon::Second> {
    let is_word = lexicon::solid(part).is_some() || affixes::is_finite(part);
    lexicon::second(part).or_else(|| {
        let mut endings = ["ی", "ان", "انی"].iter().filter(|_| !is_word);
        endings.find_map(|ending| lexicon::second(part.strip_suffix(ending)?))
    })
}

/// A first part: a known word, or one of several parts.
fn first_part(first: &str) -> Option<Reading> {
    if lexicon::solid(first).is_some_and(|form| {
        (form.weight > 0 || !form.is_no_noun) && (first.len() > 4 || form.weight > 3)
    }) {
        return Some(Reading::default());
    }
    let (form, _) = lexicon::entry(first).parted?;
    let breaks = form.match_indices('-').enumerate().map(|(index, (at, _))| at - index).collect();
    Some(Reading { breaks, ..Reading::default() })
}

/// First parts that make words of others.
const FIRST: &[&str] = &[
    "شبه", "نیمه", "فوق", "بین", "چند", "خرده", "دو", "سه", "چهار", "پنج", "شش", "هفت", "هشت",
    "ده", "تک", "کم", "خوش", "نیم", "صاحب", "برون", "درون", "میان", "پیش",
];

/// Whether `rest` makes a word with a first part: relative adjectives behind numerals, known words behind the others.
fn is_known_as_second(first: &str, rest: &str) -> bool {
    let known = lexicon::solid(rest).is_some_and(|form| form.weight > 0);
    let relative = rest.ends_with('ی') || rest.ends_with('ه');
    match first {
        "دو" | "سه" | "چهار" | "پنج" | "شش" | "هفت" | "هشت" | "ده" | "چند" | "تک" | "بین"
        | "میان" | "برون" | "درون" => {
            relative
                && (known
                    || rest.strip_suffix(['ی', 'ه']).is_some_and(|stem| {
                        stem.len() > 4 && lexicon::solid(stem).is_some_and(|form| form.weight > 0)
                    }))
        }
        "پیش" | "نیم" | "کم" | "خوش" => known && rest.len() > 6,
        _ => known,
    }
}

/// For words with one space between them: which of the spaces were half-spaces.
pub(super) fn joins(words: &[&str]) -> Vec<Option<Certainty>> {
    let mut joins = vec![None; words.len().saturating_sub(1)];
    let mut at = 0;
    while at < joins.len() {
        let found = [3, 2].into_iter().find_map(|length| {
            let part = words.get(at..at + length)?;
            Some((length, is_compound(part)?))
        });
        let alone = is_verb(words[at], words[at + 1])
            .or_else(|| is_inflected(words[at], words[at + 1], at > 0 && joins[at - 1].is_some()));
        match found {
            Some((length, certainty)) if alone.is_none_or(|alone| certainty <= alone) => {
                joins[at..at + length - 1].fill(Some(certainty));
                at += length - 1;
            }
            _ => {
                joins[at] = alone;
                at += 1;
            }
        }
    }
    joins
}

/// Whether the lexicon writes these words as one, with half-spaces between them; the last
/// may have an ending.
fn is_compound(words: &[&str]) -> Option<Certainty> {
    let (last, first) = words.split_last()?;
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
        let (form, known) = lexicon::entry(&solid).parted?;
        let mut breaks = form.match_indices('-').enumerate().map(|(index, (at, _))| at - index);
        let fits = gaps.iter().all(|gap| breaks.any(|at| at == *gap));
        let is_doubtful = first.iter().chain([&last]).any(|word| FUNCTION.contains(word));
        let certainty = match known.joins_spaced {
            true if known.is_attested && known.weight > 2 => Certainty::Sure,
            true => Certainty::Likely,
            false => Certainty::Doubtful,
        };
        (fits && (known.joins_spaced || known.may_join && !is_doubtful)).then_some(certainty)
    };
    if let Some(certainty) = matches(last) {
        return Some(certainty);
    }
    let plural =
        ENDINGS.iter().filter(|ending| ending.host == Host::Noun || ending.host == Host::Adjective);
    let endings = plural.map(|ending| ending.text).chain(["ی", "یی", "ان"]);
    let stem = |ending: &str| last.strip_suffix(ending).map(|stem| stem.trim_end_matches(ZWNJ));
    let mut stems = endings.filter_map(stem).filter(|stem| stem.len() > 4);
    if let Some(certainty) = stems.find_map(&mut matches) {
        return Some(certainty);
    }
    // نیمه نهایی‌اش
    let (stem, _) = last.rsplit_once(ZWNJ).filter(|(_, ending)| affixes::is_ending(ending))?;
    matches(stem)
}

/// `می شود`, `بر نمی گردد`
fn is_verb(first: &str, second: &str) -> Option<Certainty> {
    let mi = PREVERBS.iter().find_map(|preverb| first.strip_prefix(preverb)).unwrap_or(first);
    if !matches!(mi, "می" | "نمی" | "همی") {
        return None;
    }
    // می کرده‌اند
    let verb = second.split(ZWNJ).next().unwrap_or(second);
    affixes::verb_form(verb).map(|_| Certainty::Sure)
}

/// Whether the second word is an ending of the first.
fn is_inflected(first: &str, second: &str, first_is_ending: bool) -> Option<Certainty> {
    if first == "بی" {
        let is_known = lexicon::solid(second).is_some_and(|form| form.weight > 1)
            && second.len() > 4
            && !FUNCTION.contains(&second);
        return is_known.then_some(Certainty::Likely);
    }
    let host = first.rsplit(ZWNJ).next().unwrap_or(first);
    if let Some(part) = second_part(second.split(ZWNJ).next().unwrap_or(second)) {
        let is_known = takes_second(host)
            && !FUNCTION.contains(&first)
            && !matches!(second, "کن" | "شو" | "باش");
        let certainty = if part.weight > 3 { Certainty::Likely } else { Certainty::Doubtful };
        if is_known && part.is_bound && part.weight > 1 && !affixes::is_finite(second) {
            return Some(certainty);
        }
    }
    let is_known = lexicon::solid(host).is_some_and(|form| form.weight > 0);
    // مفاتیح الجنان, رسول زاده
    if second.starts_with("ال") && second.len() > 8 && is_known && !FUNCTION.contains(&first) {
        let is_new = lexicon::solid(second).is_none() && !second.ends_with('ی');
        return is_new.then_some(Certainty::Doubtful);
    }
    if SURNAMES.contains(&second) && lexicon::solid(host).is_some() && !FUNCTION.contains(&first) {
        let family = host.ends_with('ی') || matches!(second, "پور" | "زاده" | "نسب");
        return family.then_some(Certainty::Doubtful);
    }
    if !affixes::is_ending(second) {
        return None;
    }
    if first.chars().count() < 2 || (FUNCTION.contains(&first) && !first_is_ending) {
        return None;
    }
    let solid: String = first.chars().filter(|c| *c != ZWNJ).collect();
    let hosts = |ending: &Ending| match ending.host {
        Host::Noun => true,
        Host::Adjective => affixes::hosts(&solid, Host::Adjective) || second == "ترین",
        host => affixes::hosts(&solid, host) || host_unknown(&solid, second),
    };
    let is_sure = second.starts_with("ها") || affixes::hosts(&solid, Host::Heh);
    let certainty = if is_sure { Certainty::Sure } else { Certainty::Likely };
    let is_host = ENDINGS.iter().filter(|ending| ending.text == second).any(hosts);
    is_host.then_some(certainty)
}

/// Whether a word is one that a second part stands behind: no verb, comparative, relative
/// adjective or plural.
fn takes_second(word: &str) -> bool {
    let is = |ending: &str, of: fn(&str) -> bool| word.strip_suffix(ending).is_some_and(of);
    let is_noun = |stem: &str| stem.len() > 4 && lexicon::solid(stem).is_some();
    word.len() > 4
        && lexicon::solid(word).is_some()
        && !word.ends_with('ی')
        && !affixes::is_finite(word)
        && !is("تر", is_noun)
        && !is("ان", is_noun)
        && !is("ن", lexicon::is_past_stem)
}

/// A word that the lexicon does not have, but whose heh is silent all the same; the copula
/// stands behind any word.
fn host_unknown(first: &str, second: &str) -> bool {
    second == "اند"
        || (first.ends_with('ه') && first.chars().count() > 3 && lexicon::solid(first).is_none())
}
