//! What numbers and dates of the Persian say, and what the English may say for each.

use std::ops::Range;

use crate::persian::{
    self, Calendar, Day, NumberKind, Token, TokenKind, WrittenDate, WrittenYears,
};

/// A number of the source.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Bytes of the source.
    pub span: Range<usize>,
    /// Each says it; the first is what an editor reads.
    pub values: Vec<f64>,
    /// Whether the English must have it. Others only explain what it has.
    pub is_firm: bool,
    /// Whether it is a day or a year of a date.
    pub is_date: bool,
}

/// A month or a day of the week.
#[derive(Debug, Clone)]
pub(super) struct WantedName {
    /// Bytes of the source.
    pub span: Range<usize>,
    /// Each says it, in small letters; the first is what an editor reads.
    pub names: Vec<String>,
    /// Number of the month; 0 for a day of the week.
    pub month: u8,
}

/// What a source says.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub numbers: Vec<Wanted>,
    pub names: Vec<WantedName>,
}

pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Gregorian months whose names mean nothing else.
const PLAIN_MONTHS: &[(&str, u8)] = &[
    ("ژانویه", 1),
    ("فوریه", 2),
    ("مارس", 3),
    ("آوریل", 4),
    ("ژوئن", 6),
    ("ژوئیه", 7),
    ("ژوییه", 7),
    ("جولای", 7),
    ("اوت", 8),
    ("آگوست", 8),
    ("سپتامبر", 9),
    ("اکتبر", 10),
    ("نوامبر", 11),
    ("دسامبر", 12),
];

/// Words that say a number in passing.
const LOOSE: &[(&str, f64)] = &[
    ("یک", 1.0),
    ("یکی", 1.0),
    ("یکم", 1.0),
    ("تک", 1.0),
    ("تنها", 1.0),
    ("اول", 1.0),
    ("اولین", 1.0),
    ("نخست", 1.0),
    ("نخستین", 1.0),
    ("ابتدا", 1.0),
    ("دوباره", 2.0),
    ("دومین", 2.0),
    ("جفت", 2.0),
    ("زوج", 2.0),
    ("دوقلو", 2.0),
    ("دوجانبه", 2.0),
    ("دوگانه", 2.0),
    ("سومین", 3.0),
    ("سهگانه", 3.0),
    ("سهجانبه", 3.0),
    ("نه", 9.0),
    ("ده", 10.0),
    ("دهم", 10.0),
    ("شش", 6.0),
    ("سی", 30.0),
    ("صفر", 0.0),
    ("نیم", 0.5),
    ("نیمی", 0.5),
    ("نصف", 0.5),
    ("نیمه", 0.5),
    ("ربع", 0.25),
    ("دوجین", 12.0),
    ("ظهر", 12.0),
    ("نیمهشب", 0.0),
    ("دهه", 10.0),
    ("قرن", 100.0),
    ("سده", 100.0),
    ("دهها", 10.0),
    ("صدها", 100.0),
    ("هزاران", 1000.0),
    ("میلیونها", 1e6),
    ("میلیاردها", 1e9),
    ("صد", 100.0),
    ("هزار", 1000.0),
];

/// What the checks can know of dates without a year: days are as in any of these.
const YEARS: std::ops::RangeInclusive<i32> = 1396..=1408;

/// Reads a source.
pub(super) fn read(text: &str) -> Source {
    let tokens = persian::tokens(text);
    let dates = persian::dates(text);
    let mut source = Source::default();
    let years = persian::years(text);
    for number in persian::numbers(text) {
        let mut wanted = wanted(text, &tokens, &number);
        let written = years.iter().find(|years| years.span.contains(&number.span.start));
        wanted.values.extend(written.into_iter().flat_map(of_years));
        source.numbers.push(wanted);
    }
    for date in &dates {
        of_date(date, text, &tokens, &mut source);
    }
    for (index, token) in tokens.iter().enumerate() {
        let inside = dates.iter().any(|date| date.span.contains(&token.span.start));
        if token.kind == TokenKind::Word {
            weekday(&tokens, index, &mut source);
            if !inside
                && let Some((_, month)) = PLAIN_MONTHS.iter().find(|(name, _)| token.is(name))
            {
                let names = month_names(usize::from(*month));
                source.names.push(WantedName { span: token.span.clone(), names, month: *month });
            }
        }
        if let Some((_, value)) = LOOSE.iter().find(|(word, _)| token.is(word)) {
            let (span, values) = (token.span.clone(), vec![*value]);
            source.numbers.push(Wanted { span, values, is_firm: false, is_date: false });
        }
    }
    source
}

fn wanted(text: &str, tokens: &[Token], number: &persian::Number) -> Wanted {
    let span = number.span.clone();
    let value = number.value;
    let mut values = vec![value];
    let word = |text: &str| tokens.iter().find(|token| token.is(text));
    let index = tokens.iter().position(|token| token.span.start == span.start).unwrap_or(0);
    let before = |back: usize| index.checked_sub(back).map_or("", |at| tokens[at].text.as_str());
    let end = tokens.iter().position(|token| token.span.start >= span.end).unwrap_or(tokens.len());
    let after = |on: usize| tokens.get(end + on).map_or("", |token| token.text.as_str());
    match number.kind {
        NumberKind::Time => values.extend([value + 12.0, value - 12.0, value.trunc()]),
        NumberKind::Fraction => {
            // «یک سوم»: a third, 33 percent; «یک دهم»: a tenth, one in ten.
            values.extend([value * 100.0, (value * 100.0).round(), 1.0 / value]);
        }
        NumberKind::Cardinal if (1200.0..1500.0).contains(&value) && value.fract() == 0.0 => {
            // A year of the Iranian calendar, or of the lunar one.
            values.extend([value + 621.0, value + 622.0, (value * 0.970_229 + 621.5).trunc()]);
        }
        _ => {}
    }
    let written = &text[span.clone()];
    if written.contains('/') {
        let parts: Vec<f64> = persian::tokens(written)
            .iter()
            .filter_map(|token| token.number().map(f64::from))
            .collect();
        if let [above, below] = parts[..] {
            values.extend([above / below, above, below]);
        }
    }
    if before(1) == "ساعت" || before(2) == "ساعت" {
        values.extend([value + 12.0, value - 12.0]);
    }
    if matches!(before(1), "قرن" | "سده") || matches!(before(2), "قرن" | "سده") {
        values.push((value - 1.0) * 100.0);
    }
    if matches!(before(1), "دهه" | "سال" | "دهۀ") && value < 100.0 {
        values.extend([1900.0 + value, 2000.0 + value, 1921.0 + value, 2021.0 + value]);
        values.extend([1922.0 + value]);
    }
    // 1995-96, written from left or right.
    let dash = |mark: &str| matches!(mark, "-" | "–" | "/");
    for whole in [(before(1), before(2)), (after(0), after(1))] {
        let year = whole.1.parse::<f64>().unwrap_or_default();
        if dash(whole.0) && (1000.0..10_000.0).contains(&year) && value < 100.0 {
            values.push((year / 100.0).trunc() * 100.0 + value);
        }
    }
    let next = after(0);
    let joined = text[span.end..].starts_with('\u{200C}');
    let counted = matches!(next, "ساله" | "روزه" | "نفره" | "ماهه" | "درصدی" | "میلیون");
    let single = end == index + 1;
    let is_loose = (!number.has_digits && value <= 2.0 && number.kind != NumberKind::Fraction)
        || matches!(next, "ها" | "های" | "هایی")
        || (!number.has_digits && single && (joined && !counted))
        || (!number.has_digits && single && matches!(value, 100.0 | 1000.0))
        // «هزار و یک», «چهار گوشه»: words for «many».
        || (!number.has_digits && word("گوشه").is_some());
    Wanted { span, values, is_firm: !is_loose, is_date: false }
}

/// What the English may call a decade or a year beside its number: دهه ۱۳۵۰ is the 1970s, دهه
/// شصت the 1980s, سال ۵۷ 1979.
fn of_years(years: &WrittenYears) -> Vec<f64> {
    if !years.is_decade && years.first != years.last {
        return Vec::new();
    }
    let mut values = vec![years.first];
    if years.calendar == Calendar::SolarHijri {
        values.extend([years.first + 621, years.first + 622]);
        if years.is_decade {
            values.push((years.first + 621) / 10 * 10);
        }
    }
    let short = values.iter().map(|year| year % 100).filter(|_| years.is_decade);
    values.iter().copied().chain(short).map(f64::from).collect()
}

fn of_date(date: &WrittenDate, text: &str, tokens: &[Token], source: &mut Source) {
    let inside = || {
        tokens
            .iter()
            .filter(|token| date.span.start <= token.span.start && token.span.end <= date.span.end)
    };
    let days: Vec<Day> = match (date.calendar, date.year) {
        (Calendar::SolarHijri, None) => YEARS
            .filter_map(|year| Day::solar_hijri(year, date.month, date.day.unwrap_or(1)))
            .collect(),
        (Calendar::SolarHijri, Some(year)) => {
            let last = date.day.map_or(29, u8::from);
            let day = |day| Day::solar_hijri(year, date.month, day);
            [day(date.day.unwrap_or(1)), day(last)].into_iter().flatten().collect()
        }
        _ => Vec::new(),
    };
    let span = |value: u32| {
        let exact = inside().find(|token| token.number() == Some(value));
        exact.map_or_else(|| date.span.clone(), |token| token.span.clone())
    };
    if let Some(day) = date.day {
        let mut values = vec![f64::from(day)];
        values.extend(days.iter().map(|day| f64::from(day.day)));
        let span = span(u32::from(day));
        source.numbers.push(Wanted { span, values, is_firm: true, is_date: true });
    }
    if let Some(year) = date.year {
        let mut values = vec![f64::from(year)];
        values.extend(days.iter().map(|day| f64::from(day.year)));
        if date.calendar == Calendar::SolarHijri {
            values.extend([f64::from(year + 621), f64::from(year + 622)]);
        }
        if date.calendar == Calendar::LunarHijri {
            values.push((f64::from(year) * 0.970_229 + 621.5).trunc());
            values.push((f64::from(year) * 0.970_229 + 621.5).trunc() + 1.0);
        }
        values.push(f64::from(year % 100));
        let span = span(year.unsigned_abs());
        source.numbers.push(Wanted { span, values, is_firm: true, is_date: true });
    }
    // In digits, the month explains a number; in words, it wants a name.
    let in_digits = !text[date.span.clone()].chars().any(char::is_alphabetic);
    let mut months: Vec<usize> = days.iter().map(|day| usize::from(day.month)).collect();
    if date.calendar == Calendar::Gregorian {
        months.push(usize::from(date.month));
    }
    months.dedup();
    let mut numbers = vec![f64::from(date.month)];
    numbers.extend(months.iter().map(|month| *month as f64));
    let loose = Wanted { span: date.span.clone(), values: numbers, is_firm: false, is_date: true };
    source.numbers.push(loose);
    let own = date.in_english();
    let own = own.trim_matches(|c: char| c.is_ascii_digit() || c == ' ').to_lowercase();
    let mut names = if date.calendar == Calendar::Gregorian { Vec::new() } else { vec![own] };
    names.extend(months.iter().flat_map(|month| month_names(*month)));
    if date.calendar == Calendar::LunarHijri || in_digits {
        return;
    }
    source.names.push(WantedName { span: date.span.clone(), names, month: date.month });
}

/// Ways to write a month, from 1.
fn month_names(month: usize) -> Vec<String> {
    let Some(name) = MONTHS.get(month.wrapping_sub(1)) else { return Vec::new() };
    vec![(*name).into(), name[..3].into(), name[..4.min(name.len())].into()]
}

/// A day of the week that ends with a token.
fn weekday(tokens: &[Token], index: usize, source: &mut Source) {
    let Some((day, first)) = persian::weekday(tokens, index) else { return };
    let name = Day::weekday_name(day).to_lowercase();
    let names = vec![name.clone(), name[..3].to_owned(), name[..4].to_owned()];
    let span = tokens[first].span.start..tokens[index].span.end;
    source.names.push(WantedName { span, names, month: 0 });
}
