//! Years of a text that stand without a month: one, several from the first to the last, and
//! decades. Owns how Persian writes them; months and days are in `dates`.

use std::ops::Range;

use super::calendar::Calendar;
use super::dates::{calendar_of, dates, is_last};
use super::numbers::simple;
use super::tokens::{self, Kind, Token};

/// A year without a month, some years, or a decade.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WrittenYears {
    /// Where they stand, in bytes, without the word for year or decade before them.
    pub span: Range<usize>,
    /// Whose years these are.
    pub calendar: Calendar,
    /// The first, with its century.
    pub first: i32,
    /// The last, the same for one year.
    pub last: i32,
    /// Whether it is a decade: `دهه ۱۳۵۰`.
    pub is_decade: bool,
    /// Whether the text leaves the century out, `دهه شصت`, and that of Iran's calendar was
    /// taken.
    pub century_inferred: bool,
}

impl WrittenYears {
    /// The years in English, `1401`, `1398–1400`, `1350s`.
    #[must_use]
    pub fn in_english(&self) -> String {
        match (self.is_decade, self.first == self.last) {
            (true, _) => format!("{}s", self.first),
            (false, true) => self.first.to_string(),
            (false, false) => format!("{}–{}", self.first, self.last),
        }
    }

    /// The years with the Gregorian ones behind them, `1401 (2022–23)`; `None` for years that
    /// are not of the Solar Hijri calendar. A year begins in March.
    #[must_use]
    pub fn with_gregorian(&self) -> Option<String> {
        if self.calendar != Calendar::SolarHijri {
            return None;
        }
        let (first, last) = (self.first + 621, self.last + 622);
        let last =
            if first / 100 == last / 100 { format!("{:02}", last % 100) } else { last.to_string() };
        // 1350 to 1359 are nine years of the 1970s and one more.
        let decade =
            if self.is_decade { format!(", the {}s", first / 10 * 10) } else { String::new() };
        Some(format!("{} ({first}–{last}{decade})", self.in_english()))
    }
}

/// The years of a text, in order, without those of [`dates()`]. Four digits alone may count
/// something: a year has a word or an era beside it.
#[must_use]
pub fn years(text: &str) -> Vec<WrittenYears> {
    let tokens = tokens::split(text);
    let dates = dates(text);
    tokens::read_each(tokens.len(), |at| {
        let in_date = dates.iter().any(|date| date.span.contains(&tokens[at].span.start));
        if in_date { None } else { decade(&tokens, at).or_else(|| plain(&tokens, at)) }
    })
}

/// `دهه ۱۳۵۰`, `دهه شصت`, `دهه ۱۹۷۰ میلادی`
fn decade(tokens: &[Token], at: usize) -> Option<(WrittenYears, usize)> {
    // دههٔ, دهه‌ی
    let yeh = at.checked_sub(1).is_some_and(|before| tokens[before].is("ی"));
    let word = at.checked_sub(1 + usize::from(yeh))?;
    if !tokens[word].is("دهه") {
        return None;
    }
    let token = &tokens[at];
    let number = token.number().or_else(|| simple(&token.text).filter(|value| *value < 100))?;
    if number % 10 != 0 {
        return None;
    }
    let (era, end) = era(tokens, at + 1);
    let (calendar, first, century_inferred) = century(number, token, era)?;
    let span = token.span.start..tokens[end - 1].span.end;
    let last = first + 9;
    Some((WrittenYears { span, calendar, first, last, is_decade: true, century_inferred }, end))
}

/// `سال ۱۴۰۱`, `۱۳۵۷ خورشیدی`, `سال‌های ۱۳۹۸ تا ۱۴۰۰`, `۱۳۹۸-۱۴۰۰`
fn plain(tokens: &[Token], at: usize) -> Option<(WrittenYears, usize)> {
    let token = tokens.get(at).filter(|token| token.kind == Kind::Digits)?;
    if decimal_or_date(tokens, at) {
        return None;
    }
    let has_word = behind_word(tokens, at);
    let number = token.number()?;
    if let Some((last, joint, end)) = range_end(tokens, at) {
        let (era, after) = era(tokens, end);
        let last_number = whole(number, last)?;
        let is_dash = joint.is("-") || joint.is("–");
        let is_tight = is_dash && !joint.spaced && !last.spaced && (1300..1450).contains(&number);
        let fits = number < last_number && last_number - number <= 100 && token.text.len() == 4;
        if fits && (has_word || era.is_some() || is_tight && is_last(tokens.get(end))) {
            let (calendar, first, _) = century(number, token, era)?;
            let (_, last, _) = century(last_number, token, era)?;
            let span = token.span.start..tokens[after - 1].span.end;
            let (is_decade, century_inferred) = (false, false);
            let years = WrittenYears { span, calendar, first, last, is_decade, century_inferred };
            return Some((years, after));
        }
    }
    let (era, end) = era(tokens, at + 1);
    // سال ۹۸, but not «سال ۲۰ نفر»; a small number may be one of a row.
    let is_short = token.text.len() == 2 && number >= 30 && is_last(tokens.get(end));
    if !(has_word && (is_short || token.text.len() == 4) || era.is_some() && token.text.len() == 4)
    {
        return None;
    }
    let (calendar, first, century_inferred) = century(number, token, era)?;
    let span = token.span.start..tokens[end - 1].span.end;
    let years =
        WrittenYears { span, calendar, first, last: first, is_decade: false, century_inferred };
    Some((years, end))
}

/// The number behind a joint, the joint, and the token after both.
fn range_end(tokens: &[Token], at: usize) -> Option<(&Token, &Token, usize)> {
    let joint = tokens.get(at + 1)?;
    let is_joint = ["-", "–", "تا", "الی"].iter().any(|word| joint.is(word));
    let last = tokens.get(at + 2).filter(|last| is_joint && last.kind == Kind::Digits)?;
    let goes_on = tokens.get(at + 3).is_some_and(|next| !next.spaced && next.is(&joint.text));
    (!goes_on && !decimal_or_date(tokens, at + 2)).then_some((last, joint, at + 3))
}

/// `۱۳۹۸-۹۹`: the last year has the century of the first.
fn whole(first: u32, last: &Token) -> Option<u32> {
    let number = last.number()?;
    match last.text.len() {
        4 => Some(number),
        2 => Some(first / 100 * 100 + number),
        _ => None,
    }
}

/// Whether a run of digits is a part of something else: `1.5`, `۱۴۰۳/۸/۱۵`, `۸:۱۵`.
fn decimal_or_date(tokens: &[Token], at: usize) -> bool {
    let is_mark = |token: &Token| matches!(token.text.as_str(), "." | "," | "/" | ":" | "%");
    let digits = |token: Option<&Token>| token.is_some_and(|token| token.kind == Kind::Digits);
    let after = tokens.get(at + 1).is_some_and(|mark| !mark.spaced && is_mark(mark))
        && tokens.get(at + 2).is_some_and(|next| !next.spaced)
        && digits(tokens.get(at + 2));
    let before = at.checked_sub(1).is_some_and(|mark| is_mark(&tokens[mark]))
        && !tokens[at].spaced
        && digits(at.checked_sub(2).map(|before| &tokens[before]));
    after || before
}

/// Whether a word for year stands before: `سال ۱۴۰۱`, `سال‌های ۱۳۹۸`.
fn behind_word(tokens: &[Token], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or("", |before| &tokens[before].text);
    match before(1) {
        "سال" | "سالهای" | "سنه" => true,
        "های" => before(2) == "سال",
        _ => false,
    }
}

/// The calendar that stands behind a year, and the token after it: `شمسی`, `هجری خورشیدی`,
/// `ه.ش.`, `ش.`, `میلادی`, `م.`, `قمری`.
fn era(tokens: &[Token], at: usize) -> (Option<Calendar>, usize) {
    let is = |at: usize, text: &str| tokens.get(at).is_some_and(|token| token.is(text));
    let dot = |at: usize| usize::from(is(at, ".") && !tokens[at].spaced);
    let mut end = at;
    let hijri = is(end, "هجری") || is(end, "ه");
    if hijri {
        end += 1;
        end += dot(end);
    }
    let name = tokens.get(end).map_or("", |token| token.text.as_str());
    let (calendar, is_letter) = match name {
        "شمسی" | "خورشیدی" => (Calendar::SolarHijri, false),
        "قمری" => (Calendar::LunarHijri, false),
        "میلادی" => (Calendar::Gregorian, false),
        "ش" => (Calendar::SolarHijri, true),
        "ق" => (Calendar::LunarHijri, true),
        "م" => (Calendar::Gregorian, true),
        _ => return (None, at),
    };
    // A letter alone is one with a stop behind it, or with «ه.» before it.
    if is_letter && !hijri && dot(end + 1) == 0 {
        return (None, at);
    }
    // The stop of a letter may be that of the sentence, too.
    let end = end + 1 + if is_letter { dot(end + 1) } else { 0 };
    (Some(calendar), end)
}

/// A year with its century, and whether that was inferred.
fn century(number: u32, token: &Token, era: Option<Calendar>) -> Option<(Calendar, i32, bool)> {
    let value = i32::try_from(number).ok()?;
    if token.kind == Kind::Digits && token.text.len() == 4 {
        let (calendar, _) = calendar_of(number)?;
        return match era {
            None => Some((calendar, value, false)),
            // 1447 is a year of either Hijri calendar, 1066 of the Gregorian one alone.
            Some(era) => {
                let fits = (era == Calendar::Gregorian) == (calendar == Calendar::Gregorian);
                fits.then_some((era, value, false))
            }
        };
    }
    if !(10..100).contains(&number) {
        return None;
    }
    match era {
        Some(Calendar::Gregorian) => Some((Calendar::Gregorian, 1900 + value, true)),
        Some(Calendar::LunarHijri) => None,
        _ => Some((Calendar::SolarHijri, 1300 + value, true)),
    }
}
