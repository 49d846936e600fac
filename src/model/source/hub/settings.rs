//! Owns what the environment says about the hub. Knows no repository.

use std::env;
use std::fmt;
use std::path::PathBuf;

/// Where the hub and its cache are, and what may be done.
#[derive(Clone)]
pub struct Settings {
    /// The folder of the cache, with one folder a repository in it.
    pub cache: PathBuf,
    /// What opens gated and private models.
    pub token: Option<String>,
    /// The address of the hub or a mirror, without a slash at the end.
    pub endpoint: String,
    /// Whether only the cache may be used.
    pub offline: bool,
}

impl Settings {
    /// Reads the variables that Python's `huggingface_hub` reads, with the same meaning:
    ///
    /// * `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `HF_HOME/hub`,
    ///   else `XDG_CACHE_HOME/huggingface/hub`, else `~/.cache/huggingface/hub`
    /// * `HF_TOKEN`, else `HUGGING_FACE_HUB_TOKEN`, else the file `HF_TOKEN_PATH`,
    ///   else the file `HF_HOME/token`
    /// * `HF_ENDPOINT`
    /// * `HF_HUB_OFFLINE`: `1`, `true`, `yes` or `on`
    #[must_use]
    pub fn from_env() -> Self {
        let path = |name| variable(name).map(PathBuf::from);
        let home = path("HF_HOME").unwrap_or_else(|| {
            path("XDG_CACHE_HOME")
                .or_else(|| etcetera::home_dir().ok().map(|home| home.join(".cache")))
                .unwrap_or_else(env::temp_dir)
                .join("huggingface")
        });
        let cache = path("HF_HUB_CACHE")
            .or_else(|| path("HUGGINGFACE_HUB_CACHE"))
            .unwrap_or_else(|| home.join("hub"));
        let token =
            variable("HF_TOKEN").or_else(|| variable("HUGGING_FACE_HUB_TOKEN")).or_else(|| {
                let file = path("HF_TOKEN_PATH").unwrap_or_else(|| home.join("token"));
                let text = std::fs::read_to_string(file).ok()?;
                let token = text.trim();
                (!token.is_empty()).then(|| token.to_string())
            });
        let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".into());
        let offline = variable("HF_HUB_OFFLINE").is_some_and(|value| {
            ["1", "true", "yes", "on"].contains(&value.to_ascii_lowercase().as_str())
        });
        Self { cache, token, endpoint: endpoint.trim_end_matches('/').to_string(), offline }
    }
}

/// The token is a secret: it stays out of logs.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("cache", &self.cache)
            .field("token", &self.token.as_ref().map(|_| "..."))
            .field("endpoint", &self.endpoint)
            .field("offline", &self.offline)
            .finish()
    }
}

/// The variable, unless it is unset or blank.
fn variable(name: &str) -> Option<String> {
    env::var(name).ok().map(|text| text.trim().to_string()).filter(|text| !text.is_empty())
}
