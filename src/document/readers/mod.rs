//! Readers: bytes of a file to an [`Article`]. A file a format. Owns opening, and saying no
//! to what is not text; knows no sentences.

mod sniff;
mod text;

use std::io::Read as _;
use std::path::Path;

use super::{Article, Error, Result};

/// Reads an article from a file, or from standard input when the path is `-`.
///
/// # Errors
/// When the file can't be read, has nothing to translate, or is not UTF-8 text.
pub fn open(path: impl AsRef<Path>) -> Result<Article> {
    let path = path.as_ref();
    let name = path.display().to_string();
    let bytes = if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else if path.is_dir() {
        // Opening a directory fails with a different message on every system.
        return Err(Error::Directory { name });
    } else {
        std::fs::read(path)
    };
    match bytes {
        Ok(bytes) => read(&name, bytes),
        Err(source) => Err(Error::Read { name, source }),
    }
}

/// Reads an article from plain text, whatever else it looks like; `name` as in [`read`].
///
/// # Errors
/// When there is nothing to translate.
pub fn plain(name: &str, text: &str) -> Result<Article> {
    text::read(name.to_owned(), text)
}

/// Reads an article from bytes; `name` is for messages and for [`Meta`](super::Meta).
///
/// # Errors
/// When there is nothing to translate, or the bytes are not UTF-8 text.
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Article> {
    let name = name.to_owned();
    if let Some(encoding) = sniff::wide_text(&bytes) {
        return Err(Error::WideText { name, encoding });
    }
    if let Some(what) = sniff::binary(&bytes) {
        return Err(Error::Binary { name, what: what.into() });
    }
    match String::from_utf8(bytes) {
        Ok(text) => text::read(name, &text),
        Err(error) => Err(Error::NotUtf8 { name, position: error.utf8_error().valid_up_to() }),
    }
}
