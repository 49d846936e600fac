//! Owns text to token ids and back, from `tokenizer.json` or from the files of an OPUS-MT model.
//! Does not know the network, its configuration, or how text is cleaned before it comes here.

mod marian;
mod sentencepiece;

use std::panic::{AssertUnwindSafe, catch_unwind};

use self::marian::Marian;
use super::{Error, FileData, Result, TokenizerFiles};

/// The token that ends a sentence, in all model families that Tarjoman runs.
const EOS: &str = "</s>";
/// The token for what the vocabulary lacks.
const UNK: &str = "<unk>";
/// The token that fills up a batch.
const PAD: &str = "<pad>";

/// Text to token ids and back.
pub struct Tokenizer {
    kind: Kind,
    /// The file that messages name.
    file: String,
}

enum Kind {
    Json(Box<tokenizers::Tokenizer>),
    Marian(Box<Marian>),
}

impl Tokenizer {
    /// Loads the tokenizer.
    ///
    /// # Errors
    /// When a file is missing or damaged.
    pub fn load(files: &TokenizerFiles) -> Result<Self> {
        let (kind, file) = match files {
            TokenizerFiles::Json(file) => (Kind::Json(Box::new(read(file, json)?)), file),
            TokenizerFiles::SentencePiece { source, target, vocab } => {
                let source = read(source, sentencepiece::SentencePiece::parse)?;
                // Nothing is encoded as target text, and decoding only joins pieces; but a damaged
                // download is better known now.
                read(target, sentencepiece::SentencePiece::parse)?;
                let marian = read(vocab, |json| Marian::parse(source, json))?;
                (Kind::Marian(Box::new(marian)), vocab)
            }
        };
        Ok(Self { kind, file: file.name() })
    }

    /// Token ids of one sentence, the end-of-sentence token appended.
    ///
    /// # Errors
    /// When the tokenizer refuses the text.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        match &self.kind {
            Kind::Marian(marian) => Ok(marian.encode(text)),
            Kind::Json(tokenizer) => {
                let encoding = guarded(|| tokenizer.encode(text, true))
                    .map_err(|reason| self.error(reason))?;
                let mut ids = encoding.get_ids().to_vec();
                if let Some(eos) = self.eos().filter(|eos| ids.last() != Some(eos)) {
                    ids.push(eos);
                }
                Ok(ids)
            }
        }
    }

    /// Plain text of target tokens; special tokens are left out.
    ///
    /// # Errors
    /// When an id is not in the vocabulary.
    pub fn decode(&self, tokens: &[u32]) -> Result<String> {
        let known = |id: &u32| match &self.kind {
            Kind::Marian(marian) => marian.token(*id).is_some(),
            Kind::Json(tokenizer) => tokenizer.id_to_token(*id).is_some(),
        };
        if let Some(id) = tokens.iter().find(|id| !known(id)) {
            return Err(self.error(format!("no token has the id {id}")));
        }
        match &self.kind {
            Kind::Marian(marian) => Ok(marian.decode(tokens)),
            Kind::Json(tokenizer) => {
                guarded(|| tokenizer.decode(tokens, true)).map_err(|reason| self.error(reason))
            }
        }
    }

    /// What must stand before a source so that the target is in this language (ISO 639-3), such
    /// as `>>eng<<`; nothing where the model has only one target language.
    #[must_use]
    pub fn target_prefix(&self, language: &str) -> Option<String> {
        let code = format!(">>{language}<<");
        self.id(&code).map(|_| code)
    }

    /// The id of a token, spelt as in the vocabulary (`▁` for a space).
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        match &self.kind {
            Kind::Marian(marian) => marian.id(token),
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

    /// Tokens in the vocabulary, special ones counted in; the model may have padded its own
    /// table beyond that.
    #[must_use]
    pub fn vocabulary_size(&self) -> usize {
        match &self.kind {
            Kind::Marian(marian) => marian.vocabulary_size(),
            Kind::Json(tokenizer) => tokenizer.get_vocab_size(true),
        }
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
