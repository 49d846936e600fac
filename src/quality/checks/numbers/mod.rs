//! Numbers, dates and times that are missing in the English, were added, or were changed.
//!
//! A number is a value, whatever it is written in: `دو میلیون` is `2 million` or `2,000,000`, and
//! `۲۹ مهر ۱۴۰۴` may be `29 Mehr 1404` or `October 21, 2025`. Words for one and two, and words
//! such as `thousands`, may stand for a number and need none.

mod english;
mod source;
mod words;

use super::{Check, Issue, Pair};
use crate::persian::Day;
use english::Found;
use source::{MONTHS, Wanted};

/// The check of numbers and dates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbers;

const MISSING: &str = "number_missing";
const CHANGED: &str = "number_changed";
const ADDED: &str = "number_added";
const DATE_MISSING: &str = "date_missing";
const DATE_CHANGED: &str = "date_changed";

impl Check for Numbers {
    fn codes(&self) -> &'static [&'static str] {
        &[MISSING, CHANGED, ADDED, DATE_MISSING, DATE_CHANGED]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let source = source::read(pair.source());
        let tokens = pair.english();
        let found = english::numbers(tokens);
        let mut issues = Vec::new();
        let has = |wanted: &Wanted| found.iter().any(|number| agree(number, wanted));
        let lost: Vec<&Wanted> =
            source.numbers.iter().filter(|wanted| wanted.is_firm && !has(wanted)).collect();
        let mut extra: Vec<&Found> = found
            .iter()
            .filter(|number| {
                number.is_firm && !source.numbers.iter().any(|wanted| agree(number, wanted))
            })
            .collect();
        for wanted in lost {
            let said = said(pair, wanted);
            let what = if wanted.is_date { "date" } else { "number" };
            let issue = if extra.is_empty() {
                let code = if wanted.is_date { DATE_MISSING } else { MISSING };
                Issue::doubt(code, format!("The {what} {said} is not in the English."))
            } else {
                let other = extra.remove(0);
                let code = if wanted.is_date { DATE_CHANGED } else { CHANGED };
                let there = &pair.target[other.span.clone()];
                let message =
                    format!("The {what} {said} is not in the English, which has “{there}”.");
                Issue::doubt(code, message).in_target(other.span.clone())
            };
            issues.push(issue.in_source(wanted.span.clone()));
        }
        for number in extra {
            let there = &pair.target[number.span.clone()];
            let message = format!("The number “{there}” is in the English and not in the Persian.");
            issues.push(Issue::doubt(ADDED, message).in_target(number.span.clone()));
        }
        issues.extend(names(pair, &source, &found));
        issues
    }
}

/// Months and days of the week.
fn names(pair: &Pair<'_>, source: &source::Source, found: &[Found]) -> Vec<Issue> {
    let mut issues = Vec::new();
    let tokens = pair.english();
    let stem = |word: &str| word.strip_suffix('s').unwrap_or(word).to_owned();
    for wanted in &source.names {
        let is_named = tokens.iter().any(|token| {
            let word = token.stem();
            wanted.names.iter().any(|name| name == word || *name == stem(word))
        });
        // «10/21/2025»
        let in_digits = wanted.month > 0
            && found.len() >= 2
            && source.numbers.iter().any(|number| {
                number.span == wanted.span && found.iter().any(|other| agree(other, number))
            });
        if is_named || in_digits {
            continue;
        }
        let other = tokens.iter().find(|token| {
            let is_day = |day| Day::weekday_name(day).to_lowercase() == stem(token.stem());
            let weekday = (1..=7).any(is_day);
            let month = MONTHS.contains(&token.stem()) && token.is_capital();
            if wanted.month == 0 { weekday } else { month }
        });
        let said = format!("{} ({})", pair.shown(&wanted.span), capital(&wanted.names[0]));
        let issue = match other {
            Some(other) => Issue::doubt(
                DATE_CHANGED,
                format!("The date {said} is not in the English, which has “{}”.", other.text),
            )
            .in_target(other.span.clone()),
            None => Issue::doubt(DATE_MISSING, format!("The date {said} is not in the English.")),
        };
        issues.push(issue.in_source(wanted.span.clone()));
    }
    issues
}

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Whether a number of the English may say one of the source.
fn agree(number: &Found, wanted: &Wanted) -> bool {
    number.values.iter().any(|a| wanted.values.iter().any(|b| close(*a, *b)))
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * a.abs().max(b.abs())
}

/// `۱۲۵ (125)`
fn said(pair: &Pair<'_>, wanted: &Wanted) -> String {
    let shown = pair.shown(&wanted.span);
    let plain = grouped(wanted.values[0]);
    let digits = |text: &str| text.chars().filter(|c| *c != ',').collect::<String>();
    let is_time = shown.contains(':');
    if is_time || digits(shown) == digits(&plain) || digits(shown) == format!("{plain}%") {
        return shown.to_owned();
    }
    format!("{shown} ({plain})")
}

/// `2,000,000`, `3.5`; years and the like stay in one.
fn grouped(value: f64) -> String {
    let plain = format!("{}", (value * 100.0).round() / 100.0);
    let whole = plain.find('.').unwrap_or(plain.len());
    let mut grouped = String::with_capacity(plain.len() + 4);
    for (at, digit) in plain.char_indices() {
        if at > 0 && at < whole && (whole - at).is_multiple_of(3) && whole > 4 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
