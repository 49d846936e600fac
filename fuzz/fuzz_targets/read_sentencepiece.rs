//! Any bytes are a SentencePiece model, or an error; what it makes of a text it can join again.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tarjoman::model::{FileData, Tokenizer, TokenizerFiles};

static PATH: LazyLock<PathBuf> =
    LazyLock::new(|| std::env::temp_dir().join(format!("tarjoman-{}.spm", std::process::id())));

fuzz_target!(|bytes: &[u8]| {
    std::fs::write(&*PATH, bytes).expect("a place for the file");
    let file = FileData::Path(PATH.clone());
    let pieces = [
        TokenizerFiles::T5(file.clone()),
        TokenizerFiles::Mbart50(file.clone()),
        TokenizerFiles::NllbPieces(file.clone()),
        TokenizerFiles::Bergamot { source: file.clone(), target: file },
    ];
    for files in pieces {
        let Ok(tokenizer) = Tokenizer::load(&files) else { continue };
        for text in ["", "  می‌روم به ﻛﺘﺎﺏ‌خانه </s> 日本 ۱۲٣ ½ <date> Hello,   World! "] {
            let Ok(ids) = tokenizer.encode(text) else { continue };
            tokenizer.decode(&ids).expect("ids of its own");
        }
    }
});
