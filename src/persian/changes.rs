//! What was changed for the model, told in places of the displayed source.

use std::ops::Range;

use tokenizers::NormalizedString;
use tokenizers::normalizer::Range as Part;

/// One change that normalisation or half-space restoration made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Bytes of the displayed source; empty where something was put in.
    pub span: Range<usize>,
    /// What the model reads there; empty where something was taken out.
    pub to: String,
}

/// The changes between the displayed source and what the model reads, in order.
#[must_use]
pub fn changes(text: &NormalizedString) -> Vec<Change> {
    let source = text.get_original();
    let mut found: Vec<Change> = Vec::new();
    // Neighbours become one change.
    let mut add = |span: Range<usize>, to: &str| match found.last_mut() {
        Some(last) if last.span.end == span.start && !(span.is_empty() && to.is_empty()) => {
            last.span.end = span.end;
            last.to.push_str(to);
        }
        _ => found.push(Change { span, to: to.to_owned() }),
    };
    let mut read = 0;
    for (at, c) in text.get().char_indices() {
        let end = at + c.len_utf8();
        let Some(span) = text.convert_offsets(Part::Normalized(at..end)) else { continue };
        let to = &text.get()[at..end];
        if span.start < read || span.is_empty() {
            // Put in: it has the place of the character before it.
            add(read..read, to);
            continue;
        }
        if span.start > read {
            add(read..span.start, "");
        }
        if source.get(span.clone()) != Some(to) {
            add(span.clone(), to);
        }
        read = span.end;
    }
    if read < source.len() {
        add(read..source.len(), "");
    }
    found
}
