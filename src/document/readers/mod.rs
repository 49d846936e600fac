//! Readers: bytes of a file to an [`Article`]. A file a format. Owns opening, which format a
//! file has, and saying no to what is none of them; knows no sentences.

pub mod aligned;
mod docx;
mod html;
mod inline;
mod json;
mod markdown;
mod sniff;
mod srt;
pub mod terms;
mod text;
mod xml;

use std::io::Read as _;
use std::path::Path;

use super::{Article, Error, Result, SourceFormat};

/// Reads an article from a file, or from standard input when the path is `-`.
///
/// # Errors
/// When the file can't be read, has nothing to translate, or is not what its format asks for.
pub fn open(path: impl AsRef<Path>) -> Result<Article> {
    open_as(path, None)
}

/// Reads an article from a file in a format of choice; `None` finds the format out.
///
/// # Errors
/// As [`open`].
pub fn open_as(path: impl AsRef<Path>, format: Option<SourceFormat>) -> Result<Article> {
    let (name, bytes) = bytes(path.as_ref())?;
    read_as(&name, bytes, format)
}

/// The name for messages, and what is in the file.
fn bytes(path: &Path) -> Result<(String, Vec<u8>)> {
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
        Ok(bytes) => Ok((name, bytes)),
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

/// Reads an article from HTML that is no page but a part of one, such as the field of a content
/// system: all of its text is read. `name` as in [`read`].
///
/// # Errors
/// When its elements nest too deep.
pub fn fragment(name: &str, html: &str) -> Result<Article> {
    html::read_fragment(name.to_owned(), html)
}

/// Reads an article from bytes; `name` is for messages, for [`Meta`](super::Meta), and its
/// ending tells the format.
///
/// # Errors
/// As [`open`].
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Article> {
    read_as(name, bytes, None)
}

/// Reads an article from bytes in a format of choice; `None` finds the format out.
///
/// # Errors
/// As [`open`].
pub fn read_as(name: &str, bytes: Vec<u8>, format: Option<SourceFormat>) -> Result<Article> {
    let format = format.unwrap_or_else(|| sniff::format(name, &bytes));
    let read = match format {
        SourceFormat::Docx => return docx::read(name.to_owned(), bytes),
        SourceFormat::Text => text::read,
        SourceFormat::Markdown => markdown::read,
        SourceFormat::Html => html::read,
        SourceFormat::Jsonl => json::read_lines,
        SourceFormat::Ninjs => json::read_ninjs,
        SourceFormat::NewsXml => xml::read,
        SourceFormat::Srt => srt::read,
    };
    read(name.to_owned(), &utf8(name, bytes)?)
}

fn utf8(name: &str, bytes: Vec<u8>) -> Result<String> {
    let name = name.to_owned();
    if let Some(encoding) = sniff::wide_text(&bytes) {
        return Err(Error::WideText { name, encoding });
    }
    if let Some(what) = sniff::binary(&bytes) {
        return Err(Error::Binary { name, what: what.into() });
    }
    String::from_utf8(bytes)
        .map_err(|error| Error::NotUtf8 { name, position: error.utf8_error().valid_up_to() })
}
