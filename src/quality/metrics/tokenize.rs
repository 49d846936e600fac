use std::sync::LazyLock;

use regex::Regex;

use super::space;

/// How BLEU cuts a line into words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tokenizer {
    /// `mteval-v13a.pl`, the default of WMT.
    #[default]
    V13a,
    /// `mteval-v14.pl --international-tokenization`: by Unicode's punctuation and symbols.
    International,
    /// Chinese characters stand alone, the rest is 13a.
    Chinese,
    /// Every character stands alone.
    Character,
    /// At white space.
    None,
}

impl Tokenizer {
    /// As signatures name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V13a => "13a",
            Self::International => "intl",
            Self::Chinese => "zh",
            Self::Character => "char",
            Self::None => "none",
        }
    }

    /// The line with spaces between its words, and others.
    pub(super) fn split(self, line: &str) -> String {
        match self {
            Self::V13a => western(&format!(" {} ", unescape(line))),
            Self::International => apply(&INTERNATIONAL, line),
            Self::Chinese => {
                let mut apart = String::with_capacity(2 * line.len());
                for c in line.trim_matches(space::is_space).chars() {
                    if is_chinese(c) {
                        apart.extend([' ', c, ' ']);
                    } else {
                        apart.push(c);
                    }
                }
                western(&apart)
            }
            Self::Character => line.chars().flat_map(|c| [c, ' ']).collect(),
            Self::None => line.to_owned(),
        }
    }
}

type Rules = LazyLock<Vec<(Regex, &'static str)>>;

fn rules(rules: &[(&str, &'static str)]) -> Vec<(Regex, &'static str)> {
    rules
        .iter()
        .map(|(pattern, replacement)| {
            (Regex::new(pattern).expect("the patterns below are valid"), *replacement)
        })
        .collect()
}

static WESTERN: Rules = LazyLock::new(|| {
    rules(&[
        // Punctuation but for , - . and the apostrophe.
        (r"([\x7B-\x7E\x5B-\x60\x20-\x26\x28-\x2B\x3A-\x40\x2F])", " $1 "),
        (r"([^0-9])([\.,])", "$1 $2 "),
        (r"([\.,])([^0-9])", " $1 $2"),
        (r"([0-9])(-)", "$1 $2 "),
    ])
});

static INTERNATIONAL: Rules = LazyLock::new(|| {
    rules(&[(r"(\P{N})(\p{P})", "$1 $2 "), (r"(\p{P})(\P{N})", " $1 $2"), (r"(\p{S})", " $1 ")])
});

fn apply(rules: &Rules, line: &str) -> String {
    rules.iter().fold(line.to_owned(), |line, (pattern, replacement)| {
        pattern.replace_all(&line, *replacement).into_owned()
    })
}

fn western(line: &str) -> String {
    apply(&WESTERN, line)
}

fn unescape(line: &str) -> String {
    line.replace("<skipped>", "")
        .replace("-\n", "")
        .replace('\n', " ")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
}

/// sacrebleu's table. It writes planes above the first with four digits too few, so that the
/// block from U+2001 on, with dashes and quotation marks, counts too: the numbers depend on it.
fn is_chinese(c: char) -> bool {
    matches!(c,
        '\u{3400}'..='\u{4db5}' | '\u{4e00}'..='\u{9fbb}' | '\u{f900}'..='\u{fa2d}'
        | '\u{fa30}'..='\u{fa6a}' | '\u{fa70}'..='\u{fad9}' | '\u{2001}'..='\u{2a6d}'
        | '\u{2f81}'..='\u{2fa1}' | '\u{ff00}'..='\u{ffef}' | '\u{2e80}'..='\u{2eff}'
        | '\u{3000}'..='\u{303f}' | '\u{31c0}'..='\u{31ef}' | '\u{2f00}'..='\u{2fdf}'
        | '\u{2ff0}'..='\u{2fff}' | '\u{3100}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}'
        | '\u{fe10}'..='\u{fe1f}' | '\u{fe30}'..='\u{fe4f}' | '\u{3200}'..='\u{33ff}')
}
