//! Any bytes are read as Jsonl or refused; what is read can be given back.
#![no_main]

#[path = "check.rs"]
mod check;

use libfuzzer_sys::fuzz_target;
use tarjoman::document::SourceFormat;

fuzz_target!(|bytes: &[u8]| check::check(SourceFormat::Jsonl, bytes.to_vec()));
