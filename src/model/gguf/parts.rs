//! Names of models that `llama-gguf-split` cut into several files: `NAME-00001-of-00003.gguf`. The
//! first one has the metadata; tensors are in all.

use std::path::{Path, PathBuf};

/// How names of GGUF files end.
pub(in crate::model) const ENDING: &str = ".gguf";

/// The name of the model, and which part of how many this is; for a whole file the first of one.
pub(in crate::model) fn split(name: &str) -> (&str, usize, usize) {
    let parts = || {
        let (rest, count) = name.strip_suffix(ENDING)?.rsplit_once("-of-")?;
        let (stem, number) = rest.rsplit_once('-')?;
        let digits = |text: &str| (text.len() == 5).then(|| text.parse::<usize>().ok()).flatten();
        let (number, count) = (digits(number)?, digits(count)?);
        (1..=count).contains(&number).then_some((stem, number, count))
    };
    parts().unwrap_or_else(|| (name.strip_suffix(ENDING).unwrap_or(name), 1, 1))
}

/// The names of all parts of the model that a file is of, the first one first.
pub(in crate::model) fn all(name: &str) -> Vec<String> {
    match split(name) {
        (_, _, 1) => vec![name.to_owned()],
        (stem, _, count) => {
            (1..=count).map(|part| format!("{stem}-{part:05}-of-{count:05}{ENDING}")).collect()
        }
    }
}

/// The files of the model that a file is of, as they lie beside it.
pub(super) fn beside(path: &Path) -> Vec<PathBuf> {
    match path.file_name().and_then(|name| name.to_str()) {
        Some(name) => all(name).iter().map(|name| path.with_file_name(name)).collect(),
        None => vec![path.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_by_their_numbers_and_other_names_are_whole() {
        assert_eq!(split("a-00002-of-00003.gguf"), ("a", 2, 3));
        for name in ["a.gguf", "a-00000-of-00003.gguf", "a-00004-of-00003.gguf", "a-1-of-3.gguf"] {
            assert_eq!(split(name), (name.trim_end_matches(".gguf"), 1, 1));
            assert_eq!(all(name), [name]);
        }
        let names = ["a-00001-of-00002.gguf", "a-00002-of-00002.gguf"];
        assert_eq!(all(names[1]), names);
    }
}
