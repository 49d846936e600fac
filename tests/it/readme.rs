//! Numbers in the README come from data files, by `scripts/compare/all.py`.

use std::path::Path;

use sha2::{Digest, Sha256};

/// A block's name, and the file that its numbers come from.
const BLOCKS: [(&str, &str); 3] = [
    ("speed", "scripts/compare/speed.json"),
    ("quality", "models/fa-en-tiny/evaluate.json"),
    ("memory", "scripts/reference/memory.json"),
];

fn digest(bytes: &[u8]) -> String {
    let digits: Vec<String> =
        Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// What is wrong with the block of this name, whose data is this.
fn fault(readme: &str, name: &str, data: &[u8]) -> Option<String> {
    let begin = format!("<!-- {name}:begin data={} text=", digest(data));
    let Some((_, rest)) = readme.split_once(&begin) else {
        return Some(format!("{name} is not from the present data"));
    };
    let (hash, rest) = rest.split_once(" -->").expect("the comment ends");
    let (text, _) = rest.split_once(&format!("<!-- {name}:end -->")).expect("the block ends");
    (hash != digest(text.as_bytes())).then(|| format!("{name} was changed by hand"))
}

#[test]
fn numbers_in_the_readme_are_those_of_the_data() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    for (name, file) in BLOCKS {
        let data = std::fs::read(root.join(file)).expect("the data");
        let fault = fault(&readme, name, &data);
        assert_eq!(fault, None, "run `python scripts/compare/all.py --write`");
        // And the check sees other data, and other text.
        assert!(self::fault(&readme, name, b"{}").is_some());
        let typed = readme.replace(&format!("<!-- {name}:end"), &format!("9<!-- {name}:end"));
        assert!(self::fault(&typed, name, &data).is_some());
    }
}
