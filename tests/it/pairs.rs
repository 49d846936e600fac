//! Words of the source and of the translation that belong together, and where tokens stand in
//! their texts.

use proptest::prelude::*;
use tarjoman::document::readers::{self, read};
use tarjoman::document::writers::Format;
use tarjoman::document::{AlignedDocument, words};
use tarjoman::model::ModelSource;
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::translate::{LoadOptions, Silent, Translator};

use crate::aligned::{article as plain_article, plain};
use crate::decode::golden;
use crate::tokenizer::load;
use crate::walk::article;

fn translator(source: &ModelSource) -> Translator {
    let files = source.resolve(&mut NoProgress).expect("the model is whole");
    Translator::load(&files, &LoadOptions::default()).expect("it loads")
}

fn tiny(folder: &str) -> Translator {
    translator(&ModelSource::Folder(golden(folder)))
}

/// Every range is there, is not empty, and lies on characters.
fn assert_places(document: &AlignedDocument) {
    for unit in &document.units {
        let (source, target) = (document.source(unit), unit.target());
        for pair in unit.translation.alignment.iter().flatten() {
            let (from, to) = (source.get(pair.source.clone()), target.get(pair.target.clone()));
            assert!(from.is_some_and(|word| !word.trim().is_empty()), "{pair:?} in {source:?}");
            assert!(to.is_some_and(|word| !word.trim().is_empty()), "{pair:?} in {target:?}");
            assert!(words(target).contains(&pair.target), "{pair:?} is no word of {target:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_aligned_word_lies_within_its_text_whatever_the_article(text in article()) {
        let Ok(article) = readers::read("random", text.into_bytes()) else { return Ok(()) };
        let translator = tiny("marian-tiny");
        let mut options = translator.options();
        options.search.max_length = 12;
        let document = translator.translate(article, &options, &Silent).expect("a translation");
        assert_places(&document);
        for unit in &document.units {
            let passed = unit.issues.iter().any(|issue| issue.code == "not_translated");
            prop_assert_eq!(unit.translation.alignment.is_none(), passed);
        }
    }

    #[test]
    fn tokens_have_their_places_in_any_text(text in article()) {
        for name in ["marian-tiny", "spm-bpe", "m2m100-tiny", "nllb-tiny", "mbart-tiny", "json-bpe"] {
            let tokenizer = load(name);
            let encoded = tokenizer.encode_placed(&text).expect("tokens");
            prop_assert_eq!(&encoded.ids, &tokenizer.encode(&text).expect("tokens"));
            prop_assert_eq!(encoded.ids.len(), encoded.spans.len());
            for span in &encoded.spans {
                prop_assert!(text.get(span.clone()).is_some(), "{} {:?}", name, span);
            }
            let starts: Vec<usize> = encoded.spans.iter().map(|span| span.start).collect();
            let own = &starts[usize::from(!tokenizer.languages().is_empty())..];
            prop_assert!(own.is_sorted(), "{} {:?}", name, encoded.spans);

            let shown = tokenizer.decode(&encoded.ids).expect("text");
            let places = tokenizer.places(&encoded.ids, &shown);
            prop_assert_eq!(places.len(), encoded.ids.len());
            let mut end = 0;
            for place in places {
                prop_assert!(place.start == end && shown.get(place.clone()).is_some(), "{}", name);
                end = place.end;
            }
            prop_assert!(shown[end..].trim().is_empty(), "{} {:?} from {}", name, shown, end);
        }
    }

    #[test]
    fn words_are_in_order_and_begin_and_end_with_a_letter_or_its_marks(text in article()) {
        let mut end = 0;
        for word in words(&text) {
            prop_assert!(word.start >= end && word.end > word.start);
            prop_assert!(text[word.clone()].starts_with(char::is_alphanumeric));
            prop_assert!(!text[end..word.start].contains(char::is_alphanumeric));
            end = word.end;
        }
        prop_assert!(!text[end..].contains(char::is_alphanumeric));
    }
}

#[test]
fn what_stands_inside_words_numbers_and_times_does_not_part_them() {
    let found = |text: &str| -> Vec<String> {
        words(text).into_iter().map(|word| text[word].to_owned()).collect()
    };
    assert_eq!(found("می‌گوید: «کتاب‌های ۳٫۵ میلیونی»"), ["می‌گوید", "کتاب‌های", "۳٫۵", "میلیونی"]);
    assert_eq!(
        found("Iran's twenty-four men's, at 10:30 - 1,000.5."),
        ["Iran's", "twenty-four", "men's", "at", "10:30", "1,000.5"]
    );
    assert_eq!(found("مُحَمَّد رفت."), ["مُحَمَّد", "رفت"]);
}

#[test]
fn a_sentence_in_parts_is_aligned_part_by_part() {
    let translator = tiny("marian-tiny");
    let mut options = translator.options();
    options.search.max_length = 12;
    let long = format!("{}.", "دولت دیروز بودجه سال آینده را تصویب کرد و ".repeat(12));
    let document =
        translator.translate(plain_article(&long), &options, &Silent).expect("a translation");
    let unit = &document.units[0];
    assert!(unit.issues.iter().any(|issue| issue.code == "sentence_split"), "{:?}", unit.issues);
    assert_places(&document);
    let pairs = unit.translation.alignment.as_deref().expect("an alignment");
    // Of a later part: what lies behind the first.
    let far = |pair: &&tarjoman::document::WordPair| pair.source.start > long.len() / 2;
    let last = pairs.iter().filter(far).map(|pair| pair.target.start).min().expect("some");
    assert!(last > unit.target().len() / 4, "{last} of {}", unit.target().len());
}

#[test]
fn a_language_model_has_no_alignment_and_the_output_says_nothing_of_one() {
    let translator = tiny("gemma3-tiny");
    let mut options = translator.options();
    options.search.max_length = 6;
    let document = translator
        .translate(plain_article("دولت بودجه را تصویب کرد."), &options, &Silent)
        .expect("a translation");
    assert!(document.units[0].translation.alignment.is_none());
    assert!(!plain(&document, Format::Jsonl).contains("alignment"));
}

#[cfg(feature = "embedded-model")]
#[test]
fn the_embedded_model_carries_links_and_bold_to_the_words_that_mean_the_same() {
    let html = "<p>پلیس <a href='https://example.com/x'>دو مظنون</a> را در <b>نزدیکی مرز</b> بازداشت کرد.</p>";
    let article = read("a.html", html.into()).expect("a page");
    let translator = translator(&ModelSource::Embedded);
    let document =
        translator.translate(article, &translator.options(), &Silent).expect("a translation");
    assert_places(&document);
    let page = plain(&document, Format::Document);
    let inside = |open: &str, close: &str| {
        let start = page.find(open)? + open.len();
        Some(page[start..start + page[start..].find(close)?].to_owned())
    };
    let link = inside("<a href='https://example.com/x'>", "</a>")
        .or_else(|| inside("<a href=\"https://example.com/x\">", "</a>"));
    assert_eq!(link.as_deref(), Some("two suspects"), "{page}");
    let bold = inside("<b>", "</b>").expect("bold");
    assert!(bold.contains("border"), "{page}");
    let issues = &document.units[0].issues;
    assert!(!issues.iter().any(|issue| issue.code == "markup_lost"), "{issues:?}");
    let lines = plain(&document, Format::Jsonl);
    let line: serde_json::Value = serde_json::from_str(&lines).expect("JSON");
    let pairs = line["alignment"].as_array().expect("an alignment");
    assert!(pairs.len() >= 5, "{line}");
}
