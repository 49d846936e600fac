//! T5 models in the forms in which the hub has them.

use std::fs;
use std::path::Path;

use candle_core::Device;
use candle_core::quantized::gguf_file;
use tarjoman::document::readers;
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::model::{Error, FileData, ModelFiles, ModelSource, TokenizerFiles, families};
use tarjoman::translate::{LoadOptions, Silent, Translator};
use tempfile::TempDir;

use super::decode::{cases, files, golden, options, run};

/// config.json of `mt5-tiny` with other values; null takes one out.
fn config(changes: &serde_json::Value) -> String {
    let text = fs::read_to_string(golden("mt5-tiny/config.json")).expect("golden");
    let mut config: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    for (name, value) in changes.as_object().expect("an object") {
        config[name] = value.clone();
    }
    config.to_string()
}

/// A folder like MADLAD-400's: quantised weights, a tokenizer.json with `<2en>`.
fn madlad() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = |from: &str, to: &str| {
        fs::copy(golden(from), folder.path().join(to)).expect("it is copied");
    };
    let changes = serde_json::json!({ "model_type": "t5", "tie_word_embeddings": false });
    fs::write(folder.path().join("config.json"), config(&changes)).expect("it is written");
    copy("mt5-tiny/model-q8_0.gguf", "model-q8_0.gguf");
    copy("madlad-json/tokenizer.json", "tokenizer.json");
    folder
}

fn resolve(folder: &Path) -> Result<ModelFiles, Error> {
    ModelSource::Folder(folder.to_path_buf()).resolve(&mut NoProgress)
}

fn names(files: &ModelFiles) -> Vec<String> {
    let name = |file: &FileData| file.name().rsplit('/').next().unwrap_or_default().to_string();
    files.weights.iter().map(name).collect()
}

#[test]
fn weights_of_madlad_400_are_found_under_their_names_and_not_scaled() {
    // Checked once with transformers: this checkpoint gives the logits of the golden model.
    let folder = tempfile::tempdir().expect("a folder");
    let mut tensors =
        candle_core::safetensors::load(golden("mt5-tiny/model.safetensors"), &Device::Cpu)
            .expect("tensors");
    let shared = tensors.remove("shared.weight").expect("the embedding");
    tensors.insert("decoder.embed_tokens.weight".into(), shared);
    let weights = folder.path().join("model.safetensors");
    candle_core::safetensors::save(&tensors, &weights).expect("it is written");
    let changes = serde_json::json!({ "model_type": "t5", "tie_word_embeddings": false });
    fs::write(folder.path().join("config.json"), config(&changes)).expect("it is written");
    let files = ModelFiles {
        config: FileData::Path(folder.path().join("config.json")),
        weights: vec![FileData::Path(weights)],
        ..files("mt5-tiny", &[])
    };
    let model = families::load(&files, &Device::Cpu).expect("it loads");
    let (rows, cases) = cases("mt5-tiny");
    let case = cases.iter().find(|case| case.name == "beam4").expect("the case");
    for (found, expected) in run(model.as_ref(), &rows, &options(case)).iter().zip(&case.sequences)
    {
        assert_eq!(found[0].tokens, expected[0]);
    }
}

#[test]
fn a_folder_with_a_gguf_file_alone_translates() {
    let folder = madlad();
    let files = resolve(folder.path()).expect("it is whole");
    assert_eq!(names(&files), ["model-q8_0.gguf"]);
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let mut options = translator.options();
    assert_eq!(options.search.max_length, 512);
    options.search.max_length = 8;
    let article =
        readers::read("news.txt", "سلام دنیا. این یک خبر است.".into()).expect("an article");
    let document = translator.translate(article, &options, &Silent).expect("a translation");
    assert_eq!(document.blocks().map(|(_, units)| units.len()).sum::<usize>(), 2);
}

#[test]
fn a_gguf_file_of_llama_cpp_s_translates_with_nothing_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let copy = |from: &str, to: &str| {
        fs::copy(golden(from), folder.path().join(to)).expect("it is copied");
    };
    copy("madlad-gguf/model.gguf", "madlad-f16.gguf");
    let files = resolve(folder.path()).expect("all is in it");
    assert_eq!(names(&files), ["madlad-f16.gguf"]);
    assert!(matches!(files.tokenizer, TokenizerFiles::T5(_)));
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let mut options = translator.options();
    assert_eq!((options.search.start, options.search.pad), (0, 0));
    assert_eq!(options.search.end, [1]);
    options.search.max_length = 8;
    let article = readers::read("news.txt", "سلام دنیا. این خبر است.".into()).expect("an article");
    let document = translator.translate(article, &options, &Silent).expect("a translation");
    assert_eq!(document.units.len(), 2);
    // What lies beside it is preferred, and a config.json changes nothing of that.
    copy("mt5-spm/spiece.model", "spiece.model");
    let files = resolve(folder.path()).expect("whole");
    assert!(matches!(&files.tokenizer, TokenizerFiles::T5(file) if file.name().ends_with("model")));
    copy("madlad-json/tokenizer.json", "tokenizer.json");
    assert!(matches!(resolve(folder.path()).expect("whole").tokenizer, TokenizerFiles::Json(_)));
    for name in ["spiece.model", "tokenizer.json"] {
        fs::remove_file(folder.path().join(name)).expect("it is removed");
    }
    let changes = serde_json::json!({ "model_type": "t5" });
    fs::write(folder.path().join("config.json"), config(&changes)).expect("it is written");
    let files = resolve(folder.path()).expect("whole");
    assert!(matches!(&files.tokenizer, TokenizerFiles::T5(file) if file.name().ends_with("gguf")));
    // Candle's files have none.
    copy("mt5-tiny/model-q8_0.gguf", "madlad-f16.gguf");
    let error = Translator::load(&resolve(folder.path()).expect("whole"), &LoadOptions::default());
    let error = error.err().expect("there is no tokenizer").to_string();
    assert!(error.contains("there is no tokenizer.json beside it"), "{error}");
}

#[test]
fn a_sentencepiece_model_serves_where_there_is_no_tokenizer_json() {
    let folder = madlad();
    let copy = || fs::copy(golden("mt5-spm/spiece.model"), folder.path().join("spiece.model"));
    copy().expect("it is copied");
    let files = resolve(folder.path()).expect("whole");
    assert!(matches!(files.tokenizer, TokenizerFiles::Json(_)));
    fs::remove_file(folder.path().join("tokenizer.json")).expect("it is removed");
    let files = resolve(folder.path()).expect("whole");
    assert!(matches!(files.tokenizer, TokenizerFiles::T5(_)));
}

#[test]
fn weights_in_floating_point_are_preferred_to_quantised_ones_and_more_bits_to_fewer() {
    let folder = madlad();
    fs::write(folder.path().join("model-q4k.gguf"), "").expect("it is written");
    assert_eq!(names(&resolve(folder.path()).expect("whole")), ["model-q8_0.gguf"]);
    fs::write(folder.path().join("model.safetensors"), "").expect("it is written");
    assert_eq!(names(&resolve(folder.path()).expect("whole")), ["model.safetensors"]);
}

#[test]
fn a_damaged_gguf_file_or_a_strange_configuration_is_an_error_that_says_so() {
    let folder = madlad();
    let path = folder.path().join("model-q8_0.gguf");
    let whole = fs::read(&path).expect("the file");
    let load = || families::load(&resolve(folder.path()).expect("whole"), &Device::Cpu).err();
    for length in [0, 3, 20, 300, whole.len() / 2, whole.len() - 64] {
        fs::write(&path, &whole[..length]).expect("it is written");
        let error = load().expect("it is cut off");
        assert!(matches!(error, Error::Weights { .. }), "{length}: {error}");
    }
    // Tensors would start at multiples of this.
    let alignment = ("general.alignment", &gguf_file::Value::U32(0));
    let mut file = fs::File::create(&path).expect("a file");
    gguf_file::write(&mut file, &[alignment], &[]).expect("it is written");
    let error = load().expect("it makes no sense");
    assert!(matches!(error, Error::Weights { .. }), "{error}");
    fs::write(&path, &whole).expect("it is written");
    for (changes, word) in [
        (serde_json::json!({ "feed_forward_proj": "gated-swoosh" }), "gated-swoosh"),
        (serde_json::json!({ "d_kv": 16 }), "weights"),
        (serde_json::json!({ "num_heads": 0 }), "weights"),
        (serde_json::json!({ "relative_attention_max_distance": 0 }), "weights"),
        (serde_json::json!({ "vocab_size": 300 }), "weights"),
    ] {
        fs::write(folder.path().join("config.json"), config(&changes)).expect("it is written");
        let error = load().expect("it is strange");
        assert!(error.to_string().contains(word), "{changes}: {error}");
    }
}
