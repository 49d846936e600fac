//! The second try on sentences in doubt, and what is passed through without a first one.

use std::sync::{Arc, Mutex};

use tarjoman::document::{AlignedDocument, Article, Issue, readers};
use tarjoman::model::ModelSource;
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::quality::checks::{Check, Checks, Pair};
use tarjoman::translate::{LoadOptions, Silent, TranslateOptions, Translator};

use crate::decode::golden;

fn translator() -> (Translator, TranslateOptions) {
    let source = ModelSource::Folder(golden("marian-tiny"));
    let files = source.resolve(&mut NoProgress).expect("the golden model is whole");
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let mut options = translator.options();
    options.search.beams = 1;
    options.search.max_length = 16;
    (translator, options)
}

const TEXT: &str = "دولت دیروز گزارش تازه‌ای داد. مردم شهر از آن گزارش تازه هیچ نمی‌دانستند.\n\n\
    وزیر گفت که کار ادامه دارد، اما نمایندگان مجلس و خبرنگاران شهر باور نکردند و گفتند که دولت کاری نکرده است.";

fn article(text: &str) -> Article {
    readers::plain("test", text).expect("an article")
}

fn targets(document: &AlignedDocument) -> Vec<String> {
    document.units.iter().map(|unit| unit.target().to_owned()).collect()
}

fn codes(document: &AlignedDocument, unit: usize) -> Vec<&str> {
    document.units[unit].issues.iter().map(|issue| issue.code.as_str()).collect()
}

/// Cries about the translations that it has been told of; with none, about all.
struct Cries(Arc<Mutex<Vec<String>>>);

impl Check for Cries {
    fn codes(&self) -> &'static [&'static str] {
        &["repetition"]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let bad = self.0.lock().expect("no test panics here");
        let cries = bad.is_empty() || bad.iter().any(|text| text == pair.target);
        cries.then(|| Issue::doubt("repetition", "Again.")).into_iter().collect()
    }
}

fn crying(about: &[String], options: &TranslateOptions) -> TranslateOptions {
    let checks = Checks::new(vec![Box::new(Cries(Arc::new(Mutex::new(about.to_vec()))))]);
    TranslateOptions { checks: Some(checks), second_try: true, ..options.clone() }
}

#[test]
fn where_no_try_is_better_the_first_is_kept_and_the_sentence_says_so() {
    let (translator, options) = translator();
    let first = translator.translate(article(TEXT), &options, &Silent).expect("a translation");
    let crying = crying(&[], &options);
    let second = translator.translate(article(TEXT), &crying, &Silent).expect("a translation");
    assert_eq!(targets(&second), targets(&first));
    for unit in 0..second.units.len() {
        let codes = codes(&second, unit);
        assert!(codes.contains(&"second_try") && codes.contains(&"repetition"), "{codes:?}");
    }
    let note = second.units[0].issues.iter().find(|issue| issue.code == "second_try");
    let note = note.expect("a note");
    assert!(!note.is_doubt());
    assert!(
        note.message.contains("repetition") && note.message.contains("first translation is kept")
    );
}

#[test]
fn a_try_with_fewer_doubts_is_kept_and_sentences_without_doubt_stay_as_they_are() {
    let (translator, options) = translator();
    let first = translator.translate(article(TEXT), &options, &Silent).expect("a translation");
    // The last one is long enough to be cut, so that there is another translation of it.
    let last = first.units.len() - 1;
    let bad = vec![first.units[last].target().to_owned()];
    let crying = crying(&bad, &options);
    let second = translator.translate(article(TEXT), &crying, &Silent).expect("a translation");
    assert_ne!(second.units[last].target(), first.units[last].target());
    assert!(!codes(&second, last).contains(&"repetition"), "{:?}", codes(&second, last));
    assert!(codes(&second, last).contains(&"second_try"));
    // A translation that was cut off is tried again too.
    for unit in (0..last).filter(|unit| !codes(&second, *unit).contains(&"second_try")) {
        assert_eq!(targets(&second)[unit], targets(&first)[unit]);
    }
}

#[test]
fn second_tries_do_not_depend_on_batches_or_workers() {
    let (translator, options) = translator();
    let first = translator.translate(article(TEXT), &options, &Silent).expect("a translation");
    let crying = crying(&targets(&first)[..2], &options);
    let run = |workers, batch_tokens| {
        let options = TranslateOptions { workers, batch_tokens, ..crying.clone() };
        let document =
            translator.translate(article(TEXT), &options, &Silent).expect("a translation");
        let issues: Vec<Vec<Issue>> =
            document.units.iter().map(|unit| unit.issues.clone()).collect();
        (targets(&document), issues)
    };
    let expected = run(1, 2048);
    assert_eq!(run(3, 1), expected);
    assert_eq!(run(2, 60), expected);
}

#[test]
fn what_is_not_persian_is_passed_through_untouched_and_marked() {
    let (translator, options) = translator();
    let options = TranslateOptions { checks: Some(Checks::default()), ..options };
    let foreign = [
        "The minister said: \"We will not go.\"",
        "https://example.org/a?b=c http://example.com/d",
        "let x = read(file)?; // ۲",
    ];
    let text = format!("{}\n\nشرکت Apple گزارش داد.\n\n۱۴۰۴/۷/۲۹\n", foreign.join("\n\n"));
    let document = translator.translate(article(&text), &options, &Silent).expect("a translation");
    for (unit, source) in document.units.iter().zip(foreign) {
        assert_eq!(unit.target(), source);
        assert_eq!(unit.issues.len(), 1, "{:?}", unit.issues);
        assert_eq!(unit.issues[0].code, "passed_through");
        assert!(!unit.is_doubtful());
    }
    for unit in &document.units[foreign.len()..] {
        assert!(unit.issues.iter().all(|issue| issue.code != "passed_through"));
    }
    let any = TranslateOptions { only_persian: false, ..options };
    let document = translator.translate(article(&text), &any, &Silent).expect("a translation");
    assert!(
        document
            .units
            .iter()
            .flat_map(|unit| &unit.issues)
            .all(|issue| issue.code != "passed_through")
    );
}
