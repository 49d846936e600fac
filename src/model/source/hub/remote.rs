//! Owns the requests to the hub and the meaning of its refusals. Writes no file.
//!
//! Addresses, headers and the listing are hf-hub's. Its download is not used: version 0.5 shows a
//! file in the cache before anything could check it, has no timeouts, hands the token to whatever
//! host a redirect names, and can't finish a download that stopped at the last byte.

use hf_hub::api::RepoInfo;
use hf_hub::api::sync::{Api, ApiBuilder, ApiRepo};
use hf_hub::{Cache, Repo, RepoType};
use ureq::config::RedirectAuthHeaders;
use ureq::http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, ETAG, LOCATION, RANGE};
use ureq::http::{HeaderMap, Response, Uri};
use ureq::{Agent, Body};

use super::super::super::{Error, Result};
use super::transfer::Origin;
use super::{Listing, Settings, cache};

/// One repository on the hub.
pub(super) struct Remote<'a> {
    settings: &'a Settings,
    repo: &'a str,
    revision: &'a str,
    agent: Agent,
}

/// What the hub says about one file.
#[derive(Debug)]
pub(super) struct Facts {
    /// The file.
    pub(super) name: String,
    /// Where to fetch it.
    pub(super) url: String,
    /// Names the content: its SHA-256 for large files, its git id for small ones.
    pub(super) etag: String,
    /// Bytes.
    pub(super) size: u64,
}

/// Why the hub gave no listing.
pub(super) enum Failure {
    /// It could not be reached or is out of order: a copy in the cache will do.
    Unreachable(String),
    /// It answered, and the answer is no.
    Final(Error),
}

impl<'a> Remote<'a> {
    pub(super) fn new(settings: &'a Settings, repo: &'a str, revision: &'a str) -> Self {
        Self { settings, repo, revision, agent: agent(settings) }
    }

    /// The commit that the revision stands at, and its files.
    pub(super) fn listing(&self) -> Result<Listing, Failure> {
        let refused = |reason: String| Failure::Final(self.error("the list of files", reason));
        let api = self.api().map_err(&refused)?;
        let mut response = self
            .at(&api, self.revision)
            .info_request()
            .config()
            .http_status_as_error(false)
            .timeout_connect(Some(self.settings.answer_timeout))
            .timeout_recv_response(Some(self.settings.answer_timeout))
            .timeout_recv_body(Some(self.settings.download_timeout))
            .build()
            .call()
            .map_err(|error| match error {
                ureq::Error::BadUri(_) | ureq::Error::Http(_) => refused(error.to_string()),
                other => Failure::Unreachable(explain(&other)),
            })?;
        match response.status().as_u16() {
            200 => {}
            status @ (429 | 500..=599) => {
                return Err(Failure::Unreachable(format!("it answered {status}")));
            }
            status => return Err(Failure::Final(self.refusal(status, response.headers(), None))),
        }
        let info: RepoInfo = response
            .body_mut()
            .read_json()
            .map_err(|error| refused(format!("the answer is no listing: {error}")))?;
        if !cache::is_commit(&info.sha) {
            return Err(refused(format!("{:?} is no commit", info.sha)));
        }
        let files = info.siblings.into_iter().map(|sibling| sibling.rfilename).collect();
        Ok(Listing { commit: info.sha, files })
    }

    /// Asks for the size and the digest of a file.
    pub(super) fn facts(&self, commit: &str, name: &str) -> Result<Facts> {
        let fail = |reason: String| self.error(name, reason);
        let url = self.at(&self.api().map_err(&fail)?, commit).url(name);
        let mut address = url.clone();
        // Small files are redirected within the hub, large ones to another host, whose answer
        // would lack the hub's headers.
        let response = loop {
            let response = self
                .authorised(self.agent.head(&address))
                .header(ACCEPT_ENCODING, "identity")
                .config()
                .max_redirects(0)
                .build()
                .call()
                .map_err(|error| fail(explain(&error)))?;
            match (response.status().is_redirection(), header(&response, LOCATION.as_str())) {
                (true, Some(next)) if next.starts_with('/') && next != address => {
                    address = within(&address, next)
                        .ok_or_else(|| fail(format!("it redirects to {next}")))?;
                }
                _ => break response,
            }
        };
        let status = response.status();
        if !status.is_success() && !status.is_redirection() {
            return Err(self.refusal(status.as_u16(), response.headers(), Some(name)));
        }
        let etag = header(&response, "x-linked-etag").or_else(|| header(&response, ETAG.as_str()));
        let etag = etag.map(|etag| etag.trim_start_matches("W/").trim_matches('"').to_string());
        let etag = etag
            .filter(|etag| {
                !etag.is_empty() && etag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
            .ok_or_else(|| fail("the answer has no usable ETag; is this a hub?".into()))?;
        if header(&response, "x-repo-commit").is_some_and(|found| found != commit) {
            return Err(fail(format!("the answer is not of commit {commit}")));
        }
        let length = || header(&response, CONTENT_LENGTH.as_str()).filter(|_| status.is_success());
        let size = header(&response, "x-linked-size")
            .or_else(length)
            .and_then(|size| size.parse().ok())
            .ok_or_else(|| fail("the answer does not say how large the file is".into()))?;
        Ok(Facts { name: name.to_string(), url, etag, size })
    }

    /// A file did not come.
    pub(super) fn error(&self, file: &str, reason: String) -> Error {
        Error::Hub {
            model: self.repo.to_string(),
            file: file.to_string(),
            endpoint: self.settings.endpoint.clone(),
            reason,
        }
    }

    /// What a status that is not success means. `file` is `None` for the repository itself.
    pub(super) fn refusal(&self, status: u16, headers: &HeaderMap, file: Option<&str>) -> Error {
        let code = headers.get("x-error-code").and_then(|code| code.to_str().ok());
        let (model, endpoint) = (self.repo.to_string(), self.settings.endpoint.clone());
        match (status, code, file) {
            // Without a token the hub answers 401 for a repository that does not exist, too.
            (401 | 403, _, _) => {
                Error::Refused { model, endpoint, status, token: self.settings.token.is_some() }
            }
            (404, Some("RevisionNotFound"), None) => Error::NotOnHub {
                what: format!("revision {:?} of model {model}", self.revision),
                endpoint,
            },
            (404, _, None) if self.revision == super::super::DEFAULT_REVISION => {
                Error::NotOnHub { what: format!("model {model}"), endpoint }
            }
            (404, _, None) => Error::NotOnHub {
                what: format!("model {model} with revision {:?}", self.revision),
                endpoint,
            },
            (404, _, Some(file)) => {
                Error::NotOnHub { what: format!("file {file} of model {model}"), endpoint }
            }
            _ => self.error(file.unwrap_or("the list of files"), format!("it answered {status}")),
        }
    }

    fn api(&self) -> Result<Api, String> {
        ApiBuilder::from_cache(Cache::new(self.settings.cache.clone()))
            .with_endpoint(self.settings.endpoint.clone())
            .with_token(self.settings.token.clone())
            .with_user_agent("tarjoman", env!("CARGO_PKG_VERSION"))
            .build()
            .map_err(|error| error.to_string())
    }

    fn at(&self, api: &Api, revision: &str) -> ApiRepo {
        let revision = revision.to_string();
        api.repo(Repo::with_revision(self.repo.to_string(), RepoType::Model, revision))
    }

    fn authorised<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.settings.token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }
}

impl Origin for Remote<'_> {
    fn content(&self, facts: &Facts, from: u64) -> Result<Response<Body>, ureq::Error> {
        let request =
            self.authorised(self.agent.get(&facts.url)).header(ACCEPT_ENCODING, "identity");
        if from > 0 { request.header(RANGE, format!("bytes={from}-")) } else { request }.call()
    }

    fn error(&self, facts: &Facts, reason: String) -> Error {
        Remote::error(self, &facts.name, reason)
    }

    fn damaged(&self, facts: &Facts, reason: String) -> Error {
        Error::Damaged { model: self.repo.to_string(), file: facts.name.clone(), reason }
    }

    fn refusal(&self, status: u16, headers: &HeaderMap, facts: &Facts) -> Error {
        Remote::refusal(self, status, headers, Some(&facts.name))
    }
}

/// What makes the requests; a status is an answer, and no redirect takes the token to another host.
pub(super) fn agent(settings: &Settings) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .timeout_connect(Some(settings.answer_timeout))
        .timeout_recv_response(Some(settings.answer_timeout))
        .timeout_recv_body(Some(settings.download_timeout))
        .user_agent(concat!("tarjoman/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

/// A failed connection in words.
pub(super) fn explain(error: &ureq::Error) -> String {
    match error {
        ureq::Error::HostNotFound => "no such host, or no network".into(),
        ureq::Error::ConnectionFailed => "no connection".into(),
        ureq::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

pub(super) fn header<'r>(response: &'r Response<Body>, name: &str) -> Option<&'r str> {
    response.headers().get(name)?.to_str().ok()
}

/// The address of `path` on the host of `address`.
fn within(address: &str, path: &str) -> Option<String> {
    let uri: Uri = address.parse().ok()?;
    Some(format!("{}://{}{path}", uri.scheme_str()?, uri.authority()?))
}
