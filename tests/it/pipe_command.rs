//! `tarjoman pipe` as another program runs it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::decode::golden;

/// With the golden model, and quick.
fn pipe(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
    command.env("TARJOMAN_CONFIG", "/nonexistent/tarjoman.toml").env_remove("TARJOMAN_MODEL");
    for name in ["SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"] {
        command.env_remove(name);
    }
    command.env_remove("JOB_COMPLETION_INDEX").arg("pipe").arg("--model");
    command.arg(golden("marian-tiny")).args(["--max-length", "16", "--quiet"]).args(arguments);
    if !arguments.contains(&"-n") {
        command.args(["--beams", "1"]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn feed(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A refused command does not read.
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("the input is written");
    output
}

fn lines(output: &Output) -> Vec<String> {
    let text = String::from_utf8(output.stdout.clone()).expect("UTF-8");
    text.lines().map(str::to_owned).collect()
}

fn row(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))
}

fn message(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn rows(count: usize) -> Vec<u8> {
    let row = |id| format!("{{\"id\":{id},\"text\":\"سلام دنیا {id}. حال شما چطور است؟\"}}\n");
    (0..count).map(row).collect::<String>().into_bytes()
}

#[test]
fn every_row_is_answered_in_order_and_all_that_is_not_ours_comes_out_as_it_came() {
    let input = concat!(
        "{\"id\":7,\"text\":\"سلام دنیا.\",\"z\":1,\"a\":{\"b\":[1.50,null]}}\n",
        "  {\"a\" : 123456789012345678901234567890 , \"id\":\"ش-۱\",\"text\":\"حال شما چطور است؟\"}\r\n",
        "{\"id\":null,\"text\":\"\"}\n",
        "{\"id\":[1,{\"x\":2}],\"text\":\"\\u0633لام\",\"translation\":\"old\",\"error\":\"old\"}\n",
        "{\"text\":\"بدون شناسه\",\"n\":-0.0}",
    );
    let output = feed(&mut pipe(&[]), input.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", message(&output));
    let lines = lines(&output);
    let starts = [
        "{\"id\":7,\"text\":\"سلام دنیا.\",\"z\":1,\"a\":{\"b\":[1.50,null]},\"translation\":\"",
        "{\"a\":123456789012345678901234567890,\"id\":\"ش-۱\",\"text\":\"حال شما چطور است؟\",\"translation\":\"",
        "{\"id\":null,\"text\":\"\",\"translation\":\"\"",
        "{\"id\":[1,{\"x\":2}],\"text\":\"\\u0633لام\",\"translation\":\"",
        "{\"text\":\"بدون شناسه\",\"n\":-0.0,\"translation\":\"",
    ];
    assert_eq!(lines.len(), starts.len());
    for (line, start) in lines.iter().zip(starts) {
        assert!(line.starts_with(start), "{line}");
        assert!(row(line).get("error").is_none());
    }
    assert_eq!(row(&lines[3])["translation"].as_str().map(|text| text == "old"), Some(false));
    assert!(row(&lines[0])["score"].as_f64().is_some_and(|score| score < 0.0));
}

#[test]
fn what_can_t_be_translated_is_answered_with_its_error_and_told_by_the_exit_code() {
    let mut input = b"{\"id\":1,\"text\":\"\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85\"}\n".to_vec();
    input.extend_from_slice(b"\n");
    input.extend_from_slice(b"{\"id\":3,\"text\":\n");
    input.extend_from_slice(b"[4]\n");
    input.extend_from_slice(b"{\"id\":5,\"tekst\":\"x\",\"more\":true}\n");
    input.extend_from_slice(b"{\"id\":6,\"text\":12}\n");
    input.extend_from_slice(b"{\"id\":7,\"text\":\"\xd3\xe1\"}\n");
    input.extend_from_slice(b"{\"id\":8,\"text\":\"\\ud800\"}\n");
    input.extend_from_slice(b"\x00\x01\x02\n");
    input.resize(input.len() + 100_000, b'[');
    input.extend_from_slice(b"\n{\"id\":11,\"text\":\"\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85\"}\n");
    let output = feed(&mut pipe(&[]), &input);
    assert_eq!(output.status.code(), Some(3), "{}", message(&output));
    assert!(message(&output).contains("9 of 11"), "{}", message(&output));
    let rows: Vec<Value> = lines(&output).iter().map(|line| row(line)).collect();
    assert_eq!(rows.len(), 11);
    for (at, row) in rows.iter().enumerate() {
        let good = at == 0 || at == 10;
        assert_eq!(row.get("error").is_none(), good, "{row}");
        assert_eq!(row.get("translation").is_some(), good, "{row}");
        assert_eq!(row.get("line").and_then(Value::as_u64), (!good).then_some(at as u64 + 1));
        assert!(row.get("id").is_some(), "{row}");
    }
    assert_eq!((&rows[4]["id"], &rows[4]["more"]), (&5.into(), &true.into()));
    assert!(rows[4]["error"].as_str().is_some_and(|error| error.contains("\"text\"")));
    assert_eq!((&rows[6]["id"], &rows[7]["id"]), (&7.into(), &8.into()));
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let mut input = b"{\"id\":1,\"text\":\"".to_vec();
    input.resize(20 << 20, b'a');
    input.extend_from_slice("\"}\n{\"id\":2,\"text\":\"سلام\"}\n".as_bytes());
    let output = feed(&mut pipe(&[]), &input);
    assert_eq!(output.status.code(), Some(3), "{}", message(&output));
    let lines = lines(&output);
    assert_eq!(lines.len(), 2);
    assert!(row(&lines[0])["error"].as_str().is_some_and(|error| error.contains("16 MiB")));
    assert_eq!(row(&lines[1])["id"], 2);
}

#[test]
fn sentences_of_a_text_stand_where_their_spans_say() {
    let text = "عنوان خبر\n\nسلام دنیا. حال شما چطور است؟\n\nپایان";
    let input = serde_json::json!({"id": 1, "متن": text}).to_string();
    let output = feed(&mut pipe(&["--field", "متن", "--sentences", "-n", "2"]), input.as_bytes());
    assert!(output.status.success(), "{}", message(&output));
    let answer = row(&lines(&output)[0]);
    let sentences = answer["sentences"].as_array().expect("sentences");
    assert_eq!(sentences.len(), 4);
    for sentence in sentences {
        let at = |index: usize| sentence["span"][index].as_u64().expect("a number") as usize;
        assert_eq!(sentence["source"], text[at(0)..at(1)]);
        assert_eq!(sentence["candidates"].as_array().map(Vec::len), Some(2));
        assert_eq!(sentence["candidates"][0]["text"], sentence["target"]);
    }
    assert_eq!(answer["translation"].as_str().map(|text| text.matches("\n\n").count()), Some(2));
    assert!(answer.get("candidates").is_none(), "which sentence's?");
    let one = feed(&mut pipe(&["-n", "2"]), "{\"id\":1,\"text\":\"سلام دنیا.\"}".as_bytes());
    assert_eq!(row(&lines(&one)[0])["candidates"].as_array().map(Vec::len), Some(2));
}

#[test]
fn rows_do_not_depend_on_which_others_share_their_batch() {
    let input = rows(40);
    let together = lines(&feed(&mut pipe(&[]), &input));
    let apart = lines(&feed(&mut pipe(&["--batch-tokens", "1"]), &input));
    let translation = |line: &String| row(line)["translation"].clone();
    assert_eq!(together.len(), 40);
    assert!(together.iter().map(translation).eq(apart.iter().map(translation)));
}

#[test]
fn shards_are_disjoint_and_together_everything_and_leave_a_marker() {
    let folder = TempDir::new().expect("a temporary folder");
    let input = rows(10);
    let all = lines(&feed(&mut pipe(&[]), &input));
    let mut dealt: Vec<Vec<String>> = Vec::new();
    for index in 0..3 {
        let marker = folder.path().join(format!("{index}.done"));
        std::fs::write(&marker, "of an older run").expect("a marker");
        let arguments = ["--shard", "auto/3", "--done", marker.to_str().expect("UTF-8")];
        let output = feed(pipe(&arguments).env("JOB_COMPLETION_INDEX", index.to_string()), &input);
        assert!(output.status.success(), "{}", message(&output));
        let written = row(&std::fs::read_to_string(&marker).expect("the marker"));
        let rows = lines(&output);
        assert_eq!(written["shard"], format!("{index}/3"));
        assert_eq!((&written["rows"], &written["failed"]), (&rows.len().into(), &0.into()));
        let slurm = feed(
            pipe(&["--shard", "auto"])
                .env("SLURM_ARRAY_TASK_ID", (index + 5).to_string())
                .env("SLURM_ARRAY_TASK_MIN", "5")
                .env("SLURM_ARRAY_TASK_COUNT", "3"),
            &input,
        );
        let ids = |rows: &[String]| rows.iter().map(|line| row(line)["id"].clone()).collect();
        let (slurm, kubernetes): (Vec<Value>, Vec<Value>) = (ids(&lines(&slurm)), ids(&rows));
        assert_eq!(slurm, kubernetes);
        dealt.push(rows);
    }
    let ids = |lines: Vec<String>| lines.iter().map(|line| row(line)["id"].clone()).collect();
    let woven = (0..10).map(|at| dealt[at % 3][at / 3].clone()).collect();
    let (woven, all): (Vec<Value>, Vec<Value>) = (ids(woven), ids(all));
    assert_eq!(woven, all);
    for wrong in ["3/3", "1", "a/b", "1/0", "auto", "auto/2"] {
        let output = feed(&mut pipe(&["--shard", wrong]), &input);
        assert_eq!(output.status.code(), Some(2), "{wrong}: {}", message(&output));
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_marker_is_missing_when_the_answers_can_t_be_written() {
    let folder = TempDir::new().expect("a temporary folder");
    let marker = folder.path().join("done");
    let mut command = pipe(&["--done", marker.to_str().expect("UTF-8")]);
    let (mut child, mut stdin, stdout) = start(&mut command);
    drop(stdout);
    stdin.write_all(&rows(3)).expect("it reads");
    // The input stays open: the program must not wait for it.
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(74));
    assert!(!marker.exists());
}

fn start(command: &mut Command) -> (Child, ChildStdin, BufReader<ChildStdout>) {
    let mut child = command.spawn().expect("the binary runs");
    let stdin = child.stdin.take().expect("a pipe");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    (child, stdin, stdout)
}

#[test]
fn a_program_can_ask_and_wait_row_by_row() {
    let (mut child, mut stdin, mut stdout) = start(&mut pipe(&[]));
    for id in 0..3 {
        writeln!(stdin, "{{\"id\":{id},\"text\":\"سلام دنیا.\"}}").expect("it reads");
        let mut line = String::new();
        stdout.read_line(&mut line).expect("an answer");
        assert_eq!(row(&line)["id"], id);
    }
    drop(stdin);
    assert!(child.wait().expect("it ends").success());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_after_what_is_in_flight() {
    let (mut child, mut stdin, mut stdout) = start(&mut pipe(&[]));
    stdin.write_all(&rows(5)).expect("it reads");
    let mut line = String::new();
    stdout.read_line(&mut line).expect("an answer");
    let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
    // The input stays open.
    assert_eq!(child.wait().expect("it ends").code(), Some(75));
    assert!(stdout.lines().all(|line| row(&line.expect("UTF-8")).get("translation").is_some()));
    drop(stdin);
}

#[test]
fn every_answer_names_its_model_and_half_spaces_may_stay_lost() {
    let input = "{\"text\":\"نمیتوان گفت.\"}\n".as_bytes();
    let told = |arguments: &[&str]| {
        let output = feed(&mut pipe(arguments), input);
        assert_eq!(output.status.code(), Some(0), "{}", message(&output));
        let answer = row(&lines(&output)[0]);
        answer["provenance"].as_str().map(str::to_owned).expect("a provenance")
    };
    let usual = told(&[]);
    assert!(usual.contains("marian-tiny") && !usual.contains("half_spaces"), "{usual}");
    let as_written = told(&["--no-half-space-restoration"]);
    assert!(as_written.contains("half_spaces=as_written"), "{as_written}");
}
