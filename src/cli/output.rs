//! Where results go: standard output, or a file that appears whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::document::{Error, Result};

/// Where a result goes.
#[derive(Debug)]
pub(super) enum Output {
    /// Standard output.
    Stdout,
    /// A file; links are followed.
    File(PathBuf),
    /// Something that can't be replaced: a device, a pipe.
    Special(PathBuf),
}

impl Output {
    /// Finds out, before the long work, whether the result can be written there.
    ///
    /// # Errors
    /// When the folder is missing, or the file can't be created or replaced.
    pub fn open(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path.filter(|path| *path != Path::new("-")) else {
            return Ok(Self::Stdout);
        };
        let output = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                return Err(fail(path, io::Error::from(ErrorKind::IsADirectory)));
            }
            Ok(metadata) if !metadata.is_file() => Self::Special(path.to_owned()),
            // The link stays, what it points to is replaced.
            Ok(_) => Self::File(std::fs::canonicalize(path).map_err(|error| fail(path, error))?),
            Err(_) => Self::File(path.to_owned()),
        };
        match &output {
            // Made and removed again: an interrupted run leaves nothing behind.
            Self::File(path) => drop(temporary(path).map_err(|error| fail(path, error))?),
            Self::Special(path) => drop(append(path).map_err(|error| fail(path, error))?),
            Self::Stdout => {}
        }
        Ok(output)
    }

    /// Whether this is the same file as `path`.
    pub fn is(&self, path: &Path) -> bool {
        let Self::File(output) = self else { return false };
        std::fs::canonicalize(path).is_ok_and(|path| path == *output)
    }

    /// Writes the result. A closed standard output is no error: the reader has had enough.
    ///
    /// # Errors
    /// When it can't be written; the file is then as it was before.
    pub fn write(&self, body: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        match self {
            Self::Stdout => {
                let mut out = BufWriter::new(io::stdout().lock());
                match body(&mut out).and_then(|()| out.flush()) {
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
                    Err(source) => Err(Error::Write { name: "standard output".into(), source }),
                    Ok(()) => Ok(()),
                }
            }
            Self::Special(path) => append(path)
                .and_then(|file| {
                    let mut out = BufWriter::new(file);
                    body(&mut out)?;
                    out.flush()
                })
                .map_err(|error| fail(path, error)),
            Self::File(path) => temporary(path)
                .and_then(|file| {
                    let mut out = BufWriter::new(file);
                    body(&mut out)?;
                    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
                    file.as_file().sync_all()?;
                    file.persist(path).map_err(|error| error.error)?;
                    Ok(())
                })
                .map_err(|error| fail(path, error)),
        }
    }
}

fn fail(path: &Path, source: io::Error) -> Error {
    Error::Write { name: path.display().to_string(), source }
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).open(path)
}

/// A file beside `path`, so that a rename puts it in place; removed when it is dropped.
fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tarjoman-").suffix(".part");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any new file: the umask takes away what it wants.
        let mode = std::fs::metadata(path).map_or(0o666, |metadata| metadata.permissions().mode());
        builder.permissions(std::fs::Permissions::from_mode(mode & 0o777));
    }
    builder.tempfile_in(folder.unwrap_or(Path::new(".")))
}
