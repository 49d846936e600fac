//! A Word document with a table: a sentence a row, English beside Persian, doubts under it.
//! Persian cells run from right to left, with Latin runs left as they are.

use std::fmt::Write as _;
use std::io::{self, Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::bidi::{Run, runs};
use super::one_line;
use crate::document::error::shown;
use crate::document::render::xml;
use crate::document::{AlignedDocument, BlockKind, TranslationUnit};

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;

const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#;

/// A4 across; widths in twentieths of a point.
const TABLE: &str = r#"<w:tbl><w:tblPr><w:tblW w:w="14400" w:type="dxa"/><w:tblBorders><w:top w:val="single" w:sz="4" w:color="BBBBBB"/><w:bottom w:val="single" w:sz="4" w:color="BBBBBB"/><w:insideH w:val="single" w:sz="4" w:color="BBBBBB"/></w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid><w:gridCol w:w="600"/><w:gridCol w:w="6900"/><w:gridCol w:w="6900"/></w:tblGrid><w:tr><w:trPr><w:tblHeader/></w:trPr>"#;

const FOOT: &str = r#"</w:tbl><w:p/><w:sectPr><w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr></w:body></w:document>"#;

const WIDTHS: [u32; 3] = [600, 6900, 6900];

pub(super) fn write(document: &AlignedDocument, out: &mut dyn Write) -> io::Result<()> {
    let mut package = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let parts = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATIONS),
        ("word/document.xml", &body(document)),
    ];
    for (name, text) in parts {
        package.start_file(name, options)?;
        package.write_all(text.as_bytes())?;
    }
    out.write_all(&package.finish()?.into_inner())
}

fn body(document: &AlignedDocument) -> String {
    let mut body = HEAD.to_owned();
    let state = if document.is_reviewed() {
        "Machine translation, reviewed by an editor"
    } else {
        "Machine translation, not reviewed"
    };
    let licence = document.licence.as_deref().map(|licence| format!(" ({licence})"));
    let line = format!(
        "{state}. Model: {}{}. Source: {}",
        document.model,
        licence.unwrap_or_default(),
        shown(&document.article.meta.name)
    );
    body.push_str("<w:p>");
    run(&line, "<w:i/>", &mut body);
    body.push_str("</w:p>");
    body.push_str(TABLE);
    for (width, name) in WIDTHS.into_iter().zip(["", "English", "Persian"]) {
        cell(width, &mut body, |body| {
            body.push_str("<w:p>");
            run(name, "<w:b/>", body);
            body.push_str("</w:p>");
        });
    }
    body.push_str("</w:tr>");
    for (block, units) in document.blocks() {
        let properties = match block.kind {
            BlockKind::Title => r#"<w:b/><w:sz w:val="30"/>"#,
            BlockKind::Heading => r#"<w:b/><w:sz w:val="26"/>"#,
            BlockKind::Caption => "<w:i/>",
            BlockKind::Paragraph | BlockKind::ListItem => "",
        };
        for unit in units {
            row(document, unit, properties, &mut body);
        }
    }
    body.push_str(FOOT);
    body
}

fn row(document: &AlignedDocument, unit: &TranslationUnit, properties: &str, body: &mut String) {
    body.push_str("<w:tr><w:trPr><w:cantSplit/></w:trPr>");
    let [number, english, persian] = WIDTHS;
    cell(number, body, |body| {
        body.push_str("<w:p>");
        run(&(unit.sentence.id + 1).to_string(), "", body);
        body.push_str("</w:p>");
    });
    cell(english, body, |body| {
        body.push_str("<w:p>");
        run(&one_line(unit.target()), properties, body);
        body.push_str("</w:p>");
        for issue in &unit.issues {
            body.push_str("<w:p>");
            let message = format!("! {}", one_line(&issue.message));
            run(&message, r#"<w:i/><w:color w:val="8A4B00"/><w:sz w:val="18"/>"#, body);
            body.push_str("</w:p>");
        }
    });
    cell(persian, body, |body| {
        body.push_str("<w:p><w:pPr><w:bidi/></w:pPr>");
        let rtl = properties.replace("<w:b/>", "<w:bCs/>").replace("<w:i/>", "<w:iCs/>");
        let rtl = rtl.replace("<w:sz ", "<w:szCs ") + r#"<w:rtl/><w:lang w:bidi="fa-IR"/>"#;
        let source = one_line(document.source(unit));
        for Run { text, latin } in runs(&source) {
            run(text, if latin { properties } else { &rtl }, body);
        }
        body.push_str("</w:p>");
    });
    body.push_str("</w:tr>");
}

fn cell(width: u32, body: &mut String, content: impl FnOnce(&mut String)) {
    let _ = write!(body, r#"<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>"#);
    content(body);
    body.push_str("</w:tc>");
}

fn run(text: &str, properties: &str, body: &mut String) {
    let _ = write!(body, r#"<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">"#);
    xml(text, body);
    body.push_str("</w:t></w:r>");
}
