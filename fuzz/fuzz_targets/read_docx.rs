//! Any bytes as the text and a header of a Word document, and as the whole package, are read or
//! refused.
#![no_main]

#[path = "check.rs"]
mod check;

use std::io::{Cursor, Write as _};

use libfuzzer_sys::fuzz_target;
use tarjoman::document::SourceFormat;

fuzz_target!(|bytes: &[u8]| {
    if bytes.first().is_some_and(|first| first % 8 == 0) {
        check::check(SourceFormat::Docx, bytes[1..].to_vec());
    }
    let mut package = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Stored);
    // What stands after a zero is a header.
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    for name in ["word/document.xml", "word/header1.xml"] {
        if let Some(part) = parts.next() {
            package.start_file(name, options).expect("a part");
            package.write_all(part).expect("a part");
        }
    }
    let package = package.finish().expect("a package").into_inner();
    check::check(SourceFormat::Docx, package);
});
