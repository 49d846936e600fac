//! English text in words, numbers and marks, as the checks read it.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters, with apostrophes inside: `don't`.
    Word,
    /// Digits of any script.
    Digits,
    /// One other character that is no white space.
    Mark,
}

/// A token.
#[derive(Debug, Clone)]
pub(super) struct Token<'text> {
    pub kind: Kind,
    /// Bytes of the text.
    pub span: Range<usize>,
    pub text: &'text str,
    /// In small letters, with a straight apostrophe and Latin digits.
    pub lower: String,
    /// Whether white space stands before it.
    pub spaced: bool,
}

impl Token<'_> {
    pub fn is(&self, text: &str) -> bool {
        self.lower == text
    }

    pub fn is_any(&self, texts: &[&str]) -> bool {
        texts.contains(&self.lower.as_str())
    }

    /// Whether it begins with a capital letter.
    pub fn is_capital(&self) -> bool {
        self.text.chars().next().is_some_and(char::is_uppercase)
    }

    /// In small letters without the `'s` of possession.
    pub fn stem(&self) -> &str {
        let stem = self.lower.strip_suffix("'s").unwrap_or(&self.lower);
        stem.strip_suffix('\'').unwrap_or(stem)
    }
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let (mut open, mut spaced) = (false, true);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() {
            (open, spaced) = (false, true);
            continue;
        }
        let next_is_letter = chars.peek().is_some_and(|(_, next)| next.is_alphabetic());
        let last_is_word =
            open && tokens.last().is_some_and(|last: &Token<'_>| last.kind == Kind::Word);
        let kind = if c.is_ascii_digit() || persian_digit(c).is_some() {
            Kind::Digits
        } else if c.is_alphabetic() || (matches!(c, '\'' | '’') && last_is_word && next_is_letter)
        {
            Kind::Word
        } else {
            Kind::Mark
        };
        let end = at + c.len_utf8();
        match tokens.last_mut() {
            Some(last) if open && last.kind == kind && kind != Kind::Mark => {
                last.span.end = end;
                last.text = &text[last.span.clone()];
                push_lower(&mut last.lower, c);
            }
            _ => {
                let mut lower = String::new();
                push_lower(&mut lower, c);
                tokens.push(Token { kind, span: at..end, text: &text[at..end], lower, spaced });
            }
        }
        (open, spaced) = (true, false);
    }
    tokens
}

fn push_lower(lower: &mut String, c: char) {
    match (c, persian_digit(c)) {
        ('’', _) => lower.push('\''),
        (_, Some(digit)) => lower.push(digit),
        (c, None) => lower.extend(c.to_lowercase()),
    }
}

fn persian_digit(c: char) -> Option<char> {
    let zero = match c {
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        _ => return None,
    };
    char::from_digit(c as u32 - zero as u32, 10)
}
