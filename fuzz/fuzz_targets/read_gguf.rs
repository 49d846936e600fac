//! Any bytes are a GGUF file with a language model, or an error: its configuration, its tokenizer, its
//! chat template and its tensors.
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
        weights: vec![file],
    };
    let _ = GenerationConfig::load(&files);
    let _ = Prompt::of(&files);
    if let Ok(tokenizer) = Tokenizer::load(&files.tokenizer) {
        if let Ok(ids) = tokenizer.encode("<bos> می‌روم  به خانه\n\n日本 don't 12") {
            let _ = tokenizer.decode(&ids);
        }
    }
    if let Ok(model) = families::load(&files, &Device::Cpu) {
        let ids = Tensor::new(&[[1u32, 2, 3]], &Device::Cpu).expect("a batch");
        let _ = model.start(&ids, &[3]);
    }
});
