//! Writers: an [`AlignedDocument`] to bytes. A file a format. Owns what each format looks
//! like; changes no text, and opens no files.

mod bidi;
mod document;
mod docx;
mod html;
mod jsonl;
mod markdown;
mod terminal;
mod text;
mod tmx;
mod tsv;
mod xliff;

pub(super) use jsonl::SCHEMA;

use std::io;
use std::path::Path;

use super::{AlignedDocument, Article, BlockKind, Error, Result};

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
    /// Word with a table, a sentence a row.
    Docx,
    /// TMX 1.4, for translation memories.
    Tmx,
    /// XLIFF 2.0, for translation tools.
    Xliff,
    /// The article in English in the format that it came in: markup, pictures and times stay.
    Document,
}

impl Format {
    /// The format that the ending of a file name asks for.
    ///
    /// # Errors
    /// When the ending is not one of .html .htm .tsv .jsonl .md .markdown .txt .docx .tmx .xlf
    /// .xliff, or .srt .json .xml, which are formats of articles.
    pub fn from_path(path: &Path) -> Result<Self> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        Ok(match ending.as_deref() {
            Some("html" | "htm") => Self::Html,
            Some("tsv") => Self::Tsv,
            Some("jsonl") => Self::Jsonl,
            Some("md" | "markdown") => Self::Markdown,
            Some("txt") => Self::Text,
            Some("docx") => Self::Docx,
            Some("tmx") => Self::Tmx,
            Some("xlf" | "xliff") => Self::Xliff,
            Some("srt" | "json" | "ninjs" | "xml" | "nitf" | "newsml") => Self::Document,
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
        Format::Docx => docx::write(document, out),
        Format::Tmx => tmx::write(document, out),
        Format::Xliff => xliff::write(document, out),
        Format::Document => document::write(document, out),
    }
}

/// Whether an article can be written in a format: to write it in its own, more than its text
/// must be known.
///
/// # Errors
/// When it can't.
pub fn check(article: &Article, format: Format) -> Result<()> {
    if format == Format::Document && article.skeleton.is_none() && !article.is_text() {
        return Err(Error::NoSkeleton { name: article.meta.name.clone() });
    }
    Ok(())
}

/// What JSON lines and the like call a kind of block.
fn kind_name(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Title => "title",
        BlockKind::Heading => "heading",
        BlockKind::Paragraph => "paragraph",
        BlockKind::ListItem => "list_item",
        BlockKind::Caption => "caption",
    }
}

/// Text inside the quotes of an attribute of XML.
fn attribute(text: &str) -> String {
    let mut escaped = String::new();
    super::render::xml(&one_line(text), &mut escaped);
    escaped.replace('"', "&quot;")
}

/// White space for a place that has one line: every line end and tab becomes a space.
fn one_line(text: &str) -> String {
    text.replace("\r\n", " ")
        .replace(['\n', '\r', '\t', '\u{0B}', '\u{0C}', '\u{85}', '\u{2028}', '\u{2029}'], " ")
}
