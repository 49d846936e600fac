//! Owns safetensors files as weights, on disk or inside the binary, with one addition to what
//! candle reads: matrices in 8 bits.
//!
//! A matrix `NAME` of type `I8`, `[outputs, inputs]`, has a companion `NAME_scale` of type `F32`,
//! `[outputs]`: what 1 stands for in each row. Weights are in `-127..=127`. What takes floats gets
//! the products of both. `scripts/train/export.py --int8` writes such files.
//!
//! Files are read in parts, not mapped: what was touched of a mapped file stays in the memory of
//! the process beside what was made of it.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Error, Result, Shape, Tensor};
use candle_nn::Init;
use candle_nn::var_builder::SimpleBackend;
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};

use crate::kernels::Int8Matrix;

/// Longest list of tensors, as in the safetensors library.
const LONGEST_HEADER: u64 = 100_000_000;

/// Bytes that are converted at a time.
const PART: usize = 1 << 16;

/// Open files.
#[derive(Clone)]
pub(super) struct Safetensors(Arc<Vec<Shard>>);

struct Shard {
    bytes: Bytes,
    metadata: Metadata,
    /// Where the tensors begin.
    start: u64,
}

enum Bytes {
    File(File),
    Static(&'static [u8]),
}

impl Bytes {
    fn len(&self) -> io::Result<u64> {
        match self {
            Self::File(file) => Ok(file.metadata()?.len()),
            Self::Static(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Fills `to` with what stands from `at` on.
    fn read(&self, to: &mut [u8], at: u64) -> io::Result<()> {
        match self {
            Self::File(file) => read_exact_at(file, to, at),
            Self::Static(bytes) => {
                let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..));
                match rest.and_then(|rest| rest.get(..to.len())) {
                    Some(from) => {
                        to.copy_from_slice(from);
                        Ok(())
                    }
                    None => Err(io::ErrorKind::UnexpectedEof.into()),
                }
            }
        }
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, to: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, to, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut to: &mut [u8], mut at: u64) -> io::Result<()> {
    while !to.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, to, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                to = &mut to[read..];
                at += read as u64;
            }
        }
    }
    Ok(())
}

/// A tensor of a file.
struct Stored<'a> {
    shard: &'a Shard,
    info: &'a TensorInfo,
    dtype: DType,
}

impl Stored<'_> {
    fn width(&self) -> usize {
        self.dtype.size_in_bytes()
    }

    /// The bytes of these elements.
    fn bytes(&self, elements: Range<usize>) -> Result<Vec<u8>> {
        let mut bytes = vec![0; elements.len() * self.width()];
        let at = self.info.data_offsets.0 + elements.start * self.width();
        self.shard.bytes.read(&mut bytes, self.shard.start + at as u64)?;
        Ok(bytes)
    }

    /// Appends these elements to `to`.
    fn floats(&self, elements: Range<usize>, to: &mut Vec<f32>) -> Result<()> {
        let part = PART / self.width();
        for start in elements.clone().step_by(part) {
            let bytes = self.bytes(start..(start + part).min(elements.end))?;
            if self.dtype == DType::F32 {
                to.extend(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)));
            } else {
                let count = bytes.len() / self.width();
                let part = Tensor::from_raw_buffer(&bytes, self.dtype, &[count], &Device::Cpu)?;
                to.extend(part.to_dtype(DType::F32)?.to_vec1::<f32>()?);
            }
        }
        Ok(())
    }

    fn tensor(&self, dtype: DType, device: &Device) -> Result<Tensor> {
        let shape = Shape::from(self.info.shape.as_slice());
        let elements = shape.elem_count();
        if dtype == DType::F32 {
            let mut floats = Vec::with_capacity(elements);
            self.floats(0..elements, &mut floats)?;
            return Tensor::from_vec(floats, shape, device);
        }
        let bytes = self.bytes(0..elements)?;
        Tensor::from_raw_buffer(&bytes, self.dtype, shape.dims(), device)?.to_dtype(dtype)
    }
}

impl Shard {
    /// Reads the list of tensors, and compares it with the length of the file.
    fn open(bytes: Bytes) -> Result<Self> {
        let total = bytes.len()?;
        let mut length = [0; 8];
        bytes.read(&mut length, 0)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER.min(total) {
            candle_core::bail!("it is no safetensors file, or cut off");
        }
        let mut header = vec![0; length as usize];
        bytes.read(&mut header, 8)?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| Error::Msg(format!("it is no safetensors file: {error}")))?;
        let start = 8 + length;
        let named = start.checked_add(metadata.data_len() as u64);
        if named != Some(total) {
            candle_core::bail!(
                "it has {total} bytes, and by its own list {}: it is cut off or damaged",
                named.unwrap_or(u64::MAX)
            );
        }
        Ok(Self { bytes, metadata, start })
    }
}

impl Safetensors {
    /// Opens the shards of a model.
    pub(super) fn open(paths: &[impl AsRef<Path>]) -> Result<Self> {
        let open = |path: &Path| Shard::open(Bytes::File(File::open(path)?));
        let shards: Result<Vec<Shard>> = paths.iter().map(|path| open(path.as_ref())).collect();
        Ok(Self(Arc::new(shards?)))
    }

    /// A file inside the binary.
    pub(super) fn inside(bytes: &'static [u8]) -> Result<Self> {
        Ok(Self(Arc::new(vec![Shard::open(Bytes::Static(bytes))?])))
    }

    fn find(&self, name: &str) -> Option<(&Shard, &TensorInfo)> {
        self.0.iter().find_map(|shard| Some((shard, shard.metadata.info(name)?)))
    }

    /// The tensor; one in 8 bits counts as one of bytes.
    fn stored(&self, name: &str) -> Result<Stored<'_>> {
        let Some((shard, info)) = self.find(name) else {
            return Err(Error::CannotFindTensor { path: name.to_string() }.bt());
        };
        let dtype = match info.dtype {
            Dtype::I8 => DType::U8,
            other => DType::try_from(other)?,
        };
        if dtype.size_in_bytes() * 8 != info.dtype.bitsize() {
            candle_core::bail!(
                "{name} is of type {:?}, which no network computes with",
                info.dtype
            );
        }
        Ok(Stored { shard, info, dtype })
    }

    /// The matrix in 8 bits: as it is in the file or, where it is in floating point there and that
    /// is wanted, rounded.
    pub(super) fn int8(
        &self,
        shape: &Shape,
        name: &str,
        round: bool,
    ) -> Result<Option<Int8Matrix>> {
        let stored = self.stored(name)?;
        check(shape, &stored.info.shape, name)?;
        let (outputs, inputs) = shape.dims2()?;
        let part = |rows: &Range<usize>| rows.start * inputs..rows.end * inputs;
        if stored.info.dtype == Dtype::I8 {
            let scales = self.scales(name, outputs)?;
            let packed = Int8Matrix::pack_parts(outputs, inputs, |rows, to| {
                for (to, byte) in to.weights.iter_mut().zip(stored.bytes(part(&rows))?) {
                    *to = byte.cast_signed();
                }
                to.scales.copy_from_slice(&scales[rows]);
                Ok(())
            });
            return packed.map(Some);
        }
        if !round {
            return Ok(None);
        }
        let packed = Int8Matrix::pack_parts(outputs, inputs, |rows, mut to| {
            let mut floats = Vec::with_capacity(to.weights.len());
            stored.floats(part(&rows), &mut floats)?;
            to.round(&floats);
            Ok(())
        });
        packed.map(Some)
    }

    /// What 1 stands for in each row of a matrix in 8 bits.
    fn scales(&self, name: &str, rows: usize) -> Result<Vec<f32>> {
        let companion = format!("{name}_scale");
        let stored = self.stored(&companion)?;
        check(&Shape::from(rows), &stored.info.shape, &companion)?;
        let mut scales = Vec::with_capacity(rows);
        stored.floats(0..rows, &mut scales)?;
        Ok(scales)
    }

    fn load(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        let stored = self.stored(name)?;
        if stored.info.dtype != Dtype::I8 {
            return stored.tensor(dtype, device);
        }
        let shape = Shape::from(stored.info.shape.as_slice());
        let (rows, columns) = shape.dims2()?;
        let mut floats = Vec::with_capacity(rows * columns);
        for (row, scale) in self.scales(name, rows)?.into_iter().enumerate() {
            let bytes = stored.bytes(row * columns..(row + 1) * columns)?;
            floats.extend(bytes.iter().map(|byte| f32::from(byte.cast_signed()) * scale));
        }
        Tensor::from_vec(floats, shape, device)?.to_dtype(dtype)
    }
}

fn check(expected: &Shape, got: &[usize], name: &str) -> Result<()> {
    if expected.dims() == got {
        return Ok(());
    }
    Err(Error::UnexpectedShape {
        msg: format!("shape mismatch for {name}"),
        expected: expected.clone(),
        got: got.into(),
    }
    .bt())
}

impl SimpleBackend for Safetensors {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, to: &Device) -> Result<Tensor> {
        check(&shape, &self.stored(name)?.info.shape, name)?;
        self.load(name, dtype, to)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        self.load(name, dtype, device)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.find(name).is_some()
    }
}
