//! Owns how the multilingual families name languages, and the way there from ISO 639 codes.

/// How a family writes the token of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// `__fa__` (Fan et al. 2020, <https://arxiv.org/abs/2010.11125>)
    M2m100,
    /// `pes_Arab`, the codes of FLORES-200 (NLLB Team 2022, <https://arxiv.org/abs/2207.04672>)
    Flores,
    /// `fa_IR` (Tang et al. 2020, <https://arxiv.org/abs/2008.00401>)
    Mbart50,
}

/// Languages around Persian, and those into which it is mostly translated: ISO 639-1 and 639-3
/// codes, M2M100, FLORES-200, mBART-50. Where ISO has a code for a group of languages, it stands
/// for the one that its data mostly is: `ku` is Kurmanji, as in FLORES; Sorani is `ckb`. Others
/// are found by the beginning of their code.
const TABLE: [(&[&str], &str, &str, &str); 15] = [
    (&["fa", "fas", "pes"], "fa", "pes_Arab", "fa_IR"),
    (&["prs"], "", "prs_Arab", ""),
    (&["en", "eng"], "en", "eng_Latn", "en_XX"),
    (&["ar", "ara", "arb"], "ar", "arb_Arab", "ar_AR"),
    (&["tr", "tur"], "tr", "tur_Latn", "tr_TR"),
    (&["ru", "rus"], "ru", "rus_Cyrl", "ru_RU"),
    (&["de", "deu"], "de", "deu_Latn", "de_DE"),
    (&["fr", "fra"], "fr", "fra_Latn", "fr_XX"),
    (&["es", "spa"], "es", "spa_Latn", "es_XX"),
    (&["zh", "zho", "cmn"], "zh", "zho_Hans", "zh_CN"),
    (&["ku", "kur", "kmr"], "", "kmr_Latn", ""),
    (&["ps", "pus", "pbt"], "ps", "pbt_Arab", "ps_AF"),
    (&["tg", "tgk"], "", "tgk_Cyrl", ""),
    (&["az", "aze", "azj"], "az", "azj_Latn", "az_AZ"),
    (&["ur", "urd"], "ur", "urd_Arab", "ur_PK"),
];

/// All codes of a language that is in the table, or the one that is given.
pub(super) fn codes(language: &str) -> Vec<String> {
    match TABLE.iter().find(|row| row.0.contains(&language)) {
        Some(row) => row.0.iter().map(|code| (*code).to_owned()).collect(),
        None => vec![language.to_owned()],
    }
}

impl Naming {
    /// The token of a language among `tokens`, all those that the tokenizer has. The language is
    /// an ISO 639-1 or 639-3 code, or what the family itself calls it.
    pub(super) fn find<'a>(self, language: &str, tokens: &'a [String]) -> Option<&'a str> {
        let among = |wanted: &str| tokens.iter().find(|token| *token == wanted);
        let row = TABLE.iter().find(|row| row.0.contains(&language));
        let listed = row.and_then(|row| {
            let code = match self {
                Self::M2m100 => row.1,
                Self::Flores => row.2,
                Self::Mbart50 => row.3,
            };
            among(&self.token(code))
        });
        // Not in the table: the code, if only one script or country stands behind it.
        let begins = || {
            let start = format!("{language}_");
            let mut found = tokens.iter().filter(|token| token.starts_with(&start));
            found.next().filter(|_| row.is_none() && found.next().is_none())
        };
        let named = || among(language).or_else(|| among(&self.token(language)));
        listed.or_else(named).or_else(begins).map(String::as_str)
    }

    /// The token of one of the family's own codes.
    pub(super) fn token(self, code: &str) -> String {
        match self {
            Self::M2m100 => format!("__{code}__"),
            Self::Flores | Self::Mbart50 => code.to_string(),
        }
    }

    /// The family's own code of a token.
    pub(super) fn code(self, token: &str) -> &str {
        match self {
            Self::M2m100 => token.trim_matches('_'),
            Self::Flores | Self::Mbart50 => token,
        }
    }

    /// Whether a special token of a `tokenizer.json` is that of a language.
    pub(super) fn is_language(self, token: &str) -> bool {
        let parts = |first, last| match token.split_once('_') {
            Some((a, b)) => {
                a.len() == first
                    && b.len() == last
                    && a.bytes().all(|byte| byte.is_ascii_lowercase())
                    && b.bytes().all(|byte| byte.is_ascii_alphabetic())
            }
            None => false,
        };
        match self {
            Self::M2m100 => token.starts_with("__") && token.ends_with("__"),
            Self::Flores => parts(3, 4),
            Self::Mbart50 => parts(2, 2),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_could_mean_two_tokens_means_none() {
        let tokens = ["ace_Arab", "ace_Latn", "lug_Latn", "zho_Hans", "zho_Hant"].map(String::from);
        assert_eq!(Naming::Flores.find("ace", &tokens), None);
        assert_eq!(Naming::Flores.find("ace_Latn", &tokens), Some("ace_Latn"));
        assert_eq!(Naming::Flores.find("lug", &tokens), Some("lug_Latn"));
        assert_eq!(Naming::Flores.find("zh", &tokens), Some("zho_Hans"));
        assert_eq!(Naming::Flores.find("", &tokens), None);
    }
}
