//! Owns what is said of a model in the hub's cache. Does not look for one.

use std::fs;
use std::path::PathBuf;

/// A model of which the cache holds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedModel {
    /// `ORG/NAME`
    pub repo: String,
    /// Where it lies.
    pub path: PathBuf,
    /// What it takes on disk, all revisions together.
    pub bytes: u64,
    /// The folder of a revision that has all files that are needed, the default branch first.
    pub complete: Option<PathBuf>,
}

impl CachedModel {
    /// The kind of network, as the `config.json` of the complete revision says.
    #[must_use]
    pub fn family(&self) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Config {
            model_type: String,
        }
        let text = fs::read(self.complete.as_ref()?.join("config.json")).ok()?;
        serde_json::from_slice(&text).ok().map(|config: Config| config.model_type)
    }
}
