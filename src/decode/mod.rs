//! Owns how the next token is chosen: [`Batch`]es, [`SearchOptions`], greedy and beam search,
//! and the constraints on them. Token for token what transformers' `generate` gives.
//! Does not know text, documents, or what is inside a model.

mod alignment;
mod batch;
mod beam;
mod constrained;
mod demand;
mod forced;
mod greedy;
mod options;
mod outputs;
mod processors;
mod scores;
mod search;

pub use alignment::Alignment;
pub use batch::{Batch, plan};
pub use demand::{Demand, Form, Phrase};
pub use forced::force;
pub use options::SearchOptions;
pub use processors::LogitsProcessor;
pub use search::{search, search_demanding};

/// One translation of a sentence, as tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// Target tokens: without the start token, with the end-of-sentence token where there is one.
    pub tokens: Vec<u32>,
    /// Sum of log-probabilities over length to the power of the length penalty.
    pub score: f32,
    /// Whether it was cut off at the longest length that was allowed.
    pub truncated: bool,
    /// Where its tokens come from; `None` where that is not asked for, or the model has no
    /// attention to the source.
    pub alignment: Option<Alignment>,
}

/// Why decoding failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option is out of its range.
    #[error("{option} is {value}: {reason}")]
    Option {
        /// The option.
        option: &'static str,
        /// Its value.
        value: String,
        /// What is allowed.
        reason: String,
    },
    /// The model failed.
    #[error(transparent)]
    Model(#[from] crate::model::Error),
    /// The device failed while scores were read back.
    #[error("the scores could not be read back from the device")]
    Compute(#[from] candle_core::Error),
}

/// Result of the decode room.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Whether the device had no memory for it: a smaller batch may do.
    #[must_use]
    pub fn is_out_of_memory(&self) -> bool {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = next {
            // What CUDA and Metal say reaches us as text only.
            let text = error.to_string().to_lowercase().replace('_', " ");
            if text.contains("out of memory") {
                return true;
            }
            next = error.source();
        }
        false
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Option { .. } => Some("see `tarjoman translate --help`".into()),
            Self::Model(error) => error.hint(),
            Self::Compute(_) => None,
        }
    }
}
