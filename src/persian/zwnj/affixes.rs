//! How words are inflected: endings, the verbs of `می`, the prefix `بی`. Data and small
//! rules for a linguist; what they are worth beside each other, `word` decides.

use super::lexicon;

/// An ending that stands behind a half-space.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub text: &'static str,
    /// How rare it is: what a reading with it costs, in bits.
    pub cost: i32,
    pub host: Host,
}

/// What an ending stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    /// Any noun.
    Noun,
    /// An adjective or adverb.
    Adjective,
    /// A word that ends in a vowel written as a consonant, `خانه` or `زندگی`.
    Vowel,
    /// A word that ends in a silent heh only.
    Heh,
}

const fn ending(text: &'static str, cost: i32, host: Host) -> Ending {
    Ending { text, cost, host }
}

/// Endings behind a half-space, longer ones first.
pub(super) const ENDINGS: &[Ending] = &[
    ending("هایشان", 6, Host::Noun),
    ending("هایمان", 7, Host::Noun),
    ending("هایتان", 7, Host::Noun),
    ending("هایی", 5, Host::Noun),
    ending("هایم", 7, Host::Noun),
    ending("هایت", 8, Host::Noun),
    ending("هایش", 6, Host::Noun),
    ending("هاست", 8, Host::Noun),
    ending("های", 3, Host::Noun),
    ending("ها", 4, Host::Noun),
    ending("ترین", 3, Host::Noun),
    ending("تری", 5, Host::Adjective),
    ending("تر", 4, Host::Adjective),
    ending("ایم", 8, Host::Heh),
    ending("اید", 9, Host::Heh),
    ending("اند", 7, Host::Vowel),
    ending("ای", 5, Host::Heh),
    ending("ای", 9, Host::Vowel),
    ending("اند", 9, Host::Adjective),
    ending("ام", 8, Host::Vowel),
    ending("ات", 8, Host::Heh),
    ending("اش", 6, Host::Vowel),
    ending("شان", 6, Host::Vowel),
    ending("مان", 7, Host::Vowel),
    ending("تان", 8, Host::Vowel),
];

/// Endings that are written without a half-space, with what they cost.
pub(super) const SOLID_ENDINGS: &[(&str, i32)] = &[
    ("ی", 2),
    ("یی", 3),
    ("ان", 4),
    ("انی", 5),
    ("انه", 5),
    ("ات", 5),
    ("گان", 4),
    ("م", 5),
    ("ت", 6),
    ("ش", 4),
    ("یم", 6),
    ("ید", 6),
    ("ند", 6),
    ("مان", 5),
    ("تان", 6),
    ("شان", 5),
    ("است", 6),
    ("ست", 6),
];

/// Before `می` in a verb of two parts: `برمی‌گردد`.
pub(super) const PREVERBS: &[&str] =
    &["بر", "در", "باز", "فرو", "فرا", "وا", "ور", "سر", "پس", "پیش"];

/// Past stems that are nouns as well; the plural of another is a perfect: `کرده‌ای`.
const NOMINAL_STEMS: &[&str] = &[
    "نشست",
    "شکست",
    "ساخت",
    "سوخت",
    "خرید",
    "پرداخت",
    "برداشت",
    "دریافت",
    "بازگشت",
    "شناخت",
    "برخورد",
    "پیشرفت",
    "بازداشت",
    "درخواست",
    "برد",
    "باخت",
    "دید",
    "بافت",
    "دوخت",
    "کاشت",
    "پیوست",
    "سرنوشت",
    "یادداشت",
    "بازدید",
    "سرشت",
    "گشت",
    "گذشت",
    "بازخواست",
    "زیست",
    "خواست",
    "پنداشت",
    "نگاشت",
    "فروخت",
    "رهاورد",
    "دستاورد",
];

const PAST_ENDINGS: &[&str] = &["", "م", "ی", "یم", "ید", "ند"];
const PRESENT_ENDINGS: &[&str] = &["م", "ی", "د", "یم", "ید", "ند"];
const PERFECT_ENDINGS: &[&str] = &["ام", "ای", "ایم", "اید", "اند"];

/// Forms of one word that stand behind `می`.
const IMPERSONAL: &[&str] = &["توان", "باید", "بایست", "بایستی", "شاید"];

/// How a word may stand behind `می`.
pub(super) enum VerbForm {
    /// `رود`
    Whole,
    /// `کردهاند`, with the byte of its half-space.
    Perfect(usize),
}

/// Whether a word is a form that stands behind `می`.
pub(super) fn verb_form(word: &str) -> Option<VerbForm> {
    if IMPERSONAL.contains(&word) || is_finite(word) || is_participle(word) {
        return Some(VerbForm::Whole);
    }
    for ending in PERFECT_ENDINGS {
        if let Some(stem) = word.strip_suffix(ending)
            && is_participle(stem)
        {
            return Some(VerbForm::Perfect(stem.len()));
        }
    }
    // می‌شناسمش
    let object = ["شان", "ش"].iter().find_map(|object| word.strip_suffix(object))?;
    let has_person = ["م", "یم", "د", "ند"].iter().any(|person| object.ends_with(person));
    (has_person && is_finite(object)).then_some(VerbForm::Whole)
}

/// A stem with a personal ending.
pub(super) fn is_finite(word: &str) -> bool {
    let past = |ending: &str| word.strip_suffix(ending).is_some_and(lexicon::is_past_stem);
    let present = |ending: &str| {
        word.strip_suffix(ending).is_some_and(|stem| {
            // می‌گوید: a yeh stands between a stem in a vowel and its ending.
            let bare = stem.strip_suffix('ی').filter(|stem| stem.ends_with(['ا', 'و', 'آ']));
            lexicon::is_present_stem(stem) || bare.is_some_and(lexicon::is_present_stem)
        })
    };
    PAST_ENDINGS.iter().any(|ending| past(ending))
        || PRESENT_ENDINGS.iter().any(|ending| present(ending))
}

/// A past participle, `کرده`, `نکرده` or `برداشته`.
pub(super) fn is_participle(word: &str) -> bool {
    let Some(stem) = word.strip_suffix('ه') else { return false };
    let is_stem = |stem: &str| {
        lexicon::is_past_stem(stem) || stem.strip_prefix('ن').is_some_and(lexicon::is_past_stem)
    };
    is_stem(stem) || PREVERBS.iter().any(|preverb| stem.strip_prefix(preverb).is_some_and(is_stem))
}

/// Whether a word is a past stem and no noun: it has no plural.
pub(super) fn is_only_verb(word: &str) -> bool {
    lexicon::is_past_stem(word) && !NOMINAL_STEMS.contains(&word)
}

/// Whether a letter is not joined to the next: behind it a half-space shows nothing, and
/// endings are written without.
pub(super) fn ends_unjoined(word: &str) -> bool {
    word.ends_with(['ا', 'آ', 'د', 'ذ', 'ر', 'ز', 'ژ', 'و', 'أ', 'ؤ', 'إ'])
}

/// Whether a word ends in a heh that is a vowel, or, for [`Host::Vowel`], in a yeh.
pub(super) fn hosts(word: &str, host: Host) -> bool {
    let entry = lexicon::entry(word);
    let forms = || entry.solid.into_iter().chain(entry.parted.map(|(_, form)| form));
    let heh = || {
        word.ends_with('ه')
            && (forms().any(|form| form.has_silent_heh)
                || is_participle(word)
                || word.strip_suffix("انه").is_some_and(|stem| lexicon::solid(stem).is_some()))
    };
    match host {
        Host::Noun => true,
        Host::Adjective => forms().any(|form| form.is_adjective),
        Host::Heh => heh(),
        // جایشان: behind a long vowel the yeh is a consonant, and the ending is joined to it.
        Host::Vowel => {
            let is_consonant = word.ends_with("ای") || word.ends_with("وی");
            heh() || (word.ends_with('ی') && !is_consonant && word.chars().count() > 3)
        }
    }
}

/// Whether a word is nothing but an ending.
pub(super) fn is_ending(word: &str) -> bool {
    ENDINGS.iter().any(|ending| ending.text == word)
}
