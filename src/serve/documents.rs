//! Texts and files as the engine takes them, and translations as clients take them. Reading and
//! writing can take long: both happen away from the thread that answers.

use std::borrow::Cow;

use axum::http::StatusCode;

use super::fields::Upload;
use super::refusal::Refusal;
use crate::document::writers::{self, Format, WriteOptions};
use crate::document::{AlignedDocument, Article, SourceFormat, readers};

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextFormat {
    Text,
    Html,
}

impl TextFormat {
    /// By LibreTranslate's name for it.
    ///
    /// # Errors
    /// When it is none.
    pub fn named(name: Option<&str>) -> Result<Self, Refusal> {
        match name {
            None | Some("text") => Ok(Self::Text),
            Some("html") => Ok(Self::Html),
            Some(other) => Err(Refusal::bad(format!("{other} format is not supported"))),
        }
    }

    /// What readers see of a text, roughly: without its tags.
    pub fn visible(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Text => text.into(),
            Self::Html => {
                let after =
                    |part: &str| part.split_once('>').map_or("", |(_, text)| text).to_owned();
                let mut parts = text.split('<');
                let first = parts.next().unwrap_or_default().to_owned();
                (first + &parts.map(after).collect::<Vec<_>>().join(" ")).into()
            }
        }
    }

    /// Reads a text. One in which nothing can be seen has no blocks.
    ///
    /// # Errors
    /// When it nests too deep.
    pub fn read(self, text: &str) -> Result<Article, Refusal> {
        match self {
            Self::Text => Ok(readers::plain("text", text).unwrap_or_default()),
            Self::Html => {
                readers::fragment("text", text).map_err(|error| Refusal::document(&error))
            }
        }
    }

    /// The translation of `text`.
    ///
    /// # Errors
    /// When it can't be written, which is a bug.
    pub fn write(self, text: &str, document: &AlignedDocument) -> Result<String, Refusal> {
        if document.units.is_empty() && self == Self::Text {
            return Ok(text.to_owned());
        }
        let format = match self {
            Self::Text => Format::Text,
            Self::Html => Format::Document,
        };
        let written = write(document, format, false)?;
        let written = String::from_utf8(written)
            .map_err(|_| Refusal::internal("a translation is not UTF-8"))?;
        Ok(match self {
            // The writer ends a file; this is none.
            Self::Text => written.trim_end_matches(['\r', '\n']).to_owned(),
            Self::Html => written,
        })
    }
}

/// Does what may take long on another thread.
///
/// # Errors
/// When it does not come to an end.
pub(super) async fn aside<R: Send + 'static>(
    work: impl FnOnce() -> R + Send + 'static,
) -> Result<R, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Refusal::internal("the program failed while it read or wrote a document"))
}

/// Reads a file, whose name may tell its format.
///
/// # Errors
/// When it can't be read.
pub(super) fn read_file(file: Upload) -> Result<Article, Refusal> {
    let name = if file.name.is_empty() { "file" } else { &file.name };
    readers::read(name, file.bytes).map_err(|error| Refusal::document(&error))
}

/// Writes a translation.
///
/// * `candidates`: whether all of them
///
/// # Errors
/// When it can't be written in this format.
pub(super) fn write(
    document: &AlignedDocument,
    format: Format,
    candidates: bool,
) -> Result<Vec<u8>, Refusal> {
    writers::check(&document.article, format).map_err(|error| Refusal::document(&error))?;
    let options = WriteOptions { candidates, ..WriteOptions::default() };
    let mut bytes = Vec::new();
    writers::write(document, format, &options, &mut bytes).map_err(|error| {
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, format!("could not write: {error}"))
    })?;
    Ok(bytes)
}

/// A format that clients can ask for: its name, how files in it end, its media type.
pub(super) const FORMATS: [(&str, &str, &str, Format); 9] = [
    ("jsonl", "jsonl", "application/x-ndjson", Format::Jsonl),
    ("html", "html", "text/html; charset=utf-8", Format::Html),
    ("docx", "docx", WORD, Format::Docx),
    ("tmx", "tmx", "application/xml", Format::Tmx),
    ("xliff", "xlf", "application/xml", Format::Xliff),
    ("tsv", "tsv", "text/tab-separated-values; charset=utf-8", Format::Tsv),
    ("markdown", "md", "text/markdown; charset=utf-8", Format::Markdown),
    ("text", "txt", "text/plain; charset=utf-8", Format::Text),
    ("document", "", "application/octet-stream", Format::Document),
];

const WORD: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// The media type of an article's own format.
pub(super) fn media_type(format: SourceFormat) -> &'static str {
    match format {
        SourceFormat::Text | SourceFormat::Srt => "text/plain; charset=utf-8",
        SourceFormat::Markdown => "text/markdown; charset=utf-8",
        SourceFormat::Html => "text/html; charset=utf-8",
        SourceFormat::Docx => WORD,
        SourceFormat::Jsonl => "application/x-ndjson",
        SourceFormat::Ninjs => "application/json",
        SourceFormat::NewsXml => "application/xml",
    }
}

/// `name.ending`, with the language of the translation in between; without an ending the own one.
pub(super) fn file_name(name: &str, language: &str, ending: &str) -> String {
    let (stem, own) = match name.rsplit_once('.') {
        Some((stem, own)) if !stem.is_empty() => (stem, own),
        _ => (name, "txt"),
    };
    let ending = if ending.is_empty() { own } else { ending };
    format!("{stem}.{language}.{ending}")
}

/// The beginning of an article, to tell its language by.
pub(super) fn beginning(article: &Article) -> String {
    const ENOUGH: usize = 10_000;
    let mut text = String::new();
    for block in &article.blocks {
        if text.len() > ENOUGH {
            break;
        }
        text.push_str(&block.text);
        text.push('\n');
    }
    text
}

/// Characters of an article.
pub(super) fn characters(article: &Article) -> usize {
    article.blocks.iter().map(|block| block.text.chars().count()).sum()
}
