//! Owns what is told while a model is fetched. Does not know who listens.

/// Hears how far a download is. All methods do nothing unless they are written.
pub trait Progress {
    /// A file is being fetched; `bytes` is its whole size. A file that was begun earlier goes on
    /// where it stopped, and [`Progress::advanced`] hears of the part that is there already.
    fn started(&mut self, file: &str, bytes: u64) {
        let _ = (file, bytes);
    }

    /// So many more bytes are there.
    fn advanced(&mut self, bytes: u64) {
        let _ = bytes;
    }

    /// The file is complete and verified.
    fn finished(&mut self, file: &str) {
        let _ = file;
    }

    /// The model can be used, but the user should know something: a line for the terminal.
    fn warning(&mut self, message: &str) {
        let _ = message;
    }
}

/// Hears everything and says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
