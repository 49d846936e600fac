//! Where a model comes from: the binary, a folder, or the hub.

use std::path::PathBuf;

use super::{ModelFiles, Result};

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// The model inside the binary.
    Embedded,
    /// A folder with the model's files.
    Folder(PathBuf),
    /// A repository on the hub.
    Hub {
        /// `ORG/NAME`
        repo: String,
        /// Branch, tag or commit.
        revision: String,
    },
}

impl ModelSource {
    /// Finds the files, fetching them where that is needed.
    ///
    /// # Errors
    /// When a file is missing or can't be fetched.
    pub fn resolve(&self) -> Result<ModelFiles> {
        todo!()
    }
}
