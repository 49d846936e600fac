//! Networks that compute only some of the target vocabulary.

use std::sync::Arc;

use candle_core::{Device, Tensor};
use tarjoman::decode::{
    Batch, Demand, Form, Hypothesis, Phrase, SearchOptions, force, search_demanding,
};
use tarjoman::document::readers;
use tarjoman::model::families::{NetworkOptions, load_with};
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::model::{ComputeType, DecoderState, ModelSource, Result, Seq2Seq};
use tarjoman::translate::{LoadOptions, Silent, TargetVocabulary, Translator};

use crate::decode::{cases, files, options, run};
use crate::tokenizer::{MULTILINGUAL, load as load_tokenizer};

const FAMILIES: [&str; 8] = [
    "marian-tiny",
    "marian-separate",
    "m2m100-tiny",
    "nllb-tiny",
    "mbart-tiny",
    "mt5-tiny",
    "gemma3-tiny",
    "qwen3-tiny",
];

fn load(folder: &str, compute_type: ComputeType, outputs: Option<Vec<u32>>) -> Box<dyn Seq2Seq> {
    let options = NetworkOptions { compute_type, outputs, ..NetworkOptions::default() };
    load_with(&files(folder, &["model.safetensors"]), &options).expect("it loads")
}

/// A network that computes all logits and has some of them at minus infinity.
struct Masked {
    network: Box<dyn Seq2Seq>,
    tokens: Arc<[u32]>,
}

impl Seq2Seq for Masked {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> Result<DecoderState> {
        self.network.start(input_ids, lengths)
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        let logits = self.network.step(last, state)?;
        let mut mask = vec![f32::NEG_INFINITY; logits.dim(1)?];
        self.tokens.iter().for_each(|token| mask[*token as usize] = 0.0);
        let mask = Tensor::new(mask, &Device::Cpu)?;
        Ok(logits.broadcast_add(&mask)?)
    }

    fn max_source_tokens(&self) -> usize {
        self.network.max_source_tokens()
    }

    fn max_target_tokens(&self) -> usize {
        self.network.max_target_tokens()
    }

    fn device(&self) -> &Device {
        self.network.device()
    }
}

fn compare(found: &[Vec<Hypothesis>], expected: &[Vec<Hypothesis>], what: &str) {
    for (row, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert_eq!(found.tokens, expected.tokens, "{what} row {row}");
            assert!((found.score - expected.score).abs() < 1e-4, "{what} row {row}");
        }
    }
}

/// Tokens that some cases want and others do not: those that end or begin, and two of three.
fn some(options: &SearchOptions, vocabulary: u32) -> Vec<u32> {
    let named = options.end.iter().chain(&options.forced_first).chain(&options.forced_last);
    named.copied().chain((0..vocabulary).filter(|token| token % 3 > 0)).collect()
}

fn vocabulary(network: &dyn Seq2Seq, row: &[u32]) -> u32 {
    let input = Tensor::new(vec![row.to_vec()], &Device::Cpu).expect("a tensor");
    let mut state = network.start(&input, &[row.len()]).expect("a state");
    let last = Tensor::new(vec![state.first_tokens().map_or(0, |first| first[0])], &Device::Cpu);
    let logits = network.step(&last.expect("a tensor"), &mut state).expect("a step");
    logits.dim(1).expect("two dimensions") as u32
}

#[test]
fn some_logits_alone_give_what_all_logits_give_with_the_others_forbidden() {
    for folder in FAMILIES {
        for compute_type in [ComputeType::F32, ComputeType::Int8] {
            let whole = load(folder, compute_type, None);
            let (rows, cases) = cases(folder);
            let rows = &rows[..12.min(rows.len())];
            let vocabulary = vocabulary(whole.as_ref(), &rows[0]);
            let tokens = some(&options(&cases[0]), vocabulary);
            let found = load(folder, compute_type, Some(tokens.clone()));
            let masked = Masked { network: whole, tokens: tokens.into() };
            for case in cases.iter().take(6) {
                let options = options(case);
                let what = format!("{folder} {compute_type:?} {}", case.name);
                let expected = run(&masked, rows, &options);
                compare(&run(found.as_ref(), rows, &options), &expected, &what);
            }
        }
    }
}

#[test]
fn given_targets_and_demanded_phrases_are_as_if_the_other_tokens_were_forbidden() {
    let (rows, cases) = cases("marian-tiny");
    let rows: Vec<(usize, &[u32])> = rows.iter().take(6).map(Vec::as_slice).enumerate().collect();
    let options = SearchOptions { beams: 3, max_length: 30, ..options(&cases[0]) };
    let whole = load("marian-tiny", ComputeType::F32, None);
    let tokens = some(&options, vocabulary(whole.as_ref(), rows[0].1));
    let network = load("marian-tiny", ComputeType::F32, Some(tokens.clone()));
    let masked = Masked { network: whole, tokens: tokens.into() };

    let form = |tokens: &[u32]| Form { inner: tokens.to_vec(), initial: tokens.to_vec() };
    // The first form can't be spelled: 12 is not computed.
    let phrase = Phrase { forms: vec![form(&[11, 12]), form(&[10, 11])] };
    let demands = vec![Demand { phrases: vec![phrase], usual: 12 }; rows.len()];
    let continues: Vec<bool> = (0..1000).map(|token| token % 2 == 0).collect();
    let search = |network: &dyn Seq2Seq| {
        search_demanding(network, &rows, &demands, &continues, &options).expect("a search")
    };
    let found = search(network.as_ref());
    for hypotheses in &found {
        assert!(hypotheses[0].tokens.windows(2).any(|pair| pair == [10, 11]), "{hypotheses:?}");
    }

    let targets: Vec<Vec<u32>> = found.iter().map(|found| found[0].tokens.clone()).collect();
    let batch = Batch::new(&rows, options.pad, &Device::Cpu).expect("a batch");
    let forced = |network: &dyn Seq2Seq, targets: &[Vec<u32>]| {
        force(network, &batch, targets, &options).expect("scores")
    };
    for (found, expected) in
        forced(network.as_ref(), &targets).iter().zip(forced(&masked, &targets))
    {
        assert!((found.score - expected.score).abs() < 1e-4, "{found:?} {expected:?}");
    }
    let outside = vec![vec![12, 0]; rows.len()];
    assert!(forced(network.as_ref(), &outside).iter().all(|it| it.score == f32::NEG_INFINITY));
}

#[test]
fn where_all_tokens_are_wanted_nothing_changes() {
    for folder in FAMILIES {
        let whole = load(folder, ComputeType::F32, None);
        let (rows, cases) = cases(folder);
        // More than there are: rows of a tokenizer without a row in the network.
        let all = (0..vocabulary(whole.as_ref(), &rows[0]) + 3).rev().collect();
        let found = load(folder, ComputeType::F32, Some(all));
        for case in cases.iter().take(2) {
            let (options, rows) = (options(case), &rows[..8]);
            let expected = run(whole.as_ref(), rows, &options);
            compare(&run(found.as_ref(), rows, &options), &expected, folder);
        }
    }
}

#[test]
fn a_token_that_must_be_said_and_is_not_computed_is_an_error() {
    let (rows, cases) = cases("m2m100-tiny");
    let options = options(&cases[0]);
    let network = load("m2m100-tiny", ComputeType::F32, Some(vec![0, 1, 5]));
    let rows = [(0, rows[0].as_slice())];
    let batch = Batch::new(&rows, options.pad, &Device::Cpu).expect("a batch");
    let error = tarjoman::decode::search(network.as_ref(), &batch, &options).expect_err("no end");
    assert!(error.to_string().contains("eos_token_id"), "{error}");
}

#[cfg(feature = "embedded-model")]
#[test]
fn in_greedy_search_the_english_vocabulary_translates_as_the_whole_one_does() {
    let files = ModelSource::Embedded.resolve(&mut NoProgress).expect("the embedded model");
    let source = std::fs::read_to_string("seeds/article.fa.txt").expect("the sample");
    let translate = |vocabulary| {
        let options = LoadOptions { vocabulary, ..LoadOptions::default() };
        let translator = Translator::load(&files, &options).expect("it loads");
        let mut options = translator.options();
        options.search.beams = 1;
        let article = readers::plain("article", &source).expect("an article");
        let document = translator.translate(article, &options, &Silent).expect("it translates");
        document.units.iter().map(|unit| unit.target().to_owned()).collect::<Vec<String>>()
    };
    let full = translate(TargetVocabulary::Full);
    assert_eq!(translate(TargetVocabulary::English), full);
    assert_eq!(translate(TargetVocabulary::Auto), full, "its vocabulary is small");
}

#[test]
fn the_english_vocabulary_is_refused_for_another_language() {
    let source = ModelSource::Folder(crate::decode::golden("m2m100-tiny"));
    let files = source.resolve(&mut NoProgress).expect("the golden");
    let load = |to: &str| {
        let (to, vocabulary) = (Some(to.to_owned()), TargetVocabulary::English);
        Translator::load(&files, &LoadOptions { to, vocabulary, ..LoadOptions::default() })
    };
    let error = load("fr").err().expect("an error");
    assert!(error.to_string().contains("\"fr\"") && error.hint().is_some(), "{error}");
    assert!(load("eng").is_ok());
}

#[test]
fn english_is_spelled_in_english_tokens_and_persian_is_not() {
    for folder in MULTILINGUAL.into_iter().chain(["spm-bpe", "json-bpe"]) {
        let tokenizer = load_tokenizer(folder);
        let english = tokenizer.english_tokens();
        assert!(english.is_sorted() && english.len() < tokenizer.vocabulary_size(), "{folder}");
        let all_english = |text: &str| {
            let ids = tokenizer.encode(text).expect("ids");
            ids.iter().all(|id| english.binary_search(id).is_ok())
        };
        assert!(
            all_english("The president said on Tuesday, 21 October: “No.” - Erdoğan"),
            "{folder}"
        );
        assert!(!all_english("رئیس جمهور روز سه شنبه گفت"), "{folder}");
        assert!(tokenizer.eos().is_some_and(|eos| english.contains(&eos)), "{folder}");
    }
}
