//! `tarjoman serve` as clients meet it: through sockets.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::decode::golden;

/// No answer takes longer, on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running service; ended when dropped.
struct Service {
    child: Child,
    address: SocketAddr,
}

/// The command with the golden model, and quick.
fn command(name: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarjoman"));
    command.env("TARJOMAN_CONFIG", "/nonexistent/tarjoman.toml").env_remove("TARJOMAN_MODEL");
    command.env_remove("TARJOMAN_API_KEYS").arg(name).arg("--model").arg(golden("marian-tiny"));
    command.args(["--max-length", "16"]).args(arguments);
    if !arguments.contains(&"--beams") {
        command.args(["--beams", "2"]);
    }
    command
}

fn start(arguments: &[&str]) -> Service {
    start_with(arguments, |_| {})
}

fn start_with(arguments: &[&str], change: impl FnOnce(&mut Command)) -> Service {
    let mut command = command("serve", &[&["--port", "0", "--quiet"], arguments].concat());
    command.stdout(Stdio::piped());
    change(&mut command);
    let mut child = command.spawn().expect("the binary runs");
    let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    out.read_line(&mut line).expect("it says where it listens");
    let address = line.trim().strip_prefix("listening on http://").expect("an address");
    Service { address: address.parse().expect("host and port"), child }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
        let found = self.head.lines().find(|it| line(it))?;
        found.split_once(':').map(|(_, value)| value.trim())
    }

    fn error(&self) -> String {
        self.json()["error"].as_str().expect("an error is told").to_owned()
    }
}

impl Service {
    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Sends a question in JSON and does not wait for its answer.
    fn ask(&self, body: &str) -> TcpStream {
        let mut stream = self.connect();
        let head = format!(
            "POST /translate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body.as_bytes()))
            .expect("it reads");
        stream
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = self.connect();
        let mut head = vec![format!("{method} {path} HTTP/1.1"), format!("Host: {}", self.address)];
        head.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
        head.push(format!("Content-Length: {}", body.len()));
        head.push("Connection: close\r\n\r\n".to_owned());
        let head = head.join("\r\n");
        // It may have refused by the head alone.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        read(stream)
    }

    fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    fn post(&self, path: &str, body: &Value) -> Answer {
        let json = [("Content-Type", "application/json")];
        self.send("POST", path, &json, body.to_string().as_bytes())
    }

    fn translate(&self, body: &Value) -> Answer {
        self.post("/translate", body)
    }

    fn upload(&self, path: &str, fields: &[(&str, &str)], file: (&str, &[u8])) -> Answer {
        let (kind, body) = form(fields, file);
        self.send("POST", path, &[("Content-Type", &kind)], &body)
    }

    /// Waits until so many requests are in flight.
    #[cfg(unix)]
    fn wait_for_requests(&self, count: usize) {
        let told = format!("tarjoman_queue_requests {count}\n");
        for _ in 0..3000 {
            if self.get("/metrics").text().contains(&told) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("{count} requests never were in flight: {}", self.get("/metrics").text());
    }

    #[cfg(unix)]
    fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    }
}

/// Reads an answer to its end; chunks are put together.
fn read(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A connection that is reset after the answer has been read all the same.
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no answer: {}", String::from_utf8_lossy(&bytes)));
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is text");
    let mut body = bytes[end + 4..].to_vec();
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        body = unchunked(&body);
    }
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    Answer { status, head, body }
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = rest.windows(2).position(|part| part == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).expect("a size");
        let size = usize::from_str_radix(size, 16).expect("hexadecimal");
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 4 + size..];
    }
    panic!("the body is cut off: {}", String::from_utf8_lossy(&body));
}

fn form(fields: &[(&str, &str)], (name, bytes): (&str, &[u8])) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part =
            format!("--EDGE\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let part = format!(
        "--EDGE\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
    );
    body.extend_from_slice(part.as_bytes());
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--EDGE--\r\n");
    ("multipart/form-data; boundary=EDGE".into(), body)
}

fn question(text: &str) -> Value {
    json!({"q": text, "source": "fa", "target": "en"})
}

/// What `tarjoman translate` makes of a file.
fn translated(name: &str, content: &[u8], arguments: &[&str]) -> Vec<u8> {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join(name);
    std::fs::write(&path, content).expect("the file is written");
    let mut command = command("translate", arguments);
    let output = command.arg(&path).arg("--quiet").output().expect("the binary runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn translated_text(text: &str) -> String {
    let bytes = translated("text.txt", text.as_bytes(), &["--format", "text"]);
    String::from_utf8(bytes).expect("UTF-8").trim_end_matches('\n').to_owned()
}

/// Text `number`: of one to four sentences, of many lengths.
fn text(number: usize) -> String {
    let sentence = |at: usize| {
        let more = "دولت دیروز گزارش تازه‌ای داد و ".repeat((number * 7 + at) % 4);
        format!("{more}رئیس مجلس {number} بار گفت که {at} نفر آمدند.")
    };
    (0..=number % 4).map(sentence).collect::<Vec<_>>().join(" ")
}

#[test]
fn libretranslate_s_clients_are_answered_as_they_expect() {
    let service = start(&[]);
    let expected = translated_text("سلام دنیا.");
    let answer = service.translate(&question("سلام دنیا."));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.json(), json!({"translatedText": expected}));
    assert_eq!(answer.header("content-type"), Some("application/json"));

    let several = json!({"q": ["سلام دنیا.", "", "حال شما چطور است؟"], "source": "auto", "target": "en",
        "alternatives": 1, "format": "text", "api_key": null});
    let answer = service.translate(&several).json();
    assert_eq!(answer["translatedText"][0], expected);
    assert_eq!(answer["translatedText"][1], "");
    assert_eq!(answer["detectedLanguage"].as_array().map(Vec::len), Some(3));
    assert_eq!(answer["detectedLanguage"][0]["language"], "fa");
    assert_eq!(answer["alternatives"][2].as_array().map(Vec::len), Some(1), "{answer}");
    assert_ne!(answer["alternatives"][2][0], answer["translatedText"][2]);

    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let form =
        "q=%D8%B3%D9%84%D8%A7%D9%85+%D8%AF%D9%86%DB%8C%D8%A7.&source=fa-IR&target=EN&format=text";
    let answer = service.send("POST", "/translate", &kind, form.as_bytes());
    assert_eq!(answer.json(), json!({"translatedText": expected}));

    let languages = service.get("/languages").json();
    assert_eq!(languages[0], json!({"code": "fa", "name": "Persian", "targets": ["en"]}));
    assert_eq!(languages[1]["code"], "en");
    let detected = service.post("/detect", &json!({"q": "این یک خبر تازه است."})).json();
    assert_eq!(detected[0]["language"], "fa");
    let settings = service.get("/frontend/settings").json();
    assert_eq!(settings["keyRequired"], false);
    assert_eq!(settings["language"]["target"]["code"], "en");
    assert_eq!(
        service.translate(&json!({"q": "as is", "source": "en", "target": "en"})).json()["translatedText"],
        "as is"
    );
}

#[test]
fn html_keeps_its_markup_and_all_of_its_text() {
    let service = start(&[]);
    let html = "<p class=\"lead\">سلام <b>دنیا</b>.</p><form><button>حال شما</button></form><script>alert(1)</script><img src=\"a.png\">";
    let asked = json!({"q": html, "source": "fa", "target": "en", "format": "html"});
    let answer = service.translate(&asked);
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    let answer = answer["translatedText"].as_str().expect("a text");
    for part in ["<p class=\"lead\">", "<b>", "</b>", "</p>", "<img src=\"a.png\">"] {
        assert!(answer.contains(part), "{part} is not in {answer}");
    }
    assert!(!answer.contains("script"), "{answer}");
    let button = translated_text("حال شما");
    assert!(answer.contains(&button), "{button} is not in {answer}");
    let empty = json!({"q": "<br>", "source": "fa", "target": "en", "format": "html"});
    assert_eq!(service.translate(&empty).json()["translatedText"], "<br>");
}

#[test]
fn a_file_comes_back_in_its_own_format() {
    let service = start(&[]);
    let srt = "1\r\n00:00:01,000 --> 00:00:02,000\r\nسلام دنیا.\r\n";
    let markdown = "# عنوان خبر\n\nسلام **دنیا**. حال شما چطور است؟\n";
    let pair = [("source", "fa"), ("target", "en")];
    for (name, content) in [("a b.srt", srt), ("خبر.md", markdown), ("plain.txt", "سلام دنیا.\n")]
    {
        let answer = service.upload("/translate_file", &pair, (name, content.as_bytes()));
        assert_eq!(answer.status, 200, "{answer:?}");
        let url = answer.json()["translatedFileUrl"].as_str().expect("an address").to_owned();
        let path =
            url.strip_prefix(&format!("http://{}", service.address)).expect("of this server");
        let file = service.get(path);
        assert_eq!(file.status, 200, "{file:?}");
        assert!(file.header("content-disposition").is_some_and(|it| it.starts_with("attachment")));
        let expected = translated(name, content.as_bytes(), &["--format", "document"]);
        assert_eq!(file.text(), String::from_utf8(expected).expect("UTF-8"));
    }
    assert_eq!(service.get("/download_file/..%2F..%2Fetc%2Fpasswd").status, 404);
    let answer = service.upload("/translate_file", &pair, ("a.pdf", b"%PDF-1.7 \0"));
    assert_eq!(answer.status, 400);
    assert!(answer.error().contains("PDF"), "{answer:?}");
}

#[test]
fn an_aligned_document_is_that_of_the_command_line() {
    let service = start(&[]);
    let article = "عنوان خبر\n\nسلام دنیا. حال شما چطور است؟ او ۲۵ نفر را دید.\n";
    let expected = translated("article.txt", article.as_bytes(), &["--format", "jsonl"]);
    let answer = service.upload("/aligned", &[], ("article.txt", article.as_bytes()));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(answer.text(), String::from_utf8(expected).expect("UTF-8"));
    let page =
        service.upload("/aligned", &[("output", "html")], ("article.txt", article.as_bytes()));
    let expected = translated("article.txt", article.as_bytes(), &["--format", "html"]);
    let expected = String::from_utf8(expected).expect("UTF-8");
    // But for the name of the file, which has its folder there.
    let main = |page: &str| page[page.find("<main").expect("a main part")..].to_owned();
    assert_eq!(main(page.text()), main(&expected));
}

/// Names and data of events.
fn events(text: &str) -> Vec<(String, Value)> {
    let event = |event: &str| {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
        let data = field("data: ").expect("data");
        (field("event: ").expect("a name").to_owned(), serde_json::from_str(data).expect("JSON"))
    };
    text.split("\n\n").filter(|it| it.contains("event: ")).map(event).collect()
}

#[test]
fn progress_is_told_while_a_document_is_translated_and_the_review_page_is_kept() {
    let service = start(&["--batch-tokens", "40"]);
    let article: Vec<String> = (0..30).map(text).collect();
    let body = json!({"q": article.join("\n\n")}).to_string();
    let headers = [("Content-Type", "application/json"), ("Accept", "text/event-stream")];
    let answer = service.send("POST", "/aligned", &headers, body.as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    let events = events(answer.text());
    let named =
        |name: &'static str| events.iter().filter(move |(it, _)| it == name).map(|(_, data)| data);
    assert!(named("progress").count() > 0);
    let units: Vec<&Value> = named("unit").collect();
    let (last, summary) = events.last().expect("events");
    assert_eq!(last, "done");
    assert_eq!(summary["sentences"], units.len());
    for (at, unit) in units.iter().enumerate() {
        assert_eq!((&unit["schema"], &unit["id"]), (&"tarjoman.aligned/1".into(), &at.into()));
    }
    let review = summary["review"].as_str().expect("an address");
    let page = service.get(&format!("/{review}"));
    assert_eq!(page.status, 200);
    assert!(page.text().contains("Content-Security-Policy"));
    assert_eq!(page.text().matches("class=\"row").count(), units.len());
    for file in summary["files"].as_array().expect("files") {
        let url = file["url"].as_str().expect("an address");
        let file = service.get(&format!("/{url}"));
        assert_eq!(file.status, 200, "{url}");
        assert!(!file.body.is_empty(), "{url}");
    }
    assert_eq!(service.get("/review/0123456789abcdef").status, 404);
}

#[test]
fn requests_at_the_same_time_get_each_its_own_answer() {
    let service = start(&["--batch-tokens", "200"]);
    let texts: Vec<String> = (0..48).map(text).collect();
    // One file with all of them, a paragraph each, is translated by the command line.
    let together = translated_text(&texts.join("\n\n"));
    let expected: Vec<&str> = together.split("\n\n").collect();
    assert_eq!(expected.len(), texts.len());
    std::thread::scope(|scope| {
        let asked: Vec<_> =
            texts.iter().map(|text| scope.spawn(|| service.translate(&question(text)))).collect();
        for (asked, expected) in asked.into_iter().zip(expected) {
            let answer = asked.join().expect("an answer");
            assert_eq!(answer.status, 200, "{answer:?}");
            assert_eq!(answer.json()["translatedText"], expected);
        }
    });
    let metrics = service.get("/metrics");
    let count = "tarjoman_requests_total{endpoint=\"/translate\",status=\"200\"} 48";
    assert!(metrics.text().contains(count), "{}", metrics.text());
    let shared = metrics.text().lines().find_map(|line| {
        line.strip_prefix("tarjoman_batch_sentences_bucket{le=\"1.0\"} ")?.parse::<usize>().ok()
    });
    let all = metrics.text().lines().find_map(|line| {
        line.strip_prefix("tarjoman_batch_sentences_count ")?.parse::<usize>().ok()
    });
    assert!(all > shared, "no two sentences shared a batch: {}", metrics.text());
}

#[test]
fn what_makes_no_sense_is_refused_and_told() {
    let service = start(&["--char-limit", "100", "--batch-limit", "3", "--body-limit", "2000"]);
    let json = [("Content-Type", "application/json")];
    let send = |body: &[u8]| service.send("POST", "/translate", &json, body);
    for (body, part) in [
        (&b"{"[..], "JSON"),
        (b"[]", "object"),
        (b"\xff\xfe", "JSON"),
        (b"{\"q\":5,\"source\":\"fa\",\"target\":\"en\"}", "q"),
        (b"{\"q\":[1],\"source\":\"fa\",\"target\":\"en\"}", "q"),
        (b"{\"q\":\"\",\"source\":\"fa\",\"target\":\"en\"}", "missing q"),
        (b"{\"q\":\"x\",\"target\":\"en\"}", "missing source"),
        (b"{\"q\":\"x\",\"source\":\"fa\"}", "missing target"),
        (b"{\"q\":\"x\",\"source\":\"de\",\"target\":\"en\"}", "de is not supported"),
        (b"{\"q\":\"x\",\"source\":\"fa\",\"target\":\"fa\"}", "fa is not supported"),
        (b"{\"q\":\"x\",\"source\":\"fa\",\"target\":\"en\",\"format\":\"rtf\"}", "rtf"),
        (b"{\"q\":\"x\",\"source\":\"fa\",\"target\":\"en\",\"alternatives\":-1}", "alternatives"),
        (b"{\"q\":[\"x\",\"x\",\"x\",\"x\"],\"source\":\"fa\",\"target\":\"en\"}", "4 texts"),
    ] {
        let answer = send(body);
        assert_eq!(answer.status, 400, "{} {answer:?}", String::from_utf8_lossy(body));
        assert!(answer.error().contains(part), "{answer:?}");
    }
    assert!(send(&[b'['; 1900]).error().contains("JSON"));
    let long = question(&"س".repeat(101)).to_string();
    assert!(send(long.as_bytes()).error().contains("101 characters"));
    assert_eq!(send(&[b' '; 2001]).status, 413);
    assert_eq!(
        service.send("POST", "/translate", &[("Content-Type", "text/csv")], b"q").status,
        415
    );
    let broken = [("Content-Type", "multipart/form-data; boundary=EDGE")];
    assert_eq!(service.send("POST", "/translate_file", &broken, b"--EDGE\r\nnonsense").status, 400);
    let arabic = json!({"q": "قال الرئيس في هذا المؤتمر إن الحكومة التي كانت هنا", "source": "auto", "target": "en"});
    let answer = service.translate(&arabic);
    assert_eq!(answer.status, 400);
    assert!(answer.error().contains("Arabic"), "{answer:?}");
    assert_eq!(service.get("/translate").status, 405);
    let nothing = service.get("/nothing");
    assert_eq!((nothing.status, nothing.error().is_empty()), (404, false));
    assert_eq!(service.post("/suggest", &json!({})).status, 403);
    assert_eq!(service.translate(&question("سلام.")).status, 200, "it goes on");
}

#[test]
fn only_who_has_a_key_may_ask_and_only_so_often() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("keys");
    std::fs::write(&file, "# keys\ncms 0123456789abcdef0123\nfedcba9876543210fedc\n")
        .expect("keys");
    let keys = ["--api-keys", file.to_str().expect("UTF-8"), "--rate-limit", "3"];
    let service = start(&keys);
    let mut asked = question("سلام.");
    assert_eq!(service.translate(&asked).status, 401);
    asked["api_key"] = "0123456789abcdef012".into();
    assert_eq!(service.translate(&asked).status, 403);
    asked["api_key"] = "0123456789abcdef0123".into();
    assert_eq!(service.translate(&asked).status, 200);
    let body = question("سلام.").to_string();
    let json = ("Content-Type", "application/json");
    for header in
        [("X-API-Key", "0123456789abcdef0123"), ("Authorization", "Bearer 0123456789abcdef0123")]
    {
        let answer = service.send("POST", "/translate", &[json, header], body.as_bytes());
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let answer = service.translate(&asked);
    assert_eq!(answer.status, 429);
    assert!(
        answer.header("retry-after").and_then(|it| it.parse::<u64>().ok()).is_some_and(|it| it > 0)
    );
    asked["api_key"] = "fedcba9876543210fedc".into();
    assert_eq!(service.translate(&asked).status, 200, "another client is another count");
    assert_eq!(service.get("/frontend/settings").json()["keyRequired"], true);
    assert_eq!(service.get("/health").status, 200);
    std::fs::write(&file, "short\n").expect("keys");
    let output = command("serve", &["--port", "0", keys[0], keys[1]]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(78));
}

#[test]
fn what_is_too_much_is_told_to_come_again_and_nothing_is_lost() {
    let service = start(&["--queue", "2", "--batch-tokens", "20"]);
    let long: Vec<String> = (0..200).map(text).collect();
    let long = question(&long.join("\n\n"));
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..12).map(|_| scope.spawn(|| service.translate(&long))).collect();
        let answers: Vec<Answer> =
            asked.into_iter().map(|it| it.join().expect("an answer")).collect();
        let with = |status| answers.iter().filter(move |answer| answer.status == status);
        assert_eq!(with(200).count() + with(503).count(), 12, "{answers:?}");
        assert!(with(200).count() >= 2);
        assert!(with(503).count() >= 1);
        for refused in with(503) {
            assert!(refused.header("retry-after").is_some(), "{refused:?}");
            assert!(refused.error().contains("again"));
        }
        let first = with(200).next().expect("an answer").json();
        assert!(with(200).all(|answer| answer.json() == first));
    });
    assert_eq!(service.translate(&question("سلام.")).status, 200, "room was given back");
}

#[test]
fn a_client_that_goes_away_or_is_slow_holds_up_nobody() {
    let service = start(&["--queue", "3", "--slow-timeout", "1", "--batch-tokens", "20"]);
    let long: Vec<String> = (0..400).map(text).collect();
    let body = question(&long.join("\n\n")).to_string();
    for _ in 0..6 {
        drop(service.ask(&body));
    }
    // The head never ends; or the body does not.
    let mut silent = service.connect();
    silent.write_all(b"POST /translate HTTP/1.1\r\nHost").expect("it reads");
    let mut slow = service.connect();
    let head = "POST /translate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{";
    slow.write_all(head.as_bytes()).expect("it reads");
    assert_eq!(read(slow).status, 408);
    let mut rest = Vec::new();
    let _ = silent.read_to_end(&mut rest);
    // Closed, with or without a word.
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    let mut answer = service.translate(&question("سلام."));
    for _ in 0..100 {
        if answer.status == 200 {
            break;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        std::thread::sleep(Duration::from_millis(100));
        answer = service.translate(&question("سلام."));
    }
    assert_eq!(answer.status, 200, "those who are gone hold no room");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_after_every_request_that_was_sent_is_answered() {
    let mut service = start(&["--batch-tokens", "40", "--drain-timeout", "120"]);
    let texts: Vec<String> = (0..10)
        .map(|number| (0..40).map(|at| text(number * 40 + at)).collect::<Vec<_>>().join("\n\n"))
        .collect();
    let statuses = std::thread::scope(|scope| {
        let asked: Vec<_> = texts
            .iter()
            .map(|text| scope.spawn(|| service.translate(&question(text)).status))
            .collect();
        service.wait_for_requests(10);
        service.terminate();
        asked.into_iter().map(|it| it.join().expect("an answer")).collect::<Vec<_>>()
    });
    assert_eq!(statuses, [200; 10]);
    assert_eq!(service.child.wait().expect("it ends").code(), Some(0));
    assert!(TcpStream::connect(service.address).is_err());
}

#[cfg(unix)]
#[test]
fn what_is_not_done_when_the_time_to_drain_is_over_is_given_up_and_told() {
    let mut service = start_with(
        &["--batch-tokens", "20", "--char-limit", "1000000", "--drain-timeout", "0"],
        |command| {
            command.stderr(Stdio::piped());
        },
    );
    let long: Vec<String> = (0..1000).map(text).collect();
    let body = question(&long.join("\n\n")).to_string();
    let stream = service.ask(&body);
    service.wait_for_requests(1);
    service.terminate();
    let refused = read(stream);
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(service.child.wait().expect("it ends").code(), Some(3));
    let mut errors = String::new();
    let stderr: Option<ChildStderr> = service.child.stderr.take();
    stderr.expect("a pipe").read_to_string(&mut errors).expect("UTF-8");
    assert!(errors.contains("1 requests were not done"), "{errors}");
}

#[test]
fn the_description_and_the_routes_are_the_same() {
    let description: Value = serde_json::from_str(tarjoman::serve::DESCRIPTION).expect("JSON");
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    let mut described = Vec::new();
    for (path, methods) in description["paths"].as_object().expect("paths") {
        described.extend(
            methods
                .as_object()
                .expect("methods")
                .keys()
                .map(|method| (path.as_str(), method.as_str())),
        );
    }
    described.sort_unstable();
    let mut served = tarjoman::serve::paths();
    served.sort_unstable();
    assert_eq!(described, served);
    let service = start(&[]);
    assert_eq!(service.get("/openapi.json").json(), description);
    assert_eq!(service.get("/spec").json(), description);
    for (path, method) in served.iter().filter(|(path, _)| !path.contains('{')) {
        let answer = service.send(&method.to_uppercase(), path, &[], b"");
        assert!(!matches!(answer.status, 404 | 405 | 500..), "{method} {path}: {answer:?}");
    }
}

#[test]
fn other_origins_are_let_in_only_by_name() {
    let origin = [("Origin", "https://cms.example.org")];
    let closed = start(&[]);
    assert_eq!(
        closed.send("GET", "/languages", &origin, b"").header("access-control-allow-origin"),
        None
    );
    let open = start(&["--cors-origin", "https://cms.example.org"]);
    let allowed = |origin: &[(&str, &str)]| {
        let answer = open.send("GET", "/languages", origin, b"");
        answer.header("access-control-allow-origin").map(str::to_owned)
    };
    assert_eq!(allowed(&origin).as_deref(), Some("https://cms.example.org"));
    assert_eq!(allowed(&[("Origin", "https://other.example.org")]), None);
    let output = command("serve", &["--port", "0", "--cors-origin", "nonsense"]).output();
    assert_eq!(output.expect("it runs").status.code(), Some(2));
}

#[test]
fn the_page_for_people_allows_nothing_but_its_own_parts() {
    let service = start(&[]);
    for path in ["/", "/app.js", "/app.css"] {
        let answer = service.get(path);
        assert_eq!(answer.status, 200);
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let page = service.get("/");
    assert!(!page.text().contains("style=") && !page.text().contains("onclick"));
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/serve/drive.mjs").is_file());
}

#[test]
fn glossaries_work_as_for_other_commands() {
    let folder = TempDir::new().expect("a temporary folder");
    let glossary = folder.path().join("terms.tsv");
    std::fs::write(&glossary, "سپاه\tRevolutionary Guard\n").expect("a glossary");
    let arguments = ["--glossary", glossary.to_str().expect("UTF-8"), "--beams", "4"];
    let service = start(&arguments);
    let text = "سپاه دیروز گفت.";
    let answer = service.post("/aligned", &json!({"q": text}));
    let unit: Value =
        serde_json::from_str(answer.text().lines().next().expect("a line")).expect("JSON");
    assert_eq!(unit["terms"][0]["target"], "Revolutionary Guard");
    let expected =
        translated("text.txt", text.as_bytes(), &[&arguments[..], &["--format", "jsonl"]].concat());
    assert_eq!(answer.text(), String::from_utf8(expected).expect("UTF-8"));
}

#[test]
fn a_port_that_is_taken_is_told_before_the_model_is_loaded() {
    let service = start(&[]);
    let port = service.address.port().to_string();
    let output = command("serve", &["--port", &port]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(69));
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(message.contains(&port) && message.contains("hint:"), "{message}");
}
