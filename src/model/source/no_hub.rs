//! Stands in for [`hub`](super::hub) in a build without that feature: there is no hub and no
//! cache. The same names, so that nobody else has to ask which build this is.

use std::path::PathBuf;

use super::super::files::{self, Gather};
use super::super::{Error, ModelFiles, Result};
use super::Progress;

pub use cache::CachedModel;

/// Nothing to set.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The folder of the cache, which is never read.
    pub cache: PathBuf,
}

impl Settings {
    /// Reads nothing.
    #[must_use]
    pub fn from_env() -> Self {
        Self::default()
    }
}

pub(super) fn resolve(
    repo: &str,
    revision: &str,
    settings: &Settings,
    progress: &mut dyn Progress,
) -> Result<ModelFiles> {
    gather_with(repo, revision, settings, progress, &files::gather)
}

pub(super) fn gather_with<T>(
    repo: &str,
    _revision: &str,
    _settings: &Settings,
    _progress: &mut dyn Progress,
    _gather: Gather<'_, T>,
) -> Result<T> {
    Err(Error::NotCached {
        model: repo.to_string(),
        reason: "this build has no `hub` feature; give a folder".into(),
    })
}

/// An empty cache.
pub mod cache {
    use std::path::Path;

    pub use super::super::cached::CachedModel;
    use super::Result;

    /// Nothing.
    #[must_use]
    pub fn list(_cache: &Path) -> Vec<CachedModel> {
        Vec::new()
    }

    /// Nothing.
    #[must_use]
    pub fn find(_cache: &Path, _repo: &str) -> Option<CachedModel> {
        None
    }

    /// There is nothing to delete.
    ///
    /// # Errors
    /// Never.
    pub fn remove(_cache: &Path, _repo: &str) -> Result<Option<u64>> {
        Ok(None)
    }
}

/// No files of servers.
pub mod site {
    use std::path::Path;

    use super::super::{Addresses, Progress};
    use super::{Error, ModelFiles, Result, Settings};

    pub(in crate::model::source) fn resolve(
        addresses: &Addresses,
        _settings: &Settings,
        _progress: &mut dyn Progress,
    ) -> Result<ModelFiles> {
        Err(Error::NotCached {
            model: addresses.to_string(),
            reason: "this build has no `hub` feature; give a folder".into(),
        })
    }

    /// Nothing.
    #[must_use]
    pub fn size(_addresses: &Addresses, _cache: &Path) -> Option<u64> {
        None
    }

    /// There is nothing to delete.
    ///
    /// # Errors
    /// Never.
    pub fn remove(_addresses: &Addresses, _cache: &Path) -> Result<Option<u64>> {
        Ok(None)
    }
}
