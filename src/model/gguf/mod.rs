//! Owns GGUF files as weights: tensors quantised in blocks (ggml's formats, such as `Q4_K`), under
//! the names that they have in safetensors, as candle's `tensor-tools quantize` writes them, or under
//! llama.cpp's; and what llama.cpp writes there about the network ([`metadata`]; its tokenizer is in
//! `tokenizer::llama_cpp`).
//!
//! Files are mapped to memory. Quantised matrices are used where they lie: no weight is there
//! twice, and what the system needs for others it may drop and read again.

pub(super) mod metadata;
pub(super) mod parts;
mod t5;

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QTensor, ggml_file};
use candle_core::{DType, Device, Error, Result, Shape, Tensor};
use candle_nn::Init;
use candle_nn::var_builder::SimpleBackend;
use memmap2::Mmap;

use crate::kernels::{Blocks, Bytes};

/// The tensors of one or several files.
#[derive(Clone)]
pub(super) struct Gguf(Arc<HashMap<String, Entry>>);

/// Where a tensor lies.
struct Entry {
    file: Arc<Mmap>,
    start: usize,
    kind: GgmlDType,
    shape: Shape,
}

impl Gguf {
    /// Maps the files and reads their lists of tensors.
    pub(super) fn open(paths: &[PathBuf]) -> Result<Self> {
        let mut entries = HashMap::new();
        for path in paths {
            let file = Arc::new(map(path)?);
            let content = content(&file)?;
            for (name, info) in content.tensor_infos {
                let start = content.tensor_data_offset.saturating_add(info.offset);
                let start = usize::try_from(start).map_err(Error::wrap)?;
                let (file, kind, shape) = (file.clone(), info.ggml_dtype, info.shape);
                entries.insert(name, Entry { file, start, kind, shape });
            }
        }
        if t5::is_here(entries.keys()) {
            let gate = |name: &&String| name.contains(".ffn_gate.");
            let gates: HashSet<String> = entries.keys().filter(gate).cloned().collect();
            let known = |(name, entry): (String, Entry)| {
                Some((t5::name(&name, |gate| gates.contains(gate))?, entry))
            };
            entries = entries.into_iter().filter_map(known).collect();
        }
        Ok(Self(Arc::new(entries)))
    }

    /// The matrix as it is in the file; nothing where it is in floating point there.
    pub(super) fn blocks(&self, shape: &Shape, name: &str) -> Result<Option<Blocks>> {
        match self.0.get(name) {
            Some(entry) if entry.float().is_none() => {
                let entry = self.entry(Some(shape), name)?;
                let (outputs, inputs) = entry.shape.dims2()?;
                let blocks = entry.blocks([outputs, inputs]);
                blocks.map(Some).map_err(|error| error.context(name.to_owned()))
            }
            _ => Ok(None),
        }
    }

    /// The same for another device than the CPU.
    pub(super) fn quantised(
        &self,
        shape: &Shape,
        name: &str,
        device: &Device,
    ) -> Result<Option<Arc<QTensor>>> {
        match self.0.get(name) {
            Some(entry) if entry.float().is_none() => {
                let entry = self.entry(Some(shape), name)?;
                let (bytes, dims) = (entry.bytes()?.to_vec(), entry.shape.dims().to_vec());
                let tensor = ggml_file::qtensor_from_ggml(entry.kind, &bytes, dims, device)?;
                Ok(Some(Arc::new(tensor)))
            }
            _ => Ok(None),
        }
    }

    fn entry(&self, shape: Option<&Shape>, name: &str) -> Result<&Entry> {
        let Some(entry) = self.0.get(name) else {
            return Err(Error::CannotFindTensor { path: name.to_string() }.bt());
        };
        match shape.filter(|shape| **shape != entry.shape) {
            None => Ok(entry),
            Some(expected) => Err(Error::UnexpectedShape {
                msg: format!("shape mismatch for {name}"),
                expected: expected.clone(),
                got: entry.shape.clone(),
            }
            .bt()),
        }
    }

    fn load(&self, shape: Option<&Shape>, name: &str, to: &Device) -> Result<Tensor> {
        let entry = self.entry(shape, name)?;
        let tensor = if let Some(dtype) = entry.float() {
            Tensor::from_raw_buffer(entry.bytes()?, dtype, entry.shape.dims(), &Device::Cpu)
        } else {
            // Blocks run along rows; a row that ends within one would be read past its end.
            let row = entry.shape.dims().last().copied().unwrap_or(1);
            let rows = entry.elements()? / row.max(1);
            let floats = entry.blocks([rows, row]).and_then(|blocks| {
                let all: Vec<u32> = (0..rows as u32).collect();
                blocks.rows(&all)
            });
            floats.and_then(|floats| Tensor::from_vec(floats, &entry.shape, &Device::Cpu))
        };
        tensor.and_then(|tensor| tensor.to_device(to)).map_err(|e| e.context(name.to_owned()))
    }
}

impl Entry {
    /// The type of the numbers, where they are not in blocks.
    fn float(&self) -> Option<DType> {
        match self.kind {
            GgmlDType::F32 => Some(DType::F32),
            GgmlDType::F16 => Some(DType::F16),
            GgmlDType::BF16 => Some(DType::BF16),
            _ => None,
        }
    }

    fn bytes(&self) -> Result<&[u8]> {
        let blocks = self.elements()? / self.kind.block_size();
        let end = blocks.checked_mul(self.kind.type_size()).and_then(|n| n.checked_add(self.start));
        match end.and_then(|end| self.file.get(self.start..end)) {
            Some(bytes) => Ok(bytes),
            None => candle_core::bail!("it ends beyond its file"),
        }
    }

    /// As many as the file names: the product may be beyond what there is.
    fn elements(&self) -> Result<usize> {
        let product = self.shape.dims().iter().try_fold(1usize, |all, n| all.checked_mul(*n));
        product.ok_or_else(|| Error::Msg("its size makes no sense".into()))
    }

    fn blocks(&self, shape: [usize; 2]) -> Result<Blocks> {
        let file: Bytes = self.file.clone();
        Blocks::new(file, self.start, self.kind, shape)
    }
}

impl SimpleBackend for Gguf {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, to: &Device) -> Result<Tensor> {
        self.load(Some(&shape), name, to)?.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        self.load(None, name, device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// A file as bytes, read as they are used.
pub(super) fn map(path: &Path) -> Result<Mmap> {
    let file = File::open(path)?;
    #[allow(unsafe_code)] // a memory-mapping line
    // SAFETY: the mapping is sound as long as nobody changes the file while it is mapped; model
    // files are written once, under another name, and then renamed.
    let map = unsafe { Mmap::map(&file) }?;
    Ok(map)
}

/// What stands before the tensors. candle's reader divides by an alignment and multiplies sizes that
/// the file names, without checking: a damaged file panics there, not here.
fn content(bytes: &[u8]) -> Result<Content> {
    match catch_unwind(AssertUnwindSafe(|| Content::read(&mut Cursor::new(bytes)))) {
        Ok(result) => result,
        Err(_) => candle_core::bail!("its numbers make no sense"),
    }
}
