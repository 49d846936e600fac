//! Owns the folders of the hub's cache: what is there, what is complete, and its removal.
//! Makes no connection.
//!
//! ```text
//! models--ORG--NAME/refs/main                 the commit that the branch stood at
//! models--ORG--NAME/snapshots/COMMIT/FILE     a link to the blob
//! models--ORG--NAME/blobs/ETAG                the content
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use hf_hub::{Cache, Repo, RepoType};

use super::super::super::files::{self, Gather, ModelFiles};
use super::super::super::{Error, Result};
use super::super::DEFAULT_REVISION;
pub use super::super::cached::CachedModel;
use super::super::folder::Folder;

const PREFIX: &str = "models--";

/// All models in the cache folder, by name.
#[must_use]
pub fn list(cache: &Path) -> Vec<CachedModel> {
    let Ok(entries) = fs::read_dir(cache) else { return Vec::new() };
    let mut models: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| find(cache, &name.strip_prefix(PREFIX)?.replacen("--", "/", 1)))
        .collect();
    models.sort_by(|a, b| a.repo.cmp(&b.repo));
    models
}

/// What the cache holds of one model; `None` when that is nothing.
#[must_use]
pub fn find(cache: &Path, repo: &str) -> Option<CachedModel> {
    let here = Repository::new(cache, repo);
    here.exists().then(|| CachedModel {
        repo: repo.to_string(),
        bytes: size(&here.path),
        complete: here.complete(),
        path: here.path,
    })
}

/// Deletes a model with all its revisions and says how many bytes that freed; `None` when the
/// cache held nothing of it.
///
/// # Errors
/// When a file can't be deleted.
pub fn remove(cache: &Path, repo: &str) -> Result<Option<u64>> {
    let Some(found) = find(cache, repo) else { return Ok(None) };
    fs::remove_dir_all(&found.path).map_err(|source| disk(&found.path, source))?;
    // Locks are empty files; one that is in use or not ours to delete is no reason to fail.
    let _ = fs::remove_dir_all(cache.join(".locks").join(folder_name(repo)));
    Ok(Some(found.bytes))
}

/// Whether this is a commit's full id, which never changes its meaning.
#[must_use]
pub fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// One repository in the cache.
pub(super) struct Repository {
    cache: Cache,
    repo: String,
    path: PathBuf,
}

impl Repository {
    pub(super) fn new(cache: &Path, repo: &str) -> Self {
        let path = cache.join(folder_name(repo));
        Self { cache: Cache::new(cache.to_path_buf()), repo: repo.to_string(), path }
    }

    pub(super) fn exists(&self) -> bool {
        self.path.is_dir()
    }

    /// The commit that the cache knows for a revision.
    pub(super) fn commit(&self, revision: &str) -> Option<String> {
        if is_commit(revision) {
            return Some(revision.to_string());
        }
        let text = fs::read_to_string(self.path.join("refs").join(revision)).ok()?;
        Some(text.trim().to_string()).filter(|text| is_commit(text))
    }

    /// The files of a commit, when the cache has all that are needed.
    pub(super) fn files(&self, commit: &str) -> Result<ModelFiles> {
        self.gather(commit, &files::gather)
    }

    /// Files of choice of a commit.
    pub(super) fn gather<T>(&self, commit: &str, gather: Gather<'_, T>) -> Result<T> {
        gather(&self.repo, &mut Folder(&self.snapshot(commit)))
    }

    /// Where a file of a commit lies or will lie.
    pub(super) fn file(&self, commit: &str, name: &str) -> PathBuf {
        self.snapshot(commit).join(name)
    }

    /// Where content lies or will lie.
    pub(super) fn blob(&self, etag: &str) -> PathBuf {
        self.cache.model(self.repo.clone()).blob_path(etag)
    }

    /// Remembers that the revision stands at this commit.
    pub(super) fn point(&self, revision: &str, commit: &str) -> Result<()> {
        if is_commit(revision) || self.commit(revision).as_deref() == Some(commit) {
            return Ok(());
        }
        let repo = Repo::with_revision(self.repo.clone(), RepoType::Model, revision.to_string());
        self.cache.repo(repo).create_ref(commit).map_err(|source| disk(&self.path, source))
    }

    /// Keeps other processes from fetching the same model; calls `wait` when one does.
    pub(super) fn lock(&self, wait: impl FnOnce()) -> Result<File> {
        let folder = self.cache.path().join(".locks").join(folder_name(&self.repo));
        fs::create_dir_all(&folder).map_err(|source| disk(&folder, source))?;
        lock(&folder.join("tarjoman.lock"), wait)
    }

    fn snapshot(&self, commit: &str) -> PathBuf {
        self.cache.model(self.repo.clone()).pointer_path(commit)
    }

    fn complete(&self) -> Option<PathBuf> {
        let others = fs::read_dir(self.path.join("snapshots")).ok()?;
        let others = others.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        self.commit(DEFAULT_REVISION)
            .into_iter()
            .chain(others)
            .find(|commit| self.files(commit).is_ok())
            .map(|commit| self.snapshot(&commit))
    }
}

/// Locks a file until it is dropped; calls `wait` when another process has it.
pub(super) fn lock(path: &Path, wait: impl FnOnce()) -> Result<File> {
    let lock = || {
        let file = File::create(path)?;
        // Some network file systems have no locks; the check of what arrived remains.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            wait();
            file.lock()?;
        }
        Ok(file)
    };
    lock().map_err(|source| disk(path, source))
}

/// Lets `path` show the content of `blob`.
pub(super) fn link(blob: &Path, path: &Path) -> Result<()> {
    let link = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // Both lie in the folder of the repository; `path` perhaps deeper than `snapshots/COMMIT`.
        let repository = blob.parent().and_then(Path::parent).unwrap_or(blob);
        let inside = path.strip_prefix(repository).unwrap_or(path);
        let up: PathBuf = inside.components().skip(1).map(|_| "..").collect();
        symlink(&up.join("blobs").join(blob.file_name().unwrap_or_default()), path)
            // Where links are not allowed (Windows without developer mode), the file itself
            // moves, as in huggingface_hub.
            .or_else(|_| fs::rename(blob, path))
    };
    link().map_err(|source| disk(path, source))
}

fn folder_name(repo: &str) -> String {
    Repo::model(repo.to_string()).folder_name()
}

pub(super) fn disk(path: &Path, source: io::Error) -> Error {
    Error::Cache { path: path.to_path_buf(), source }
}

/// Bytes of the files below a folder; links count nothing.
pub(super) fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .filter_map(io::Result::ok)
        .filter_map(|entry| Some((entry.path(), entry.metadata().ok()?)))
        .map(|(path, data)| {
            if data.is_dir() {
                size(&path)
            } else if data.is_file() {
                data.len()
            } else {
                0
            }
        })
        .sum()
}

#[cfg(unix)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symlink(target: &Path, link: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(target, link)
}
