//! Where target tokens come from, against transformers' cross-attention (goldens of
//! `scripts/reference/alignment.py`).

use candle_core::Device;
use serde::Deserialize;
use tarjoman::decode::{Batch, Hypothesis, SearchOptions, force};
use tarjoman::model::{AlignmentHeads, Layer, Seq2Seq, families};

use crate::decode::{cases, files, golden, options, run};

/// How far a weight may be from transformers'.
const TOLERANCE: f32 = 1e-4;

/// A candidate and the weights of its target over its source.
#[derive(Deserialize)]
struct Golden {
    row: usize,
    candidate: usize,
    /// `[layers][heads][target tokens + 1][source tokens]`
    weights: Vec<Vec<Vec<Vec<f32>>>>,
}

fn goldens(folder: &str) -> Vec<Golden> {
    let text = std::fs::read_to_string(golden(folder).join("alignment.jsonl")).expect("golden");
    text.lines().map(|line| serde_json::from_str(line).expect("a candidate")).collect()
}

fn load(folder: &str) -> Box<dyn Seq2Seq> {
    families::load(&files(folder, &["model.safetensors"]), &Device::Cpu).expect("it loads")
}

/// The rows of weights that a token of a target has, by the definition.
fn expected(golden: &Golden, heads: &AlignmentHeads, layer: usize, tokens: usize) -> Vec<Vec<f32>> {
    let all = &golden.weights[layer];
    let chosen: Vec<usize> =
        if heads.heads.is_empty() { (0..all.len()).collect() } else { heads.heads.clone() };
    (0..tokens)
        .map(|token| {
            let row = if heads.shifted { (token + 1).min(tokens - 1) } else { token };
            let source = all[0][row].len();
            let mean = |at: usize| {
                let sum: f32 = chosen.iter().map(|head| all[*head][row][at]).sum();
                sum / chosen.len() as f32
            };
            (0..source).map(mean).collect()
        })
        .collect()
}

fn check(folder: &str, model: &dyn Seq2Seq, case: &str) {
    let (rows, cases) = cases(folder);
    let case = cases.iter().find(|found| found.name == case).expect("the case is there");
    let goldens = goldens(folder);
    assert!(goldens.len() >= 6, "the golden file is whole");
    let layers = goldens[0].weights.len();
    let number = |layer: Layer| match layer {
        Layer::At(layer) => layer,
        Layer::Last => layers - 1,
        Layer::Middle => layers.div_ceil(2) - 1,
    };
    for (layer, heads, shifted) in [
        (Layer::Last, vec![0], false),
        (Layer::Middle, Vec::new(), true),
        (Layer::At(0), vec![1], true),
        (Layer::At(0), vec![1, 0], false),
    ] {
        let alignment = AlignmentHeads { layer, heads, shifted };
        let options = SearchOptions { alignment: Some(alignment.clone()), ..options(case) };
        let found = run(model, &rows, &options);
        for golden in &goldens {
            let Hypothesis { tokens, alignment: aligned, .. } =
                &found[golden.row][golden.candidate];
            assert_eq!(tokens, &case.sequences[golden.row][golden.candidate], "{folder}");
            let aligned = aligned.as_ref().expect("an alignment");
            assert_eq!(aligned.source_tokens(), rows[golden.row].len());
            assert_eq!(aligned.rows().len(), tokens.len());
            let expected = expected(golden, &alignment, number(layer), tokens.len());
            for (found, expected) in aligned.rows().flatten().zip(expected.iter().flatten()) {
                assert!(
                    (found - expected).abs() < TOLERANCE,
                    "{folder} row {} {alignment:?}: {found} for {expected}",
                    golden.row
                );
            }
        }
    }
}

#[test]
fn a_marian_model_aligns_each_beam_as_the_attention_of_transformers_does() {
    check("marian-tiny", load("marian-tiny").as_ref(), "beam4-return-4");
}

#[test]
fn an_m2m100_model_aligns_each_beam_as_the_attention_of_transformers_does() {
    check("m2m100-tiny", load("m2m100-tiny").as_ref(), "beam4-return-4");
}

#[test]
fn a_t5_model_aligns_each_beam_as_the_attention_of_transformers_does() {
    check("t5-tiny", load("t5-tiny").as_ref(), "beam4-return-4");
}

#[test]
fn alignment_changes_no_token_and_no_score() {
    let model = load("marian-tiny");
    let (rows, cases) = cases("marian-tiny");
    for case in &cases {
        let plain = run(model.as_ref(), &rows, &options(case));
        let aligned = run(model.as_ref(), &rows, &options(case).aligned_by(model.as_ref()));
        let essence = |found: &[Vec<Hypothesis>]| -> Vec<(Vec<u32>, f32)> {
            found.iter().flatten().map(|found| (found.tokens.clone(), found.score)).collect()
        };
        assert_eq!(essence(&plain), essence(&aligned), "{}", case.name);
        assert!(plain.iter().flatten().all(|found| found.alignment.is_none()));
        for found in aligned.iter().flatten().filter(|found| !found.tokens.is_empty()) {
            let alignment = found.alignment.as_ref().expect("an alignment");
            assert_eq!(alignment.rows().len(), found.tokens.len());
            for row in alignment.rows() {
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-3, "{row:?}");
            }
        }
    }
}

#[test]
fn heads_that_a_model_does_not_have_are_an_error_not_a_panic() {
    let model = load("marian-tiny");
    let (rows, cases) = cases("marian-tiny");
    let plain = options(&cases[0]);
    let rows: Vec<(usize, &[u32])> = rows.iter().map(Vec::as_slice).enumerate().collect();
    let batch = Batch::new(&rows, plain.pad, &Device::Cpu).expect("a batch");
    for (layer, heads) in [(Layer::At(9), vec![0]), (Layer::Last, vec![0, 4])] {
        let alignment = Some(AlignmentHeads { layer, heads, shifted: false });
        let options = SearchOptions { alignment, ..plain.clone() };
        let error =
            tarjoman::decode::search(model.as_ref(), &batch, &options).expect_err("refused");
        let told = format!("{:#}", anyhow::Error::from(error));
        assert!(told.contains("alignment is read from"), "{told}");
    }
}

#[test]
fn a_given_target_has_the_score_and_the_alignment_that_the_search_found_for_it() {
    let model = load("marian-tiny");
    let (rows, cases) = cases("marian-tiny");
    let case = cases.iter().find(|case| case.name == "beam4").expect("the case is there");
    let options = options(case).aligned_by(model.as_ref());
    let found = run(model.as_ref(), &rows, &options);
    let tokens: Vec<(usize, &[u32])> = rows.iter().map(Vec::as_slice).enumerate().collect();
    let batch = Batch::new(&tokens, options.pad, &Device::Cpu).expect("a batch");
    let targets: Vec<Vec<u32>> = found.iter().map(|best| best[0].tokens.clone()).collect();
    let forced = force(model.as_ref(), &batch, &targets, &options).expect("scores");
    for (forced, found) in forced.iter().zip(&found) {
        let found = &found[0];
        assert_eq!(forced.tokens, found.tokens);
        if !found.truncated {
            assert!((forced.score - found.score).abs() < 1e-3, "{} {}", forced.score, found.score);
        }
        let rows = |of: &Hypothesis| -> Vec<f32> {
            let alignment = of.alignment.as_ref().expect("an alignment");
            alignment.rows().flatten().copied().collect()
        };
        for (a, b) in rows(forced).iter().zip(rows(found)) {
            assert!((a - b).abs() < TOLERANCE, "{a} for {b}");
        }
    }
}
