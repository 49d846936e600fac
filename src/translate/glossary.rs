//! Terms whose English is given: where a text has them, what its translation must hold, and
//! whether it does. The search itself is `decode`'s.

use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::decode::{Form, Phrase};
use crate::document::{Term, TermUse};
use crate::model::Tokenizer;
use crate::persian::Terms;

/// Terms with their English.
#[derive(Clone)]
pub struct Glossary {
    terms: Vec<Term>,
    finder: Terms,
    identity: String,
}

/// A glossary is known by a hash of what is in it.
impl fmt::Debug for Glossary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Glossary({})", self.identity)
    }
}

/// A term that a text has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    term: usize,
    /// The English forms that will do, the best first.
    forms: Vec<String>,
}

impl Glossary {
    /// Makes a glossary of terms. A term whose preferred English begins with a capital is a name,
    /// which takes fewer endings; others also have a plural.
    #[must_use]
    pub fn new(terms: Vec<Term>) -> Self {
        let mut hash = Sha256::new();
        for text in terms.iter().flat_map(|term| std::iter::once(&term.source).chain(&term.targets))
        {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        let identity = super::memory::short(&hash.finalize()[..]);
        let finder = Terms::new(terms.iter().map(|term| (term.source.as_str(), is_name(term))));
        Self { terms, finder, identity }
    }

    /// How many terms there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.terms.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// A hash of the terms, in 12 hexadecimal digits.
    #[must_use]
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The terms of a text, each as often as it is there.
    pub(super) fn wanted(&self, text: &str) -> Vec<Wanted> {
        let found = self.finder.find(text);
        let wanted = found.into_iter().map(|found| {
            let term = &self.terms[found.term];
            let mut forms = term.targets.clone();
            if !is_name(term)
                && let Some(plural) = plural(&term.targets[0])
                && !forms.contains(&plural)
            {
                let place = if found.plural { 0 } else { forms.len() };
                forms.insert(place, plural);
            }
            Wanted { term: found.term, forms }
        });
        wanted.collect()
    }

    /// Which of the terms a translation has, for the document.
    pub(super) fn uses(&self, wanted: &[Wanted], translation: &str) -> Vec<TermUse> {
        let honoured = honoured(wanted, translation);
        let uses = wanted.iter().zip(honoured).map(|(wanted, honoured)| {
            let term = &self.terms[wanted.term];
            let target = term.targets.first().cloned().unwrap_or_default();
            TermUse { source: term.source.clone(), target, honoured }
        });
        uses.collect()
    }
}

impl Wanted {
    /// The forms as a tokenizer writes them; `None` where it can't write any.
    pub(super) fn phrase(&self, tokenizer: &Tokenizer) -> Option<Phrase> {
        let form = |text: &String| {
            let (inner, initial) = tokenizer.encode_phrase(text)?;
            Some(Form { inner, initial })
        };
        let forms: Vec<Form> = self.forms.iter().filter_map(form).collect();
        (!forms.is_empty()).then_some(Phrase { forms })
    }
}

fn is_name(term: &Term) -> bool {
    term.targets.first().is_some_and(|target| target.starts_with(|c: char| !c.is_lowercase()))
}

/// The regular plural of a noun, or of the last word of several; `None` where there is none.
fn plural(text: &str) -> Option<String> {
    if !text.ends_with(|c: char| c.is_ascii_lowercase()) || text.ends_with('s') {
        return None;
    }
    let before = |end: usize| text[..text.len() - end].chars().next_back();
    if text.ends_with('y') && before(1).is_some_and(|c| !"aeiou".contains(c)) {
        return Some(format!("{}ies", &text[..text.len() - 1]));
    }
    let hisses = ["x", "z", "ch", "sh"].iter().any(|end| text.ends_with(end));
    Some(format!("{text}{}", if hisses { "es" } else { "s" }))
}

/// Of every term whether a text has one of its forms, as whole words. What one term is found by is
/// there for no other: two mentions need two; longer forms are looked for first.
pub(super) fn honoured(wanted: &[Wanted], text: &str) -> Vec<bool> {
    let mut forms: Vec<(usize, &str)> = wanted
        .iter()
        .enumerate()
        .flat_map(|(index, wanted)| wanted.forms.iter().map(move |form| (index, form.as_str())))
        .collect();
    forms.sort_by_key(|(_, form)| std::cmp::Reverse(form.len()));
    let mut honoured = vec![false; wanted.len()];
    let mut taken = vec![false; text.len()];
    for (index, form) in forms {
        if honoured[index] {
            continue;
        }
        let is_free = |at: usize| taken[at..at + form.len()].iter().all(|taken| !taken);
        if let Some(at) = places(text, form).find(|at| is_free(*at)) {
            honoured[index] = true;
            taken[at..at + form.len()].fill(true);
        }
    }
    honoured
}

/// Where a form stands as whole words; one that begins with a small letter may begin a sentence.
fn places<'a>(text: &'a str, form: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.char_indices().map(|(at, _)| at).filter(move |at| {
        let Some(here) = text.get(*at..at + form.len()) else { return false };
        let same = here == form || {
            let (mut here, mut form) = (here.chars(), form.chars());
            let (a, b) = (here.next(), form.next());
            let capital =
                b.is_some_and(char::is_lowercase) && a.is_some_and(|a| a.to_lowercase().eq(b));
            capital && here.as_str() == form.as_str()
        };
        same && !is_word(text[..*at].chars().next_back())
            && !is_word(text[at + form.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glossary(terms: &[(&str, &[&str])]) -> Glossary {
        let term = |(source, targets): &(&str, &[&str])| Term {
            source: (*source).into(),
            targets: targets.iter().map(|target| (*target).to_owned()).collect(),
        };
        Glossary::new(terms.iter().map(term).collect())
    }

    #[test]
    fn each_mention_needs_its_own_english_and_longer_forms_come_first() {
        let terms = glossary(&[
            ("ایران", &["Iran"]),
            ("جمهوری اسلامی ایران", &["Islamic Republic of Iran"]),
        ]);
        let wanted = terms.wanted("ایران و جمهوری اسلامی ایران");
        assert_eq!(honoured(&wanted, "The Islamic Republic of Iran."), [false, true]);
        assert_eq!(honoured(&wanted, "Iran, the Islamic Republic of Iran"), [true, true]);
        assert_eq!(honoured(&wanted, "Iranian"), [false, false]);
    }

    #[test]
    fn a_common_noun_has_a_plural_and_may_begin_a_sentence() {
        let terms = glossary(&[("وزیر", &["minister"]), ("نماینده", &["deputy"])]);
        let wanted = terms.wanted("وزیرها و نمایندگان");
        assert_eq!(wanted[0].forms, ["ministers", "minister"]);
        assert_eq!(wanted[1].forms, ["deputies", "deputy"]);
        assert_eq!(honoured(&wanted, "Ministers and a deputy"), [true, true]);
    }
}
