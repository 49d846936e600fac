//! Sentences as the model takes them: whole, or in pieces where they are too long.

use crate::document::Document;
use crate::model::Tokenizer;
use crate::persian;

use super::frame::Frame;
use super::glossary::Wanted;
use super::{Error, Result, TranslateOptions};

/// A sentence, or a part of one that is too long for the model.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// The sentence.
    pub sentence: usize,
    /// Source tokens with the end-of-sentence token.
    pub tokens: Vec<u32>,
    /// The terms of a glossary that it has.
    pub wanted: Vec<Wanted>,
}

/// Cuts a document into pieces of at most `limit` tokens, in the order of the source. A
/// sentence without a letter or digit has none, there is nothing to translate; nor has one that a
/// translation memory has.
///
/// * `frame`: what a text stands in when the model reads it; its tokens count
pub(super) fn cut(
    document: &Document,
    tokenizer: &Tokenizer,
    frame: &Frame,
    limit: usize,
    options: &TranslateOptions,
) -> Result<Vec<Piece>> {
    let mut pieces = Vec::with_capacity(document.sentences.len());
    for sentence in &document.sentences {
        let text = sentence.text.get();
        if !text.chars().any(char::is_alphanumeric) {
            continue;
        }
        if options.memory.as_ref().is_some_and(|memory| memory.exact(text).is_some()) {
            continue;
        }
        let wanted = |text: &str| {
            options.glossary.as_ref().map(|glossary| glossary.wanted(text)).unwrap_or_default()
        };
        let encode = |text: &str| frame.encode(tokenizer, text, &[]);
        // A token is at least a byte or so: what is far too long need not be encoded to know it.
        let hopeless = limit * LONGEST_TOKEN;
        if text.len() <= hopeless {
            let tokens = encode(text)?;
            if tokens.len() <= limit {
                pieces.push(Piece { sentence: sentence.id, tokens, wanted: wanted(text) });
                continue;
            }
        }
        let fits = |part: &str| {
            part.len() <= hopeless && encode(part).is_ok_and(|tokens| tokens.len() <= limit)
        };
        for span in persian::split_long(text, &fits) {
            let part = &text[span];
            let tokens = encode(part)?;
            if tokens.len() > limit {
                return Err(Error::Unsplittable {
                    sentence: sentence.id + 1,
                    characters: part.chars().count(),
                    limit,
                });
            }
            pieces.push(Piece { sentence: sentence.id, tokens, wanted: wanted(part) });
        }
    }
    Ok(pieces)
}

/// Bytes of the longest token that is worth hoping for.
const LONGEST_TOKEN: usize = 32;
