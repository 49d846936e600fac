//! A small hub on loopback with the addresses, headers and redirects of the real one, which
//! counts requests and can be told to misbehave. Written on sockets, since a cut connection is
//! one of the things that it has to do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use sha2::{Digest, Sha256};

/// Larger files are kept like the hub's large ones: named by SHA-256, served by another host.
const SMALL: usize = 100;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub path: String,
    /// `127.0.0.1` is the hub, `localhost` the host with the large files.
    pub host: String,
    pub authorization: Option<String>,
    pub range: Option<String>,
}

/// What is wrong with the hub.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// Answers with content end after so many bytes, whatever they announce.
    pub cut_after: Option<usize>,
    /// Content from this position on is never sent.
    pub stuck_at: Option<usize>,
    /// Answers with content stop after so many bytes, and the connection stays open.
    pub stall_after: Option<usize>,
    /// Ranges are ignored.
    pub no_ranges: bool,
    /// One byte of each large file is another one.
    pub flipped_byte: bool,
    /// Everything is answered with this status.
    pub status: Option<u16>,
    /// Only this token opens files.
    pub gated: Option<&'static str>,
}

type Files = BTreeMap<String, Vec<u8>>;

#[derive(Default)]
struct State {
    /// By `ORG/NAME` and by revision: the commit.
    revisions: BTreeMap<(String, String), String>,
    commits: BTreeMap<String, Files>,
    requests: Vec<Request>,
    faults: Faults,
}

/// The hub; it lives as long as the test process.
#[derive(Clone)]
pub struct Hub {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Hub {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let hub = Self { port, state: Arc::default() };
        let server = hub.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                // A client that hangs up is not a failure of the test.
                std::thread::spawn(move || drop(server.serve(&stream)));
            }
        });
        hub
    }

    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Puts files at a revision of a repository and gives back the commit.
    pub fn publish(&self, repo: &str, revision: &str, files: &[(&str, &[u8])]) -> String {
        let files: Files =
            files.iter().map(|(name, data)| ((*name).to_string(), data.to_vec())).collect();
        let commit = hex(format!("{repo}{files:?}").as_bytes())[..40].to_string();
        let mut state = self.lock();
        for name in [revision, &commit] {
            state.revisions.insert((repo.to_string(), name.to_string()), commit.clone());
        }
        state.commits.insert(commit.clone(), files);
        commit
    }

    pub fn set(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    /// The requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.lock().requests)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread of the hub panics")
    }

    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        let Some(request) = read(stream)? else { return Ok(()) };
        let (faults, answer) = {
            let mut state = self.lock();
            state.requests.push(request.clone());
            (state.faults.clone(), self.answer(&state, &request))
        };
        let Answer { status, headers, body } = answer;
        let size = body.len();
        let start = match (&request.range, faults.no_ranges) {
            (Some(range), false) if status == 200 => {
                range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0)
            }
            _ => 0,
        };
        let mut head = String::new();
        let content = body.get(start..).unwrap_or_default();
        let status = if start > 0 && start >= size { 416 } else { status };
        let status = if start > 0 && status == 200 { 206 } else { status };
        write!(head, "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n", content.len())
            .expect("writing to a string");
        if status == 206 {
            write!(head, "Content-Range: bytes {start}-{}/{size}\r\n", size - 1)
                .expect("writing to a string");
        }
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").expect("writing to a string");
        }
        head.push_str("Connection: close\r\n\r\n");
        let mut stream = stream;
        stream.write_all(head.as_bytes())?;
        if request.method != "HEAD" {
            let large = size > SMALL && !request.path.starts_with("/api/");
            let mut length = content.len();
            if large {
                length = length.min(faults.cut_after.unwrap_or(length));
                let stuck = faults.stuck_at.map_or(length, |stuck| stuck.saturating_sub(start));
                length = length.min(stuck);
            }
            if let Some(stall) = faults.stall_after.filter(|stall| large && *stall < length) {
                stream.write_all(&content[..stall])?;
                std::thread::sleep(Duration::from_secs(30));
                return Ok(());
            }
            stream.write_all(&content[..length])?;
        }
        Ok(())
    }

    fn answer(&self, state: &State, request: &Request) -> Answer {
        let faults = &state.faults;
        if let Some(status) = faults.status {
            return Answer::status(status);
        }
        let path: Vec<&str> = request.path.trim_start_matches('/').split('/').collect();
        match path[..] {
            ["api", "models", org, name, "revision", revision] => {
                let repo = format!("{org}/{name}");
                match state.revisions.get(&(repo.clone(), revision.to_string())) {
                    Some(commit) => listing(&repo, commit, &state.commits[commit]),
                    None if state.revisions.keys().any(|(known, _)| *known == repo) => {
                        Answer::status(404).with("x-error-code", "RevisionNotFound")
                    }
                    None => Answer::status(404).with("x-error-code", "RepoNotFound"),
                }
            }
            [org, name, "resolve", revision, ref file @ ..]
            | ["api", "resolve-cache", "models", org, name, revision, ref file @ ..] => {
                let file = file.join("/");
                let authorised = format!("Bearer {}", faults.gated.unwrap_or_default());
                if faults.gated.is_some() && request.authorization != Some(authorised) {
                    let status = if request.authorization.is_some() { 403 } else { 401 };
                    return Answer::status(status).with("x-error-code", "GatedRepo");
                }
                let commit = state.revisions.get(&(format!("{org}/{name}"), revision.to_string()));
                let found =
                    commit.and_then(|commit| Some((commit, state.commits[commit].get(&file)?)));
                let Some((commit, data)) = found else {
                    return Answer::status(404).with("x-error-code", "EntryNotFound");
                };
                let etag = hex(data);
                if data.len() > SMALL {
                    return Answer::status(302)
                        .with("x-repo-commit", commit)
                        .with("x-linked-etag", &format!("\"{etag}\""))
                        .with("x-linked-size", &data.len().to_string())
                        .with("location", &format!("http://localhost:{}/large/{etag}", self.port));
                }
                if path[0] != "api" {
                    let next = format!("/api/resolve-cache/models/{org}/{name}/{commit}/{file}");
                    return Answer::status(307).with("location", &next);
                }
                Answer { status: 200, headers: Vec::new(), body: data.clone() }
                    .with("x-repo-commit", commit)
                    .with("etag", &format!("W/\"{}\"", &etag[..40]))
            }
            // A plain server of files: no redirect, the digest as the ETag.
            ["web", org, name, file] => {
                let mut files = state
                    .revisions
                    .iter()
                    .filter(|((repo, _), _)| *repo == format!("{org}/{name}"))
                    .filter_map(|(_, commit)| state.commits[commit].get(file));
                let Some(data) = files.next() else { return Answer::status(404) };
                let etag = format!("\"{}\"", hex(data));
                let mut body = data.clone();
                if faults.flipped_byte && body.len() > SMALL {
                    body[0] ^= 1;
                }
                Answer { status: 200, headers: Vec::new(), body }.with("etag", &etag)
            }
            ["large", digest] => {
                let mut files = state.commits.values().flat_map(BTreeMap::values);
                let mut body = files.find(|data| hex(data) == digest).cloned().unwrap_or_default();
                if faults.flipped_byte {
                    body[0] ^= 1;
                }
                Answer { status: 200, headers: Vec::new(), body }
            }
            _ => Answer::status(404),
        }
    }
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_string(), value.to_string()));
        self
    }
}

fn listing(repo: &str, commit: &str, files: &Files) -> Answer {
    let siblings: Vec<_> =
        files.keys().map(|name| serde_json::json!({ "rfilename": name })).collect();
    let body = serde_json::json!({ "id": repo, "sha": commit, "siblings": siblings });
    Answer { status: 200, headers: Vec::new(), body: body.to_string().into_bytes() }
        .with("content-type", "application/json")
}

fn read(stream: &TcpStream) -> std::io::Result<Option<Request>> {
    let mut lines = BufReader::new(stream).lines();
    let Some(first) = lines.next().transpose()? else { return Ok(None) };
    let mut words = first.split(' ').map(str::to_string);
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let (mut host, mut authorization, mut range) = (String::new(), None, None);
    for line in lines {
        let line = line?;
        let Some((name, value)) = line.split_once(':') else { break };
        let value = value.trim().to_string();
        match name.to_ascii_lowercase().as_str() {
            "host" => host = value.split(':').next().unwrap_or_default().to_string(),
            "authorization" => authorization = Some(value),
            "range" => range = Some(value),
            _ => {}
        }
    }
    Ok(Some(Request { method, path, host, authorization, range }))
}

fn hex(data: &[u8]) -> String {
    Sha256::digest(data).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}
