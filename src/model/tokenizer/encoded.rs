//! Where tokens stand in their text.

use std::ops::Range;

/// The tokens of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Token ids.
    pub ids: Vec<u32>,
    /// Where each stands in the text, in bytes, the space before a word counted in. Empty for what
    /// was put in, such as the end of the sentence.
    pub spans: Vec<Range<usize>>,
}

impl Encoded {
    /// Room for the tokens of a text of so many bytes.
    pub(super) fn for_text(bytes: usize) -> Self {
        let tokens = bytes / 3 + 2;
        Self { ids: Vec::with_capacity(tokens), spans: Vec::with_capacity(tokens) }
    }

    pub(super) fn push(&mut self, id: u32, span: Range<usize>) {
        self.ids.push(id);
        self.spans.push(span);
    }

    /// Takes what the tokenizers library found.
    pub(super) fn take(&mut self, encoding: &tokenizers::Encoding) {
        for (id, (start, end)) in encoding.get_ids().iter().zip(encoding.get_offsets()) {
            // Special tokens are all said to stand at the start.
            if start == end { self.put_in([*id]) } else { self.push(*id, *start..*end) }
        }
    }

    /// Adds what does not stand in the text, at its beginning or behind all that is there.
    pub(super) fn put_in(&mut self, ids: impl IntoIterator<Item = u32>) {
        let at = self.spans.last().map_or(0, |span| span.end);
        for id in ids {
            self.push(id, at..at);
        }
    }
}

/// Where each token of a target stands in `text`, which `tokens` are decoded to; empty for special
/// tokens.
///
/// * `piece`: the spelling of a token
/// * `decode`: the text of the first so many tokens
pub(super) fn places<P: AsRef<str>>(
    text: &str,
    tokens: &[u32],
    piece: impl Fn(u32) -> Option<P>,
    decode: impl Fn(usize) -> String,
) -> Vec<Range<usize>> {
    let spelt = as_spelt(text, tokens, piece);
    spelt.unwrap_or_else(|| by_prefixes(text, tokens.len(), decode))
}

/// Where the pieces put together are the text, as in most vocabularies.
fn as_spelt<P: AsRef<str>>(
    text: &str,
    tokens: &[u32],
    piece: impl Fn(u32) -> Option<P>,
) -> Option<Vec<Range<usize>>> {
    let mut at = 0;
    let mut spans = Vec::with_capacity(tokens.len());
    for id in tokens {
        let piece = piece(*id)?.as_ref().replace('\u{2581}', " ");
        let shown = if at == 0 { piece.trim_start() } else { &piece };
        // What does not stand there is a special token, or else the end is not reached.
        let end = if text[at..].starts_with(shown) { at + shown.len() } else { at };
        spans.push(at..end);
        at = end;
    }
    (at == text.len()).then_some(spans)
}

/// A token's place is what it adds to the text of those before it.
fn by_prefixes(text: &str, tokens: usize, decode: impl Fn(usize) -> String) -> Vec<Range<usize>> {
    let mut at = 0;
    let mut spans = Vec::with_capacity(tokens);
    for count in 1..=tokens {
        let so_far = if count == tokens { text.to_owned() } else { decode(count) };
        // Part of a character shows as something else until the rest of it is there.
        let pairs = text.char_indices().zip(so_far.chars());
        let same = pairs.take_while(|((_, a), b)| a == b).last();
        let end = same.map_or(0, |((start, c), _)| start + c.len_utf8()).max(at);
        spans.push(at..end);
        at = end;
    }
    spans
}
