//! Owns what T5 and mT5 add to their one SentencePiece model: little, its numbers are the ids.
//! Follows the SentencePiece library, with which those models were trained (`T5Tokenizer` of
//! transformers 5 gives `<unk>` for what mT5 has bytes for; that of 4.57 is as here).

use std::collections::HashMap;

use super::sentencepiece::SentencePiece;
use super::{EOS, Encoded, PAD, UNK};

/// `<extra_id_0>` and so on, which stand for gaps in the training of T5.
const GAPS: usize = 100;
/// The embedding has a multiple of so many rows.
const ROWS: usize = 128;

/// Tokenizer of a T5 model.
pub(super) struct T5 {
    pieces: SentencePiece,
    ids: HashMap<String, u32>,
    tokens: HashMap<u32, String>,
    unk: u32,
    /// One more than the last id that a model may say.
    end: u32,
}

impl T5 {
    /// * `pieces`: spiece.model
    pub(super) fn new(pieces: SentencePiece) -> Result<Self, String> {
        let ids = pieces
            .pieces()
            .map(|(piece, number)| Ok((piece.to_string(), u32::try_from(number)?)))
            .collect::<Result<HashMap<_, _>, std::num::TryFromIntError>>()
            .map_err(|error| error.to_string())?;
        let known = |name: &str| ids.get(name).copied().ok_or(format!("{name} is missing"));
        known(EOS)?;
        let unk = known(UNK)?;
        let tokens = ids.iter().map(|(token, id)| (*id, token.clone())).collect();
        let end = (ids.len() + GAPS).next_multiple_of(ROWS);
        let end = u32::try_from(end).map_err(|error| error.to_string())?;
        Ok(Self { pieces, ids, tokens, unk, end })
    }

    /// Token ids of a text, nothing put after it. Special tokens that stand in it are text.
    pub(super) fn encode(&self, text: &str, out: &mut Encoded) {
        self.pieces.encode(text, |piece, span| {
            out.push(self.ids.get(piece).copied().unwrap_or(self.unk), span);
        });
    }

    /// Plain text of target tokens. Of special tokens and rows without a token nothing is shown.
    pub(super) fn decode(&self, tokens: &[u32]) -> String {
        let pieces = tokens.iter().filter_map(|id| self.tokens.get(id)).map(String::as_str);
        self.pieces.decode(pieces.filter(|piece| ![EOS, PAD, UNK].contains(piece)))
    }

    /// The token with this id.
    pub(super) fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(&id).map(String::as_str)
    }

    /// Whether the model may say this.
    pub(super) fn knows(&self, id: u32) -> bool {
        id < self.end
    }

    /// One more than the last id that a model may say.
    pub(super) fn end(&self) -> u32 {
        self.end
    }

    /// The id of this token.
    pub(super) fn id(&self, token: &str) -> Option<u32> {
        self.ids.get(token).copied()
    }

    /// Tokens, special ones counted in.
    pub(super) fn vocabulary_size(&self) -> usize {
        self.ids.len()
    }
}
