//! Whether a full stop, a question mark, an exclamation mark or an ellipsis ends a
//! sentence. Rules only; their words are in `words`.

use super::segment::{Open, Walk, closes_alone};
use super::words::{
    ABBREVIATIONS, AGENCIES, FINAL_VERBS, GOES_ON, LETTER_NAMES, LETTERED, LIGHT_VERBS,
    NOT_BEFORE_INITIALS, SAYING, SAYING_NOUNS, SOURCES, STARTERS,
};

/// A word of more characters than this is no abbreviation, and is not read to its start.
const LONGEST_WORD: usize = 40;

/// How far the verb of saying may stand behind a quotation.
const CLAUSE_WORDS: usize = 10;

/// A run of stops and closers, such as `؟!»`.
pub(super) struct Stop {
    /// Its first character.
    at: usize,
    /// The character after it.
    pub(super) end: usize,
    /// One full stop and no other mark.
    is_period: bool,
    is_ellipsis: bool,
    /// What the closers after its last stop close, the outermost last.
    closed: Vec<Open>,
    /// Whether closers stand after its last stop.
    has_closers: bool,
}

pub(super) fn is_stop(c: char) -> bool {
    matches!(c, '.' | '؟' | '?' | '!' | '…' | '۔' | '‼' | '⁇' | '⁈' | '⁉')
}

pub(super) fn is_closer(c: char) -> bool {
    matches!(c, '»' | '”' | '“' | '"' | ')' | ']' | '\'' | '’')
}

/// Characters that show nothing and may stand between a stop and its closers.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

/// Reads the run of stops and closers that begins at `at`, and closes what it closes.
pub(super) fn read(walk: &mut Walk<'_>, at: usize) -> Stop {
    let mut stop = Stop {
        at,
        end: at,
        is_period: false,
        is_ellipsis: false,
        closed: Vec::new(),
        has_closers: false,
    };
    let (mut periods, mut others) = (0, 0);
    while let Some(c) = walk.get(stop.end) {
        if is_stop(c) {
            periods += usize::from(matches!(c, '.' | '۔'));
            others += usize::from(!matches!(c, '.' | '۔' | '…'));
            stop.is_ellipsis |= c == '…';
            stop.closed.clear();
            stop.has_closers = false;
        } else if walk.closes(c, stop.end) {
            stop.closed.extend(walk.close(c));
            stop.has_closers = true;
        } else if closes_alone(c) && ends_word(walk, stop.end) {
            stop.has_closers = true;
        } else if let Some(length) = footnote(walk, stop.end) {
            stop.end += length;
            continue;
        } else if !(is_hidden(c) || is_spaced_closer(walk, stop.end)) {
            break;
        }
        stop.end += 1;
    }
    stop.is_period = periods == 1 && others == 0 && !stop.is_ellipsis;
    stop.is_ellipsis |= periods > 1 && others == 0;
    stop
}

/// Characters of a footnote's number, as in `رسید.[۱]`.
fn footnote(walk: &Walk<'_>, at: usize) -> Option<usize> {
    let digits = walk.chars.get(at + 1..)?.iter().take(3).take_while(|(_, c)| c.is_numeric());
    let digits = digits.count();
    let is_footnote =
        digits > 0 && walk.get(at) == Some('[') && walk.get(at + digits + 1) == Some(']');
    is_footnote.then_some(digits + 2)
}

/// Whether the character is followed by white space, another closer or nothing.
fn ends_word(walk: &Walk<'_>, at: usize) -> bool {
    walk.get(at + 1).is_none_or(|c| c.is_whitespace() || is_stop(c) || is_closer(c))
}

/// Whether this is the space in `. »`.
fn is_spaced_closer(walk: &Walk<'_>, at: usize) -> bool {
    walk.get(at) == Some(' ')
        && walk.get(at + 1).is_some_and(|c| matches!(c, '»' | ')' | ']') && walk.closes(c, at + 1))
}

/// Whether the sentence ends with this run.
pub(super) fn ends_sentence(walk: &Walk<'_>, stop: &Stop) -> bool {
    if !walk.has_words || walk.in_bracket() || walk.in_title() {
        return false;
    }
    let mut next = stop.end;
    while walk.get(next).is_some_and(|c| c.is_whitespace() || is_hidden(c)) {
        next += 1;
    }
    let Some(c) = walk.get(next) else { return true };
    if matches!(c, '،' | '؛' | ':' | ',' | ';' | ')' | ']' | '»') || is_stop(c) {
        return false;
    }
    let word = word_at(walk, next);
    if stop.has_closers {
        return quotation_ends(walk, stop, next, word);
    }
    if next == stop.end {
        return ends_without_space(walk, stop, c);
    }
    if stop.is_ellipsis {
        return ellipsis_ends(walk, stop, word);
    }
    if !stop.is_period {
        // Yahoo! is a name, unless its sentence is English.
        let before = stop.at.checked_sub(1).and_then(|at| walk.get(at));
        let is_name = walk.get(stop.at) == Some('!')
            && stop.end == stop.at + 1
            && before.is_some_and(|c| c.is_ascii_alphabetic());
        return !is_name || c.is_ascii();
    }
    period_ends(walk, stop, next, word)
}

/// A stop with a word right behind it: a forgotten space, or a dot inside a word.
fn ends_without_space(walk: &Walk<'_>, stop: &Stop, next: char) -> bool {
    let before = stop.at.checked_sub(1).and_then(|at| walk.get(at)).unwrap_or(' ');
    let latin = before.is_ascii_graphic() && next.is_ascii_graphic();
    if stop.is_ellipsis || latin || !(next.is_alphanumeric() || matches!(next, '«' | '(')) {
        return false;
    }
    if !stop.is_period {
        return true;
    }
    let word = word_before(walk, stop.at);
    if word.is_empty() {
        // آمد .سپس: the space went to the wrong side; `.NET` is a name.
        return !next.is_ascii();
    }
    let after = word_at(walk, stop.end);
    let is_name = next.is_ascii_lowercase() || (before.is_numeric() && next.is_numeric());
    let is_letter = word.chars().count() < 2 || (next.is_alphabetic() && letters(after) < 2);
    let is_number = word.chars().all(char::is_numeric) && starts_with(walk, stop.at, word);
    !is_name && !is_letter && !is_number && !ABBREVIATIONS.contains(&word)
}

/// A stop inside a quotation or bracket that closes right behind it.
fn quotation_ends(walk: &Walk<'_>, stop: &Stop, next: usize, word: &str) -> bool {
    if GOES_ON.contains(&word) || walk.get(next).is_some_and(|c| matches!(c, '-' | '–' | '—')) {
        return false;
    }
    let Some(open) = stop.closed.last() else { return true };
    if matches!(open.mark, '(' | '[') {
        return open.leads;
    }
    if open.announced || STARTERS.contains(&word) && !open.leads {
        return true;
    }
    if open.leads {
        // «…؟» گفت; but a question or a call alone may be a title: «کجا می‌روی؟» فیلمی است.
        return !has_saying(walk, next) && (stop.is_period || STARTERS.contains(&word));
    }
    open.has_sentences
}

/// Whether a verb of saying stands in the clause that begins at `next`.
fn has_saying(walk: &Walk<'_>, next: usize) -> bool {
    let rest = &walk.chars[next..];
    let length = rest.iter().take(30 * CLAUSE_WORDS).take_while(|(_, c)| !is_stop(*c) && *c != ':');
    let clause = walk.slice(next..next + length.count());
    let mut words = clause.split_whitespace().take(CLAUSE_WORDS).map(bare);
    words.any(|word| SAYING.contains(&word) || SAYING_NOUNS.contains(&word))
}

fn ellipsis_ends(walk: &Walk<'_>, stop: &Stop, next: &str) -> bool {
    let before = stop.at.checked_sub(1).and_then(|at| walk.get(at));
    // « و … »: the list goes on, not the thought.
    let stands_alone = before.is_none_or(|c| c.is_whitespace() || matches!(c, '[' | '(' | '،'));
    let word = word_before(walk, stop.at);
    if stands_alone && before.is_some_and(char::is_whitespace) {
        // وعده داده شد ... هیچ‌کدام: the thought had its verb already.
        let mut end = stop.at;
        while end > walk.start && walk.get(end - 1).is_some_and(char::is_whitespace) {
            end -= 1;
        }
        return FINAL_VERBS.contains(&word_before(walk, end)) && !GOES_ON.contains(&next);
    }
    !stands_alone && !GOES_ON.contains(&next) && !matches!(word, "و" | "یا")
}

fn period_ends(walk: &Walk<'_>, stop: &Stop, next: usize, after: &str) -> bool {
    let word = word_before(walk, stop.at);
    let start = stop.at - word.chars().count();
    if word.is_empty() {
        return true;
    }
    if word == "الف" && !starts_with(walk, stop.at, word) {
        // گزارش الف. رضایی, but: گزینه الف.
        let mut end = start;
        while end > walk.start && walk.get(end - 1).is_some_and(char::is_whitespace) {
            end -= 1;
        }
        return LETTERED.contains(&word_before(walk, end));
    }
    if word.chars().all(char::is_numeric) || word == "الف" {
        // ۱. افتتاحیه
        return !(word.chars().count() <= 3 && starts_with(walk, stop.at, word));
    }
    let latin = word.chars().all(|c| c.is_ascii_alphabetic());
    if latin && walk.get(next).is_some_and(|c| c.is_ascii_lowercase()) {
        return false;
    }
    if letters(word) == 1 {
        // An era may end a sentence (… ه.ش. او …), an initial never does.
        let dotted = start > 0 && walk.get(start - 1).is_some_and(|c| matches!(c, '.' | ' '));
        return dotted && matches!(word, "ش" | "ق" | "م") && STARTERS.contains(&after);
    }
    if word == "No" {
        return !walk.get(next).is_some_and(char::is_numeric);
    }
    if ABBREVIATIONS.contains(&word) {
        return false;
    }
    if LETTER_NAMES.contains(&word) && walk.get(next).is_some_and(char::is_alphabetic) {
        let mut end = start;
        while end > walk.start && walk.get(end - 1).is_some_and(char::is_whitespace) {
            end -= 1;
        }
        let before = word_before(walk, end);
        // Letters in a row without dots are a name: «به گزارش بی بی سی.»
        return before.chars().any(char::is_numeric)
            || NOT_BEFORE_INITIALS.contains(&before)
            || LETTER_NAMES.contains(&before);
    }
    true
}

/// Whether the sentence so far is only the word that ends at `end`.
fn starts_with(walk: &Walk<'_>, end: usize, word: &str) -> bool {
    let start = end - word.chars().count();
    walk.start <= start && walk.slice(walk.start..start).chars().all(|c| !c.is_alphanumeric())
}

/// Whether a colon or a verb of saying stands right before the quotation that opens at `at`.
pub(super) fn is_announced(walk: &Walk<'_>, at: usize) -> bool {
    let mut end = at;
    while end > walk.start && walk.get(end - 1).is_some_and(|c| c.is_whitespace() || is_hidden(c)) {
        end -= 1;
    }
    if end > walk.start && walk.get(end - 1) == Some(':') {
        return true;
    }
    let mut word = word_before(walk, end);
    if word == "که" {
        word = word_before(walk, end.saturating_sub(3));
    }
    // «…» و «…»: the second is as much said as the first.
    if word == "و" && walk.has_quoted {
        return true;
    }
    // به گفته او، «…»
    if end > walk.start && walk.get(end - 1) == Some('،') {
        let start = walk.start.max(end.saturating_sub(3 * LONGEST_WORD));
        let mut words = walk.slice(start..end).split_whitespace().map(bare);
        return words.any(|word| SOURCES.contains(&word));
    }
    SAYING.contains(&word) || LIGHT_VERBS.contains(&word)
}

/// Whether the sentence up to the colon at `at` is a dateline: a place, a dash and an agency,
/// `تهران - ایرنا:`, with text of its own behind it.
pub(super) fn is_dateline(walk: &Walk<'_>, at: usize) -> bool {
    let has_text = walk.get(at + 1).is_some_and(char::is_whitespace);
    if !has_text || at - walk.start > LONGEST_WORD || !walk.open.is_empty() {
        return false;
    }
    let line = walk.slice(walk.start..at);
    line.split_once(['-', '–', '—']).is_some_and(|(place, agency)| {
        let agency = agency.trim();
        let is_place = letters(place) > 1 && !place.trim().contains(char::is_whitespace);
        is_place && AGENCIES.iter().any(|name| agency.starts_with(name))
    })
}

/// The letters, digits and half-spaces right before `end`.
fn word_before<'text>(walk: &Walk<'text>, end: usize) -> &'text str {
    let length = walk.chars[..end].iter().rev().take(LONGEST_WORD).take_while(|(_, c)| in_word(*c));
    walk.slice(end - length.count()..end)
}

/// The letters, digits and half-spaces from `start`.
fn word_at<'text>(walk: &Walk<'text>, start: usize) -> &'text str {
    let length = walk.chars[start..].iter().take(LONGEST_WORD).take_while(|(_, c)| in_word(*c));
    walk.slice(start..start + length.count())
}

/// Letters, digits, half-spaces, and vowel marks, which are no letters.
fn in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\u{200C}' | '\u{64B}'..='\u{65F}' | '\u{670}')
}

fn letters(word: &str) -> usize {
    word.chars().filter(|c| c.is_alphabetic()).count()
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !in_word(c))
}
