//! Owns the user's configuration file: where it is, what it says, and changes that keep the rest
//! of it. Does not know whether a
//! model that it names is there.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use etcetera::BaseStrategy;
use serde::Deserialize;
use toml_edit::{DocumentMut, TomlError, value};

use super::exit::Refusal;
use crate::model::ModelSource;

/// Names the configuration file in place of the usual one.
pub const VARIABLE: &str = "TARJOMAN_CONFIG";

/// What the configuration file says. Keys that this version does not know are left alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Config {
    /// The model that is used without `--model`, in the form that `--model` takes.
    pub model: Option<String>,
}

impl Config {
    /// Reads the configuration file; one that does not exist says nothing.
    ///
    /// # Errors
    /// When the file can't be read or is not what it should be: names the file and the line.
    pub fn load() -> Result<Self> {
        Self::load_from(&path()?)
    }

    /// As [`Config::load`], from a file of choice.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_from(path: &Path) -> Result<Self> {
        Ok(toml_edit::de::from_str(&read(path)?).map_err(|error| damaged(path, error))?)
    }
}

/// The model that is used without `--model`.
///
/// # Errors
/// As [`Config::load`], and when the file's `model` names no model.
pub fn default_model() -> Result<ModelSource> {
    match Config::load()?.model {
        Some(text) => text.parse().with_context(|| {
            let path = path().map(|path| path.display().to_string()).unwrap_or_default();
            format!("`model` in the configuration file {path} is not a model")
        }),
        None => Ok(ModelSource::Embedded),
    }
}

/// Where the configuration file is or would be.
///
/// # Errors
/// When the system does not know the user's home.
pub fn path() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        return Ok(path.into());
    }
    let base = etcetera::choose_base_strategy().map_err(|error| {
        anyhow!("could not find your configuration folder ({error}); {VARIABLE} names a file")
    })?;
    Ok(base.config_dir().join("tarjoman").join("config.toml"))
}

/// Writes the default model, or takes it out, and keeps all else: other keys, order, comments.
///
/// # Errors
/// When the file is damaged or can't be written.
pub fn set_model(path: &Path, model: Option<&str>) -> Result<()> {
    let mut document: DocumentMut =
        read(path)?.parse().map_err(|error: TomlError| damaged(path, error.into()))?;
    match model {
        Some(model) => document["model"] = value(model),
        None if document.contains_key("model") => drop(document.remove("model")),
        None => return Ok(()),
    }
    Ok(write(path, &document.to_string()).map_err(|source| failed("write", path, source))?)
}

fn read(path: &Path) -> Result<String, Refusal> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(failed("read", path, source)),
    }
}

fn damaged(path: &Path, source: toml_edit::de::Error) -> Refusal {
    Refusal::Config { path: path.display().to_string(), source }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> Refusal {
    Refusal::ConfigFile { action, path: path.display().to_string(), source }
}

/// The file changes whole or not at all. A link to it (a folder of dotfiles) stays a link.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(data) = fs::metadata(&path) {
        file.as_file().set_permissions(data.permissions())?;
    }
    file.persist(&path)?;
    Ok(())
}
