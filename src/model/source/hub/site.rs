//! Owns models at plain addresses: which files are there, and the copy of them in the cache. Bytes
//! on their way are in `transfer`, which files make a model is for [`super::super::super::files`].
//!
//! ```text
//! tarjoman-addresses/NAME-DIGEST/FILE            a file, complete and verified
//! tarjoman-addresses/NAME-DIGEST/.part/...       files on their way
//! ```
//!
//! An address has no revision: what was fetched once is used without asking again, until it is
//! removed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use ureq::http::header::{ACCEPT_ENCODING, CONTENT_LENGTH, ETAG, IF_RANGE, RANGE};
use ureq::http::{HeaderMap, Response};
use ureq::{Agent, Body};

use super::super::super::bergamot::files::beside;
use super::super::super::files::{self, FileData, ModelFiles, Shelf, hex};
use super::super::super::{Error, Result};
use super::super::folder::Folder;
use super::super::{Addresses, Progress};
use super::cache::{self, disk};
use super::remote::{Facts, explain, header};
use super::transfer::{self, Origin};
use super::{Settings, remote};

const FOLDER: &str = "tarjoman-addresses";
/// Where files on their way lie.
const PART: &str = ".part";

/// Finds the files at the addresses in the cache, or fetches them.
pub(in crate::model::source) fn resolve(
    addresses: &Addresses,
    settings: &Settings,
    progress: &mut dyn Progress,
) -> Result<ModelFiles> {
    let name = addresses.to_string();
    let folder = place(addresses, &settings.cache);
    if let Ok(files) = files::gather(&name, &mut Folder(&folder)) {
        return Ok(files);
    }
    if settings.offline {
        return Err(Error::NotCached { model: name, reason: "HF_HUB_OFFLINE is set".into() });
    }
    fs::create_dir_all(&folder).map_err(|source| disk(&folder, source))?;
    let _lock = cache::lock(&folder.join(".lock"), || {
        progress.warning(&format!("waiting for another process that fetches {name}"));
    })?;
    let site = Site { agent: remote::agent(settings) };
    let found = site.find(addresses)?;
    files::gather(&name, &mut Fetched { site: &site, folder: &folder, found, progress })
}

/// Bytes of what the cache holds of these addresses; `None` when that is nothing.
#[must_use]
pub fn size(addresses: &Addresses, cache: &Path) -> Option<u64> {
    let folder = place(addresses, cache);
    folder.is_dir().then(|| cache::size(&folder))
}

/// Deletes what the cache holds of these addresses and says how many bytes that freed; `None`
/// when it held nothing.
///
/// # Errors
/// When a file can't be deleted.
pub fn remove(addresses: &Addresses, cache: &Path) -> Result<Option<u64>> {
    let Some(freed) = size(addresses, cache) else { return Ok(None) };
    let folder = place(addresses, cache);
    fs::remove_dir_all(&folder).map_err(|source| disk(&folder, source))?;
    Ok(Some(freed))
}

/// The folder of the files at these addresses.
fn place(addresses: &Addresses, cache: &Path) -> PathBuf {
    let text = addresses.to_string();
    let name: String = text
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c))
        .take(64)
        .collect();
    cache.join(FOLDER).join(format!("{name}-{}", digest(&text)))
}

/// Sixteen digits that stand for a text.
fn digest(text: &str) -> String {
    hex(&Sha256::digest(text)[..8])
}

/// Servers of plain files.
struct Site {
    agent: Agent,
}

impl Site {
    /// The files that are meant, by their names.
    fn find(&self, addresses: &Addresses) -> Result<BTreeMap<String, Facts>> {
        let mut found = BTreeMap::new();
        for url in addresses.urls() {
            let (folder, file) = split(url);
            if file.is_empty() || addresses.urls().len() == 1 {
                for group in beside(folder, file) {
                    for name in group {
                        let address =
                            if name == file { url.clone() } else { format!("{folder}{name}") };
                        if let Some(facts) = self.facts(&address, &name)? {
                            found.insert(name, facts);
                            break;
                        }
                    }
                }
                if found.is_empty() {
                    let reason = "there is no model file that Tarjoman knows by its name".into();
                    return Err(Error::Address { url: url.clone(), reason });
                }
            } else {
                let facts = self.facts(url, file)?.ok_or_else(|| Error::Address {
                    url: url.clone(),
                    reason: "there is no such file (status 404)".into(),
                })?;
                found.insert(file.to_string(), facts);
            }
        }
        Ok(found)
    }

    /// Asks for the size of a file; nothing where there is none.
    fn facts(&self, url: &str, name: &str) -> Result<Option<Facts>> {
        let fail = |reason: String| Error::Address { url: url.to_string(), reason };
        let response = self
            .agent
            .head(url)
            .header(ACCEPT_ENCODING, "identity")
            .call()
            .map_err(|error| fail(explain(&error)))?;
        match response.status().as_u16() {
            200 => {}
            404 | 410 => return Ok(None),
            status => return Err(fail(format!("it answered {status}"))),
        }
        let size = header(&response, CONTENT_LENGTH.as_str())
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| fail("the answer does not say how large the file is".into()))?;
        let etag = header(&response, ETAG.as_str()).unwrap_or_default().to_string();
        Ok(Some(Facts { name: name.to_string(), url: url.to_string(), etag, size }))
    }
}

/// An address as a folder, with the slash at its end, and a file in it. What follows a question
/// mark belongs to the file.
fn split(url: &str) -> (&str, &str) {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let at = path.rfind('/').map_or(0, |at| at + 1);
    (&url[..at], &path[at..])
}

impl Origin for Site {
    fn content(&self, facts: &Facts, from: u64) -> Result<Response<Body>, ureq::Error> {
        let request = self.agent.get(&facts.url).header(ACCEPT_ENCODING, "identity");
        if from == 0 {
            return request.call();
        }
        let request = request.header(RANGE, format!("bytes={from}-"));
        // Another file under the same address is sent from its beginning.
        if facts.etag.starts_with('"') {
            request.header(IF_RANGE, &facts.etag).call()
        } else {
            request.call()
        }
    }

    fn error(&self, facts: &Facts, reason: String) -> Error {
        Error::Address { url: facts.url.clone(), reason }
    }

    fn damaged(&self, facts: &Facts, reason: String) -> Error {
        Error::Damaged { model: facts.url.clone(), file: facts.name.clone(), reason }
    }

    fn refusal(&self, status: u16, _: &HeaderMap, facts: &Facts) -> Error {
        self.error(facts, format!("it answered {status}"))
    }
}

/// Files at addresses: those that are not in the cache are fetched when taken.
struct Fetched<'a> {
    site: &'a Site,
    folder: &'a Path,
    found: BTreeMap<String, Facts>,
    progress: &'a mut dyn Progress,
}

impl Shelf for Fetched<'_> {
    fn has(&self, name: &str) -> bool {
        self.found.contains_key(name)
    }

    fn names(&self) -> Vec<String> {
        self.found.keys().cloned().collect()
    }

    fn take(&mut self, name: &str) -> Result<FileData> {
        let path = self.folder.join(name);
        if !path.is_file() {
            let facts = self.found.get(name).ok_or_else(|| Error::Missing {
                model: self.folder.display().to_string(),
                what: name.to_string(),
            })?;
            // What was begun of another version of the file is not continued.
            let version = digest(&format!("{} {} {}", facts.url, facts.etag, facts.size));
            let part = self.folder.join(PART).join(version);
            transfer::fetch(self.site, facts, &part, self.progress)?;
            fs::rename(&part, &path).map_err(|source| disk(&path, source))?;
        }
        Ok(FileData::Path(path))
    }
}
