//! XLIFF 2.0, a block a unit and a sentence a segment; what stands between sentences is
//! ignorable, so that a unit is the whole block. Doubts are notes of the unit that begin with
//! `Sentence N: `; the model, its licence and how it
//! translated are notes of the file.

use std::io::{self, Write};

use super::attribute;
use crate::document::error::shown;
use crate::document::render::xml;
use crate::document::{AlignedDocument, Block, Provenance, TranslationUnit};

pub(super) fn write(document: &AlignedDocument, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<xliff xmlns="urn:oasis:names:tc:xliff:document:2.0" version="2.0" srcLang="fa" trgLang="en">"#
    )?;
    let name = attribute(shown(&document.article.meta.name));
    writeln!(out, r#"<file id="f1" original="{name}" srcDir="rtl" trgDir="ltr">"#)?;
    write_notes(document, out)?;
    let mut is_empty = true;
    for (index, (block, units)) in document.blocks().enumerate() {
        if !units.is_empty() {
            is_empty = false;
            write_unit(document, index, block, units, out)?;
        }
    }
    if is_empty {
        // A file has at least one unit, and a unit a segment.
        writeln!(out, r#"<unit id="b1"><segment><source></source></segment></unit>"#)?;
    }
    writeln!(out, "</file>\n</xliff>")
}

fn write_notes(document: &AlignedDocument, out: &mut dyn Write) -> io::Result<()> {
    let licence = document.licence.as_deref().map(|licence| ("licence", licence));
    let Provenance { tool, revision, options, time } = &document.provenance;
    let by = [("tool", tool), ("revision", revision), ("options", options)];
    let by = by.map(|(category, note)| (category, note.as_str()));
    let time = time.as_deref().map(|time| ("time", time));
    let by = by.into_iter().chain(time).filter(|(_, note)| !note.is_empty());
    writeln!(out, "<notes>")?;
    for (category, note) in
        [("model", document.model.as_str())].into_iter().chain(licence).chain(by)
    {
        writeln!(out, "<note category=\"{category}\">{}</note>", text(note))?;
    }
    writeln!(out, "</notes>")
}

fn write_unit(
    document: &AlignedDocument,
    index: usize,
    block: &Block,
    units: &[TranslationUnit],
    out: &mut dyn Write,
) -> io::Result<()> {
    let kind = super::kind_name(block.kind);
    writeln!(out, r#"<unit id="b{}" type="tarjoman:{kind}">"#, index + 1)?;
    if units.iter().any(|unit| !unit.issues.is_empty()) {
        writeln!(out, "<notes>")?;
        for unit in units {
            for issue in &unit.issues {
                let note = format!("Sentence {}: {}", unit.sentence.id + 1, issue.message);
                let category = attribute(&issue.code);
                writeln!(out, "<note category=\"{category}\">{}</note>", text(&note))?;
            }
        }
        writeln!(out, "</notes>")?;
    }
    let mut end = 0;
    for unit in units {
        let gap = block.text.get(end..unit.sentence.span.start).unwrap_or_default();
        if !gap.is_empty() {
            writeln!(
                out,
                "<ignorable><source xml:space=\"preserve\">{}</source><target xml:space=\"preserve\"> </target></ignorable>",
                text(gap)
            )?;
        }
        end = unit.sentence.span.end;
        let state = if unit.reviewed { "reviewed" } else { "translated" };
        writeln!(
            out,
            "<segment id=\"s{}\" state=\"{state}\"><source xml:space=\"preserve\">{}</source><target xml:space=\"preserve\">{}</target></segment>",
            unit.sentence.id + 1,
            text(document.source(unit)),
            text(unit.target())
        )?;
    }
    writeln!(out, "</unit>")
}

fn text(shown: &str) -> String {
    let mut escaped = String::new();
    xml(shown, &mut escaped);
    escaped
}
