//! Owns text to token ids and back, from `tokenizer.json` or from SentencePiece models, and the
//! tokens that tell a multilingual model its languages. Does not know the network, its
//! configuration, or how text is cleaned before it comes here.

mod bergamot;
mod encoded;
mod english;
mod fairseq;
mod languages;
mod llama_cpp;
mod marian;
mod sentencepiece;
mod t5;
mod target;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

pub use self::encoded::Encoded;

use self::bergamot::Bergamot;
use self::english::may_be_english;
use self::fairseq::Fairseq;
use self::languages::Naming;
use self::marian::Marian;
use self::sentencepiece::SentencePiece;
use self::t5::T5;
use super::{Error, FileData, Result, TokenizerFiles};

/// The token that ends a sentence, in all model families that Tarjoman runs.
const EOS: &str = "</s>";
/// The token for what the vocabulary lacks.
const UNK: &str = "<unk>";
/// The token that fills up a batch.
const PAD: &str = "<pad>";

/// How pieces spell a space.
const SPACE: &str = "\u{2581}";

/// What is translated into what, where nothing else is said.
const PAIR: (&str, &str) = ("fa", "en");

/// Text to token ids and back.
pub struct Tokenizer {
    kind: Kind,
    /// Of a multilingual model.
    languages: Option<Languages>,
    /// Of a language model: what stands before any text (`<bos>` or nothing), and the tokens that
    /// are no text.
    language_model: Option<LanguageModel>,
    /// The file that messages name.
    file: String,
}

/// What a language model's tokenizer needs beside its `tokenizer.json`.
struct LanguageModel {
    begin: Vec<u32>,
    specials: Vec<String>,
}

enum Kind {
    Json(Box<tokenizers::Tokenizer>),
    Marian(Box<Marian>),
    Fairseq(Box<Fairseq>),
    T5(Box<T5>),
    Bergamot(Box<Bergamot>),
}

/// The languages of a multilingual model: it reads `[source] tokens </s>` and writes `</s>
/// [target] tokens </s>`.
struct Languages {
    naming: Naming,
    /// A token for each, in the order of their ids.
    tokens: Vec<String>,
    /// Persian, as long as no other is chosen; `None` where the model lacks it.
    source: Option<u32>,
    /// English, in the same way.
    target: Option<u32>,
}

impl Tokenizer {
    /// Loads the tokenizer. A multilingual one is set to translate Persian into English.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn load(files: &TokenizerFiles) -> Result<Self> {
        let from_json = |file: &FileData| {
            let tokenizer = match file.gguf() {
                Some(path) => llama_cpp::read(path)
                    .map_err(|reason| Error::Tokenizer { file: file.name(), reason }),
                None => read(file, json),
            };
            tokenizer.map(|tokenizer| Kind::Json(Box::new(tokenizer)))
        };
        let (kind, file, naming) = match files {
            TokenizerFiles::Json(file) | TokenizerFiles::Causal { tokenizer: file, .. } => {
                (from_json(file)?, file, None)
            }
            TokenizerFiles::SentencePiece { source, target, vocab, target_vocab } => {
                let source = read(source, SentencePiece::parse)?;
                let target = read(target, SentencePiece::parse)?;
                let mut marian = read(vocab, |json| Marian::parse(source, target, json))?;
                if let Some(file) = target_vocab {
                    marian = read(file, |json| marian.with_target(json))?;
                }
                (Kind::Marian(Box::new(marian)), vocab, None)
            }
            TokenizerFiles::M2m100 { pieces, vocab } => {
                let pieces = read(pieces, SentencePiece::parse)?;
                let fairseq = read(vocab, |json| Fairseq::m2m100(pieces, json))?;
                (Kind::Fairseq(Box::new(fairseq)), vocab, Some(Naming::M2m100))
            }
            TokenizerFiles::Nllb(file) => (from_json(file)?, file, Some(Naming::Flores)),
            TokenizerFiles::NllbPieces(file) => {
                let fairseq = read(file, |model| Fairseq::nllb(SentencePiece::parse(model)?))?;
                (Kind::Fairseq(Box::new(fairseq)), file, Some(Naming::Flores))
            }
            TokenizerFiles::Mbart50(file) => {
                let fairseq = read(file, |model| Fairseq::mbart50(SentencePiece::parse(model)?))?;
                (Kind::Fairseq(Box::new(fairseq)), file, Some(Naming::Mbart50))
            }
            TokenizerFiles::T5(file) => {
                let t5 = match file.gguf() {
                    Some(path) => llama_cpp::t5(path)
                        .and_then(T5::new)
                        .map_err(|reason| Error::Tokenizer { file: file.name(), reason })?,
                    None => read(file, |model| T5::new(SentencePiece::parse(model)?))?,
                };
                (Kind::T5(Box::new(t5)), file, None)
            }
            TokenizerFiles::Bergamot { source, target } => {
                let pieces = read(source, SentencePiece::parse)?;
                let bergamot =
                    read(target, |model| Bergamot::new(pieces, SentencePiece::parse(model)?))?;
                (Kind::Bergamot(Box::new(bergamot)), target, None)
            }
            TokenizerFiles::Mbart50Json(file) => (from_json(file)?, file, Some(Naming::Mbart50)),
        };
        let mut tokenizer = Self { kind, languages: None, language_model: None, file: file.name() };
        if matches!(files, TokenizerFiles::Causal { .. }) {
            tokenizer.language_model = Some(tokenizer.language_model()?);
        }
        if let Some(naming) = naming {
            let tokens = tokenizer.language_tokens(naming);
            let id = |language| naming.find(language, &tokens).and_then(|t| tokenizer.id(t));
            let (source, target) = (id(PAIR.0), id(PAIR.1));
            tokenizer.languages = Some(Languages { naming, tokens, source, target });
            if tokenizer.eos().is_none() {
                return Err(tokenizer.error(format!("{EOS} is missing")));
            }
        }
        Ok(tokenizer)
    }

    /// Chooses what a multilingual model translates into what. A language is named by its ISO
    /// 639-1 or 639-3 code (`fa`, `fas`, `pes`) or as the model names it (`pes_Arab`, `fa_IR`).
    /// Models without a token for each language are left as they are: what they translate is
    /// settled by their training, or by [`Tokenizer::target_prefix`].
    ///
    /// # Errors
    /// When the model has no such language; the error lists those that it has.
    pub fn with_languages(mut self, source: &str, target: &str) -> Result<Self> {
        if self.languages.is_some() {
            let (source, target) = (self.language(source)?, self.language(target)?);
            if let Some(languages) = &mut self.languages {
                (languages.source, languages.target) = (Some(source), Some(target));
            }
        }
        Ok(self)
    }

    /// The languages of a multilingual model as it names them, in the order of their ids; none for
    /// a model without a token for each language.
    #[must_use]
    pub fn languages(&self) -> Vec<&str> {
        let Some(languages) = &self.languages else { return Vec::new() };
        languages.tokens.iter().map(|token| languages.naming.code(token)).collect()
    }

    /// The token that must follow the decoder's start token: the target language of a multilingual
    /// model.
    #[must_use]
    pub fn target_token(&self) -> Option<u32> {
        self.languages.as_ref()?.target
    }

    /// Token ids of one sentence, the end-of-sentence token appended; for a multilingual model the
    /// token of the source language stands first. For a language model, those of a whole prompt, the
    /// token that begins a text put before it and none after it.
    ///
    /// # Errors
    /// When the tokenizer refuses the text, or no languages were chosen and the model lacks Persian
    /// or English.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        Ok(self.encode_placed(text)?.ids)
    }

    /// The same, and where each token stands in the text.
    ///
    /// # Errors
    /// As [`Tokenizer::encode`].
    pub fn encode_placed(&self, text: &str) -> Result<Encoded> {
        if let (Some(model), Kind::Json(tokenizer)) = (&self.language_model, &self.kind) {
            return self.prompt(tokenizer, text, &model.begin);
        }
        let mut out = Encoded::for_text(text.len());
        if let Some(languages) = &self.languages {
            out.put_in([languages.source.map_or_else(|| self.language(PAIR.0), Ok)?]);
            languages.target.map_or_else(|| self.language(PAIR.1), Ok)?;
        }
        match &self.kind {
            Kind::Marian(marian) => return Ok(marian.encode(text)),
            Kind::Fairseq(fairseq) => fairseq.encode(text, &mut out),
            Kind::T5(t5) => t5.encode(text, &mut out),
            Kind::Bergamot(bergamot) => bergamot.encode(text, &mut out),
            Kind::Json(tokenizer) => {
                // What the file puts around a text is for whatever language it was saved with.
                let template = self.languages.is_none();
                let encoding = guarded(|| tokenizer.encode(text, template))
                    .map_err(|reason| self.error(reason))?;
                out.take(&encoding);
                if template && out.ids.last().copied() == self.eos() {
                    return Ok(out);
                }
            }
        }
        out.put_in(self.eos());
        Ok(out)
    }

    /// Token ids of a prompt of a language model as it stands, nothing put before it.
    ///
    /// # Errors
    /// When the tokenizer refuses the text.
    pub fn encode_bare(&self, text: &str) -> Result<Vec<u32>> {
        match &self.kind {
            Kind::Json(tokenizer) => Ok(self.prompt(tokenizer, text, &[])?.ids),
            _ => self.encode(text),
        }
    }

    /// * `begin`: what stands before a prompt that does not write it itself
    fn prompt(
        &self,
        tokenizer: &tokenizers::Tokenizer,
        text: &str,
        begin: &[u32],
    ) -> Result<Encoded> {
        let mut out = Encoded::for_text(text.len());
        let encoding =
            guarded(|| tokenizer.encode(text, false)).map_err(|reason| self.error(reason))?;
        if !encoding.get_ids().starts_with(begin) {
            out.put_in(begin.iter().copied());
        }
        out.take(&encoding);
        Ok(out)
    }

    /// A text in which no special token of a language model stands any more, so that it can't end
    /// the prompt that it is put in: a space parts what would be one.
    #[must_use]
    pub fn harmless<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = Cow::Borrowed(text);
        for special in self.language_model.iter().flat_map(|model| &model.specials) {
            let Some(first) = special.chars().next() else { continue };
            if text.contains(special.as_str()) {
                let parted = format!("{first} {}", &special[first.len_utf8()..]);
                text = Cow::Owned(text.replace(special.as_str(), &parted));
            }
        }
        text
    }

    /// Plain text of target tokens; special tokens are left out.
    ///
    /// # Errors
    /// When an id is not in the vocabulary.
    pub fn decode(&self, tokens: &[u32]) -> Result<String> {
        let known = |id: &u32| match &self.kind {
            Kind::Marian(marian) => marian.token(*id).is_some(),
            Kind::Fairseq(fairseq) => fairseq.knows(*id),
            Kind::T5(t5) => t5.knows(*id),
            Kind::Bergamot(bergamot) => bergamot.token(*id).is_some(),
            Kind::Json(tokenizer) => tokenizer.id_to_token(*id).is_some(),
        };
        if let Some(id) = tokens.iter().find(|id| !known(id)) {
            return Err(self.error(format!("no token has the id {id}")));
        }
        match &self.kind {
            Kind::Marian(marian) => Ok(marian.decode(tokens)),
            Kind::Fairseq(fairseq) => Ok(fairseq.decode(tokens)),
            Kind::T5(t5) => Ok(t5.decode(tokens)),
            Kind::Bergamot(bergamot) => Ok(bergamot.decode(tokens)),
            Kind::Json(tokenizer) => {
                guarded(|| tokenizer.decode(tokens, true)).map_err(|reason| self.error(reason))
            }
        }
    }

    /// What must stand before a source so that the target is in this language (ISO 639-1 or
    /// 639-3), such as `>>eng<<` for OPUS-MT and `<2en>` for MADLAD-400; nothing where the model
    /// has no such token.
    #[must_use]
    pub fn target_prefix(&self, language: &str) -> Option<String> {
        languages::codes(language)
            .into_iter()
            .flat_map(|code| [format!(">>{code}<<"), format!("<2{code}>")])
            .find(|prefix| self.id(prefix).is_some())
    }

    /// The id of a token, spelt as in the vocabulary (`▁` for a space).
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        match &self.kind {
            Kind::Marian(marian) => marian.id(token),
            Kind::Fairseq(fairseq) => fairseq.id(token),
            Kind::T5(t5) => t5.id(token),
            Kind::Bergamot(bergamot) => bergamot.id(token),
            Kind::Json(tokenizer) => tokenizer.token_to_id(token),
        }
    }

    /// The token that ends a sentence.
    #[must_use]
    pub fn eos(&self) -> Option<u32> {
        self.id(EOS)
    }

    /// The token that fills up a batch.
    #[must_use]
    pub fn pad(&self) -> Option<u32> {
        self.id(PAD)
    }

    /// The token for what the vocabulary lacks.
    #[must_use]
    pub fn unk(&self) -> Option<u32> {
        self.id(UNK)
    }

    /// The target tokens, ascending, that can stand in English text: by the script of what they
    /// spell, so that those of other languages in Latin script are among them, as are special tokens
    /// and bytes.
    #[must_use]
    pub fn english_tokens(&self) -> Vec<u32> {
        let end = match &self.kind {
            // There may be gaps between the ids.
            Kind::Json(tokenizer) => {
                tokenizer.get_vocab(true).into_values().max().map_or(0, |last| last + 1)
            }
            Kind::Fairseq(fairseq) => fairseq.end(),
            Kind::T5(t5) => t5.end(),
            Kind::Marian(_) | Kind::Bergamot(_) => self.vocabulary_size() as u32,
        };
        let spelled = |id: u32| match &self.kind {
            Kind::Marian(marian) => marian.token(id).map(Cow::Borrowed),
            Kind::Fairseq(fairseq) => fairseq.token(id).map(Cow::Borrowed),
            Kind::T5(t5) => t5.token(id).map(Cow::Borrowed),
            Kind::Bergamot(bergamot) => bergamot.token(id).map(Cow::Borrowed),
            // Tokens may be spelled in bytes that stand for others.
            Kind::Json(tokenizer) => tokenizer
                .id_to_token(id)
                .and_then(|_| guarded(|| tokenizer.decode(&[id], false)).ok().map(Cow::Owned)),
        };
        let english = |id: &u32| spelled(*id).is_some_and(|text| may_be_english(&text));
        (0..end).filter(english).collect()
    }

    /// Tokens in the vocabulary, special ones counted in; the model may have padded its own
    /// table beyond that.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        match &self.kind {
            Kind::Marian(marian) => marian.vocabulary_size(),
            Kind::Fairseq(fairseq) => fairseq.vocabulary_size(),
            Kind::T5(t5) => t5.vocabulary_size(),
            Kind::Bergamot(bergamot) => bergamot.vocabulary_size(),
            Kind::Json(tokenizer) => tokenizer.get_vocab_size(true),
        }
    }

    fn language_model(&self) -> Result<LanguageModel> {
        let Kind::Json(tokenizer) = &self.kind else {
            return Err(self.error("it is not of a language model".into()));
        };
        let empty = guarded(|| tokenizer.encode("", true)).map_err(|reason| self.error(reason))?;
        let special = |token: tokenizers::AddedToken| token.special.then_some(token.content);
        let tokens = tokenizer.get_added_tokens_decoder();
        let specials = tokens.into_values().filter_map(special).collect();
        Ok(LanguageModel { begin: empty.get_ids().to_vec(), specials })
    }

    /// The tokens of all languages, in the order of their ids.
    fn language_tokens(&self, naming: Naming) -> Vec<String> {
        match &self.kind {
            Kind::Marian(_) | Kind::T5(_) | Kind::Bergamot(_) => Vec::new(),
            Kind::Fairseq(fairseq) => fairseq.languages().to_vec(),
            Kind::Json(tokenizer) => {
                let mut added: Vec<_> = tokenizer
                    .get_added_tokens_decoder()
                    .into_iter()
                    .filter(|(_, token)| naming.is_language(&token.content))
                    .collect();
                added.sort_unstable_by_key(|(id, _)| *id);
                added.into_iter().map(|(_, token)| token.content).collect()
            }
        }
    }

    /// The token of a language.
    fn language(&self, language: &str) -> Result<u32> {
        let found = self.languages.as_ref().and_then(|all| all.naming.find(language, &all.tokens));
        found.and_then(|token| self.id(token)).ok_or_else(|| Error::Language {
            file: self.file.clone(),
            language: language.to_string(),
            known: self.languages().join(", "),
        })
    }

    fn error(&self, reason: String) -> Error {
        Error::Tokenizer { file: self.file.clone(), reason }
    }
}

/// Reads and parses one file; what is wrong with it goes out with its name.
fn read<T>(
    file: &FileData,
    parse: impl FnOnce(&[u8]) -> std::result::Result<T, String>,
) -> Result<T> {
    let bytes = file.read()?;
    parse(&bytes).map_err(|reason| Error::Tokenizer { file: file.name(), reason })
}

/// A `tokenizer.json`, without the padding and truncation that it may ask for: how long a row may
/// be is for the model to say.
fn json(bytes: &[u8]) -> std::result::Result<tokenizers::Tokenizer, String> {
    guarded(|| {
        let mut tokenizer = tokenizers::Tokenizer::from_bytes(bytes)?;
        tokenizer.with_padding(None);
        tokenizer.with_truncation(None)?;
        Ok(tokenizer)
    })
}

/// Runs the tokenizers library. Its reader of normalisation tables (crate `spm_precompiled`) and
/// its Unigram model index without checking, so that a damaged file panics there, not here.
fn guarded<T>(run: impl FnOnce() -> tokenizers::Result<T>) -> std::result::Result<T, String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err("its tables point outside of themselves".into()),
    }
}
