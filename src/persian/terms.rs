//! Terms in running text, however they are inflected and spelt. Owns what may stand before and
//! behind a term, and which letters are the same; what a term is in English, others know.

use std::collections::HashMap;
use std::ops::Range;

use super::tokens::{fold, is_dropped};

/// Terms that a text is searched for.
///
/// ```
/// use tarjoman::persian::Terms;
///
/// let terms = Terms::new([("رئیس‌جمهور", false), ("ایران", true)]);
/// let found = terms.find("رييس جمهورهای ایران");
/// assert_eq!(found.iter().map(|found| found.term).collect::<Vec<_>>(), [0, 1]);
/// assert!(found[0].plural);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Terms {
    entries: Vec<Entry>,
    /// Entries by their first letters, the longest first.
    starts: HashMap<[char; 2], Vec<usize>>,
}

/// A term in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TermMatch {
    /// Its number among the terms.
    pub term: usize,
    /// Where it stands, with its endings and without a preposition, in bytes.
    pub span: Range<usize>,
    /// Whether it has a plural ending.
    pub plural: bool,
}

/// A way to write a term.
#[derive(Debug, Clone)]
struct Entry {
    term: usize,
    /// Letters, each with what parts it from the one before.
    letters: Vec<(char, Gap)>,
    is_name: bool,
    /// Whether it is a plural as it stands.
    plural: bool,
}

/// What stands between two letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    Nothing,
    HalfSpace,
    Space,
    Mark,
}

/// A letter or digit of a text.
struct Letter {
    c: char,
    span: Range<usize>,
    /// What stands before it.
    gap: Gap,
}

/// What an ending stands behind.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behind {
    Anything,
    /// Alef or vav.
    Vowel,
    /// A heh that is a vowel, or may be one.
    Heh,
    /// No vowel.
    Consonant,
}

/// An ending of a term.
struct Ending {
    text: &'static str,
    behind: Behind,
    /// The widest gap before it.
    gap: Gap,
    /// Whether names take it. An `ی` behind the name of a place makes another word of it:
    /// ایران is Iran, ایرانی is Iranian.
    names: bool,
    plural: bool,
}

const fn ending(text: &'static str, behind: Behind, gap: Gap, names: bool, plural: bool) -> Ending {
    Ending { text, behind, gap, names, plural }
}

/// Longer ones first.
const ENDINGS: &[Ending] = &[
    ending("هایشان", Behind::Anything, Gap::Space, true, true),
    ending("هایمان", Behind::Anything, Gap::Space, true, true),
    ending("هایتان", Behind::Anything, Gap::Space, true, true),
    ending("هایی", Behind::Anything, Gap::Space, true, true),
    ending("هایش", Behind::Anything, Gap::Space, true, true),
    ending("هایم", Behind::Anything, Gap::Space, true, true),
    ending("هایت", Behind::Anything, Gap::Space, true, true),
    ending("های", Behind::Anything, Gap::Space, true, true),
    ending("ها", Behind::Anything, Gap::Space, true, true),
    ending("یشان", Behind::Vowel, Gap::HalfSpace, false, false),
    ending("یمان", Behind::Vowel, Gap::HalfSpace, false, false),
    ending("یتان", Behind::Vowel, Gap::HalfSpace, false, false),
    ending("شان", Behind::Consonant, Gap::HalfSpace, false, false),
    ending("مان", Behind::Consonant, Gap::HalfSpace, false, false),
    ending("تان", Behind::Consonant, Gap::HalfSpace, false, false),
    ending("است", Behind::Anything, Gap::HalfSpace, true, false),
    ending("اند", Behind::Consonant, Gap::HalfSpace, false, false),
    ending("ان", Behind::Consonant, Gap::Nothing, false, true),
    ending("را", Behind::Anything, Gap::HalfSpace, true, false),
    ending("ست", Behind::Vowel, Gap::Nothing, true, false),
    ending("یی", Behind::Vowel, Gap::HalfSpace, false, false),
    ending("ای", Behind::Heh, Gap::HalfSpace, false, false),
    ending("اش", Behind::Heh, Gap::HalfSpace, true, false),
    ending("ام", Behind::Heh, Gap::HalfSpace, true, false),
    ending("ات", Behind::Heh, Gap::HalfSpace, true, false),
    ending("یش", Behind::Vowel, Gap::HalfSpace, false, false),
    ending("یم", Behind::Vowel, Gap::HalfSpace, false, false),
    ending("یت", Behind::Vowel, Gap::HalfSpace, false, false),
    ending("ی", Behind::Vowel, Gap::HalfSpace, true, false),
    ending("ی", Behind::Consonant, Gap::Nothing, false, false),
    ending("ش", Behind::Consonant, Gap::Nothing, false, false),
    ending("م", Behind::Consonant, Gap::Nothing, false, false),
    ending("ت", Behind::Consonant, Gap::Nothing, false, false),
];

/// Behind a half-space also those that names take where no letter tells that they fit.
const AFTER_HALF_SPACE: &[&str] = &["شان", "مان", "تان", "اش", "ام", "ات", "ی"];

/// Endings of a word inside a term.
const INNER: &[(&str, bool)] = &[("های", true), ("ها", true), ("ی", false)];

/// What may be written together with the word behind it.
const BEFORE: &[&str] = &["به", "در", "از", "با", "بر", "تا", "و", "که", "این", "آن", "هم"];

/// Letters that a term has at least where a short ending or `به` is written together with it: in
/// shorter ones too many other words begin or end alike.
const LONG: usize = 4;

/// A term is no text: more letters than these are not looked for.
const LONGEST: usize = 200;

impl Terms {
    /// * `terms`: each with whether it is a name, which takes fewer endings
    pub fn new<'a>(terms: impl IntoIterator<Item = (&'a str, bool)>) -> Self {
        let mut entries = Vec::new();
        for (term, (text, is_name)) in terms.into_iter().enumerate() {
            let letters: Vec<(char, Gap)> =
                letters(text).into_iter().take(LONGEST).map(|l| (l.c, l.gap)).collect();
            let Some(((last, _), stem)) = letters.split_last() else { continue };
            if *last == 'ه' && !is_name && stem.len() >= LONG {
                // نماینده, نمایندگان
                let mut plural = stem.to_vec();
                plural.extend("گان".chars().map(|c| (c, Gap::Nothing)));
                entries.push(Entry { term, letters: plural, is_name, plural: true });
            }
            entries.push(Entry { term, letters, is_name, plural: false });
        }
        let mut starts: HashMap<[char; 2], Vec<usize>> = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let second = entry.letters.get(1).map_or(' ', |(c, _)| *c);
            starts.entry([entry.letters[0].0, second]).or_default().push(index);
        }
        for found in starts.values_mut() {
            found.sort_by_key(|index| std::cmp::Reverse(entries[*index].letters.len()));
        }
        Self { entries, starts }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The terms of a text from its start to its end: whole words only; of those that begin at one
    /// place the longest, and none inside another.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<TermMatch> {
        let letters = letters(text);
        let mut found = Vec::new();
        let mut at = 0;
        while at < letters.len() {
            let here = starts_word(&letters, at).then(|| self.at(&letters, at, 0)).flatten();
            // بهتهران
            let glued = || {
                let begins = at >= 2 && letters[at].gap == Gap::Nothing;
                let is_to = begins && letters[at - 2].c == 'ب' && letters[at - 1].c == 'ه';
                let alone = is_to && starts_word(&letters, at - 2);
                (alone && letters[at - 1].gap == Gap::Nothing)
                    .then(|| self.at(&letters, at, LONG))
                    .flatten()
            };
            match here.or_else(glued) {
                Some((end, term, plural)) => {
                    let span = letters[at].span.start..letters[end - 1].span.end;
                    found.push(TermMatch { term, span, plural });
                    at = end;
                }
                None => at += 1,
            }
        }
        found
    }

    /// The longest term that begins at a letter, with where it ends.
    fn at(&self, text: &[Letter], at: usize, least: usize) -> Option<(usize, usize, bool)> {
        let second = text.get(at + 1).map_or(' ', |letter| letter.c);
        let two = self.starts.get(&[text[at].c, second]);
        let one = self.starts.get(&[text[at].c, ' ']);
        two.into_iter().chain(one).flatten().find_map(|index| {
            let entry = &self.entries[*index];
            if entry.letters.len() < least {
                return None;
            }
            let (end, inner) = spelt(text, &entry.letters, 0, at)?;
            let (end, plural) = inflected(text, entry, end)?;
            Some((end, entry.term, plural || inner || entry.plural))
        })
    }
}

/// Where the letters of a term end that begins at `at`, and whether a word in it is a plural.
fn spelt(text: &[Letter], term: &[(char, Gap)], from: usize, at: usize) -> Option<(usize, bool)> {
    let Some((c, gap)) = term.get(from) else { return Some((at, false)) };
    let letter = text.get(at)?;
    let fits = match gap {
        _ if from == 0 => true,
        Gap::Nothing => letter.gap <= Gap::HalfSpace,
        Gap::HalfSpace => letter.gap <= Gap::Space,
        Gap::Space => matches!(letter.gap, Gap::HalfSpace | Gap::Space),
        Gap::Mark => letter.gap >= Gap::HalfSpace,
    };
    if fits
        && letter.c == *c
        && let Some(found) = spelt(text, term, from + 1, at + 1)
    {
        return Some(found);
    }
    if from == 0 || *gap != Gap::Space {
        return None;
    }
    INNER.iter().find_map(|(inner, plural)| {
        let behind = *inner != "ی" || letter.gap == Gap::HalfSpace || is_vowel(text[at - 1].c);
        let end = follows(text, at, inner, Gap::HalfSpace).filter(|_| behind)?;
        if text.get(end)?.gap == Gap::Nothing {
            return None;
        }
        let (end, more) = spelt(text, term, from, end)?;
        Some((end, *plural || more))
    })
}

/// Where a term with its ending ends, and whether that is a plural.
fn inflected(text: &[Letter], entry: &Entry, at: usize) -> Option<(usize, bool)> {
    let last = text[at - 1].c;
    let long = entry.letters.len() >= LONG;
    let ending = ENDINGS.iter().find_map(|ending| {
        let gap = text.get(at)?.gap;
        let fits = match ending.behind {
            Behind::Anything => true,
            Behind::Vowel => is_vowel(last),
            Behind::Heh => last == 'ه',
            Behind::Consonant => !is_vowel(last),
        };
        let allowed = (ending.names || !entry.is_name)
            && fits
            && (gap != Gap::Nothing || ending.text.len() > 4 || long || is_vowel(last));
        let apart = gap == Gap::HalfSpace && AFTER_HALF_SPACE.contains(&ending.text);
        let end = follows(text, at, ending.text, ending.gap.max(Gap::HalfSpace))?;
        let within = gap <= ending.gap || apart;
        ((allowed && within || apart) && ends_word(text, end)).then_some((end, ending.plural))
    });
    ending.or_else(|| ends_word(text, at).then_some((at, false)))
}

/// Where a text ends that follows with at most this gap before it and none in it.
fn follows(text: &[Letter], at: usize, wanted: &str, gap: Gap) -> Option<usize> {
    let mut end = at;
    for c in wanted.chars() {
        let letter = text.get(end)?;
        let limit = if end == at { gap } else { Gap::Nothing };
        if letter.c != c || letter.gap > limit {
            return None;
        }
        end += 1;
    }
    Some(end)
}

fn is_vowel(c: char) -> bool {
    matches!(c, 'ا' | 'آ' | 'و')
}

fn starts_word(text: &[Letter], at: usize) -> bool {
    if at == 0 || text[at].gap >= Gap::Space {
        return true;
    }
    text[at].gap == Gap::HalfSpace
        && BEFORE.iter().any(|before| {
            let start = at.checked_sub(before.chars().count());
            start.is_some_and(|start| {
                (start == 0 || text[start].gap >= Gap::Space)
                    && follows(text, start, before, Gap::Mark) == Some(at)
            })
        })
}

fn ends_word(text: &[Letter], at: usize) -> bool {
    text.get(at).is_none_or(|letter| letter.gap >= Gap::Space)
}

/// Letters and digits of a text, those that Persian tells apart by form only made the same.
fn letters(text: &str) -> Vec<Letter> {
    let mut found: Vec<Letter> = Vec::with_capacity(text.len() / 2);
    let mut gap = Gap::Nothing;
    for (at, c) in text.char_indices() {
        let span = at..at + c.len_utf8();
        if is_dropped(c) {
            if let Some(last) = found.last_mut().filter(|_| gap == Gap::Nothing) {
                last.span.end = span.end;
            }
            continue;
        }
        let c = match fold(c) {
            'ئ' => 'ی',
            'ؤ' => 'و',
            c => c,
        };
        if c.is_alphanumeric() {
            found.push(Letter { c, span, gap });
            gap = Gap::Nothing;
        } else {
            let new = match c {
                '\u{200C}' | '\u{AC}' => Gap::HalfSpace,
                c if c.is_whitespace() => Gap::Space,
                _ => Gap::Mark,
            };
            gap = gap.max(new);
        }
    }
    if let Some(first) = found.first_mut() {
        first.gap = Gap::Mark;
    }
    found
}
