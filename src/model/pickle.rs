//! Owns `PyTorch`'s pickles as weights. Tensors are read when they are taken, so that a matrix that
//! is kept in 8 bits is in memory in floating point only while it is rounded.

use std::path::Path;

use candle_core::pickle::PthTensors;
use candle_core::{DType, Device, Error, Result, Shape, Tensor};
use candle_nn::Init;
use candle_nn::var_builder::SimpleBackend;

/// Open files.
pub(super) struct Pickle(Vec<PthTensors>);

impl Pickle {
    /// Reads the lists of tensors.
    ///
    /// * `key`: under which they lie, where a file holds more than them
    pub(super) fn open(paths: &[impl AsRef<Path>], key: Option<&str>) -> Result<Self> {
        let shards: Result<Vec<_>> =
            paths.iter().map(|path| PthTensors::new(path.as_ref(), key)).collect();
        let shards = shards?;
        if shards.iter().all(|shard| shard.tensor_infos().is_empty()) {
            candle_core::bail!("no tensors found in the file");
        }
        Ok(Self(shards))
    }

    fn read(&self, name: &str) -> Result<Tensor> {
        let shard = self.0.iter().find(|shard| shard.tensor_infos().contains_key(name));
        let found = shard.map(|shard| shard.get(name)).transpose()?.flatten();
        found.ok_or_else(|| Error::CannotFindTensor { path: name.to_string() }.bt())
    }
}

impl SimpleBackend for Pickle {
    fn get(&self, shape: Shape, name: &str, _: Init, dtype: DType, to: &Device) -> Result<Tensor> {
        let tensor = self.get_unchecked(name, dtype, to)?;
        if tensor.shape() == &shape {
            return Ok(tensor);
        }
        Err(Error::UnexpectedShape {
            msg: format!("shape mismatch for {name}"),
            expected: shape,
            got: tensor.shape().clone(),
        }
        .bt())
    }

    fn get_unchecked(&self, name: &str, dtype: DType, device: &Device) -> Result<Tensor> {
        self.read(name)?.to_device(device)?.to_dtype(dtype)
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.0.iter().any(|shard| shard.tensor_infos().contains_key(name))
    }
}
