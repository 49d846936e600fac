//! Search against transformers' `generate` (goldens of `scripts/reference/`), and what must
//! hold whatever the model.

use std::path::{Path, PathBuf};

use candle_core::Device;
use proptest::prelude::*;
use serde::Deserialize;
use tarjoman::decode::{Batch, Hypothesis, SearchOptions, plan, search};
use tarjoman::model::config::GenerationConfig;
use tarjoman::model::source::Silent;
use tarjoman::model::{
    FileData, ModelFiles, ModelSource, Seq2Seq, Tokenizer, TokenizerFiles, families,
};

/// How far a score may be from transformers'.
const SCORE_TOLERANCE: f32 = 1e-4;

pub(crate) fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Files of a golden model; the tokenizer is not looked at.
pub(crate) fn files(folder: &str, weights: &[&str]) -> ModelFiles {
    let path = |name: &str| FileData::Path(golden(folder).join(name));
    ModelFiles {
        name: folder.to_owned(),
        config: path("config.json"),
        generation_config: Some(path("generation_config.json")),
        tokenizer: TokenizerFiles::Json(path("tokenizer.json")),
        weights: weights.iter().map(|name| path(name)).collect(),
    }
}

pub(crate) fn load(folder: &str) -> Box<dyn Seq2Seq> {
    families::load(&files(folder, &["model.safetensors"]), &Device::Cpu).expect("the golden loads")
}

#[derive(Deserialize)]
struct Rows {
    input_ids: Vec<Vec<u32>>,
}

#[derive(Deserialize)]
pub(crate) struct Case {
    pub(crate) name: String,
    options: serde_json::Value,
    pub(crate) sequences: Vec<Vec<Vec<u32>>>,
    pub(crate) scores: Vec<Vec<f32>>,
}

/// The source rows and the cases of a golden model.
pub(crate) fn cases(folder: &str) -> (Vec<Vec<u32>>, Vec<Case>) {
    let text = std::fs::read_to_string(golden(folder).join("generate.jsonl")).expect("golden");
    let mut lines = text.lines();
    let rows: Rows = serde_json::from_str(lines.next().expect("a first line")).expect("rows");
    let cases = lines.map(|line| serde_json::from_str(line).expect("a case")).collect();
    (rows.input_ids, cases)
}

/// The options of a case, read as a model's `generation_config.json` is.
pub(crate) fn options(case: &Case) -> SearchOptions {
    let config: GenerationConfig = serde_json::from_value(case.options.clone()).expect("options");
    let candidates = case.options["num_return_sequences"].as_u64().expect("a number");
    let options = SearchOptions::of_model(&config).expect("complete options");
    SearchOptions { candidates: candidates as usize, ..options }
}

pub(crate) fn run(
    model: &dyn Seq2Seq,
    rows: &[Vec<u32>],
    options: &SearchOptions,
) -> Vec<Vec<Hypothesis>> {
    let rows: Vec<(usize, &[u32])> = rows.iter().map(Vec::as_slice).enumerate().collect();
    let batch = Batch::new(&rows, options.pad, model.device()).expect("a batch");
    search(model, &batch, options).expect("a search")
}

pub(crate) fn compare(folder: &str) {
    let (rows, cases) = cases(folder);
    assert!(rows.len() >= 48 && cases.len() >= 9, "the golden file is whole");
    compare_cases(folder, &rows, &cases);
}

/// Tokens and scores of all rows under all options.
pub(crate) fn compare_cases(folder: &str, rows: &[Vec<u32>], cases: &[Case]) {
    compare_cases_of(load(folder).as_ref(), folder, rows, cases);
}

/// The same of a model that was loaded in another way.
pub(crate) fn compare_cases_of(
    model: &dyn Seq2Seq,
    folder: &str,
    rows: &[Vec<u32>],
    cases: &[Case],
) {
    for case in cases {
        let found = run(model, rows, &options(case));
        for (row, hypotheses) in found.iter().enumerate() {
            let tokens: Vec<&Vec<u32>> = hypotheses.iter().map(|found| &found.tokens).collect();
            let expected: Vec<&Vec<u32>> = case.sequences[row].iter().collect();
            assert_eq!(tokens, expected, "{folder} {} row {row}", case.name);
            for (hypothesis, score) in hypotheses.iter().zip(&case.scores[row]) {
                let distance = (hypothesis.score - score).abs();
                assert!(
                    distance < SCORE_TOLERANCE,
                    "{folder} {} row {row}: {} for {score}",
                    case.name,
                    hypothesis.score
                );
            }
        }
    }
}

#[test]
fn a_marian_model_gives_the_tokens_and_scores_of_transformers() {
    compare("marian-tiny");
}

#[test]
fn a_marian_model_with_two_vocabularies_gives_the_tokens_and_scores_of_transformers() {
    compare("marian-separate");
}

#[test]
fn an_m2m100_model_gives_the_tokens_and_scores_of_transformers() {
    compare("m2m100-tiny");
}

#[test]
fn an_nllb_model_gives_the_tokens_and_scores_of_transformers() {
    compare("nllb-tiny");
}

#[test]
fn an_mbart_model_gives_the_tokens_and_scores_of_transformers() {
    compare("mbart-tiny");
}

#[test]
fn a_t5_model_gives_the_tokens_and_scores_of_transformers() {
    compare("t5-tiny");
}

#[test]
fn an_mt5_model_gives_the_tokens_and_scores_of_transformers() {
    compare("mt5-tiny");
}

#[test]
fn an_umt5_model_gives_the_tokens_and_scores_of_transformers() {
    compare("umt5-tiny");
}

#[derive(Deserialize)]
struct Line {
    text: String,
    tokens: Vec<u32>,
    score: f32,
    translation: String,
}

#[cfg(feature = "embedded-model")]
#[test]
fn the_embedded_model_translates_as_transformers_does() {
    let text = std::fs::read_to_string(golden("fa-en-tiny/generate.jsonl")).expect("golden");
    let lines: Vec<Line> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    assert_eq!(lines.len(), 64, "the golden file is whole");
    let files = ModelSource::Embedded.resolve(&mut Silent).expect("the embedded model");
    let tokenizer = Tokenizer::load(&files.tokenizer).expect("its tokenizer");
    let model = families::load(&files, &Device::Cpu).expect("its network");
    let config = GenerationConfig::load(&files).expect("its configuration");
    let options = SearchOptions::of_model(&config).expect("its options");
    let rows: Vec<Vec<u32>> =
        lines.iter().map(|line| tokenizer.encode(&line.text).expect("ids")).collect();
    for (line, found) in lines.iter().zip(run(model.as_ref(), &rows, &options)) {
        assert_eq!(found[0].tokens, line.tokens, "{}", line.text);
        assert!((found[0].score - line.score).abs() < SCORE_TOLERANCE, "{}", line.text);
        assert_eq!(tokenizer.decode(&found[0].tokens).expect("text"), line.translation);
    }
}

#[derive(Deserialize)]
struct Activations {
    input_ids: Vec<Vec<u32>>,
    first_logits: Vec<Vec<f32>>,
}

/// The logits of the first step against a golden file; `tolerance` is for those up to 1 and grows
/// with them.
pub(crate) fn compare_first_logits(folder: &str, weights: &str, file: &str, tolerance: f32) {
    let text = std::fs::read_to_string(golden(folder).join(file)).expect("golden");
    let expected: Activations = serde_json::from_str(&text).expect("activations");
    let mut files = files(folder, &[weights]);
    if !golden(folder).join("config.json").exists() {
        // It is in the file of weights.
        (files.config, files.generation_config) = (files.weights[0].clone(), None);
    }
    let model = families::load(&files, &Device::Cpu).expect("it loads");
    let config = GenerationConfig::load(&files).expect("a configuration");
    let options = SearchOptions::of_model(&config).expect("options");
    let rows: Vec<(usize, &[u32])> =
        expected.input_ids.iter().map(Vec::as_slice).enumerate().collect();
    let batch = Batch::new(&rows, options.pad, model.device()).expect("a batch");
    let mut state = model.start(&batch.input_ids, &batch.lengths).expect("a state");
    let start = candle_core::Tensor::new(vec![options.start; rows.len()], &Device::Cpu)
        .expect("start tokens");
    let logits = model.step(&start, &mut state).expect("a step");
    let logits: Vec<Vec<f32>> = logits.to_vec2().expect("two dimensions");
    for (found, expected) in logits.iter().flatten().zip(expected.first_logits.iter().flatten()) {
        let tolerance = tolerance * expected.abs().max(1.0);
        assert!((found - expected).abs() < tolerance, "{folder}: {found} for {expected}");
    }
}

#[test]
fn the_first_logits_are_those_of_transformers() {
    let barts = ["marian-tiny", "marian-separate", "m2m100-tiny", "nllb-tiny", "mbart-tiny"];
    for folder in barts.into_iter().chain(["t5-tiny", "mt5-tiny"]) {
        compare_first_logits(folder, "model.safetensors", "activations.json", 2e-5);
    }
}

#[test]
fn weights_load_alike_from_safetensors_from_shards_and_from_a_pickle() {
    let (rows, cases) = cases("marian-tiny");
    let case = cases.iter().find(|case| case.name == "beam4").expect("the default case");
    let options = options(case);
    let expected = run(load("marian-tiny").as_ref(), &rows, &options);
    let shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
    for (folder, weights) in
        [("marian-tiny-sharded", &shards[..]), ("marian-tiny-bin", &["pytorch_model.bin"][..])]
    {
        let model = families::load(&files(folder, weights), &Device::Cpu).expect("it loads");
        assert_eq!(run(model.as_ref(), &rows, &options), expected, "{folder}");
    }
}

#[test]
fn a_target_that_reaches_the_longest_length_is_marked() {
    let model = load("marian-tiny");
    let (rows, cases) = cases("marian-tiny");
    let case = cases.iter().find(|case| case.name == "beam4-max-length").expect("the case");
    let options = options(case);
    let found = run(model.as_ref(), &rows, &options);
    let cut = found.iter().filter(|hypotheses| hypotheses[0].truncated).count();
    assert!(cut > 0 && cut < rows.len(), "some rows reach the limit, some do not: {cut}");
    for hypotheses in &found {
        let best = &hypotheses[0];
        assert_eq!(best.truncated, best.tokens.len() + 1 == options.max_length);
    }
}

#[test]
fn an_option_out_of_range_is_named() {
    let model = load("marian-tiny");
    let (rows, cases) = cases("marian-tiny");
    let good = options(&cases[0]);
    let bad = [
        ("beams", SearchOptions { beams: 0, ..good.clone() }),
        ("candidates", SearchOptions { candidates: 9, ..good.clone() }),
        ("max_length", SearchOptions { max_length: 1, ..good.clone() }),
        ("length_penalty", SearchOptions { length_penalty: f32::NAN, ..good.clone() }),
        ("repetition_penalty", SearchOptions { repetition_penalty: 0.0, ..good.clone() }),
    ];
    for (name, options) in bad {
        let rows = [(0, rows[0].as_slice())];
        let batch = Batch::new(&rows, options.pad, model.device()).expect("a batch");
        let error = search(model.as_ref(), &batch, &options).expect_err("it is out of range");
        assert!(error.to_string().contains(name), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_translation_does_not_depend_on_what_shares_its_batch(
        company in prop::collection::vec(0usize..64, 1..20),
        beams in 1usize..5,
    ) {
        let model = load("marian-tiny");
        let (rows, cases) = cases("marian-tiny");
        let options = SearchOptions { beams, ..options(&cases[0]) };
        let together: Vec<Vec<u32>> = company.iter().map(|row| rows[*row].clone()).collect();
        let found = run(model.as_ref(), &together, &options);
        for (row, hypotheses) in together.iter().zip(&found) {
            let alone = run(model.as_ref(), std::slice::from_ref(row), &options);
            prop_assert_eq!(&alone[0][0].tokens, &hypotheses[0].tokens);
            prop_assert!((alone[0][0].score - hypotheses[0].score).abs() < SCORE_TOLERANCE);
        }
    }
}

proptest! {
    #[test]
    fn a_plan_has_every_sentence_once_and_no_batch_over_its_budget(
        lengths in prop::collection::vec(1usize..300, 0..80),
        budget in 1usize..2000,
    ) {
        let groups = plan(&lengths, budget);
        let mut seen: Vec<usize> = groups.iter().flatten().copied().collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..lengths.len()).collect::<Vec<_>>());
        for group in &groups {
            let longest = group.iter().map(|index| lengths[*index]).max().unwrap_or(0);
            prop_assert!(group.len() == 1 || longest * group.len() <= budget);
        }
    }
}
