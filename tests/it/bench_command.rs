//! `tarjoman bench` as typed.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tarjoman::bench::{Mode, Report, SCHEMA};
use tempfile::TempDir;

use super::decode::golden;

fn bench(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("tarjoman").expect("the program is built");
    command.env_remove("TARJOMAN_MODEL").env("TARJOMAN_PACKED", "off").current_dir(folder);
    command.arg("bench").args(arguments);
    command
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let text = "این یک آزمون است.\n\nکتاب روی میز است و مرد آن را می‌خواند.\n";
    fs::write(folder.path().join("text.txt"), text).expect("written");
    folder
}

/// Little work of a small model.
fn small() -> Vec<String> {
    let model = golden("marian-tiny").display().to_string();
    let rest = "--text text.txt --sentences 3 --runs 1 --min-time 0 --warmup 0 --threads 1";
    let rest = rest.split(' ').map(str::to_owned);
    ["--model".to_owned(), model].into_iter().chain(rest).collect()
}

fn report(folder: &Path, name: &str) -> Report {
    let text = fs::read_to_string(folder.join(name)).expect("the report is there");
    serde_json::from_str(&text).expect("a report")
}

#[test]
fn several_values_make_a_sweep_and_every_format_has_all_of_it() {
    let folder = folder();
    let path = folder.path();
    let small = small();
    let mut arguments: Vec<&str> = small.iter().map(String::as_str).collect();
    arguments.extend(["--beams", "1,2", "--compute-type", "f32,int8", "--batch-tokens", "64,128"]);
    for name in ["r.json", "r.csv", "r.md", "r.html", "r.svg"] {
        arguments.extend(["-o", name]);
    }
    let printed = bench(path, &arguments).assert().success().get_output().stdout.clone();
    let report = report(path, "r.json");
    assert_eq!(report.schema, SCHEMA);
    // Two types and two beams, single and in batches of two sizes.
    assert_eq!((report.points.len(), report.failed.len()), (12, 0));
    for point in &report.points {
        assert_eq!((point.sentences, point.rounds.len()), (3, 1));
        assert!(point.tokens_per_second.median > 0.0 && point.share.is_some());
        assert!(point.latency.p50 <= point.latency.p95 && point.latency.p95 <= point.latency.p99);
        assert!(point.load_seconds.median < point.first_sentence_seconds.median);
        assert_eq!(point.beams, point.point.beams.expect("given"));
    }
    let single = report.points.iter().filter(|it| it.point.mode == Mode::Single);
    assert!(single.clone().count() == 4 && single.clone().all(|it| it.latency.count == 3));

    let lines = |name: &str| fs::read_to_string(path.join(name)).expect("the report is there");
    assert_eq!(lines("r.csv").lines().count(), 13);
    assert_eq!(lines("r.md").lines().filter(|line| line.starts_with("| ")).count(), 13);
    assert!(lines("r.svg").starts_with("<svg ") && lines("r.html").contains("<svg "));
    assert_eq!(lines("r.svg").matches("class=\"bar\"").count(), 4 * 12);
    let printed = String::from_utf8(printed).expect("UTF-8");
    assert!(printed.contains("tokens/s") && printed.contains("int8"), "{printed}");
}

#[test]
fn a_report_is_put_beside_an_older_one() {
    let folder = folder();
    let path = folder.path();
    let small = small();
    let small: Vec<&str> = small.iter().map(String::as_str).collect();
    let with = |more: &[&'static str]| [small.as_slice(), more].concat();
    bench(path, &with(&["--mode", "single", "-o", "old.json"])).assert().success();
    let compare = with(&["--mode", "single", "--compare", "old.json"]);
    let printed = bench(path, &compare).assert().success().get_output().stdout.clone();
    let printed = String::from_utf8(printed).expect("UTF-8");
    assert!(printed.contains("too few runs to tell"), "{printed}");

    let other = fs::read_to_string(path.join("old.json")).expect("written");
    fs::write(path.join("old.json"), other.replace("\"cores\": ", "\"cores\": 9"))
        .expect("written");
    let printed = bench(path, &compare).assert().success().get_output().stdout.clone();
    let printed = String::from_utf8(printed).expect("UTF-8");
    assert!(printed.contains("another machine"), "{printed}");
    fs::write(path.join("old.json"), "{\"schema\": 1}").expect("written");
    bench(path, &compare).assert().code(2);
}

#[test]
fn what_can_not_be_measured_is_named_and_the_rest_is_there() {
    let folder = folder();
    let path = folder.path();
    let broken = path.join("broken");
    fs::create_dir(&broken).expect("made");
    for name in ["config.json", "generation_config.json", "source.spm", "target.spm", "vocab.json"]
    {
        fs::copy(golden("marian-tiny").join(name), broken.join(name)).expect("copied");
    }
    fs::write(broken.join("model.safetensors"), "no weights").expect("written");
    let small = small();
    let mut arguments: Vec<&str> = small.iter().map(String::as_str).collect();
    arguments.extend(["--model", "./broken", "--mode", "single", "-o", "r.json"]);
    let output = bench(path, &arguments).assert().code(3).get_output().clone();
    let told = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(told.contains("broken") && told.contains("1 of 2"), "{told}");
    let report = report(path, "r.json");
    assert_eq!((report.points.len(), report.failed.len()), (1, 1));
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_measured() {
    let folder = folder();
    for (arguments, code) in [
        (&["-o", "report.pdf"][..], 2),
        (&["--threads", "0"], 2),
        (&["--device", "abacus"], 2),
        (&["--compare", "missing.json"], 66),
        (&["--text", "missing.txt"], 66),
        (&["-o", "missing/r.json"], 74),
        (&["--model", "./missing"], 78),
    ] {
        bench(folder.path(), arguments).assert().code(code);
    }
}

#[test]
fn a_workload_of_token_ids_takes_one_setting() {
    let folder = folder();
    let workload = r#"{"batches": [{"sources": [[5, 6, 0], [7, 0]], "target_length": 4}]}"#;
    fs::write(folder.path().join("tokens.json"), workload).expect("written");
    let model = golden("marian-tiny").display().to_string();
    let tokens = ["--tokens", "tokens.json", "--model", &model, "--repeat", "1", "--json"];
    let printed = bench(folder.path(), &tokens).assert().success().get_output().stdout.clone();
    let found: serde_json::Value = serde_json::from_slice(&printed).expect("JSON");
    assert_eq!((&found["target_tokens"], &found["source_tokens"]), (&8.into(), &5.into()));
    bench(folder.path(), &[&tokens[..], &["--beams", "1,2"]].concat()).assert().code(2);
}
