//! Owns the model inside the binary. Does not know how it was made (that is `scripts/train`).

use super::super::{ModelFiles, Result};

#[cfg(feature = "embedded-model")]
mod files {
    use super::super::super::files::{FileData, Shelf};
    use super::super::super::{Error, Result};

    macro_rules! files {
        ($($name:literal),+ $(,)?) => {
            [$((
                $name,
                include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/fa-en-tiny/", $name))
                    as &'static [u8],
            )),+]
        };
    }

    pub(super) static FILES: [(&str, &[u8]); 4] =
        files!["config.json", "generation_config.json", "tokenizer.json", "model.safetensors"];

    pub(super) struct Embedded;

    impl Shelf for Embedded {
        fn has(&self, name: &str) -> bool {
            FILES.iter().any(|(known, _)| *known == name)
        }

        fn names(&self) -> Vec<String> {
            FILES.iter().map(|(known, _)| (*known).to_string()).collect()
        }

        fn take(&mut self, name: &str) -> Result<FileData> {
            FILES
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(known, bytes)| FileData::Static(known, bytes))
                .ok_or_else(|| Error::Missing {
                    model: super::super::EMBEDDED.into(),
                    what: name.into(),
                })
        }
    }
}

/// The files inside the binary.
#[cfg(feature = "embedded-model")]
pub(super) fn resolve() -> Result<ModelFiles> {
    super::super::files::gather(super::EMBEDDED, &mut files::Embedded)
}

/// Says that this binary was built without a model.
#[cfg(not(feature = "embedded-model"))]
pub(super) fn resolve() -> Result<ModelFiles> {
    Err(super::super::Error::NotEmbedded)
}

/// Bytes of the model inside the binary; `None` where there is none.
#[must_use]
pub fn size() -> Option<u64> {
    #[cfg(feature = "embedded-model")]
    return Some(files::FILES.iter().map(|(_, bytes)| bytes.len() as u64).sum());
    #[cfg(not(feature = "embedded-model"))]
    None
}
