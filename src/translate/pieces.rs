//! Sentences as the model takes them: whole, or in pieces where they are too long.

use std::ops::Range;

use crate::document::Document;
use crate::model::Tokenizer;
use crate::model::tokenizer::Encoded;
use crate::persian;

use super::frame::Frame;
use super::glossary::Wanted;
use super::{Error, Result, TranslateOptions};

/// A sentence, or a part of one that is too long for the model.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// The sentence.
    pub sentence: usize,
    /// What it reads.
    pub text: String,
    /// Source tokens with the end-of-sentence token.
    pub tokens: Vec<u32>,
    /// Where each stands in what the model reads of the sentence, in bytes; empty for what does
    /// not. None at all of a prompt.
    pub places: Vec<Range<usize>>,
    /// The terms of a glossary that it has.
    pub wanted: Vec<Wanted>,
}

/// Cuts a document into pieces of at most `limit` tokens, in the order of the source. A
/// sentence without a letter or digit has none: there is nothing to translate. Nor has one that a
/// translation memory has, or that is not Persian, where only Persian is to be translated.
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
        let nothing = !text.chars().any(char::is_alphanumeric);
        let foreign = || options.only_persian && persian::is_foreign(text);
        let known = || options.memory.as_ref().is_some_and(|it| it.exact(text).is_some());
        if nothing || foreign() || known() {
            continue;
        }
        let wanted = |text: &str| {
            options.glossary.as_ref().map(|glossary| glossary.wanted(text)).unwrap_or_default()
        };
        let encode = |text: &str| frame.encode(tokenizer, text, &[]);
        // A token is at least a byte or so: what is far too long need not be encoded to know it.
        let hopeless = limit * LONGEST_TOKEN;
        if text.len() <= hopeless {
            let Encoded { ids: tokens, spans: places } = encode(text)?;
            if tokens.len() <= limit {
                let (text, wanted) = (text.into(), wanted(text));
                pieces.push(Piece { sentence: sentence.id, text, tokens, places, wanted });
                continue;
            }
        }
        let fits = |part: &str| {
            part.len() <= hopeless && encode(part).is_ok_and(|tokens| tokens.ids.len() <= limit)
        };
        for span in persian::split_long(text, &fits) {
            let part = &text[span.clone()];
            let Encoded { ids: tokens, spans } = encode(part)?;
            if tokens.len() > limit {
                return Err(Error::Unsplittable {
                    sentence: sentence.id + 1,
                    characters: part.chars().count(),
                    limit,
                });
            }
            let moved = |at: Range<usize>| at.start + span.start..at.end + span.start;
            let places = spans.into_iter().map(moved).collect();
            let (text, wanted) = (part.into(), wanted(part));
            pieces.push(Piece { sentence: sentence.id, text, tokens, places, wanted });
        }
    }
    Ok(pieces)
}

/// Bytes of the longest token that is worth hoping for.
const LONGEST_TOKEN: usize = 32;
