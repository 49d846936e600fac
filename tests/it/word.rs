//! Word documents as newsrooms have them: text boxes, headers, footers, comments.

use std::io::{Cursor, Read as _, Write as _};

use tarjoman::document::readers::read;
use tarjoman::document::writers::Format;
use tarjoman::document::{Article, BlockKind};

use crate::aligned::{aligned, bytes, kinds};

const NAMES: &str = r#"xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:v="urn:schemas-microsoft-com:vml""#;

fn paragraph(text: &str) -> String {
    format!(
        "<w:p><w:pPr><w:bidi/></w:pPr><w:r><w:rPr><w:rtl/></w:rPr><w:t>{text}</w:t></w:r></w:p>"
    )
}

/// A run with a text box, as Word writes it: once for itself and once for its elders.
fn text_box(paragraphs: &[&str]) -> String {
    let inside: String = paragraphs.iter().map(|text| paragraph(text)).collect();
    format!(
        "<w:r><mc:AlternateContent><mc:Choice Requires=\"wps\"><w:drawing><wp:anchor><wps:wsp><wps:txbx>\
         <w:txbxContent>{inside}</w:txbxContent></wps:txbx></wps:wsp></wp:anchor></w:drawing></mc:Choice>\
         <mc:Fallback><w:pict><v:shape><v:textbox><w:txbxContent>{inside}</w:txbxContent></v:textbox>\
         </v:shape></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
}

fn document(body: &str, parts: &[(&str, &str)]) -> Article {
    let text = format!("<w:document {NAMES}><w:body>{body}</w:body></w:document>");
    let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [("word/document.xml", text.as_str())].iter().chain(parts) {
        package.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a part");
        package.write_all(text.as_bytes()).expect("a part");
    }
    let package = package.finish().expect("a package").into_inner();
    read("x.docx", package).expect("a Word document")
}

/// A part of the document with sentence N as `EN`.
fn english(article: &Article, name: &str) -> (Vec<u8>, String) {
    let package = bytes(&aligned(article.clone(), |id, _| format!("E{id}.")), Format::Document);
    let mut archive = zip::ZipArchive::new(Cursor::new(package.clone())).expect("a package");
    let mut text = String::new();
    archive.by_name(name).expect(name).read_to_string(&mut text).expect("UTF-8");
    (package, text)
}

fn texts(article: &Article) -> Vec<&str> {
    article.blocks.iter().map(|block| block.text.as_str()).collect()
}

#[test]
fn a_text_box_is_translated_in_both_its_forms_and_parts_no_sentence() {
    let body = format!(
        "<w:p><w:r><w:t xml:space=\"preserve\">سیل راه‌ها را </w:t></w:r>{}<w:r><w:t>بست.</w:t></w:r></w:p>{}",
        text_box(&["نقل قول در کادر.", "بند دوم کادر."]),
        paragraph("پایان."),
    );
    let article = document(&body, &[]);
    assert_eq!(
        texts(&article),
        ["سیل راه‌ها را بست.", "نقل قول در کادر.", "بند دوم کادر.", "پایان."]
    );
    let (package, text) = english(&article, "word/document.xml");
    for (shown, times) in [("E0.", 1), ("E1.", 2), ("E2.", 2), ("E3.", 1), ("نقل", 0), ("بند", 0)]
    {
        assert_eq!(text.matches(shown).count(), times, "{shown}: {text}");
    }
    assert_eq!(text.matches("<mc:Fallback>").count(), 1);
    let again = read("again.docx", package).expect("our own document");
    assert_eq!(texts(&again), ["E0.", "E1.", "E2.", "E3."]);
}

#[test]
fn a_box_of_old_word_alone_is_translated_and_one_in_another_is_kept() {
    let inner = text_box(&["کادر درونی."]);
    let body = format!(
        "<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>{}<w:p>{inner}</w:p></w:txbxContent>\
         </v:textbox></v:shape></w:pict></w:r></w:p>",
        paragraph("کادر بیرونی.")
    );
    let article = document(&body, &[]);
    assert_eq!(texts(&article), ["کادر بیرونی."]);
    let (_, text) = english(&article, "word/document.xml");
    assert!(text.contains("E0.") && text.matches("کادر درونی.").count() == 2, "{text}");
}

#[test]
fn headers_and_footers_are_translated_and_those_that_say_the_same_once() {
    let margin = |tag: &str, text: &str| format!("<w:{tag} {NAMES}>{}</w:{tag}>", paragraph(text));
    let article = document(
        &paragraph("متن خبر."),
        &[
            ("word/header1.xml", &margin("hdr", "خبرگزاری نمونه")),
            ("word/header2.xml", &margin("hdr", "خبرگزاری نمونه")),
            ("word/footer1.xml", &margin("ftr", "همه حقوق محفوظ است.")),
            ("word/footnotes.xml", &margin("footnotes", "پانویس.")),
            ("word/headers-of-another-kind.xml", &margin("hdr", "نه.")),
        ],
    );
    assert_eq!(texts(&article), ["متن خبر.", "خبرگزاری نمونه", "همه حقوق محفوظ است.", "پانویس."]);
    for (name, shown) in [
        ("word/header1.xml", "E1."),
        ("word/header2.xml", "E1."),
        ("word/footer1.xml", "E2."),
        ("word/footnotes.xml", "E3."),
    ] {
        let (_, text) = english(&article, name);
        assert!(text.contains(shown) && !text.contains("<w:bidi/>"), "{name}: {text}");
    }
}

#[test]
fn text_in_what_word_wraps_around_runs_is_read() {
    let run = |text: &str| format!("<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r>");
    let body = format!(
        "<w:p>{}<w:dir w:val=\"rtl\">{}</w:dir><w:bdo w:val=\"rtl\">{}</w:bdo><w:customXml w:element=\"x\">\
         <w:customXmlPr><w:attr/></w:customXmlPr>{}</w:customXml></w:p>",
        run("سیل "),
        run("در لرستان "),
        run("آمد و "),
        run("رفت.")
    );
    let article = document(&body, &[]);
    assert_eq!(kinds(&article), [(BlockKind::Paragraph, "سیل در لرستان آمد و رفت.")]);
    let (_, text) = english(&article, "word/document.xml");
    assert!(text.contains("E0.") && !text.contains("w:customXmlPr"), "{text}");
}

#[test]
fn namespaces_that_a_run_declares_are_kept() {
    let body = "<w:p><w:r xmlns:q=\"urn:q\"><w:rPr><w:b/><q:glow/></w:rPr><w:t>سیل</w:t><q:shape/></w:r>\
                <w:r><w:t> در لرستان</w:t></w:r></w:p>";
    let article = document(body, &[]);
    let (_, text) = english(&article, "word/document.xml");
    assert!(text.contains("<w:r xmlns:q=\"urn:q\">") && text.contains("<q:shape/>"), "{text}");
    let properties = text.matches("<q:glow/>").count();
    assert_eq!(text.matches("<w:rPr xmlns:q=\"urn:q\">").count(), properties, "{text}");
}

#[test]
fn what_has_text_and_is_not_read_is_said() {
    let article = document(
        &paragraph("متن."),
        &[("word/comments.xml", "<w:comments/>"), ("word/charts/chart1.xml", "<c/>")],
    );
    assert_eq!(article.meta.kept, ["comments", "charts"]);
    assert!(document(&paragraph("متن."), &[]).meta.kept.is_empty());
}

#[test]
fn many_headers_unpack_to_no_more_than_one_document_may() {
    let filler = format!("<w:hdr {NAMES}>{}</w:hdr>", " ".repeat(30 << 20));
    let parts = [("word/header1.xml", filler.as_str()), ("word/header2.xml", &filler)];
    let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let text = format!("<w:document {NAMES}><w:body>{}</w:body></w:document>", paragraph("متن."));
    let third = [("word/header3.xml", filler.as_str()), ("word/document.xml", &text)];
    for (name, text) in parts.into_iter().chain(third) {
        package.start_file(name, zip::write::SimpleFileOptions::default()).expect("a part");
        package.write_all(text.as_bytes()).expect("a part");
    }
    let package = package.finish().expect("a package").into_inner();
    let error = read("x.docx", package).expect_err("a bomb");
    assert!(error.to_string().contains("unpacks to more than 64 MB"), "{error}");
}
