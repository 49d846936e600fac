//! Models in the format of Firefox Translations, against a numpy implementation of their network
//! and transformers' search (`scripts/reference/firefox.py`).

use std::fs;
use std::path::Path;

use candle_core::{Device, Tensor};
use proptest::prelude::*;
use serde::Deserialize;
use tarjoman::decode::{Batch, SearchOptions};
use tarjoman::document::readers;
use tarjoman::model::bergamot::{Container, Kind, Options, Shortlist};
use tarjoman::model::config::GenerationConfig;
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::model::{
    Error, FileData, ModelFiles, ModelSource, Seq2Seq, Tokenizer, TokenizerFiles, families,
};
use tarjoman::translate::{LoadOptions, Silent, Translator};
use tempfile::TempDir;

use super::decode::{cases, golden, options, run};

const MODEL: &str = "model.faen.intgemm.alphas.bin";
const SHORTLIST: &str = "lex.50.50.faen.s2t.bin";
const VOCABULARY: &str = "vocab.faen.spm";

fn resolve(folder: &Path) -> Result<ModelFiles, Error> {
    ModelSource::Folder(folder.to_path_buf()).resolve(&mut NoProgress)
}

fn load(folder: &Path) -> Result<Box<dyn Seq2Seq>, Error> {
    families::load(&resolve(folder)?, &Device::Cpu)
}

/// A copy of a golden folder's model, in which files can be changed.
fn copy(name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for entry in fs::read_dir(golden(name)).expect("the golden folder") {
        let entry = entry.expect("an entry");
        if !entry.file_name().to_string_lossy().contains(".json") {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("it is copied");
        }
    }
    folder
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
            let expected = expected.unwrap_or(f32::NEG_INFINITY);
            let near = (found - expected).abs() < 1e-3 || *found == expected;
            assert!(near, "{name}: {found} for {expected}");
        }
    }
}
