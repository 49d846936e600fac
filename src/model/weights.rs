//! Weights from safetensors (whole, sharded or inside the binary), from `PyTorch`'s pickles, or
//! quantised from GGUF.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use candle_core::quantized::QTensor;
use candle_core::{DType, Device, Result as TensorResult, Shape, Tensor};
use candle_nn::{Init, VarBuilder};

use super::gguf::Gguf;
use super::{Error, FileData, Result};

/// The tensors of a model, by the names of its checkpoint.
#[derive(Clone)]
pub struct Weights {
    tensors: VarBuilder<'static>,
    /// The same tensors as they are in the file, where that is a GGUF file.
    quantised: Option<Gguf>,
}

impl Weights {
    /// Those whose names start with this and a dot.
    #[must_use]
    pub fn pp(&self, name: impl ToString) -> Self {
        Self { tensors: self.tensors.pp(name), quantised: self.quantised.clone() }
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

    /// A matrix `[rows, columns]` as it is in the file, if it is quantised there.
    ///
    /// # Errors
    /// When it is of another shape, or the file can't be read.
    pub fn quantised(
        &self,
        (rows, columns): (usize, usize),
        name: &str,
    ) -> TensorResult<Option<Arc<QTensor>>> {
        let Some(file) = &self.quantised else { return Ok(None) };
        let prefix = self.tensors.prefix();
        let name = if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
        file.quantised(&Shape::from((rows, columns)), &name)
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
        Self { tensors, quantised: None }
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
        return VarBuilder::from_slice_safetensors(bytes, dtype, device)
            .map(Weights::from)
            .map_err(fail);
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
    if let [path] = paths.as_slice()
        && all("gguf")
    {
        let file = Gguf::open(path, device).map_err(fail)?;
        // Products of quantised weights are in single precision, so that the rest is, too.
        let tensors = VarBuilder::from_backend(Box::new(file.clone()), DType::F32, device.clone());
        return Ok(Weights { tensors, quantised: Some(file) });
    }
    if all("safetensors") {
        #[allow(unsafe_code)] // the one memory-mapping line
        // SAFETY: the mapping is sound as long as nobody changes the files while they are mapped;
        // model files are written once, under another name, and then renamed.
        let tensors = unsafe { VarBuilder::from_mmaped_safetensors(&paths, dtype, device) };
        return tensors.map(Weights::from).map_err(fail);
    }
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    for path in &paths {
        tensors.extend(candle_core::pickle::read_all(path).map_err(fail)?);
    }
    if tensors.is_empty() {
        return Err(fail(candle_core::Error::Msg("no tensors found in the file".into())));
    }
    Ok(VarBuilder::from_tensors(tensors, dtype, device).into())
}
