//! A newsroom's user for tests: an empty home, the binary, and a hub on loopback.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

use crate::hub_server::Hub;

pub const REPO: &str = "newsroom/fa-en";
pub const WEIGHTS: &[u8] = &[7; 5000];
pub const FILES: [(&str, &[u8]); 8] = [
    ("README.md", b"about"),
    ("config.json", br#"{"model_type":"marian"}"#),
    ("generation_config.json", b"{}"),
    ("source.spm", b"source"),
    ("target.spm", b"target"),
    ("vocab.json", b"{\"</s>\":0}"),
    ("model.safetensors", WEIGHTS),
    ("tf_model.h5", &[3; 4000]),
];

/// A user with an empty home, and a hub.
pub struct User {
    pub home: TempDir,
    pub hub: Hub,
    variables: Vec<(String, String)>,
}

impl User {
    pub fn new() -> Self {
        let hub = Hub::start();
        hub.publish(REPO, "main", &FILES);
        Self { home: TempDir::new().expect("a temporary folder"), hub, variables: Vec::new() }
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_string(), value.to_string()));
    }

    pub fn models(&self, arguments: &[&str]) -> assert_cmd::assert::Assert {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tarjoman"));
        // Nothing of the machine that runs the tests may be seen, proxies included.
        command.env_clear();
        if let Some(root) = std::env::var_os("SYSTEMROOT") {
            command.env("SYSTEMROOT", root);
        }
        command
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("HF_HOME", self.home.path().join("hf"))
            .env("HF_ENDPOINT", self.hub.endpoint())
            .env("TARJOMAN_CONFIG", self.config())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .arg("models")
            .args(arguments)
            .assert()
    }

    pub fn ok(&self, arguments: &[&str]) -> (String, String) {
        texts(&self.models(arguments).success())
    }

    /// The message of a failure with this exit code; nothing is on the standard output then.
    pub fn fails(&self, code: i32, arguments: &[&str]) -> String {
        let (out, message) = texts(&self.models(arguments).failure().code(code));
        assert_eq!(out, "");
        message
    }

    pub fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    pub fn folder(&self) -> PathBuf {
        self.home.path().join("hf/hub/models--newsroom--fa-en")
    }

    pub fn row(&self, id: &str) -> Value {
        let (out, _) = self.ok(&["list", "--json"]);
        let rows: Vec<Value> = serde_json::from_str(&out).expect("JSON on the standard output");
        rows.into_iter().find(|row| row["id"] == id).unwrap_or(Value::Null)
    }
}

fn texts(assert: &assert_cmd::assert::Assert) -> (String, String) {
    let output = assert.get_output();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (text(&output.stdout), text(&output.stderr))
}

pub fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .map(|entries| {
            entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}
