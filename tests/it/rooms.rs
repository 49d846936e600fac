//! The walk is one-way: a room uses only the rooms below it (the picture in `src/lib.rs`).

use std::path::{Path, PathBuf};

/// Each room and the rooms that it may use. `error` and `lib` may use all.
const ALLOWED: &[(&str, &[&str])] = &[
    ("document", &[]),
    ("persian", &[]),
    ("quality", &["document", "persian"]),
    ("kernels", &[]),
    ("model", &["kernels"]),
    ("decode", &["kernels", "model"]),
    ("translate", &["document", "persian", "quality", "model", "decode"]),
    ("jobs", &["document", "translate"]),
    ("serve", &["document", "persian", "translate", "jobs"]),
    ("bench", &["kernels", "model", "decode"]),
    (
        "cli",
        &[
            "bench",
            "jobs",
            "serve",
            "kernels",
            "document",
            "quality",
            "persian",
            "model",
            "decode",
            "translate",
        ],
    ),
];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a room is a folder") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// The rooms named after `crate::` in code (documentation may link anywhere).
fn used_rooms(text: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for (at, _) in line.match_indices("crate::") {
            let rest = &line[at + "crate::".len()..];
            let names = match rest.strip_prefix('{') {
                Some(group) => group.split('}').next().unwrap_or_default().split(',').collect(),
                None => vec![rest],
            };
            for name in names {
                let name = name.trim_start();
                let end =
                    name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
                rooms.push(name[..end].to_owned());
            }
        }
    }
    rooms
}

#[test]
fn a_room_uses_only_the_rooms_below_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    for (room, allowed) in ALLOWED {
        for file in rust_files(&source.join(room)) {
            let text = std::fs::read_to_string(&file).expect("source is UTF-8");
            for used in used_rooms(&text) {
                let fine = used == *room || allowed.contains(&used.as_str());
                assert!(fine, "{} uses {used}, which {room} must not know", file.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 20, "the test no longer finds the `crate::` lines");
}

#[test]
fn every_room_is_in_the_picture() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in std::fs::read_dir(source).expect("src is a folder") {
        let path = entry.expect("src can be listed").path();
        if path.is_dir() {
            let name = path.file_name().expect("a folder has a name").to_string_lossy();
            let known = ALLOWED.iter().any(|(room, _)| **room == *name);
            assert!(known, "src/{name} is a room that this test does not know");
        }
    }
}
