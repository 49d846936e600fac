//! A text file that is too large to be read at once, in parts. Owns where it is cut, which
//! depends on nothing but what is in it, so that an interrupted file goes on as it would have.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::journal::hex;
use crate::document::{Article, Error, readers};

/// A part has about so many bytes.
const PART: usize = 256 << 10;

/// Without a blank line it may grow to so many.
const LONGEST: usize = 1 << 20;

/// How far a large file is done. What is written is on disk up to there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    /// Bytes of the source that are done.
    pub source: u64,
    /// Bytes of the output.
    pub output: u64,
    pub blocks: usize,
    pub sentences: usize,
    pub words: u64,
    pub doubts: u64,
    /// What stood in the source after the last block.
    pub gap: String,
}

/// One part of a large file.
pub(super) struct Part {
    pub article: Article,
    /// Bytes of the source up to its end.
    pub end: u64,
}

/// Reads a whole file once: the hash of what is in it, or why it is no text.
pub(super) fn inspect(path: &Path) -> Result<String, Error> {
    let name = path.display().to_string();
    let fail = |source| Error::Read { name: name.clone(), source };
    let mut file = File::open(path).map_err(fail)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; LONGEST];
    let (mut kept, mut done) = (0, 0_u64);
    loop {
        let read = file.read(&mut buffer[kept..]).map_err(fail)?;
        hash.update(&buffer[kept..kept + read]);
        let bytes = &buffer[..kept + read];
        let whole = match std::str::from_utf8(bytes) {
            Ok(_) => bytes.len(),
            // A character may go on in the next piece.
            Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
            Err(error) if done > 0 => {
                let position = done as usize + error.valid_up_to();
                return Err(Error::NotUtf8 { name, position });
            }
            Err(error) => {
                let position = error.valid_up_to();
                let refused = readers::read(&name, bytes.to_vec()).err();
                return Err(refused.unwrap_or(Error::NotUtf8 { name, position }));
            }
        };
        // The reader knows what else looks like text and is none.
        if bytes[..whole].contains(&0) || (done == 0 && read > 0) {
            match readers::read(&name, bytes[..whole].to_vec()) {
                Ok(_) | Err(Error::Empty { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        kept = bytes.len() - whole;
        done += whole as u64;
        buffer.copy_within(whole..whole + kept, 0);
    }
}

/// The parts of a text file from a place on.
pub(super) struct Parts {
    file: File,
    name: String,
    /// What was read and is in no part yet.
    ahead: Vec<u8>,
    /// Where that begins.
    at: u64,
    ended: bool,
}

impl Parts {
    pub fn open(path: &Path, at: u64) -> io::Result<Self> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(at))?;
        let name = path.display().to_string();
        Ok(Self { file, name, ahead: Vec::new(), at, ended: false })
    }

    /// The next part; `None` at the end.
    pub fn next(&mut self) -> io::Result<Option<Part>> {
        let mut wanted = PART;
        let cut = loop {
            self.read_ahead(wanted)?;
            if self.ahead.is_empty() {
                return Ok(None);
            }
            if self.ended && self.ahead.len() <= wanted {
                break self.ahead.len();
            }
            let bytes = &self.ahead[..wanted.min(self.ahead.len())];
            if let Some(cut) = after_blank_line(bytes) {
                break cut;
            }
            if wanted >= LONGEST {
                break anywhere(bytes);
            }
            wanted = (wanted * 2).min(LONGEST);
        };
        let rest = self.ahead.split_off(cut);
        let bytes = std::mem::replace(&mut self.ahead, rest);
        self.at += bytes.len() as u64;
        // It was text when it was inspected.
        let text = String::from_utf8(bytes).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidData, "it changed while it was read")
        })?;
        // A part in which nothing can be seen is a gap.
        let article = readers::plain(&self.name, &text)
            .unwrap_or_else(|_| Article { after: text, ..Article::default() });
        Ok(Some(Part { article, end: self.at }))
    }

    fn read_ahead(&mut self, wanted: usize) -> io::Result<()> {
        while !self.ended && self.ahead.len() <= wanted {
            let missing = (wanted + 1 - self.ahead.len()) as u64;
            let read = (&mut self.file).take(missing).read_to_end(&mut self.ahead)?;
            self.ended = read == 0;
        }
        Ok(())
    }
}

/// Where the last blank line ends, in the later half.
fn after_blank_line(bytes: &[u8]) -> Option<usize> {
    let half = bytes.len() / 2;
    let mut ends = (half..bytes.len()).rev().filter(|at| bytes[*at] == b'\n');
    let mut end = ends.next()?;
    for before in ends {
        if bytes[before..end].iter().all(u8::is_ascii_whitespace) {
            return Some(end + 1);
        }
        end = before;
    }
    None
}

/// Where to cut what has no blank line: after a line, a sentence, a word, or a character.
fn anywhere(bytes: &[u8]) -> usize {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    };
    if text.is_empty() {
        return bytes.len();
    }
    let mut half = text.len() / 2;
    while !text.is_char_boundary(half) {
        half += 1;
    }
    let late = &text[half..];
    let sentence = |mark: &str| late.rfind(mark).map(|at| at + mark.len());
    let word = || late.rfind(char::is_whitespace).map(|at| at + 1);
    let cut = late.rfind('\n').map(|at| at + 1);
    let cut = cut.or_else(|| ["؟ ", ". ", "! "].iter().filter_map(|mark| sentence(mark)).max());
    // A space of several bytes is left to the next part.
    let cut = cut.or_else(word).filter(|cut| late.is_char_boundary(*cut));
    half + cut.unwrap_or(late.len())
}
