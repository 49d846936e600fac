//! Numbers of a text with their values: digits of three scripts, words, and both mixed
//! (`۱۲ هزار میلیارد`). Owns how Persian writes numbers; what an English text should say,
//! the checks know.

use std::ops::Range;

use super::dates::dates;
use super::tokens::{self, Kind, Token};

/// What a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberKind {
    /// How many.
    Cardinal,
    /// Which in a row: `سوم`.
    Ordinal,
    /// Of a hundred: `۴۵ درصد`.
    Percent,
    /// A part: `یک چهارم`.
    Fraction,
    /// A time of day: `۸:۱۵`; the value is in hours.
    Time,
}

/// A number in a text.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Number {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// What it says.
    pub kind: NumberKind,
    /// Its value; of a percentage 45, not 0.45; of a time of day the hours, 8.25.
    pub value: f64,
    /// Whether it is written in digits, at least in part.
    pub has_digits: bool,
}

const ONES: &[(&str, u32)] = &[
    ("صفر", 0),
    ("یک", 1),
    ("دو", 2),
    ("سه", 3),
    ("چهار", 4),
    ("پنج", 5),
    ("شش", 6),
    ("هفت", 7),
    ("هشت", 8),
    ("نه", 9),
    ("ده", 10),
    ("یازده", 11),
    ("دوازده", 12),
    ("سیزده", 13),
    ("چهارده", 14),
    ("پانزده", 15),
    ("شانزده", 16),
    ("هفده", 17),
    ("هجده", 18),
    ("هیجده", 18),
    ("نوزده", 19),
    ("بیست", 20),
    ("سی", 30),
    ("چهل", 40),
    ("پنجاه", 50),
    ("شصت", 60),
    ("هفتاد", 70),
    ("هشتاد", 80),
    ("نود", 90),
    ("صد", 100),
    ("یکصد", 100),
    ("دویست", 200),
    ("سیصد", 300),
    ("چهارصد", 400),
    ("پانصد", 500),
    ("ششصد", 600),
    ("هفتصد", 700),
    ("هشتصد", 800),
    ("نهصد", 900),
];

const SCALES: &[(&str, f64)] = &[
    ("هزار", 1e3),
    ("میلیون", 1e6),
    ("ملیون", 1e6),
    ("میلیارد", 1e9),
    ("ملیارد", 1e9),
    ("بیلیون", 1e12),
    ("تریلیون", 1e12),
    ("تریلیارد", 1e21),
];

const ORDINALS: &[(&str, u32)] = &[("اول", 1), ("نخست", 1), ("دوم", 2), ("سوم", 3), ("سی‌ام", 30)];

/// Alone these are mostly other words (the article, no, village, lung).
const DOUBTFUL: &[&str] = &["یک", "نه", "ده", "شش", "سی", "صفر"];

/// The numbers of a text, in order, without those that are part of a date.
#[must_use]
pub fn numbers(text: &str) -> Vec<Number> {
    let tokens = tokens::split(text);
    let dates = dates(text);
    let in_date = |token: &Token| {
        dates
            .iter()
            .any(|date| date.span.start <= token.span.start && token.span.end <= date.span.end)
    };
    tokens::read_each(
        tokens.len(),
        |at| {
            if in_date(&tokens[at]) { None } else { read(&tokens, at) }
        },
    )
}

/// The number that begins at a token, and the token after it.
fn read(tokens: &[Token], at: usize) -> Option<(Number, usize)> {
    if let Some(time) = time(tokens, at) {
        return Some(time);
    }
    let (mut value, mut end) = sum(tokens, at)?;
    let mut kind = NumberKind::Cardinal;
    let digits = |end: usize| tokens[at..end].iter().any(|token| token.kind == Kind::Digits);
    if let Some(part) = tokens.get(end).and_then(denominator).filter(|_| !digits(end)) {
        // «دو سوم»; but «بیست و دوم» was read as an ordinal by `sum`.
        value /= f64::from(part);
        kind = NumberKind::Fraction;
        end += 1;
    } else if let Some(last) = tokens.get(end - 1).filter(|last| last.kind == Kind::Word)
        && simple(last.text.trim_start_matches('و')).is_none()
        && scale(&last.text).is_none()
    {
        kind = NumberKind::Ordinal;
    }
    if kind == NumberKind::Cardinal
        && let Some(next) = tokens.get(end)
    {
        if next.is("%") || next.is("درصد") || next.is("درصدی") {
            kind = NumberKind::Percent;
            end += 1;
        } else if (digits(end) && next.is("م") && !next.spaced) || next.is("ام") {
            // ۲۵م, ۲۵ام, سی‌ام
            kind = NumberKind::Ordinal;
            end += 1;
        }
    }
    // سه‌شنبه is a day.
    if tokens.get(end).is_some_and(|next| next.is("شنبه")) && !digits(end) {
        return None;
    }
    let alone = kind == NumberKind::Cardinal && end == at + 1;
    if alone && DOUBTFUL.contains(&tokens[at].text.as_str()) {
        return None;
    }
    let has_digits = digits(end);
    let span = tokens[at].span.start..tokens[end - 1].span.end;
    Some((Number { span, kind, value, has_digits }, end))
}

/// `۸:۱۵`
fn time(tokens: &[Token], at: usize) -> Option<(Number, usize)> {
    let [hour, colon, minute] = tokens.get(at..at + 3)? else { return None };
    let (hours, minutes) = (hour.number()?, minute.number()?);
    let tight = !colon.spaced && !minute.spaced;
    if !(colon.is(":") && tight && hours <= 24 && minutes < 60 && minute.text.len() == 2) {
        return None;
    }
    let value = f64::from(hours) + f64::from(minutes) / 60.0;
    let span = hour.span.start..minute.span.end;
    Some((Number { span, kind: NumberKind::Time, value, has_digits: true }, at + 3))
}

/// Terms joined by `و`, each smaller than the one before: `۸ میلیون و ۵۰۰ هزار`.
fn sum(tokens: &[Token], at: usize) -> Option<(f64, usize)> {
    let (mut total, mut end, mut smallest) = term(tokens, at)?;
    while let Some(and) = tokens.get(end) {
        let next = if and.is("و") {
            end + 1
        } else if and.text.len() > 2
            && and.text.starts_with('و')
            && simple(&and.text['و'.len_utf8()..]).is_some()
        {
            // بیست‌ونه: the token is «ونه»; digits never stand so.
            let (value, scale) = (simple(&and.text['و'.len_utf8()..]).map(f64::from), 1.0);
            let Some(value) = value.filter(|value| *value < smallest) else { break };
            total += value;
            smallest = scale;
            end += 1;
            continue;
        } else {
            break;
        };
        let Some((value, after, unit)) = term(tokens, next).filter(|(value, ..)| *value < smallest)
        else {
            break;
        };
        total += value;
        smallest = unit;
        end = after;
    }
    Some((total, end))
}

/// A number with the scales behind it, `۱۲ هزار میلیارد`. With it comes what the next term
/// must stay below.
fn term(tokens: &[Token], at: usize) -> Option<(f64, usize, f64)> {
    let first = tokens.get(at)?;
    let (value, mut end, mut below) = match first.kind {
        Kind::Digits => {
            let (value, end) = decimal(tokens, at)?;
            (value, end, 1.0)
        }
        Kind::Word => {
            if let Some(scale) = scale(&first.text) {
                (scale, at + 1, scale)
            } else if let Some(value) = simple(&first.text) {
                let below = if value >= 100 {
                    100
                } else if value >= 20 {
                    10
                } else {
                    1
                };
                (f64::from(value), at + 1, f64::from(below))
            } else {
                return ordinal(&first.text).map(|value| (f64::from(value), at + 1, 0.0));
            }
        }
        Kind::Mark => return None,
    };
    let mut product = value;
    // صد و بیست هزار: the scale belongs to all that stands before it.
    if first.kind == Kind::Word && scale(&first.text).is_none() {
        while tokens.get(end).is_some_and(|and| and.is("و")) {
            let Some(next) = tokens.get(end + 1).and_then(|next| simple(&next.text)) else { break };
            if f64::from(next) >= below {
                break;
            }
            product += f64::from(next);
            below = if next >= 20 { 10.0 } else { 1.0 };
            end += 2;
        }
    }
    let mut has_scale = false;
    while let Some(scale) = tokens.get(end).and_then(|token| scale(&token.text)) {
        product *= scale;
        // What follows is smaller than the last scale: میلیون و ۵۰۰ هزار.
        below = scale;
        has_scale = true;
        end += 1;
    }
    if first.kind == Kind::Digits && !has_scale {
        below = 0.0;
    }
    Some((product, end, below))
}

/// Digits with separators: `۱٬۲۰۰`, `۳٫۲`, `3.75`, and `۲/۷`, which is 2.7 in Persian.
fn decimal(tokens: &[Token], at: usize) -> Option<(f64, usize)> {
    let mut digits = tokens[at].text.clone();
    let mut end = at + 1;
    let tight = |end: usize| -> Option<(&Token, &Token)> {
        let (mark, next) = (tokens.get(end)?, tokens.get(end + 1)?);
        (!mark.spaced && !next.spaced && next.kind == Kind::Digits).then_some((mark, next))
    };
    while let Some((mark, next)) = tight(end) {
        if !mark.is(",") || next.text.len() != 3 || digits.len() > 18 {
            break;
        }
        digits.push_str(&next.text);
        end += 2;
    }
    if let Some((mark, next)) = tight(end)
        && (mark.is(".") || mark.is("/"))
        && !tight(end + 2).is_some_and(|(mark, _)| mark.is(".") || mark.is("/"))
    {
        digits.push('.');
        digits.push_str(&next.text);
        end += 2;
    }
    Some((digits.parse().ok()?, end))
}

/// The value of a word for a number below a thousand.
pub(super) fn simple(word: &str) -> Option<u32> {
    ONES.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

fn scale(word: &str) -> Option<f64> {
    SCALES.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

/// The value of an ordinal: `سوم`, `بیستم`, `نهم`.
pub(super) fn ordinal(word: &str) -> Option<u32> {
    let word = word.strip_suffix("ین").filter(|stem| stem.ends_with('م')).unwrap_or(word);
    let listed = ORDINALS.iter().find(|(name, _)| *name == word).map(|(_, value)| *value);
    listed.or_else(|| {
        let stem = word.strip_suffix('م')?;
        simple(stem).filter(|value| !matches!(value, 2 | 3 | 30))
    })
}

fn denominator(token: &Token) -> Option<u32> {
    (token.kind == Kind::Word).then(|| ordinal(&token.text)).flatten().filter(|part| *part > 1)
}
