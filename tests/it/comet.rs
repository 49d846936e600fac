//! COMET models against the scores of Unbabel's package, made by `scripts/reference/comet.py`.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use candle_core::Device;
use serde::Deserialize;
use tarjoman::model::comet::{Comet, CometFiles, Segment};
use tarjoman::model::source::Silent;
use tarjoman::model::{Error, ModelSource};
use tempfile::TempDir;

use super::decode::golden;

/// The models are small and their scores between -1 and 1; this is 100 times less than asked for.
const TOLERANCE: f32 = 1e-5;

const MODELS: [&str; 5] = ["comet-tiny", "comet-norm", "comet-max", "comet-qe", "comet-kiwi"];

#[derive(Deserialize)]
struct Row {
    src: String,
    mt: String,
    #[serde(rename = "ref")]
    reference: String,
    score: f32,
}

impl Row {
    fn segment(&self) -> Segment<'_> {
        Segment { source: &self.src, translation: &self.mt, reference: &self.reference }
    }
}

fn rows(folder: &str) -> Vec<Row> {
    let text = fs::read_to_string(golden(folder).join("scores.jsonl")).expect("golden");
    text.lines().map(|line| serde_json::from_str(line).expect("a row")).collect()
}

fn resolve(folder: &Path) -> Result<CometFiles, Error> {
    CometFiles::resolve(&ModelSource::Folder(folder.to_path_buf()), &mut Silent)
}

fn load(folder: &str) -> Comet {
    let files = resolve(&golden(folder)).expect("the golden has all files");
    Comet::load(&files, &Device::Cpu).expect("the golden loads")
}

#[test]
fn scores_are_those_of_unbabels_package() {
    for folder in MODELS {
        let (comet, rows) = (load(folder), rows(folder));
        assert_eq!(rows.len(), 28, "{folder}: the golden file is whole");
        let segments: Vec<Segment<'_>> = rows.iter().map(Row::segment).collect();
        let mut last = (0, 1);
        let scores = comet.score(&segments, &mut |done, all| last = (done, all)).expect("scores");
        for (at, (row, score)) in rows.iter().zip(&scores).enumerate() {
            let far = (row.score - score).abs();
            assert!(far < TOLERANCE, "{folder} {at}: {score} for {}", row.score);
        }
        assert_eq!(last.0, last.1, "{folder}: the progress ends at the end");
    }
}

#[test]
fn a_score_does_not_depend_on_the_other_sentences() {
    for folder in MODELS {
        let (comet, rows) = (load(folder), rows(folder));
        for row in rows.iter().rev().take(6) {
            let alone = comet.score(&[row.segment()], &mut |_, _| ()).expect("a score");
            assert!((row.score - alone[0]).abs() < TOLERANCE, "{folder}: {alone:?}");
        }
    }
    assert!(load("comet-tiny").score(&[], &mut |_, _| ()).expect("nothing").is_empty());
}

#[test]
fn only_some_models_read_references() {
    let wants: Vec<bool> = MODELS.iter().map(|folder| load(folder).wants_references()).collect();
    assert_eq!(wants, [true, true, true, false, false]);
}

/// A copy of a golden model.
fn copy(folder: &str) -> TempDir {
    let to = tempfile::tempdir().expect("a folder");
    fs::create_dir(to.path().join("checkpoints")).expect("made");
    for name in ["hparams.yaml", "config.json", "tokenizer.json", "checkpoints/model.ckpt"] {
        fs::copy(golden(folder).join(name), to.path().join(name)).expect("copied");
    }
    to
}

#[test]
fn what_would_be_computed_wrongly_is_refused_with_a_reason() {
    let changes: [(&str, &str, &str, &str); 6] = [
        (
            "hparams.yaml",
            "class_identifier: regression_metric",
            "class_identifier: xcomet",
            "xcomet",
        ),
        ("hparams.yaml", "encoder_model: XLM-RoBERTa", "encoder_model: RemBERT", "RemBERT"),
        ("hparams.yaml", "activations: Tanh", "activations: Swish", "Swish"),
        ("hparams.yaml", "- 24", "- 25", "estimator"),
        ("config.json", "\"xlm-roberta\"", "\"bert\"", "xlm-roberta"),
        ("config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4", "layer.3"),
    ];
    for (file, from, to, reason) in changes {
        let folder = copy("comet-tiny");
        let path = folder.path().join(file);
        let text = fs::read_to_string(&path).expect("a text");
        assert!(text.contains(from), "{file} has {from}");
        fs::write(&path, text.replace(from, to)).expect("written");
        let files = resolve(folder.path()).expect("all files are there");
        let error = Comet::load(&files, &Device::Cpu).err().expect("it is refused");
        let chain = chain(&error);
        assert!(chain.contains(reason), "{chain} should tell of {reason}");
    }
}

/// The error with its causes in one line.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

#[test]
fn damaged_and_missing_checkpoints_are_errors() {
    let folder = copy("comet-tiny");
    let path = folder.path().join("checkpoints/model.ckpt");
    let bytes = fs::read(&path).expect("the checkpoint");
    for cut in [0, 10, bytes.len() / 2, bytes.len() - 40] {
        fs::write(&path, &bytes[..cut]).expect("written");
        let files = resolve(folder.path()).expect("all files are there");
        assert!(Comet::load(&files, &Device::Cpu).is_err(), "cut at {cut}");
    }
    fs::remove_file(&path).expect("removed");
    let error = resolve(folder.path()).expect_err("it is missing");
    assert!(error.to_string().contains("checkpoints/model.ckpt"), "{error}");
}

/// Source, reference and two systems as files.
fn files() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = rows("comet-tiny");
    let put = |name: &str, line: fn(&Row) -> &str| {
        let lines: Vec<&str> = rows.iter().map(line).collect();
        let text = lines.join("\n") + "\n";
        fs::write(folder.path().join(name), text).expect("written");
    };
    put("src.txt", |row| &row.src);
    put("ref.txt", |row| &row.reference);
    put("a.txt", |row| &row.mt);
    put("b.txt", |row| &row.reference);
    folder
}

fn score(folder: &Path, arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("tarjoman").expect("the program is built");
    command.current_dir(folder).arg("score").args(arguments).assert()
}

fn stdout(assert: &assert_cmd::assert::Assert) -> String {
    String::from_utf8(assert.get_output().stdout.clone()).expect("UTF-8")
}

#[test]
fn systems_are_scored_and_compared_beside_the_other_metrics() {
    let folder = files();
    let model = golden("comet-tiny").display().to_string();
    let all = ["a.txt", "b.txt", "-r", "ref.txt", "-s", "src.txt", "--comet", &model];
    let rows = rows("comet-tiny");
    let mean = rows.iter().map(|row| f64::from(row.score)).sum::<f64>() / rows.len() as f64;
    let json = [&all[..], &["-m", "chrf", "--bootstrap", "100", "--json"]].concat();
    let found: serde_json::Value =
        serde_json::from_str(&stdout(&score(folder.path(), &json).success())).expect("JSON");
    assert_eq!((&found[0]["metric"], &found[2]["metric"]), (&"chrF2".into(), &"COMET".into()));
    assert!((found[2]["score"].as_f64().expect("a score") - mean).abs() < 1e-5);
    assert!(found[2]["p_value"].is_null() && found[3]["p_value"].as_f64().is_some());
    let signature = found[3]["signature"].as_str().expect("a signature");
    assert!(signature.contains("bs:100|seed:12345") && signature.contains("|revision:"));

    let table = [&all[..], &["-m", "chrf", "--sentences"]].concat();
    let printed = stdout(&score(folder.path(), &table).success());
    let first: Vec<&str> = printed.lines().nth(1).expect("a row").split('\t').collect();
    assert_eq!(first[3], format!("{:.4}", rows[0].score));

    // Models that need no references, and a page with sources and doubts.
    let model = golden("comet-kiwi").display().to_string();
    let without = ["a.txt", "-s", "src.txt", "--comet", &model, "--html", "page.html"];
    let printed = stdout(&score(folder.path(), &without).success());
    assert!(printed.starts_with("COMET|nrefs:0|model:") && printed.lines().count() == 1);
    let page = fs::read_to_string(folder.path().join("page.html")).expect("the page");
    assert!(page.contains(&rows[0].src) && page.contains("class=\"doubt\""));
}

#[test]
fn comet_without_what_it_reads_is_refused() {
    let folder = files();
    let model = golden("comet-tiny").display().to_string();
    score(folder.path(), &["a.txt", "-r", "ref.txt", "--comet", &model]).code(2);
    score(folder.path(), &["a.txt", "-s", "src.txt", "--comet", &model]).code(2);
    score(folder.path(), &["a.txt", "-s", "src.txt", "--comet", "./missing"]).code(78);
    score(folder.path(), &["a.txt", "-r", "ref.txt", "-s", "missing.txt"]).code(66);
}

#[cfg(feature = "hub")]
#[test]
fn a_model_of_the_hub_brings_its_encoders_files_from_another_repository() {
    let user = crate::newsroom::User::new();
    let read = |name: &str| fs::read(golden("comet-tiny").join(name)).expect("golden");
    let (hparams, weights) = (read("hparams.yaml"), read("checkpoints/model.ckpt"));
    let own: [(&str, &[u8]); 2] =
        [("hparams.yaml", &hparams), ("checkpoints/model.ckpt", &weights)];
    let commit = user.hub.publish("Unbabel/tiny", "main", &own);
    let (config, tokenizer) = (read("config.json"), read("tokenizer.json"));
    let others: [(&str, &[u8]); 3] =
        [("config.json", &config), ("tokenizer.json", &tokenizer), ("model.safetensors", b"large")];
    user.hub.publish("FacebookAI/xlm-roberta-large", "main", &others);

    let folder = files();
    let run = |offline: &str| {
        let mut command = Command::cargo_bin("tarjoman").expect("the program is built");
        command
            .current_dir(folder.path())
            .env("HF_HOME", user.home.path().join("hf"))
            .env("HF_ENDPOINT", user.hub.endpoint())
            .env("HF_HUB_OFFLINE", offline)
            .args(["score", "a.txt", "-r", "ref.txt", "-s", "src.txt", "-m", "chrf"])
            .args(["--comet", "Unbabel/tiny"]);
        stdout(&command.assert().success())
    };
    let first = run("0");
    assert!(first.contains(&format!("model:Unbabel/tiny|revision:{commit}")), "{first}");
    let paths: Vec<String> = user.hub.requests().into_iter().map(|it| it.path).collect();
    assert!(!paths.iter().any(|path| path.contains("safetensors")), "{paths:?}");
    assert_eq!(first, run("1"), "the second time nobody is asked");
    assert!(user.hub.requests().is_empty());
}
