//! Inline markup carried into the English.

use tarjoman::document::WordPair;
use tarjoman::document::markup::note_lost;
use tarjoman::document::readers::read;
use tarjoman::document::writers::Format;

use crate::aligned::{aligned, plain};

#[test]
fn markup_of_words_that_stand_in_both_languages_is_carried_without_alignment() {
    let article = read(
        "a.html",
        "<p>شرکت <a href='https://example.com/'>OpenAI</a> گفت <b>۱۲</b> نفر و <i>چند تن</i> آمدند.</p>"
            .into(),
    )
    .expect("a page");
    let mut document = aligned(article, |_, _| "OpenAI said 12 people and some came.".into());
    note_lost(&mut document);
    let page = plain(&document, Format::Document);
    assert!(
        page.contains(
            "<p><a href=\"https://example.com/\">OpenAI</a> said <b>12</b> people and some came.</p>"
        ),
        "{page}"
    );
    let issue = document.units[0].issues.last().expect("italics are lost");
    assert_eq!(issue.code, "markup_lost");
    assert!(issue.message.contains("italics on “چند تن”"), "{}", issue.message);
}

#[test]
fn markup_is_carried_through_word_alignment() {
    let html = "<p>او <a href='/x'>کتاب سرخ</a> را <b>خواند</b>.</p>";
    let article = read("a.html", html.into()).expect("a page");
    let mut document = aligned(article, |_, _| "She read the red book.".into());
    let source = document.source(&document.units[0]).to_owned();
    let target = document.units[0].target().to_owned();
    let place = |text: &str, word: &str| {
        let at = text.find(word).expect("a word of the sentence");
        at..at + word.len()
    };
    let pairs = [("او", "She"), ("کتاب", "book"), ("سرخ", "red"), ("خواند", "read")];
    let pairs = pairs.map(|(persian, english)| WordPair {
        source: place(&source, persian),
        target: place(&target, english),
    });
    document.units[0].translation.alignment = Some(pairs.to_vec());
    document.units[0].issues.clear();
    note_lost(&mut document);
    assert!(document.units[0].issues.is_empty());
    let page = plain(&document, Format::Document);
    assert!(page.contains("<p>She <b>read</b> the <a href=\"/x\">red book</a>.</p>"), "{page}");
    let review = plain(&document, Format::Html);
    assert!(review.contains("data-words=\"0,2,0,3;"), "the page highlights words");
}
