//! Owns where a model comes from: the binary, a folder, or the hub, and the text that names it.
//! Does not know what is in the files (that is the configuration, the weights and the tokenizer)
//! and prints nothing: whoever asks for a model hands in a [`Progress`].

mod addresses;
mod cached;
mod embedded;
mod folder;
#[cfg(feature = "hub")]
pub mod hub;
#[cfg(not(feature = "hub"))]
#[path = "no_hub.rs"]
pub mod hub;
mod progress;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use addresses::Addresses;
pub use embedded::size as embedded_size;
pub use progress::{Progress, Silent};

use super::files::Gather;
use super::{Error, ModelFiles, Result, catalogue};

/// The name of the model inside the binary.
pub const EMBEDDED: &str = "embedded";

/// The branch that is meant when no revision is named.
pub const DEFAULT_REVISION: &str = "main";

/// Where a model comes from.
///
/// Its text form is what `--model` takes: `embedded`, a folder, `ORG/NAME[@REVISION]`,
/// a short name from the [`catalogue`], or [`Addresses`].
///
/// ```
/// use tarjoman::model::ModelSource;
///
/// let source: ModelSource = "Helsinki-NLP/opus-mt-mul-en@main".parse()?;
/// assert_eq!(source.to_string(), "Helsinki-NLP/opus-mt-mul-en");
/// # Ok::<(), tarjoman::model::Error>(())
/// ```
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
    /// Files of any server.
    Addresses(Addresses),
}

impl ModelSource {
    /// Finds the files, fetching them where that is needed. Where the hub is and what it may do
    /// comes from the environment, see [`hub::Settings::from_env`].
    ///
    /// # Errors
    /// When a file is missing or can't be fetched.
    pub fn resolve(&self, progress: &mut dyn Progress) -> Result<ModelFiles> {
        match self {
            Self::Embedded => embedded::resolve(),
            Self::Folder(path) => folder::resolve(path),
            Self::Hub { repo, revision } => {
                hub::resolve(repo, revision, &hub::Settings::from_env(), progress)
            }
            Self::Addresses(addresses) => {
                hub::site::resolve(addresses, &hub::Settings::from_env(), progress)
            }
        }
    }
}

/// Finds files of choice, fetching them where that is needed.
pub(crate) fn gather_with<T>(
    source: &ModelSource,
    progress: &mut dyn Progress,
    gather: Gather<'_, T>,
) -> Result<T> {
    match source {
        ModelSource::Folder(path) => folder::gather_with(path, gather),
        ModelSource::Hub { repo, revision } => {
            hub::gather_with(repo, revision, &hub::Settings::from_env(), progress, gather)
        }
        ModelSource::Embedded | ModelSource::Addresses(_) => {
            let what = "a folder or a repository with them".into();
            Err(Error::Missing { model: source.to_string(), what })
        }
    }
}

impl fmt::Display for ModelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str(EMBEDDED),
            Self::Folder(path) => write!(f, "{}", path.display()),
            Self::Hub { repo, revision } if revision == DEFAULT_REVISION => f.write_str(repo),
            Self::Hub { repo, revision } => write!(f, "{repo}@{revision}"),
            Self::Addresses(addresses) => addresses.fmt(f),
        }
    }
}

impl FromStr for ModelSource {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if text == EMBEDDED {
            return Ok(Self::Embedded);
        }
        if addresses::looks_like(text) {
            return text.parse().map(Self::Addresses);
        }
        if looks_like_path(text) || (!text.is_empty() && Path::new(text).exists()) {
            return Ok(Self::Folder(expand_home(text)));
        }
        let (name, revision) = text.split_once('@').unwrap_or((text, DEFAULT_REVISION));
        let repo = match catalogue::find(name) {
            Some(entry) if entry.id == EMBEDDED => return Ok(Self::Embedded),
            Some(entry) if entry.by_hand.is_some() => {
                return Err(Error::ByHand {
                    name: entry.name.clone(),
                    how: entry.by_hand.clone().unwrap_or_default(),
                });
            }
            Some(entry) => entry.id.clone(),
            None => name.to_string(),
        };
        if is_repo(&repo) && is_revision(revision) {
            return Ok(Self::Hub { repo, revision: revision.to_string() });
        }
        Err(Error::Name {
            name: text.to_string(),
            suggestion: catalogue::nearest(name).map(|entry| entry.name.clone()),
        })
    }
}

/// Text that can only be meant as a path, whether or not it exists.
fn looks_like_path(text: &str) -> bool {
    text.starts_with(['.', '~', '/']) || text.contains('\\') || Path::new(text).is_absolute()
}

fn expand_home(text: &str) -> PathBuf {
    let rest = match text.strip_prefix('~') {
        Some("") => Some(""),
        Some(rest) => rest.strip_prefix(['/', '\\']),
        None => None,
    };
    match (rest, etcetera::home_dir()) {
        (Some(rest), Ok(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

/// `ORG/NAME` as the hub allows it. It becomes a folder name, so that nothing else passes.
fn is_repo(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && !part.ends_with(['.', '-'])
            && !part.contains("--")
            && !part.contains("..")
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    text.len() <= 96 && text.split_once('/').is_some_and(|(org, name)| part(org) && part(name))
}

/// A branch, tag, commit or `refs/pr/N`; it becomes a path below `refs/`.
fn is_revision(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
        && text.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_would_leave_the_cache_folder_is_a_repository_or_revision() {
        for text in ["a", "a/b/c", "../b", "a/..", "a/", "/b", "a/b c", "a--b/c", "a/b\\c"] {
            assert!(!is_repo(text), "{text}");
        }
        for text in ["", "..", "a/../b", "/a", "a/", "a b", "a?b"] {
            assert!(!is_revision(text), "{text}");
        }
        assert!(is_repo("Helsinki-NLP/opus-mt-tc-bible-big-ine-deu_eng_fra_por_spa"));
        assert!(is_revision("refs/pr/3"));
    }
}
