//! What a file of packed weights was made from and for.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest as _, Sha256};

use crate::kernels::Int8Matrix;
use crate::model::files::hex;

/// Places of a file that are looked at, and how much there. A model that took another's place with
/// its size and date, as archives without dates make them, differs nearly everywhere.
const SAMPLES: u64 = 64;
const SAMPLE: u64 = 4096;

/// The weights by size, date and samples of their content; the program; and how this CPU wants its
/// weights.
pub(super) fn of(files: &[PathBuf], mode: &str) -> io::Result<String> {
    let layout = Int8Matrix::layout_name();
    let mut key = format!("tarjoman {}, {layout}, {mode}", env!("CARGO_PKG_VERSION"));
    for path in files {
        let mut file = File::open(path)?;
        let about = file.metadata()?;
        let date = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        let content = samples(&mut file, about.len())?;
        // A string can be written to.
        let _ = write!(key, ", {} bytes of {}, {content}", about.len(), date.as_nanos());
    }
    Ok(key)
}

/// A short name for a place.
pub(super) fn of_path(path: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut hash = Sha256::new();
    hash.update(path.as_os_str().as_encoded_bytes());
    text(hash, 8)
}

/// A hash of what stands at some places of a file.
pub(in crate::model) fn samples(file: &mut File, length: u64) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut sample = Vec::with_capacity(SAMPLE as usize);
    for at in 0..SAMPLES {
        sample.clear();
        file.seek(SeekFrom::Start(length / SAMPLES * at))?;
        file.take(SAMPLE).read_to_end(&mut sample)?;
        hash.update(&sample);
    }
    Ok(text(hash, 16))
}

fn text(hash: Sha256, bytes: usize) -> String {
    hex(&hash.finalize()[..bytes])
}
