//! Owns where a network computes: what a user may call it, and how it is opened.

use std::str::FromStr;

use candle_core::Device;

use super::{Error, Result};

/// Where a network computes, as a user names it: `auto`, `cpu`, `cuda`, `cuda:1`, `cuda:0,1`,
/// `metal`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum DeviceName {
    /// The first GPU that this build can use and that answers, or else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// These NVIDIA GPUs, counted from 0: each has its own copy of the model.
    Cuda(Vec<usize>),
    /// The GPU of a Mac.
    Metal,
}

impl FromStr for DeviceName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let unknown = || Error::DeviceName { name: name.to_owned() };
        let (kind, numbers) = match name.split_once(':') {
            Some((kind, numbers)) => (kind, Some(numbers)),
            None => (name, None),
        };
        match (kind, numbers) {
            ("auto", None) => Ok(Self::Auto),
            ("cpu", None) => Ok(Self::Cpu),
            ("metal", None) => Ok(Self::Metal),
            ("cuda", None) => Ok(Self::Cuda(vec![0])),
            ("cuda", Some(numbers)) => {
                let mut found = Vec::new();
                for number in numbers.split(',') {
                    let number = number.parse().map_err(|_| unknown())?;
                    if found.contains(&number) {
                        return Err(unknown());
                    }
                    found.push(number);
                }
                Ok(Self::Cuda(found))
            }
            _ => Err(unknown()),
        }
    }
}

impl DeviceName {
    /// Opens it; never empty.
    ///
    /// * `warn`: told why `auto` is the CPU in a build that can use a GPU
    ///
    /// # Errors
    /// When this build can't use such a device, or the system has none.
    pub fn open(&self, warn: &mut dyn FnMut(&str)) -> Result<Vec<Device>> {
        match self {
            Self::Cpu => Ok(vec![Device::Cpu]),
            Self::Cuda(numbers) => numbers.iter().map(|number| cuda(*number)).collect(),
            Self::Metal => metal().map(|device| vec![device]),
            Self::Auto => {
                let found = match () {
                    () if cfg!(feature = "cuda") => cuda(0),
                    () if cfg!(feature = "metal") => metal(),
                    () => return Ok(vec![Device::Cpu]),
                };
                Ok(vec![found.unwrap_or_else(|error| {
                    let reason = std::error::Error::source(&error).map(ToString::to_string);
                    let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
                    warn(&format!("{error}{reason}; going on with the CPU"));
                    Device::Cpu
                })])
            }
        }
    }
}

fn cuda(number: usize) -> Result<Device> {
    let device = format!("cuda:{number}");
    if !cfg!(feature = "cuda") {
        return Err(Error::NotBuiltFor { device, feature: "cuda" });
    }
    Device::new_cuda(number).map_err(|source| Error::Device { device, source })
}

fn metal() -> Result<Device> {
    let device = "metal".to_owned();
    if !cfg!(feature = "metal") {
        return Err(Error::NotBuiltFor { device, feature: "metal" });
    }
    Device::new_metal(0).map_err(|source| Error::Device { device, source })
}
