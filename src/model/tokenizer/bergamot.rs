//! Owns what Marian adds to the SentencePiece models of its students: nothing, their numbers are the
//! ids. Follows `src/data/sentencepiece_vocab.cpp` of browsermt/marian-dev.

use std::collections::HashMap;

use super::sentencepiece::SentencePiece;
use super::{EOS, Encoded, UNK};

/// Marian trains its vocabularies with `--bos_id=-1 --eos_id=0 --unk_id=1`, and pads with 0.
const SPECIAL: [(&str, u32); 2] = [(EOS, 0), (UNK, 1)];

/// Tokenizer of a Marian student.
pub(super) struct Bergamot {
    source: SentencePiece,
    source_ids: HashMap<String, u32>,
    target: SentencePiece,
    target_ids: HashMap<String, u32>,
    /// By their ids; those of the target language.
    tokens: Vec<String>,
}

impl Bergamot {
    /// * `source`, `target`: twice `vocab.*.spm`, or `srcvocab.*.spm` and `trgvocab.*.spm`
    pub(super) fn new(source: SentencePiece, target: SentencePiece) -> Result<Self, String> {
        let source_ids = ids(&source)?;
        let target_ids = ids(&target)?;
        let mut tokens = vec![String::new(); target_ids.len()];
        for (piece, id) in &target_ids {
            if let Some(place) = tokens.get_mut(*id as usize) {
                place.clone_from(piece);
            }
        }
        Ok(Self { source, source_ids, target, target_ids, tokens })
    }

    /// Token ids of a text, nothing put after it. Special tokens that stand in it are text.
    pub(super) fn encode(&self, text: &str, out: &mut Encoded) {
        let [_, (_, unk)] = SPECIAL;
        self.source.encode(text, |piece, span| {
            out.push(self.source_ids.get(piece).copied().unwrap_or(unk), span);
        });
    }

    /// The same of the target language.
    pub(super) fn encode_target(&self, text: &str) -> Encoded {
        let mut out = Encoded::for_text(text.len());
        let [_, (_, unk)] = SPECIAL;
        self.target.encode(text, |piece, span| {
            out.push(self.target_ids.get(piece).copied().unwrap_or(unk), span);
        });
        out
    }

    /// Plain text of target tokens, without special ones.
    pub(super) fn decode(&self, tokens: &[u32]) -> String {
        let plain = |id: &&u32| SPECIAL.iter().all(|(_, special)| *special != **id);
        self.target.decode(tokens.iter().filter(plain).filter_map(|id| self.token(*id)))
    }

    /// The target token with this id.
    pub(super) fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(id as usize).map(String::as_str)
    }

    /// The id of this target token.
    pub(super) fn id(&self, token: &str) -> Option<u32> {
        self.target_ids.get(token).copied()
    }

    /// Target tokens.
    pub(super) fn vocabulary_size(&self) -> usize {
        self.tokens.len()
    }
}

fn ids(pieces: &SentencePiece) -> Result<HashMap<String, u32>, String> {
    let ids = pieces
        .pieces()
        .map(|(piece, number)| Ok((piece.to_string(), u32::try_from(number)?)))
        .collect::<Result<HashMap<_, _>, std::num::TryFromIntError>>()
        .map_err(|error| error.to_string())?;
    match SPECIAL.iter().find(|(name, id)| ids.get(*name) != Some(id)) {
        Some((name, id)) => Err(format!("{name} is not number {id}, as in vocabularies of Marian")),
        None => Ok(ids),
    }
}
