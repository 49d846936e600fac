//! `tarjoman check` as a user runs it.

use std::process::{Command, Output};

use tempfile::TempDir;

use crate::decode::golden;

const PAIRS: &str = "در این حادثه ۱۲۵ نفر کشته شدند.\tThe incident killed 152 people.\n\
                     نشست در تهران برگزار شد.\tThe meeting was held in Tehran.\n";

fn check(folder: &TempDir, arguments: &[&str]) -> Output {
    let pairs = folder.path().join("pairs.tsv");
    std::fs::write(&pairs, PAIRS).expect("the temporary folder can be written");
    Command::new(env!("CARGO_BIN_EXE_tarjoman"))
        .arg("check")
        .arg(&pairs)
        .args(arguments)
        .output()
        .expect("the binary runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

#[test]
fn doubts_are_listed_a_line_each() {
    let folder = TempDir::new().expect("a folder");
    let output = check(&folder, &[]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        stdout(&output),
        "1\tnumber_changed\tThe number ۱۲۵ (125) is not in the English, which has “152”.\n"
    );
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("1 of 2 sentences have doubts"), "{told}");
}

#[test]
fn programs_get_a_json_object_a_sentence_with_places() {
    let folder = TempDir::new().expect("a folder");
    let output = check(&folder, &["--json", "--quiet"]);
    assert!(output.stderr.is_empty());
    let lines: Vec<serde_json::Value> = stdout(&output)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object"))
        .collect();
    assert_eq!(lines.len(), 2);
    let issue = &lines[0]["issues"][0];
    assert_eq!(issue["code"], "number_changed");
    assert_eq!(issue["target_span"], serde_json::json!([20, 23]));
    assert_eq!(lines[1]["issues"], serde_json::json!([]));
}

#[test]
fn the_exit_code_tells_of_doubts_where_that_is_asked_for() {
    let folder = TempDir::new().expect("a folder");
    let output = check(&folder, &["--fail-on-doubt"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stdout.is_empty());
}

#[test]
fn the_whole_translation_comes_out_with_its_doubts_in_any_format() {
    let folder = TempDir::new().expect("a folder");
    let out = folder.path().join("checked.jsonl");
    let output = check(&folder, &["--output", out.to_str().expect("a UTF-8 path")]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(out).expect("the output");
    assert_eq!(text.lines().count(), 2);
    assert!(text.contains("\"code\":\"number_changed\""), "{text}");
}

#[test]
fn translate_says_its_doubts_and_leaves_them_out_where_that_is_asked_for() {
    let translate = |arguments: &[&str]| {
        let article = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/article.fa.txt");
        let output = Command::new(env!("CARGO_BIN_EXE_tarjoman"))
            .env("TARJOMAN_CONFIG", "/nonexistent/tarjoman.toml")
            .args(["translate", article, "--beams", "1", "--max-length", "12", "--format", "jsonl"])
            .arg("--model")
            .arg(golden("marian-tiny"))
            .args(arguments)
            .output()
            .expect("the binary runs");
        let codes: Vec<String> = stdout(&output)
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a JSON object"))
            .flat_map(|line| line["issues"].as_array().expect("issues").clone())
            .map(|issue| issue["code"].as_str().expect("a code").to_owned())
            .collect();
        (output.status.code(), codes)
    };
    let has = |codes: &[String], code: &str| codes.iter().any(|other| other == code);
    // A network of random numbers lacks all names and numbers.
    let (status, codes) = translate(&["--fail-on-doubt"]);
    assert_eq!(status, Some(1));
    assert!(has(&codes, "name_missing") && has(&codes, "second_try"), "{codes:?}");
    let (status, codes) = translate(&["--no-second-try"]);
    assert_eq!(status, Some(0));
    assert!(has(&codes, "name_missing") && !has(&codes, "second_try"), "{codes:?}");
    let (_, codes) = translate(&["--no-checks"]);
    assert!(!has(&codes, "name_missing") && !has(&codes, "second_try"), "{codes:?}");
}
