//! Any bytes are a GGUF file with a language model or a T5, or an error: its configuration, its tokenizer,
//! its chat template and its tensors.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use candle_core::{Device, Tensor};
use libfuzzer_sys::fuzz_target;
use tarjoman::model::config::GenerationConfig;
use tarjoman::model::{FileData, ModelFiles, Prompt, Tokenizer, TokenizerFiles, families};

static PATH: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("tarjoman-{}.gguf", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(&*PATH, bytes).expect("a place for the file");
    let file = FileData::Path(PATH.clone());
    let tokenizer =
        TokenizerFiles::Causal { tokenizer: file.clone(), template: Some(file.clone()) };
    let files = ModelFiles {
        name: "made".into(),
        config: file.clone(),
        generation_config: None,
        tokenizer,
        weights: vec![file.clone()],
    };
    for files in [TokenizerFiles::T5(file.clone()), files.tokenizer.clone()] {
        let Ok(tokenizer) = Tokenizer::load(&files) else { continue };
        if let Ok(ids) = tokenizer.encode("<bos> می‌روم  به خانه\n\n日本 don't 12 <2en>") {
            let _ = tokenizer.decode(&ids);
        }
    }
    let _ = GenerationConfig::load(&files);
    let _ = Prompt::of(&files);
    if let Ok(model) = families::load(&files, &Device::Cpu) {
        let ids = Tensor::new(&[[1u32, 2, 3]], &Device::Cpu).expect("a batch");
        let Ok(mut state) = model.start(&ids, &[3]) else { return };
        let last = Tensor::new(&[2u32], &Device::Cpu).expect("a token");
        let _ = model.step(&last, &mut state);
    }
});
