//! Any bytes are read or refused, and what is read can be rebuilt to the byte.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tarjoman::document::readers::read;

fuzz_target!(|bytes: &[u8]| {
    let Ok(article) = read("-", bytes.to_vec()) else { return };
    let mut rebuilt = String::new();
    for block in &article.blocks {
        assert!(!block.text.trim().is_empty());
        rebuilt.push_str(&block.before);
        rebuilt.push_str(&block.text);
    }
    rebuilt.push_str(&article.after);
    assert_eq!(rebuilt.as_bytes(), bytes);
});
