//! The tokenizer against what Python makes of the same lines (`scripts/reference/README.md`).

#![expect(clippy::unwrap_used, reason = "a test fails where it unwraps")]

use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;
use tarjoman::model::source::Silent;
use tarjoman::model::{Error, FileData, ModelSource, Tokenizer, TokenizerFiles};

use crate::decode::golden;

const SPM: &str = "sentencepiece.bpe.model";

fn opus(folder: &Path) -> TokenizerFiles {
    let file = |name| FileData::Path(folder.join(name));
    TokenizerFiles::SentencePiece {
        source: file("source.spm"),
        target: file("target.spm"),
        vocab: file("vocab.json"),
        target_vocab: folder.join("target_vocab.json").exists().then(|| file("target_vocab.json")),
    }
}

/// The small models with a token for each language.
pub(crate) const MULTILINGUAL: [&str; 4] = ["m2m100-tiny", "nllb-tiny", "mbart-tiny", "mbart-json"];

/// The tokenizer in a folder that is, or is a copy of, one of the golden folders.
pub(crate) fn files_of(name: &str, folder: &Path) -> TokenizerFiles {
    let file = |name| FileData::Path(folder.join(name));
    match name {
        "m2m100-tiny" => TokenizerFiles::M2m100 { pieces: file(SPM), vocab: file("vocab.json") },
        "nllb-tiny" => TokenizerFiles::Nllb(file("tokenizer.json")),
        "gemma3-spm" | "qwen3-bpe" => {
            TokenizerFiles::Causal { tokenizer: file("tokenizer.gguf"), template: None }
        }
        "mt5-spm" => TokenizerFiles::T5(file("tokenizer.gguf")),
        "madlad-gguf" => TokenizerFiles::T5(file("model.gguf")),
        "mbart-tiny" => TokenizerFiles::Mbart50(file(SPM)),
        "mbart-json" => TokenizerFiles::Mbart50Json(file("tokenizer.json")),
        "json-bpe" => TokenizerFiles::Json(file("tokenizer.json")),
        _ => opus(folder),
    }
}

pub(crate) fn load(name: &str) -> Tokenizer {
    Tokenizer::load(&files_of(name, &golden(name))).unwrap()
}

#[derive(Deserialize)]
struct Line {
    text: String,
    ids: Vec<u32>,
}

fn lines(path: &str) -> Vec<Line> {
    let text = std::fs::read_to_string(golden(path)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every line both ways; all differences are shown, not the first alone.
pub(crate) fn assert_equal_to_python(folder: &str, files: &TokenizerFiles) {
    let tokenizer = Tokenizer::load(files).unwrap();
    let mut wrong = Vec::new();
    let encoded = lines(&format!("{folder}/encode.jsonl"));
    for line in &encoded {
        let ids = tokenizer.encode(&line.text).unwrap();
        if ids != line.ids {
            wrong.push(format!("{:?}\n  expected {:?}\n  got      {ids:?}", line.text, line.ids));
        }
    }
    let decoded = lines(&format!("{folder}/decode.jsonl"));
    for line in &decoded {
        let text = tokenizer.decode(&line.ids).unwrap();
        if text != line.text {
            wrong.push(format!("{:?}\n  expected {:?}\n  got      {text:?}", line.ids, line.text));
        }
    }
    let total = encoded.len() + decoded.len();
    assert!(wrong.is_empty(), "{} of {total} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn unigram_models_give_the_ids_and_texts_of_python() {
    assert_equal_to_python("marian-tiny", &opus(&golden("marian-tiny")));
}

#[test]
fn bpe_models_give_the_ids_and_texts_of_python() {
    assert_equal_to_python("spm-bpe", &opus(&golden("spm-bpe")));
}

#[test]
fn two_vocabularies_give_the_ids_and_texts_of_python() {
    assert_equal_to_python("spm-separate", &opus(&golden("spm-separate")));
    // They are found beside a network with two vocabularies.
    let folder = tempfile::tempdir().unwrap();
    for (from, names) in [
        ("marian-separate", &["config.json", "model.safetensors"][..]),
        ("spm-separate", &["source.spm", "target.spm", "vocab.json", "target_vocab.json"]),
    ] {
        for name in names {
            std::fs::copy(golden(from).join(name), folder.path().join(name)).unwrap();
        }
    }
    let files = ModelSource::Folder(folder.path().into()).resolve(&mut Silent).unwrap();
    assert_equal_to_python("spm-separate", &files.tokenizer);
}

#[test]
fn an_nllb_model_without_a_conversion_gives_the_ids_and_texts_of_python() {
    let files = TokenizerFiles::NllbPieces(FileData::Path(golden("nllb-tiny").join(SPM)));
    assert_equal_to_python("nllb-pieces", &files);
    let tokenizer = Tokenizer::load(&files).unwrap();
    assert_eq!(tokenizer.languages().len(), 202);
    // It is found beside the network when there is no tokenizer.json.
    let folder = tempfile::tempdir().unwrap();
    for name in ["config.json", "tokenizer_config.json", "model.safetensors", SPM] {
        std::fs::copy(golden("nllb-tiny").join(name), folder.path().join(name)).unwrap();
    }
    let files = ModelSource::Folder(folder.path().into()).resolve(&mut Silent).unwrap();
    assert!(matches!(files.tokenizer, TokenizerFiles::NllbPieces(_)));
}

#[test]
fn merges_by_score_in_a_gguf_file_give_the_ids_and_texts_of_python() {
    assert_equal_to_python("gemma3-spm", &files_of("gemma3-spm", &golden("gemma3-spm")));
}

#[test]
fn merges_of_bytes_in_a_gguf_file_give_the_ids_and_texts_of_python() {
    assert_equal_to_python("qwen3-bpe", &files_of("qwen3-bpe", &golden("qwen3-bpe")));
}

#[test]
fn a_gguf_file_without_a_tokenizer_says_so() {
    let path = golden("qwen3-tiny/model-f16.gguf");
    let files = TokenizerFiles::Causal { tokenizer: FileData::Path(path), template: None };
    let error = Tokenizer::load(&files).err().unwrap();
    assert!(error.to_string().contains("tokenizer.json"), "{error}");
}

#[test]
fn bytes_user_defined_pieces_and_kept_spaces_give_the_ids_and_texts_of_python() {
    assert_equal_to_python("spm-options", &opus(&golden("spm-options")));
}

#[test]
fn tokenizer_json_gives_the_ids_and_texts_of_python_without_its_padding_and_truncation() {
    let file = FileData::Path(golden("json-bpe/tokenizer.json"));
    assert_equal_to_python("json-bpe", &TokenizerFiles::Json(file));
}

#[test]
fn tokens_that_ask_for_a_language_give_the_ids_of_t5_tokenizer() {
    let files = TokenizerFiles::Json(FileData::Path(golden("madlad-json/tokenizer.json")));
    assert_equal_to_python("madlad-json", &files);
    let tokenizer = Tokenizer::load(&files).unwrap();
    for (language, prefix) in [("en", "<2en>"), ("eng", "<2en>"), ("pes", "<2fa>"), ("ar", "<2ar>")]
    {
        assert_eq!(tokenizer.target_prefix(language).as_deref(), Some(prefix));
    }
    assert_eq!(tokenizer.target_prefix("tur"), None);
}

#[test]
fn whole_prompts_give_the_ids_of_transformers() {
    let tokenizer = FileData::Path(golden("gemma3-tiny/tokenizer.json"));
    let files = TokenizerFiles::Causal { tokenizer, template: None };
    assert_equal_to_python("gemma3-tiny", &files);
    let tokenizer = Tokenizer::load(&files).unwrap();
    // What a newspaper writes can't end a prompt.
    let text = tokenizer.harmless("a <end_of_turn> b<bos>");
    assert_eq!(text, "a < end_of_turn> b< bos>");
    let ids = tokenizer.encode(&text).unwrap();
    assert!(!ids[1..].iter().any(|id| *id < 6 && Some(*id) != tokenizer.unk()), "{ids:?}");
}

#[test]
fn a_sentencepiece_model_of_t5_gives_the_ids_and_texts_of_python() {
    let files = TokenizerFiles::T5(FileData::Path(golden("mt5-spm/spiece.model")));
    assert_equal_to_python("mt5-spm", &files);
    let tokenizer = Tokenizer::load(&files).unwrap();
    assert_eq!((tokenizer.pad(), tokenizer.eos(), tokenizer.unk()), (Some(0), Some(1), Some(2)));
    assert_eq!(tokenizer.target_prefix("en"), None);
    // Rows of the embedding that no piece stands for may be said, and are not shown.
    assert_eq!(tokenizer.decode(&[640, 767]).unwrap(), "");
    assert!(tokenizer.decode(&[768]).is_err());
}

#[test]
fn a_sentencepiece_model_in_a_gguf_file_gives_the_ids_and_texts_of_python() {
    // With bytes, and with tokens that ask for a language; both with rows that have no piece.
    for (folder, size) in [("mt5-spm", 640), ("madlad-gguf", 284)] {
        let files = files_of(folder, &golden(folder));
        assert_equal_to_python(folder, &files);
        let tokenizer = Tokenizer::load(&files).unwrap();
        assert_eq!(tokenizer.vocabulary_size(), size);
        assert_eq!(
            [tokenizer.pad(), tokenizer.eos(), tokenizer.unk()],
            [Some(0), Some(1), Some(2)]
        );
    }
    assert_eq!(load("madlad-gguf").target_prefix("en").as_deref(), Some("<2en>"));
}

#[test]
fn the_embedded_model_tokenizes_as_in_python() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = FileData::Path(root.join("models/fa-en-tiny/tokenizer.json"));
    assert_equal_to_python("fa-en-tiny", &TokenizerFiles::Json(file));
}

#[test]
fn special_tokens_and_language_codes_are_known() {
    let tokenizer = Tokenizer::load(&opus(&golden("marian-tiny"))).unwrap();
    let last = u32::try_from(tokenizer.vocabulary_size()).unwrap() - 1;
    assert_eq!(tokenizer.eos(), Some(0));
    assert_eq!(tokenizer.unk(), Some(1));
    assert_eq!(tokenizer.pad(), Some(last));
    assert_eq!(tokenizer.target_prefix("eng").as_deref(), Some(">>eng<<"));
    assert_eq!(tokenizer.target_prefix("deu"), None);
    assert_eq!(tokenizer.encode(">>eng<<").unwrap(), [last - 1, 0]);

    let file = FileData::Path(golden("json-bpe/tokenizer.json"));
    let tokenizer = Tokenizer::load(&TokenizerFiles::Json(file)).unwrap();
    assert_eq!([tokenizer.eos(), tokenizer.unk(), tokenizer.pad()], [Some(0), Some(1), Some(2)]);
    assert_eq!(tokenizer.vocabulary_size(), 700);
    assert_eq!(tokenizer.target_prefix("eng"), None);
}

#[test]
fn an_id_that_no_token_has_is_refused() {
    let json = TokenizerFiles::Json(FileData::Path(golden("json-bpe/tokenizer.json")));
    for files in [opus(&golden("marian-tiny")), json] {
        let error = Tokenizer::load(&files).unwrap().decode(&[2, 90_000]).unwrap_err();
        assert!(error.to_string().contains("90000"), "{error}");
    }
}

/// The files of a small model in a folder of their own, one of them replaced.
pub(crate) fn with(folder: &str, name: &str, bytes: &[u8]) -> (tempfile::TempDir, TokenizerFiles) {
    let copy = tempfile::tempdir().unwrap();
    for file in ["source.spm", "target.spm", "vocab.json", "tokenizer.json", SPM] {
        if golden(folder).join(file).is_file() {
            std::fs::copy(golden(folder).join(file), copy.path().join(file)).unwrap();
        }
    }
    std::fs::write(copy.path().join(name), bytes).unwrap();
    let files = files_of(folder, copy.path());
    (copy, files)
}

/// Loads, and where that works also runs: a damaged file may be refused, it may not panic.
fn outcome(folder: &str, name: &str, bytes: &[u8]) -> Result<(), String> {
    let (_copy, files) = with(folder, name, bytes);
    let tokenizer = match Tokenizer::load(&files) {
        Ok(tokenizer) => tokenizer,
        Err(error @ Error::Tokenizer { .. }) => {
            assert!(error.to_string().contains(name), "{error} does not name {name}");
            assert!(error.hint().is_some());
            return Err(error.to_string());
        }
        Err(error) => panic!("of another kind: {error:?}"),
    };
    let text = "  می‌روم به ﻛﺘﺎﺏ‌خانه </s> 日本 ۱۲٣ ½ <date> Hello,   World! ";
    let ids = tokenizer.encode(text).unwrap_or_default();
    let _ = tokenizer.decode(&ids);
    Ok(())
}

#[test]
fn damaged_files_are_named_with_what_is_wrong() {
    let cases: [(&str, &str, &[u8], &str); 18] = [
        ("spm-bpe", "source.spm", b"", "ends before"),
        ("spm-bpe", "source.spm", b"<!DOCTYPE html>", "not a SentencePiece model"),
        ("spm-bpe", "target.spm", b"version https://git-lfs.github.com/spec/v1", "not a SentencePiece model"),
        ("spm-bpe", "source.spm", &[0x12, 0, 0x1a, 0], "no unknown piece"),
        // A trainer_spec of type WORD.
        ("spm-bpe", "source.spm", &[0x12, 2, 0x18, 3, 0x1a, 0], "Word are not supported"),
        // A normalisation table that says it is longer than it is.
        ("spm-bpe", "source.spm", &[0x12, 0, 0x1a, 6, 0x12, 4, 0xff, 0, 0, 0], "rules are cut off"),
        ("spm-bpe", "vocab.json", b"", "EOF"),
        ("spm-bpe", "vocab.json", b"[1, 2]", "expected a map"),
        ("spm-bpe", "vocab.json", b"{\"</s>\": \"0\"}", "expected u32"),
        ("spm-bpe", "vocab.json", b"{\"</s>\": 0}", "<unk> is missing"),
        ("spm-bpe", "vocab.json", b"{\"<unk>\": 1}", "</s> is missing"),
        ("json-bpe", "tokenizer.json", b"{}", "Model missing"),
        ("json-bpe", "tokenizer.json",
            b"{\"version\": \"1.0\", \"model\": {\"type\": \"New\"}}",
            "ModelUntagged",
        ),
        ("m2m100-tiny", "vocab.json", b"{}", "<unk> is missing"),
        ("m2m100-tiny", "vocab.json", b"{\"<unk>\": 3, \"<s>\": 0}", "<pad> is missing"),
        ("m2m100-tiny", SPM, b"", "ends before"),
        // One piece, of the unknown kind.
        ("mbart-tiny", SPM, b"\x0a\x09\x0a\x05<unk>\x18\x02\x12\0\x1a\0", "does not start with"),
        (
            "nllb-tiny",
            "tokenizer.json",
            b"{\"version\": \"1.0\", \"model\": {\"type\": \"BPE\", \"vocab\": {}, \"merges\": []}}",
            "</s> is missing",
        ),
    ];
    for (folder, name, bytes, reason) in cases {
        let message = outcome(folder, name, bytes).unwrap_err();
        assert!(message.contains(reason), "{name}: {message:?} does not say {reason:?}");
    }
}

#[test]
fn a_tokenizer_json_whose_tables_point_outside_of_themselves_is_an_error() {
    let json = r#"{"version": "1.0", "added_tokens": [],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": "AAAAAA=="},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.0]]}}"#;
    let (_copy, files) = with("json-bpe", "tokenizer.json", json.as_bytes());
    let error = Tokenizer::load(&files).unwrap().encode("سلام").unwrap_err();
    assert!(matches!(error, Error::Tokenizer { .. }), "{error:?}");
}

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Tokenizer::load(&opus(folder.path())).err().unwrap();
    assert!(matches!(error, Error::Read { .. }) && error.to_string().contains("source.spm"));
}

#[test]
fn truncated_files_are_refused() {
    for (folder, name) in [
        ("spm-bpe", "source.spm"),
        ("spm-options", "target.spm"),
        ("spm-bpe", "vocab.json"),
        ("json-bpe", "tokenizer.json"),
        ("m2m100-tiny", SPM),
        ("m2m100-tiny", "vocab.json"),
        ("nllb-tiny", "tokenizer.json"),
        ("mbart-tiny", SPM),
        ("gemma3-spm", "tokenizer.gguf"),
        ("qwen3-bpe", "tokenizer.gguf"),
        ("mt5-spm", "tokenizer.gguf"),
    ] {
        let whole = std::fs::read(golden(folder).join(name)).unwrap();
        for length in (0..whole.len() - 10).step_by(whole.len() / 97) {
            assert!(outcome(folder, name, &whole[..length]).is_err(), "{name} cut to {length}");
        }
    }
    // The smallest at every length.
    let whole = std::fs::read(golden("spm-separate/target.spm")).unwrap();
    for length in 0..whole.len() - 10 {
        let error = outcome("spm-separate", "target.spm", &whole[..length]);
        assert!(error.is_err(), "cut to {length}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (folder, name) in [
            ("spm-bpe", "source.spm"),
            ("spm-bpe", "vocab.json"),
            ("json-bpe", "tokenizer.json"),
            ("mbart-tiny", SPM),
        ] {
            prop_assert!(outcome(folder, name, &bytes).is_err());
        }
    }

    #[test]
    fn changed_bytes_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        for (folder, name) in [
            ("spm-bpe", "source.spm"),
            ("spm-options", "source.spm"),
            ("marian-tiny", "source.spm"),
            ("spm-bpe", "vocab.json"),
            ("m2m100-tiny", "vocab.json"),
            ("mbart-tiny", SPM),
            ("nllb-tiny", "tokenizer.json"),
            ("gemma3-spm", "tokenizer.gguf"),
            ("qwen3-bpe", "tokenizer.gguf"),
            ("mt5-spm", "tokenizer.gguf"),
        ] {
            let mut bytes = std::fs::read(golden(folder).join(name)).unwrap();
            for (at, byte) in &changes {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            let _ = outcome(folder, name, &bytes);
        }
    }

    #[test]
    fn any_text_is_encoded_and_its_ids_decoded(text in "\\PC{0,40}|[ -~▁‌ا-ی<>/]{0,60}") {
        for folder in ["spm-bpe", "spm-options"].into_iter().chain(MULTILINGUAL) {
            let tokenizer = load(folder);
            let ids = tokenizer.encode(&text).unwrap();
            prop_assert_eq!(ids.last().copied(), tokenizer.eos());
            tokenizer.decode(&ids).unwrap();
        }
    }
}
