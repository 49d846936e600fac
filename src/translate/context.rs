//! Sentences with what stands before them in their paragraph, for language models.
//!
//! The other way would be to give the model a paragraph, and to cut what it writes into as many
//! parts; but a model may join two sentences or leave one out, and then the cut is a guess. Here the
//! model is given the sentences up to the present one, a line each, and the answer begins with the
//! translations that the earlier ones already have: what it goes on to write belongs to the present
//! sentence and to no other. Paragraphs don't wait for each other: their first sentences are
//! translated together, then their second ones.

use std::collections::HashMap;

use super::frame::translation;
use super::pieces::Piece;
use super::translator::Translator;
use super::{Observer, Result, TranslateOptions};
use crate::decode::Hypothesis;
use crate::document::Document;

impl Translator {
    /// Decodes pieces with their context; returns the candidates of each, in the order of `pieces`.
    pub(super) fn decode_in_turn(
        &self,
        document: &Document,
        pieces: &[Piece],
        options: &TranslateOptions,
        observer: &dyn Observer,
    ) -> Result<Vec<Vec<Hypothesis>>> {
        let mut results: Vec<Vec<Hypothesis>> = vec![Vec::new(); pieces.len()];
        // Of the sentences that are done and whole.
        let mut translations: HashMap<usize, String> = HashMap::new();
        for turn in turns(document, pieces) {
            let asked = turn
                .iter()
                .map(|at| {
                    let piece = &pieces[*at];
                    let parts = pieces.iter().filter(|other| other.sentence == piece.sentence);
                    let tokens = if parts.count() > 1 {
                        piece.tokens.clone()
                    } else {
                        self.with_context(document, piece, &translations, options.context)?
                    };
                    Ok(Piece { tokens, places: Vec::new(), ..piece.clone() })
                })
                .collect::<Result<Vec<Piece>>>()?;
            let options = TranslateOptions { second_try: false, ..options.clone() };
            let (_, found) = self.decode(asked.clone(), &options, observer)?;
            for ((at, piece), hypotheses) in turn.into_iter().zip(&asked).zip(found) {
                if let Some(best) = hypotheses.first().filter(|best| !best.truncated) {
                    let answer = self.tokenizer.decode(&best.tokens)?;
                    let text = translation(&answer).0.to_owned();
                    translations.insert(piece.sentence, text);
                }
                results[at] = hypotheses;
            }
        }
        Ok(results)
    }

    /// Tokens of a sentence with as many sentences before it as there may be, and as there is room
    /// for.
    fn with_context(
        &self,
        document: &Document,
        piece: &Piece,
        translations: &HashMap<usize, String>,
        context: usize,
    ) -> Result<Vec<u32>> {
        let sentence = &document.sentences[piece.sentence];
        let mut before: Vec<(String, String)> = document.sentences[..piece.sentence]
            .iter()
            .rev()
            .take(context)
            .take_while(|earlier| earlier.block == sentence.block)
            .map_while(|earlier| {
                let target = translations.get(&earlier.id).filter(|text| !text.is_empty())?;
                Some((earlier.text.get().to_owned(), target.clone()))
            })
            .collect();
        before.reverse();
        let limit = self.model.max_source_tokens();
        loop {
            let tokens = self.frame.encode(&self.tokenizer, sentence.text.get(), &before)?.ids;
            if tokens.len() <= limit {
                return Ok(tokens);
            }
            if before.is_empty() {
                return Ok(piece.tokens.clone());
            }
            before.remove(0);
        }
    }
}

/// The pieces whose turn comes at the same time: the first of every paragraph, then the second.
fn turns(document: &Document, pieces: &[Piece]) -> Vec<Vec<usize>> {
    let mut turns: Vec<Vec<usize>> = Vec::new();
    let mut seen: HashMap<usize, usize> = HashMap::new();
    for (at, piece) in pieces.iter().enumerate() {
        let turn = seen.entry(document.sentences[piece.sentence].block).or_default();
        if *turn == turns.len() {
            turns.push(Vec::new());
        }
        turns[*turn].push(at);
        *turn += 1;
    }
    turns
}
