//! Owns GGUF files as weights: tensors quantised in blocks (ggml's formats, such as `Q4_K`), under
//! the names that they have in safetensors, as candle's `tensor-tools quantize` writes them, or under
//! llama.cpp's; and what llama.cpp writes there about a language model ([`metadata`]).

pub(super) mod metadata;

use std::fs::File;
use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use candle_core::quantized::gguf_file::Content;
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Error, Result, Shape, Tensor};
use candle_nn::Init;
use candle_nn::var_builder::SimpleBackend;

/// An open file. Tensors are read when they are taken, so that none is in memory twice.
#[derive(Clone)]
pub(super) struct Gguf(Arc<Open>);

struct Open {
    content: Content,
    file: Mutex<BufReader<File>>,
    device: Device,
}

impl Gguf {
    /// Reads the list of tensors.
    pub(super) fn open(path: &Path, device: &Device) -> Result<Self> {
        let mut file = BufReader::new(File::open(path)?);
        let content = guarded(|| Content::read(&mut file))?;
        Ok(Self(Arc::new(Open { content, file: Mutex::new(file), device: device.clone() })))
    }

    /// The tensor as it is in the file; nothing where it is in floating point there.
    pub(super) fn quantised(&self, shape: &Shape, name: &str) -> Result<Option<Arc<QTensor>>> {
        let floats = [GgmlDType::F32, GgmlDType::F16, GgmlDType::BF16];
        match self.0.content.tensor_infos.get(name) {
            Some(info) if !floats.contains(&info.ggml_dtype) => {
                Ok(Some(Arc::new(self.read(Some(shape), name)?)))
            }
            _ => Ok(None),
        }
    }

    fn read(&self, shape: Option<&Shape>, name: &str) -> Result<QTensor> {
        let Some(info) = self.0.content.tensor_infos.get(name) else {
            return Err(Error::CannotFindTensor { path: name.to_string() }.bt());
        };
        if let Some(expected) = shape.filter(|shape| **shape != info.shape) {
            return Err(Error::UnexpectedShape {
                msg: format!("shape mismatch for {name}"),
                expected: expected.clone(),
                got: info.shape.clone(),
            }
            .bt());
        }
        // Blocks run along rows; a row that ends within one would be read past its end.
        let (row, block) = (info.shape.dims().last().unwrap_or(&1), info.ggml_dtype.block_size());
        if !row.is_multiple_of(block) {
            candle_core::bail!("rows of {name} have {row} weights, in blocks of {block}");
        }
        // Each read starts with a seek: a reader that panicked leaves nothing behind.
        let mut file = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        guarded(|| self.0.content.tensor(&mut *file, name, &self.0.device))
    }
}

impl SimpleBackend for Gguf {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, to: &Device) -> Result<Tensor> {
        self.read(Some(&shape), name)?.dequantize(to)?.to_dtype(dtype)
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        self.read(None, name)?.dequantize(device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.content.tensor_infos.contains_key(name)
    }
}

/// Runs candle's reader, which divides by an alignment and multiplies sizes that the file names,
/// without checking: a damaged file panics there, not here.
fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => result,
        Err(_) => candle_core::bail!("its numbers make no sense"),
    }
}
