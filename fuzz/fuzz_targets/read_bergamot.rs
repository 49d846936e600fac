//! Any bytes are a model file and a shortlist of Firefox, or an error; what is read is whole, and a
//! network that loads runs.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use candle_core::{Device, Tensor};
use libfuzzer_sys::fuzz_target;
use tarjoman::model::bergamot::{Container, Options, Shortlist};
use tarjoman::model::{FileData, ModelFiles, TokenizerFiles, families};

static PATH: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("tarjoman-{}.bin", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    if let Ok(container) = Container::parse(bytes.to_vec()) {
        let mut total = 0;
        for name in container.names() {
            let array = container.get(name).expect("each name has an item");
            total += array.data.len();
            assert!(array.shape.iter().product::<usize>() <= array.data.len());
        }
        assert!(total <= bytes.len());
        if container.options().is_ok_and(|text| Options::parse(text).is_ok()) {
            network(bytes);
        }
    }
    let mut bytes = bytes.to_vec();
    seal(&mut bytes);
    if let Ok(shortlist) = Shortlist::parse(&bytes, 1000) {
        let candidates = shortlist.candidates(&[0, 1, 7, u32::MAX], true, 1000);
        assert!(candidates.is_sorted() && candidates.iter().all(|token| *token < 1000));
    }
});

/// Loads a model file, and where that works takes a step.
fn network(bytes: &[u8]) {
    std::fs::write(&*PATH, bytes).expect("a place for the file");
    let file = FileData::Path(PATH.clone());
    let files = ModelFiles {
        name: "made".into(),
        config: file.clone(),
        generation_config: None,
        tokenizer: TokenizerFiles::Bergamot { source: file.clone(), target: file.clone() },
        weights: vec![file],
    };
    let Ok(model) = families::load(&files, &Device::Cpu) else { return };
    let ids = Tensor::new(&[[5u32, 7, 0]], &Device::Cpu).expect("a batch");
    let Ok(mut state) = model.start(&ids, &[3]) else { return };
    let last = Tensor::new(&[0u32], &Device::Cpu).expect("a token");
    let _ = model.step(&last, &mut state);
}

/// Puts in the checksum of a shortlist, which no fuzzer guesses.
fn seal(bytes: &mut [u8]) {
    let Some((head, body)) = bytes.split_first_chunk_mut::<16>() else { return };
    let sum = body.as_chunks::<8>().0.iter().fold(0u64, |sum, word| {
        let word = u64::from_le_bytes(*word);
        sum ^ word.wrapping_add(0x9e37_79b9).wrapping_add(sum << 6).wrapping_add(sum >> 2)
    });
    head[8..].copy_from_slice(&sum.to_le_bytes());
}
