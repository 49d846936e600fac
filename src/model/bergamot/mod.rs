//! Owns the files of Marian's students, the small models of Firefox Translations and Bergamot: the
//! binary file of weights with its `model.yml` inside, and the lexical shortlist beside it. Formats
//! follow browsermt/marian-dev at 2781d735 (`src/common/binary.cpp`, `src/data/shortlist.cpp`).
//! Does not know what the network computes (that is [`super::families`]).
//!
//! Everything in these files comes from elsewhere: no number is believed before it was compared
//! with the bytes that are there.

mod container;
pub(super) mod files;
mod matrices;
mod options;
mod shortlist;

pub use container::{Array, Container, Kind};
pub(super) use matrices::Matrices;
pub use options::{GuidedLayer, Operation, Operations, Options};
pub use shortlist::Shortlist;

/// Bytes taken from the front of a file.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(usize::try_from(count).ok()?)?;
        self.0 = rest;
        Some(taken)
    }

    fn u64(&mut self) -> Option<u64> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*taken))
    }
}

/// Numbers of `N` bytes each; bytes left over at the end are none.
fn numbers<const N: usize, T>(bytes: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    bytes.as_chunks().0.iter().map(|chunk| read(*chunk)).collect()
}
