//! Character normalisation for what the model reads. Owns the table `normalize.tsv`, which
//! training reads too; changes nothing that is displayed.

use std::collections::HashMap;
use std::sync::LazyLock;

use tokenizers::NormalizedString;
use tokenizers::normalizer::Range;

const ZWNJ: char = '\u{200C}';

static TABLE: LazyLock<HashMap<char, String>> = LazyLock::new(|| {
    parse(include_str!("normalize.tsv")).expect("a test reads every line of normalize.tsv")
});

/// The text as the model reads it, with the way back to the text as displayed.
///
/// For the model only: it loses what a reader wants to see. Digits become ASCII because
/// source and target share a vocabulary, so a number is the same tokens on both sides and
/// can be copied instead of translated. Half-spaces stay where they stand inside a word.
#[must_use]
pub fn normalize(text: &str) -> NormalizedString {
    let mut text = NormalizedString::from(text);
    // One pass each to delete, to replace and to join spaces: a step that adds and deletes
    // beside each other would align what it adds with what it deleted.
    delete_marks(&mut text);
    replace(&mut text);
    join_spaces(&mut text);
    text
}

/// Deletes what the table maps to nothing. A letter and its mark, written as two characters
/// (macOS file names, some PDF readers), first become the one letter that others write.
fn delete_marks(text: &mut NormalizedString) {
    let mut edit = Edit::default();
    for c in text.get().chars() {
        let composed = edit
            .kept
            .last()
            .and_then(|&(base, removed)| if removed == 0 { compose(base, c) } else { None });
        if let (Some(composed), Some(last)) = (composed, edit.kept.last_mut()) {
            *last = (composed, -1);
        } else if TABLE.get(&c).is_some_and(String::is_empty) {
            edit.remove();
        } else {
            edit.keep(c);
        }
    }
    edit.apply(text);
}

/// The letters that Unicode composes from a base and maddah or hamza.
fn compose(base: char, mark: char) -> Option<char> {
    Some(match (base, mark) {
        ('ا', '\u{653}') => 'آ',
        ('ا', '\u{654}') => 'أ',
        ('ا', '\u{655}') => 'إ',
        ('و', '\u{654}') => 'ؤ',
        ('ي' | 'ی' | 'ى', '\u{654}') => 'ئ',
        _ => return None,
    })
}

fn replace(text: &mut NormalizedString) {
    let mut changes = Vec::with_capacity(text.get().len());
    for c in text.get().chars() {
        match TABLE.get(&c) {
            Some(new) => {
                changes.extend(new.chars().enumerate().map(|(i, c)| (c, isize::from(i > 0))));
            }
            None => changes.push((c, 0)),
        }
    }
    text.transform_range(Range::Normalized(..), changes, 0);
}

/// A run of white space, with half-spaces in it or not, becomes one space; a run of
/// half-spaces alone becomes one; at the ends both go.
fn join_spaces(text: &mut NormalizedString) {
    let mut edit = Edit::default();
    let mut chars = text.get().chars().peekable();
    while let Some(c) = chars.next() {
        if !is_space(c) && c != ZWNJ {
            edit.keep(c);
            continue;
        }
        let (mut length, mut spaces) = (1, usize::from(is_space(c)));
        while let Some(next) = chars.next_if(|&next| is_space(next) || next == ZWNJ) {
            length += 1;
            spaces += usize::from(is_space(next));
        }
        if !edit.kept.is_empty() && chars.peek().is_some() {
            edit.keep(if spaces > 0 { ' ' } else { ZWNJ });
            length -= 1;
        }
        for _ in 0..length {
            edit.remove();
        }
    }
    edit.apply(text);
}

/// As Python's `\s`, which training uses: with the four separators U+001C to U+001F.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1C}'..='\u{1F}').contains(&c)
}

/// The kept characters with, negative, how many are removed after each: what
/// [`NormalizedString::transform_range`] takes.
#[derive(Default)]
struct Edit {
    kept: Vec<(char, isize)>,
    removed_first: usize,
}

impl Edit {
    fn keep(&mut self, c: char) {
        self.kept.push((c, 0));
    }

    fn remove(&mut self) {
        match self.kept.last_mut() {
            Some((_, removed)) => *removed -= 1,
            None => self.removed_first += 1,
        }
    }

    fn apply(self, text: &mut NormalizedString) {
        text.transform_range(Range::Normalized(..), self.kept, self.removed_first);
    }
}

/// Reads the table; `None` when a line is not as its header says. The first line that
/// names a character wins.
fn parse(table: &str) -> Option<HashMap<char, String>> {
    let mut map = HashMap::new();
    for line in table.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (from, to) = (fields.next()?.trim(), fields.next().unwrap_or(""));
        let to: Vec<char> = to.split_whitespace().map(code_point).collect::<Option<_>>()?;
        let Some((first, last)) = from.split_once("..") else {
            map.entry(code_point(from)?).or_insert_with(|| to.iter().collect());
            continue;
        };
        for (shift, c) in (code_point(first)?..=code_point(last)?).enumerate() {
            let to = match *to.as_slice() {
                [] => String::new(),
                [start] => char::from_u32(start as u32 + u32::try_from(shift).ok()?)?.into(),
                _ => return None,
            };
            map.entry(c).or_insert(to);
        }
    }
    Some(map)
}

/// The character of `U+06A9`.
fn code_point(name: &str) -> Option<char> {
    char::from_u32(u32::from_str_radix(name.strip_prefix("U+")?, 16).ok()?)
}
