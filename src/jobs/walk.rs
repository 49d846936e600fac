//! Which files there are. Owns globs, ignore files, links and what is no file; opens nothing.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};

use super::{Error, Result};

/// Files that name what is to be left out, in the form of `.gitignore`.
const IGNORE_FILE: &str = ".tarjomanignore";

/// What of a directory is translated.
#[derive(Debug, Clone, Default)]
pub struct WalkOptions {
    /// Globs as in `.gitignore`; `!` before one leaves out. Default: all files.
    pub globs: Vec<String>,
    /// Whether hidden files are taken. Default: no.
    pub hidden: bool,
    /// Whether `.ignore` and `.tarjomanignore` mean nothing. Default: they are followed.
    pub no_ignore: bool,
    /// Whether links to directories are followed. Links to files always are. Default: no.
    pub follow: bool,
}

/// A file to be translated.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Where it is.
    pub path: PathBuf,
    /// Its place below the directory that is walked.
    pub relative: PathBuf,
    /// Its size when it was found.
    pub bytes: u64,
    /// When it was last written to, where the system tells.
    pub modified: Option<std::time::SystemTime>,
}

/// What the walk meets.
#[derive(Debug)]
pub(super) enum Found {
    File(Source),
    /// Something that should be a file and can't be one, and why.
    Bad(PathBuf, String),
    /// Something that is left alone, and why.
    Skipped(PathBuf, &'static str),
}

/// A directory, or one file, that can be walked again and again.
pub(super) struct Walk {
    root: PathBuf,
    /// Never entered.
    output: PathBuf,
    globs: Override,
    options: WalkOptions,
}

impl Walk {
    /// * `input`: a directory or a file
    /// * `output`: an existing directory, which is left out when it is inside
    pub fn new(input: &Path, output: &Path, options: &WalkOptions) -> Result<Self> {
        let real = |path: &Path| {
            fs::canonicalize(path).map_err(|source| Error::File {
                action: "open",
                path: path.into(),
                source,
            })
        };
        let (root, output) = (real(input)?, real(output)?);
        if root == output {
            return Err(Error::SamePlace { path: input.into() });
        }
        let wrong = |error: ignore::Error| Error::Glob { reason: error.to_string() };
        let mut globs = OverrideBuilder::new(&root);
        for glob in &options.globs {
            globs.add(glob).map_err(wrong)?;
        }
        let globs = globs.build().map_err(wrong)?;
        Ok(Self { root, output, globs, options: options.clone() })
    }

    /// The directory, without links in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// All there is, sorted by name within each directory, so that two walks meet it alike.
    pub fn iter(&self) -> impl Iterator<Item = Found> + Send + use<> {
        let output = self.output.clone();
        let (root, globs) = (self.root.clone(), self.globs.clone());
        let mut walk = WalkBuilder::new(&root);
        walk.standard_filters(false)
            .hidden(!self.options.hidden)
            .ignore(!self.options.no_ignore)
            .follow_links(self.options.follow)
            .sort_by_file_name(Ord::cmp)
            .filter_entry(move |entry| {
                // As overrides of the walk they would take hidden and ignored files too.
                let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
                !globs.matched(entry.path(), is_folder).is_ignore() && !is_at(entry, &output)
            });
        if !self.options.no_ignore {
            walk.add_custom_ignore_filename(IGNORE_FILE);
        }
        walk.build().filter_map(move |entry| match entry {
            Ok(entry) => found(&entry, &root),
            Err(error) => {
                let path = place(&error).unwrap_or_else(|| root.clone());
                let relative = path.strip_prefix(&root).unwrap_or(&path).to_owned();
                Some(Found::Bad(relative, cause(&error)))
            }
        })
    }
}

fn is_at(entry: &DirEntry, place: &Path) -> bool {
    entry.path() == place
        || (entry.path_is_symlink() && fs::canonicalize(entry.path()).is_ok_and(|at| at == place))
}

fn found(entry: &DirEntry, root: &Path) -> Option<Found> {
    let path = entry.path();
    let mut relative = path.strip_prefix(root).unwrap_or(path).to_owned();
    if relative.as_os_str().is_empty() {
        // What is walked is a file itself.
        relative = path.file_name().map(PathBuf::from)?;
    }
    // Follows a link, and so meets what can't be followed.
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if entry.path_is_symlink() => {
            return Some(Found::Bad(relative, format!("the link leads nowhere: {error}")));
        }
        Err(error) => return Some(Found::Bad(relative, error.to_string())),
    };
    if metadata.is_dir() {
        let is_left =
            entry.path_is_symlink() && !entry.file_type().is_some_and(|kind| kind.is_dir());
        return is_left.then_some(Found::Skipped(relative, "a link to a directory"));
    }
    if !metadata.is_file() {
        // A pipe would be waited for, a device might never end.
        return Some(Found::Bad(relative, "it is a device, a pipe or a socket".into()));
    }
    Some(Found::File(source(path, relative, &metadata)))
}

fn source(path: &Path, relative: PathBuf, metadata: &Metadata) -> Source {
    let modified = metadata.modified().ok();
    Source { path: path.into(), relative, bytes: metadata.len(), modified }
}

/// The path that an error of the walk is about.
fn place(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::Loop { child, .. } => Some(child.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            place(err)
        }
        ignore::Error::Partial(errors) => errors.iter().find_map(place),
        _ => None,
    }
}

/// What it says, without the path.
fn cause(error: &ignore::Error) -> String {
    match error {
        ignore::Error::WithPath { err, .. } | ignore::Error::WithDepth { err, .. } => cause(err),
        ignore::Error::Loop { .. } => "the link leads back to a directory above it".into(),
        other => other.to_string(),
    }
}
