//! Owns the forms in which the files of tokenizers come, and which of them a model has. Does not know
//! what is in them, but for the words that choose among them.

use super::config::SUPPORTED;
use super::files::Shelf;
use super::{Error, FileData, Result, TokenizerFiles};

const TOKENIZER_CONFIG: &str = "tokenizer_config.json";
const TARGET_VOCAB: &str = "target_vocab.json";
const CHAT_TEMPLATE: &str = "chat_template.jinja";

/// A form in which the files of a tokenizer come.
#[derive(Clone, Copy)]
pub(super) enum Form {
    Json,
    SentencePiece,
    M2m100,
    Nllb,
    NllbPieces,
    Mbart50,
    Mbart50Json,
    T5,
    Causal,
}

impl Form {
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Json | Self::Nllb | Self::Mbart50Json | Self::Causal => &["tokenizer.json"],
            Self::SentencePiece => &["source.spm", "target.spm", "vocab.json"],
            Self::M2m100 => &["sentencepiece.bpe.model", "vocab.json"],
            Self::NllbPieces | Self::Mbart50 => &["sentencepiece.bpe.model"],
            Self::T5 => &["spiece.model"],
        }
    }

    pub(super) fn take(self, place: &mut dyn Shelf) -> Result<TokenizerFiles> {
        if let Self::Causal = self {
            let tokenizer = place.take(self.names()[0])?;
            return Ok(TokenizerFiles::Causal { tokenizer, template: template(place)? });
        }
        let separate = matches!(self, Self::SentencePiece) && place.has(TARGET_VOCAB);
        let target_vocab = separate.then(|| place.take(TARGET_VOCAB)).transpose()?;
        let mut take = |index: usize| place.take(self.names()[index]);
        Ok(match self {
            Self::Json | Self::Causal => TokenizerFiles::Json(take(0)?),
            Self::SentencePiece => TokenizerFiles::SentencePiece {
                source: take(0)?,
                target: take(1)?,
                vocab: take(2)?,
                target_vocab,
            },
            Self::M2m100 => TokenizerFiles::M2m100 { pieces: take(0)?, vocab: take(1)? },
            Self::Nllb => TokenizerFiles::Nllb(take(0)?),
            Self::NllbPieces => TokenizerFiles::NllbPieces(take(0)?),
            Self::Mbart50 => TokenizerFiles::Mbart50(take(0)?),
            Self::Mbart50Json => TokenizerFiles::Mbart50Json(take(0)?),
            Self::T5 => TokenizerFiles::T5(take(0)?),
        })
    }
}

/// The file with the chat template of a language model, where it is not with the weights.
pub(super) fn template(place: &mut dyn Shelf) -> Result<Option<FileData>> {
    let name = [CHAT_TEMPLATE, TOKENIZER_CONFIG].into_iter().find(|name| place.has(name));
    name.map(|name| place.take(name)).transpose()
}

/// The forms that do for a model, in the order of preference: `SentencePiece` files are the ones
/// that it was trained with, a `tokenizer.json` beside them is someone's conversion. But that of
/// NLLB is by its authors, and has languages of its own where someone added them.
///
/// Which they are is said by `model_type`, and where two families share one, by `tokenizer_class`;
/// without it the type means what it means to `AutoTokenizer` of transformers.
pub(super) fn forms(
    model: &str,
    config: &FileData,
    shelf: &mut dyn Shelf,
) -> Result<&'static [Form]> {
    #[derive(serde::Deserialize)]
    struct Facts {
        model_type: Option<String>,
        tokenizer_class: Option<String>,
        language_codes: Option<String>,
    }
    let facts: Facts = super::config::parse(config)?;
    let family = facts.model_type.as_deref().unwrap_or_default();
    let default = match family {
        "m2m_100" => "M2M100Tokenizer",
        "mbart" => "MBartTokenizer",
        // MADLAD-400 has both, and ids that are not T5's: its tokenizer.json says which.
        "t5" | "mt5" | "umt5" => return Ok(&[Form::Json, Form::T5]),
        "gemma3" | "gemma3_text" | "qwen3" => return Ok(&[Form::Causal]),
        "" | "marian" => return Ok(&[Form::SentencePiece, Form::Json]),
        // Before its weights are fetched.
        other => {
            return Err(Error::Architecture {
                model: model.to_string(),
                found: other.to_string(),
                supported: SUPPORTED,
            });
        }
    };
    let mut file = config.clone();
    let (mut class, mut languages) = (facts.tokenizer_class, None);
    if shelf.has(TOKENIZER_CONFIG) {
        file = shelf.take(TOKENIZER_CONFIG)?;
        let facts: Facts = super::config::parse(&file)?;
        class = facts.tokenizer_class.or(class);
        languages = facts.language_codes;
    }
    let class = class.as_deref().unwrap_or(default);
    let wrong = |reason| Err(Error::Config { file: file.name(), reason });
    match (family, class.strip_suffix("Fast").unwrap_or(class), languages.as_deref()) {
        ("m2m_100", "M2M100Tokenizer", None | Some("m2m100")) => Ok(&[Form::M2m100]),
        ("m2m_100", "M2M100Tokenizer", Some(other)) => {
            wrong(format!("language_codes is {other:?}; Tarjoman knows \"m2m100\""))
        }
        ("m2m_100", "NllbTokenizer", _) => Ok(&[Form::Nllb, Form::NllbPieces]),
        ("mbart", "MBart50Tokenizer", _) => Ok(&[Form::Mbart50, Form::Mbart50Json]),
        _ => wrong(format!(
            "a {family} model with a {class}; Tarjoman knows M2M100Tokenizer, NllbTokenizer and \
             MBart50Tokenizer"
        )),
    }
}

/// What a model lacks when none of these forms is there.
pub(super) fn lacking(forms: &[Form], shelf: &dyn Shelf) -> String {
    let choice: Vec<_> = forms.iter().rev().map(|form| form.names().join(" + ")).collect();
    let several = forms.iter().map(|form| form.names()).filter(|names| names.len() > 1);
    let names: Vec<_> = several.flatten().copied().filter(|name| !shelf.has(name)).collect();
    let not_there =
        if names.is_empty() { String::new() } else { format!("; not there: {}", names.join(", ")) };
    format!("a tokenizer ({}{not_there})", choice.join(", or "))
}
