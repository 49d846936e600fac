//! Weights from safetensors (whole, sharded or inside the binary) or from PyTorch's pickles.

use std::collections::HashMap;
use std::path::PathBuf;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;

use super::{Error, FileData, Result};

/// Opens the weights; tensors are converted to `dtype` as they are taken.
///
/// # Errors
/// When a file is missing, truncated or of an unknown format.
pub fn open(files: &[FileData], dtype: DType, device: &Device) -> Result<VarBuilder<'static>> {
    let name = files.iter().map(FileData::name).collect::<Vec<_>>().join(", ");
    let fail = |source| Error::Weights { file: name.clone(), source };
    if let [FileData::Static(_, bytes)] = files {
        return VarBuilder::from_slice_safetensors(bytes, dtype, device).map_err(fail);
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
    if paths.iter().all(|path| path.extension().is_some_and(|ending| ending == "safetensors")) {
        #[allow(unsafe_code)] // the one memory-mapping line
        // SAFETY: the mapping is sound as long as nobody changes the files while they are mapped;
        // model files are written once, under another name, and then renamed.
        return unsafe { VarBuilder::from_mmaped_safetensors(&paths, dtype, device) }.map_err(fail);
    }
    let mut tensors: HashMap<String, Tensor> = HashMap::new();
    for path in &paths {
        tensors.extend(candle_core::pickle::read_all(path).map_err(fail)?);
    }
    if tensors.is_empty() {
        return Err(fail(candle_core::Error::Msg("no tensors found in the file".into())));
    }
    Ok(VarBuilder::from_tensors(tensors, dtype, device))
}
