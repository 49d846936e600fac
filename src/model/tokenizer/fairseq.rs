//! Owns what fairseq's multilingual models, M2M100, NLLB-200 and mBART-50, add to one SentencePiece
//! model for all languages: ids of their own and a token for each language. Follows
//! `M2M100Tokenizer` of transformers 5.23 (`models/m2m_100/tokenization_m2m_100.py`), and
//! `NllbTokenizer` and `MBart50Tokenizer` of 4.57 (`models/nllb/tokenization_nllb.py`,
//! `models/mbart50/tokenization_mbart50.py`; release 5 has only their conversions to the tokenizers
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

/// `FAIRSEQ_LANGUAGE_CODES` of transformers' NLLB.
#[rustfmt::skip]
const NLLB: Layout = Layout {
    naming: Naming::Flores,
    languages: &[
        "ace_Arab", "ace_Latn", "acm_Arab", "acq_Arab", "aeb_Arab", "afr_Latn", "ajp_Arab",
        "aka_Latn", "amh_Ethi", "apc_Arab", "arb_Arab", "ars_Arab", "ary_Arab", "arz_Arab",
        "asm_Beng", "ast_Latn", "awa_Deva", "ayr_Latn", "azb_Arab", "azj_Latn", "bak_Cyrl",
        "bam_Latn", "ban_Latn", "bel_Cyrl", "bem_Latn", "ben_Beng", "bho_Deva", "bjn_Arab",
        "bjn_Latn", "bod_Tibt", "bos_Latn", "bug_Latn", "bul_Cyrl", "cat_Latn", "ceb_Latn",
        "ces_Latn", "cjk_Latn", "ckb_Arab", "crh_Latn", "cym_Latn", "dan_Latn", "deu_Latn",
        "dik_Latn", "dyu_Latn", "dzo_Tibt", "ell_Grek", "eng_Latn", "epo_Latn", "est_Latn",
        "eus_Latn", "ewe_Latn", "fao_Latn", "pes_Arab", "fij_Latn", "fin_Latn", "fon_Latn",
        "fra_Latn", "fur_Latn", "fuv_Latn", "gla_Latn", "gle_Latn", "glg_Latn", "grn_Latn",
        "guj_Gujr", "hat_Latn", "hau_Latn", "heb_Hebr", "hin_Deva", "hne_Deva", "hrv_Latn",
        "hun_Latn", "hye_Armn", "ibo_Latn", "ilo_Latn", "ind_Latn", "isl_Latn", "ita_Latn",
        "jav_Latn", "jpn_Jpan", "kab_Latn", "kac_Latn", "kam_Latn", "kan_Knda", "kas_Arab",
        "kas_Deva", "kat_Geor", "knc_Arab", "knc_Latn", "kaz_Cyrl", "kbp_Latn", "kea_Latn",
        "khm_Khmr", "kik_Latn", "kin_Latn", "kir_Cyrl", "kmb_Latn", "kon_Latn", "kor_Hang",
        "kmr_Latn", "lao_Laoo", "lvs_Latn", "lij_Latn", "lim_Latn", "lin_Latn", "lit_Latn",
        "lmo_Latn", "ltg_Latn", "ltz_Latn", "lua_Latn", "lug_Latn", "luo_Latn", "lus_Latn",
        "mag_Deva", "mai_Deva", "mal_Mlym", "mar_Deva", "min_Latn", "mkd_Cyrl", "plt_Latn",
        "mlt_Latn", "mni_Beng", "khk_Cyrl", "mos_Latn", "mri_Latn", "zsm_Latn", "mya_Mymr",
        "nld_Latn", "nno_Latn", "nob_Latn", "npi_Deva", "nso_Latn", "nus_Latn", "nya_Latn",
        "oci_Latn", "gaz_Latn", "ory_Orya", "pag_Latn", "pan_Guru", "pap_Latn", "pol_Latn",
        "por_Latn", "prs_Arab", "pbt_Arab", "quy_Latn", "ron_Latn", "run_Latn", "rus_Cyrl",
        "sag_Latn", "san_Deva", "sat_Beng", "scn_Latn", "shn_Mymr", "sin_Sinh", "slk_Latn",
        "slv_Latn", "smo_Latn", "sna_Latn", "snd_Arab", "som_Latn", "sot_Latn", "spa_Latn",
        "als_Latn", "srd_Latn", "srp_Cyrl", "ssw_Latn", "sun_Latn", "swe_Latn", "swh_Latn",
        "szl_Latn", "tam_Taml", "tat_Cyrl", "tel_Telu", "tgk_Cyrl", "tgl_Latn", "tha_Thai",
        "tir_Ethi", "taq_Latn", "taq_Tfng", "tpi_Latn", "tsn_Latn", "tso_Latn", "tuk_Latn",
        "tum_Latn", "tur_Latn", "twi_Latn", "tzm_Tfng", "uig_Arab", "ukr_Cyrl", "umb_Latn",
        "urd_Arab", "uzn_Latn", "vec_Latn", "vie_Latn", "war_Latn", "wol_Latn", "xho_Latn",
        "ydd_Hebr", "yor_Latn", "yue_Hant", "zho_Hans", "zho_Hant", "zul_Latn",
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
        Self::of_pieces(pieces, &MBART50)
    }

    /// * `pieces`: sentencepiece.bpe.model; ids as mBART-50 has them.
    pub(super) fn nllb(pieces: SentencePiece) -> Result<Self, String> {
        Self::of_pieces(pieces, &NLLB)
    }

    fn of_pieces(pieces: SentencePiece, layout: &Layout) -> Result<Self, String> {
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
        Self::new(pieces, ids, count + 1, layout)
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

    /// The tokens of the languages.
    pub(super) fn languages(&self) -> &[String] {
        &self.languages
    }
}
