//! Language models that translate: Gemma 3 and Qwen3 against transformers (goldens of
//! `scripts/reference/`).

use std::collections::HashMap;
use std::path::Path;

use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use proptest::prelude::*;
use serde::Deserialize;
use tarjoman::decode::SearchOptions;
use tarjoman::model::config::GenerationConfig;
use tarjoman::model::{ComputeType, FileData, ModelFiles, Seq2Seq, families};

use super::decode::{cases, compare, files, golden, options, run};
use super::gguf::{made, write};

const MODELS: [&str; 4] = ["gemma3-tiny", "gemma3-nested", "qwen3-tiny", "qwen3-tied"];

/// How far a logit may be from transformers'.
pub(crate) const LOGIT_TOLERANCE: f32 = 1e-3;

pub(crate) fn load(folder: &str) -> Box<dyn Seq2Seq> {
    families::load(&files(folder, &["model.safetensors"]), &Device::Cpu).expect("the golden loads")
}

#[derive(Deserialize)]
pub(crate) struct Activations {
    input_ids: Vec<Vec<u32>>,
    /// Tokens after the prompt.
    given: Vec<u32>,
    /// After the prompt and after each of these, `[row][step][vocabulary]`.
    logits: Vec<Vec<Vec<f32>>>,
}

pub(crate) fn activations(folder: &str) -> Activations {
    let text = std::fs::read_to_string(golden(folder).join("activations.json")).expect("golden");
    serde_json::from_str(&text).expect("activations")
}

/// Logits `[row][step][vocabulary]` of prompts that are one batch.
fn logits(model: &dyn Seq2Seq, golden: &Activations) -> Vec<Vec<Vec<f32>>> {
    let rows = &golden.input_ids;
    let time = rows.iter().map(Vec::len).max().expect("rows");
    let padded: Vec<u32> = rows
        .iter()
        .flat_map(|row| row.iter().copied().chain([0].repeat(time - row.len())))
        .collect();
    let input = Tensor::from_vec(padded, (rows.len(), time), &Device::Cpu).expect("a batch");
    let lengths: Vec<usize> = rows.iter().map(Vec::len).collect();
    let mut state = model.start(&input, &lengths).expect("a state");
    let mut last = state.first_tokens().expect("prompts").to_vec();
    let mut found = vec![Vec::new(); rows.len()];
    for step in 0..=golden.given.len() {
        let input = Tensor::new(last.as_slice(), &Device::Cpu).expect("tokens");
        let logits: Vec<Vec<f32>> =
            model.step(&input, &mut state).and_then(|x| Ok(x.to_vec2()?)).expect("logits");
        for (found, logits) in found.iter_mut().zip(logits) {
            found.push(logits);
        }
        last = golden.given.get(step).map_or(Vec::new(), |token| vec![*token; rows.len()]);
    }
    found
}

/// The largest distance of a logit from the golden ones.
pub(crate) fn distance(model: &dyn Seq2Seq, golden: &Activations) -> f32 {
    let found = logits(model, golden);
    let flat = |logits: &[Vec<Vec<f32>>]| logits.concat().concat();
    let (found, expected) = (flat(&found), flat(&golden.logits));
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).fold(0f32, |worst, (a, b)| worst.max((a - b).abs()))
}

#[test]
fn logits_of_uneven_prompts_are_those_of_transformers() {
    for folder in MODELS {
        let found = distance(load(folder).as_ref(), &activations(folder));
        assert!(found < LOGIT_TOLERANCE, "{folder}: {found}");
    }
}

#[test]
fn scaled_positions_give_the_logits_of_transformers() {
    #[derive(Deserialize)]
    struct Change {
        rope_parameters: serde_json::Value,
        #[serde(flatten)]
        activations: Activations,
    }
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["qwen3-tied", "gemma3-tiny"] {
        let text = |file: &str| std::fs::read_to_string(golden(name).join(file)).expect("golden");
        let changes: Vec<Change> = serde_json::from_str(&text("rope.json")).expect("changes");
        assert!(!changes.is_empty());
        for change in changes {
            let mut config: serde_json::Value =
                serde_json::from_str(&text("config.json")).expect("JSON");
            config["rope_parameters"] = change.rope_parameters.clone();
            let path = folder.path().join("config.json");
            std::fs::write(&path, config.to_string()).expect("it is written");
            let files =
                ModelFiles { config: FileData::Path(path), ..files(name, &["model.safetensors"]) };
            let model = families::load(&files, &Device::Cpu).expect("it loads");
            let found = distance(model.as_ref(), &change.activations);
            assert!(found < LOGIT_TOLERANCE, "{name} {}: {found}", change.rope_parameters);
            let own = distance(model.as_ref(), &activations(name));
            assert!(own > LOGIT_TOLERANCE, "{name}: positions make no difference");
        }
    }
}

#[test]
fn a_gemma_model_gives_the_tokens_and_scores_of_transformers() {
    compare("gemma3-tiny");
}

#[test]
fn a_gemma_model_that_sees_images_gives_the_tokens_and_scores_of_transformers() {
    compare("gemma3-nested");
}

#[test]
fn a_qwen_model_gives_the_tokens_and_scores_of_transformers() {
    compare("qwen3-tiny");
}

#[test]
fn a_qwen_model_with_a_tied_output_gives_the_tokens_and_scores_of_transformers() {
    compare("qwen3-tied");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_else_is_in_a_batch_of_prompts_changes_no_token(
        chosen in prop::collection::vec(0usize..48, 1..7),
        beams in 1usize..4,
    ) {
        for folder in ["gemma3-tiny", "qwen3-tiny"] {
            let model = load(folder);
            let (rows, cases) = cases(folder);
            let options = SearchOptions { beams, ..options(&cases[0]) };
            let batch: Vec<Vec<u32>> = chosen.iter().map(|at| rows[*at].clone()).collect();
            let together = run(model.as_ref(), &batch, &options);
            for (row, found) in batch.iter().zip(&together) {
                let alone = run(model.as_ref(), std::slice::from_ref(row), &options);
                prop_assert_eq!(&alone[0][0].tokens, &found[0].tokens);
            }
        }
    }
}

/// The files of a golden model, with these weights and perhaps another configuration.
fn with(folder: &str, config: &str, weights: &str) -> ModelFiles {
    ModelFiles { config: FileData::Path(golden(folder).join(config)), ..files(folder, &[weights]) }
}

#[test]
fn llama_cpp_s_files_give_the_logits_of_the_checkpoints_they_were_made_from() {
    for (folder, weights) in [("gemma3-tiny", "model-bf16.gguf"), ("qwen3-tiny", "model-f16.gguf")]
    {
        let files = with(folder, "config.json", weights);
        let model = families::load(&files, &Device::Cpu).expect("it loads");
        let found = distance(model.as_ref(), &activations(folder));
        assert!(found < LOGIT_TOLERANCE, "{folder}: {found}");
    }
}

#[test]
fn a_gguf_file_says_itself_how_its_network_is_built() {
    let files = with("qwen3-tiny", "model-f16.gguf", "model-f16.gguf");
    let model = families::load(&files, &Device::Cpu).expect("it loads");
    let found = distance(model.as_ref(), &activations("qwen3-tiny"));
    assert!(found < LOGIT_TOLERANCE, "{found}");
    let generation = GenerationConfig::load(&files).expect("a configuration");
    assert_eq!(generation.eos_token_id, [1, 5]);
    assert_eq!(generation.bos_token_id, Some(2));
    // What llama.cpp does not write of Gemma 3 is as in the published models, not as in this one.
    let files = with("gemma3-tiny", "model-bf16.gguf", "model-bf16.gguf");
    let model = families::load(&files, &Device::Cpu).expect("it loads");
    assert_eq!(model.max_source_tokens(), 96);
    // Files of candle's have no configuration in them.
    let files = with("mt5-tiny", "model-q8_0.gguf", "model-q8_0.gguf");
    let error = families::load(&files, &Device::Cpu).err().expect("it can't be known");
    assert!(error.to_string().contains("config.json"), "{error}");
}

/// The largest distance as a share of the largest logit.
fn share(model: &dyn Seq2Seq, folder: &str) -> f32 {
    let golden = activations(folder);
    let logits = golden.logits.iter().flatten().flatten();
    distance(model, &golden) / logits.fold(0f32, |largest, logit| largest.max(logit.abs()))
}

#[test]
fn a_gemma_model_of_8_bits_is_near_that_in_floating_point() {
    let files = with("gemma3-tiny", "config.json", "model-q8_0.gguf");
    let model = families::load(&files, &Device::Cpu).expect("it loads");
    let found = share(model.as_ref(), "gemma3-tiny");
    assert!(found < 0.06, "{found}");
}

#[test]
fn networks_that_compute_in_16_or_8_bits_are_near_those_in_32() {
    for folder in MODELS {
        for (dtype, tolerance) in
            [(ComputeType::Bf16, 0.08), (ComputeType::F16, 0.02), (ComputeType::Int8, 0.08)]
        {
            let files = files(folder, &["model.safetensors"]);
            let model = families::load_as(&files, &Device::Cpu, dtype).expect("it loads");
            let found = share(model.as_ref(), folder);
            assert!(found < tolerance, "{folder} {dtype:?}: {found}");
        }
    }
    // The other families: nearly all tokens stay the same.
    for folder in ["marian-tiny", "nllb-tiny", "mbart-tiny", "t5-tiny", "mt5-tiny"] {
        let (rows, cases) = cases(folder);
        let case = cases.iter().find(|case| case.name == "greedy").expect("the case");
        for dtype in [ComputeType::Bf16, ComputeType::F16] {
            let files = files(folder, &["model.safetensors"]);
            let model = families::load_as(&files, &Device::Cpu, dtype).expect("it loads");
            let found = run(model.as_ref(), &rows, &options(case));
            let expected = case.sequences.iter().map(|row| &row[0]);
            let equal = found.iter().zip(expected).filter(|(a, b)| a[0].tokens == **b).count();
            assert!(equal * 2 > rows.len(), "{folder} {dtype:?}: {equal} of {}", rows.len());
        }
    }
}

/// A Gemma 3 of two blocks with rows of 256 weights, a block of ggml's K formats, under
/// llama.cpp's names.
fn wide(folder: &Path) -> HashMap<String, Tensor> {
    let config = serde_json::json!({
        "model_type": "gemma3_text", "vocab_size": 320, "hidden_size": 256, "head_dim": 64,
        "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "max_position_embeddings": 128, "sliding_window": 8,
        "sliding_window_pattern": 2
    });
    std::fs::write(folder.join("config.json"), config.to_string()).expect("it is written");
    let mut seed = 1;
    let mut tensors = HashMap::new();
    let mut add = |name: String, shape: &[usize], size: f32| {
        tensors.insert(name, made(&mut seed, shape, size));
    };
    add("token_embd.weight".into(), &[320, 256], 0.5);
    add("output_norm.weight".into(), &[256], 1.0);
    for block in 0..2 {
        let mut add = |name: &str, shape: &[usize], size| {
            add(format!("blk.{block}.{name}.weight"), shape, size);
        };
        for norm in ["attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"] {
            add(norm, &[256], 1.0);
        }
        add("attn_q_norm", &[64], 1.0);
        add("attn_k_norm", &[64], 1.0);
        add("attn_q", &[256, 256], 0.1);
        add("attn_k", &[128, 256], 0.1);
        add("attn_v", &[128, 256], 0.1);
        add("attn_output", &[256, 256], 0.1);
        add("ffn_gate", &[512, 256], 0.1);
        add("ffn_up", &[512, 256], 0.1);
        add("ffn_down", &[256, 512], 0.1);
    }
    tensors
}

#[test]
fn a_model_of_4_bits_gives_the_logits_of_its_rounded_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let tensors = wide(folder.path());
    let network = |name: &str, tensors: &HashMap<String, Tensor>, kind| {
        let path = folder.path().join(name);
        write(&path, tensors, kind);
        let config = FileData::Path(folder.path().join("config.json"));
        let weights = vec![FileData::Path(path)];
        families::load(&ModelFiles { config, weights, ..files("gemma3-tiny", &[]) }, &Device::Cpu)
            .expect("it loads")
    };
    for kind in [GgmlDType::Q8_0, GgmlDType::Q4K] {
        let rounded = tensors
            .iter()
            .map(|(name, tensor)| {
                let kind = if tensor.rank() == 2 { kind } else { GgmlDType::F32 };
                let tensor =
                    QTensor::quantize(tensor, kind).and_then(|t| t.dequantize(&Device::Cpu));
                (name.clone(), tensor.expect("a tensor"))
            })
            .collect();
        let expected = network("rounded.gguf", &rounded, GgmlDType::F32);
        let found = network("model.gguf", &tensors, kind);
        let rows = vec![(3..30).collect::<Vec<u32>>(), vec![2, 7, 9]];
        let golden = Activations { input_ids: rows, given: vec![17, 300], logits: Vec::new() };
        let golden = Activations { logits: logits(expected.as_ref(), &golden), ..golden };
        let largest = golden.logits.iter().flatten().flatten().fold(0f32, |a, b| a.max(b.abs()));
        let distance = distance(found.as_ref(), &golden) / largest;
        assert!(distance < 0.05, "{kind:?}: {distance}");
    }
}

#[test]
fn a_strange_configuration_of_a_language_model_is_an_error_that_says_so() {
    let text = std::fs::read_to_string(golden("gemma3-tiny/config.json")).expect("golden");
    let folder = tempfile::tempdir().expect("a folder");
    for (name, value, word) in [
        ("num_key_value_heads", serde_json::json!(3), "heads"),
        ("layer_types", serde_json::json!(["full_attention"]), "layer_types"),
        ("attn_logit_softcapping", serde_json::json!(50.0), "attn_logit_softcapping"),
        ("sliding_window", serde_json::json!(0), "room"),
        ("head_dim", serde_json::json!(15), "weights"),
        ("vocab_size", serde_json::json!(300), "weights"),
        (
            "rope_parameters",
            serde_json::json!({ "full_attention": { "rope_type": "longrope" } }),
            "longrope",
        ),
        (
            "rope_parameters",
            serde_json::json!({ "full_attention": { "rope_type": "yarn", "factor": -1.0 } }),
            "yarn",
        ),
        (
            "rope_parameters",
            serde_json::json!({ "full_attention": { "rope_type": "linear" } }),
            "factor",
        ),
    ] {
        let mut config: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        config[name] = value;
        let path = folder.path().join("config.json");
        std::fs::write(&path, config.to_string()).expect("it is written");
        let files = ModelFiles {
            config: FileData::Path(path),
            ..files("gemma3-tiny", &["model.safetensors"])
        };
        let error = families::load(&files, &Device::Cpu).err().expect("it is strange");
        assert!(error.to_string().contains(word), "{name}: {error}");
    }
}
