//! TMX 1.4, a sentence a unit: what translation memories take in. Number of the block, its
//! kind and whether an editor has been there are properties; doubts are notes.

use std::io::{self, Write};

use super::attribute;
use crate::document::render::xml;
use crate::document::{AlignedDocument, Block, TranslationUnit};

pub(super) fn write(document: &AlignedDocument, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(out, r#"<!DOCTYPE tmx SYSTEM "tmx14.dtd">"#)?;
    writeln!(out, r#"<tmx version="1.4">"#)?;
    writeln!(
        out,
        r#"<header creationtool="tarjoman" creationtoolversion="{}" segtype="sentence" o-tmf="tarjoman" adminlang="en" srclang="fa" datatype="plaintext">"#,
        env!("CARGO_PKG_VERSION")
    )?;
    writeln!(out, "<prop type=\"x-model\">{}</prop>", text(&document.model))?;
    if let Some(licence) = &document.licence {
        writeln!(out, "<prop type=\"x-licence\">{}</prop>", text(licence))?;
    }
    let provenance = &document.provenance;
    for (name, value) in [
        ("x-tool", &provenance.tool),
        ("x-revision", &provenance.revision),
        ("x-options", &provenance.options),
        ("x-time", provenance.time.as_ref().unwrap_or(&String::new())),
    ] {
        if !value.is_empty() {
            writeln!(out, "<prop type=\"{name}\">{}</prop>", text(value))?;
        }
    }
    writeln!(out, "</header>\n<body>")?;
    for (block, units) in document.blocks() {
        for unit in units {
            write_unit(document, block, unit, out)?;
        }
    }
    writeln!(out, "</body>\n</tmx>")
}

fn write_unit(
    document: &AlignedDocument,
    block: &Block,
    unit: &TranslationUnit,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "<tu tuid=\"{}\">", unit.sentence.id + 1)?;
    for issue in &unit.issues {
        writeln!(out, "<note>{}</note>", text(&format!("{}: {}", issue.code, issue.message)))?;
    }
    writeln!(out, "<prop type=\"x-block\">{}</prop>", unit.sentence.block)?;
    writeln!(out, "<prop type=\"x-kind\">{}</prop>", super::kind_name(block.kind))?;
    if unit.reviewed {
        writeln!(out, "<prop type=\"x-reviewed\">yes</prop>")?;
    }
    for (language, shown) in [("fa", document.source(unit)), ("en", unit.target())] {
        let language = attribute(language);
        writeln!(out, "<tuv xml:lang=\"{language}\"><seg>{}</seg></tuv>", text(shown))?;
    }
    writeln!(out, "</tu>")
}

fn text(shown: &str) -> String {
    let mut escaped = String::new();
    xml(shown, &mut escaped);
    escaped
}
