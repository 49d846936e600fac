//! Owns bytes on their way from a server into the cache: a file appears under its name only when
//! it is whole and verified. Does not know what the file is for.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::time::Duration;

use sha2::{Digest, Sha256};
use ureq::Body;
use ureq::http::header::CONTENT_RANGE;
use ureq::http::{HeaderMap, Response};

use super::super::super::files::hex;
use super::super::super::{Error, Result};
use super::super::Progress;
use super::cache::disk;
use super::remote::{Facts, explain};

/// Failures in a row that bring nothing new before the download is given up.
const ATTEMPTS: u32 = 2;
const PAUSE: Duration = Duration::from_millis(500);
const CHUNK: usize = 1 << 16;

/// Who has files: the hub, or any server.
pub(super) trait Origin {
    /// Asks for the content of a file, from a position on.
    fn content(&self, facts: &Facts, from: u64) -> Result<Response<Body>, ureq::Error>;

    /// A file did not come.
    fn error(&self, facts: &Facts, reason: String) -> Error;

    /// A file came, and is not what was announced.
    fn damaged(&self, facts: &Facts, reason: String) -> Error;

    /// What a status that is not success means.
    fn refusal(&self, status: u16, headers: &HeaderMap, facts: &Facts) -> Error;
}

/// Fetches a file to `blob`. What an earlier, interrupted fetch left beside it is continued.
pub(super) fn fetch(
    origin: &dyn Origin,
    facts: &Facts,
    blob: &Path,
    progress: &mut dyn Progress,
) -> Result<()> {
    let part = blob.with_extension("tarjoman-part");
    let open = || {
        if let Some(folder) = blob.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = OpenOptions::new().append(true).create(true).open(&part)?;
        // Longer than the whole: not of this file.
        if file.metadata()?.len() > facts.size {
            file.set_len(0)?;
        }
        let have = file.metadata()?.len();
        Ok((file, have))
    };
    let (file, have) = open().map_err(|source| disk(&part, source))?;
    let mut download = Download { origin, facts, part: &part, file, have, progress };
    download.progress.started(&facts.name, facts.size);
    download.progress.advanced(have);
    download.run()?;
    download.file.sync_all().map_err(|source| disk(&part, source))?;
    if let Err(reason) = verify(&part, facts).map_err(|source| disk(&part, source))? {
        return Err(download.damaged(reason));
    }
    fs::rename(&part, blob).map_err(|source| disk(blob, source))?;
    progress.finished(&facts.name);
    Ok(())
}

struct Download<'a> {
    origin: &'a dyn Origin,
    facts: &'a Facts,
    part: &'a Path,
    file: File,
    have: u64,
    progress: &'a mut dyn Progress,
}

/// Why one request did not bring the rest.
enum Stop {
    /// The connection ended early.
    Cut(String),
    /// Nothing that another request would cure.
    Final(Error),
}

impl Download<'_> {
    fn run(&mut self) -> Result<()> {
        let (mut most, mut failures) = (self.have, 0);
        while self.have < self.facts.size {
            let reason = match self.request() {
                Ok(()) if self.have >= self.facts.size => break,
                Ok(()) => "the connection ended early".to_string(),
                Err(Stop::Cut(reason)) => reason,
                Err(Stop::Final(error)) => return Err(error),
            };
            if self.have > most {
                (most, failures) = (self.have, 0);
                continue;
            }
            failures += 1;
            if failures == ATTEMPTS {
                let progress = format!("{} of {} bytes came", self.have, self.facts.size);
                return Err(self.origin.error(self.facts, format!("{reason}; {progress}")));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// One request for all that is still lacking.
    fn request(&mut self) -> Result<(), Stop> {
        let response =
            self.origin.content(self.facts, self.have).map_err(|e| Stop::Cut(explain(&e)))?;
        match response.status().as_u16() {
            206 if self.continues(response.headers().get(CONTENT_RANGE)) => {}
            // A server that does not know ranges begins at the beginning.
            200 => self.restart()?,
            206 => {
                return Err(Stop::Final(
                    self.damaged("it is not the part that was asked for".into()),
                ));
            }
            status @ (408 | 429 | 500..=599) => {
                return Err(Stop::Cut(format!("it answered {status}")));
            }
            status => {
                let refusal = self.origin.refusal(status, response.headers(), self.facts);
                return Err(Stop::Final(refusal));
            }
        }
        let mut body = response.into_body().into_reader();
        let mut chunk = vec![0; CHUNK];
        loop {
            let count = match body.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Stop::Cut(error.to_string())),
            };
            if self.have + count as u64 > self.facts.size {
                let reason = format!("it is longer than {} bytes", self.facts.size);
                return Err(Stop::Final(self.damaged(reason)));
            }
            self.file
                .write_all(&chunk[..count])
                .map_err(|source| Stop::Final(disk(self.part, source)))?;
            self.have += count as u64;
            self.progress.advanced(count as u64);
        }
    }

    fn continues(&self, range: Option<&ureq::http::HeaderValue>) -> bool {
        range
            .and_then(|range| range.to_str().ok()?.strip_prefix("bytes ")?.split('-').next())
            .and_then(|start| start.trim().parse::<u64>().ok())
            .is_none_or(|start| start == self.have)
    }

    fn restart(&mut self) -> Result<(), Stop> {
        if self.have > 0 {
            self.file.set_len(0).map_err(|source| Stop::Final(disk(self.part, source)))?;
            self.have = 0;
            self.progress.started(&self.facts.name, self.facts.size);
        }
        Ok(())
    }

    /// Deletes what arrived and says what was wrong with it.
    fn damaged(&self, reason: String) -> Error {
        let reason = match fs::remove_file(self.part) {
            Ok(()) => reason,
            Err(error) => {
                format!("{reason}; {} could not be deleted: {error}", self.part.display())
            }
        };
        self.origin.damaged(self.facts, reason)
    }
}

/// Whether the file has the size that the hub named and, for large files, the digest.
fn verify(part: &Path, facts: &Facts) -> io::Result<Result<(), String>> {
    let mut file = File::open(part)?;
    let size = file.metadata()?.len();
    if size != facts.size {
        return Ok(Err(format!("it has {size} bytes, the server says {}", facts.size)));
    }
    // 64 digits are a SHA-256; 40 are a git id, which is not the digest of the content alone.
    let expected = facts.etag.trim_matches('"').to_ascii_lowercase();
    if expected.len() != 64 || !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(Ok(()));
    }
    let mut digest = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            count => digest.update(&chunk[..count]),
        }
    }
    let found = hex(&digest.finalize());
    Ok(if found == expected {
        Ok(())
    } else {
        Err(format!("its SHA-256 is {found}, the server says {expected}"))
    })
}
