//! Translated documents for the tests of readers and writers, without a model.

use tarjoman::document::readers::read;
use tarjoman::document::writers::{Format, WriteOptions, write};
use tarjoman::document::{
    AlignedDocument, Article, Block, BlockKind, Candidate, Issue, Sentence, Translation,
    TranslationUnit,
};
use tarjoman::persian::{normalize, segment};

pub fn article(text: &str) -> Article {
    read("article.txt", text.as_bytes().to_vec()).expect("text")
}

pub fn kinds(article: &Article) -> Vec<(BlockKind, &str)> {
    article.blocks.iter().map(|block| (block.kind, block.text.as_str())).collect()
}

pub fn rebuilt(article: &Article) -> String {
    let blocks = article.blocks.iter().map(|block| format!("{}{}", block.before, block.text));
    blocks.collect::<String>() + &article.after
}

/// Translates sentence `n` as `translate(n, source)`, with an issue on every third one.
pub fn aligned(article: Article, translate: impl Fn(usize, &str) -> String) -> AlignedDocument {
    let mut units: Vec<TranslationUnit> = Vec::new();
    for (block, Block { text, .. }) in article.blocks.iter().enumerate() {
        for span in segment(text) {
            let id = units.len();
            let source = &text[span.clone()];
            let candidate = |text, score| Candidate { text, score };
            let best = translate(id, source);
            units.push(TranslationUnit {
                translation: Translation {
                    sentence: id,
                    candidates: vec![candidate(best.clone(), -0.25), candidate(best + "?", -1.5)],
                    ..Translation::default()
                },
                issues: if id % 3 == 1 {
                    vec![Issue::doubt("number", "a <number> is missing")]
                } else {
                    Vec::new()
                },
                sentence: Sentence { id, block, text: normalize(source), span },
                reviewed: false,
            });
        }
    }
    AlignedDocument {
        article,
        model: "tiny <model>".into(),
        licence: Some("MIT <x>".into()),
        units,
    }
}

pub fn bytes(document: &AlignedDocument, format: Format) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(document, format, &WriteOptions::default(), &mut bytes).expect("a vector takes all");
    bytes
}

pub fn written(document: &AlignedDocument, format: Format, options: WriteOptions) -> String {
    let mut bytes = Vec::new();
    write(document, format, &options, &mut bytes).expect("a vector takes all bytes");
    String::from_utf8(bytes).expect("UTF-8")
}

pub fn plain(document: &AlignedDocument, format: Format) -> String {
    written(document, format, WriteOptions::default())
}

pub fn sources(document: &AlignedDocument) -> Vec<&str> {
    document.units.iter().map(|unit| document.source(unit)).collect()
}
