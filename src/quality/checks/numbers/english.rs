//! The numbers of an English text: digits, words, and both mixed (`2.3 billion`).

use std::ops::Range;

use super::super::english::{Kind, Token};
use super::words::{LOOSE, ONES, ORDINALS, ROMAN, SCALES, SUFFIXES, TENS, look};

/// A number of an English text.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What it may mean: `third` is 3 or a third part, `3 p.m.` is 3 or 15.
    pub values: Vec<f64>,
    /// Whether it says something that the source must say: not `one`, `both`, `thousands`.
    pub is_firm: bool,
}

/// The numbers of a text, in order.
pub(super) fn numbers(tokens: &[Token<'_>]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let read = match tokens[at].kind {
            Kind::Digits => Some(digits(tokens, at)),
            Kind::Word => words(tokens, at).or_else(|| loose(&tokens[at]).map(|one| (one, at + 1))),
            Kind::Mark => fraction_sign(&tokens[at]).map(|one| (one, at + 1)),
        };
        match read {
            Some((number, end)) => {
                found.push(number);
                at = end;
            }
            None => at += 1,
        }
    }
    found
}

fn loose(token: &Token<'_>) -> Option<Found> {
    let roman = look(ROMAN, token.text).map(|value| vec![value]);
    let values = roman.or_else(|| {
        let listed = LOOSE.iter().find(|(name, _)| *name == token.stem());
        listed.map(|(_, values)| values.to_vec())
    })?;
    Some(Found { span: token.span.clone(), values, is_firm: false })
}

fn fraction_sign(token: &Token<'_>) -> Option<Found> {
    let value = match token.text {
        "½" => 0.5,
        "¼" => 0.25,
        "¾" => 0.75,
        "⅓" => 1.0 / 3.0,
        "⅔" => 2.0 / 3.0,
        _ => return None,
    };
    Some(Found { span: token.span.clone(), values: vec![value, value * 100.0], is_firm: false })
}

/// Whether the token stands directly behind the one before it.
fn tight(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| !token.spaced)
}

fn is_digits(tokens: &[Token<'_>], at: usize) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == Kind::Digits)
}

fn digits(tokens: &[Token<'_>], at: usize) -> (Found, usize) {
    let mut text = tokens[at].lower.clone();
    let mut end = at + 1;
    let joined = |end: usize, mark: &str| {
        tight(tokens, end)
            && tokens[end].is(mark)
            && tight(tokens, end + 1)
            && is_digits(tokens, end + 1)
    };
    while joined(end, ",") && tokens[end + 1].text.len() == 3 && text.len() < 18 {
        text.push_str(&tokens[end + 1].lower);
        end += 2;
    }
    if joined(end, ":") && tokens[end + 1].text.len() == 2 {
        let minutes: f64 = tokens[end + 1].lower.parse().unwrap_or(0.0);
        let hours = text.parse().unwrap_or(0.0) + minutes / 60.0;
        return clock(tokens, at, end + 2, hours);
    }
    if joined(end, ".") && !joined(end + 2, ".") {
        text.push('.');
        text.push_str(&tokens[end + 1].lower);
        end += 2;
    }
    let plain: f64 = text.parse().unwrap_or(f64::NAN);
    if is_meridiem(tokens, end) {
        // «9.30 pm» too.
        let hours = plain.trunc() + if text.contains('.') { plain.fract() / 0.6 } else { 0.0 };
        return clock(tokens, at, end, hours);
    }
    let mut values = vec![plain];
    let suffix = tokens.get(end).filter(|next| next.kind == Kind::Word && !next.spaced);
    if let Some(suffix) = suffix {
        if let Some(scale) = look(SUFFIXES, &suffix.lower) {
            values.push(plain * scale);
            end += 1;
        } else if suffix.is_any(&["st", "nd", "rd", "th"]) {
            end += 1;
        } else if suffix.is("s") || suffix.is("'s") {
            values.push(plain % 100.0);
            end += 1;
        }
    }
    if joined(end, "/") {
        // A fraction, or parts of a date, which are read on their own.
        let below: f64 = tokens[end + 1].lower.parse().unwrap_or(f64::NAN);
        if below > plain && !joined(end + 2, "/") {
            values.push(plain / below);
        }
    }
    if let Some(before) = range_start(tokens, at) {
        // 1995-96
        let (whole, part) = (&tokens[before].lower, &tokens[at].lower);
        if whole.len() > part.len() {
            let full = format!("{}{part}", &whole[..whole.len() - part.len()]);
            values.extend(full.parse::<f64>());
        }
    }
    let mut product = 1.0;
    loop {
        let next =
            tokens.get(end + usize::from(tokens.get(end).is_some_and(|token| token.is("-"))));
        let Some(scale) = next.and_then(|next| look(SCALES, &next.lower)) else { break };
        product *= scale;
        end += 1 + usize::from(tokens[end].is("-"));
    }
    if product > 1.0 {
        for value in &mut values {
            *value *= product;
        }
    }
    let span = tokens[at].span.start..tokens[end - 1].span.end;
    (Found { span, values, is_firm: true }, end)
}

/// The digits that a dash joins to those at `at`.
fn range_start(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let before = at.checked_sub(2)?;
    let is_dash = tokens[at - 1].is_any(&["-", "–", "/"]);
    (is_dash && tokens[before].kind == Kind::Digits).then_some(before)
}

/// Whether `am`, `p.m.` or `o'clock` stands there.
fn is_meridiem(tokens: &[Token<'_>], at: usize) -> bool {
    let Some(token) = tokens.get(at) else { return false };
    token.is_any(&["am", "pm", "o'clock", "hrs", "hours"]) && !token.is("hours")
        || (token.is_any(&["a", "p"])
            && tokens.get(at + 1).is_some_and(|dot| dot.is("."))
            && tokens.get(at + 2).is_some_and(|m| m.is("m") && !m.spaced))
}

fn clock(tokens: &[Token<'_>], at: usize, end: usize, hours: f64) -> (Found, usize) {
    let mut values = vec![hours, hours + 12.0];
    if hours >= 12.0 {
        values.push(hours - 12.0);
    }
    let span = tokens[at].span.start..tokens[end - 1].span.end;
    (Found { span, values, is_firm: true }, end)
}

/// `twenty-five`, `two and a half million`, `one hundred and five`, `half a million`, `third`.
fn words(tokens: &[Token<'_>], at: usize) -> Option<(Found, usize)> {
    let (mut total, mut current, mut end) = (0.0, None::<f64>, at);
    let mut part = None;
    if tokens[at].is("half") && tokens.get(at + 1).is_some_and(|next| next.is_any(&["a", "-"])) {
        let scale = tokens.get(at + 2).and_then(|next| look(SCALES, &next.lower))?;
        let span = tokens[at].span.start..tokens[at + 2].span.end;
        return Some((Found { span, values: vec![scale / 2.0], is_firm: true }, at + 3));
    }
    if tokens[at].is_any(&["a", "an"]) {
        tokens.get(at + 1).and_then(|next| look(SCALES, &next.lower))?;
        current = Some(1.0);
        end += 1;
    }
    while let Some(token) = tokens.get(end) {
        let word = token.lower.as_str();
        let (ones, tens) = (look(ONES, word), look(TENS, word));
        if let Some(value) = ones.or(tens) {
            let fits = match current {
                None => true,
                Some(now) => {
                    (value < 10.0 && now % 100.0 >= 20.0 && now % 10.0 == 0.0)
                        || (now >= 100.0 && now % 100.0 == 0.0)
                }
            };
            if !fits {
                break;
            }
            current = Some(current.unwrap_or(0.0) + value);
            end += 1;
        } else if let Some(scale) = look(SCALES, word) {
            let now = match current {
                Some(now) => now,
                // «the million»: a scale alone.
                None if total == 0.0 => 1.0,
                None => break,
            };
            if scale <= 100.0 {
                current = Some(now * scale);
            } else {
                total += now * scale;
                current = None;
            }
            end += 1;
        } else if let Some(value) = look(ORDINALS, word.strip_suffix('s').unwrap_or(word)) {
            // «two-thirds», «twenty-first», «third»
            match current {
                Some(now) if value > 2.0 && now < 10.0 => part = Some(now / value),
                Some(now) if now >= 20.0 && value < 10.0 => current = Some(now + value),
                None if total == 0.0 => {
                    let values = vec![value, 1.0 / value];
                    let found = Found { span: token.span.clone(), values, is_firm: false };
                    return Some((found, end + 1));
                }
                _ => break,
            }
            end += 1;
            break;
        } else if current.is_some_and(|now| now < 10.0)
            && matches!(word, "quarter" | "quarters" | "half" | "halves")
        {
            let below = if word.starts_with('q') { 4.0 } else { 2.0 };
            part = current.map(|now| now / below);
            end += 1;
            break;
        } else if (word == "and" || word == "-") && end > at {
            // Only inside a number: «two and a half», «hundred and five», «twenty-five».
            let next = tokens.get(end + 1).map_or("", |next| next.lower.as_str());
            let is_half = next == "a" && tokens.get(end + 2).is_some_and(|half| half.is("half"));
            if is_half && word == "and" && current.is_some() {
                current = current.map(|now| now + 0.5);
                end += 3;
            } else if goes_on(token, next, total, current) {
                end += 1;
            } else {
                break;
            }
        } else {
            break;
        }
    }
    if end == at || (current.is_none() && total == 0.0 && part.is_none()) {
        return None;
    }
    while end > at && tokens[end - 1].is_any(&["and", "-"]) {
        end -= 1;
    }
    let whole = total + current.unwrap_or(0.0);
    let mut values = vec![part.unwrap_or(whole)];
    if is_meridiem(tokens, end) {
        values.push(whole + 12.0);
    }
    if part.is_some() {
        values.push(values[0] * 100.0);
        values.push(whole);
    }
    // «one» is a pronoun, «two» often the plural of a pair.
    let is_firm = part.is_some() || whole > 2.0;
    let span = tokens[at].span.start..tokens[end - 1].span.end;
    Some((Found { span, values, is_firm }, end))
}

/// Whether `and` or a hyphen joins the next word to a number.
fn goes_on(joint: &Token<'_>, next: &str, total: f64, current: Option<f64>) -> bool {
    let is_plain = |now: f64| now >= 100.0 && now % 100.0 == 0.0;
    let is_hyphen = joint.is("-");
    let may = is_hyphen && !joint.spaced
        || current.is_some_and(is_plain)
        || (current.is_none() && total > 0.0);
    let is_part = look(SCALES, next).is_some()
        || look(ORDINALS, next.strip_suffix('s').unwrap_or(next)).is_some()
        || matches!(next, "quarters" | "quarter" | "half");
    may && (look(ONES, next).or(look(TENS, next)).is_some() || is_hyphen && is_part)
}
