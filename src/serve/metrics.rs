//! What the service tells of itself to Prometheus, in the OpenMetrics text format.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::queue::Queue;
use crate::translate::Observer;

/// The media type of [`Metrics::text`].
pub(super) const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Seconds that requests take.
const SECONDS: [f64; 13] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// Sentences of a batch.
const ROWS: [f64; 9] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    endpoint: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Endpoint {
    endpoint: String,
}

/// Counts what happens. As an observer it hears of all sentences.
pub(super) struct Metrics {
    registry: Registry,
    answered: Family<Answered, Counter>,
    took: Family<Endpoint, Histogram>,
    characters: Counter,
    sentences: Counter,
    batches: Histogram,
    waiting: Gauge,
    waiting_characters: Gauge,
    all: AtomicU64,
    queue: Queue,
}

impl Metrics {
    pub fn new(queue: &Queue, model: &str) -> Self {
        let mut registry = Registry::with_prefix("tarjoman");
        let version = env!("CARGO_PKG_VERSION").to_owned();
        let build = Info::new(vec![("version", version), ("model", model.to_owned())]);
        registry.register("build", "The program and the model that it serves", build);
        let metrics = Self {
            answered: Family::default(),
            took: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            characters: Counter::default(),
            sentences: Counter::default(),
            batches: Histogram::new(ROWS),
            waiting: Gauge::default(),
            waiting_characters: Gauge::default(),
            all: AtomicU64::new(0),
            queue: queue.clone(),
            registry,
        };
        metrics.register()
    }

    fn register(mut self) -> Self {
        let it = &mut self.registry;
        it.register("requests", "Requests by endpoint and status", self.answered.clone());
        let help = "From the head of a request to the head of its answer";
        it.register_with_unit("request_duration", help, Unit::Seconds, self.took.clone());
        it.register("characters", "Characters of texts to translate", self.characters.clone());
        it.register("sentences", "Sentences that the model has translated", self.sentences.clone());
        it.register("batch_sentences", "Sentences of a batch", self.batches.clone());
        it.register("queue_requests", "Requests that wait or are translated", self.waiting.clone());
        let help = "Characters of the requests that wait or are translated";
        it.register("queue_characters", help, self.waiting_characters.clone());
        self
    }

    /// A request was taken in.
    pub fn asked(&self, characters: usize) {
        self.characters.inc_by(characters as u64);
    }

    /// A request was answered.
    pub fn answer(&self, endpoint: &str, status: u16, took: Duration) {
        self.all.fetch_add(1, Ordering::Relaxed);
        let endpoint = endpoint.to_owned();
        let own = Endpoint { endpoint: endpoint.clone() };
        self.took.get_or_create(&own).observe(took.as_secs_f64());
        self.answered.get_or_create(&Answered { endpoint, status }).inc();
    }

    /// Requests that were answered.
    pub fn answered(&self) -> u64 {
        self.all.load(Ordering::Relaxed)
    }

    /// All of it, as [`MEDIA_TYPE`].
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.waiting.set(number(self.queue.in_flight()));
        self.waiting_characters.set(number(self.queue.characters()));
        let mut written = String::new();
        text::encode(&mut written, &self.registry)?;
        Ok(written)
    }
}

impl Observer for Metrics {
    fn planned(&self, _: usize) {}

    fn translated(&self, sentences: usize) {
        self.sentences.inc_by(sentences as u64);
        self.batches.observe(sentences as f64);
    }

    fn short_of_memory(&self, tokens: usize) {
        tracing::warn!(
            tokens,
            "the device has no memory for so large a batch; smaller ones from here on"
        );
    }
}
