//! Owns models in a folder. Does not own the choice of files in it (that is [`super::super::files`]).

use std::path::Path;

use super::super::files::{self, FileData, Gather, ModelFiles, Shelf};
use super::super::{Error, Result};

/// Finds the files of the model in `path`.
pub(super) fn resolve(path: &Path) -> Result<ModelFiles> {
    gather_with(path, &files::gather)
}

/// The same for files of choice.
pub(super) fn gather_with<T>(path: &Path, gather: Gather<'_, T>) -> Result<T> {
    if !path.is_dir() {
        let reason = if path.exists() { "it is a file" } else { "it does not exist" };
        return Err(Error::NotAFolder { path: path.to_path_buf(), reason });
    }
    gather(&path.display().to_string(), &mut Folder(path))
}

/// The files of one folder.
pub(super) struct Folder<'a>(pub(super) &'a Path);

impl Shelf for Folder<'_> {
    fn has(&self, name: &str) -> bool {
        self.0.join(name).is_file()
    }

    fn names(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.0) else { return Vec::new() };
        entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| self.has(name))
            .collect()
    }

    fn take(&mut self, name: &str) -> Result<FileData> {
        Ok(FileData::Path(self.0.join(name)))
    }
}
