//! Unlike configurations of one family: activations, scaled and unscaled embeddings, outputs with and
//! without a table of their own, more and fewer layers; windows, heads and positions of language models;
//! against transformers (`scripts/reference/variants.py`, `causal_variants.py`).

use super::causal;
use super::decode::{cases, compare_cases, compare_first_logits};

/// Logits may be off by this share of the largest.
const TOLERANCE: f32 = 1e-3;

fn check(names: &[&str]) {
    for name in names {
        let folder = format!("variants/{name}");
        compare_first_logits(&folder, "model.safetensors", "activations.json", TOLERANCE);
        let (rows, cases) = cases(&folder);
        assert!(rows.len() == 12 && cases.len() == 4, "{name}: the golden file is whole");
        compare_cases(&folder, &rows, &cases);
    }
}

#[test]
fn other_configurations_of_m2m100_give_what_transformers_gives() {
    check(&["m2m100-gelu-untied", "m2m100-swish"]);
}

#[test]
fn other_configurations_of_mbart_give_what_transformers_gives() {
    check(&["mbart-relu", "mbart-gelu-new-untied"]);
}

#[test]
fn other_configurations_of_t5_give_what_transformers_gives() {
    check(&["t5-gated-silu", "t5-gelu-tied"]);
}

fn check_language_models(names: &[&str]) {
    for name in names {
        let folder = format!("variants/{name}");
        let found = causal::distance(causal::load(&folder).as_ref(), &causal::activations(&folder));
        assert!(found < causal::LOGIT_TOLERANCE, "{name}: {found}");
        let (rows, cases) = cases(&folder);
        assert!(rows.len() == 12 && cases.len() == 4, "{name}: the golden file is whole");
        compare_cases(&folder, &rows, &cases);
    }
}

#[test]
fn other_configurations_of_gemma_give_what_transformers_gives() {
    check_language_models(&[
        "gemma3-every-third-untied",
        "gemma3-no-window-biases",
        "gemma3-all-windows-capped",
    ]);
}

#[test]
fn other_configurations_of_qwen_give_what_transformers_gives() {
    check_language_models(&["qwen3-one-key-tied", "qwen3-window-biases-untied"]);
}
