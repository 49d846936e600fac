//! He or she where Persian has one word for both. A pronoun of the English is supported by a word
//! with a gender, or by somebody named, in the same sentence or shortly before; else it is a guess
//! of the model, which an editor is told. Within a paragraph a guess must not turn into the other.

use super::english::Token as English;
use super::{Check, Issue, Pair};
use crate::document::AlignedDocument;

/// The check of pronouns over a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gender;

const UNSUPPORTED: &str = "gender_unsupported";
const INCONSISTENT: &str = "gender_inconsistent";

/// So many sentences before may say who is meant.
const BEFORE: usize = 3;

const HE: &[&str] = &["he", "him", "his", "himself", "he's", "he'd", "he'll"];
const SHE: &[&str] = &["she", "her", "hers", "herself", "she's", "she'd", "she'll"];

/// Persian words that say which.
const MALE: &[&str] = &[
    "آقا",
    "آقای",
    "مرد",
    "مردی",
    "مردان",
    "پسر",
    "پسری",
    "پسرش",
    "پسران",
    "پدر",
    "پدرش",
    "برادر",
    "برادرش",
    "شوهر",
    "شوهرش",
    "عمو",
    "دایی",
    "پادشاه",
    "شاه",
    "امپراتور",
    "امام",
    "حضرت",
    "پیامبر",
    "داماد",
    "شاهزاده",
    "پدربزرگ",
    "کشیش",
    "پاپ",
    "آیت",
    "حجت",
    "سلطان",
    "ملا",
    "مولوی",
    "سید",
    "شیخ",
];
const FEMALE: &[&str] = &[
    "خانم",
    "زن",
    "زنی",
    "زنان",
    "دختر",
    "دختری",
    "دخترش",
    "دختران",
    "مادر",
    "مادرش",
    "خواهر",
    "خواهرش",
    "همسرش",
    "ملکه",
    "بانو",
    "بانوی",
    "عروس",
    "خاله",
    "عمه",
    "مادربزرگ",
    "باردار",
    "بیوه",
    "شاهدخت",
    "راهبه",
];

/// What a sentence knows of who is meant.
#[derive(Debug, Clone, Copy, Default)]
struct Support {
    male: bool,
    female: bool,
    /// Somebody is named: a reader can know.
    named: bool,
}

impl Support {
    fn of(pair: &Pair<'_>) -> Self {
        if pair.is_huge() {
            return Self::default();
        }
        let has = |words: &[&str]| {
            pair.persian().iter().any(|token| words.contains(&token.text.as_str()))
        };
        Self { male: has(MALE), female: has(FEMALE), named: super::names::names_somebody(pair) }
    }

    fn supports(self, is_she: bool) -> bool {
        self.named || if is_she { self.female } else { self.male }
    }
}

impl Check for Gender {
    fn codes(&self) -> &'static [&'static str] {
        &[UNSUPPORTED, INCONSISTENT]
    }

    fn document(&self, document: &AlignedDocument) -> Vec<(usize, Issue)> {
        let mut issues = Vec::new();
        let mut before: Vec<(usize, Support)> = Vec::new();
        // The last guess: its paragraph, whether it was she, and its sentence.
        let mut guess: Option<(usize, bool, usize)> = None;
        for (index, unit) in document.units.iter().enumerate() {
            let pair = Pair::of(document, unit);
            let support = Support::of(&pair);
            before.push((unit.sentence.block, support));
            let block = unit.sentence.block;
            guess = guess.filter(|(place, ..)| *place == block && !support.named);
            let near = || before.iter().rev().take(BEFORE + 1);
            for (words, is_she) in [(HE, false), (SHE, true)] {
                let Some(token) = pronoun(&pair, words) else { continue };
                if near().any(|(_, support)| support.supports(is_she)) {
                    continue;
                }
                let (span, said) = (token.span.clone(), token.text);
                if let Some((_, _, first)) = guess.filter(|(_, other, _)| *other != is_she) {
                    let message = format!(
                        "“{said}” here, but the other gender in sentence {}; the Persian does not say which.",
                        first + 1
                    );
                    issues.push((index, Issue::doubt(INCONSISTENT, message).in_target(span)));
                } else {
                    let message =
                        format!("The Persian does not say whether “{said}” is a man or a woman.");
                    issues.push((index, Issue::note(UNSUPPORTED, message).in_target(span)));
                    guess = Some((block, is_she, index));
                }
            }
        }
        issues
    }
}

fn pronoun<'a, 'b>(pair: &'b Pair<'a>, words: &[&str]) -> Option<&'b English<'a>> {
    pair.english().iter().find(|token| token.is_any(words))
}
