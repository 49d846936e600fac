//! What holds for every article that a reader gives: marks lie in their text, the article can be
//! written in its own format, and that is read again as the same blocks.

use tarjoman::document::readers::read_as;
use tarjoman::document::writers::{Format, WriteOptions, write};
use tarjoman::document::{
    AlignedDocument, Article, BlockKind, Candidate, Sentence, SourceFormat, Translation,
    TranslationUnit,
};

/// Every block one sentence, "translated" as itself.
pub fn aligned(article: Article) -> AlignedDocument {
    let mut units = Vec::new();
    for (block, content) in article.blocks.iter().enumerate() {
        let text = content.text.clone();
        let sentence =
            Sentence { id: units.len(), block, span: 0..text.len(), text: text.as_str().into() };
        let candidates = vec![Candidate { text, score: -0.5 }];
        let translation = Translation { sentence: units.len(), candidates, ..Translation::default() };
        units.push(TranslationUnit { sentence, translation, issues: Vec::new(), reviewed: false });
    }
    AlignedDocument { article, model: "m".into(), units, ..AlignedDocument::default() }
}

pub fn given_back(document: &AlignedDocument) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(document, Format::Document, &WriteOptions::default(), &mut bytes).expect("a vector");
    bytes
}

pub fn check(format: SourceFormat, bytes: Vec<u8>) {
    let Ok(article) = read_as("-", bytes, Some(format)) else { return };
    for block in &article.blocks {
        assert!(!block.text.trim().is_empty());
        for mark in &block.marks {
            assert!(block.text.get(mark.span.clone()).is_some());
        }
    }
    let document = aligned(article);
    let back = given_back(&document);
    if format == SourceFormat::Html {
        assert_shown(&document.article, &String::from_utf8_lossy(&back));
    }
    let again = read_as("-", back, Some(format));
    // In these a text can become markup by where it stands, or another part of a broken page
    // can be the main article of what is whole.
    if !matches!(format, SourceFormat::Markdown | SourceFormat::Srt | SourceFormat::Html) {
        let again = again.expect("what was written is read");
        let texts = |article: &Article| {
            article.blocks.iter().map(|block| words(&block.text)).collect::<Vec<_>>().concat()
        };
        assert_eq!(texts(&again), texts(&document.article));
    }
    for format in [Format::Html, Format::Docx, Format::Tmx, Format::Xliff] {
        write(&document, format, &WriteOptions::default(), &mut Vec::new()).expect("a vector");
    }
}

/// All text of an article stands in a page, in order.
fn assert_shown(article: &Article, page: &str) {
    let body = page.split_once("<body>").expect("a body").1;
    let shown = body.split('<').map(|rest| rest.split_once('>').map_or(rest, |(_, text)| text));
    let shown: String = shown.collect();
    let shown = shown.replace("&#13;", "").replace("&lt;", "").replace("&gt;", "");
    let shown = words(&shown.replace("&amp;", ""));
    let mut rest = shown.as_str();
    // A page without a heading has its title in its head alone.
    for block in article.blocks.iter().filter(|block| block.kind != BlockKind::Title) {
        let text = words(&block.text);
        let at = rest.find(&text).expect("each block stands in the page");
        rest = &rest[at + text.len()..];
    }
}

/// Letters and digits: white space may move.
fn words(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}
