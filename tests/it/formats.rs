//! Readers.

use tarjoman::document::readers::open;
use tarjoman::document::writers::Format;

use crate::aligned::{aligned, bytes};

#[test]
fn dump() {
    for name in ["article.html", "article.md", "article.srt", "article.ninjs.json", "articles.jsonl", "article.nitf.xml", "article.newsml.xml", "article.docx"] {
        let article = open(format!("tests/fixtures/documents/{name}")).expect(name);
        println!("=== {name}");
        for block in &article.blocks { println!("{:?} {:?}", block.kind, block.text);
            for mark in &block.marks { println!("     {:?} {:?} [{}] {:?} {:?}", mark.kind, mark.open, &block.text[mark.span.clone()], mark.close, mark.href); } }
        let document = aligned(article, |_, source| source.to_owned());
        let out = bytes(&document, Format::Document);
        println!("--- identity\n{}", String::from_utf8_lossy(&out[..if name.ends_with("docx") {0} else {out.len()}]));
        std::fs::create_dir_all("/tmp/docs/out").unwrap();
        std::fs::write(format!("/tmp/docs/out/{name}"), &out).unwrap();
    }
}
