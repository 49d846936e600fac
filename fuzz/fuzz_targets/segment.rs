//! Sentences, and pieces of long ones, are in order, do not overlap, and leave out nothing
//! but white space; normalising twice is normalising once.
#![no_main]

use std::ops::Range;

use libfuzzer_sys::fuzz_target;
use tarjoman::persian::{normalize, segment, split_long};

fn assert_covers(text: &str, ranges: &[Range<usize>]) {
    let mut end = 0;
    for range in ranges {
        assert!(end <= range.start && range.start < range.end);
        assert!(text[end..range.start].trim().is_empty());
        end = range.end;
    }
    assert!(text[end..].trim().is_empty());
}

fuzz_target!(|text: &str| {
    assert_covers(text, &segment(text));
    let pieces = split_long(text, &|piece| piece.len() <= 40);
    assert_covers(text, &pieces);
    assert!(pieces.iter().all(|piece| piece.len() <= 40));
    let once = normalize(text);
    assert_eq!(normalize(once.get()).get(), once.get());
});
