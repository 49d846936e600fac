use crate::model::{Error, Result};

/// A language as a prompt names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Language {
    /// In English.
    pub name: String,
    /// ISO 639-1, or 639-3 where there is no shorter one.
    pub code: String,
}

/// English names, and the codes that mean them; the first one goes into prompts.
const TABLE: [(&str, &[&str]); 40] = [
    ("Persian", &["fa", "fas", "pes", "per"]),
    ("Dari", &["prs"]),
    ("English", &["en", "eng"]),
    ("Arabic", &["ar", "ara", "arb"]),
    ("Azerbaijani", &["az", "aze", "azj"]),
    ("Bengali", &["bn", "ben"]),
    ("Bulgarian", &["bg", "bul"]),
    ("Catalan", &["ca", "cat"]),
    ("Chinese", &["zh", "zho", "cmn"]),
    ("Croatian", &["hr", "hrv"]),
    ("Czech", &["cs", "ces"]),
    ("Danish", &["da", "dan"]),
    ("Dutch", &["nl", "nld"]),
    ("Finnish", &["fi", "fin"]),
    ("French", &["fr", "fra"]),
    ("German", &["de", "deu"]),
    ("Greek", &["el", "ell"]),
    ("Hebrew", &["he", "heb"]),
    ("Hindi", &["hi", "hin"]),
    ("Hungarian", &["hu", "hun"]),
    ("Indonesian", &["id", "ind"]),
    ("Italian", &["it", "ita"]),
    ("Japanese", &["ja", "jpn"]),
    ("Kazakh", &["kk", "kaz"]),
    ("Korean", &["ko", "kor"]),
    ("Norwegian", &["no", "nob", "nor"]),
    ("Pashto", &["ps", "pus", "pbt"]),
    ("Polish", &["pl", "pol"]),
    ("Portuguese", &["pt", "por"]),
    ("Romanian", &["ro", "ron"]),
    ("Russian", &["ru", "rus"]),
    ("Spanish", &["es", "spa"]),
    ("Swedish", &["sv", "swe"]),
    ("Tajik", &["tg", "tgk"]),
    ("Thai", &["th", "tha"]),
    ("Turkish", &["tr", "tur"]),
    ("Ukrainian", &["uk", "ukr"]),
    ("Urdu", &["ur", "urd"]),
    ("Uzbek", &["uz", "uzb"]),
    ("Vietnamese", &["vi", "vie"]),
];

impl Language {
    /// By its code or name, in any case of the letters.
    pub(super) fn find(text: &str) -> Result<Self> {
        let is = |word: &str| word.eq_ignore_ascii_case(text);
        let row = TABLE.iter().find(|(name, codes)| is(name) || codes.iter().any(|code| is(code)));
        let known = || TABLE.map(|(_, codes)| codes[0]).join(", ");
        row.map(|(name, codes)| Self { name: (*name).to_owned(), code: codes[0].to_owned() })
            .ok_or_else(|| Error::PromptLanguage { language: text.to_owned(), known: known() })
    }
}
