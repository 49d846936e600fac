//! Owns the file that keeps the packed 8-bit matrices of a model from one start to the next, so
//! that the next one only reads them. Does not know how they are packed (that is `kernels`).
//!
//! The file is made anew whenever anything does not fit: another model, program, CPU or checksum.
//! It appears whole or not at all, and where it can't be written, nothing is lost but time.
//!
//! ```text
//! magic, place of the index, its bytes, its checksum      8 bytes each
//! weights of each matrix, then its scales (f32)           from multiples of 64 on
//! index                                                   JSON
//! ```

pub(super) mod key;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Crc;
use memmap2::Mmap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::FileData;
use crate::kernels::{Int8Matrix, large_pages};

/// Names the folder of packed weights, or switches them off.
const VARIABLE: &str = "TARJOMAN_PACKED";
const OFF: &str = "off";

const MAGIC: [u8; 8] = *b"TJPACKED";
/// Magic, place and length of the index, and its checksum.
const HEAD: usize = 32;
/// Cache lines, which kernels like.
const ALIGNMENT: usize = 64;

/// Weights from which on a file is worth its place on the disk: below, packing takes less than a
/// tenth of a second. A folder that is named has no such limit.
const WORTH: u64 = 32 << 20;

/// Where packed weights are kept between starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum PackedCache {
    /// Nowhere.
    Off,
    /// Beside weights of at least 32 MB; where that folder can't be written, in the user's cache
    /// folder.
    #[default]
    Beside,
    /// In this folder, whatever the size.
    Folder(PathBuf),
}

impl PackedCache {
    /// As `TARJOMAN_PACKED` says: `off`, or a folder. Without it, beside the weights.
    #[must_use]
    pub fn from_env() -> Self {
        match std::env::var_os(VARIABLE).filter(|value| !value.is_empty()) {
            None => Self::Beside,
            Some(value) if value == OFF => Self::Off,
            Some(folder) => Self::Folder(folder.into()),
        }
    }

    /// Where the packed form of these weights may be, in the order of preference.
    fn places(&self, files: &[PathBuf]) -> Vec<PathBuf> {
        let Some(first) = files.first() else { return Vec::new() };
        let isa = crate::kernels::Isa::best().name();
        let name = first.file_name().unwrap_or_default().to_string_lossy();
        let beside = format!("{name}.{isa}.packed");
        // Models are told apart by their place, where they share a folder.
        let shared = format!("{}-{beside}", key::of_path(first));
        match self {
            Self::Off => Vec::new(),
            Self::Folder(folder) => vec![folder.join(shared)],
            Self::Beside => {
                let bytes = files.iter().filter_map(|file| Some(file.metadata().ok()?.len()));
                if bytes.sum::<u64>() < WORTH {
                    return Vec::new();
                }
                let mut places = vec![first.with_file_name(beside)];
                if let Ok(base) = etcetera::choose_base_strategy() {
                    use etcetera::BaseStrategy as _;
                    places.push(base.cache_dir().join("tarjoman").join("packed").join(shared));
                }
                places
            }
        }
    }
}

/// One matrix of the file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Entry {
    name: String,
    outputs: usize,
    inputs: usize,
    /// Where its weights begin.
    at: usize,
    /// Bytes of its weights.
    weights: usize,
    /// How many scales follow.
    scales: usize,
    /// CRC-32 of weights and scales.
    checksum: u32,
}

impl Entry {
    fn weights(&self) -> Option<Range<usize>> {
        Some(self.at..self.at.checked_add(self.weights)?)
    }

    fn scales(&self) -> Option<Range<usize>> {
        let start = self.weights()?.end;
        Some(start..start.checked_add(self.scales.checked_mul(size_of::<f32>())?)?)
    }
}

#[derive(Serialize, Deserialize)]
struct Index {
    /// What the file was made from and for.
    key: String,
    matrices: Vec<Entry>,
}

/// Packed matrices of one model: those of an earlier start, or those that will be kept for the
/// next.
pub(super) enum Packed {
    /// All that are in the file.
    Read(Arc<Mmap>, HashMap<String, Entry>),
    /// What goes into the file.
    New(Mutex<New>),
}

/// A file to come.
pub(super) struct New {
    /// Where it may lie; none are left once that was decided.
    places: Vec<PathBuf>,
    /// The first file of weights: who may read it may read the packed ones.
    beside: PathBuf,
    key: String,
    /// From the first matrix on, as long as all goes well.
    writer: Option<Writer>,
}

impl Packed {
    /// Reads the file, or prepares a new one. Nothing where there is to be none.
    ///
    /// * `files`: the weights
    /// * `mode`: what else decides which matrices are packed
    pub(super) fn open(cache: &PackedCache, files: &[FileData], mode: &str) -> Option<Self> {
        let path = |file: &FileData| match file {
            FileData::Path(path) => Some(path.clone()),
            FileData::Static(..) => None,
        };
        let files = files.iter().map(path).collect::<Option<Vec<PathBuf>>>()?;
        let places = cache.places(&files);
        if places.is_empty() {
            return None;
        }
        let key = key::of(&files, mode).ok()?;
        let found = places.iter().find_map(|place| read(place, &key).ok().flatten());
        if let Some((bytes, entries)) = found {
            return Some(Self::Read(bytes, entries));
        }
        let beside = files.into_iter().next()?;
        Some(Self::New(Mutex::new(New { places, beside, key, writer: None })))
    }

    /// The matrix `[outputs, inputs]` of an earlier start.
    pub(super) fn take(&self, name: &str, shape: [usize; 2]) -> Option<Int8Matrix> {
        let Self::Read(bytes, entries) = self else { return None };
        let entry = entries.get(name).filter(|entry| [entry.outputs, entry.inputs] == shape)?;
        let scales = bytes.get(entry.scales()?)?.as_chunks().0;
        let scales = scales.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        let owner: Arc<dyn AsRef<[u8]> + Send + Sync> = Arc::<Mmap>::clone(bytes);
        Int8Matrix::from_packed(shape, owner, entry.weights()?, scales).ok()
    }

    /// Remembers a matrix for the next start.
    pub(super) fn keep(&self, name: &str, matrix: &Int8Matrix) {
        let Self::New(new) = self else { return };
        let mut new = new.lock().unwrap_or_else(PoisonError::into_inner);
        for place in std::mem::take(&mut new.places) {
            new.writer = Writer::new(place).ok();
            if new.writer.is_some() {
                break;
            }
        }
        // A full disk is no reason to fail: the file is given up.
        new.writer = new.writer.take().and_then(|mut writer| {
            writer.append(name, matrix).ok()?;
            Some(writer)
        });
    }

    /// Ends the file; what was not ended is gone with the process.
    pub(super) fn finish(&self) {
        let Self::New(new) = self else { return };
        let mut new = new.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(writer) = new.writer.take() {
            // As above.
            let _ = writer.finish(&new.key, &new.beside);
        }
    }
}

pub(super) struct Writer {
    file: BufWriter<NamedTempFile>,
    at: usize,
    place: PathBuf,
    matrices: Vec<Entry>,
}

impl Writer {
    fn new(place: PathBuf) -> io::Result<Self> {
        let folder = place.parent().unwrap_or(Path::new("."));
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        std::fs::create_dir_all(folder)?;
        let file = tempfile::Builder::new().prefix(".packed-").tempfile_in(folder)?;
        let mut file = BufWriter::new(file);
        file.write_all(&[0; ALIGNMENT])?;
        Ok(Self { file, at: ALIGNMENT, place, matrices: Vec::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.at += bytes.len();
        Ok(())
    }

    fn append(&mut self, name: &str, matrix: &Int8Matrix) -> io::Result<()> {
        let packed = matrix.packed();
        let padding = self.at.next_multiple_of(ALIGNMENT) - self.at;
        self.write(&[0; ALIGNMENT][..padding])?;
        let scales: Vec<u8> = packed.scales.iter().flat_map(|scale| scale.to_le_bytes()).collect();
        let mut checksum = Crc::new();
        checksum.update(packed.weights);
        checksum.update(&scales);
        self.matrices.push(Entry {
            name: name.into(),
            outputs: packed.outputs,
            inputs: packed.inputs,
            at: self.at,
            weights: packed.weights.len(),
            scales: packed.scales.len(),
            checksum: checksum.sum(),
        });
        self.write(packed.weights)?;
        self.write(&scales)
    }

    fn finish(mut self, key: &str, beside: &Path) -> io::Result<()> {
        let index = Index { key: key.into(), matrices: self.matrices };
        let index = serde_json::to_vec(&index)?;
        self.file.write_all(&index)?;
        let mut checksum = Crc::new();
        checksum.update(&index);
        let numbers = [self.at as u64, index.len() as u64, u64::from(checksum.sum())];
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&MAGIC)?;
        for number in numbers {
            self.file.write_all(&number.to_le_bytes())?;
        }
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.as_file().set_permissions(beside.metadata()?.permissions())?;
        file.persist(&self.place)?;
        Ok(())
    }
}

/// A file, and its matrices by name.
type Kept = (Arc<Mmap>, HashMap<String, Entry>);

/// What is in the file, if it is whole and has this key. It is read into large pages and not mapped:
/// mapped files have small ones, whose look-up takes a quarter of the time where every weight is
/// read for one row.
fn read(place: &Path, key: &str) -> io::Result<Option<Kept>> {
    let mut file = File::open(place)?;
    let length = usize::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
    if length < HEAD {
        return Ok(None);
    }
    let mut bytes = large_pages(length)?;
    file.read_exact(&mut bytes)?;
    let bytes = bytes.make_read_only()?;
    let entries = entries(&bytes, key);
    Ok(entries.map(|entries| (Arc::new(bytes), entries)))
}

/// The index of a file, every byte of which was compared with its checksum.
fn entries(bytes: &[u8], key: &str) -> Option<HashMap<String, Entry>> {
    let (magic, rest) = bytes.split_first_chunk()?;
    if *magic != MAGIC {
        return None;
    }
    let [at, length, checksum]: [u64; 3] =
        std::array::from_fn(|place| rest.get(place * 8..).and_then(|rest| rest.first_chunk()))
            .map(|bytes| bytes.map_or(u64::MAX, |bytes| u64::from_le_bytes(*bytes)));
    let at = usize::try_from(at).ok()?;
    let index = bytes.get(at..)?;
    if index.len() as u64 != length || u64::from(sum(&[index])) != checksum {
        return None;
    }
    let index: Index = serde_json::from_slice(index).ok()?;
    if index.key != key {
        return None;
    }
    let whole = |entry: &Entry| {
        let part = |range: Option<Range<usize>>| bytes.get(range?);
        match (part(entry.weights()), part(entry.scales())) {
            (Some(weights), Some(scales)) => sum(&[weights, scales]) == entry.checksum,
            _ => false,
        }
    };
    if !index.matrices.par_iter().all(whole) {
        return None;
    }
    Some(index.matrices.into_iter().map(|entry| (entry.name.clone(), entry)).collect())
}

fn sum(parts: &[&[u8]]) -> u32 {
    let mut checksum = Crc::new();
    for part in parts {
        checksum.update(part);
    }
    checksum.sum()
}
