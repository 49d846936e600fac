//! Names of models and models in folders, through the library.

use std::fs;
use std::path::PathBuf;

use tarjoman::model::source::Silent;
use tarjoman::model::{Error, FileData, ModelSource, TokenizerFiles};
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

fn resolve(folder: &TempDir) -> Result<tarjoman::model::ModelFiles, Error> {
    ModelSource::Folder(folder.path().to_path_buf()).resolve(&mut Silent)
}

fn weights(files: &[FileData]) -> Vec<String> {
    files
        .iter()
        .map(|file| match file {
            FileData::Path(path) => path.file_name().expect("a name").to_string_lossy().into(),
            FileData::Static(name, _) => (*name).to_string(),
        })
        .collect()
}

#[test]
fn text_names_a_folder_a_repository_or_the_embedded_model() {
    let hub = |repo: &str, revision: &str| ModelSource::Hub {
        repo: repo.to_string(),
        revision: revision.to_string(),
    };
    for (text, source) in [
        ("embedded", ModelSource::Embedded),
        ("newsroom/fa-en", hub("newsroom/fa-en", "main")),
        ("newsroom/fa-en@v1", hub("newsroom/fa-en", "v1")),
        ("newsroom/fa-en@refs/pr/2", hub("newsroom/fa-en", "refs/pr/2")),
        ("opus-mt-mul-en", hub("Helsinki-NLP/opus-mt-mul-en", "main")),
        ("opus-mul-en@v1", hub("Helsinki-NLP/opus-mt-mul-en", "v1")),
        ("./nowhere", ModelSource::Folder(PathBuf::from("./nowhere"))),
        ("/no/where", ModelSource::Folder(PathBuf::from("/no/where"))),
        // An existing folder wins over a repository of that name.
        ("tests/it", ModelSource::Folder(PathBuf::from("tests/it"))),
    ] {
        let parsed: ModelSource = text.parse().expect(text);
        assert_eq!(parsed, source);
        assert_eq!(parsed.to_string().parse::<ModelSource>().expect(text), source);
    }
    match "~/models".parse().expect("a folder") {
        ModelSource::Folder(path) => assert!(!path.starts_with("~")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn text_that_names_nothing_is_refused_with_the_nearest_name() {
    for text in ["", "gpt2", "a/b/c", "a/b@", "a/b@../c", "a b/c"] {
        assert!(matches!(text.parse::<ModelSource>(), Err(Error::Name { .. })), "{text:?}");
    }
    let error = "opus-mt-mul-em".parse::<ModelSource>().expect_err("it is no model");
    assert!(error.hint().expect("a hint").contains("opus-mul-en"), "{error:?}");
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = ModelSource::Folder("./nowhere".into()).resolve(&mut Silent).expect_err("nothing");
    assert_eq!(error.to_string(), "there is no model folder ./nowhere: it does not exist");
    let file = ModelSource::Folder("Cargo.toml".into()).resolve(&mut Silent).expect_err("a file");
    assert!(file.to_string().contains("it is a file"));
}

#[test]
fn sentencepiece_is_preferred_to_a_conversion_and_safetensors_to_pickles() {
    let all = folder(&[
        ("config.json", "{}"),
        ("tokenizer.json", "{}"),
        ("source.spm", ""),
        ("target.spm", ""),
        ("vocab.json", "{}"),
        ("pytorch_model.bin", ""),
        ("model.safetensors", ""),
    ]);
    let files = resolve(&all).expect("a model");
    assert!(matches!(files.tokenizer, TokenizerFiles::SentencePiece { .. }));
    assert_eq!(weights(&files.weights), ["model.safetensors"]);
    assert!(files.generation_config.is_none());

    fs::remove_file(all.path().join("target.spm")).expect("removed");
    fs::remove_file(all.path().join("model.safetensors")).expect("removed");
    let files = resolve(&all).expect("a model");
    assert!(matches!(files.tokenizer, TokenizerFiles::Json(_)));
    assert_eq!(weights(&files.weights), ["pytorch_model.bin"]);
}

#[test]
fn a_multilingual_tokenizer_is_chosen_by_type_and_class() {
    let choose = |config: &str, tokenizer_config: Option<&str>, lacking: &[&str]| {
        let place = folder(&[
            ("config.json", config),
            ("sentencepiece.bpe.model", ""),
            ("vocab.json", "{}"),
            ("tokenizer.json", "{}"),
            ("model.safetensors", ""),
        ]);
        if let Some(text) = tokenizer_config {
            fs::write(place.path().join("tokenizer_config.json"), text).expect("a file");
        }
        for name in lacking {
            fs::remove_file(place.path().join(name)).expect("removed");
        }
        resolve(&place).map(|files| files.tokenizer)
    };
    let (m2m100, mbart) = (r#"{"model_type": "m2m_100"}"#, r#"{"model_type": "mbart"}"#);
    let nllb = r#"{"model_type": "m2m_100", "tokenizer_class": "NllbTokenizer"}"#;
    let class = |class: &str| format!(r#"{{"tokenizer_class": "{class}"}}"#);

    let found = choose(m2m100, None, &[]);
    assert!(matches!(found, Ok(TokenizerFiles::M2m100 { .. })), "{found:?}");
    let found = choose(nllb, None, &[]);
    assert!(matches!(found, Ok(TokenizerFiles::Nllb(_))), "{found:?}");
    let found = choose(nllb, None, &["tokenizer.json"]);
    assert!(matches!(found, Ok(TokenizerFiles::NllbPieces(_))), "{found:?}");
    let error = choose(nllb, None, &["tokenizer.json", "sentencepiece.bpe.model"]);
    let error = error.expect_err("there is none");
    for part in ["lacks a tokenizer", "sentencepiece.bpe.model", "tokenizer.json"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    // What the tokenizer's own configuration says goes first.
    let found = choose(nllb, Some(&class("M2M100Tokenizer")), &[]);
    assert!(matches!(found, Ok(TokenizerFiles::M2m100 { .. })), "{found:?}");
    let found = choose(m2m100, Some(&class("NllbTokenizerFast")), &[]);
    assert!(matches!(found, Ok(TokenizerFiles::Nllb(_))), "{found:?}");
    let found = choose(mbart, Some(&class("MBart50TokenizerFast")), &[]);
    assert!(matches!(found, Ok(TokenizerFiles::Mbart50(_))), "{found:?}");
    let found = choose(mbart, Some(&class("MBart50Tokenizer")), &["sentencepiece.bpe.model"]);
    assert!(matches!(found, Ok(TokenizerFiles::Mbart50Json(_))), "{found:?}");
    let found = choose(r#"{"model_type": "marian"}"#, None, &[]);
    assert!(matches!(found, Ok(TokenizerFiles::Json(_))), "{found:?}");

    let t5 = r#"{"model_type": "mt5"}"#;
    let found = choose(t5, None, &[]);
    assert!(matches!(found, Ok(TokenizerFiles::Json(_))), "{found:?}");

    let wmt = r#"{"tokenizer_class": "M2M100Tokenizer", "language_codes": "wmt21"}"#;
    for (config, tokenizer_config, lacking, part) in [
        (
            m2m100,
            None,
            "vocab.json",
            "a tokenizer (sentencepiece.bpe.model + vocab.json; not there",
        ),
        (t5, None, "tokenizer.json", "lacks a tokenizer (spiece.model, or tokenizer.json)"),
        // The first mBART puts the language behind the text.
        (mbart, None, "vocab.json", "a mbart model with a MBartTokenizer"),
        (m2m100, Some(class("SMALL100Tokenizer")), "vocab.json", "SMALL100Tokenizer"),
        (m2m100, Some(wmt.to_string()), "tokenizer.json", "language_codes is \"wmt21\""),
        (m2m100, Some("[]".to_string()), "tokenizer.json", "tokenizer_config.json"),
    ] {
        let error = choose(config, tokenizer_config.as_deref(), &[lacking]).expect_err(part);
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn all_that_is_missing_is_said_at_once() {
    let error = resolve(&folder(&[("vocab.json", "{}")])).expect_err("not a model");
    let text = error.to_string();
    for part in
        ["config.json", "tokenizer.json", "not there: source.spm, target.spm)", "model.safetensors"]
    {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn shards_come_from_their_index_and_stay_beside_it() {
    let rest = [("config.json", "{}"), ("tokenizer.json", "{}")];
    let name = "model.safetensors.index.json";
    let with = |index| folder(&[rest[0], rest[1], (name, index), ("b", ""), ("a", "")]);
    let good = with(r#"{"metadata":{}, "weight_map":{"x":"b","y":"a","z":"b"}}"#);
    assert_eq!(weights(&resolve(&good).expect("a model").weights), ["a", "b"]);
    for (index, part) in [
        (r#"{"weight_map":{"x":"c"}}"#, "lacks c"),
        (r#"{"weight_map":{"x":"../a"}}"#, "not a file beside it"),
        (r#"{"weight_map":{}}"#, "names no weights"),
        ("{", "EOF"),
    ] {
        let text = resolve(&with(index)).expect_err(index).to_string();
        assert!(text.contains(part), "{text}");
    }
}

#[cfg(feature = "embedded-model")]
#[test]
fn the_embedded_model_has_all_its_files() {
    let files = ModelSource::Embedded.resolve(&mut Silent).expect("it is in the binary");
    assert_eq!(weights(&files.weights), ["model.safetensors"]);
    assert!(files.generation_config.is_some());
}
