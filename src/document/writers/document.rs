//! The article itself in English, in the format that it came in: its skeleton with the
//! translations put in, and the inline markup carried over.

use std::io::{self, Cursor, Write};
use std::ops::Range;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::document::markup::{Carried, carry};
use crate::document::render::render;
use crate::document::{AlignedDocument, Part, Piece, Skeleton, SourceFormat};

/// Characters that a line of subtitles holds; half a line more and it is broken.
const SUBTITLE_LINE: usize = 42;

pub(super) fn write(document: &AlignedDocument, out: &mut dyn Write) -> io::Result<()> {
    let Some(skeleton) = &document.article.skeleton else {
        return super::text::write(document, out);
    };
    let blocks: Vec<Carried<'_>> =
        document.blocks().map(|(block, units)| carry(block, units)).collect();
    let is_srt = document.article.format == SourceFormat::Srt;
    match &skeleton.package {
        None => {
            for part in &skeleton.parts {
                out.write_all(filled(part, &blocks, document, is_srt).as_bytes())?;
            }
            Ok(())
        }
        Some(package) => write_package(skeleton, package, &blocks, document, out),
    }
}

/// A part with its places filled.
fn filled(part: &Part, blocks: &[Carried<'_>], document: &AlignedDocument, is_srt: bool) -> String {
    let mut text = String::new();
    for piece in &part.pieces {
        match piece {
            Piece::Raw(raw) => text.push_str(raw),
            Piece::Slot(slot) => {
                let carried = &blocks[slot.block];
                let length = document.article.blocks[slot.block].text.len();
                let whole = slot.span == (0..length);
                let range =
                    if whole { 0..carried.text.len() } else { share(carried, &slot.span, length) };
                let mut shown = String::new();
                render(&carried.text, &carried.marks, range, &slot.syntax, &mut shown);
                text.push_str(&if is_srt { broken(shown.trim()) } else { shown });
            }
        }
    }
    text
}

/// The part of a translation that belongs to a part of its source.
fn share(carried: &Carried<'_>, span: &Range<usize>, length: usize) -> Range<usize> {
    let place = |at: usize| {
        if at >= length { carried.text.len() } else { carried.project(at) }
    };
    let start = place(span.start);
    // The space between two parts counts as of the first.
    let after = &carried.source[span.end..];
    let end = place(length - after.trim_start().len());
    start..end.max(start)
}

/// Two lines where one would be too long, broken at the space nearest to the middle.
fn broken(text: &str) -> String {
    if text.chars().count() <= SUBTITLE_LINE || text.contains('\n') {
        return text.to_owned();
    }
    let middle = text.len() / 2;
    // Not inside a tag.
    let spaces = text
        .match_indices(' ')
        .map(|(at, _)| at)
        .filter(|at| text[..*at].rfind('<').is_none_or(|open| text[open..*at].contains('>')));
    match spaces.min_by_key(|at| at.abs_diff(middle)) {
        Some(at) => format!("{}\n{}", &text[..at], &text[at + 1..]),
        None => text.to_owned(),
    }
}

/// The package with the parts that changed; what did not is copied as it is packed.
fn write_package(
    skeleton: &Skeleton,
    package: &[u8],
    blocks: &[Carried<'_>],
    document: &AlignedDocument,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut source = ZipArchive::new(Cursor::new(package))?;
    let mut target = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..source.len() {
        let file = source.by_index_raw(index)?;
        let name = file.name()?.into_owned();
        match skeleton.parts.iter().find(|part| part.name == name) {
            None => target.raw_copy_file(file)?,
            Some(part) => {
                drop(file);
                let options =
                    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
                target.start_file(part.name.as_str(), options)?;
                target.write_all(filled(part, blocks, document, false).as_bytes())?;
            }
        }
    }
    out.write_all(&target.finish()?.into_inner())
}
