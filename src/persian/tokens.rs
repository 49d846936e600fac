//! Words, numbers and marks of a text as displayed, in the letters that tables are written
//! in. What [`dates()`](super::dates()) and [`numbers()`](super::numbers()) read.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Letters.
    Word,
    /// Digits.
    Digits,
    /// One other character that is no white space.
    Mark,
}

/// A word, a number or a mark of a text.
#[derive(Debug, Clone)]
pub struct Token {
    /// Which of them.
    pub kind: Kind,
    /// Bytes of the text.
    pub span: Range<usize>,
    /// Its letters in Persian forms and without marks, its digits in ASCII.
    pub text: String,
    /// Whether white space stands before it.
    pub spaced: bool,
}

impl Token {
    /// Whether it reads so.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }

    /// The number of a run of digits; `None` where it is none or a huge one.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        (self.kind == Kind::Digits && self.text.len() <= 9).then(|| self.text.parse().ok())?
    }
}

/// All that `read` finds, in order, of so many tokens: at a token it gives what begins there, and the
/// token after that, with which reading goes on.
pub(super) fn read_each<T>(
    count: usize,
    mut read: impl FnMut(usize) -> Option<(T, usize)>,
) -> Vec<T> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < count {
        at = match read(at) {
            Some((one, end)) => {
                found.push(one);
                end
            }
            None => at + 1,
        };
    }
    found
}

/// The tokens of a text. A half-space parts words, as white space does.
#[must_use]
pub fn split(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open = false;
    let mut spaced = true;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if is_dropped(c) {
            if let Some(last) = tokens.last_mut().filter(|_| open) {
                last.span.end = end;
            }
            continue;
        }
        if c.is_whitespace() || matches!(c, '\u{200C}' | '\u{AC}') {
            open = false;
            spaced = true;
            continue;
        }
        let c = fold(c);
        let kind = if c.is_ascii_digit() {
            Kind::Digits
        } else if c.is_alphabetic() {
            Kind::Word
        } else {
            Kind::Mark
        };
        match tokens.last_mut() {
            Some(last) if open && last.kind == kind && kind != Kind::Mark => {
                last.text.push(c);
                last.span.end = end;
            }
            _ => tokens.push(Token { kind, span: at..end, text: c.into(), spaced }),
        }
        open = true;
        spaced = false;
    }
    tokens
}

/// Vowel marks, tatweel and characters that show nothing.
pub(super) fn is_dropped(c: char) -> bool {
    matches!(c, '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{200B}' | '\u{200D}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{AD}' | '\u{61C}')
}

pub(super) fn fold(c: char) -> char {
    match c {
        '٠'..='٩' => ascii(c, '٠'),
        '۰'..='۹' => ascii(c, '۰'),
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        'ة' | 'ۀ' => 'ه',
        'أ' | 'إ' => 'ا',
        '٫' => '.',
        '٬' | '،' => ',',
        '٪' => '%',
        c => c,
    }
}

fn ascii(c: char, zero: char) -> char {
    u8::try_from(c as u32 - zero as u32).map_or(c, |digit| char::from(b'0' + digit))
}
