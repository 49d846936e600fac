//! One name, one spelling: over a document, a name that was rendered in another way before.

use std::collections::HashMap;

use super::super::{Check, Issue, Pair};
use super::skeleton::{ALIKE, distance};
use super::{Kin, Word, find, words};
use crate::document::AlignedDocument;

/// The check of names over a document.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Consistency;

const CODE: &str = "name_inconsistent";

/// What may be added to a name without making it another: `Iran` and `Iranians`.
const ENDINGS: &[&str] =
    &["s", "n", "an", "ns", "ans", "ian", "ians", "i", "is", "ese", "ish", "ic", "er"];

/// How a name was rendered first.
struct First {
    word: String,
    plain: String,
    sentence: usize,
}

impl Check for Consistency {
    fn codes(&self) -> &'static [&'static str] {
        &[CODE]
    }

    fn document(&self, document: &AlignedDocument) -> Vec<(usize, Issue)> {
        let mut seen: HashMap<String, First> = HashMap::new();
        let mut issues = Vec::new();
        for (index, unit) in document.units.iter().enumerate() {
            let pair = Pair::of(document, unit);
            if pair.is_huge() {
                continue;
            }
            let english = words(pair.english());
            for name in find(pair.source(), pair.persian()) {
                if matches!(name.kin, Kin::Latin) {
                    continue;
                }
                // Of a full name its last word counts: it is what stands alone later.
                let part = name.text.rsplit(' ').next().unwrap_or(&name.text);
                let Some(word) = rendered(part, &english) else { continue };
                match seen.get(part) {
                    Some(first) if !same(&first.plain, &word.plain) => {
                        let shown = pair.shown(&name.span);
                        let message = format!(
                            "{shown} is “{}” here and “{}” in sentence {}.",
                            word.shown,
                            first.word,
                            first.sentence + 1
                        );
                        let issue = Issue::doubt(CODE, message).in_target(word.span.clone());
                        issues.push((
                            index,
                            match pair.place(&name.span) {
                                Some(span) => issue.in_source(span),
                                None => issue,
                            },
                        ));
                    }
                    Some(_) => {}
                    None => {
                        let (word, plain) = (word.shown.clone(), word.plain.clone());
                        seen.insert(part.to_owned(), First { word, plain, sentence: index });
                    }
                }
            }
        }
        issues
    }
}

/// The word that sounds most like a name; `None` where none does.
fn rendered<'a>(name: &str, words: &'a [Word]) -> Option<&'a Word> {
    if name.chars().count() < 4 {
        return None;
    }
    words
        .iter()
        .filter(|word| word.is_capital && word.is_single)
        .map(|word| (distance(name, &word.plain), word))
        .filter(|(distance, _)| *distance <= ALIKE)
        .min_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, word)| word)
}

fn same(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let trimmed = short.strip_suffix(['y', 'e', 'a']).unwrap_or(short);
    let grown = |short: &str| long.strip_prefix(short).is_some_and(|rest| ENDINGS.contains(&rest));
    a == b || grown(short) || grown(trimmed)
}
