//! Persian left in the English.

use super::{Check, Issue, Pair};

/// The check of letters that are not English.
#[derive(Debug, Clone, Copy)]
pub(super) struct Untranslated;

const CODE: &str = "untranslated";

impl Check for Untranslated {
    fn codes(&self) -> &'static [&'static str] {
        &[CODE]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let mut issues: Vec<Issue> = Vec::new();
        for token in pair.english().iter().filter(|token| token.text.chars().any(is_arabic)) {
            // Words in a row are one place.
            match issues.last_mut().and_then(|issue| issue.target_span.as_mut()) {
                Some(span) if pair.target[span.end..token.span.start].trim().is_empty() => {
                    span.end = token.span.end;
                }
                _ => issues.push(Issue::doubt(CODE, "").in_target(token.span.clone())),
            }
        }
        for issue in &mut issues {
            let left = issue.target_span.as_ref().map_or("", |span| &pair.target[span.clone()]);
            issue.message = format!("“{left}” was left in Persian.");
        }
        issues
    }
}

/// A letter or digit of Arabic script.
pub(super) fn is_arabic(c: char) -> bool {
    let block = matches!(c, '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}');
    block && c.is_alphanumeric()
}
