//! Owns the walk: article -> sentences -> pieces -> batches -> hypotheses -> translations, in
//! the order of the source. The only room that knows both text and tensors. Does not read,
//! write or print; what happens meanwhile goes to an [`Observer`].

mod align;
mod collect;
mod context;
mod dates;
mod demands;
mod engine;
mod frame;
mod glossary;
mod known;
mod memory;
mod pieces;
mod provenance;
mod queue;
mod requests;
mod second;
mod segment;
mod translator;
mod vocabulary;

pub use dates::add_dates;
pub use engine::Share;
pub use glossary::Glossary;
pub use memory::{Exact, Memory};
pub use requests::Request;
pub use segment::{segment, segment_as_written};
pub use translator::{LoadOptions, Observer, Silent, TranslateOptions, Translator};
pub use vocabulary::TargetVocabulary;

use crate::{decode, model};

/// Why a document could not be translated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The model or its tokenizer failed.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// An option is out of range, or not for this model.
    #[error(transparent)]
    Options(Box<decode::Error>),
    /// The search failed.
    #[error("could not translate {}", sentences(*first, *last))]
    Search {
        /// First sentence of the batch, from 1, in the order of the document.
        first: usize,
        /// Last sentence of the batch, likewise.
        last: usize,
        /// Why.
        source: Box<decode::Error>,
    },
    /// The search ended in a panic, which is a bug.
    #[error("the program failed while it translated {}", sentences(*first, *last))]
    Crashed {
        /// First sentence of the batch, from 1, in the order of the document.
        first: usize,
        /// Last sentence of the batch, likewise.
        last: usize,
    },
    /// The observer wanted no more.
    #[error("the translation was called off")]
    Cancelled,
    /// A document went in and did not come out, which is a bug.
    #[error("the translation was lost")]
    Lost,
    /// A model for one pair of languages was asked for a language.
    #[error("model {model} translates one pair of languages and can't be asked for {language:?}")]
    Language {
        /// The model as the user named it.
        model: String,
        /// The language as the user named it.
        language: String,
    },
    /// The vocabulary of English was wanted for another language.
    #[error("the vocabulary of English does not do for {language:?}")]
    NotEnglish {
        /// The language as the user named it.
        language: String,
    },
    /// A translation model was given what only a language model takes.
    #[error("model {model} is no language model and takes no {option}")]
    NoPrompt {
        /// The model as the user named it.
        model: String,
        /// `prompt` or `context`.
        option: &'static str,
    },
    /// A language model was asked for word alignment.
    #[error("model {model} is a language model, which tells no word alignment")]
    NoAlignment {
        /// The model as the user named it.
        model: String,
    },
    /// The system gave no threads.
    #[error("could not start the threads that translate")]
    Threads(#[source] rayon::ThreadPoolBuildError),
    /// A piece of text can't be made short enough for the model.
    #[error(
        "sentence {sentence} has a part that the model can't take: {characters} characters make more than {limit} tokens"
    )]
    Unsplittable {
        /// The sentence, from 1.
        sentence: usize,
        /// Characters of the shortest part.
        characters: usize,
        /// Tokens that the model takes.
        limit: usize,
    },
}

/// What messages call the sentences of a batch.
fn sentences(first: usize, last: usize) -> String {
    if first == last { format!("sentence {first}") } else { format!("sentences {first} to {last}") }
}

/// Result of the translate room.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Model(error) => error.hint(),
            Self::Options(source) | Self::Search { source, .. } => source.hint(),
            Self::Cancelled => None,
            Self::Crashed { .. } | Self::Lost => Some("this is a bug; please report it".into()),
            Self::Language { .. } => Some("leave out --from and --to".into()),
            Self::NotEnglish { .. } => Some("take the full vocabulary".into()),
            Self::NoPrompt { option, .. } => Some(format!("leave out --{option}")),
            Self::NoAlignment { .. } => Some("use a translation model".into()),
            Self::Threads(_) => Some("the system may limit the number of threads".into()),
            Self::Unsplittable { .. } => Some("use a model that takes longer sources".into()),
        }
    }
}
