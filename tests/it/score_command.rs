//! `tarjoman score` as typed.

use std::fs;

use assert_cmd::Command;
use tempfile::TempDir;

fn tarjoman() -> Command {
    let mut command = Command::cargo_bin("tarjoman").expect("the program is built");
    command.env_remove("TARJOMAN_MODEL");
    command
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("written");
    put("ref.txt", "The cat sat on the mat.\nHe said \"no\" on Tuesday.\n");
    put("a.txt", "The cat sat on a mat.\nHe said no on Tuesday.\n");
    put("b.txt", "A cat is sitting.\nHe said \"no\" on Tuesday.\n");
    put("short.txt", "One line only\n");
    put(
        "a.jsonl",
        "{\"schema\":\"tarjoman.aligned/1\",\"source\":\"x\",\"target\":\"The cat sat on a mat.\",\"issues\":[{\"code\":\"x\",\"message\":\"<b>look</b>\"}]}\n\
         {\"schema\":\"tarjoman.aligned/1\",\"source\":\"y\",\"target\":\"He said no on Tuesday.\",\"issues\":[]}\n",
    );
    put("a.tsv", "id\tsource\ttarget\n0\tx\tThe cat sat on a mat.\n1\ty\tHe said no on Tuesday.\n");
    folder
}

fn stdout(folder: &TempDir, arguments: &[&str]) -> String {
    let output = tarjoman()
        .current_dir(folder.path())
        .args(["score", "-r", "ref.txt"])
        .args(arguments)
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    String::from_utf8(output).expect("UTF-8")
}

#[test]
fn scores_are_printed_with_their_signature() {
    let printed = stdout(&folder(), &["a.txt", "-m", "bleu,chrf++,ter"]);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[0].starts_with("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0 = ")
    );
    assert!(lines[1].starts_with("chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|"));
    assert!(lines[2].starts_with("TER|nrefs:1|case:lc|tok:tercom|norm:no|punct:yes|asian:no|"));
}

#[test]
fn text_jsonl_and_tsv_of_the_same_sentences_score_the_same() {
    let folder = folder();
    let text = stdout(&folder, &["a.txt"]);
    assert_eq!(text, stdout(&folder, &["a.jsonl"]));
    assert_eq!(text, stdout(&folder, &["a.tsv"]));
}

#[test]
fn a_second_system_is_tested_against_the_first() {
    let printed = stdout(&folder(), &["a.txt", "b.txt", "--bootstrap", "50", "--json"]);
    let reports: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(reports.as_array().map(Vec::len), Some(4));
    assert!(reports[0]["p_value"].is_null());
    let p = reports[1]["p_value"].as_f64().expect("a p-value");
    assert!(p > 0.0 && p <= 1.0);
    assert!(reports[1]["signature"].as_str().is_some_and(|s| s.contains("|bs:50|seed:12345|")));
}

#[test]
fn every_sentence_has_a_row() {
    let printed = stdout(&folder(), &["a.txt", "b.txt", "--sentences", "-m", "chrf"]);
    let rows: Vec<Vec<&str>> = printed.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows[0], ["sentence", "system", "chrF2", "translation"]);
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[4][..3], ["2", "b.txt", "100.00"]);
}

#[test]
fn the_page_marks_differences_and_escapes_doubts() {
    let folder = folder();
    stdout(&folder, &["a.jsonl", "b.txt", "--html", "out.html"]);
    let page = fs::read_to_string(folder.path().join("out.html")).expect("the page is there");
    assert!(page.contains("<mark>a</mark>"), "the word that the reference has not");
    assert!(page.contains("look") && !page.contains("<b>look"));
}

#[test]
fn files_of_other_lengths_are_refused() {
    tarjoman()
        .current_dir(folder().path())
        .args(["score", "-r", "ref.txt", "missing.txt"])
        .assert()
        .code(66);
    let folder = folder();
    let output = tarjoman()
        .current_dir(folder.path())
        .args(["score", "-r", "ref.txt", "short.txt"])
        .assert()
        .code(2)
        .get_output()
        .stderr
        .clone();
    let message = String::from_utf8(output).expect("UTF-8");
    assert!(message.contains("short.txt has 1 lines, ref.txt has 2"), "{message}");
}
