//! Owns the text form of addresses. Makes no request.

use std::fmt;
use std::str::FromStr;

use super::super::{Error, Result};

/// The `http://` or `https://` addresses of a model's files: one of a folder, with a slash at its
/// end; one of a model file, beside which the others lie; or several with commas between them, one
/// for each file.
///
/// ```
/// use tarjoman::model::source::Addresses;
///
/// let one: Addresses = "https://example.org/models/faen/".parse()?;
/// assert_eq!(one.urls().len(), 1);
/// # Ok::<(), tarjoman::model::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses(Vec<String>);

impl Addresses {
    /// One or more, in the order given.
    #[must_use]
    pub fn urls(&self) -> &[String] {
        &self.0
    }
}

/// Text that can only be meant as an address.
pub(super) fn looks_like(text: &str) -> bool {
    let scheme = text.split("://").next().unwrap_or_default();
    scheme.len() < text.len() && ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str())
}

impl FromStr for Addresses {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let urls: Vec<String> = text.split(',').map(|url| url.trim().to_string()).collect();
        let alone = urls.len() == 1;
        match urls.iter().find(|url| !is_address(url) || (!alone && url.ends_with('/'))) {
            Some(url) => Err(Error::Address {
                url: url.clone(),
                reason: if alone {
                    "it is no address of a folder or file".into()
                } else {
                    "of several addresses, each must be that of a file".into()
                },
            }),
            None => Ok(Self(urls)),
        }
    }
}

/// Whether there is a host, and a file name that can be one here, or none.
fn is_address(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://").filter(|_| looks_like(url)) else { return false };
    let path = rest.split(['?', '#']).next().unwrap_or(rest);
    let Some((host, path)) = path.split_once('/') else { return false };
    let file = path.rsplit('/').next().unwrap_or(path);
    !host.is_empty()
        && url.chars().all(|c| c.is_ascii_graphic())
        && !file.starts_with('.')
        && file.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

impl fmt::Display for Addresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(","))
    }
}
