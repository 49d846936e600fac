//! Half-spaces inside a run of letters: its readings, and which is the likeliest.

use std::ops::Range;

use super::affixes::{self, ENDINGS, PREVERBS, SOLID_ENDINGS, VerbForm};
use super::{Certainty, ZWNJ, compounds, lexicon};

/// A longer run is no word.
const LONGEST_WORD: usize = 80;

/// What a reading that is nothing but the run of letters is worth.
const UNKNOWN: i32 = -9;

/// What a word is worth more for standing in the lexicon as it is.
const AS_IT_IS: i32 = 2;

/// What a form of `می` is worth: such verbs are the most frequent of all words with half-spaces.
const VERB: i32 = 7;

/// What is worth more for being seen with its half-spaces as a whole.
const ATTESTED: i32 = 3;

/// What stands around a word, as far as it tells a plural with its ezafe (نام‌های) from an
/// indefinite noun (نامه‌ای).
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Context {
    /// Nothing follows that an ezafe could lead to.
    pub ends: bool,
    /// A numeral or a word like `هر` stands before: the noun is a singular.
    pub counted: bool,
}

/// A way to read a run of letters.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// Bytes before which a half-space stands.
    pub breaks: Vec<usize>,
    /// About log2 of how often it is met.
    pub score: i32,
    /// How sure its half-spaces are.
    pub certainty: Certainty,
}

/// Runs of letters and half-spaces.
pub(super) fn split(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphabetic() || c == ZWNJ, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// Where half-spaces are missing inside a word, in bytes.
pub(super) fn breaks(word: &str, context: Context) -> (Vec<usize>, Certainty) {
    if word.len() > LONGEST_WORD || word.len() < 6 || word.is_ascii() {
        return (Vec::new(), Certainty::Likely);
    }
    if !word.contains(ZWNJ) {
        let best = best(word, 0, context);
        return (best.breaks, best.certainty);
    }
    // Half of its half-spaces may be there: برنامه‌ریزیها, می‌کردهاند.
    let mut found = Vec::new();
    let mut start = 0;
    for part in word.split(ZWNJ) {
        if start > 0 && start + part.len() == word.len() {
            found.extend(last_part(word, start, context));
        } else {
            found.extend(best(part, 0, context).breaks.into_iter().map(|at| start + at));
        }
        start += part.len() + ZWNJ.len_utf8();
    }
    (found, Certainty::Sure)
}

/// Of a word with half-spaces, where one is missing behind the last.
fn last_part(word: &str, start: usize, context: Context) -> Vec<usize> {
    let part = &word[start..];
    if affixes::is_ending(part) || word[..start].trim_end_matches(ZWNJ).ends_with("می") {
        return match affixes::verb_form(part) {
            Some(VerbForm::Perfect(at)) if !affixes::is_ending(part) => vec![start + at],
            _ => Vec::new(),
        };
    }
    let solid = word.replace(ZWNJ, "");
    let before = word.len() - part.len();
    let whole = best(&solid, 0, context);
    let shift = before - word[..before].matches(ZWNJ).count() * ZWNJ.len_utf8();
    if whole.score > UNKNOWN {
        return whole
            .breaks
            .into_iter()
            .filter(|at| *at > shift)
            .map(|at| at - shift + start)
            .collect();
    }
    best(part, 0, context).breaks.into_iter().map(|at| start + at).collect()
}

/// The best reading of a word without half-spaces.
fn best(word: &str, depth: usize, context: Context) -> Reading {
    let unknown = Reading { score: UNKNOWN, ..Reading::default() };
    let entry = lexicon::entry(word);
    // پیش‌تر is written oftener than پیشتر.
    let is_rarer = |form: &lexicon::Form| {
        entry.parted.is_some_and(|(_, parted)| {
            parted.is_preferred
                || parted.is_attested && parted.joins_spaced && parted.weight > form.weight
        })
    };
    let solid = entry
        .solid
        .filter(|form| !is_rarer(form))
        .map(|form| Reading { score: form.weight + AS_IT_IS, ..Reading::default() });
    let parted = parted(word).filter(|_| solid.is_none());
    let mut found = unknown;
    // The first of equals stays: the word as it is.
    for reading in solid
        .into_iter()
        .chain(inflected(word))
        .chain(parted)
        .chain(with_ending(word, depth, context))
        .chain(with_mi(word))
        .chain(with_bi(word, depth))
        .chain(compounds::inside(word))
    {
        if reading.score > found.score {
            found = reading;
        }
    }
    found
}

/// As a known stem, with or without half-spaces in it.
pub(super) fn stem(word: &str, depth: usize) -> Option<Reading> {
    if depth > 2 || word.len() < 4 {
        return None;
    }
    let entry = lexicon::entry(word);
    let solid = entry.solid.map(|form| Reading { score: form.weight, ..Reading::default() });
    let participle =
        affixes::is_participle(word).then(|| Reading { score: 5, ..Reading::default() });
    let readings = solid.into_iter().chain(participle).chain(parted(word));
    let known = readings.reduce(|a, b| if b.score > a.score { b } else { a });
    known.or_else(|| {
        let reading = best(word, depth + 1, Context::default());
        // An ending may stand behind a relative adjective, but not behind every other ending.
        let is_stem = !reading.breaks.is_empty() || word.ends_with('ی');
        (reading.score > UNKNOWN && is_stem).then_some(reading)
    })
}

/// As the lexicon writes it with half-spaces.
fn parted(word: &str) -> Option<Reading> {
    let entry = lexicon::entry(word);
    let (form, known) = entry.parted?;
    // A word that is written both ways may have stood so.
    let certainty = if entry.solid.is_some() { Certainty::Likely } else { Certainty::Sure };
    let breaks = form.match_indices('-').enumerate().map(|(index, (at, _))| at - index).collect();
    Some(Reading {
        breaks,
        score: known.weight + if known.is_attested { ATTESTED } else { 0 },
        certainty,
    })
}

/// A known word with an ending that needs no half-space, or a verb.
fn inflected(word: &str) -> Option<Reading> {
    let mut score = None;
    for (ending, cost) in SOLID_ENDINGS {
        if let Some(stem) = word.strip_suffix(ending) {
            let stem = lexicon::solid(stem).filter(|form| stem.len() > 4 && !form.has_silent_heh);
            score = score.max(stem.map(|form| form.weight - cost));
        }
    }
    let verb = word.strip_prefix(['ب', 'ن']).unwrap_or(word);
    if affixes::is_finite(word) || affixes::is_finite(verb) {
        score = score.max(Some(3));
    }
    Some(Reading { score: score?, ..Reading::default() })
}

fn with_ending(word: &str, depth: usize, context: Context) -> Option<Reading> {
    let mut found: Option<Reading> = None;
    let mut offer = |reading: Reading| {
        if found.as_ref().is_none_or(|found| reading.score > found.score) {
            found = Some(reading);
        }
    };
    for ending in ENDINGS {
        let Some(host) = word.strip_suffix(ending.text) else { continue };
        if !affixes::hosts(host, ending.host) {
            continue;
        }
        // بهترین, بهای: nothing is به‌ترین or به‌ای.
        if matches!(ending.text.chars().next(), Some('ت' | 'ا')) && host.len() < 6 {
            continue;
        }
        let is_plural = ending.text.starts_with("ها");
        if is_plural && affixes::is_only_verb(host) {
            continue;
        }
        // Of an unknown word only the heh before it shows that this is an ending.
        let unknown = (is_plural && host.ends_with('ه') && host.len() > 8)
            .then(|| Reading { score: UNKNOWN + ending.cost + 1, ..Reading::default() });
        let Some(mut reading) = stem(host, depth).or(unknown) else { continue };
        reading.score -= ending.cost;
        if is_plural && lexicon::solid(host).is_some_and(|form| form.is_no_noun) {
            reading.score -= 4;
        }
        if ending.text == "های" {
            reading.score -= 5 * i32::from(context.ends) + 4 * i32::from(context.counted);
        }
        if matches!(ending.text, "ایم" | "اید" | "اند" | "ام") && affixes::is_participle(host)
        {
            reading.score += 4;
        }
        if !affixes::ends_unjoined(host) {
            reading.breaks.push(host.len());
            reading.certainty = Certainty::Sure;
        }
        offer(reading);
    }
    // آتش‌بسی: the half-space is in the stem.
    for (ending, cost) in SOLID_ENDINGS {
        let Some(host) = word.strip_suffix(ending) else { continue };
        let is_inflected = reading_ends(host);
        if let Some(mut reading) = parted(host).filter(|_| !is_inflected) {
            reading.score -= cost;
            offer(reading);
        }
    }
    found
}

/// Whether a word as the lexicon writes it has an ending behind its last half-space.
fn reading_ends(word: &str) -> bool {
    let parted = lexicon::entry(word).parted;
    parted.and_then(|(form, _)| form.rsplit('-').next()).is_some_and(affixes::is_ending)
}

fn with_mi(word: &str) -> Option<Reading> {
    let preverb = PREVERBS.iter().find(|preverb| {
        word.strip_prefix(**preverb)
            .is_some_and(|rest| rest.starts_with("می") || rest.starts_with("نمی"))
    });
    let start = preverb.map_or(0, |preverb| preverb.len());
    let rest = &word[start..];
    let mi = ["نمی", "همی", "می"].iter().find(|mi| rest.starts_with(**mi))?.len();
    let mut breaks = vec![start + mi];
    if let VerbForm::Perfect(at) = affixes::verb_form(&rest[mi..])? {
        breaks.push(start + mi + at);
    }
    Some(Reading { breaks, score: VERB, certainty: Certainty::Sure })
}

fn with_bi(word: &str, depth: usize) -> Option<Reading> {
    // بیداد: a verb has no بی before it.
    let is_host = |rest: &&str| rest.len() > 4 && !affixes::is_only_verb(rest);
    let rest = word.strip_prefix("بی").filter(|rest| depth < 2 && is_host(rest))?;
    let known = lexicon::solid(rest).map(|form| form.weight);
    let score = known.or_else(|| inflected(rest).map(|reading| reading.score - 2))?;
    (score > 1).then(|| Reading {
        breaks: vec!["بی".len()],
        score: score - 5,
        certainty: Certainty::Likely,
    })
}
