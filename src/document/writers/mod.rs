//! Writers: an [`AlignedDocument`] to bytes. A file a format. Owns what each format looks
//! like; changes no text, and opens no files.

mod html;
mod jsonl;
mod markdown;
mod terminal;
mod text;
mod tsv;

use std::io;
use std::path::Path;

use super::{AlignedDocument, Error, Result};

/// The formats that a translation can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Both languages, sentence under sentence, for reading in a terminal.
    Terminal,
    /// A page with both languages side by side, in one file.
    Html,
    /// Tab-separated, a sentence a record, for spreadsheets and translation tools.
    Tsv,
    /// JSON, a sentence a line, for programs.
    Jsonl,
    /// Markdown with a table a paragraph.
    Markdown,
    /// The English text alone, in the paragraphs of the source.
    Text,
}

impl Format {
    /// The format that the ending of a file name asks for.
    ///
    /// # Errors
    /// When the ending is not one of .html .htm .tsv .jsonl .md .markdown .txt.
    pub fn from_path(path: &Path) -> Result<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(match ending.as_deref() {
            Some("html" | "htm") => Self::Html,
            Some("tsv") => Self::Tsv,
            Some("jsonl") => Self::Jsonl,
            Some("md" | "markdown") => Self::Markdown,
            Some("txt") => Self::Text,
            _ => return Err(Error::Format { path: path.to_owned() }),
        })
    }
}

/// What a writer may add.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Colours in the terminal. Default: none.
    pub color: bool,
    /// All candidates of a sentence, where the format has room for them (terminal, HTML,
    /// JSON). Default: the best one.
    pub candidates: bool,
    /// Blocks of the same document that were written before, where it is written in parts (text,
    /// TSV, JSON, Markdown): they are counted, and the head is not written again. Default: none.
    pub blocks_before: usize,
}

/// Writes a translated document, in many small pieces: give a buffered `out`.
///
/// # Errors
/// When `out` can't be written to; a closed pipe keeps its kind.
pub fn write(
    document: &AlignedDocument,
    format: Format,
    options: &WriteOptions,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    match format {
        Format::Terminal => terminal::write(document, *options, out),
        Format::Html => html::write(document, *options, out),
        Format::Tsv => tsv::write(document, *options, out),
        Format::Jsonl => jsonl::write(document, *options, out),
        Format::Markdown => markdown::write(document, *options, out),
        Format::Text => text::write(document, out),
    }
}

/// White space for a place that has one line: every line end and tab becomes a space.
fn one_line(text: &str) -> String {
    text.replace("\r\n", " ")
        .replace(['\n', '\r', '\t', '\u{0B}', '\u{0C}', '\u{85}', '\u{2028}', '\u{2029}'], " ")
}
