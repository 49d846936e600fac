//! Writes what `scripts/page/` looks at: the review page, and files for independent readers.

use std::path::Path;

use tarjoman::document::readers::{open, read};
use tarjoman::document::writers::Format;
use tarjoman::document::{AlignedDocument, BlockKind, WordPair};

use crate::aligned::{aligned, bytes};

const ARTICLE: &str = "سیل در لرستان\n\nدست‌کم پنج روستا در استان لرستان پس از باران تخلیه شدند. شرکت OpenAI (GPT-4 Turbo) \
    گفت در 2025 از 12.5 درصد به ۱۵ درصد رسید.\n\nواکنش‌ها\n\n«همه سالم‌اند»، استاندار گفت. </script><script>alert(1)</script> \
    \"><img src=x onerror=alert(1)>\n\n- جاده اول بسته است.\n- جاده دوم باز است.\n";

const ENGLISH: [&str; 8] = [
    "Flood in Lorestan",
    "At least five villages in Lorestan province were evacuated after the rain.",
    "OpenAI (GPT-4 Turbo) said that in 2025 it rose from 12.5 to 15 percent; in Persian: درصد (۱۵).",
    "Reactions",
    "“All are well,” the governor said.",
    "</script><script>alert(1)</script> \"><img src=x onerror=alert(1)>",
    "The first road is closed.",
    "The second road is open.",
];

fn sample() -> AlignedDocument {
    let article = read("flood.fa.txt", ARTICLE.into()).expect("text");
    let mut document = aligned(article, |id, _| ENGLISH.get(id).unwrap_or(&"More.").to_string());
    document.model = "bible-big-iir".into();
    let title = document.article.blocks[0].text.clone();
    let pairs = [("سیل", "Flood"), ("در", "in"), ("لرستان", "Lorestan")].map(|(source, target)| {
        let place = |text: &str, word: &str| {
            let at = text.find(word).expect("a word of the title");
            at..at + word.len()
        };
        WordPair { source: place(&title, source), target: place(ENGLISH[0], target) }
    });
    document.units[0].translation.alignment = Some(pairs.to_vec());
    document
}

#[test]
#[ignore = "writes files for scripts/page; TARJOMAN_PAGES names the folder"]
fn pages() {
    let folder = std::env::var("TARJOMAN_PAGES").expect("TARJOMAN_PAGES names a folder");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let document = sample();
    assert_eq!(document.article.blocks[0].kind, BlockKind::Title);
    let formats = [
        ("html", Format::Html),
        ("tmx", Format::Tmx),
        ("xlf", Format::Xliff),
        ("docx", Format::Docx),
    ];
    for (ending, format) in formats {
        let file = folder.join(format!("review.{ending}"));
        std::fs::write(file, bytes(&document, format)).expect("a file");
    }
    let word = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/documents/article.docx");
    let document = aligned(open(word).expect("the fixture"), |id, _| format!("Sentence {id}."));
    std::fs::write(folder.join("same.docx"), bytes(&document, Format::Document)).expect("a file");
}
