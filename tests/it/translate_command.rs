//! `tarjoman translate` as a user runs it: what comes out, and what bad input does.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::decode::golden;

const ARTICLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/seeds/article.fa.txt");

fn tarjoman() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
    // The user's own settings are not part of the test.
    command.env("TARJOMAN_CONFIG", "/nonexistent/tarjoman.toml").env_remove("TARJOMAN_MODEL");
    command
}

/// With the golden model, and quick.
fn translate(arguments: &[&str]) -> Command {
    let mut command = tarjoman();
    command.arg("translate").arg("--model").arg(golden("marian-tiny"));
    command.args(["--beams", "1", "--max-length", "24"]).args(arguments);
    command
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the binary runs")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("output is UTF-8")
}

/// Runs a command that must fail: the exit code, that nothing is on standard output, that the
/// message names every word of `words`, and that there is a hint.
fn fails(command: &mut Command, code: i32, words: &[&str]) {
    let output = run(command);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(output.stdout.is_empty(), "{}", stdout(&output));
    assert!(message.starts_with("error: ") || message.contains("\nerror: "), "{message}");
    assert!(message.contains("hint: "), "{message}");
    assert!(!message.contains("panicked"), "{message}");
    for word in words {
        assert!(message.contains(word), "{word:?} is not in: {message}");
    }
}

fn file(folder: &TempDir, name: &str, content: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("the temporary folder can be written");
    path
}

/// A copy of the golden model, to be damaged.
fn model_copy(folder: &TempDir) -> PathBuf {
    let model = folder.path().join("model");
    std::fs::create_dir(&model).expect("the temporary folder can be written");
    for entry in std::fs::read_dir(golden("marian-tiny")).expect("the golden model") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        std::fs::copy(&path, model.join(name)).expect("a copy");
    }
    model
}

fn with_model(model: &Path) -> Command {
    let mut command = tarjoman();
    command
        .args(["translate", ARTICLE, "--beams", "1", "--max-length", "24", "--model"])
        .arg(model);
    command
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

#[test]
fn the_article_comes_out_beside_its_translation_with_every_sentence_once_and_in_order() {
    let output = run(&mut translate(&[ARTICLE, "--format", "jsonl", "--quiet"]));
    assert!(output.status.success() && output.stderr.is_empty());
    let article = std::fs::read_to_string(ARTICLE).expect("the article");
    let mut rest = article.as_str();
    let mut sentences = 0;
    for (id, line) in stdout(&output).lines().enumerate() {
        let unit: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
        assert_eq!(unit["id"], id);
        assert!(unit["target"].as_str().is_some_and(|target| !target.is_empty()));
        let source = unit["source"].as_str().expect("a source");
        // Between the end of the sentence before and this one there is nothing but white space.
        let at = rest.find(source).expect("the source is in the article, untouched");
        assert!(rest[..at].chars().all(char::is_whitespace), "lost: {:?}", &rest[..at]);
        rest = &rest[at + source.len()..];
        sentences += 1;
    }
    assert!(rest.trim().is_empty(), "lost: {rest:?}");
    assert!(sentences > 25, "{sentences} sentences");
}

#[test]
fn the_terminal_shows_both_languages() {
    let output = run(&mut translate(&[ARTICLE]));
    assert!(output.status.success());
    let shown = stdout(&output);
    assert!(shown.contains("سرگئی ریابکوف، معاون وزیر امور خارجه روسیه"));
    assert!(shown.lines().filter(|line| line.starts_with(' ')).count() > 25);
    assert!(!shown.contains('\u{1b}'), "no colours without a terminal");
}

#[test]
fn the_ending_of_the_output_chooses_the_format() {
    let folder = TempDir::new().expect("a temporary folder");
    for (name, sign) in [
        ("a.html", "<!DOCTYPE html>"),
        ("a.tsv", "id\tblock\tsource\ttarget"),
        ("a.jsonl", "{\"schema\":"),
        ("a.md", "|"),
        ("a.txt", "\n\n"),
    ] {
        let path = folder.path().join(name);
        let output = run(&mut translate(&[ARTICLE, "-o", text(&path)]));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty());
        let written = std::fs::read_to_string(&path).expect("the output is there");
        let found = written.to_lowercase().contains(&sign.to_lowercase());
        assert!(found, "{name}: {sign:?} is not in {}", &written[..200.min(written.len())]);
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 5, "nothing else");
}

#[test]
fn english_text_keeps_the_paragraphs() {
    let output = run(&mut translate(&[ARTICLE, "--format", "text"]));
    let paragraphs = |text: &str| text.split("\n\n").filter(|part| !part.trim().is_empty()).count();
    let article = std::fs::read_to_string(ARTICLE).expect("the article");
    let english = stdout(&output);
    assert_eq!(paragraphs(&english), paragraphs(&article));
    assert!(!english.contains('ی'), "no Persian in it");
}

#[test]
fn standard_input_and_output_are_a_dash() {
    let mut child = translate(&["-", "-o", "-", "--format", "tsv"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all("سلام دنیا. حال شما چطور است؟\n".as_bytes()).expect("it reads");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    let table = stdout(&output);
    assert!(table.contains("سلام دنیا.\t") && table.contains("حال شما چطور است؟\t"), "{table}");
}

#[test]
fn a_multilingual_model_is_asked_for_languages_and_others_refuse_them() {
    for folder in ["m2m100-tiny", "nllb-tiny", "mbart-tiny"] {
        let model = golden(folder);
        let run_with = |languages: &[&str]| {
            let mut command = tarjoman();
            command.args(["translate", ARTICLE, "--format", "text", "--beams", "1"]);
            command.args(["--max-length", "16", "--model"]).arg(&model).args(languages);
            command
        };
        let default = run(&mut run_with(&[]));
        assert!(default.status.success(), "{}", String::from_utf8_lossy(&default.stderr));
        let named = run(&mut run_with(&["--from", "fas", "--to", "eng"]));
        assert_eq!(named.stdout, default.stdout, "{folder}");
        fails(&mut run_with(&["--to", "xx"]), 2, &["xx"]);
    }
    fails(&mut translate(&[ARTICLE, "--to", "de"]), 2, &["marian-tiny", "de"]);
    let english = run(&mut translate(&[ARTICLE, "--to", "en", "--quiet"]));
    assert!(english.status.success(), "it has the prefix >>eng<<");
}

#[test]
fn several_candidates_are_written_when_asked_for() {
    let arguments = [ARTICLE, "--format", "jsonl", "-n", "3", "--beams", "4"];
    let mut command = tarjoman();
    command.arg("translate").arg("--model").arg(golden("marian-tiny")).args(arguments);
    let output = run(command.args(["--max-length", "16"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for line in stdout(&output).lines() {
        let unit: serde_json::Value = serde_json::from_str(line).expect("a JSON line");
        let candidates = unit["candidates"].as_array().expect("candidates");
        let scores: Vec<f64> =
            candidates.iter().filter_map(|candidate| candidate["score"].as_f64()).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "the best first: {line}");
        let split = unit["issues"].to_string().contains("sentence_split");
        assert_eq!(candidates.len(), if split { 1 } else { 3 });
    }
}

#[test]
fn input_that_is_no_article_is_refused_with_its_name() {
    let folder = TempDir::new().expect("a temporary folder");
    let missing = folder.path().join("missing.txt");
    fails(&mut translate(&[text(&missing)]), 66, &["missing.txt"]);
    fails(&mut translate(&[text(folder.path())]), 66, &[text(folder.path())]);
    let empty = file(&folder, "empty.txt", b"");
    fails(&mut translate(&[text(&empty)]), 65, &["empty.txt", "empty"]);
    let blank = file(&folder, "blank.txt", b" \n\n\t ");
    fails(&mut translate(&[text(&blank)]), 65, &["blank.txt"]);
    let old = file(&folder, "old.txt", b"\xd3\xe1\xc7\xe3 \xcf\xe4\xed\xc7");
    fails(&mut translate(&[text(&old)]), 65, &["old.txt", "UTF-8"]);
    let binary = file(&folder, "binary.txt", b"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00");
    fails(&mut translate(&[text(&binary)]), 65, &["binary.txt", "binary"]);
    let word = file(&folder, "word.docx", b"PK\x03\x04\x14\x00\x06\x00\x08\x00");
    fails(&mut translate(&[text(&word)]), 65, &["word.docx"]);
}

#[test]
fn an_output_that_cant_be_written_is_known_before_the_work() {
    let folder = TempDir::new().expect("a temporary folder");
    let odd = folder.path().join("a.xyz");
    fails(&mut translate(&[ARTICLE, "-o", text(&odd)]), 2, &["a.xyz", ".html"]);
    let article = file(&folder, "article.txt", "سلام دنیا.".as_bytes());
    fails(&mut translate(&[text(&article), "-o", text(&article)]), 2, &["article.txt"]);
    assert_eq!(std::fs::read_to_string(&article).expect("it is still there"), "سلام دنیا.");
    let nowhere = folder.path().join("no/such/folder/a.html");
    fails(&mut translate(&[ARTICLE, "-o", text(&nowhere)]), 74, &["a.html"]);
    let taken = folder.path().join("taken.html");
    std::fs::create_dir(&taken).expect("a folder");
    fails(&mut translate(&[ARTICLE, "-o", text(&taken)]), 74, &["taken.html"]);
}

#[test]
fn an_option_out_of_range_is_a_usage_error() {
    fails(&mut translate(&[ARTICLE, "-n", "9"]), 2, &["candidates"]);
    fails(&mut translate(&[ARTICLE, "--length-penalty", "nan"]), 2, &["length_penalty"]);
    let mut long = tarjoman();
    long.args(["translate", ARTICLE, "--max-length", "100000", "--model"]);
    fails(long.arg(golden("marian-tiny")), 2, &["100000"]);
}

#[test]
fn a_model_that_cant_be_used_is_refused_with_its_file() {
    let folder = TempDir::new().expect("a temporary folder");
    let model = model_copy(&folder);
    let damage = |name: &str, content: Option<&[u8]>, words: &[&str]| {
        let path = model.join(name);
        let whole = std::fs::read(&path).expect("the file");
        match content {
            Some(content) => std::fs::write(&path, content).expect("damage"),
            None => std::fs::remove_file(&path).expect("damage"),
        }
        fails(&mut with_model(&model), 78, words);
        std::fs::write(&path, whole).expect("repair");
    };
    let weights = std::fs::read(model.join("model.safetensors")).expect("the weights");
    damage("model.safetensors", None, &["model.safetensors"]);
    damage("model.safetensors", Some(&weights[..weights.len() / 2]), &["model.safetensors"]);
    damage("model.safetensors", Some(b""), &["model.safetensors"]);
    damage(
        "model.safetensors",
        Some(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}"),
        &["model.safetensors"],
    );
    damage("config.json", None, &["config.json"]);
    damage("config.json", Some(b"{"), &["config.json"]);
    damage("config.json", Some(b"{\"model_type\": \"bert\"}"), &["bert", "marian"]);
    damage("config.json", Some(b"{\"model_type\": \"marian\"}"), &["config.json"]);
    damage("source.spm", Some(b"\x0a\xff\xff\xff\xff\xff"), &["source.spm"]);
    damage("vocab.json", Some(b"[]"), &["vocab.json"]);
    damage("generation_config.json", Some(b"[1]"), &["generation_config.json"]);
    damage(
        "generation_config.json",
        Some(b"{\"num_beams\": \"four\"}"),
        &["generation_config.json"],
    );
    let whole = run(&mut with_model(&model));
    assert!(whole.status.success(), "the copy itself is fine");
    let nowhere = folder.path().join("nowhere");
    fails(&mut with_model(&nowhere), 78, &["nowhere"]);
}

#[cfg(feature = "hub")]
#[test]
fn a_model_from_the_hub_translates_as_the_same_model_in_a_folder() {
    let names = ["config.json", "generation_config.json", "model.safetensors"];
    let names = names.into_iter().chain(["source.spm", "target.spm", "vocab.json"]);
    let contents: Vec<(&str, Vec<u8>)> = names
        .map(|name| (name, std::fs::read(golden("marian-tiny").join(name)).expect("a file")))
        .collect();
    let files: Vec<(&str, &[u8])> =
        contents.iter().map(|(name, c)| (*name, c.as_slice())).collect();
    let hub = crate::hub_server::Hub::start();
    hub.publish("newsroom/real", "main", &files);

    let cache = TempDir::new().expect("a temporary folder");
    let arguments =
        ["translate", ARTICLE, "--beams", "1", "--max-length", "24", "--format", "text"];
    let output = run(tarjoman()
        .args(arguments)
        .args(["--model", "newsroom/real@main"])
        .env("HF_HOME", cache.path())
        .env("HF_ENDPOINT", hub.endpoint())
        .env_remove("HF_HUB_OFFLINE"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout, run(&mut translate(&[ARTICLE, "--format", "text"])).stdout);
}

#[cfg(unix)]
#[test]
fn a_reader_that_closes_the_pipe_is_no_error() {
    let mut child = translate(&[ARTICLE, "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_reported_and_leaves_the_old_output_whole() {
    // A device that is always full.
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = run(translate(&[ARTICLE]).stdout(full));
    assert_eq!(output.status.code(), Some(74));
    fails(&mut translate(&[ARTICLE, "-o", "/dev/full", "--format", "tsv"]), 74, &["/dev/full"]);

    // A file that may not grow beyond a few blocks stands for a disk without room.
    let folder = TempDir::new().expect("a temporary folder");
    let old = file(&folder, "out.tsv", b"old");
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -f 4; trap '' XFSZ; exec \"$@\"", "sh"]);
    limited.arg(env!("CARGO_BIN_EXE_tarjoman")).args(["translate", ARTICLE, "--model"]);
    limited.arg(golden("marian-tiny")).args(["--beams", "1", "--max-length", "24"]);
    limited.args(["-o", text(&old)]);
    fails(&mut limited, 74, &["out.tsv"]);
    assert_eq!(std::fs::read(&old).expect("it is still there"), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing else");
}

#[cfg(unix)]
#[test]
fn a_link_stays_and_what_it_points_to_is_replaced() {
    let folder = TempDir::new().expect("a temporary folder");
    let real = file(&folder, "real.tsv", b"old");
    let link = folder.path().join("link.tsv");
    std::os::unix::fs::symlink(&real, &link).expect("a link");
    let output = run(&mut translate(&[ARTICLE, "-o", text(&link)]));
    assert!(output.status.success());
    assert!(std::fs::symlink_metadata(&link).expect("the link").is_symlink());
    assert!(std::fs::read(&real).expect("the file").starts_with(b"id\t"));
}

#[test]
fn a_line_of_five_megabytes_is_split_and_nothing_of_it_is_lost() {
    let folder = TempDir::new().expect("a temporary folder");
    let sentence = "نمایندگان مجلس پس از چند ساعت بحث سرانجام به این طرح رأی دادند ";
    let line = sentence.repeat(5 * 1024 * 1024 / sentence.len());
    let path = file(&folder, "line.txt", line.as_bytes());
    let mut command = tarjoman();
    command.arg("translate").arg("--model").arg(golden("marian-tiny"));
    command.args(["--beams", "1", "--max-length", "2", "--format", "jsonl", "--no-second-try"]);
    command.arg(&path);
    let output = run(&mut command);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let written = stdout(&output);
    let mut units = written.lines();
    let unit: serde_json::Value =
        serde_json::from_str(units.next().expect("a sentence")).expect("a JSON line");
    assert_eq!(unit["source"].as_str(), Some(line.trim_end()));
    assert!(unit["issues"].to_string().contains("sentence_split"));
    assert_eq!(units.next(), None);
}
