//! Owns what OPUS-MT adds to SentencePiece: one vocabulary for both languages, or one each, special
//! tokens and language codes. Follows `MarianTokenizer` of the Python library transformers 5.23
//! (`models/marian/tokenization_marian.py` and, for special tokens, `tokenization_python.py`).

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::sentencepiece::SentencePiece;
use super::{EOS, Encoded, PAD, UNK};

/// Tokenizer of an OPUS-MT model.
pub(super) struct Marian {
    source: SentencePiece,
    target: SentencePiece,
    /// The ids of targets, where they have a vocabulary of their own.
    target_ids: Option<HashMap<String, u32>>,
    ids: HashMap<String, u32>,
    /// Of targets.
    tokens: HashMap<u32, String>,
    eos: u32,
    unk: u32,
    pad: u32,
}

impl Marian {
    /// * `source`, `target`: source.spm and target.spm
    /// * `vocab`: vocab.json, an object of piece to id
    pub(super) fn parse(
        source: SentencePiece,
        target: SentencePiece,
        vocab: &[u8],
    ) -> Result<Self, String> {
        // Sorted, so that one of two pieces with the same id is chosen each time alike.
        let mut ids: BTreeMap<String, u32> =
            serde_json::from_slice(vocab).map_err(|error| error.to_string())?;
        let special = |name| ids.get(name).copied().ok_or(format!("{name} is missing"));
        let (eos, unk) = (special(EOS)?, special(UNK)?);
        // Python gives a padding token that the file lacks the next free number.
        let next = u32::try_from(ids.len()).map_err(|error| error.to_string())?;
        let pad = *ids.entry(PAD.into()).or_insert(next);
        let tokens = ids.iter().map(|(token, id)| (*id, token.clone())).collect();
        let ids = ids.into_iter().collect();
        Ok(Self { source, target, target_ids: None, ids, tokens, eos, unk, pad })
    }

    /// The same with a vocabulary of its own for targets (`separate_vocabs` in Python).
    ///
    /// * `vocab`: `target_vocab.json`
    pub(super) fn with_target(self, vocab: &[u8]) -> Result<Self, String> {
        let ids: BTreeMap<String, u32> =
            serde_json::from_slice(vocab).map_err(|error| error.to_string())?;
        let tokens = ids.iter().map(|(token, id)| (*id, token.clone())).collect();
        Ok(Self { target_ids: Some(ids.into_iter().collect()), tokens, ..self })
    }

    /// Token ids of one sentence, the end-of-sentence token appended. Special tokens that stand in
    /// the text are taken as such, as Python does it.
    pub(super) fn encode(&self, text: &str) -> Encoded {
        let mut out = Encoded::for_text(text.len());
        let mut start = 0;
        let specials = [(EOS, self.eos), (UNK, self.unk), (PAD, self.pad)];
        while let Some((at, (name, id))) =
            specials.into_iter().filter_map(|it| Some((text[start..].find(it.0)?, it))).min()
        {
            let special = start + at..start + at + name.len();
            self.encode_plain(text, start..special.start, &mut out);
            start = special.end;
            out.push(id, special);
        }
        self.encode_plain(text, start..text.len(), &mut out);
        out.put_in([self.eos]);
        out
    }

    /// A part of a text without special tokens; a language code such as `>>eng<<` may stand first.
    fn encode_plain(&self, text: &str, part: Range<usize>, out: &mut Encoded) {
        let (start, text) = (part.start, &text[part]);
        let code = if text.starts_with(">>") { text.find("<<").map(|at| at + 2) } else { None };
        let (code, text) = text.split_at(code.unwrap_or(0));
        // The text of an unknown run may be a piece of the other language, which has an id.
        let id = |piece: &str| self.ids.get(piece).copied().unwrap_or(self.unk);
        if !code.is_empty() {
            out.push(id(code), start..start + code.len());
        }
        let start = start + code.len();
        self.source.encode(text, |piece, span| {
            out.push(id(piece), start + span.start..start + span.end);
        });
    }

    /// Token ids of a text of the target language, the end-of-sentence token appended.
    pub(super) fn encode_target(&self, text: &str) -> Encoded {
        let mut out = Encoded::for_text(text.len());
        let ids = self.target_ids.as_ref().unwrap_or(&self.ids);
        self.target.encode(text, |piece, span| {
            out.push(ids.get(piece).copied().unwrap_or(self.unk), span);
        });
        out.put_in([self.eos]);
        out
    }

    /// Plain text of target tokens. Python joins them by the rules of source.spm, for want of a
    /// second vocabulary; for pieces that only the target has, those are the same.
    pub(super) fn decode(&self, tokens: &[u32]) -> String {
        if self.target_ids.is_some() {
            let pieces = tokens.iter().filter_map(|id| self.token(*id));
            return self.target.decode(pieces.filter(|piece| ![EOS, UNK, PAD].contains(piece)));
        }
        let special = |id: &u32| [self.eos, self.unk, self.pad].contains(id);
        self.source.decode(tokens.iter().filter(|id| !special(id)).filter_map(|id| self.token(*id)))
    }

    /// The token with this id.
    pub(super) fn token(&self, id: u32) -> Option<&str> {
        self.tokens.get(&id).map(String::as_str)
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
