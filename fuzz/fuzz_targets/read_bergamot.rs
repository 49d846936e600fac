//! Any bytes are a model file and a shortlist of Firefox, or an error; what is read is whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tarjoman::model::bergamot::{Container, Options, Shortlist};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(container) = Container::parse(bytes.to_vec()) {
        let mut total = 0;
        for name in container.names() {
            let array = container.get(name).expect("each name has an item");
            total += array.data.len();
            assert!(array.shape.iter().product::<usize>() <= array.data.len());
        }
        assert!(total <= bytes.len());
        if let Ok(text) = container.options() {
            let _ = Options::parse(text);
        }
    }
    if let Ok(shortlist) = Shortlist::parse(bytes, 1000) {
        let candidates = shortlist.candidates(&[0, 1, 7, u32::MAX], true, 1000);
        assert!(candidates.is_sorted() && candidates.iter().all(|token| *token < 1000));
    }
});
