//! Translations that are there already: what the model says of them.

use super::align::{Translated, align};
use super::pieces::Piece;
use super::translator::Translator;
use super::{Error, Result};
use crate::decode::{self, Batch};
use crate::document::AlignedDocument;
use crate::model::tokenizer::Encoded;
use crate::persian;

/// Rows that are scored together.
const ROWS: usize = 16;

/// A unit as the model takes it.
struct Known {
    unit: usize,
    piece: Piece,
    target: Encoded,
}

impl Translator {
    /// Aligns the words of a translation, whoever made it, and scores it. What is longer than the
    /// model takes in one piece keeps no alignment. The texts are left as they are.
    ///
    /// # Errors
    /// When this is a language model, which has no alignment, or the model fails.
    pub fn align(&self, mut document: AlignedDocument) -> Result<AlignedDocument> {
        let options = self.options().search;
        if options.alignment.is_none() {
            return Err(Error::NoAlignment { model: self.name().to_owned() });
        }
        let mut known = Vec::with_capacity(document.units.len());
        for (unit, content) in document.units.iter_mut().enumerate() {
            let sentence = &mut content.sentence;
            let block = &document.article.blocks[sentence.block].text;
            let mut text = persian::normalize(&block[sentence.span.clone()]);
            persian::restore(&mut text);
            sentence.text = text;
            content.translation.alignment = None;
            content.translation.coverage = None;
            let Encoded { ids: tokens, spans: places } =
                self.frame.encode(&self.tokenizer, content.sentence.text.get(), &[])?;
            let target = self.tokenizer.encode_target(content.target())?;
            let fits = tokens.len() <= self.model.max_source_tokens()
                && target.ids.len() < self.model.max_target_tokens();
            if fits && !content.target().trim().is_empty() {
                let text = content.sentence.text.get().to_owned();
                let (sentence, wanted) = (content.sentence.id, Vec::new());
                let piece = Piece { sentence, text, tokens, places, wanted };
                known.push(Known { unit, piece, target });
            }
        }
        // Of like length, so that little is computed for padding.
        known.sort_by_key(|known| (known.piece.tokens.len(), known.unit));
        for group in known.chunks(ROWS) {
            let rows: Vec<(usize, &[u32])> =
                group.iter().map(|known| (known.unit, known.piece.tokens.as_slice())).collect();
            let targets: Vec<Vec<u32>> =
                group.iter().map(|known| known.target.ids.clone()).collect();
            let sentences = || group.iter().map(|known| known.unit + 1);
            let (first, last) = (sentences().min().unwrap_or(0), sentences().max().unwrap_or(0));
            let found = Batch::new(&rows, options.pad, self.model.device())
                .and_then(|batch| decode::force(self.model.as_ref(), &batch, &targets, &options))
                .map_err(|source| Error::Search { first, last, source: Box::new(source) })?;
            for (Known { unit, piece, target }, hypothesis) in group.iter().zip(&found) {
                let unit = &mut document.units[*unit];
                let places = target.spans.clone();
                let parts = [Translated { piece, hypothesis, places }];
                let aligned = align(&unit.sentence.text, unit.target(), &parts);
                let translation = &mut unit.translation;
                (translation.alignment, translation.coverage) =
                    aligned.map_or((None, None), |it| (Some(it.pairs), it.coverage));
                if let Some(best) = translation.candidates.first_mut() {
                    best.score = hypothesis.score;
                }
            }
        }
        Ok(document)
    }
}
