//! Translation memories and provenance, in the library and as a user meets them.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use candle_core::{Device, Tensor};
use serde_json::Value;
use tarjoman::document::readers::{self, aligned};
use tarjoman::document::writers::{Format, WriteOptions, write};
use tarjoman::document::{AlignedDocument, Similar};
use tarjoman::model::source::Silent as NoProgress;
use tarjoman::model::{DecoderState, ModelSource, Result, Seq2Seq};
use tarjoman::persian::normalize;
use tarjoman::translate::{LoadOptions, Memory, Silent, TranslateOptions, Translator};
use tempfile::TempDir;

use crate::decode::golden;

const TMX: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<tmx version="1.4"><header creationtool="x" creationtoolversion="1" segtype="sentence" o-tmf="x" adminlang="en" srclang="fa" datatype="plaintext"/><body>
<tu><tuv xml:lang="fa"><seg>روز سه‌شنبه باران بارید.</seg></tuv><tuv xml:lang="en"><seg>It rained on Tuesday.</seg></tuv></tu>
<tu><prop type="x-reviewed">yes</prop><tuv xml:lang="fa"><seg>هوا سرد بود.</seg></tuv><tuv xml:lang="en"><seg>It was cold.</seg></tuv></tu>
<tu><tuv xml:lang="fa"><seg>هوا سرد بود.</seg></tuv><tuv xml:lang="en"><seg>The air was cold.</seg></tuv></tu>
<tu><tuv xml:lang="fa"><seg>وزیر خارجه ایران دیروز به مسکو رفت.</seg></tuv><tuv xml:lang="en"><seg>Iran's foreign minister went to Moscow on Sunday.</seg></tuv></tu>
</body></tmx>"#;

fn memory() -> Memory {
    let mut memory = Memory::new(0.75);
    memory.add("m.tmx", &aligned::read("m.tmx", TMX.as_bytes().to_vec()).expect("a memory"));
    memory
}

fn text(source: &str) -> String {
    normalize(source).get().to_owned()
}

#[test]
fn the_same_sentence_is_found_whatever_its_letters_digits_and_half_spaces() {
    let memory = memory();
    for source in
        ["روز سه‌شنبه باران بارید.", "روز سه شنبه  باران باريد.", "روز سهشنبه بارانـ بارید."]
    {
        let found = memory.exact(&text(source)).expect("it is there");
        assert_eq!((found.target, found.unit), ("It rained on Tuesday.", 1), "{source}");
    }
    assert_eq!(memory.exact(&text("روز سه‌شنبه باران بارید؟")), None, "a question is another one");
}

#[test]
fn a_reviewed_translation_counts_more_than_a_later_one() {
    let memory = memory();
    let found = memory.exact(&text("هوا سرد بود.")).expect("it is there");
    assert_eq!((found.target, found.reviewed), ("It was cold.", true));
}

#[test]
fn like_sentences_are_found_with_how_like_they_are() {
    let found = memory().similar(&text("وزیر خارجه عراق دیروز به مسکو رفت."), 3);
    // Six of seven words: 2 * 6 / 14.
    let expected = Similar {
        similarity: 0.857,
        source: "وزیر خارجه ایران دیروز به مسکو رفت.".into(),
        target: "Iran's foreign minister went to Moscow on Sunday.".into(),
        origin: "m.tmx 4".into(),
    };
    assert_eq!(found, [expected]);
    assert_eq!(memory().similar(&text("وزیر ایران به تهران آمد."), 3), []);
}

#[test]
fn the_index_finds_what_comparing_with_every_sentence_finds() {
    // Sentences of few words, so that many are alike.
    let words = ["الف", "ب", "پ", "ت", "ث", "ج", "چ", "ح"];
    let sentence = |mut seed: usize| {
        let mut text = Vec::new();
        for _ in 0..4 + seed % 6 {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345) % (1 << 31);
            text.push(words[(seed >> 16) % words.len()]);
        }
        text.join(" ")
    };
    let sources: Vec<String> = (0..400).map(sentence).collect();
    let unit = |source: &String| {
        format!(
            "<tu><tuv xml:lang=\"fa\"><seg>{source}</seg></tuv><tuv xml:lang=\"en\"><seg>x</seg></tuv></tu>"
        )
    };
    let rows: Vec<String> = sources.iter().map(unit).collect();
    let rows = rows.concat();
    let tmx = format!("<tmx version=\"1.4\"><body>{rows}</body></tmx>");
    let mut memory = Memory::new(0.75);
    memory.add("m", &aligned::read("m.tmx", tmx.into_bytes()).expect("a memory"));
    let longest = |a: &[&str], b: &[&str]| {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (at, y) in b.iter().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if x == y { diagonal + 1 } else { above.max(row[at]) };
                diagonal = above;
            }
        }
        row[b.len()]
    };
    for query in sources.iter().take(60) {
        let a: Vec<&str> = query.split(' ').collect();
        let mut expected: Vec<&str> = sources
            .iter()
            .filter(|source| {
                let b: Vec<&str> = source.split(' ').collect();
                8 * longest(&a, &b) >= 3 * (a.len() + b.len())
            })
            .map(String::as_str)
            .collect();
        expected.sort_unstable();
        expected.dedup();
        let found = memory.similar(query, usize::MAX);
        let mut found: Vec<&str> = found.iter().map(|similar| similar.source.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "of {query}");
    }
}

/// Counts what the network is asked.
struct Counting(Box<dyn Seq2Seq>, Arc<AtomicUsize>);

impl Seq2Seq for Counting {
    fn start(&self, input_ids: &Tensor, lengths: &[usize]) -> Result<DecoderState> {
        self.1.fetch_add(lengths.len(), Ordering::Relaxed);
        self.0.start(input_ids, lengths)
    }

    fn step(&self, last: &Tensor, state: &mut DecoderState) -> Result<Tensor> {
        self.0.step(last, state)
    }

    fn max_source_tokens(&self) -> usize {
        self.0.max_source_tokens()
    }

    fn max_target_tokens(&self) -> usize {
        self.0.max_target_tokens()
    }

    fn device(&self) -> &Device {
        self.0.device()
    }
}

#[test]
fn the_network_is_not_asked_for_what_a_memory_has() {
    let files = ModelSource::Folder(golden("marian-tiny")).resolve(&mut NoProgress);
    let files = files.expect("the golden model is whole");
    let translator = Translator::load(&files, &LoadOptions::default()).expect("it loads");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let translator = translator.map_network(|network| Box::new(Counting(network, count)));
    let mut options = TranslateOptions { memory: Some(Arc::new(memory())), ..translator.options() };
    (options.search.beams, options.search.max_length) = (1, 12);
    let article = "هوا سرد بود. وزیر خارجه عراق دیروز به مسکو رفت.";
    let article = readers::plain("a", article).expect("an article");
    let document = translator.translate(article, &options, &Silent).expect("a translation");
    assert_eq!(asked.load(Ordering::Relaxed), 1, "one sentence of two");
    let [first, second] = document.units.as_slice() else { panic!("two sentences") };
    assert_eq!(first.target(), "It was cold.");
    assert_eq!(first.issues[0].code, "memory_exact");
    let told = "from the memory m.tmx, unit 2, reviewed there";
    assert!(first.issues[0].message.contains(told), "{}", first.issues[0].message);
    assert!(second.issues.iter().all(|issue| issue.code != "memory_exact"));
    assert_eq!(second.translation.similar.len(), 1);
}

/// Both what a page shows and what programs read.
#[test]
fn like_sentences_and_provenance_are_in_the_outputs_and_are_read_back() {
    let mut document = aligned::read("m.tmx", TMX.as_bytes().to_vec()).expect("a memory");
    document.model = "m".into();
    document.provenance.tool = "tarjoman 9".into();
    document.provenance.revision = "abc123".into();
    document.provenance.options = "beams=4".into();
    document.units[0].translation.similar = memory().similar(&text("هوا سرد بود."), 1);
    let written = |document: &AlignedDocument, format: Format| {
        let mut bytes = Vec::new();
        write(document, format, &WriteOptions::default(), &mut bytes).expect("a vector takes all");
        bytes
    };
    for format in [Format::Html, Format::Jsonl, Format::Tsv, Format::Markdown, Format::Xliff] {
        let text = String::from_utf8(written(&document, format)).expect("text");
        for wanted in ["tarjoman 9", "abc123", "beams=4"] {
            assert!(text.contains(wanted), "{wanted} in {format:?}: {text}");
        }
    }
    let page = String::from_utf8(written(&document, Format::Html)).expect("text");
    assert!(page.contains("class=\"similar\"") && page.contains("100 %, <bdi>m.tmx 3</bdi>"));
    document.provenance.time = Some("2025-10-21T00:00:00Z".into());
    for format in [Format::Jsonl, Format::Tmx, Format::Xliff] {
        let again = aligned::read("again", written(&document, format)).expect("our own format");
        assert_eq!(again.provenance, document.provenance, "{format:?}");
        if format == Format::Jsonl {
            let similar = &again.units[0].translation.similar;
            assert_eq!(*similar, document.units[0].translation.similar);
        }
    }
}

fn tarjoman(arguments: &[&str], epoch: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
    command.env("TARJOMAN_CONFIG", "/nonexistent/tarjoman.toml").env_remove("TARJOMAN_MODEL");
    command.env_remove("SOURCE_DATE_EPOCH");
    if let Some(epoch) = epoch {
        command.env("SOURCE_DATE_EPOCH", epoch);
    }
    command.args(arguments).output().expect("the binary runs")
}

/// A memory, a glossary and an article in a folder.
fn folder() -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    let put = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the folder can be written");
    };
    put("m.tmx", TMX);
    put("terms.tsv", "مسکو\tMoscow\n");
    put("a.txt", "هوا سرد بود. وزیر خارجه عراق دیروز به مسکو رفت.\n\nروز سه‌شنبه باران بارید.\n");
    folder
}

fn run(folder: &Path, format: &str, epoch: Option<&str>) -> Output {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (article, memory, terms) = (path("a.txt"), path("m.tmx"), path("terms.tsv"));
    let model = golden("marian-tiny").to_string_lossy().into_owned();
    let arguments = [
        "translate",
        &article,
        "--memory",
        &memory,
        "--glossary",
        &terms,
        "--model",
        &model,
        "--beams",
        "2",
        "--max-length",
        "24",
        "--format",
        format,
    ];
    tarjoman(&arguments, epoch)
}

#[test]
fn two_runs_give_the_same_bytes_in_every_format() {
    let folder = folder();
    for format in ["jsonl", "html", "tsv", "tmx", "xliff", "markdown", "docx", "text"] {
        let [a, b] = [(), ()].map(|()| run(folder.path(), format, None));
        assert!(a.status.success(), "{}", String::from_utf8_lossy(&a.stderr));
        assert!(!a.stdout.is_empty());
        assert_eq!(a.stdout, b.stdout, "{format}");
    }
}

#[test]
fn every_line_says_how_it_came_about_and_when_only_if_the_environment_does() {
    let folder = folder();
    let lines = |epoch| {
        let output = run(folder.path(), "jsonl", epoch);
        let text = String::from_utf8(output.stdout).expect("text");
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(lines.len(), 3);
        (lines, String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (first, told) = lines(None);
    for line in &first {
        let provenance = &line["provenance"];
        let version = concat!("tarjoman ", env!("CARGO_PKG_VERSION"));
        assert_eq!(provenance["tool"], version);
        assert_eq!(provenance["revision"].as_str().map(str::len), Some(16));
        let options = provenance["options"].as_str().expect("text");
        for wanted in ["beams=2", "max_length=24", "glossary=", "memory="] {
            assert!(options.contains(wanted), "{wanted} in {options}");
        }
        assert!(provenance.get("time").is_none());
    }
    assert_eq!(first[0]["target"], "It was cold.");
    assert_eq!(first[0]["score"], Value::Null);
    assert_eq!(first[1]["terms"][0]["target"], "Moscow");
    assert_eq!(first[1]["similar"][0]["origin"], "m.tmx 4");
    assert!(told.contains("1 mentions of glossary terms have their English: Moscow"), "{told}");
    assert!(told.contains("2 of 3 sentences are from the memory"), "{told}");
    let (dated, _) = lines(Some("1761004800"));
    assert_eq!(dated[0]["provenance"]["time"], "2025-10-21T00:00:00Z");
}

#[test]
fn a_memory_or_glossary_that_cannot_be_read_is_named() {
    let folder = folder();
    for (option, text) in [("--memory", "<html/>"), ("--glossary", "ایران\n")] {
        let bad = folder.path().join("bad.x");
        std::fs::write(&bad, text).expect("the folder can be written");
        let article = folder.path().join("a.txt");
        let model = golden("marian-tiny");
        let [article, bad, model] = [article, bad, model].map(|p| p.to_string_lossy().into_owned());
        let output = tarjoman(&["translate", &article, option, &bad, "--model", &model], None);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(65), "{message}");
        assert!(message.contains("bad.x") && message.contains("hint: "), "{message}");
    }
}
