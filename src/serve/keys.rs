//! Who may ask: API keys. Only their hashes are kept, and a key is compared with all of them in a
//! time that does not depend on which is right, or on how much of it.

use std::path::Path;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::{Error, Result};

/// Fewer characters can be guessed.
const SHORTEST: usize = 16;

/// API keys. None at all: everybody may ask.
#[derive(Clone, Default)]
pub struct Keys(Vec<Key>);

#[derive(Clone)]
struct Key {
    /// What logs call its owner.
    name: String,
    hash: [u8; 32],
}

/// Names alone: a key is not to be found in a log.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.name)).finish()
    }
}

impl Keys {
    /// Adds the keys of a file: one a line, with a name and a space before it where it has one; lines
    /// that begin with # are remarks.
    ///
    /// # Errors
    /// When the file can't be read, or a line is no key.
    pub fn add_file(&mut self, path: &Path) -> Result<()> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| Error::KeyFile { path: path.to_owned(), source })?;
        self.add(&path.display().to_string(), text.lines())
    }

    /// Adds keys that stand in one line, with commas between them.
    ///
    /// * `origin`: for messages
    ///
    /// # Errors
    /// When one is no key.
    pub fn add_line(&mut self, origin: &str, line: &str) -> Result<()> {
        self.add(origin, line.split(','))
    }

    fn add<'a>(&mut self, origin: &str, lines: impl Iterator<Item = &'a str>) -> Result<()> {
        let before = self.0.len();
        for (index, line) in lines.enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = self.0.len() + 1;
            let (name, key) = match line.split_once(char::is_whitespace) {
                Some((name, key)) => (name.to_owned(), key.trim()),
                None => (format!("key {number}"), line),
            };
            let refuse = |why: &str| {
                let reason = format!("entry {} {why}", index + 1);
                Err(Error::Keys { origin: origin.to_owned(), reason })
            };
            if key.chars().count() < SHORTEST {
                return refuse("is too short");
            }
            if key.contains(char::is_whitespace) {
                return refuse("has spaces in it");
            }
            self.0.push(Key { name, hash: Sha256::digest(key).into() });
        }
        if self.0.len() == before {
            let reason = "there are none".to_owned();
            return Err(Error::Keys { origin: origin.to_owned(), reason });
        }
        Ok(())
    }

    /// Whether a key is needed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The name of a key's owner.
    pub(super) fn owner(&self, key: &str) -> Option<&str> {
        let hash: [u8; 32] = Sha256::digest(key).into();
        let mut found = None;
        for known in &self.0 {
            let same: Choice = known.hash.ct_eq(&hash);
            if bool::from(same) {
                found = Some(known.name.as_str());
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_names_and_are_not_shown() {
        let mut keys = Keys::default();
        keys.add_line("test", "cms 0123456789abcdef, fedcba9876543210").expect("two keys");
        assert_eq!(keys.owner("0123456789abcdef"), Some("cms"));
        assert_eq!(keys.owner("fedcba9876543210"), Some("key 2"));
        for wrong in ["", "0123456789abcde", "0123456789abcdef ", "cms 0123456789abcdef"] {
            assert_eq!(keys.owner(wrong), None, "{wrong:?}");
        }
        assert_eq!(format!("{keys:?}"), r#"["cms", "key 2"]"#);
        for bad in ["", "short", "name a key with spaces in it"] {
            assert!(Keys::default().add_line("test", bad).is_err(), "{bad:?}");
        }
    }
}
