//! Words of the source and of the translation that belong together, and where tokens stand in
//! their texts.

use proptest::prelude::*;
use tarjoman::document::readers::aligned;
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

/// A file of pairs as `tarjoman align` reads it.
fn document(pairs: &[(&str, &str)]) -> AlignedDocument {
    let line = |(source, target): &(&str, &str)| {
        let line = serde_json::json!({
            "schema": "tarjoman.aligned/1", "source": source, "target": target,
        });
        format!("{line}\n")
    };
    let lines: String = pairs.iter().map(line).collect();
    aligned::read("pairs.jsonl", lines.into_bytes()).expect("pairs")
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
            let untouched = ["not_translated", "passed_through"];
            let passed = unit.issues.iter().any(|issue| untouched.contains(&issue.code.as_str()));
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
    let row: serde_json::Value = serde_json::from_str(&lines).expect("JSON");
    let pairs = row["alignment"].as_array().expect("an alignment");
    assert!(pairs.len() >= 5, "{row}");
}

/// A line of `tests/fixtures/alignment.tsv`: words of both sides as ranges, sure and possible links.
#[cfg(feature = "embedded-model")]
struct ByHand {
    persian: &'static str,
    english: &'static str,
    sure: Vec<(usize, usize)>,
    possible: Vec<(usize, usize)>,
}

#[cfg(feature = "embedded-model")]
fn by_hand() -> Vec<ByHand> {
    let file = include_str!("../fixtures/alignment.tsv");
    let lines = file.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let fields: Vec<&'static str> = line.split('\t').collect();
            let (persian, english) = (fields[0], fields[1]);
            let place = |text: &str, name: &str| {
                let (word, count) = name.split_once('#').unwrap_or((name, "1"));
                let count: usize = count.parse().expect("a number");
                let found = words(text).into_iter().filter(|at| &text[at.clone()] == word);
                found.map(|at| at.start).nth(count - 1).unwrap_or_else(|| panic!("{name}: {text}"))
            };
            let (mut sure, mut possible) = (Vec::new(), Vec::new());
            for link in fields[2].split('|') {
                let (left, right) = link.split_once(['=', '~']).expect("a link");
                for a in left.split(' ') {
                    for b in right.split(' ') {
                        let pair = (place(persian, a), place(english, b));
                        possible.push(pair);
                        if link.contains('=') {
                            sure.push(pair);
                        }
                    }
                }
            }
            ByHand { persian, english, sure, possible }
        })
        .collect()
}

#[cfg(feature = "embedded-model")]
#[test]
fn the_embedded_model_aligns_three_quarters_of_the_words_as_a_human_did() {
    let rows = by_hand();
    let pairs: Vec<(&str, &str)> = rows.iter().map(|row| (row.persian, row.english)).collect();
    let aligned = translator(&ModelSource::Embedded).align(document(&pairs)).expect("aligned");
    assert_places(&aligned);
    let (mut found, mut sure, mut in_sure, mut in_possible) = (0, 0, 0, 0);
    for (row, unit) in rows.iter().zip(&aligned.units) {
        let links = unit.translation.alignment.as_deref().expect("an alignment");
        let links = links.iter().map(|pair| (pair.source.start, pair.target.start));
        let links: Vec<(usize, usize)> = links.collect();
        found += links.len();
        sure += row.sure.len();
        in_sure += links.iter().filter(|link| row.sure.contains(link)).count();
        in_possible += links.iter().filter(|link| row.possible.contains(link)).count();
    }
    assert!(rows.len() >= 60 && sure > 500, "the file is whole");
    // Alignment error rate (Och and Ney 2003); the diagonal has 0.76.
    let rate = 1.0 - (in_sure + in_possible) as f64 / (found + sure) as f64;
    assert!(rate < 0.3, "{rate}");
}

#[cfg(feature = "embedded-model")]
#[test]
fn a_dropped_clause_is_found_by_coverage_and_its_words_are_named() {
    let whole = "دادستان گفت پرونده هنوز باز است و هیچ حکمی صادر نشده است.";
    let rows = [
        (whole, "The prosecutor said the case was still open and no verdict had been issued."),
        (whole, "The prosecutor said the case was still open."),
    ];
    let mut aligned = translator(&ModelSource::Embedded).align(document(&rows)).expect("aligned");
    let share = |at: usize| {
        let unit: &tarjoman::document::TranslationUnit = &aligned.units[at];
        unit.translation.coverage.as_ref().expect("a coverage").share
    };
    assert!(share(0) > share(1) + 0.2, "{} and {}", share(0), share(1));
    tarjoman::quality::checks::Checks::default().review(&mut aligned);
    let omission = |at: usize| {
        let issues: &Vec<tarjoman::document::Issue> = &aligned.units[at].issues;
        issues.iter().find(|issue| issue.code == "omission")
    };
    assert!(omission(0).is_none());
    let message = &omission(1).expect("a doubt").message;
    let dropped = ["“هیچ”", "“حکمی”", "“صادر”", "“نشده”"];
    assert!(dropped.iter().any(|word| message.contains(word)), "{message}");
    assert!(!message.contains("پرونده") && !message.contains("باز"), "{message}");
    // It survives a file.
    let lines = plain(&aligned, Format::Jsonl);
    let again = aligned::read("again.jsonl", lines.clone().into_bytes()).expect("its own lines");
    assert_eq!(again.units[1].translation.coverage, aligned.units[1].translation.coverage);
    assert_eq!(plain(&again, Format::Jsonl), lines);
}

#[test]
fn a_language_model_is_not_asked_to_align() {
    let error = tiny("gemma3-tiny").align(document(&[("سلام", "Hello")])).expect_err("refused");
    assert!(error.to_string().contains("language model"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn what_is_too_long_or_empty_is_left_without_alignment() {
    let long = "سلام ".repeat(400);
    let rows = [(long.as_str(), "Hello"), ("سلام دنیا", "Hello world"), ("سلام", " ")];
    let aligned = tiny("marian-tiny").align(document(&rows)).expect("aligned");
    let has: Vec<bool> =
        aligned.units.iter().map(|unit| unit.translation.alignment.is_some()).collect();
    assert_eq!(has, [false, true, false]);
    assert_places(&aligned);
}
