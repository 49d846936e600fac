//! Files that want to do harm: refused, or harmless.

use std::io::{Cursor, Write as _};

use tarjoman::document::Error;
use tarjoman::document::readers::{aligned as translations, read};
use tarjoman::document::writers::Format;

use crate::aligned::{aligned, plain};

/// A Word document whose text is `parts` of XML.
fn docx(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for (name, bytes) in parts {
        package.start_file(*name, options).expect("a part");
        package.write_all(bytes).expect("a part");
    }
    package.finish().expect("a package").into_inner()
}

fn refused(name: &str, bytes: Vec<u8>) -> String {
    match read(name, bytes) {
        Err(Error::Refused { reason, .. }) => reason,
        other => panic!("{name} should be refused: {other:?}"),
    }
}

#[test]
fn a_zip_bomb_is_refused() {
    let bomb = docx(&[("word/document.xml", &vec![b' '; 80 << 20])]);
    assert!(bomb.len() < 1 << 20, "it is small when packed");
    assert!(refused("bomb.docx", bomb).contains("unpacks to more than 64 MB"));
}

#[test]
fn a_bomb_beside_the_text_is_never_unpacked() {
    let text = "<w:document xmlns:w=\"x\"><w:body><w:p><w:r><w:t>سلام دنیا.</w:t></w:r></w:p></w:body></w:document>";
    let package =
        docx(&[("word/document.xml", text.as_bytes()), ("word/media/a.bin", &vec![0; 80 << 20])]);
    let article = read("a.docx", package).expect("the text is small");
    let document = aligned(article, |_, _| "Hello.".into());
    let mut back = Vec::new();
    tarjoman::document::writers::write(
        &document,
        Format::Document,
        &tarjoman::document::writers::WriteOptions::default(),
        &mut back,
    )
    .expect("a package");
    assert!(back.len() < 1 << 20, "what is not text stays packed");
}

#[test]
fn deeply_nested_pages_are_refused() {
    for tag in
        ["<div>", "<b>", "<blockquote>", "<table><tr><td>", "<template>", "<svg>", "<font a=1>"]
    {
        let page = format!("<p>سلام دنیا.</p>{}", tag.repeat(200_000));
        let _ = read("deep.html", page.into_bytes());
    }
    assert!(refused("deep.html", "<div>".repeat(100_000).into_bytes()).contains("nest"));
    // Formatting that is never closed is opened again in every paragraph.
    let fonts = (0..400).map(|n| format!("<font size={n}>")).collect::<Vec<_>>().concat();
    let page = format!("<p>{fonts}{}", "<p>x".repeat(100_000));
    assert!(refused("fonts.html", page.into_bytes()).contains("nest"));
}

#[test]
fn deeply_nested_xml_json_and_word_are_refused() {
    let xml = format!("<nitf>{}", "<body>".repeat(100_000));
    assert!(refused("deep.xml", xml.into_bytes()).contains("nest"));
    let text = format!("<w:document>{}", "<w:p>".repeat(100_000));
    assert!(refused("deep.docx", docx(&[("word/document.xml", text.as_bytes())])).contains("nest"));
    let json = format!("{{\"associations\":{}", "[".repeat(100_000));
    assert!(matches!(read("deep.json", json.into_bytes()), Err(Error::Damaged { .. })));
    let markdown = "> ".repeat(20_000) + "سلام";
    let _ = read("deep.md", markdown.into_bytes());
}

#[test]
fn tags_whose_quotes_do_not_pair_are_refused() {
    // Found by fuzzing: written again with a handler left out, what was quoted became a tag.
    for xml in [
        "<nitf><body><p v\"><i a=\"b\" c\">متن خبر.</p></body></nitf>",
        "<nitf><body><p v\"><i onx=\"b\" c\">متن خبر.</p></body></nitf>",
        "<nitf><body><p a=\"<script>\">متن خبر.</p></body></nitf>",
    ] {
        let error = read("x.xml", xml.into()).expect_err(xml);
        assert!(matches!(error, Error::Damaged { .. }), "{error}");
    }
}

#[test]
fn many_attributes_take_no_more_than_their_number() {
    // With the square of it this would take minutes.
    let each = (0..20_000).map(|number| format!(" a{number}=\"\""));
    let many = each.collect::<Vec<_>>().concat();
    let news = format!("<nitf{many}><body><p>متن خبر.</p></body></nitf>");
    assert_eq!(read("x.xml", news.into_bytes()).expect("news").blocks.len(), 1);
    let page = format!("<p{many}>متن خبر.</p>");
    assert_eq!(read("x.html", page.into_bytes()).expect("a page").blocks.len(), 1);
    let each = (0..120_000).map(|number| format!("/a{number}"));
    let endless = each.collect::<Vec<_>>().concat();
    let page = format!("<p{endless}>متن خبر.</p>");
    let picture = "AbCd/0".repeat(1 << 17).replace("d/0", "efghijklmnopqrstuvwxyz0123456789/");
    let with_picture = format!("<p>متن خبر.<img src=\"data:image/png;base64,{picture}\"></p>");
    assert!(read("x.html", with_picture.into_bytes()).is_ok(), "a large picture is no attack");
    assert!(matches!(read("x.html", page.into_bytes()), Err(Error::Refused { .. })));
    let tmx = format!("<tmx><body{many}><tu{many}/></body></tmx>");
    assert!(translations::read("x.tmx", tmx.into_bytes()).is_err());
}

#[test]
fn entities_of_their_own_are_refused() {
    let outside = "<?xml version=\"1.0\"?><!DOCTYPE nitf [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><nitf><body><p>سلام &x;</p></body></nitf>";
    assert!(refused("xxe.xml", outside.into()).contains("entities"));
    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE nitf [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><nitf><p>&b;</p></nitf>";
    assert!(refused("laughs.xml", laughs.into()).contains("entities"));
    assert!(refused("unknown.xml", "<nitf><p>سلام &x;</p></nitf>".into()).contains("&x;"));
    let word =
        format!("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{}", "<w:document/>");
    let package = docx(&[("word/document.xml", word.as_bytes())]);
    assert!(refused("xxe.docx", package).contains("entities"));
    let memory = "<!DOCTYPE tmx [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><tmx version=\"1.4\"><body/></tmx>";
    let error = translations::read("xxe.tmx", memory.into()).expect_err("an entity");
    assert!(matches!(error, Error::Refused { .. }), "{error}");
}

#[test]
fn scripts_and_script_links_do_not_come_out_again() {
    let pages = [
        "<p onclick=alert(1)>سلام <a href=\" java\tscript:alert(1)\">دنیا</a> <img src=x onerror=alert(1)></p>",
        "<p>سلام</p><svg><script>alert(1)</script></svg><math><a xlink:href=javascript:alert(1)>x</a></math>",
        "<p>سلام <a href=data:text/html,<script>alert(1)</script>>دنیا</a></p><base href=//evil>",
        "<p>سلام</p><style>@import url(//evil)</style><meta http-equiv=refresh content=0;url=//evil>",
        "<p>سلام</p><noscript><p title=\"</noscript><img src=x onerror=alert(1)>\"></noscript>",
        "<p style=\"background:url(javascript:alert(1))\">سلام</p><form action=//evil><input></form>",
        "<p>سلام <a href=\"vbscript:x\" id='x\" onload=\"alert(1)'>دنیا</a></p>",
    ];
    for page in pages {
        let article = read("a.html", page.into()).expect("a page");
        let back = plain(&aligned(article, |_, source| source.to_owned()), Format::Document);
        let lower = back.to_lowercase();
        for bad in [
            "<script",
            "script:",
            "=alert",
            "\"alert",
            "<svg",
            "<math",
            "data:text",
            "<base",
            "evil",
            "style",
            "<form",
        ] {
            assert!(!lower.contains(bad), "{bad} in {back}");
        }
        assert!(!lower.contains(" on") || lower.contains("&quot; on"), "{back}");
    }
    let markdown = "سلام [دنیا](javascript:alert(1)) <img src=x onerror=alert(1)> <b>خوب</b>\n\n<script>alert(1)</script>\n\n<p align=\"right\">متن</p>\n";
    let article = read("a.md", markdown.into()).expect("Markdown");
    let back = plain(&aligned(article, |_, source| source.to_owned()), Format::Document);
    assert!(
        !back.contains("javascript") && !back.contains("onerror") && !back.contains("<script"),
        "{back}"
    );
    assert!(back.contains("<p align=\"right\">"), "{back}");
}
