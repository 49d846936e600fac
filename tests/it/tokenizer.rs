//! The tokenizer against what Python makes of the same lines (`scripts/reference/README.md`).

use std::path::{Path, PathBuf};

use serde::Deserialize;
use tarjoman::model::{FileData, Tokenizer, TokenizerFiles};

fn golden(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(path)
}

fn opus(folder: &Path) -> TokenizerFiles {
    let file = |name| FileData::Path(folder.join(name));
    TokenizerFiles::SentencePiece {
        source: file("source.spm"),
        target: file("target.spm"),
        vocab: file("vocab.json"),
    }
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
fn assert_equal_to_python(folder: &str, files: &TokenizerFiles) {
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
fn bytes_user_defined_pieces_and_kept_spaces_give_the_ids_and_texts_of_python() {
    assert_equal_to_python("spm-options", &opus(&golden("spm-options")));
}
