//! Owns what SentencePiece does to text before it is cut (`normalizer.cc`): replacement rules,
//! spaces, the space before the first word.
//!
//! Not done with `tokenizers::normalizers::Precompiled`: that one looks at whole grapheme clusters
//! and takes the first rule that fits, where SentencePiece takes the longest at each character. It
//! differs in 6 of the 1,106 golden lines, such as a letter with several combining marks.

use super::proto::{NormalizerSpec, TrainerSpec};
use super::{SPACE, prefixes::Prefixes};

/// Cleans text.
pub(super) struct Normalizer {
    rules: Option<Rules>,
    /// Pieces that the rules leave alone.
    protected: Prefixes,
    add_dummy_prefix: bool,
    remove_extra_whitespaces: bool,
    /// What a space becomes.
    space: &'static str,
    space_last: bool,
}

impl Normalizer {
    pub(super) fn new(
        spec: &NormalizerSpec,
        trainer: &TrainerSpec,
        protected: Prefixes,
    ) -> Result<Self, String> {
        let rules = spec.precompiled_charsmap();
        Ok(Self {
            rules: if rules.is_empty() { None } else { Some(Rules::parse(rules)?) },
            protected,
            add_dummy_prefix: spec.add_dummy_prefix(),
            remove_extra_whitespaces: spec.remove_extra_whitespaces(),
            space: if spec.escape_whitespaces() { SPACE } else { " " },
            space_last: trainer.treat_whitespace_as_suffix(),
        })
    }

    /// The text as the pieces are spelt, and for each of its bytes, and its end, the place in the
    /// text that it came from.
    pub(super) fn normalize(&self, text: &str) -> (String, Vec<usize>) {
        let (whole, mut text) = (text, text);
        while self.remove_extra_whitespaces && !text.is_empty() {
            let (length, new) = self.first(text);
            if new != " " {
                break;
            }
            text = &text[length..];
        }
        if text.is_empty() {
            return (String::new(), vec![whole.len()]);
        }

        let mut out = String::with_capacity(text.len() * 2);
        let mut origins = Vec::with_capacity(text.len() * 2);
        if self.add_dummy_prefix && !self.space_last {
            out.push_str(self.space);
        }
        let mut after_space = self.remove_extra_whitespaces;
        while !text.is_empty() {
            let from = whole.len() - text.len();
            origins.resize(out.len(), from);
            let (length, mut new) = self.first(text);
            if after_space {
                new = new.trim_start_matches(' ');
            }
            if !new.is_empty() {
                for (i, part) in new.split(' ').enumerate() {
                    if i > 0 {
                        out.push_str(self.space);
                    }
                    out.push_str(part);
                }
                after_space = self.remove_extra_whitespaces && new.ends_with(' ');
            }
            origins.resize(out.len(), from);
            text = &text[length..];
        }
        if self.remove_extra_whitespaces {
            out.truncate(out.trim_end_matches(self.space).len());
        }
        if self.add_dummy_prefix && self.space_last {
            out.push_str(self.space);
        }
        origins.resize(out.len() + 1, whole.len());
        (out, origins)
    }

    /// How many bytes to take from the front of a text that is not empty, and what they become.
    fn first<'a>(&'a self, text: &'a str) -> (usize, &'a str) {
        if let Some((length, _)) = self.protected.of(text).last() {
            return (length, &text[..length]);
        }
        if let Some(found) = self.rules.as_ref().and_then(|rules| rules.longest(text)) {
            return found;
        }
        let length = text.chars().next().map_or(0, char::len_utf8);
        (length, &text[..length])
    }
}

/// Replacement rules: a double-array trie (Aoe 1989, in the layout of darts-clone) from a text to
/// a place in a string of all replacements, each ended by a zero byte.
struct Rules {
    units: Vec<u32>,
    replacements: String,
}

impl Rules {
    /// `<bytes of the trie: u32><trie: u32 units><replacements>`, little endian.
    fn parse(bytes: &[u8]) -> Result<Self, String> {
        let wrong = || "its normalisation rules are cut off".to_string();
        let (size, rest) = bytes.split_first_chunk::<4>().ok_or_else(wrong)?;
        let size = usize::try_from(u32::from_le_bytes(*size)).map_err(|error| error.to_string())?;
        let (trie, replacements) = rest.split_at_checked(size).ok_or_else(wrong)?;
        let (units, odd) = trie.as_chunks::<4>();
        if units.is_empty() || !odd.is_empty() {
            return Err(wrong());
        }
        let replacements = std::str::from_utf8(replacements)
            .map_err(|error| format!("its normalisation rules are not UTF-8: {error}"))?;
        Ok(Self {
            units: units.iter().map(|unit| u32::from_le_bytes(*unit)).collect(),
            replacements: replacements.into(),
        })
    }

    /// Length in bytes of the longest beginning of `text` that has a rule, and its replacement.
    /// What a damaged table says of places outside of itself is no rule.
    fn longest<'a>(&'a self, text: &str) -> Option<(usize, &'a str)> {
        const LABEL: u32 = 1 << 31 | 0xff;
        let offset = |unit: u32| (unit >> 10) << ((unit & 1 << 9) >> 6);
        let at = |node: u32| self.units.get(node as usize).copied();

        let mut found = None;
        let mut node = offset(at(0)?);
        for (i, byte) in text.bytes().enumerate() {
            node ^= u32::from(byte);
            let Some(unit) = at(node).filter(|unit| unit & LABEL == u32::from(byte)) else { break };
            node ^= offset(unit);
            if unit >> 8 & 1 == 1 {
                found = at(node).map(|leaf| (i + 1, (leaf & !(1 << 31)) as usize)).or(found);
            }
        }
        let (length, place) = found.filter(|(length, _)| text.is_char_boundary(*length))?;
        let replacement = self.replacements.get(place..)?;
        Some((length, replacement.split('\0').next().unwrap_or(replacement)))
    }
}
