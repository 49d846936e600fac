//! Checks of translations: what is doubted and what is not. Cases are in `tests/fixtures`, to be
//! edited by people who know both languages.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tarjoman::document::readers::aligned;
use tarjoman::document::{AlignedDocument, Issue};
use tarjoman::quality::checks::{Check, Checks, Pair};

fn rows(file: &str) -> Vec<(String, String, String)> {
    let path = format!("{}/tests/fixtures/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("the fixture can be read");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            let mut next = || fields.next().expect("three fields");
            (next(), next(), next())
        })
        .collect()
}

fn codes(issues: &[Issue]) -> Vec<&str> {
    issues.iter().filter(|issue| issue.is_doubt()).map(|issue| issue.code.as_str()).collect()
}

fn issues(persian: &str, english: &str) -> Vec<Issue> {
    Checks::default().sentence(&Pair::new(persian, english))
}

fn reviewed(pairs: &str) -> AlignedDocument {
    let mut document = aligned::read("pairs.tsv", pairs.into()).expect("pairs");
    Checks::default().review(&mut document);
    document
}

#[test]
fn every_case_of_the_table_has_the_doubts_that_it_names() {
    let cases = rows("checks.tsv");
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(wanted, persian, english)| {
            let found = issues(persian, english);
            let found = codes(&found).join(",");
            let wanted = if wanted == "-" { "" } else { wanted };
            (found != wanted).then(|| format!("{persian} | {english}: {found:?}, not {wanted:?}"))
        })
        .collect();
    assert!(cases.len() > 40, "the table is not read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The bar of the project for numbers, names and untranslated text; the others have lower ones, by
/// what is measured.
#[test]
fn planted_errors_are_found_and_untouched_pairs_are_left_alone() {
    let bars: &[(&str, &[&str], f64)] = &[
        (
            "number",
            &["number_missing", "number_changed", "number_added", "date_missing", "date_changed"],
            0.9,
        ),
        ("name", &["name_missing"], 0.9),
        ("untranslated", &["untranslated"], 0.9),
        ("negation", &["negation_lost"], 0.5),
        ("quotation", &["quotation_lost"], 0.5),
        ("repetition", &["repetition"], 0.9),
        ("sentence", &["too_short"], 0.8),
    ];
    let mut found: BTreeMap<String, Vec<Vec<String>>> = BTreeMap::new();
    for (kind, persian, english) in rows("planted.tsv") {
        let issues = issues(&persian, &english);
        let codes = codes(&issues).into_iter().map(str::to_owned).collect();
        found.entry(kind).or_default().push(codes);
    }
    let planted: usize =
        found.iter().filter(|(kind, _)| *kind != "untouched").map(|(_, all)| all.len()).sum();
    assert!(planted >= 200, "{planted} planted errors");
    for (kind, codes, recall) in bars {
        let cries = |all: &[Vec<String>]| {
            all.iter()
                .filter(|found| found.iter().any(|code| codes.contains(&code.as_str())))
                .count() as f64
        };
        let (own, left) = (&found[*kind], &found["untouched"]);
        let hits = cries(own);
        // As many untouched pairs as planted ones.
        let alarms = cries(left) * own.len() as f64 / left.len() as f64;
        assert!(hits / own.len() as f64 >= *recall, "{kind}: {hits} of {}", own.len());
        assert!(hits / (hits + alarms) >= 0.8, "{kind}: {hits} hits, {alarms} false alarms");
    }
}

#[test]
fn an_issue_says_where_it_is_in_the_displayed_source_and_in_the_english() {
    // The half-space is lost, and digits and letters are Arabic: what the model reads is longer.
    let (persian, english) = ("سهشنبه ١٢٥ نفر كشته شدند", "On Tuesday 152 people were killed");
    let issues = issues(persian, english);
    let [issue] = issues.as_slice() else { panic!("{issues:?}") };
    let (source, target) = (issue.source_span.clone(), issue.target_span.clone());
    assert_eq!(&persian[source.expect("a place")], "١٢٥");
    assert_eq!(&english[target.expect("a place")], "152");
    assert_eq!(issue.message, "The number ١٢٥ (125) is not in the English, which has “152”.");
}

#[test]
fn a_review_is_not_said_twice() {
    let mut document = reviewed("۱۲ نفر آمدند.\tMany people came.\n");
    assert_eq!(codes(&document.units[0].issues), ["number_missing"]);
    Checks::default().review(&mut document);
    assert_eq!(codes(&document.units[0].issues), ["number_missing"]);
}

#[test]
fn a_name_that_is_spelt_in_another_way_later_is_reported_with_the_first_mention() {
    let document = reviewed(
        "زلنسکی به برلین رفت.\tZelensky went to Berlin.\n\
         مردم از زلنسکی استقبال کردند.\tPeople welcomed Zelenskyy.\n\
         زلنسکی بازگشت.\tZelensky's return was quick.\n",
    );
    let all: Vec<_> = document.units.iter().map(|unit| codes(&unit.issues)).collect();
    assert_eq!(all, [vec![], vec!["name_inconsistent"], vec![]]);
    assert_eq!(
        document.units[1].issues[0].message,
        "زلنسکی is “Zelenskyy” here and “Zelensky” in sentence 1."
    );
}

#[test]
fn a_guess_of_he_or_she_is_remarked_and_a_change_of_it_is_doubted() {
    let line = |persian: &str, english: &str| {
        let (schema, block) = ("tarjoman.aligned/1", 0);
        format!(
            "{}\n",
            serde_json::json!({ "schema": schema, "block": block, "source": persian, "target": english })
        )
    };
    let text = [
        line("این نویسنده دیروز به شهر آمد.", "The writer came to the city yesterday."),
        line("او از کتاب تازه‌اش گفت.", "She spoke about her new book."),
        line("او فردا بازمی‌گردد.", "He will return tomorrow."),
    ];
    let document = reviewed(&text.concat());
    let all: Vec<Vec<_>> = document
        .units
        .iter()
        .map(|unit| {
            unit.issues.iter().map(|issue| (issue.code.as_str(), issue.is_doubt())).collect()
        })
        .collect();
    assert_eq!(
        all,
        [vec![], vec![("gender_unsupported", false)], vec![("gender_inconsistent", true)]]
    );
    // Somebody is named, or a word says which.
    let document = reviewed("خانم وزیر آمد و او سخن گفت.\tThe minister came and she spoke.\n");
    assert!(document.units[0].issues.is_empty(), "{:?}", document.units[0].issues);
}

#[test]
fn checks_can_be_chosen_and_written_by_others() {
    struct Shouting;
    impl Check for Shouting {
        fn codes(&self) -> &'static [&'static str] {
            &["shouting"]
        }
        fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
            let at = pair.target.find('!');
            at.map(|at| Issue::note("shouting", "!").in_target(at..at + 1)).into_iter().collect()
        }
    }
    let checks = Checks::new(vec![Box::new(Shouting)]);
    assert_eq!(checks.codes(), ["shouting"]);
    let found = checks.sentence(&Pair::new("۱۲ نفر!", "Thirteen!"));
    assert_eq!(found, [Issue::note("shouting", "!").in_target(8..9)]);
}

#[test]
fn tab_separated_pairs_are_read_with_and_without_names_of_columns() {
    let plain = aligned::read("a.tsv", "متن\t\"He\" said\n\nدو\ttwo\n".into()).expect("pairs");
    assert_eq!(plain.units[0].target(), "\"He\" said");
    assert_eq!(plain.source(&plain.units[1]), "دو");
    let named =
        "id\tblock\tsource\ttarget\tscore\tissues\n0\t0\tمتن\t\"\"\"He\"\" said\"\t-0.5\t\n";
    let named = aligned::read("a.tsv", named.into()).expect("pairs");
    assert_eq!(named.units[0].target(), "\"He\" said");
    assert!((named.units[0].translation.candidates[0].score + 0.5).abs() < 1e-6);
    let damaged = aligned::read("a.tsv", "متن و متن\n".into()).expect_err("no tab");
    assert!(damaged.to_string().contains("a.tsv"), "{damaged}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_text_makes_a_check_panic_and_every_place_is_one(
        persian in mixture(),
        english in mixture(),
    ) {
        for issue in issues(&persian, &english) {
            prop_assert!(!issue.message.is_empty());
            if let Some(span) = issue.source_span {
                prop_assert!(persian.get(span).is_some());
            }
            if let Some(span) = issue.target_span {
                prop_assert!(english.get(span).is_some());
            }
        }
    }
}

/// What texts are made of, and what they should not be made of.
fn mixture() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[آ-ی]{1,8}",
        4 => "[a-zA-Z]{1,8}",
        2 => "[0-9۰-۹٠-٩]{1,25}",
        4 => prop::sample::select(vec![
            " ", " ", " ", "\u{200c}", ". ", "، ", "٫", "٬", ",", ":", "/", "-", "–", "%", "٪", "«", "»", "\"", "’", "'s",
            " a", " p.m.", " and ", " half a million", " two-thirds", "th", "s ", "bn", "½", " و ", "میلیون", "مهر", "ساعت ",
            "سه‌شنبه", "نمی", "ترامپ", "U.S.", "é", "İ", "ß", "أ", "ﻻ", "ـ", "ً", "\u{202b}", "😀", "e\u{301}",
        ])
        .prop_map(String::from),
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}
