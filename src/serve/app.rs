//! What all requests share.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use tokio::sync::watch;

use super::fields::Fields;
use super::metrics::Metrics;
use super::queue::Queue;
use super::rate::Rate;
use super::refusal::Refusal;
use super::store::Store;
use super::{Keys, Languages, Limits, ServeOptions};
use crate::translate::Translator;

/// What all requests share.
pub(super) struct Inner {
    pub queue: Queue,
    pub languages: Languages,
    pub limits: Limits,
    pub store: Store,
    pub metrics: Metrics,
    /// Candidates that the engine can give.
    pub beams: usize,
    /// The model and its licence.
    pub model: (String, Option<String>),
    keys: Keys,
    rate: Rate,
    behind_proxy: bool,
    draining: AtomicBool,
    /// Whether what is in flight is given up.
    over: watch::Sender<bool>,
}

/// A handle of it.
#[derive(Clone)]
pub(super) struct App(Arc<Inner>);

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Who is at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

impl App {
    pub fn new(translator: &Translator, options: &ServeOptions, queue: Queue) -> Self {
        let limits = options.limits.clone();
        Self(Arc::new(Inner {
            metrics: Metrics::new(&queue, translator.name()),
            queue,
            languages: options.languages.clone(),
            store: Store::new(limits.kept, limits.kept_for),
            beams: options.translate.search.beams,
            model: (translator.name().to_owned(), translator.licence()),
            keys: options.keys.clone(),
            rate: Rate::new(limits.per_minute),
            limits,
            behind_proxy: options.behind_proxy,
            draining: AtomicBool::new(false),
            over: watch::Sender::new(false),
        }))
    }

    /// Waits for a translation as long as the limits say; what is not done by then is called off.
    ///
    /// # Errors
    /// Those of `work`, or that it takes too long.
    pub async fn timed<R>(
        &self,
        work: impl Future<Output = std::result::Result<R, Refusal>>,
    ) -> std::result::Result<R, Refusal> {
        let time = self.limits.timeout;
        let mut over = self.over.subscribe();
        tokio::select! {
            done = tokio::time::timeout(time, work) => done.unwrap_or_else(|_| {
                let status = StatusCode::GATEWAY_TIMEOUT;
                Err(Refusal::too_slow(status, "Translating", time.as_secs()))
            }),
            Ok(_) = over.wait_for(|over| *over) => Err(Refusal::stopping()),
        }
    }

    /// Whether clients need a key.
    pub fn wants_key(&self) -> bool {
        !self.keys.is_empty()
    }

    /// From now on clients are told to go elsewhere.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whatever is not done yet is answered with a refusal.
    pub fn give_up(&self) {
        self.over.send_replace(true);
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// Lets a client in, or not: by its key, and by how often it asks.
    ///
    /// # Errors
    /// When it may not ask, or not now.
    pub fn authorise(&self, head: &Parts, fields: &Fields) -> std::result::Result<(), Refusal> {
        let given = fields.text("api_key")?;
        let client = if self.keys.is_empty() {
            self.client(head)
        } else {
            let given = given.or_else(|| from_header(&head.headers));
            let Some(key) = given else {
                let message = "An API key is needed: api_key in the body, or Authorization: Bearer";
                return Err(Refusal::new(StatusCode::UNAUTHORIZED, message));
            };
            let owner = self.keys.owner(&key);
            let refused = || Refusal::new(StatusCode::FORBIDDEN, "Invalid API key");
            owner.ok_or_else(refused)?.to_owned()
        };
        self.rate.count(&client)
    }

    /// The address of a client; a proxy adds the one that it saw at the end.
    fn client(&self, head: &Parts) -> String {
        let forwarded = head.headers.get_all("x-forwarded-for").iter().next_back();
        let forwarded = forwarded.and_then(|value| value.to_str().ok()?.rsplit(',').next());
        let forwarded = forwarded.and_then(|text| text.trim().parse::<IpAddr>().ok());
        let peer = head.extensions.get::<Peer>().map(|peer| peer.0);
        let address = forwarded.filter(|_| self.behind_proxy).or(peer);
        address.map_or_else(String::new, |address| address.to_string())
    }

    /// How clients reach this server, `http://host:port`; empty where the request does not say.
    pub fn base(&self, head: &Parts) -> String {
        let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let host = header("host").filter(|host| {
            host.bytes().all(|c| c.is_ascii_alphanumeric() || b".-:[]_".contains(&c))
        });
        let scheme = header("x-forwarded-proto").filter(|_| self.behind_proxy);
        let scheme = scheme.filter(|scheme| *scheme == "https").unwrap_or("http");
        host.map_or_else(String::new, |host| format!("{scheme}://{host}"))
    }
}

fn from_header(headers: &HeaderMap) -> Option<String> {
    let text = |value: &axum::http::HeaderValue| value.to_str().ok().map(str::to_owned);
    if let Some(key) = headers.get("x-api-key").and_then(text) {
        return Some(key);
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(text)?;
    let (scheme, key) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
}
