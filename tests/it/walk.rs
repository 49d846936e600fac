//! The walk from an article to an aligned document, over random articles.

use proptest::prelude::*;
use tarjoman::document::readers;
use tarjoman::model::ModelSource;
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::translate::{LoadOptions, Silent, TranslateOptions, Translator};

use crate::decode::golden;

fn translator() -> (Translator, TranslateOptions) {
    let source = ModelSource::Folder(golden("marian-tiny"));
    let files = source.resolve(&mut NoProgress).expect("the golden model is whole");
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let mut options = translator.options();
    options.search.beams = 1;
    options.search.max_length = 6;
    (translator, options)
}

/// Words, marks and control characters that articles hold, and some that they should not.
pub(crate) fn article() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => "[آ-ی]{1,8}",
        2 => "[a-zA-Z]{1,8}",
        1 => "[0-9۰-۹٠-٩]{1,5}",
        3 => prop::sample::select(vec![
            ". ", "؟ ", "! ", "… ", "، ", "؛ ", " «", "» ", ".» ", ": ", "\u{200c}", " ", "  ", "\n", "\n\n",
            "\r\n\r\n", "\t", "ي", "ك", "ـ", "\u{202b}", "\u{feff}", "ﻻ", "(۱)", "http://a.ir/b?c=d ",
            "ه.ش. ", "۳.۵", "<b>", "😀", "▁", "</s>", ">>eng<< ", "* * *\n",
        ])
        .prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 1..120).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_sentence_comes_out_exactly_once_in_order_and_untouched(text in article()) {
        let Ok(article) = readers::read("random", text.clone().into_bytes()) else { return Ok(()) };
        let (translator, options) = translator();
        let document = translator.translate(article, &options, &Silent).expect("a translation");

        // Blocks and the gaps between them are the whole file.
        let mut rebuilt = String::new();
        for block in &document.article.blocks {
            rebuilt.push_str(&block.before);
            rebuilt.push_str(&block.text);
        }
        rebuilt.push_str(&document.article.after);
        prop_assert_eq!(&rebuilt, &text);

        // Sentences and white space are the whole of each block.
        let mut seen = 0;
        for (block, units) in document.blocks() {
            let mut at = 0;
            for unit in units {
                prop_assert_eq!(unit.sentence.id, seen);
                prop_assert_eq!(unit.translation.sentence, seen);
                let span = unit.sentence.span.clone();
                prop_assert!(span.start >= at && span.end > span.start);
                prop_assert!(block.text[at..span.start].chars().all(char::is_whitespace));
                prop_assert_eq!(document.source(unit), &block.text[span.clone()]);
                prop_assert_eq!(unit.sentence.text.get_original(), &block.text[span.clone()]);
                prop_assert!(!unit.translation.candidates.is_empty());
                at = span.end;
                seen += 1;
            }
            prop_assert!(block.text[at..].chars().all(char::is_whitespace));
        }
        prop_assert_eq!(seen, document.units.len());
    }
}

#[test]
fn workers_and_batch_sizes_do_not_change_the_result() {
    let (translator, options) = translator();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/article.fa.txt");
    let run = |workers, batch_tokens| {
        let options = TranslateOptions { workers, batch_tokens, ..options.clone() };
        let article = readers::open(path).expect("the article");
        let document = translator.translate(article, &options, &Silent).expect("a translation");
        document.units.iter().map(|unit| unit.target().to_owned()).collect::<Vec<_>>()
    };
    let expected = run(1, 2048);
    assert_eq!(run(4, 100), expected);
    assert_eq!(run(3, 1), expected);
}

#[test]
fn what_has_no_letter_is_passed_through() {
    let (translator, options) = translator();
    let article = readers::read("stars", "سلام دنیا.\n\n* * *\n\nپایان".into()).expect("an article");
    let document = translator.translate(article, &options, &Silent).expect("a translation");
    let stars = document.units.iter().find(|unit| document.source(unit) == "* * *");
    let stars = stars.expect("the stars are a unit");
    assert_eq!(stars.target(), "* * *");
    assert_eq!(stars.issues[0].code, "not_translated");
}
