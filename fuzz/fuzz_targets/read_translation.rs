//! Any bytes are read as a translation (JSON lines, TMX, XLIFF 2) or refused; what is read and
//! written in each of these is read again as the same sentences.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tarjoman::document::readers::aligned::read;
use tarjoman::document::writers::{Format, WriteOptions, write};
use tarjoman::document::AlignedDocument;

fn targets(document: &AlignedDocument) -> Vec<&str> {
    document.units.iter().map(|unit| unit.target()).collect()
}

/// Letters and digits: characters that XML can't have are shown as another.
fn shown(document: &AlignedDocument) -> Vec<String> {
    let words = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect();
    let units = document.units.iter().filter(|unit| !document.source(unit).trim().is_empty());
    units.map(|unit| words(unit.target())).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(document) = read("-", bytes.to_vec()) else { return };
    for unit in &document.units {
        assert!(document.source(unit).len() == unit.sentence.span.len());
    }
    let mut lines = Vec::new();
    write(&document, Format::Jsonl, &WriteOptions::default(), &mut lines).expect("a vector");
    let again = read("-", lines).expect("our own lines");
    assert_eq!(targets(&again), targets(&document));
    let mut xliff = Vec::new();
    write(&document, Format::Xliff, &WriteOptions::default(), &mut xliff).expect("a vector");
    let again = read("-", xliff).expect("our own XLIFF");
    assert_eq!(shown(&again), shown(&document));
    for format in [Format::Html, Format::Docx, Format::Tmx, Format::Markdown] {
        write(&document, format, &WriteOptions::default(), &mut Vec::new()).expect("a vector");
    }
});
