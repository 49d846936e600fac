//! Which format a file has, by the ending of its name or else by its first bytes; and what
//! bytes look like when they are none of ours, so that the message can say so.

use std::path::Path;

use crate::document::SourceFormat;

/// The format of a file. What shows nothing is plain text.
pub(super) fn format(name: &str, bytes: &[u8]) -> SourceFormat {
    let ending = Path::new(name).extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    let head = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    let starts = |text: &str| head.get(..text.len()).is_some_and(|h| h.eq_ignore_ascii_case(text));
    if bytes.starts_with(b"PK\x03\x04") && binary(bytes) == Some(WORD) {
        return SourceFormat::Docx;
    }
    match ending.as_deref() {
        Some("docx" | "docm") => SourceFormat::Docx,
        Some("html" | "htm" | "xhtml") => SourceFormat::Html,
        Some("md" | "markdown") => SourceFormat::Markdown,
        Some("jsonl" | "ndjson") => SourceFormat::Jsonl,
        Some("json" | "ninjs") => SourceFormat::Ninjs,
        Some("xml" | "nitf" | "newsml") => SourceFormat::NewsXml,
        Some("srt") => SourceFormat::Srt,
        Some("txt") => SourceFormat::Text,
        _ if starts("<!doctype html") || starts("<html") => SourceFormat::Html,
        _ if starts("<?xml") || starts("<nitf") => SourceFormat::NewsXml,
        _ if starts("{\"") || starts("{\n") || starts("{ ") => SourceFormat::Ninjs,
        _ => SourceFormat::Text,
    }
}

const WORD: &str = "a Word document (.docx)";

/// First bytes of the formats that people try to have translated. The longer ones first
/// where two begin alike.
const MAGIC: &[(&[u8], &str)] = &[
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "an old Microsoft Office document"),
    (b"\x89PNG\r\n\x1A\n", "a PNG image"),
    (b"\xFF\xD8\xFF", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"II*\0", "a TIFF image"),
    (b"MM\0*", "a TIFF image"),
    (b"\x1F\x8B", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xFD7zXZ\0", "an xz archive"),
    (b"7z\xBC\xAF\x27\x1C", "a 7z archive"),
    (b"Rar!\x1A\x07", "a RAR archive"),
    (b"\x28\xB5\x2F\xFD", "a zstd archive"),
    (b"\x7FELF", "a program"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ID3", "an MP3 recording"),
];

/// A name early in a ZIP archive tells which of the formats built on it this is.
const INSIDE_ZIP: &[(&[u8], &str)] = &[
    (b"application/vnd.oasis.opendocument", "an OpenDocument file"),
    (b"application/epub+zip", "an EPUB book"),
    (b"word/", WORD),
    (b"xl/", "an Excel sheet (.xlsx)"),
    (b"ppt/", "a PowerPoint presentation (.pptx)"),
    (b"[Content_Types].xml", "a Microsoft Office document"),
];

/// The encoding, when this is text in UTF-16 or UTF-32.
pub(super) fn wide_text(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] => Some("UTF-32LE"),
        [0, 0, 0xFE, 0xFF, ..] => Some("UTF-32BE"),
        [0xFF, 0xFE, ..] => Some("UTF-16LE"),
        [0xFE, 0xFF, ..] => Some("UTF-16BE"),
        _ => None,
    }
}

/// What a binary file looks like; `None` for what may be text.
pub(super) fn binary(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"PK\x03\x04") {
        let head = &bytes[..bytes.len().min(4096)];
        let inside = INSIDE_ZIP
            .iter()
            .find(|(name, _)| head.windows(name.len()).any(|window| window == *name));
        return Some(inside.map_or("a ZIP archive", |(_, what)| what));
    }
    if let [b'R', b'I', b'F', b'F', _, _, _, _, kind @ ..] = bytes {
        return Some(if kind.starts_with(b"WEBP") { "a WebP image" } else { "a recording" });
    }
    let magic = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what);
    magic.or_else(|| bytes.contains(&0).then_some("it has NUL bytes"))
}
