//! Packed 8-bit weights, kept from one start to the next.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tarjoman::decode::Hypothesis;
use tarjoman::model::families::{NetworkOptions, load_with};
use tarjoman::model::{ComputeType, FileData, ModelFiles, PackedCache};

use crate::decode::{cases, files, golden, options, run};

const MODEL: &str = "marian-tiny";

/// A copy of the weights of a golden model, and the files of that copy.
fn copy(folder: &Path) -> (PathBuf, ModelFiles) {
    let weights = folder.join("model.safetensors");
    fs::copy(golden(MODEL).join("model.safetensors"), &weights).expect("a copy");
    let files = ModelFiles { weights: vec![FileData::Path(weights.clone())], ..files(MODEL, &[]) };
    (weights, files)
}

/// The translations of the golden's sentences, in 8 bits.
fn translations(files: &ModelFiles, packed: PackedCache) -> Vec<Vec<Hypothesis>> {
    let compute_type = ComputeType::Int8;
    let options_ = NetworkOptions { compute_type, packed, ..NetworkOptions::default() };
    let model = load_with(files, &options_).expect("it loads");
    let (rows, cases) = cases(MODEL);
    run(model.as_ref(), &rows[..12], &options(&cases[0]))
}

/// The one file in a folder.
fn only(folder: &Path) -> PathBuf {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path());
    let found: Vec<PathBuf> = entries.collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].clone()
}

#[test]
fn what_one_start_packed_the_next_one_takes_and_translates_the_same() {
    let place = tempfile::tempdir().expect("a folder");
    let kept = place.path().join("packed");
    let (_, files) = copy(place.path());
    let expected = translations(&files, PackedCache::Off);
    assert!(!kept.exists());
    let cache = PackedCache::Folder(kept.clone());
    assert_eq!(translations(&files, cache.clone()), expected);
    let file = only(&kept);
    let (bytes, date) = (fs::read(&file).expect("it"), file.metadata().expect("it").modified());
    assert_eq!(translations(&files, cache), expected);
    assert_eq!(fs::read(only(&kept)).expect("it"), bytes);
    let again = file.metadata().expect("it").modified().expect("a date");
    assert_eq!(again, date.expect("a date"), "it was written once");
}

#[test]
fn a_damaged_file_is_not_believed_and_written_anew() {
    let place = tempfile::tempdir().expect("a folder");
    let kept = place.path().join("packed");
    let (_, files) = copy(place.path());
    let cache = PackedCache::Folder(kept.clone());
    let expected = translations(&files, cache.clone());
    let file = only(&kept);
    let whole = fs::read(&file).expect("it is there");
    let (half, end) = (whole.len() / 2, whole.len());
    let mut damaged: Vec<Vec<u8>> =
        [0, 3, half, half / 2, end - 1].map(|cut| whole[..cut].to_vec()).into();
    // The head with each of its numbers, the weights, the index.
    for at in [0, 8, 15, 16, 24, 64, 1000, half, end - 40, end - 2] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        damaged.push(bytes);
    }
    damaged.push([whole.as_slice(), b"x"].concat());
    for bytes in damaged {
        fs::write(&file, &bytes).expect("it is written");
        assert_eq!(translations(&files, cache.clone()), expected);
        assert!(fs::read(&file).expect("it is there") == whole, "{} bytes", bytes.len());
    }
}

#[test]
fn the_packed_weights_of_another_model_are_not_taken_whatever_its_size_and_date() {
    let place = tempfile::tempdir().expect("a folder");
    let cache = PackedCache::Folder(place.path().join("packed"));
    let (weights, files) = copy(place.path());
    let before = translations(&files, cache.clone());
    // All tensors are floats: the same file with other signs.
    let date = weights.metadata().expect("it").modified().expect("a date");
    let mut bytes = fs::read(&weights).expect("it is there");
    let header = u64::from_le_bytes(bytes[..8].try_into().expect("8 bytes")) as usize;
    for float in bytes[8 + header..].chunks_exact_mut(8) {
        float[3] ^= 0x80;
    }
    fs::write(&weights, &bytes).expect("it is written");
    File::options().write(true).open(&weights).expect("it").set_modified(date).expect("a date");
    let expected = translations(&files, PackedCache::Off);
    assert_ne!(expected, before, "it is another model");
    assert_eq!(translations(&files, cache), expected);
}

#[test]
fn nothing_is_kept_of_a_small_model_unless_a_folder_is_named() {
    let place = tempfile::tempdir().expect("a folder");
    let (weights, files) = copy(place.path());
    translations(&files, PackedCache::Beside);
    assert_eq!(only(place.path()), weights);
}

#[test]
fn where_packed_weights_can_not_be_kept_the_model_runs_without() {
    let place = tempfile::tempdir().expect("a folder");
    let (weights, files) = copy(place.path());
    let expected = translations(&files, PackedCache::Off);
    // A file stands where the folder would be.
    assert_eq!(translations(&files, PackedCache::Folder(weights.join("packed"))), expected);
    assert_eq!(only(place.path()), weights);
}

#[test]
fn the_weights_of_a_pickle_are_kept_as_well() {
    for (folder, name) in [("marian-tiny-bin", "pytorch_model.bin")] {
        let kept = tempfile::tempdir().expect("a folder");
        let weights = vec![FileData::Path(golden(folder).join(name))];
        let files = ModelFiles { weights, ..files(MODEL, &[]) };
        let expected = translations(&files, PackedCache::Off);
        for _ in 0..2 {
            let cache = PackedCache::Folder(kept.path().into());
            assert_eq!(translations(&files, cache), expected, "{folder}");
            assert!(only(kept.path()).to_string_lossy().ends_with(".packed"));
        }
    }
}
