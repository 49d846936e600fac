//! Readers and writers through their public doors.

use std::path::Path;

use proptest::prelude::*;
use tarjoman::document::readers::{open, read};
use tarjoman::document::writers::{Format, WriteOptions};
use tarjoman::document::{
    AlignedDocument, Article, Block, BlockKind, Error, Issue, Meta, TranslationUnit,
};

use crate::aligned::{aligned, article, bytes, kinds, plain, rebuilt, sources, written};

const ARTICLE: &str = "\u{FEFF}سیل در لرستان\r\n\r\nدست‌کم پنج روستا تخلیه شدند. راه‌ها بسته است.\r\n\r\n\
    - جاده اول\r\n- جاده دوم\r\n\r\nواکنش‌ها\r\n\r\n  «همه سالم‌اند.»\r\n";

#[test]
fn an_article_is_read_as_title_paragraphs_headings_and_list_items() {
    let article = article(ARTICLE);
    assert_eq!(
        kinds(&article),
        [
            (BlockKind::Title, "سیل در لرستان"),
            (BlockKind::Paragraph, "دست‌کم پنج روستا تخلیه شدند. راه‌ها بسته است."),
            (BlockKind::ListItem, "- جاده اول"),
            (BlockKind::ListItem, "- جاده دوم"),
            (BlockKind::Heading, "واکنش‌ها"),
            (BlockKind::Paragraph, "«همه سالم‌اند.»"),
        ]
    );
    assert_eq!(article.blocks[0].before, "\u{FEFF}");
    assert_eq!(article.blocks[3].before, "\r\n");
    assert_eq!(rebuilt(&article), ARTICLE);
}

#[test]
fn the_sample_article_keeps_its_twenty_paragraphs() {
    let article = article(include_str!("../../seeds/article.fa.txt"));
    let paragraphs = article.blocks.iter().filter(|block| block.kind == BlockKind::Paragraph);
    assert_eq!(paragraphs.count(), article.blocks.len());
    assert_eq!(article.blocks.len(), 20);
}

#[test]
fn without_blank_lines_each_line_is_a_paragraph() {
    let article =
        article("سیل در لرستان\nپنج روستا تخلیه شد.\n۱. راه اول\n۲-راه دوم\nباران ادامه دارد.\n");
    assert_eq!(
        kinds(&article),
        [
            (BlockKind::Title, "سیل در لرستان"),
            (BlockKind::Paragraph, "پنج روستا تخلیه شد."),
            (BlockKind::ListItem, "۱. راه اول"),
            (BlockKind::ListItem, "۲-راه دوم"),
            (BlockKind::Paragraph, "باران ادامه دارد."),
        ]
    );
}

#[test]
fn lines_that_an_editor_wrapped_stay_one_paragraph() {
    let wrapped = "دست‌کم پنج روستا در استان لرستان تخلیه شدند و\nراه‌های اصلی استان برای چند ساعت بسته بود و\n\
        پس از آن باز شد و مردم به خانه‌های خود باز\nگشتند.\nهواشناسی می‌گوید باران تا پایان هفته ادامه دارد\nو سپس کم می‌شود.\n";
    let found = article(wrapped);
    assert_eq!(found.blocks.len(), 2, "{:#?}", kinds(&found));
    assert!(found.blocks[1].text.starts_with("هواشناسی"));
    let found = article(&format!("سیل در لرستان\n\n{wrapped}"));
    assert_eq!(found.blocks.len(), 2, "{:#?}", kinds(&found));
}

#[test]
fn numbers_that_start_a_line_are_no_list() {
    let text = "سیل بزرگی آمد.\n\n۲۰۲۴ سال سختی بود.\n\n۳.۵ میلیون نفر رفتند.\n\n-5 درجه سرد بود.";
    assert!(article(text).blocks.iter().all(|block| block.kind == BlockKind::Paragraph));
}

#[test]
fn what_is_no_text_is_named_and_comes_with_a_hint() {
    let cases: [(&[u8], &str); 9] = [
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x03\x04....word/document.xml", "Word"),
        (b"PK\x03\x04....readme", "ZIP"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"\xFF\xD8\xFF\xE0", "JPEG"),
        (b"sal\0am", "NUL"),
        (b"\xFF\xFEs\0a\0", "UTF-16LE"),
        (b"\xFE\xFF\0s\0a", "UTF-16BE"),
        (b"salam \xD3\xE1\xC7\xE3", "byte 6"),
    ];
    for (bytes, expected) in cases {
        let error = read("a.txt", bytes.to_vec()).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.to_string().contains("a.txt"), "{error}");
        assert!(error.hint().is_some());
    }
    for blank in ["", " \r\n\t\n", "\u{FEFF}", "\u{200F}\n\u{200C}"] {
        let error = read("a.txt", blank.into()).expect_err("nothing to translate");
        assert!(matches!(error, Error::Empty { .. }), "{error}");
    }
    let error = read("-", Vec::new()).expect_err("nothing to translate");
    assert_eq!(error.to_string(), "standard input is empty");
}

#[test]
fn a_missing_file_and_a_directory_are_named() {
    let error = open("no/such/file.txt").expect_err("no file");
    assert!(error.to_string().contains("no/such/file.txt"), "{error}");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let error = open(folder.path()).expect_err("a directory");
    assert!(error.to_string().contains("is a directory"), "{error}");
}

#[test]
fn the_ending_of_a_name_chooses_the_format() {
    for (name, format) in [
        ("a.html", Format::Html),
        ("b.HTM", Format::Html),
        ("a.tsv", Format::Tsv),
        ("a.b.jsonl", Format::Jsonl),
        ("a.md", Format::Markdown),
        ("a.markdown", Format::Markdown),
        ("a.txt", Format::Text),
        ("a.docx", Format::Docx),
        ("a.tmx", Format::Tmx),
        ("a.xlf", Format::Xliff),
        ("a.srt", Format::Document),
    ] {
        assert_eq!(Format::from_path(Path::new(name)).expect(name), format);
    }
    for name in ["a", "a.pdf", ".txt"] {
        assert!(matches!(Format::from_path(Path::new(name)), Err(Error::Format { .. })), "{name}");
    }
}

#[test]
fn text_keeps_the_paragraphs_and_line_ends_of_the_source() {
    let document = aligned(article(ARTICLE), |id, _| format!("Sentence {id}."));
    assert_eq!(
        plain(&document, Format::Text),
        "Sentence 0.\r\n\r\nSentence 1. Sentence 2.\r\n\r\nSentence 3.\r\nSentence 4.\r\n\r\n\
         Sentence 5.\r\n\r\n  Sentence 6.\r\n"
    );
}

#[test]
fn the_terminal_shows_numbers_both_languages_and_doubts() {
    let document = aligned(article("سلام دنیا.\nخوبی؟ \x1b[2Jبله."), |id, _| {
        format!("Line\n{id}")
    });
    let shown = plain(&document, Format::Terminal);
    assert!(
        shown.starts_with(" 1  سلام دنیا.\n    Line 0\n\n 2  خوبی؟\n    Line 1\n    ! a <number>")
    );
    assert!(!shown.contains('\x1b'), "an article must not steer the terminal");
    let options = WriteOptions { color: true, candidates: true, ..WriteOptions::default() };
    let shown = written(&document, Format::Terminal, options);
    assert!(shown.contains("\x1b[33m! a <number>"));
    assert!(shown.contains("2) Line 0? (-1.50)"));
    assert!(!shown.contains("\x1b[2J"));
}

#[test]
fn json_lines_follow_the_schema() {
    let document = aligned(article("سلام. خوبی؟"), |id, _| format!("{id}"));
    let options = WriteOptions { candidates: true, ..WriteOptions::default() };
    let lines = written(&document, Format::Jsonl, options);
    let second: serde_json::Value =
        serde_json::from_str(lines.lines().nth(1).expect("two sentences")).expect("JSON");
    assert_eq!(
        second,
        serde_json::json!({
            "schema": "tarjoman.aligned/1", "id": 1, "block": 0, "kind": "paragraph",
            "span": [10, 20], "source": "خوبی؟", "target": "1", "score": -0.25,
            "candidates": [{"text": "1", "score": -0.25}, {"text": "1?", "score": -1.5}],
            "issues": [{"code": "number", "message": "a <number> is missing"}],
            "model": "tiny <model>",
            "licence": "MIT <x>",
        })
    );
    assert!(!plain(&document, Format::Jsonl).contains("candidates"));
}

#[test]
fn the_licence_of_the_model_goes_along_with_every_format_that_has_a_place_for_it() {
    let document = aligned(article("سلام. خوبی؟"), |id, _| format!("{id}"));
    let word = |bytes: Vec<u8>| {
        let mut package = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("a package");
        let mut part = package.by_name("word/document.xml").expect("the text");
        std::io::read_to_string(&mut part).expect("UTF-8")
    };
    for (format, sign) in [
        (Format::Html, "MIT &lt;x&gt;"),
        (Format::Jsonl, "\"licence\":\"MIT <x>\""),
        (Format::Markdown, "(MIT \\<x\\>)"),
        (Format::Tmx, "MIT &lt;x&gt;"),
        (Format::Xliff, "<note category=\"licence\">MIT &lt;x&gt;</note>"),
        (Format::Tsv, "\ttiny <model>\tMIT <x>"),
        (Format::Docx, "(MIT &lt;x&gt;)"),
    ] {
        let written = bytes(&document, format);
        let text = match format {
            Format::Docx => word(written),
            _ => String::from_utf8(written).expect("UTF-8"),
        };
        let escaped = text.replace("&#60;", "&lt;").replace("&#62;", "&gt;");
        assert!(escaped.contains(sign), "{format:?}: {text}");
    }
}

#[test]
fn markdown_escapes_what_would_be_markup() {
    let document =
        aligned(article("تیتر\n\nمتن | <b> *ب*\nدوم."), |_, _| "# a|b\n<i>".into());
    let shown = plain(&document, Format::Markdown);
    assert!(shown.contains("# \\# a\\|b \\<i\\>\n\n> تیتر\n"), "{shown}");
    assert!(shown.contains("| متن \\| \\<b\\> \\*ب\\* | \\# a\\|b \\<i\\> |\n"), "{shown}");
}

#[test]
fn a_hostile_article_stays_text_in_html() {
    let hostile = "</title><script>alert(1)</script>";
    let mut document = aligned(
        article(&format!(
            "تیتر {hostile}\n\nمتن \"><img src=x onerror='a()'> &amp; {{{{ x }}}}. {hostile}"
        )),
        |_, source| format!("{source} {hostile} \" onload=\"x"),
    );
    document.article.meta.name = format!("{hostile}\".txt");
    document.units[0].issues.push(Issue::doubt("\"><script>", hostile));
    let page =
        written(&document, Format::Html, WriteOptions { candidates: true, ..Default::default() });
    // The page's own style and script are known; the rest is made of the article.
    let (head, rest) = page.split_once("<style>").expect("a style");
    let rest = rest.split_once("</style>").expect("its end").1;
    let shown = rest.rsplit_once("<script>").expect("a script").0;
    let lower = format!("{head}{shown}").to_lowercase();
    for forbidden in ["<script", "<img", "onload=\"", "http://", "https://", "src="] {
        let at = lower.find(forbidden).filter(|_| !forbidden.ends_with("src="));
        assert!(at.is_none(), "{forbidden} in {}", &lower[at.unwrap_or(0)..]);
    }
    assert_eq!(lower.matches("</title>").count(), 1);
    assert_eq!(html_sources(&page), sources(&document));
    assert!(page.contains("Machine translation, not reviewed"));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn latin_runs_in_persian_are_isolated() {
    let document =
        aligned(article("شرکت OpenAI (GPT-4 Turbo) را ۳ بار و 15 بار دید."), |_, _| "x".into());
    let page = plain(&document, Format::Html);
    let expected = "شرکت <bdi>OpenAI (GPT-4 Turbo)</bdi> را ۳ بار و <bdi>15</bdi> بار دید.";
    assert!(page.contains(expected), "{}", html_sources(&page).join("\n"));
}

/// The texts of the source cells, with tags dropped and entities decoded.
fn html_sources(page: &str) -> Vec<String> {
    let cells = page.split("class=\"source\" lang=\"fa\" dir=\"rtl\">").skip(1);
    cells
        .map(|cell| {
            let end = ["</p>", "</h1>", "</h2>"].iter().filter_map(|tag| cell.find(tag)).min();
            let cell =
                cell[..end.expect("a closing tag")].replace("<bdi>", "").replace("</bdi>", "");
            assert!(!cell.contains(['<', '>']), "markup in {cell}");
            let decoded = cell.replace("&#13;", "\r").replace("&#60;", "<").replace("&#62;", ">");
            decoded.replace("&#34;", "\"").replace("&#39;", "'").replace("&#38;", "&")
        })
        .collect()
}

/// Lines of Persian, Latin and control characters, tabs and marks of every format.
fn file() -> impl Strategy<Value = String> {
    let chars: Vec<char> =
        "ابپتسلام‌۱۲3xYz ..؟!،«»\"'<>&|*_\\`#-\t\u{1}\u{1b}\u{7f}\u{202e}\u{200f}\u{feff}\r\n\n\n"
            .chars()
            .collect();
    proptest::collection::vec(proptest::sample::select(chars), 1..120)
        .prop_map(|chars| chars.into_iter().collect())
}

proptest! {
    #[test]
    fn what_is_read_can_be_rebuilt_to_the_byte(text in file()) {
        match read("-", text.clone().into_bytes()) {
            Ok(article) => {
                prop_assert_eq!(rebuilt(&article), text);
                for block in &article.blocks {
                    prop_assert!(!block.text.is_empty() && block.text.trim() == block.text);
                }
            }
            Err(error) => {
                let is_empty = matches!(error, Error::Empty { .. });
                prop_assert!(is_empty, "{}", error);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        let _ = read("-", bytes);
    }

    #[test]
    fn every_sentence_is_written_once_in_order_and_untouched(text in file(), target in file()) {
        let Ok(article) = read("-", text.into_bytes()) else { return Ok(()) };
        let document = aligned(article, |id, _| format!("{id}{target}"));
        let expected = sources(&document);
        let targets: Vec<&str> = document.units.iter().map(TranslationUnit::target).collect();

        let lines = plain(&document, Format::Jsonl);
        let objects: Vec<serde_json::Value> =
            lines.split_terminator('\n').map(|line| serde_json::from_str(line).expect("JSON")).collect();
        prop_assert_eq!(objects.len(), expected.len());
        for (index, object) in objects.iter().enumerate() {
            prop_assert_eq!(&object["source"], expected[index]);
            prop_assert_eq!(&object["target"], targets[index]);
            prop_assert_eq!(&object["id"], index);
        }

        let table = plain(&document, Format::Tsv);
        let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(table.as_bytes());
        let records: Vec<csv::StringRecord> = reader.records().map(|r| r.expect("a record")).collect();
        prop_assert_eq!(records.len(), expected.len());
        for (index, record) in records.iter().enumerate() {
            prop_assert_eq!(&record[2], expected[index]);
            prop_assert_eq!(&record[3], targets[index]);
        }

        prop_assert_eq!(html_sources(&plain(&document, Format::Html)), expected);
    }

    #[test]
    fn terminal_and_markdown_have_a_line_for_each_language_of_a_sentence(text in file()) {
        let Ok(article) = read("-", text.into_bytes()) else { return Ok(()) };
        let document = aligned(article, |id, _| format!("English {id}"));
        let shown = plain(&document, Format::Terminal);
        prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'));
        let english = shown.lines().filter(|line| line.starts_with("    English ")).count();
        prop_assert_eq!(english, document.units.len());
        let rows = plain(&document, Format::Markdown);
        let english = rows.lines().filter(|line| line.contains("English ") && !line.contains("| Persian |"));
        let headings = document.blocks().filter(|(block, units)| {
            !units.is_empty() && matches!(block.kind, BlockKind::Title | BlockKind::Heading)
        });
        let in_headings: usize = headings.map(|(_, units)| units.len() - 1).sum();
        prop_assert_eq!(english.count(), document.units.len() - in_headings);
    }
}

#[test]
fn a_block_without_sentences_leaves_no_trace() {
    let block =
        |text: &str| Block { kind: BlockKind::Paragraph, text: text.into(), ..Block::default() };
    let document = AlignedDocument {
        article: Article {
            meta: Meta { name: "-".into(), ..Meta::default() },
            blocks: vec![block(""), block("")],
            ..Article::default()
        },
        model: "m".into(),
        ..AlignedDocument::default()
    };
    for format in [Format::Terminal, Format::Jsonl] {
        assert_eq!(plain(&document, format), "");
    }
    assert_eq!(plain(&document, Format::Text), "\n");
    assert!(!plain(&document, Format::Html).contains("<section"));
}
