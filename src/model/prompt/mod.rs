//! Owns what a language model is told so that it translates: prompts as data (`prompts.toml`, or a
//! file of the user's), and which of them a model wants. Does not know how a text becomes tokens.

mod language;

use std::sync::LazyLock;

use serde::Deserialize;

use super::gguf::metadata;
use super::{Error, FileData, ModelFiles, Result, TokenizerFiles, catalogue};

use self::language::Language;

/// A prompt with places for the text and its languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// What `--prompt` calls it, or the file that it came from.
    pub name: String,
    /// `{text}` in it stands for the text; other words in braces are those of [`Passage`] and
    /// [`Pair`].
    text: String,
    /// Tokens that end the answer.
    pub stop: Vec<String>,
    /// How many sentences before the present one a model is shown, where nothing else is said.
    pub context: usize,
    /// Whether the token that begins a text stands before it, where the model has one.
    #[serde(default = "yes")]
    pub begin: bool,
}

fn yes() -> bool {
    true
}

/// From what into what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    source: Language,
    target: Language,
}

/// A sentence and what stands before it in its paragraph.
#[derive(Debug, Clone, Copy)]
pub struct Passage<'a> {
    /// The sentences before it and their translations, in order.
    pub before: &'a [(String, String)],
    /// The sentence.
    pub text: &'a str,
}

#[derive(Deserialize)]
struct File {
    prompt: Vec<Prompt>,
}

static PROMPTS: LazyLock<Vec<Prompt>> = LazyLock::new(|| {
    let file: File = toml_edit::de::from_str(include_str!("prompts.toml"))
        .expect("the file is part of the program and a test parses it");
    file.prompt
});

/// The prompts that Tarjoman knows.
#[must_use]
pub fn known() -> &'static [Prompt] {
    &PROMPTS
}

/// Stands for the text.
const TEXT: &str = "{text}";
/// Stands for the sentences before it.
const CONTEXT: &str = "{context}";

impl Prompt {
    /// A prompt of the user's. The line break at the end of a file is not part of it.
    ///
    /// # Errors
    /// When there is no `{text}` in it.
    pub fn new(name: &str, text: &str) -> Result<Self> {
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if !text.contains(TEXT) {
            return Err(Error::Prompt { name: name.to_owned() });
        }
        let (name, text) = (name.to_owned(), text.to_owned());
        Ok(Self { name, text, stop: Vec::new(), context: 0, begin: true })
    }

    /// The one of this name that Tarjoman knows.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        known().iter().find(|prompt| prompt.name == name)
    }

    /// What a model wants to be told: what the catalogue says, or what its name or its chat template
    /// looks like, or as a plain text; nothing for a model that is no language model.
    ///
    /// # Errors
    /// When the template can't be read.
    pub fn of(files: &ModelFiles) -> Result<Option<Self>> {
        let TokenizerFiles::Causal { template, .. } = &files.tokenizer else { return Ok(None) };
        let repo = files.name.split('@').next().unwrap_or(&files.name);
        let listed = catalogue::find(repo).and_then(|entry| entry.prompt.as_deref());
        let name = match (listed, template) {
            (Some(name), _) => name,
            // Folders and conversions have its name; it has no chat template.
            (None, _) if files.name.to_lowercase().contains(MILMMT) => MILMMT,
            (None, Some(file)) => like(&template_text(file)?),
            (None, None) => PLAIN,
        };
        Ok(Self::named(name).cloned())
    }

    /// What the model reads. Earlier sentences stand in lines of their own before the present one,
    /// and the answer begins with their translations, so that what the model goes on to write is the
    /// translation of the present sentence and of no other. In a prompt with `{context}` they stand
    /// there, and the answer is not begun.
    #[must_use]
    pub fn render(&self, pair: &Pair, passage: &Passage) -> String {
        let before = || passage.before.iter().map(|(source, _)| source.as_str());
        let own_place = self.text.contains(CONTEXT);
        let text = if own_place {
            passage.text.to_owned()
        } else {
            before().chain([passage.text]).collect::<Vec<_>>().join("\n")
        };
        let context = before().collect::<Vec<_>>().join(" ");
        // In one go: what stands in a text is never taken for a place.
        let places = [
            (TEXT, text.as_str()),
            (CONTEXT, context.as_str()),
            ("{source_language}", &pair.source.name),
            ("{target_language}", &pair.target.name),
            ("{source_code}", &pair.source.code),
            ("{target_code}", &pair.target.code),
        ];
        let mut out = String::with_capacity(self.text.len() + text.len());
        let mut rest = self.text.as_str();
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let (taken, put) =
                places.into_iter().find(|(place, _)| rest.starts_with(place)).unwrap_or(("{", "{"));
            out.push_str(put);
            rest = &rest[taken.len()..];
        }
        out.push_str(rest);
        if !own_place && !passage.before.is_empty() {
            if !out.ends_with(char::is_whitespace) {
                out.push(' ');
            }
            for (_, translation) in passage.before {
                out.push_str(translation);
                out.push('\n');
            }
        }
        out
    }
}

impl Pair {
    /// Languages by their ISO 639 codes or English names.
    ///
    /// # Errors
    /// When one is not known.
    pub fn new(source: &str, target: &str) -> Result<Self> {
        Ok(Self { source: Language::find(source)?, target: Language::find(target)? })
    }
}

/// The prompt of a model without a chat template.
const PLAIN: &str = "plain";
/// That of Xiaomi's translators, and what stands in their names.
const MILMMT: &str = "milmmt";

/// The prompt that does what a chat template does.
fn like(template: &str) -> &'static str {
    if template.contains("source_lang_code") {
        "translategemma"
    } else if template.contains("enable_thinking") {
        "qwen3"
    } else if template.contains("<|im_start|>") {
        "chatml"
    } else if template.contains("<start_of_turn>") {
        "gemma"
    } else {
        PLAIN
    }
}

/// The template in a file of its own, in `tokenizer_config.json` or in the file of weights.
fn template_text(file: &FileData) -> Result<String> {
    #[derive(Deserialize)]
    struct Facts {
        chat_template: Option<serde_json::Value>,
    }
    if let Some(path) = file.gguf() {
        let wrong = |reason| Error::Config { file: file.name(), reason };
        return Ok(metadata::chat_template(path).map_err(wrong)?.unwrap_or_default());
    }
    if file.has_ending("json") {
        let facts: Facts = super::config::parse(file)?;
        // One template, or several with names.
        return Ok(facts.chat_template.map(|value| value.to_string()).unwrap_or_default());
    }
    Ok(String::from_utf8_lossy(&file.read()?).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prompt_has_a_place_for_the_text_and_a_name_of_its_own() {
        for prompt in known() {
            assert_eq!(prompt.text.matches(TEXT).count(), 1, "{prompt:?}");
            assert_eq!(Prompt::named(&prompt.name), Some(prompt));
        }
        for entry in catalogue::entries() {
            let known = entry.prompt.as_deref().is_none_or(|name| Prompt::named(name).is_some());
            assert!(known, "{entry:?}");
        }
    }
}
