//! Dates of a text, as they are written, and as days of the Gregorian calendar. Owns how
//! Persian writes dates; the reckoning is in `calendar`.

use std::ops::Range;

use super::calendar::{self, Calendar, Day, GREGORIAN_NAMES, LUNAR_NAMES, SOLAR_NAMES};
use super::numbers::{ordinal, simple};
use super::tokens::{self, Kind, Token};

/// A date in a text, as far as it is written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct WrittenDate {
    /// Where it stands, in bytes.
    pub span: Range<usize>,
    /// Whose months and years these are.
    pub calendar: Calendar,
    /// The year with its century; `None` where the text has none.
    pub year: Option<i32>,
    /// The month, from 1.
    pub month: u8,
    /// The day; `None` for `مهر ۱۴۰۴`.
    pub day: Option<u8>,
    /// The day of the week that stands before it, from 1 for Monday.
    pub weekday: Option<u8>,
}

/// What a date is in the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// The day; of a month without a day its first.
    pub first: Day,
    /// The same day; of a month without a day its last.
    pub last: Day,
    /// Whether the text has no year, and the one closest to the article's date was taken.
    pub year_inferred: bool,
}

impl WrittenDate {
    /// The date in the Gregorian calendar. `None` where there is no such day, and for the
    /// lunar calendar.
    ///
    /// * `reference`: the date of the article, which a date without a year is close to
    #[must_use]
    pub fn resolve(&self, reference: Day) -> Option<Resolved> {
        if let Some(year) = self.year {
            return self.in_year(year, false);
        }
        let year = match self.calendar {
            Calendar::SolarHijri => reference.solar_hijri_year(),
            Calendar::Gregorian => reference.year,
            Calendar::LunarHijri => return None,
        };
        (year - 1..=year + 1)
            .filter_map(|year| self.in_year(year, true))
            .min_by_key(|resolved| resolved.first.distance(reference))
    }

    fn in_year(&self, year: i32, year_inferred: bool) -> Option<Resolved> {
        let day = |day| match self.calendar {
            Calendar::SolarHijri => Day::solar_hijri(year, self.month, day),
            Calendar::Gregorian => Day::gregorian(year, self.month, day),
            Calendar::LunarHijri => None,
        };
        let first = day(self.day.unwrap_or(1))?;
        let last = match self.day {
            Some(_) => first,
            None => (28..=31).rev().find_map(day)?,
        };
        Some(Resolved { first, last, year_inferred })
    }

    /// The date with its own month in English, `29 Mehr 1404`.
    #[must_use]
    pub fn in_english(&self) -> String {
        let names = match self.calendar {
            Calendar::SolarHijri => SOLAR_NAMES,
            Calendar::Gregorian => GREGORIAN_NAMES,
            Calendar::LunarHijri => LUNAR_NAMES,
        };
        let month = names[usize::from(self.month.clamp(1, 12)) - 1];
        let day = self.day.map(|day| format!("{day} ")).unwrap_or_default();
        let year = self.year.map(|year| format!(" {year}")).unwrap_or_default();
        format!("{day}{month}{year}")
    }

    /// The date with its Gregorian one behind it, `29 Mehr (October 21)`; `None` for dates that
    /// are Gregorian already or can't be reckoned. The year is named where the text names one.
    #[must_use]
    pub fn with_gregorian(&self, reference: Day) -> Option<String> {
        if self.calendar == Calendar::Gregorian {
            return None;
        }
        let resolved = self.resolve(reference)?;
        let written = |day: Day, year: bool| {
            let year = if year { format!(", {}", day.year) } else { String::new() };
            format!("{} {}{year}", day.month_name(), day.day)
        };
        let has_year = self.year.is_some();
        let gregorian = if resolved.first == resolved.last {
            written(resolved.first, has_year)
        } else {
            let first =
                written(resolved.first, has_year && resolved.first.year != resolved.last.year);
            format!("{first} to {}", written(resolved.last, has_year))
        };
        Some(format!("{} ({gregorian})", self.in_english()))
    }
}

/// Before a month that is a common word too, these and days of the week show that a date is meant.
const BEFORE: &[&str] = &[
    "روز",
    "تاریخ",
    "مورخ",
    "مورخه",
    "تا",
    "از",
    "صبح",
    "شب",
    "بامداد",
    "امروز",
    "دیروز",
    "فردا",
    "شامگاه",
    "عصر",
    "ظهر",
];

/// Behind a year or month, part of the date.
const ERAS: &[&str] = &["خورشیدی", "شمسی", "میلادی", "قمری"];

/// The dates of a text, in order.
#[must_use]
pub fn dates(text: &str) -> Vec<WrittenDate> {
    let tokens = tokens::split(text);
    let found = tokens::read_each(tokens.len(), |at| {
        let one = numeric(&tokens, at).or_else(|| written(&tokens, at));
        one.map(|(date, end)| (vec![date], end))
            .or_else(|| range(&tokens, at).map(|(dates, end)| (dates.into(), end)))
    });
    found.concat()
}

/// `۱۲ تا ۱۵ مهر ۱۴۰۴`: the first day has the month and the year of the second.
fn range(tokens: &[Token], at: usize) -> Option<([WrittenDate; 2], usize)> {
    const TO: &[&str] = &["تا", "الی", "و", "-", "–"];
    let (number, end) = day(tokens, at)?;
    let to = tokens.get(end).filter(|token| TO.contains(&token.text.as_str()))?;
    let (last, after) = written(tokens, end + 1)?;
    // بیست و سوم مهر is one day; of words only «تا» makes two.
    let is_range = !to.is("و") || tokens[at].kind == Kind::Digits;
    if !is_range || last.day.is_none_or(|day| day <= number) {
        return None;
    }
    let span = tokens[at].span.start..tokens[end - 1].span.end;
    let weekday = weekday_before(tokens, at);
    let first = WrittenDate { span, day: Some(number), weekday, ..last.clone() };
    Some(([first, last], after))
}

/// `۱۴۰۳/۰۸/۱۵`, `1403-8-15`
fn numeric(tokens: &[Token], at: usize) -> Option<(WrittenDate, usize)> {
    let [year, first, month, second, day] = tokens.get(at..at + 5)? else { return None };
    let tight = [first, month, second, day].iter().all(|token| !token.spaced);
    let marked = first.text == second.text && matches!(first.text.as_str(), "/" | "-" | ".");
    let after = tokens.get(at + 5).is_some_and(|next| !next.spaced && next.is(&first.text));
    if !tight || !marked || after || year.text.len() != 4 {
        return None;
    }
    let (calendar, written) = calendar_of(year.number()?)?;
    let (month, number) = (small(month, 12)?, small(day, 31)?);
    let span = year.span.start..day.span.end;
    let weekday = weekday_before(tokens, at);
    let (year, day) = (Some(written), Some(number));
    let date = WrittenDate { span, calendar, year, month, day, weekday };
    date.in_year(written, false)?;
    Some((date, at + 5))
}

/// `۲۹ مهر`, `بیست و نهم مهرماه ۱۴۰۴`, `مهر ۱۴۰۴`
fn written(tokens: &[Token], at: usize) -> Option<(WrittenDate, usize)> {
    let day = day(tokens, at);
    let mut end = day.map_or(at, |(_, end)| end);
    let (calendar, month, is_common) = {
        let (name, parts) = month_name(tokens, end)?;
        end += parts;
        name
    };
    let has_month_word = tokens.get(end).is_some_and(|token| token.is("ماه"))
        || tokens.get(end - 1).is_some_and(|token| token.text.ends_with("ماه"));
    if tokens.get(end).is_some_and(|token| token.is("ماه")) {
        end += 1;
    }
    let year = year(tokens, end, calendar, day.is_some());
    if let Some((_, after)) = year {
        end = after;
    }
    let before = at.checked_sub(1).map(|before| tokens[before].text.as_str());
    let is_sign = |word: &str| BEFORE.contains(&word) || WEEKDAYS.contains(&word);
    let has_sign = year.is_some() || has_month_word || before.is_some_and(is_sign);
    // A month alone is no date, «۳ تیر» may be three shots.
    if (day.is_none() && year.is_none()) || (is_common && !has_sign) {
        return None;
    }
    if tokens.get(end).is_some_and(|token| ERAS.contains(&token.text.as_str())) {
        end += 1;
    }
    let span = tokens[at].span.start..tokens[end - 1].span.end;
    let date = WrittenDate {
        span,
        calendar,
        year: year.map(|(year, _)| year),
        month,
        day: day.map(|(day, _)| day),
        weekday: weekday_before(tokens, at),
    };
    // ۳۵ مهر is nothing.
    date.resolve(Day { year: 2024, month: 3, day: 1 })
        .is_some()
        .then_some(())
        .or((calendar == Calendar::LunarHijri).then_some(()))?;
    Some((date, end))
}

/// A month at a token, of one word or two (ربیع‌الاول), and how many tokens it takes.
fn month_name(tokens: &[Token], at: usize) -> Option<((Calendar, u8, bool), usize)> {
    let first = tokens.get(at).filter(|token| token.kind == Kind::Word)?;
    if let Some(next) = tokens.get(at + 1)
        && let Some(found) = calendar::month(&format!("{}{}", first.text, next.text))
            .filter(|_| next.text.starts_with("ال"))
    {
        return Some((found, 2));
    }
    calendar::month(&first.text).map(|found| (found, 1))
}

/// A day of a month, in digits or words, and the token after it.
fn day(tokens: &[Token], at: usize) -> Option<(u8, usize)> {
    let first = tokens.get(at)?;
    if let Some(day) = small(first, 31) {
        let tight_m =
            tokens.get(at + 1).is_some_and(|next| (next.is("م") && !next.spaced) || next.is("ام"));
        return Some((day, at + 1 + usize::from(tight_m)));
    }
    let tens = simple(&first.text).filter(|tens| matches!(tens, 20 | 30));
    let and = tokens.get(at + 1);
    let rest = match (tens, and) {
        (Some(_), Some(and)) if and.is("و") => {
            tokens.get(at + 2).map(|next| (next.text.clone(), at + 3))
        }
        // بیست‌ونهم
        (Some(_), Some(and)) if and.text.starts_with('و') => {
            Some((and.text['و'.len_utf8()..].to_owned(), at + 2))
        }
        _ => None,
    };
    let small_word = |word: &str| simple(word).or_else(|| ordinal(word));
    if let (Some(tens), Some((word, end))) = (tens, rest)
        && let Some(ones) = small_word(&word).filter(|ones| (1..10).contains(ones))
    {
        return u8::try_from(tens + ones).ok().filter(|day| *day <= 31).map(|day| (day, end));
    }
    if tens == Some(30) && and.is_some_and(|next| next.is("ام")) {
        return Some((30, at + 2));
    }
    let value = small_word(&first.text).filter(|value| (1..=31).contains(value))?;
    // «یک» alone is an article more often than a day.
    u8::try_from(value).ok().filter(|_| !first.is("یک")).map(|day| (day, at + 1))
}

/// A year behind a month: four digits, or two behind a day.
fn year(tokens: &[Token], at: usize, calendar: Calendar, has_day: bool) -> Option<(i32, usize)> {
    let skip = usize::from(tokens.get(at).is_some_and(|token| token.is("سال") || token.is(",")));
    let token = tokens.get(at + skip)?;
    let number = token.number()?;
    // ۲۹ مهر، ۱۲ نفر: a number that counts something else; ۵:۳۰ is a time, ۲٫۵ a decimal.
    let next = tokens.get(at + skip + 1);
    let goes_on = next.is_some_and(|next| {
        !next.spaced && matches!(next.text.as_str(), ":" | "." | "," | "/" | "%")
    }) && tokens
        .get(at + skip + 2)
        .is_some_and(|next| !next.spaced && next.kind == Kind::Digits);
    if goes_on {
        return None;
    }
    match token.text.len() {
        4 => {
            let (found, year) = calendar_of(number)?;
            let fits = found == calendar
                || (calendar == Calendar::LunarHijri && found == Calendar::SolarHijri);
            fits.then_some((year, at + skip + 1))
        }
        // ۲۳ تیر ۹۴: only behind a day, and only a year that can't be mistaken for a count.
        2 if has_day && skip == 0 && calendar == Calendar::SolarHijri && is_last(next) => {
            let century = if number >= 30 { 1300 } else { 1400 };
            i32::try_from(number).ok().map(|year| (century + year, at + 1))
        }
        _ => None,
    }
}

/// Whether what follows a two-digit year is no noun that it could count.
pub(super) fn is_last(next: Option<&Token>) -> bool {
    const COUNTED: &[&str] = &[
        "نفر",
        "تن",
        "درصد",
        "هزار",
        "میلیون",
        "میلیارد",
        "دلار",
        "ساله",
        "سال",
        "کشور",
        "روز",
        "ساعت",
    ];
    next.is_none_or(|next| !COUNTED.contains(&next.text.as_str()))
}

/// Days of the week, Monday first; the half-space of a name parts its tokens.
const WEEKDAYS: [&str; 7] = ["دوشنبه", "سهشنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه"];

/// The day of the week that ends with a token, from 1 for Monday, and the token that it begins
/// with: `سه‌شنبه`, `سهشنبه`, `سه شنبه`.
#[must_use]
pub fn weekday(tokens: &[Token], last: usize) -> Option<(u8, usize)> {
    let token = tokens.get(last)?;
    let number = |name: &str| {
        let day = WEEKDAYS.iter().position(|day| *day == name)?;
        u8::try_from(day + 1).ok()
    };
    let alone = number(&token.text)?;
    let first = last.checked_sub(1).filter(|_| token.is("شنبه"));
    let parted = first
        .and_then(|first| Some((number(&format!("{}{}", tokens[first].text, token.text))?, first)));
    Some(parted.unwrap_or((alone, last)))
}

/// The day of the week before a date: `سه‌شنبه ۲۹ مهر`, `سه‌شنبه، ۲۹ مهر`, `سه‌شنبه (۲۹ مهر)`.
fn weekday_before(tokens: &[Token], at: usize) -> Option<u8> {
    let mut last = at.checked_sub(1)?;
    if [",", "(", "مورخ"].iter().any(|mark| tokens[last].is(mark)) {
        last = last.checked_sub(1)?;
    }
    weekday(tokens, last).map(|(day, _)| day)
}

pub(super) fn calendar_of(year: u32) -> Option<(Calendar, i32)> {
    let calendar = match year {
        1200..=1599 => Calendar::SolarHijri,
        1700..=2199 => Calendar::Gregorian,
        _ => return None,
    };
    i32::try_from(year).ok().map(|year| (calendar, year))
}

fn small(token: &Token, most: u32) -> Option<u8> {
    let number = token.number().filter(|number| (1..=most).contains(number))?;
    (token.text.len() <= 2).then(|| u8::try_from(number).ok())?
}
