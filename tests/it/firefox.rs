//! Models in the format of Firefox Translations, against a numpy implementation of their network
//! and transformers' search (`scripts/reference/firefox.py`).

use std::fs;
use std::path::Path;
use std::sync::Arc;

use candle_core::{Device, Tensor};
use serde::Deserialize;
use tarjoman::decode::{Batch, SearchOptions};
use tarjoman::document::readers;
use tarjoman::model::config::GenerationConfig;
use tarjoman::model::layers::{Linear, StudentMatrix};
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::model::{Error, ModelFiles, ModelSource, Seq2Seq, families};
use tarjoman::translate::{LoadOptions, Silent, Translator};

use super::decode::{cases, golden, options, run};

pub(crate) fn resolve(folder: &Path) -> Result<ModelFiles, Error> {
    ModelSource::Folder(folder.to_path_buf()).resolve(&mut NoProgress)
}

pub(crate) fn load(folder: &Path) -> Result<Box<dyn Seq2Seq>, Error> {
    families::load(&resolve(folder)?, &Device::Cpu)
}

fn compare(name: &str) {
    let model = load(&golden(name)).expect("the golden model loads");
    let (rows, cases) = cases(name);
    assert!(rows.len() >= 24 && cases.len() >= 5, "the golden file is whole");
    for case in &cases {
        let options = options(case);
        let found = run(model.as_ref(), &rows, &options);
        for (row, (hypotheses, expected)) in found.iter().zip(&case.sequences).enumerate() {
            let tokens: Vec<&Vec<u32>> = hypotheses.iter().map(|found| &found.tokens).collect();
            assert_eq!(tokens, expected.iter().collect::<Vec<_>>(), "{name} {} {row}", case.name);
            for (hypothesis, score) in hypotheses.iter().zip(&case.scores[row]) {
                let distance = (hypothesis.score - score).abs();
                assert!(distance < 1e-3, "{name} {} {row}: {distance}", case.name);
            }
            let alone = run(model.as_ref(), &rows[row..=row], &options);
            let alone: Vec<_> = alone[0].iter().map(|found| &found.tokens).collect();
            assert_eq!(tokens, alone, "{name} {} {row}: neighbours change nothing", case.name);
        }
    }
}

#[test]
fn a_model_of_8_bits_with_a_shortlist_gives_the_tokens_of_the_reference() {
    compare("firefox-tiny");
}

#[test]
fn a_compressed_model_of_8_bits_without_factors_for_its_inputs_gives_the_tokens_of_the_reference() {
    compare("firefox-measured");
}

#[test]
fn a_model_of_16_bits_gives_the_tokens_of_the_reference() {
    compare("firefox-int16");
}

#[test]
fn a_model_in_floating_point_with_two_vocabularies_gives_the_tokens_of_the_reference() {
    compare("firefox-float");
}

#[derive(Deserialize)]
struct Activations {
    input_ids: Vec<Vec<u32>>,
    /// Nothing for a token outside the shortlist.
    first_logits: Vec<Vec<Option<f32>>>,
}

#[test]
fn the_first_logits_are_those_of_the_reference() {
    for name in ["firefox-tiny", "firefox-measured", "firefox-int16", "firefox-float"] {
        let text = fs::read_to_string(golden(name).join("activations.json")).expect("golden");
        let expected: Activations = serde_json::from_str(&text).expect("activations");
        let model = load(&golden(name)).expect("it loads");
        let rows: Vec<(usize, &[u32])> =
            expected.input_ids.iter().map(Vec::as_slice).enumerate().collect();
        let batch = Batch::new(&rows, 0, model.device()).expect("a batch");
        let mut state = model.start(&batch.input_ids, &batch.lengths).expect("a state");
        let start = Tensor::zeros(rows.len(), candle_core::DType::U32, &Device::Cpu);
        let logits = model.step(&start.expect("tokens"), &mut state).expect("a step");
        let logits: Vec<Vec<f32>> = logits.to_vec2().expect("two dimensions");
        assert_eq!(logits.len(), expected.first_logits.len());
        for (found, expected) in logits.iter().flatten().zip(expected.first_logits.iter().flatten())
        {
            let near = match expected {
                Some(expected) => (found - expected).abs() < 1e-3,
                None => *found < f32::MIN,
            };
            assert!(near, "{name}: {found} for {expected:?}");
        }
    }
}

#[test]
fn vocabularies_give_the_ids_and_texts_of_sentencepiece() {
    for name in ["firefox-tiny", "firefox-float"] {
        let files = resolve(&golden(name)).expect("it is whole");
        super::tokenizer::assert_equal_to_python(name, &files.tokenizer);
    }
}

#[test]
fn an_article_is_translated_from_a_folder_of_compressed_files() {
    let files = resolve(&golden("firefox-measured")).expect("it is whole");
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let options = translator.options();
    assert_eq!((options.search.beams, options.search.max_length), (1, 257));
    assert_eq!(options.search.bad_words, [[1]]);
    let long = "یک خبر دیگر، ".repeat(120);
    let article = readers::read("news.txt", format!("سلام دنیا. این خبر است. {long}").into())
        .expect("an article");
    let document = translator.translate(article, &options, &Silent).expect("a translation");
    assert_eq!(document.units.len(), 3);
    assert!(document.units[2].issues.iter().any(|issue| issue.code == "sentence_split"));
}

#[test]
fn a_sentence_keeps_its_state_when_others_end_and_beams_change_places() {
    let model = load(&golden("firefox-tiny")).expect("it loads");
    let (rows, _) = cases("firefox-tiny");
    let config = GenerationConfig::load(&resolve(&golden("firefox-tiny")).expect("whole"));
    let options = SearchOptions::of_model(&config.expect("a configuration")).expect("options");
    let rows: Vec<(usize, &[u32])> = rows.iter().map(Vec::as_slice).enumerate().take(3).collect();
    let batch = Batch::new(&rows, options.pad, model.device()).expect("a batch");
    let step = |state: &mut _, tokens: &[u32]| -> Vec<Vec<f32>> {
        let tokens = Tensor::new(tokens, &Device::Cpu).expect("tokens");
        model.step(&tokens, state).and_then(|logits| Ok(logits.to_vec2()?)).expect("logits")
    };
    let mut whole = model.start(&batch.input_ids, &batch.lengths).expect("a state");
    step(&mut whole, &[0; 3]);
    let mut part = whole.clone();
    let expected = step(&mut whole, &[7, 8, 9]);
    // The first is done; the others get two beams each, of which the second comes first.
    part.retain(&[1, 2]).expect("two are kept");
    part.reorder(&[0, 0, 1, 1]).expect("two beams each");
    let found = step(&mut part, &[20, 8, 9, 20]);
    assert_eq!((&found[1], &found[2]), (&expected[1], &expected[2]));
    let expected = step(&mut whole, &[4, 4, 4]);
    part.reorder(&[1, 0, 2, 3]).expect("they change places");
    let found = step(&mut part, &[4; 4]);
    assert_eq!((&found[0], &found[2]), (&expected[1], &expected[2]));
}

#[test]
fn products_of_8_bits_are_exact_sums_of_rounded_inputs_whatever_the_shape() {
    let mut seed = 7u32;
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 24).cast_signed() - 128
    };
    for (rows, inputs, outputs) in [(1, 1, 1), (3, 7, 5), (4, 32, 9), (5, 33, 8), (37, 256, 64)] {
        // Whole numbers, and halves, which go to the even neighbour; alpha 0.5 makes them.
        let x: Vec<i32> = (0..rows * inputs).map(|_| next()).collect();
        let weights: Vec<i8> =
            (0..outputs * inputs).map(|_| next().clamp(-127, 127) as i8).collect();
        let matrix = StudentMatrix::new(&weights, [outputs, inputs], 2.0, Some(0.5));
        let bias: Arc<[f32]> = vec![1.0; outputs].into();
        let linear =
            Linear::Student { weight: Arc::new(matrix.expect("a matrix")), bias: Some(bias) };
        let input: Vec<f32> = x.iter().map(|value| *value as f32).collect();
        let input = Tensor::from_vec(input, (rows, inputs), &Device::Cpu).expect("an input");
        let all: Vec<Vec<f32>> = linear.forward(&input).and_then(|t| t.to_vec2()).expect("rows");
        let ids: Vec<u32> = (0..outputs as u32).rev().step_by(2).collect();
        let some: Vec<Vec<f32>> =
            linear.select(&ids).and_then(|some| some.forward(&input)?.to_vec2()).expect("rows");
        for (row, x) in x.chunks(inputs).enumerate() {
            for (output, weights) in weights.chunks(inputs).enumerate() {
                let rounded = x.iter().map(|value| match value.rem_euclid(4) {
                    3 => (value + 1) / 2,
                    1 => (value - 1) / 2,
                    _ => value / 2,
                });
                let sum: i32 = rounded.zip(weights).map(|(x, w)| x * i32::from(*w)).sum();
                let expected = sum as f32 + 1.0;
                assert!((all[row][output] - expected).abs() < 1e-3, "{row} {output}");
                if let Some(at) = ids.iter().position(|id| *id as usize == output) {
                    assert!((some[row][at] - expected).abs() < 1e-3, "{row} {output}");
                }
            }
        }
    }
}
