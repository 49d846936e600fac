//! Any bytes are read as Html or refused; what is read can be given back.
#![no_main]

#[path = "check.rs"]
mod check;

use libfuzzer_sys::fuzz_target;
use tarjoman::document::SourceFormat;

fuzz_target!(|bytes: &[u8]| check::check(SourceFormat::Html, bytes.to_vec()));
