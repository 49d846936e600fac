//! Owns models on the Hugging Face hub, or a mirror of it: what to do with what the hub says and
//! what the cache holds. Requests are in `remote`, bytes on their way in `transfer`, the cache's
//! folders in [`cache`]. Addresses and the layout of the cache are those of the hf-hub crate, so
//! that Python's tools and Tarjoman share one copy.

pub mod cache;
mod remote;
mod settings;
pub mod site;
mod transfer;

use std::collections::BTreeSet;

pub use cache::CachedModel;
pub use settings::Settings;

use super::super::files::{self, FileData, Gather, ModelFiles, Shelf};
use super::super::{Error, Result};
use super::{ModelSource, Progress};
use cache::Repository;
use remote::{Failure, Remote};

/// Finds the files of a model in the cache, or fetches what is lacking.
///
/// A commit never changes: a complete copy is used without asking anyone. A branch or tag may
/// move, so that the hub is asked; when it can't be reached, a complete copy still serves.
pub(super) fn resolve(
    repo: &str,
    revision: &str,
    settings: &Settings,
    progress: &mut dyn Progress,
) -> Result<ModelFiles> {
    let files = gather_with(repo, revision, settings, progress, &files::gather)?;
    Ok(ModelFiles { name: name(repo, revision), ..files })
}

fn name(repo: &str, revision: &str) -> String {
    ModelSource::Hub { repo: repo.to_string(), revision: revision.to_string() }.to_string()
}

/// The same for files of choice.
pub(super) fn gather_with<T>(
    repo: &str,
    revision: &str,
    settings: &Settings,
    progress: &mut dyn Progress,
    gather: Gather<'_, T>,
) -> Result<T> {
    let name = name(repo, revision);
    let here = Repository::new(&settings.cache, repo);

    if cache::is_commit(revision)
        && let Ok(files) = here.gather(revision, gather)
    {
        return Ok(files);
    }
    if settings.offline {
        return copy(&here, revision, gather).map_err(|reason| Error::NotCached {
            model: name.clone(),
            reason: format!("HF_HUB_OFFLINE is set; {reason}"),
        });
    }

    let remote = Remote::new(settings, repo, revision);
    let listing = match remote.listing() {
        Ok(listing) => listing,
        Err(Failure::Unreachable(reason)) => {
            let Ok(files) = copy(&here, revision, gather) else {
                return Err(remote.error("the list of files", reason));
            };
            progress.warning(&format!(
                "could not ask {} about {name} ({reason}); using the copy in the cache",
                settings.endpoint
            ));
            return Ok(files);
        }
        Err(Failure::Final(error)) => return Err(error),
    };

    let files = if let Ok(files) = here.gather(&listing.commit, gather) {
        files
    } else {
        let _lock = here.lock(|| {
            progress.warning(&format!("waiting for another process that fetches {name}"));
        })?;
        gather(&name, &mut Fetched { remote: &remote, here: &here, listing: &listing, progress })?
    };
    here.point(revision, &listing.commit)?;
    Ok(files)
}

/// The complete copy that the cache holds of a revision, or why there is none.
fn copy<T>(here: &Repository, revision: &str, gather: Gather<'_, T>) -> Result<T, String> {
    match here.commit(revision) {
        Some(commit) => {
            here.gather(&commit, gather).map_err(|error| format!("the copy is incomplete: {error}"))
        }
        None if here.exists() => Err(format!("there is no copy of revision {revision}")),
        None => Err("there is no copy of it".into()),
    }
}

/// The hub's files of one commit: those that are not in the cache are fetched when taken.
struct Fetched<'a> {
    remote: &'a Remote<'a>,
    here: &'a Repository,
    listing: &'a Listing,
    progress: &'a mut dyn Progress,
}

/// What the hub says about a revision.
struct Listing {
    commit: String,
    files: BTreeSet<String>,
}

impl Shelf for Fetched<'_> {
    fn has(&self, name: &str) -> bool {
        self.listing.files.contains(name)
    }

    fn names(&self) -> Vec<String> {
        // Those in folders are other models'.
        self.listing.files.iter().filter(|name| !name.contains('/')).cloned().collect()
    }

    fn take(&mut self, name: &str) -> Result<FileData> {
        let commit = &self.listing.commit;
        let path = self.here.file(commit, name);
        if !path.is_file() {
            let facts = self.remote.facts(commit, name)?;
            let blob = self.here.blob(&facts.etag);
            // The same content under another revision is there already.
            if std::fs::metadata(&blob).map_or(true, |data| data.len() != facts.size) {
                transfer::fetch(self.remote, &facts, &blob, self.progress)?;
            }
            cache::link(&blob, &path)?;
        }
        Ok(FileData::Path(path))
    }
}
