//! The English text alone. What stood between the blocks of the source stands between
//! them here, so that paragraphs, indents and line ends stay.

use std::io;

use crate::document::AlignedDocument;

pub(super) fn write(document: &AlignedDocument, out: &mut dyn io::Write) -> io::Result<()> {
    let mut newline = "\n";
    let mut gap = String::new();
    let mut first = true;
    for (block, units) in document.blocks() {
        if block.before.contains("\r\n") {
            newline = "\r\n";
        }
        // A gap may hold marks that show nothing (directional marks, a byte order mark).
        gap.extend(block.before.chars().filter(|c| c.is_whitespace()));
        if units.is_empty() {
            continue;
        }
        if !first {
            out.write_all(if gap.is_empty() { newline } else { &gap }.as_bytes())?;
        }
        first = false;
        gap.clear();
        let sentences: Vec<&str> =
            units.iter().map(|unit| unit.target().trim()).filter(|text| !text.is_empty()).collect();
        out.write_all(sentences.join(" ").as_bytes())?;
    }
    if document.article.after.starts_with("\r\n") {
        newline = "\r\n";
    }
    out.write_all(newline.as_bytes())
}
