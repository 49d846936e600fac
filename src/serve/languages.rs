//! What is translated into what, as clients name it, and what can honestly be told of the language
//! of a text.

use serde::Serialize;

use super::refusal::Refusal;
use crate::persian;

/// Names of languages that clients may show, and codes that mean them. A language that is not
/// here is called by its code.
const NAMES: [(&str, &str, &[&str]); 10] = [
    ("fa", "Persian", &["fas", "per", "pes"]),
    ("prs", "Dari", &[]),
    ("en", "English", &["eng"]),
    ("ar", "Arabic", &["ara", "arb"]),
    ("ps", "Pashto", &["pus", "pbt"]),
    ("ur", "Urdu", &["urd"]),
    ("ckb", "Kurdish (Sorani)", &[]),
    ("de", "German", &["deu"]),
    ("fr", "French", &["fra"]),
    ("tr", "Turkish", &["tur"]),
];

/// From this confidence on, a text in another language is refused.
const SURE: u8 = 75;

/// What is translated into what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Languages {
    source: String,
    target: String,
}

/// A language as `/languages` has it.
#[derive(Debug, Serialize)]
pub(super) struct Language {
    pub code: String,
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<String>,
}

/// What `/detect` says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Detected {
    /// Percent.
    pub confidence: u8,
    pub language: String,
}

impl Languages {
    /// * `source`, `target`: as the model was asked for them; by default Persian and English
    #[must_use]
    pub fn new(source: Option<&str>, target: Option<&str>) -> Self {
        Self { source: code(source.unwrap_or("fa")), target: code(target.unwrap_or("en")) }
    }

    pub(super) fn source(&self) -> Language {
        let targets = vec![self.target.clone()];
        Language { code: self.source.clone(), name: name(&self.source).to_owned(), targets }
    }

    /// What is in the target language already stays as it is.
    pub(super) fn target(&self) -> Language {
        let targets = vec![self.target.clone()];
        Language { code: self.target.clone(), name: name(&self.target).to_owned(), targets }
    }

    /// What a client wants of texts: to have them translated, or, where they are in the target
    /// language, to have them back. The detected languages, where the client asked for `auto`.
    ///
    /// * `texts`: without markup
    ///
    /// # Errors
    /// When this is not what is translated here.
    pub(super) fn check(
        &self,
        source: Option<&str>,
        target: Option<&str>,
        texts: &[impl AsRef<str>],
    ) -> Result<Wanted, Refusal> {
        if let Some(target) = target.filter(|target| code(target) != self.target) {
            return Err(Refusal::bad(format!("{target} is not supported as a target language")));
        }
        let Some(source) = source else { return Ok(Wanted::Translation) };
        if source.eq_ignore_ascii_case("auto") {
            let all: Vec<Detected> = texts.iter().map(|text| self.best(text.as_ref())).collect();
            let ours = |it: &Detected| it.language == self.source || it.language == self.target;
            if let Some(other) = all.iter().find(|it| it.confidence >= SURE && !ours(it)) {
                let (code, name) = (&other.language, name(&other.language));
                return Err(Refusal::bad(format!(
                    "{code} is not supported; the text looks like {name}, send source={} if it is not",
                    self.source
                )));
            }
            return Ok(Wanted::Detected(all));
        }
        match code(source) {
            source if source == self.source => Ok(Wanted::Translation),
            source if source == self.target => Ok(Wanted::Nothing),
            _ => Err(Refusal::bad(format!("{source} is not supported as a source language"))),
        }
    }

    /// The languages that a text may be in, the likeliest first; never none.
    pub(super) fn detect(&self, text: &str) -> Vec<Detected> {
        let mut found: Vec<Detected> = persian::languages(text)
            .into_iter()
            .map(|(language, confidence)| Detected { confidence, language: language.to_owned() })
            .collect();
        if found.is_empty() {
            found.push(Detected { confidence: 0, language: self.source.clone() });
        }
        found
    }

    fn best(&self, text: &str) -> Detected {
        self.detect(text).swap_remove(0)
    }
}

/// What a client wants of texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    Translation,
    /// Likewise, and to hear what languages they are in.
    Detected(Vec<Detected>),
    /// They are in the target language.
    Nothing,
}

/// A code without its region, in the form that this service has.
fn code(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    let primary = text.split(['-', '_']).next().unwrap_or_default();
    let known = NAMES.iter().find(|(code, _, more)| *code == primary || more.contains(&primary));
    known.map_or(primary, |(code, ..)| code).to_owned()
}

fn name(code: &str) -> &str {
    NAMES.iter().find(|(known, ..)| *known == code).map_or(code, |(_, name, _)| name)
}
