//! White space as Python sees it, which the metrics are defined by: Unicode's, and four separators.

pub(super) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

pub(super) fn trim_end(text: &str) -> &str {
    text.trim_end_matches(is_space)
}
