//! `tarjoman models`: the list, the choice of a default, and removal, through the binary.

use std::fs;
use std::path::Path;

use serde_json::Value;

use tarjoman::model::catalogue;

use crate::newsroom::{FILES, REPO, User, WEIGHTS, has};

#[test]
fn remove_frees_the_space_and_says_how_much() {
    let user = User::new();
    user.ok(&["pull", REPO]);
    let (_, messages) = user.ok(&["remove", REPO]);
    has(&messages, &["newsroom/fa-en is deleted", "5.1 kB"]);
    assert!(!user.folder().exists());
    assert_eq!(user.row(REPO), Value::Null);
    has(&user.fails(1, &["remove", REPO]), &["newsroom/fa-en is not in the cache"]);
    has(&user.fails(2, &["remove", "embedded"]), &["part of the program"]);
}

#[test]
fn removing_the_default_makes_the_embedded_model_the_default() {
    let user = User::new();
    user.ok(&["use", REPO]);
    has(&user.ok(&["remove", REPO]).1, &["default is the embedded model again"]);
    assert_eq!(fs::read_to_string(user.config()).expect("it").trim(), "");
}

#[test]
fn use_fetches_the_model_and_keeps_the_rest_of_the_configuration() {
    let user = User::new();
    fs::write(user.config(), "# mine\nother = [1, 2]\n\n[table]\nkey = 1\n").expect("a file");
    user.ok(&["use", REPO]);
    assert!(user.folder().join("snapshots").is_dir());
    let text = fs::read_to_string(user.config()).expect("the configuration");
    assert_eq!(text, "# mine\nother = [1, 2]\nmodel = \"newsroom/fa-en\"\n\n[table]\nkey = 1\n");
    assert_eq!(user.row(REPO)["default"], true);
    assert_eq!(user.row("embedded")["default"], false);
    user.ok(&["use", "embedded"]);
    assert!(!fs::read_to_string(user.config()).expect("it").contains("model ="));
    assert_eq!(user.row("embedded")["default"], true);
}

#[test]
fn every_model_of_the_catalogue_becomes_the_default_with_one_command() {
    let user = User::new();
    for entry in catalogue::entries().iter().filter(|entry| entry.by_hand.is_none()) {
        let class = match (entry.family.as_str(), entry.id.contains("nllb")) {
            ("m2m_100", true) => r#", "tokenizer_class": "NllbTokenizer""#,
            ("mbart", _) => r#", "tokenizer_class": "MBart50Tokenizer""#,
            _ => "",
        };
        let config = format!(r#"{{"model_type": "{}"{class}}}"#, entry.family);
        let weights = entry.weights.as_deref().unwrap_or("model.safetensors");
        let files: Vec<(&str, &[u8])> = [
            ("config.json", config.as_bytes()),
            ("sentencepiece.bpe.model", b"pieces"),
            ("source.spm", b"pieces"),
            ("target.spm", b"pieces"),
            ("tokenizer.json", b"{}"),
            ("vocab.json", b"{}"),
            (weights, WEIGHTS),
        ]
        .into();
        if entry.id != "embedded" {
            user.hub.publish(&entry.id, "main", &files);
        }
        user.ok(&["use", &entry.name]);
        assert_eq!(user.row(&entry.id)["default"], true, "{}", entry.name);
    }
}

#[test]
fn use_changes_nothing_when_the_model_is_not_there() {
    let user = User::new();
    user.fails(69, &["use", "newsroom/nothing"]);
    assert!(!user.config().exists());
}

#[test]
fn without_a_named_file_the_configuration_lies_in_the_folder_of_the_system() {
    let mut user = User::new();
    user.set("TARJOMAN_CONFIG", "");
    user.set("XDG_CONFIG_HOME", user.home.path().join("xdg").to_str().expect("UTF-8"));
    let (_, messages) = user.ok(&["use", REPO]);
    if cfg!(unix) {
        assert!(user.home.path().join("xdg/tarjoman/config.toml").is_file(), "{messages}");
    }
}

#[test]
fn a_folder_becomes_the_default_with_its_whole_path() {
    let user = User::new();
    let folder = user.home.path().join("mine");
    fs::create_dir(&folder).expect("a folder");
    for (name, data) in FILES {
        fs::write(folder.join(name), data).expect("a file");
    }
    user.ok(&["use", "./mine"]);
    let (out, _) = user.ok(&["--json"]);
    let rows: Vec<Value> = serde_json::from_str(&out).expect("JSON");
    let row = rows.iter().find(|row| row["default"] == true).expect("a default");
    assert!(Path::new(row["id"].as_str().expect("text")).is_absolute());
}

#[test]
fn a_damaged_configuration_is_named_with_its_line_and_left_alone() {
    let user = User::new();
    for text in ["a = 1\nmodel = \n", "a = 1\nmodel = 3\n"] {
        fs::write(user.config(), text).expect("a file");
        for arguments in [&["list"][..], &["use", REPO]] {
            has(&user.fails(78, arguments), &["config.toml", "line 2", "damaged"]);
        }
        assert_eq!(fs::read_to_string(user.config()).expect("it"), text);
    }
    assert_eq!(user.hub.requests().len(), 0, "it is found before anything is fetched");
}

#[test]
fn the_list_shows_known_and_cached_models() {
    let user = User::new();
    assert_eq!(user.row(REPO), Value::Null);
    user.ok(&["pull", REPO]);
    let row = user.row(REPO);
    assert_eq!(row["cached"], true);
    assert_eq!(row["family"], "marian");
    assert!(row["cached_bytes"].as_u64().expect("a number") > 5000);
    let known = user.row("Helsinki-NLP/opus-mt-mul-en");
    assert_eq!(known["cached"], false);
    assert_eq!(known["recommended"], false);
    assert_eq!(
        user.row("Helsinki-NLP/opus-mt-tc-bible-big-iir-deu_eng_fra_por_spa")["prefix"],
        ">>eng<<"
    );
    let (table, _) = user.ok(&[]);
    let line = table.lines().find(|line| line.contains(REPO)).expect("a line");
    has(line, &["marian", "yes, 5.1 kB"]);
    assert!(table.lines().any(|line| line.starts_with("*  embedded")), "{table}");
    has(&table, &["Apache-2.0", "not recommended"]);
}
