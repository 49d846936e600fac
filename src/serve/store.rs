//! Results that are fetched later: in memory, under addresses that nobody can guess, for a while.
//! Bounded: what is oldest gives way.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::document::AlignedDocument;

/// What is kept.
#[derive(Clone)]
pub(super) enum Kept {
    /// A file as it is sent.
    File {
        /// What it is called.
        name: String,
        /// Its media type.
        kind: &'static str,
        /// What is in it.
        bytes: Arc<[u8]>,
    },
    /// A translation, written in the format that is asked for.
    Document(Arc<AlignedDocument>),
}

impl Kept {
    fn bytes(&self) -> usize {
        match self {
            Self::File { bytes, .. } => bytes.len(),
            // Alignment and doubts take about ten times the room of the text.
            Self::Document(document) => {
                let article = &document.article;
                let text: usize = article.blocks.iter().map(|block| block.text.len()).sum();
                let package = article.skeleton.as_ref().and_then(|it| it.package.as_ref());
                10 * text + package.map_or(0, |package| package.len())
            }
        }
    }
}

struct Entry {
    id: String,
    kept: Kept,
    bytes: usize,
    until: Instant,
}

/// Results that are kept.
pub(super) struct Store {
    entries: Mutex<VecDeque<Entry>>,
    most: usize,
    time: Duration,
}

impl Store {
    /// * `most`: bytes
    /// * `time`: how long each is kept
    pub fn new(most: usize, time: Duration) -> Self {
        Self { entries: Mutex::default(), most, time }
    }

    /// Keeps a result; returns what it is asked for by. `None` when there is no room for it, or the
    /// system gives no random numbers.
    pub fn keep(&self, kept: Kept) -> Option<String> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).ok()?;
        let id = format!("{:032x}", u128::from_ne_bytes(random));
        let bytes = kept.bytes();
        if bytes > self.most {
            return None;
        }
        let now = Instant::now();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.retain(|entry| entry.until > now);
        let mut total: usize = entries.iter().map(|entry| entry.bytes).sum();
        while total + bytes > self.most {
            let Some(oldest) = entries.pop_front() else { break };
            total -= oldest.bytes;
        }
        entries.push_back(Entry { id: id.clone(), kept, bytes, until: now + self.time });
        Some(id)
    }

    /// What is kept under an address.
    pub fn get(&self, id: &str) -> Option<Kept> {
        let now = Instant::now();
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let found = entries.iter().find(|entry| entry.id == id && entry.until > now);
        found.map(|entry| entry.kept.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(length: usize) -> Kept {
        Kept::File { name: "x".into(), kind: "text/plain", bytes: vec![0; length].into() }
    }

    #[test]
    fn the_oldest_gives_way_and_nothing_is_kept_for_ever() {
        let store = Store::new(100, Duration::from_secs(60));
        let ids: Vec<String> = (0..3).filter_map(|_| store.keep(file(40))).collect();
        assert_eq!(ids.len(), 3);
        assert!(store.get(&ids[0]).is_none());
        assert!(store.get(&ids[1]).is_some() && store.get(&ids[2]).is_some());
        assert!(store.keep(file(101)).is_none());
        assert!(store.get("").is_none());
        let short = Store::new(100, Duration::ZERO);
        let id = short.keep(file(1)).expect("there is room");
        assert!(short.get(&id).is_none());
    }
}
