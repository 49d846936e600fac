use crate::{decode, document, jobs, model};

/// What can go wrong, one variant a room, each with its source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Reading or writing a document.
    #[error(transparent)]
    Document(#[from] document::Error),
    /// Finding, loading or running a model.
    #[error(transparent)]
    Model(#[from] model::Error),
    /// Choosing tokens.
    #[error(transparent)]
    Decode(#[from] decode::Error),
    /// Walking a document through the model.
    #[error(transparent)]
    Translate(#[from] crate::translate::Error),
    /// Doing a whole directory or pipe.
    #[error(transparent)]
    Jobs(#[from] jobs::Error),
    /// Answering requests.
    #[cfg(feature = "serve")]
    #[error(transparent)]
    Serve(#[from] crate::serve::Error),
}

/// Result of the library.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Document(error) => error.hint(),
            Self::Model(error) => error.hint(),
            Self::Decode(error) => error.hint(),
            Self::Translate(error) => error.hint(),
            Self::Jobs(error) => error.hint(),
            #[cfg(feature = "serve")]
            Self::Serve(error) => error.hint(),
        }
    }
}
