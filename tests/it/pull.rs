//! Models from the hub as a user meets them: `tarjoman models pull`, its variables, and a hub on
//! loopback that is slow, absent, gated or wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::hub_server::Faults;
use crate::newsroom::{FILES, REPO, User, WEIGHTS, has, names};

/// What was asked for of large files since the last look at the requests.
fn large_ranges(user: &User) -> Vec<Option<String>> {
    let requests = user.hub.requests().into_iter();
    requests.filter(|r| r.path.starts_with("/large/")).map(|r| r.range).collect()
}

#[test]
fn a_pull_fetches_the_files_that_are_needed_and_says_where_they_lie() {
    let user = User::new();
    let (out, messages) = user.ok(&["pull", REPO]);
    let folder = PathBuf::from(out.trim());
    let needed = [
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "source.spm",
        "target.spm",
        "vocab.json",
    ];
    assert_eq!(names(&folder), needed);
    assert_eq!(fs::read(folder.join("model.safetensors")).expect("weights"), WEIGHTS);
    has(&messages, &["fetched model.safetensors (5.0 kB)", "--model newsroom/fa-en"]);
}

#[test]
fn a_pull_fetches_the_weights_that_the_catalogue_names_and_no_others() {
    let user = User::new();
    let files: [(&str, &[u8]); 5] = [
        ("config.json", br#"{"model_type": "t5"}"#),
        ("tokenizer.json", b"{}"),
        ("model.safetensors", WEIGHTS),
        ("model-q4k.gguf", WEIGHTS),
        ("other/model-q8_0.gguf", WEIGHTS),
    ];
    user.hub.publish("google/madlad400-3b-mt", "main", &files);
    let (out, _) = user.ok(&["pull", "madlad-3b"]);
    assert_eq!(
        names(&PathBuf::from(out.trim())),
        ["config.json", "model-q4k.gguf", "tokenizer.json"]
    );
    user.hub.publish("newsroom/t5", "main", &files);
    let (out, _) = user.ok(&["pull", "newsroom/t5"]);
    assert_eq!(
        names(&PathBuf::from(out.trim())),
        ["config.json", "model.safetensors", "tokenizer.json"]
    );
}

#[test]
fn the_configuration_is_fetched_first_and_the_weights_last_and_no_pickle_beside_safetensors() {
    let user = User::new();
    let mut files = FILES.to_vec();
    files.push(("pytorch_model.bin", WEIGHTS));
    user.hub.publish("newsroom/both", "main", &files);
    user.hub.requests();
    user.ok(&["pull", "newsroom/both"]);
    let requests = user.hub.requests();
    let files = requests.iter().filter_map(|request| request.path.split_once("/resolve/"));
    let mut names: Vec<&str> = files.filter_map(|(_, path)| path.rsplit('/').next()).collect();
    names.dedup();
    assert_eq!(names.first(), Some(&"config.json"), "{names:?}");
    assert_eq!(names.last(), Some(&"model.safetensors"), "{names:?}");
    assert!(!names.contains(&"pytorch_model.bin"), "{names:?}");
}

#[test]
fn a_second_pull_asks_for_the_commit_and_fetches_nothing() {
    let user = User::new();
    user.ok(&["pull", REPO]);
    user.hub.requests();
    user.ok(&["pull", REPO]);
    let paths: Vec<_> = user.hub.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/api/models/newsroom/fa-en/revision/main"]);
}

#[test]
fn a_commit_in_the_cache_is_used_without_any_request() {
    let user = User::new();
    let commit = user.hub.publish(REPO, "main", &FILES);
    let pinned = format!("{REPO}@{commit}");
    user.ok(&["pull", &pinned]);
    assert!(!user.hub.requests().is_empty());
    user.ok(&["pull", &pinned]);
    assert_eq!(user.hub.requests().len(), 0);
}

#[test]
fn offline_the_cache_is_enough_and_no_request_is_made() {
    let mut user = User::new();
    user.ok(&["pull", REPO]);
    user.hub.requests();
    for value in ["1", "true", "YES"] {
        user.set("HF_HUB_OFFLINE", value);
        user.ok(&["pull", REPO]);
    }
    assert_eq!(user.hub.requests().len(), 0);
}

#[test]
fn offline_without_a_copy_the_message_says_why_and_what_to_do() {
    let mut user = User::new();
    user.set("HF_HUB_OFFLINE", "1");
    let message = user.fails(69, &["pull", REPO]);
    has(&message, &[REPO, "HF_HUB_OFFLINE", "hint:", "while online"]);
    assert_eq!(user.hub.requests().len(), 0);
}

#[test]
fn when_the_hub_is_away_a_copy_serves_with_a_warning_and_its_lack_is_an_error() {
    let mut user = User::new();
    user.ok(&["pull", REPO]);
    user.hub.set(Faults { status: Some(503), ..Faults::default() });
    has(&user.ok(&["pull", REPO]).1, &["note: could not ask", "503", "copy in the cache"]);
    // Nobody listens at port 9.
    user.set("HF_ENDPOINT", "http://127.0.0.1:9");
    has(&user.ok(&["pull", REPO]).1, &["note: could not ask http://127.0.0.1:9"]);
    let message = user.fails(69, &["pull", "newsroom/other"]);
    has(&message, &["newsroom/other", "http://127.0.0.1:9", "refused", "hint:", "HF_ENDPOINT"]);
}

#[test]
fn the_token_goes_to_the_hub_and_to_no_other_host() {
    let mut user = User::new();
    user.hub.set(Faults { gated: Some("secret"), ..Faults::default() });
    user.set("HF_TOKEN", "secret");
    user.ok(&["pull", REPO]);
    let requests = user.hub.requests();
    assert!(requests.iter().any(|request| request.host == "localhost"));
    for request in requests {
        let expected = (request.host != "localhost").then_some("Bearer secret");
        assert_eq!(request.authorization.as_deref(), expected, "{request:?}");
    }
}

#[test]
fn a_token_file_serves_as_well() {
    let user = User::new();
    user.hub.set(Faults { gated: Some("from-file"), ..Faults::default() });
    fs::create_dir_all(user.home.path().join("hf")).expect("a folder");
    fs::write(user.home.path().join("hf/token"), "from-file\n").expect("a file");
    user.ok(&["pull", REPO]);
}

#[test]
fn a_gated_model_says_what_opens_it() {
    let mut user = User::new();
    user.hub.set(Faults { gated: Some("secret"), ..Faults::default() });
    let message = user.fails(69, &["pull", REPO]);
    has(&message, &["401", "hint:", "HF_TOKEN", "licence", &format!("/{REPO}")]);
    user.set("HF_TOKEN", "another-secret");
    let message = user.fails(69, &["pull", REPO]);
    has(&message, &["403", "the token", "licence"]);
    assert!(!message.contains("another-secret"), "{message}");
}

#[test]
fn a_missing_model_and_a_missing_revision_are_told_apart() {
    let user = User::new();
    let message = user.fails(69, &["pull", "newsroom/nothing"]);
    has(&message, &["has no model newsroom/nothing", &user.hub.endpoint(), "hint:"]);
    let message = user.fails(69, &["pull", &format!("{REPO}@v9")]);
    has(&message, &["has no revision \"v9\" of model newsroom/fa-en"]);
}

#[test]
fn a_repository_that_lacks_a_tokenizer_is_refused_before_its_weights_are_fetched() {
    let user = User::new();
    user.hub.publish("newsroom/half", "main", &[FILES[1], FILES[5], FILES[6]]);
    let message = user.fails(78, &["pull", "newsroom/half"]);
    has(&message, &["newsroom/half lacks a tokenizer", "source.spm, target.spm"]);
    assert_eq!(user.hub.requests().len(), 1);
}

#[test]
fn a_network_that_tarjoman_does_not_run_is_refused_before_its_weights_are_fetched() {
    let user = User::new();
    let config: (&str, &[u8]) = ("config.json", br#"{"model_type": "gpt2"}"#);
    let files = [config, ("tokenizer.json", b"{}"), ("model.safetensors", WEIGHTS)];
    user.hub.publish("newsroom/gpt2", "main", &files);
    for command in ["pull", "use"] {
        let message = user.fails(78, &[command, "newsroom/gpt2"]);
        has(&message, &["newsroom/gpt2", "gpt2", "marian, m2m_100", "hint:"]);
    }
    assert_eq!(large_ranges(&user).len(), 0);
    assert!(!user.config().exists());
}

#[test]
fn a_name_that_is_no_model_is_answered_with_the_nearest_one() {
    let message = User::new().fails(2, &["pull", "bible-big-irr"]);
    has(&message, &["neither a folder nor a model id", "did you mean bible-big-iir?"]);
}

#[test]
fn a_cut_connection_is_taken_up_where_it_stopped() {
    let user = User::new();
    user.hub.set(Faults { cut_after: Some(2000), ..Faults::default() });
    let (out, _) = user.ok(&["pull", REPO]);
    assert_eq!(fs::read(Path::new(out.trim()).join("model.safetensors")).expect("it"), WEIGHTS);
    assert_eq!(large_ranges(&user), [None, Some("bytes=2000-".into()), Some("bytes=4000-".into())]);
}

#[test]
fn a_truncated_download_leaves_nothing_that_looks_whole_and_the_next_one_goes_on() {
    let mut user = User::new();
    let commit = user.hub.publish(REPO, "main", &FILES);
    user.hub.set(Faults { stuck_at: Some(3000), ..Faults::default() });
    let message = user.fails(69, &["pull", REPO]);
    has(&message, &["model.safetensors", "3000 of 5000 bytes", "hint:"]);
    assert_eq!(user.row(REPO), Value::Null);
    user.set("HF_HUB_OFFLINE", "1");
    has(&user.fails(69, &["pull", REPO]), &["no copy of revision main"]);
    let pinned = format!("{REPO}@{commit}");
    has(&user.fails(69, &["pull", &pinned]), &["the copy is incomplete", "lacks weights"]);

    user.set("HF_HUB_OFFLINE", "0");
    user.hub.set(Faults::default());
    user.hub.requests();
    user.ok(&["pull", REPO]);
    assert_eq!(large_ranges(&user), [Some("bytes=3000-".into())]);
    assert_eq!(names(&user.folder().join("blobs")).len(), 6, "no part is left");
}

#[test]
fn two_pulls_at_once_fetch_the_weights_once() {
    let user = User::new();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| user.ok(&["pull", REPO]));
        }
    });
    assert_eq!(large_ranges(&user), [None]);
}

#[test]
fn an_endpoint_that_is_no_address_is_named() {
    let mut user = User::new();
    user.set("HF_ENDPOINT", "not an address");
    has(&user.fails(69, &["pull", REPO]), &["not an address", "hint:", "HF_ENDPOINT"]);
}

#[test]
fn a_connection_that_stalls_is_given_up_and_the_next_one_goes_on() {
    let mut user = User::new();
    user.hub.set(Faults { stall_after: Some(3000), ..Faults::default() });
    user.set("HF_HUB_DOWNLOAD_TIMEOUT", "1");
    let (out, _) = user.ok(&["pull", REPO]);
    assert_eq!(fs::read(Path::new(out.trim()).join("model.safetensors")).expect("it"), WEIGHTS);
    assert_eq!(large_ranges(&user), [None, Some("bytes=3000-".into())]);
}

#[test]
fn a_killed_download_leaves_nothing_that_looks_whole_and_the_next_one_goes_on() {
    let mut user = User::new();
    let pinned = format!("{REPO}@{}", user.hub.publish(REPO, "main", &FILES));
    user.hub.set(Faults { stall_after: Some(3000), ..Faults::default() });
    let killed = user.command(&["pull", REPO]).timeout(Duration::from_secs(3)).assert();
    killed.interrupted();
    user.set("HF_HUB_OFFLINE", "1");
    has(&user.fails(69, &["pull", &pinned]), &["the copy is incomplete", "lacks weights"]);
    user.set("HF_HUB_OFFLINE", "0");
    user.hub.set(Faults::default());
    user.ok(&["pull", REPO]);
    assert_eq!(large_ranges(&user), [None, Some("bytes=3000-".into())]);
}

#[test]
fn a_cache_that_can_not_be_written_is_named() {
    let mut user = User::new();
    let file = user.home.path().join("file");
    fs::write(&file, "").expect("a file");
    user.set("HF_HOME", file.to_str().expect("UTF-8"));
    has(&user.fails(74, &["pull", REPO]), &["could not write to the model cache", "hint:"]);
}

#[test]
fn a_hub_that_ignores_ranges_makes_the_download_begin_anew() {
    let user = User::new();
    user.hub.set(Faults { stuck_at: Some(3000), ..Faults::default() });
    user.fails(69, &["pull", REPO]);
    user.hub.set(Faults { no_ranges: true, ..Faults::default() });
    let (out, _) = user.ok(&["pull", REPO]);
    assert_eq!(fs::read(Path::new(out.trim()).join("model.safetensors")).expect("it"), WEIGHTS);
}

#[test]
fn a_file_with_another_digest_is_deleted_and_named() {
    let user = User::new();
    user.hub.set(Faults { flipped_byte: true, ..Faults::default() });
    let message = user.fails(69, &["pull", REPO]);
    has(&message, &["model.safetensors", "damaged", "SHA-256", "hint: it was deleted"]);
    let blobs = names(&user.folder().join("blobs"));
    assert_eq!(blobs.len(), 5, "the small files, and no weights: {blobs:?}");
    user.hub.set(Faults::default());
    user.ok(&["pull", REPO]);
}

#[test]
fn revisions_are_kept_apart_and_share_what_is_the_same() {
    let user = User::new();
    let mut old = FILES;
    old[1].1 = br#"{"model_type":"marian","old":true}"#;
    user.hub.publish(REPO, "v1", &old);
    let (new, _) = user.ok(&["pull", REPO]);
    user.hub.requests();
    let (old, _) = user.ok(&["pull", &format!("{REPO}@v1")]);
    let config = |folder: &str| {
        fs::read_to_string(Path::new(folder.trim()).join("config.json")).expect("a configuration")
    };
    assert!(config(&old).contains("old"));
    assert!(!config(&new).contains("old"));
    assert!(large_ranges(&user).is_empty(), "the weights are the same and were there");
}

#[test]
fn a_branch_that_moved_is_fetched_again() {
    let user = User::new();
    user.ok(&["pull", REPO]);
    let mut files = FILES;
    files[6].1 = &[8; 6000];
    user.hub.publish(REPO, "main", &files);
    let (out, _) = user.ok(&["pull", REPO]);
    assert_eq!(fs::read(Path::new(out.trim()).join("model.safetensors")).expect("it"), [8; 6000]);
}

#[test]
fn sharded_weights_are_fetched_with_their_index() {
    let user = User::new();
    let index = br#"{"weight_map":{"a":"w-1.safetensors","b":"w-2.safetensors"}}"#;
    let files: [(&str, &[u8]); 6] = [
        FILES[1],
        ("tokenizer.json", b"{}"),
        ("model.safetensors.index.json", index),
        ("w-1.safetensors", &[1; 3000]),
        ("w-2.safetensors", &[2; 3000]),
        ("flax_model.msgpack", &[3; 3000]),
    ];
    user.hub.publish("newsroom/shards", "main", &files);
    let (out, _) = user.ok(&["pull", "newsroom/shards"]);
    let found = names(Path::new(out.trim()));
    assert_eq!(found.len(), 5);
    assert!(!found.contains(&"flax_model.msgpack".to_string()));
}

#[test]
fn the_folder_of_the_cache_can_be_named() {
    let mut user = User::new();
    user.ok(&["pull", REPO]);
    assert!(user.folder().join("snapshots").is_dir());
    let other = user.home.path().join("elsewhere");
    user.set("HF_HUB_CACHE", other.to_str().expect("UTF-8"));
    user.ok(&["pull", REPO]);
    assert!(other.join("models--newsroom--fa-en/snapshots").is_dir());
}
