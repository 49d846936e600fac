//! Weights from safetensors (whole, sharded or inside the binary), from `PyTorch`'s pickles, or
//! quantised from GGUF.

use std::path::PathBuf;
use std::sync::Arc;

use candle_core::quantized::QTensor;
use candle_core::{DType, Device, Result as TensorResult, Shape, Tensor};
use candle_nn::{Init, VarBuilder};

use super::gguf::Gguf;
use super::layers::Linear;
use super::packed::{Packed, PackedCache};
use super::pickle::Pickle;
use super::safetensors::Safetensors;
use super::{Error, FileData, Result};
use crate::kernels::{Blocks, Int8Matrix, with_slice};

/// Which matrices are taken in 8 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InInt8 {
    /// None: what the file holds in 8 bits is widened.
    #[default]
    Nothing,
    /// Those that the file holds in 8 bits.
    Stored,
    /// All; those in floating point are rounded.
    Everything,
}

/// An output projection.
#[derive(Debug)]
pub struct Head {
    /// `[.., channels]` to logits.
    pub linear: Linear,
    /// The tokens that logits stand for, ascending; nothing where those are all.
    pub tokens: Option<Arc<[u32]>>,
}

/// The tensors of a model, by the names of its checkpoint.
#[derive(Clone)]
pub struct Weights {
    tensors: VarBuilder<'static>,
    /// The same tensors as they are in the file, where that is a GGUF file.
    quantised: Option<Gguf>,
    /// The same tensors as they are in the file, where that is a safetensors file.
    safetensors: Option<Safetensors>,
    in_int8: InInt8,
    /// What was packed at an earlier start.
    packed: Option<Arc<Packed>>,
    /// The target tokens that are wanted, ascending; nothing where all are.
    outputs: Option<Arc<[u32]>>,
}

impl Weights {
    /// Those whose names start with this and a dot.
    #[must_use]
    pub fn pp(&self, name: impl ToString) -> Self {
        Self { tensors: self.tensors.pp(name), ..self.clone() }
    }

    /// Which matrices are to be taken in 8 bits, see [`Weights::int8`]; none on other devices than
    /// the CPU.
    #[must_use]
    pub fn with_int8(self, in_int8: InInt8) -> Self {
        let in_int8 = if self.device().is_cpu() { in_int8 } else { InInt8::Nothing };
        Self { in_int8, ..self }
    }

    /// Has the network compute logits of these tokens alone; nothing means all.
    #[must_use]
    pub fn with_outputs(self, tokens: Option<&[u32]>) -> Self {
        let mut tokens = tokens.map(<[u32]>::to_vec);
        if let Some(tokens) = &mut tokens {
            tokens.sort_unstable();
            tokens.dedup();
        }
        Self { outputs: tokens.map(Arc::from), ..self }
    }

    /// The output projection with the rows that are wanted, and the tokens that they stand for.
    ///
    /// # Errors
    /// When no token is wanted that there is, or the device fails.
    pub fn head(&self, whole: Linear) -> TensorResult<Head> {
        let Some(outputs) = &self.outputs else { return Ok(Head { linear: whole, tokens: None }) };
        let rows = whole.outputs()?;
        let known = outputs.partition_point(|token| (*token as usize) < rows);
        let tokens: Arc<[u32]> = outputs[..known].into();
        if tokens.is_empty() {
            candle_core::bail!("none of the tokens that are wanted is among {rows}");
        }
        Ok(Head { linear: whole.select(&tokens)?, tokens: Some(tokens) })
    }

    /// Takes matrices in 8 bits from what an earlier start packed, or packs them for the next.
    ///
    /// * `files`: those that the weights were opened from
    #[must_use]
    pub fn with_packed(self, cache: &PackedCache, files: &[FileData]) -> Self {
        let packed = match self.in_int8 {
            // A GGUF file has blocks of its own; all else there is small.
            InInt8::Nothing => None,
            _ if self.quantised.is_some() => None,
            in_int8 => Packed::open(cache, files, &format!("{in_int8:?}")),
        };
        Self { packed: packed.map(Arc::new), ..self }
    }

    /// Keeps what was packed for the next start, now that the whole network is there.
    pub fn keep_packed(&self) {
        if let Some(packed) = &self.packed {
            packed.finish();
        }
    }

    /// A tensor in floating point, whatever it is in the file.
    ///
    /// # Errors
    /// When it is missing or of another shape.
    pub fn get<S: Into<Shape>>(&self, shape: S, name: &str) -> TensorResult<Tensor> {
        self.tensors.get(shape, name)
    }

    /// The same in this precision, whatever the network computes in.
    ///
    /// # Errors
    /// When it is missing or of another shape.
    pub fn get_as<S: Into<Shape>>(
        &self,
        shape: S,
        name: &str,
        dtype: DType,
    ) -> TensorResult<Tensor> {
        self.tensors.get_with_hints_dtype(shape, name, Init::Const(0.0), dtype)
    }

    /// A matrix `[rows, columns]` where it lies in the file, if it is quantised there; on the CPU.
    ///
    /// # Errors
    /// When it is of another shape, or of a format that candle can't multiply.
    pub fn blocks(
        &self,
        (rows, columns): (usize, usize),
        name: &str,
    ) -> TensorResult<Option<Blocks>> {
        match &self.quantised {
            Some(file) if self.device().is_cpu() => {
                file.blocks(&Shape::from((rows, columns)), &self.whole(name))
            }
            _ => Ok(None),
        }
    }

    /// The same on other devices, where it is copied to.
    ///
    /// # Errors
    /// When it is of another shape, or can't be copied.
    pub fn quantised(
        &self,
        (rows, columns): (usize, usize),
        name: &str,
    ) -> TensorResult<Option<Arc<QTensor>>> {
        match &self.quantised {
            Some(file) if !self.device().is_cpu() => {
                file.quantised(&Shape::from((rows, columns)), &self.whole(name), self.device())
            }
            _ => Ok(None),
        }
    }

    /// A matrix `[rows, columns]` in 8 bits, if that is how matrices are to be taken: as it is in
    /// the file, or rounded.
    ///
    /// # Errors
    /// When it is missing, of another shape, or there is no memory for it.
    pub fn int8(
        &self,
        (rows, columns): (usize, usize),
        name: &str,
    ) -> TensorResult<Option<Int8Matrix>> {
        if self.in_int8 == InInt8::Nothing {
            return Ok(None);
        }
        let name_in_file = self.whole(name);
        if let Some(packed) = &self.packed
            && let Some(matrix) = packed.take(&name_in_file, [rows, columns])
        {
            return Ok(Some(matrix));
        }
        let round = self.in_int8 == InInt8::Everything;
        let matrix = if let Some(file) = &self.safetensors {
            file.int8(&Shape::from((rows, columns)), &name_in_file, round)?
        } else if round {
            let weights = self.tensors.get((rows, columns), name)?.contiguous()?;
            Some(with_slice(&weights, |weights| Int8Matrix::quantize(weights, rows))??)
        } else {
            None
        };
        if let (Some(packed), Some(matrix)) = (&self.packed, &matrix) {
            packed.keep(&name_in_file, matrix);
        }
        Ok(matrix)
    }

    /// The name in the file.
    fn whole(&self, name: &str) -> String {
        let prefix = self.tensors.prefix();
        if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") }
    }

    /// Whether there is such a tensor.
    #[must_use]
    pub fn contains_tensor(&self, name: &str) -> bool {
        self.tensors.contains_tensor(name)
    }

    /// What the network computes in.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.tensors.dtype()
    }

    /// Where they lie.
    #[must_use]
    pub fn device(&self) -> &Device {
        self.tensors.device()
    }
}

impl From<VarBuilder<'static>> for Weights {
    fn from(tensors: VarBuilder<'static>) -> Self {
        let in_int8 = InInt8::Nothing;
        Self { tensors, quantised: None, safetensors: None, in_int8, packed: None, outputs: None }
    }
}

/// Opens the weights; tensors are converted to `dtype` as they are taken.
///
/// # Errors
/// When a file is missing, truncated or of an unknown format.
pub fn open(files: &[FileData], dtype: DType, device: &Device) -> Result<Weights> {
    let name = FileData::names(files);
    let fail = |source| Error::Weights { file: name.clone(), source };
    if let [FileData::Static(_, bytes)] = files {
        let file = Safetensors::inside(bytes).map_err(fail)?;
        return Ok(from_safetensors(file, dtype, device));
    }
    let paths = files
        .iter()
        .map(|file| match file {
            FileData::Path(path) => Ok(path.clone()),
            FileData::Static(..) => {
                Err(fail(candle_core::Error::Msg("embedded weights must be one file".into())))
            }
        })
        .collect::<Result<Vec<PathBuf>>>()?;
    for path in &paths {
        std::fs::metadata(path).map_err(|source| Error::Read { path: path.clone(), source })?;
    }
    let all = |format: &str| {
        paths.iter().all(|path| path.extension().is_some_and(|ending| ending == format))
    };
    if all("gguf") {
        let file = Gguf::open(&paths).map_err(fail)?;
        // Products of quantised weights are in single precision, so that the rest is, too.
        let tensors = VarBuilder::from_backend(Box::new(file.clone()), DType::F32, device.clone());
        return Ok(Weights { quantised: Some(file), ..tensors.into() });
    }
    if all("safetensors") {
        let files = Safetensors::open(&paths).map_err(fail)?;
        return Ok(from_safetensors(files, dtype, device));
    }
    // As Lightning writes it, beside the state of a training.
    let key = all("ckpt").then_some("state_dict");
    let files = Pickle::open(&paths, key).map_err(fail)?;
    Ok(VarBuilder::from_backend(Box::new(files), dtype, device.clone()).into())
}

fn from_safetensors(files: Safetensors, dtype: DType, device: &Device) -> Weights {
    let tensors = VarBuilder::from_backend(Box::new(files.clone()), dtype, device.clone());
    Weights { safetensors: Some(files), ..tensors.into() }
}
