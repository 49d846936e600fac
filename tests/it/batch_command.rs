//! `tarjoman batch` as an archive meets it: broken files, interruptions, a disk that is full.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::decode::golden;

/// With the golden model, and quick.
fn batch(input: &Path, output: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
    command.env("TARJOMAN_CONFIG", "/nonexistent/tarjoman.toml").env_remove("TARJOMAN_MODEL");
    command.arg("batch").arg(input).arg(output).arg("--model").arg(golden("marian-tiny"));
    command.args(["--beams", "1"]).args(arguments);
    if !arguments.contains(&"--format") {
        command.args(["--format", "text"]);
    }
    if !arguments.contains(&"--max-length") {
        command.args(["--max-length", "8"]);
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(command: &mut Command, code: i32) -> Output {
    let output = command.output().expect("the binary runs");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    output
}

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
    fs::write(path, content).expect("it can be written");
}

fn article(number: usize) -> String {
    let sentence = "دولت دیروز گزارش تازه‌ای داد. ".repeat(1 + number % 5);
    format!("خبر {number}\n\n{sentence}\n\nپایان خبر {number}.\n")
}

/// `count` good articles in some folders.
fn articles(folder: &Path, count: usize) {
    for number in 0..count {
        let path = folder.join(format!("{}/{number}.txt", number % 7));
        write(&path, article(number).as_bytes());
    }
}

/// Every file below a folder with its content, but for what is the job's own.
fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn add(folder: &Path, root: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry")) {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != ".tarjoman") {
                add(&path, root, files);
            } else if path.is_file() {
                let relative = path.strip_prefix(root).expect("inside").to_owned();
                files.insert(relative, fs::read(&path).expect("it can be read"));
            }
        }
    }
    let mut files = BTreeMap::new();
    add(folder, folder, &mut files);
    files
}

fn report(output: &Path) -> Value {
    let text = fs::read_to_string(output.join(".tarjoman/report.json")).expect("a report");
    serde_json::from_str(&text).expect("JSON")
}

/// Files that the report calls failed, with the reasons.
fn failures(output: &Path) -> BTreeMap<String, String> {
    let report = report(output);
    let list = report["list"].as_array().expect("a list");
    let failed = list.iter().filter(|row| row["state"] == "failed");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    failed.map(|row| (text(&row["file"]), text(&row["error"]))).collect()
}

fn places() -> (TempDir, PathBuf, PathBuf) {
    let folder = TempDir::new().expect("a temporary folder");
    let (input, output) = (folder.path().join("in"), folder.path().join("out"));
    fs::create_dir(&input).expect("a folder");
    (folder, input, output)
}

#[test]
fn a_directory_comes_out_as_the_same_tree_with_what_translate_gives_for_each_file() {
    let (_folder, input, output) = places();
    articles(&input, 12);
    write(&input.join("نام فارسی, with \"odd\" marks\n.txt"), article(1).as_bytes());
    write(&input.join("no-ending"), article(2).as_bytes());
    write(&input.join("a.text"), article(3).as_bytes());
    run(&mut batch(&input, &output, &["--quiet"]), 0);
    let written = tree(&output);
    assert_eq!(written.len(), 15);
    for (relative, source) in tree(&input) {
        let name = relative.to_str().expect("UTF-8");
        let has_ending = relative.extension().is_some_and(|ending| ending == "txt");
        let name = if has_ending { name.to_owned() } else { format!("{name}.txt") };
        let english = &written[Path::new(&name)];
        let mut alone = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
        alone.arg("translate").arg(input.join(&relative)).arg("--model").arg(golden("marian-tiny"));
        alone.args(["--beams", "1", "--max-length", "8", "--format", "text", "--quiet"]);
        let alone = alone.env("TARJOMAN_CONFIG", "/nonexistent").output().expect("it runs");
        assert_eq!(String::from_utf8_lossy(english), String::from_utf8_lossy(&alone.stdout));
        assert!(!source.is_empty());
    }
    let report = report(&output);
    assert_eq!((&report["files"], &report["done"]), (&15.into(), &15.into()));
    assert!(report["words"].as_u64().is_some_and(|words| words > 100));
    assert!(report["words_per_second"].as_f64().is_some_and(|speed| speed > 0.0));
    assert_eq!(report["seconds_left"], 0.0);
    let page = fs::read_to_string(output.join(".tarjoman/report.html")).expect("a page");
    assert!(page.contains("15 translated"));
}

/// Files that can't be translated, each in its own way, and a word of the reason.
fn break_things(input: &Path) -> BTreeMap<String, &'static str> {
    let persian = article(5).into_bytes();
    let wide: Vec<u8> = article(5).encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut nul = persian.clone();
    nul.extend_from_slice(b"a\0b");
    let contents: [(&str, Vec<u8>, &str); 13] = [
        ("empty.txt", Vec::new(), "empty"),
        ("blank.txt", b" \n\t\r\n \n".to_vec(), "empty"),
        ("bom-only.txt", b"\xef\xbb\xbf".to_vec(), "empty"),
        ("cp1256.txt", b"\xd3\xe1\xc7\xe3 \xcf\xe4\xed\xc7".to_vec(), "UTF-8"),
        (
            "truncated.txt",
            persian[..persian.len() - 30].iter().copied().chain([0xd8]).collect(),
            "UTF-8",
        ),
        ("invalid.txt", [&persian[..], b"\xff\xfe\xff"].concat(), "UTF-8"),
        ("surrogate.txt", [&persian[..], b"\xed\xa0\x80"].concat(), "UTF-8"),
        ("utf16.txt", [b"\xff\xfe".to_vec(), wide].concat(), "UTF-16"),
        ("nul.txt", nul, "NUL"),
        ("zeros.txt", vec![0; 5000], "NUL"),
        ("program.txt", b"\x7fELF\x02\x01\x01\0\0".to_vec(), "program"),
        ("picture.txt", b"\x89PNG\r\n\x1a\n\0\0".to_vec(), "PNG"),
        ("broken/scan.txt", b"%PDF-1.7 \xe2\xe3".to_vec(), "PDF"),
    ];
    let mut reasons = BTreeMap::new();
    for (name, content, reason) in contents {
        write(&input.join(name), &content);
        reasons.insert(name.to_owned(), reason);
    }
    fs::create_dir_all(input.join("a-folder.txt")).expect("a folder is no failure");
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        symlink("nowhere.txt", input.join("dangling.txt")).expect("a link");
        symlink("loop.txt", input.join("loop.txt")).expect("a link");
        symlink(input, input.join("to-itself")).expect("a link");
        let made = Command::new("mkfifo").arg(input.join("pipe.txt")).status().expect("mkfifo");
        assert!(made.success());
        reasons.insert("dangling.txt".into(), "link");
        reasons.insert("loop.txt".into(), "link");
        reasons.insert("pipe.txt".into(), "pipe");
    }
    reasons
}

#[test]
fn what_is_broken_is_named_with_its_reason_and_everything_else_is_done() {
    let (_folder, input, output) = places();
    articles(&input, 300);
    let reasons = break_things(&input);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let odd = std::ffi::OsStr::from_bytes(b"odd-\xff-name.txt");
        write(&input.join(odd), article(4).as_bytes());
    }
    // One that is long and good.
    let huge = "نمایندگان مجلس پس از چند ساعت بحث به این طرح رأی دادند ".repeat(3000);
    write(&input.join("huge-line.txt"), huge.as_bytes());
    let odd = usize::from(cfg!(target_os = "linux"));

    run(&mut batch(&input, &output, &["--quiet"]), 3);
    assert_eq!(tree(&output).len(), 301 + odd);
    let failures = failures(&output);
    assert_eq!(failures.keys().collect::<Vec<_>>(), reasons.keys().collect::<Vec<_>>());
    for (name, reason) in &reasons {
        assert!(failures[name].contains(reason), "{name}: {}", failures[name]);
    }
    let first = report(&output);
    assert_eq!(first["done"], 301 + odd);
    assert_eq!(first["failed"], reasons.len());
    assert_eq!(first["seconds_left"], 0.0, "what failed is over too");

    // Again: nothing is done twice, and what failed is still told.
    let before = tree(&output);
    run(&mut batch(&input, &output, &["--quiet"]), 3);
    let again = report(&output);
    assert_eq!((&again["done"], &again["kept"]), (&0.into(), &(301 + odd).into()));
    assert_eq!(again["failed"], reasons.len());
    assert_eq!(tree(&output), before);

    // One is repaired: a change is seen without being asked for.
    write(&input.join("empty.txt"), article(1).as_bytes());
    run(&mut batch(&input, &output, &["--quiet", "--retry-failed"]), 3);
    assert_eq!(report(&output)["done"], 1);
    assert!(output.join("empty.txt").exists());
}

#[test]
fn what_failed_is_tried_again_only_when_asked_for() {
    let (_folder, input, output) = places();
    articles(&input, 3);
    run(&mut batch(&input, &output, &[]), 0);
    // As if the model had failed on one of them.
    let path = output.join(".tarjoman/journal.jsonl");
    let lines: Vec<String> = fs::read_to_string(&path)
        .expect("a journal")
        .lines()
        .map(|line| {
            let mut record: Value = serde_json::from_str(line).expect("JSON");
            if record["file"] == "0/0.txt" {
                record["state"] = "failed".into();
                record["error"] = "the model failed".into();
            }
            format!("{record}\n")
        })
        .collect();
    fs::write(&path, lines.concat()).expect("a journal");
    fs::remove_file(output.join("0/0.txt")).expect("it is there");
    run(&mut batch(&input, &output, &[]), 3);
    assert_eq!(failures(&output)["0/0.txt"], "the model failed");
    assert!(!output.join("0/0.txt").exists());
    run(&mut batch(&input, &output, &["--retry-failed"]), 0);
    assert!(output.join("0/0.txt").exists());
    assert_eq!(report(&output)["done"], 1);
}

#[test]
fn a_changed_source_model_or_option_is_done_again_and_a_deleted_output_too() {
    let (_folder, input, output) = places();
    articles(&input, 10);
    let done = |arguments: &[&str]| {
        run(&mut batch(&input, &output, arguments), 0);
        report(&output)["done"].as_u64().expect("a number")
    };
    assert_eq!(done(&[]), 10);
    assert_eq!(done(&["--batch-tokens", "50"]), 0, "it changes nothing");
    write(&input.join("0/0.txt"), article(99).as_bytes());
    assert_eq!(done(&[]), 1);
    fs::remove_file(output.join("1/1.txt")).expect("it is there");
    assert_eq!(done(&[]), 1);
    assert_eq!(done(&["--no-repeat-ngram", "3"]), 10);
    fs::remove_dir_all(input.join("2")).expect("it is there");
    assert_eq!(done(&["--no-repeat-ngram", "3"]), 0);
    assert!(output.join("2/2.txt").exists(), "outputs are not taken away");
}

#[test]
fn a_dry_run_says_what_would_be_done_and_writes_no_output() {
    let (_folder, input, output) = places();
    articles(&input, 3);
    write(&input.join("empty.txt"), b"");
    let plan = |more: &[&str]| {
        let told = run(&mut batch(&input, &output, &[&["--dry-run"], more].concat()), 0).stdout;
        let told = String::from_utf8(told).expect("UTF-8");
        let rows = told.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let text = |row: &Value, key: &str| row[key].as_str().expect("text").to_owned();
        rows.map(|row| (text(&row, "file"), text(&row, "plan"))).collect::<BTreeMap<_, _>>()
    };
    let first = plan(&[]);
    assert_eq!(
        (first["0/0.txt"].as_str(), first["empty.txt"].as_str()),
        ("translate", "unreadable")
    );
    assert!(tree(&output).is_empty());
    run(&mut batch(&input, &output, &[]), 3);
    write(&input.join("0/0.txt"), article(50).as_bytes());
    let second = plan(&[]);
    assert_eq!(second["0/0.txt"], "again");
    assert_eq!(second["1/1.txt"], "keep");
    assert_eq!(second["empty.txt"], "failed");
    assert_eq!(plan(&["--retry-failed"])["empty.txt"], "unreadable", "it is looked at again");
}

#[test]
fn every_format_has_its_ending_and_documents_keep_their_own() {
    let (folder, input, output) = places();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/documents");
    for name in ["article.docx", "article.md", "article.srt", "article.nitf.xml"] {
        fs::copy(Path::new(fixtures).join(name), input.join(name)).expect("a fixture");
    }
    write(&input.join("a.txt"), article(1).as_bytes());
    let written = |format: &str| {
        let output = output.join(format);
        run(&mut batch(&input, &output, &["--format", format, "--quiet"]), 0);
        tree(&output)
    };
    for (format, ending) in [
        ("html", "html"),
        ("docx", "docx"),
        ("tmx", "tmx"),
        ("xliff", "xlf"),
        ("tsv", "tsv"),
        ("jsonl", "jsonl"),
        ("markdown", "md"),
        ("text", "txt"),
    ] {
        let files = written(format);
        assert_eq!(files.len(), 5, "{format}");
        for (name, content) in files {
            let own = name.extension().is_some_and(|own| own == ending);
            assert!(own && !content.is_empty(), "{format}: {}", name.display());
        }
    }
    let documents = written("document");
    assert_eq!(documents.keys().collect::<Vec<_>>(), tree(&input).keys().collect::<Vec<_>>());
    assert!(documents[Path::new("article.docx")].starts_with(b"PK"));
    assert!(String::from_utf8_lossy(&documents[Path::new("article.srt")]).contains("-->"));
    // What batch writes, export reads.
    let xliff = output.join("xliff/article.docx.xlf");
    let back = folder.path().join("back.docx");
    let mut export = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
    export.arg("export").arg(xliff).arg("--source").arg(input.join("article.docx"));
    run(export.args(["--format", "document", "-o"]).arg(&back), 0);
    // XLIFF has no word alignment, so that marks inside sentences are placed in batch's alone.
    let texts = |bytes: Vec<u8>| -> Vec<String> {
        let article = tarjoman::document::readers::read("a.docx", bytes).expect("a document");
        article.blocks.into_iter().map(|block| block.text).collect()
    };
    let own = documents[Path::new("article.docx")].clone();
    assert_eq!(texts(fs::read(back).expect("a document")), texts(own));
}

#[test]
fn a_large_text_in_parts_is_what_it_is_at_once() {
    let (_folder, input, output) = places();
    let paragraph = "یک بند از یک فایل بزرگ که در چند بخش ترجمه می‌شود.";
    // Large by its white space, which need not be translated.
    let whole = format!("{paragraph}\n\n{paragraph}{}", " \n".repeat(100_000)).repeat(44);
    assert!(whole.len() > 8 << 20);
    write(&input.join("large.txt"), whole.as_bytes());
    // The model says nothing when it may say two words only: gaps must stay all the same.
    for (format, longest) in
        [("text", "2"), ("text", "8"), ("document", "8"), ("tsv", "8"), ("jsonl", "8")]
    {
        let output = output.join(format).join(longest);
        run(&mut batch(&input, &output, &["--format", format, "--max-length", longest]), 0);
        let journal =
            fs::read_to_string(output.join(".tarjoman/journal.jsonl")).expect("it is there");
        assert!(journal.lines().count() > 10, "{format}: it was not done in parts");
        let mut once = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
        once.arg("translate")
            .arg(input.join("large.txt"))
            .arg("--model")
            .arg(golden("marian-tiny"));
        once.args(["--beams", "1", "--max-length", longest, "--quiet", "--format", format]);
        let once = run(once.env("TARJOMAN_CONFIG", "/nonexistent"), 0).stdout;
        let (_, parts) = tree(&output).pop_first().expect("an output");
        assert!(parts == once, "{format}");
    }
}

#[test]
fn globs_ignore_files_and_hidden_files_choose_what_is_taken() {
    let (_folder, input, output) = places();
    for name in ["a.txt", "b.md.txt", "drafts/c.txt", ".hidden.txt", "d.log", "e/f.txt"] {
        write(&input.join(name), article(1).as_bytes());
    }
    write(&input.join(".tarjomanignore"), b"drafts/\n");
    write(&input.join("e/.ignore"), b"f.txt\n");
    let taken = |arguments: &[&str]| {
        let _ = fs::remove_dir_all(&output);
        run(&mut batch(&input, &output, arguments), 0);
        let names = tree(&output).into_keys();
        names.map(|name| name.to_string_lossy().replace('\\', "/")).collect::<Vec<_>>()
    };
    assert_eq!(taken(&[]), ["a.txt", "b.md.txt", "d.log.txt"]);
    assert_eq!(taken(&["--glob", "*.txt", "--glob", "!b.*"]), ["a.txt"]);
    let all = taken(&["--glob", "*.txt", "--no-ignore", "--hidden"]);
    assert_eq!(all, [".hidden.txt", "a.txt", "b.md.txt", "drafts/c.txt", "e/f.txt"]);
    run(&mut batch(&input, &output, &["--glob", "{"]), 2);
    run(&mut batch(&input, &input, &[]), 2);
    run(&mut batch(&input.join("none"), &output, &[]), 66);
    // The output may lie inside the input, and is not taken for it.
    let inside = input.join("out");
    run(&mut batch(&input, &inside, &[]), 0);
    run(&mut batch(&input, &inside, &[]), 0);
    assert_eq!(report(&inside)["files"], 3);
}

#[cfg(unix)]
#[test]
fn links_to_files_are_read_and_links_to_directories_only_when_asked_for() {
    use std::os::unix::fs::symlink;
    let (folder, input, output) = places();
    write(&folder.path().join("elsewhere/x.txt"), article(1).as_bytes());
    symlink(folder.path().join("elsewhere/x.txt"), input.join("link.txt")).expect("a link");
    symlink(folder.path().join("elsewhere"), input.join("there")).expect("a link");
    run(&mut batch(&input, &output, &[]), 0);
    assert_eq!(tree(&output).into_keys().collect::<Vec<_>>(), [PathBuf::from("link.txt")]);
    assert_eq!(report(&output)["skipped"], 1);
    run(&mut batch(&input, &output, &["--follow"]), 0);
    assert!(output.join("there/x.txt").exists());
    symlink(&input, input.join("again")).expect("a link");
    run(&mut batch(&input, &output, &["--follow"]), 3);
    assert!(failures(&output)["again"].contains("leads back"));
}

#[test]
fn a_run_that_is_killed_at_any_moment_goes_on_where_it_was() {
    let (_folder, input, output) = places();
    articles(&input, 120);
    // Large by its white space, which need not be translated.
    let paragraphs = "یک بند از یک فایل بزرگ که در چند بخش ترجمه می‌شود.\n\n".repeat(13);
    let whole = (paragraphs + &" \n".repeat(100_000)).repeat(45);
    write(&input.join("3/large.txt"), whole.as_bytes());
    let arguments = ["--max-length", "2"];
    let undisturbed = output.with_extension("whole");
    let started = Instant::now();
    run(&mut batch(&input, &undisturbed, &arguments), 0);
    let expected = tree(&undisturbed);
    let takes = started.elapsed();
    let kills = 6;
    let mut ended_early = 0;
    for kill in 0..kills {
        let mut child = batch(&input, &output, &arguments).spawn().expect("the binary runs");
        std::thread::sleep(takes * (1 + kill * 5 % kills) / kills / 2);
        ended_early += usize::from(child.try_wait().expect("a status").is_none());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        for (name, content) in tree(&output) {
            assert_eq!(content, expected[&name], "{} is not whole", name.display());
        }
    }
    assert!(ended_early > 0);
    run(&mut batch(&input, &output, &arguments), 0);
    let files = report(&output);
    assert_eq!(files["done"].as_u64().zip(files["kept"].as_u64()).map(|(a, b)| a + b), Some(121));
    assert!(tree(&output) == expected, "outputs differ from those of an undisturbed run");
    let journal = fs::read_to_string(output.join(".tarjoman/journal.jsonl")).expect("a journal");
    let done = |line: &&str| line.contains("\"state\":\"done\"");
    let lines = journal.lines().filter(done);
    let names: Vec<Value> = lines
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON")["file"].clone())
        .collect();
    assert_eq!(names.len(), 121, "nothing is done twice");
    assert!(journal.lines().any(|line| line.contains("\"state\":\"part\"")));
    let parts = fs::read_dir(output.join(".tarjoman/parts")).expect("a folder").count();
    assert_eq!(parts, 0);
}

#[test]
fn a_damaged_journal_costs_work_and_nothing_else() {
    let (_folder, input, output) = places();
    articles(&input, 5);
    run(&mut batch(&input, &output, &[]), 0);
    let path = output.join(".tarjoman/journal.jsonl");
    let journal = fs::read_to_string(&path).expect("a journal");
    let mut lines: Vec<&str> = journal.lines().collect();
    lines[1] = "{\"file\":\"half";
    let torn = &lines[4][..20];
    fs::write(&path, format!("{}\n{torn}", lines[..4].join("\n"))).expect("damage");
    run(&mut batch(&input, &output, &[]), 0);
    assert_eq!(report(&output)["done"], 2);
    run(&mut batch(&input, &output, &[]), 0);
    assert_eq!(report(&output)["kept"], 5);
}

#[cfg(unix)]
#[test]
fn a_signal_lets_it_finish_what_is_in_flight_and_the_next_run_does_the_rest() {
    let (_folder, input, output) = places();
    articles(&input, 400);
    let mut child = batch(&input, &output, &["--batch-tokens", "40"]).spawn().expect("it runs");
    let begun = Instant::now();
    while !output.join("0/0.txt").exists() && begun.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("kill runs").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(75));
    let report_then = report(&output);
    assert_eq!(report_then["interrupted"], true);
    let done = report_then["done"].as_u64().expect("a number");
    assert_eq!(tree(&output).len() as u64, done);
    assert!((1..400).contains(&done), "{done} files");
    run(&mut batch(&input, &output, &[]), 0);
    assert_eq!(report(&output)["kept"], done);
    assert_eq!(tree(&output).len(), 400);
}

#[cfg(unix)]
#[test]
fn two_runs_on_one_output_are_told_apart_and_shards_share_it() {
    let (_folder, input, output) = places();
    articles(&input, 30);
    fs::create_dir_all(output.join(".tarjoman")).expect("a folder");
    let lock = fs::File::create(output.join(".tarjoman/lock")).expect("a file");
    lock.lock().expect("the test has the lock");
    let told = run(&mut batch(&input, &output, &[]), 73).stderr;
    assert!(String::from_utf8_lossy(&told).contains("another run"));
    lock.unlock().expect("it had it");
    let shards: Vec<_> = (0..3)
        .map(|index| {
            let shard = format!("{index}/3");
            batch(&input, &output, &["--shard", &shard]).spawn().expect("it runs")
        })
        .collect();
    for mut shard in shards {
        assert_eq!(shard.wait().expect("it ends").code(), Some(0));
    }
    assert_eq!(tree(&output).len(), 30);
    run(&mut batch(&input, &output, &[]), 0);
    assert_eq!(report(&output)["kept"], 30, "a whole run knows what the shards did");
}

#[test]
fn logs_are_json_when_asked_for() {
    let (_folder, input, output) = places();
    articles(&input, 3);
    write(&input.join("empty.txt"), b"");
    let told = run(&mut batch(&input, &output, &["--log", "json", "--verbose"]), 3).stderr;
    let told = String::from_utf8(told).expect("UTF-8");
    let events: Vec<Value> =
        told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let of = |message: &str| events.iter().filter(|event| event["message"] == message).count();
    assert_eq!((of("translated"), of("failed"), of("finished")), (3, 1, 1), "{told}");
}

#[test]
fn a_watched_folder_is_translated_as_files_are_dropped_into_it() {
    let (_folder, input, output) = places();
    articles(&input, 2);
    let mut child = batch(&input, &output, &["--watch"]).spawn().expect("it runs");
    let appears = |path: PathBuf| {
        let begun = Instant::now();
        while !path.exists() {
            assert!(begun.elapsed() < Duration::from_secs(120), "{}", path.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    appears(output.join("1/1.txt"));
    write(&input.join("new/dropped.txt"), article(7).as_bytes());
    appears(output.join("new/dropped.txt"));
    #[cfg(unix)]
    {
        let kill = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(kill.expect("kill runs").success());
        assert!(child.wait().expect("it ends").code().is_some_and(|code| [0, 75].contains(&code)));
    }
    #[cfg(not(unix))]
    child.kill().expect("it can be ended");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_run_and_leaves_whole_files_only() {
    let (folder, input, output) = places();
    articles(&input, 40);
    let whole = folder.path().join("whole");
    run(&mut batch(&input, &whole, &[]), 0);
    // A limit on the size of a file stands for a disk that fills: the journal outgrows it.
    let mut limited = Command::new("sh");
    let inner = batch(&input, &output, &[]);
    limited.args(["-c", "trap '' XFSZ; ulimit -f 4; exec \"$0\" \"$@\""]).arg(inner.get_program());
    limited.args(inner.get_args()).env("TARJOMAN_CONFIG", "/nonexistent/tarjoman.toml");
    let told = run(&mut limited, 74).stderr;
    assert!(String::from_utf8_lossy(&told).contains("journal"));
    let expected = tree(&whole);
    for (name, content) in tree(&output) {
        assert_eq!(content, expected[&name]);
    }
    run(&mut batch(&input, &output, &[]), 0);
    assert_eq!(tree(&output), expected);
}
