//! Glossaries: which terms are found, what the search does with them, and what comes out.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tarjoman::decode::{
    Batch, Demand, Form, Hypothesis, Phrase, SearchOptions, force, search, search_demanding,
};
use tarjoman::document::readers::terms;
use tarjoman::document::{AlignedDocument, Issue, Term, readers};
use tarjoman::model::{AlignmentHeads, Layer, Seq2Seq};
use tarjoman::persian::Terms;
use tarjoman::quality::checks::{Check, Checks, Pair};
use tarjoman::translate::{Glossary, Silent, TranslateOptions, Translator};

use crate::decode::{cases, load, options};

#[test]
fn terms_are_found_in_all_their_spellings_and_endings() {
    let table = include_str!("../fixtures/terms.tsv");
    let mut checked = 0;
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [term, kind, text, expected] = fields[..] else { panic!("four columns: {line}") };
        let terms = Terms::new([(term, kind == "name")]);
        let found: Vec<&str> =
            terms.find(text).into_iter().map(|found| &text[found.span]).collect();
        // Before `>` stands what a reader sees, behind it the term in it.
        let parts = expected.split('|').filter(|part| !part.is_empty());
        let expected: Vec<&str> =
            parts.map(|part| part.split_once('>').map_or(part, |(_, term)| term)).collect();
        assert_eq!(found, expected, "{term} in {text}");
        checked += 1;
    }
    assert!(checked > 30, "the table is whole");
}

#[test]
fn the_longest_term_wins_and_none_is_found_inside_another() {
    let terms = Terms::new([("ایران", true), ("بانک مرکزی ایران", true), ("بانک مرکزی", false)]);
    let found = terms.find("بانک مرکزی ایران و بانک مرکزی و ایران");
    assert_eq!(found.iter().map(|found| found.term).collect::<Vec<_>>(), [1, 2, 0]);
}

proptest! {
    #[test]
    fn whatever_the_text_terms_are_found_at_letters_and_in_order(text in "\\PC{0,60}", term in "[آ-ی‌ ]{0,6}") {
        let found = Terms::new([(term.as_str(), false)]).find(&text);
        let mut end = 0;
        for found in found {
            prop_assert!(found.span.start >= end && text.get(found.span.clone()).is_some());
            end = found.span.end;
        }
    }
}

#[test]
fn glossaries_are_read_from_tables_and_tbx() {
    let read = |name: &str, text: &str| terms::read(name, text.as_bytes().to_vec());
    let term = |source: &str, targets: &[&str]| Term {
        source: source.into(),
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
    };
    let expected =
        [term("ایران", &["Iran"]), term("سپاه", &["Revolutionary Guard", "Guard", "IRGC"])];
    let tsv = "\u{feff}# mine\nfa\ten\tnote\nایران\tIran\tx\n\nسپاه\tRevolutionary Guard | Guard\nIRGC\tسپاه\n";
    assert_eq!(read("a.tsv", tsv).expect("a table"), expected);
    let csv = "ایران,Iran\n\"سپاه\",\"Revolutionary Guard|Guard|IRGC\"\n";
    assert_eq!(read("a.csv", csv).expect("a table"), expected);
    let tbx = r#"<?xml version="1.0"?><martif type="TBX"><text><body>
        <termEntry id="1"><langSet xml:lang="en"><tig><term>Iran</term></tig></langSet>
        <langSet xml:lang="fa-IR"><tig><term>ایران</term></tig></langSet></termEntry>
        <termEntry id="2"><langSet xml:lang="fa"><tig><term>سپاه</term></tig></langSet>
        <langSet xml:lang="en"><tig><term>Guard</term></tig>
        <tig><term>IRGC</term></tig>
        <tig><term>Revolutionary Guard</term><termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></tig>
        <tig><term>Sepah</term><termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></tig>
        </langSet></termEntry></body></text></martif>"#;
    assert_eq!(read("a.tbx", tbx).expect("a term base"), expected);
}

#[test]
fn a_row_that_is_no_term_is_named_by_its_line() {
    let message = |text: &str| {
        terms::read("a.tsv", text.as_bytes().to_vec()).expect_err("no glossary").to_string()
    };
    let missing = message("ایران\tIran\nعراق\n");
    assert!(missing.contains("a.tsv") && missing.contains("line 2"), "{missing}");
    assert!(message("# nothing\n").contains("empty"), "no term at all");
}

#[test]
fn the_starter_glossary_is_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/glossary/news.tsv");
    let all = terms::open(path).expect("it is read");
    assert!(all.len() > 700, "{} terms", all.len());
    let names = Terms::new(all.iter().map(|term| (term.source.as_str(), true)));
    for term in &all {
        let found = names.find(&term.source);
        assert_eq!(found.len(), 1, "{} is found in itself", term.source);
    }
}

/// Phrases of one to four tokens of the golden model's vocabulary, none of them special.
fn demands(rows: usize) -> impl Strategy<Value = Vec<Demand>> {
    let tokens = prop::collection::vec(5u32..60, 1..5);
    let form = tokens.prop_map(|tokens| Form { inner: tokens.clone(), initial: tokens });
    let phrase = prop::collection::vec(form, 1..3).prop_map(|forms| Phrase { forms });
    let demand = (prop::collection::vec(phrase, 0..4), 0usize..12)
        .prop_map(|(phrases, usual)| Demand { phrases, usual });
    prop::collection::vec(demand, rows)
}

/// Whether the phrases are there, each in tokens of its own.
fn holds(tokens: &[u32], phrases: &[Phrase]) -> bool {
    let Some((first, rest)) = phrases.split_first() else { return true };
    first.forms.iter().any(|form| {
        let length = form.inner.len();
        (0..(tokens.len() + 1).saturating_sub(length)).any(|at| {
            tokens[at..at + length] == form.inner && {
                let mut without = tokens.to_vec();
                // No phrase has this token.
                without[at..at + length].fill(u32::MAX);
                holds(&without, rest)
            }
        })
    })
}

fn demanding(
    model: &dyn Seq2Seq,
    rows: &[&[u32]],
    demands: &[Demand],
    options: &SearchOptions,
) -> Vec<Vec<Hypothesis>> {
    let rows: Vec<(usize, &[u32])> = rows.iter().copied().enumerate().collect();
    search_demanding(model, &rows, demands, &[], options).expect("a search")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn targets_hold_what_is_demanded_whoever_shares_the_batch(
        demands in demands(4),
        beams in prop::sample::select(vec![1usize, 2, 4]),
    ) {
        let model = load("marian-tiny");
        let (sources, cases) = cases("marian-tiny");
        let sources: Vec<&[u32]> = sources.iter().take(4).map(Vec::as_slice).collect();
        let options = SearchOptions { beams, candidates: 1, max_length: 48, ..options(&cases[0]) };
        let together = demanding(model.as_ref(), &sources, &demands, &options);
        for (row, (source, demand)) in sources.iter().zip(&demands).enumerate() {
            let best = &together[row][0];
            prop_assert!(holds(&best.tokens, &demand.phrases), "{:?} in {:?}", demand, best);
            let alone = demanding(model.as_ref(), &[source], std::slice::from_ref(demand), &options);
            prop_assert_eq!(&alone[0][0].tokens, &best.tokens);
        }
    }
}

#[test]
fn a_word_does_not_go_on_behind_a_phrase() {
    let model = load("marian-tiny");
    let (sources, cases) = cases("marian-tiny");
    let options = SearchOptions { beams: 4, max_length: 40, ..options(&cases[0]) };
    let rows: Vec<(usize, &[u32])> = vec![(0, &sources[0])];
    let form = Form { inner: vec![11, 12], initial: vec![11, 12] };
    let demand = Demand { phrases: vec![Phrase { forms: vec![form] }], usual: 10 };
    // All but the end goes on with a word.
    let continues: Vec<bool> = (0..10_000).map(|id| !options.end.contains(&id)).collect();
    let found = search_demanding(model.as_ref(), &rows, &[demand], &continues, &options);
    let best = found.expect("a search")[0][0].tokens.clone();
    let at = best.windows(2).rposition(|pair| pair == [11, 12]).expect("the phrase is there");
    assert!(options.end.contains(&best[at + 2]), "{best:?}");
}

#[test]
fn a_demanded_target_is_aligned_as_when_it_is_given() {
    let model = load("marian-tiny");
    let (sources, cases) = cases("marian-tiny");
    let sources: Vec<&[u32]> = sources.iter().take(4).map(Vec::as_slice).collect();
    let form = |tokens: &[u32]| Form { inner: tokens.to_vec(), initial: tokens.to_vec() };
    let phrase = |tokens: &[u32]| Phrase { forms: vec![form(tokens)] };
    let demands: Vec<Demand> =
        [vec![phrase(&[11, 12])], vec![phrase(&[13]), phrase(&[14, 15, 16])]]
            .into_iter()
            .map(|phrases| Demand { phrases, usual: 10 })
            .cycle()
            .take(sources.len())
            .collect();
    for shifted in [false, true] {
        let heads = AlignmentHeads { layer: Layer::Last, heads: vec![0], shifted };
        let options = SearchOptions {
            beams: 4,
            candidates: 3,
            max_length: 40,
            alignment: Some(heads),
            ..options(&cases[0])
        };
        let found = demanding(model.as_ref(), &sources, &demands, &options);
        for (source, hypotheses) in sources.iter().zip(&found) {
            for hypothesis in hypotheses {
                let batch = Batch::new(&[(0, source)], options.pad, model.device());
                let targets = [hypothesis.tokens.clone()];
                let given = force(model.as_ref(), &batch.expect("a batch"), &targets, &options);
                let given = given.expect("a search")[0].alignment.clone().expect("an alignment");
                let aligned = hypothesis.alignment.as_ref().expect("an alignment");
                assert_eq!(aligned.rows().len(), hypothesis.tokens.len());
                for (found, given) in aligned.rows().flatten().zip(given.rows().flatten()) {
                    assert!((found - given).abs() < 1e-4, "{found} for {given}");
                }
            }
        }
    }
}

#[test]
fn no_demand_gives_what_beam_search_gives() {
    let model = load("marian-tiny");
    let (sources, cases) = cases("marian-tiny");
    let options = SearchOptions { beams: 4, max_length: 24, candidates: 1, ..options(&cases[0]) };
    let rows: Vec<(usize, &[u32])> =
        sources.iter().take(8).map(Vec::as_slice).enumerate().collect();
    let batch = Batch::new(&rows, options.pad, model.device()).expect("a batch");
    let free = search(model.as_ref(), &batch, &options).expect("a search");
    let demands = vec![Demand { phrases: Vec::new(), usual: 24 }; 8];
    let none = search_demanding(model.as_ref(), &rows, &demands, &[], &options).expect("a search");
    let scores = |found: &[Vec<Hypothesis>]| found.iter().map(|row| row[0].score).sum::<f32>();
    // Its rules for stopping differ a little; it finds nothing worse.
    assert!(scores(&none) >= scores(&free) - 0.05, "{} for {}", scores(&none), scores(&free));
}

#[cfg(feature = "embedded-model")]
fn embedded() -> Translator {
    use tarjoman::model::ModelSource;
    use tarjoman::model::source::Silent as NoProgress;
    use tarjoman::translate::LoadOptions;
    let files = ModelSource::Embedded.resolve(&mut NoProgress).expect("it is in the binary");
    Translator::load(&files, &LoadOptions::default()).expect("it loads")
}

#[cfg(feature = "embedded-model")]
fn translate(translator: &Translator, text: &str, options: &TranslateOptions) -> AlignedDocument {
    let article = readers::read("a", text.as_bytes().to_vec()).expect("an article");
    translator.translate(article, options, &Silent).expect("a translation")
}

#[cfg(feature = "embedded-model")]
#[test]
fn terms_are_honoured_and_sentences_without_any_are_the_same_to_the_bit() {
    let text = "مارکو روبیو، وزیر امور خارجه آمریکا، به اورمیه رفت. هوا امروز خوب است. \
                نمایندگان با فلانی در غزه دیدار کردند.";
    let terms = [
        ("روبیو", &["Rubio"][..]),
        ("اورمیه", &["Urmia"]),
        ("فلانی", &["Xqzwk Bfgh", "Joe Bloggs"]),
        ("غزه", &["the Gaza Strip", "Gaza"]),
        ("هند", &["India"]),
    ];
    let terms = terms.map(|(source, targets)| Term {
        source: source.into(),
        targets: targets.iter().map(|target| (*target).to_owned()).collect(),
    });
    let translator = embedded();
    for beams in [1, 4] {
        let mut plain = translator.options();
        plain.search.beams = beams;
        let glossary = Some(Arc::new(Glossary::new(terms.to_vec())));
        let kept = TranslateOptions { glossary, ..plain.clone() };
        let (free, kept) =
            (translate(&translator, text, &plain), translate(&translator, text, &kept));
        assert_eq!(free.units[1].translation, kept.units[1].translation);
        let uses: Vec<usize> = kept.units.iter().map(|u| u.translation.terms.len()).collect();
        assert_eq!(uses, [2, 0, 2], "beams {beams}");
        for unit in &kept.units {
            let target = unit.target();
            assert!(unit.translation.terms.iter().all(|term| term.honoured), "{target}");
            assert!(unit.translation.alignment.is_some(), "{target}");
            assert!(!unit.issues.iter().any(|issue| issue.code == "glossary_missed"), "{target}");
        }
        assert!(kept.units[0].target().contains("Rubio"), "{}", kept.units[0].target());
        assert!(kept.units[0].target().contains("Urmia"), "{}", kept.units[0].target());
    }
}

/// Cries about some translations.
#[cfg(feature = "embedded-model")]
struct Cries(Vec<String>);

#[cfg(feature = "embedded-model")]
impl Check for Cries {
    fn codes(&self) -> &'static [&'static str] {
        &["repetition"]
    }

    fn sentence(&self, pair: &Pair<'_>) -> Vec<Issue> {
        let cries = self.0.iter().any(|text| text == pair.target);
        cries.then(|| Issue::doubt("repetition", "Again.")).into_iter().collect()
    }
}

#[cfg(feature = "embedded-model")]
#[test]
fn a_second_try_drops_no_term_and_says_that_the_glossary_came_after_it() {
    let text = "این اظهارات چند روز پس از آن اعلام شد که آقای ترامپ گفته بود نشست دیگری با \
                رئیس‌جمهور روسیه در حال برنامه‌ریزی است.";
    let term = Term { source: "روسیه".into(), targets: vec!["Xqzwk".into()] };
    let translator = embedded();
    let plain = translator.options();
    let free = translate(&translator, text, &plain).units[0].target().to_owned();
    let checks = Some(Checks::new(vec![Box::new(Cries(vec![free.clone()]))]));
    let tried = TranslateOptions { checks, second_try: true, ..plain };
    assert_ne!(translate(&translator, text, &tried).units[0].target(), free);
    let glossary = Some(Arc::new(Glossary::new(vec![term])));
    let kept = translate(&translator, text, &TranslateOptions { glossary, ..tried });
    let unit = &kept.units[0];
    assert!(unit.translation.terms[0].honoured, "{}", unit.target());
    let note = unit.issues.iter().find(|issue| issue.code == "second_try").expect("a note");
    assert!(note.message.contains("glossary"), "{}", note.message);
}

#[cfg(feature = "embedded-model")]
#[test]
fn a_term_that_the_vocabulary_cannot_write_is_told_as_missed() {
    let translator = embedded();
    let term = Term { source: "پکن".into(), targets: vec!["北京".into()] };
    let glossary = Some(Arc::new(Glossary::new(vec![term])));
    let options = TranslateOptions { glossary, ..translator.options() };
    let document = translate(&translator, "او به پکن رفت.", &options);
    let unit = &document.units[0];
    assert!(!unit.translation.terms[0].honoured, "{}", unit.target());
    assert!(unit.issues.iter().any(|issue| issue.code == "glossary_missed"));
}
