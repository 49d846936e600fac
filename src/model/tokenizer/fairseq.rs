//! Owns what fairseq's multilingual models, M2M100 and mBART-50, add to one SentencePiece model for
//! all languages: ids of their own and a token for each language. Follows `M2M100Tokenizer` of
//! transformers 5.23 (`models/m2m_100/tokenization_m2m_100.py`) and `MBart50Tokenizer` of 4.57
//! (`models/mbart50/tokenization_mbart50.py`; release 5 has only its conversion to the tokenizers
//! library).

use std::collections::{BTreeMap, HashMap};

use super::languages::Naming;
use super::sentencepiece::{SentencePiece, is_space};
use super::{EOS, Encoded, PAD, UNK};

const BOS: &str = "<s>";
const MASK: &str = "<mask>";

/// What stands behind the pieces.
struct Layout {
    naming: Naming,
    /// In the order of their ids.
    languages: &'static [&'static str],
    mask: Option<&'static str>,
    /// Rows of the model that no token stands for.
    unused: u32,
}

/// `FAIRSEQ_LANGUAGE_CODES["m2m100"]` and `num_madeup_words` of transformers.
#[rustfmt::skip]
const M2M100: Layout = Layout {
    naming: Naming::M2m100,
    languages: &[
        "af", "am", "ar", "ast", "az", "ba", "be", "bg", "bn", "br", "bs", "ca", "ceb", "cs", "cy",
        "da", "de", "el", "en", "es", "et", "fa", "ff", "fi", "fr", "fy", "ga", "gd", "gl", "gu",
        "ha", "he", "hi", "hr", "ht", "hu", "hy", "id", "ig", "ilo", "is", "it", "ja", "jv", "ka",
        "kk", "km", "kn", "ko", "lb", "lg", "ln", "lo", "lt", "lv", "mg", "mk", "ml", "mn", "mr",
        "ms", "my", "ne", "nl", "no", "ns", "oc", "or", "pa", "pl", "ps", "pt", "ro", "ru", "sd",
        "si", "sk", "sl", "so", "sq", "sr", "ss", "su", "sv", "sw", "ta", "th", "tl", "tn", "tr",
        "uk", "ur", "uz", "vi", "wo", "xh", "yi", "yo", "zh", "zu",
    ],
    mask: None,
    unused: 8,
};

/// `FAIRSEQ_LANGUAGE_CODES` of transformers.
#[rustfmt::skip]
const MBART50: Layout = Layout {
    naming: Naming::Mbart50,
    languages: &[
        "ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN",
        "it_IT", "ja_XX", "kk_KZ", "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO",
        "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN", "af_ZA", "az_AZ", "bn_IN", "fa_IR", "he_IL",
        "hr_HR", "id_ID", "ka_GE", "km_KH", "mk_MK", "ml_IN", "mn_MN", "mr_IN", "pl_PL", "ps_AF",
        "pt_XX", "sv_SE", "sw_KE", "ta_IN", "te_IN", "th_TH", "tl_XX", "uk_UA", "ur_PK", "xh_ZA",
        "gl_ES", "sl_SI",
    ],
    mask: Some(MASK),
    unused: 0,
};

/// Tokenizer of a multilingual model that came from fairseq.
pub(super) struct Fairseq {
    pieces: SentencePiece,
    ids: HashMap<String, u32>,
    tokens: HashMap<u32, String>,
    languages: Vec<String>,
    /// Those that are taken as such where they stand in a text, and left out of one.
    special: Vec<(String, u32)>,
    unk: u32,
    /// One more than the last id that a model may say.
    end: u32,
}

impl Fairseq {
    /// * `pieces`: sentencepiece.bpe.model
    /// * `vocab`: vocab.json, fairseq's dictionary: an object of piece to id, not in the order of
    ///   the pieces. The languages follow it.
    pub(super) fn m2m100(pieces: SentencePiece, vocab: &[u8]) -> Result<Self, String> {
        // Sorted, so that one of two pieces with the same id is chosen each time alike.
        let ids: BTreeMap<String, u32> =
            serde_json::from_slice(vocab).map_err(|error| error.to_string())?;
        let first = ids.len();
        Self::new(pieces, ids, first, &M2M100)
    }

    /// * `pieces`: sentencepiece.bpe.model, from which all ids follow: four special tokens, then
    ///   the pieces from the fourth on, the languages, the mask.
    pub(super) fn mbart50(pieces: SentencePiece) -> Result<Self, String> {
        let (mut ids, mut start, mut count) = (BTreeMap::new(), [""; 3], 0);
        for (piece, number) in pieces.pieces() {
            count += 1;
            if let Some(place) = start.get_mut(number) {
                *place = piece;
            } else {
                let id = u32::try_from(number + 1).map_err(|error| error.to_string())?;
                ids.insert(piece.to_string(), id);
            }
        }
        if start != [UNK, BOS, EOS] {
            return Err(format!("it does not start with {UNK}, {BOS} and {EOS}"));
        }
        ids.extend([(BOS, 0), (PAD, 1), (EOS, 2), (UNK, 3)].map(|(name, id)| (name.into(), id)));
        Self::new(pieces, ids, count + 1, &MBART50)
    }

    /// * `first`: the id of the first language
    fn new(
        pieces: SentencePiece,
        mut ids: BTreeMap<String, u32>,
        first: usize,
        layout: &Layout,
    ) -> Result<Self, String> {
        let languages: Vec<String> =
            layout.languages.iter().map(|code| layout.naming.token(code)).collect();
        let mut end = u32::try_from(first).map_err(|error| error.to_string())?;
        for token in languages.iter().map(String::as_str).chain(layout.mask) {
            ids.insert(token.to_string(), end);
            end += 1;
        }
        let known = |name: &str| ids.get(name).copied().ok_or(format!("{name} is missing"));
        let unk = known(UNK)?;
        let special = [BOS, PAD, EOS, UNK]
            .into_iter()
            .chain(layout.mask)
            .chain(languages.iter().map(String::as_str))
            .map(|name| Ok((name.to_string(), known(name)?)))
            .collect::<Result<_, String>>()?;
        let tokens = ids.iter().map(|(token, id)| (*id, token.clone())).collect();
        let ids = ids.into_iter().collect();
        Ok(Self { pieces, ids, tokens, languages, special, unk, end: end + layout.unused })
    }

    /// Token ids of a text, nothing put before or after it. Special tokens and languages that stand
    /// in the text are taken as such, as Python does it.
    pub(super) fn encode(&self, text: &str, out: &mut Encoded) {
        let mut start = 0;
        let first = |text: &str| {
            let places = self
                .special
                .iter()
                .filter_map(|(name, id)| text.find(name).map(|at| (at, name.as_str(), *id)));
            places.min()
        };
        while let Some((at, name, id)) = first(&text[start..]) {
            let special = start + at..start + at + name.len();
            let before = &text[start..special.start];
            // The mask takes the white space before it along.
            let before = if name == MASK { before.trim_end_matches(is_space) } else { before };
            self.encode_plain(before, start, out);
            start = special.end;
            out.push(id, special);
        }
        self.encode_plain(&text[start..], start, out);
    }

    /// * `start`: where `text` begins in the whole one
    fn encode_plain(&self, text: &str, start: usize, out: &mut Encoded) {
        let id = |piece: &str| self.ids.get(piece).copied().unwrap_or(self.unk);
        self.pieces.encode(text, |piece, span| {
            out.push(id(piece), start + span.start..start + span.end);
        });
    }

    /// Plain text of target tokens. Of the rows without a token nothing is shown (Python writes
    /// `<unk>` for them).
    pub(super) fn decode(&self, tokens: &[u32]) -> String {
        let special = |id: &u32| self.special.iter().any(|(_, special)| special == id);
        let pieces = tokens.iter().filter(|id| !special(id)).filter_map(|id| self.token(*id));
        self.pieces.decode(pieces)
    }

    /// Whether the model may say this.
    pub(super) fn knows(&self, id: u32) -> bool {
        id < self.end || self.tokens.contains_key(&id)
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

    /// The tokens of the languages.
    pub(super) fn languages(&self) -> &[String] {
        &self.languages
    }
}
