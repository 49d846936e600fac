//! Readers of every format, and the article given back in it.

use std::io::{Cursor, Read as _};

use proptest::prelude::*;
use tarjoman::document::readers::{fragment, open, read};
use tarjoman::document::writers::Format;
use tarjoman::document::{Article, Block, BlockKind, MarkKind, SourceFormat};

use crate::aligned::{aligned, bytes, kinds};

const FILES: [&str; 8] = [
    "article.html",
    "article.md",
    "article.srt",
    "article.ninjs.json",
    "articles.jsonl",
    "article.nitf.xml",
    "article.newsml.xml",
    "article.docx",
];

fn path(name: &str) -> String {
    format!("{}/tests/fixtures/documents/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn fixture(name: &str) -> Article {
    open(path(name)).expect(name)
}

fn text_of(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect(name)
}

/// The article in its own format with every sentence as `translate` has it.
fn given_back(article: Article, translate: impl Fn(usize, &str) -> String) -> Vec<u8> {
    bytes(&aligned(article, translate), Format::Document)
}

fn english(article: Article) -> String {
    let bytes = given_back(article, |id, _| format!("Sentence {id}."));
    String::from_utf8(bytes).expect("UTF-8")
}

/// What a mark is over.
fn marked(article: &Article, kind: MarkKind) -> Vec<&str> {
    let blocks = article.blocks.iter();
    blocks
        .flat_map(|block| {
            let marks =
                block.marks.iter().filter(|mark| mark.kind == kind && !mark.span.is_empty());
            marks.map(|mark| &block.text[mark.span.clone()])
        })
        .collect()
}

#[test]
fn a_page_is_read_as_its_article_without_navigation_and_scripts() {
    let article = fixture("article.html");
    assert_eq!(article.format, SourceFormat::Html);
    assert_eq!(
        kinds(&article),
        [
            (BlockKind::Title, "سیل در لرستان"),
            (BlockKind::Paragraph, "دست‌کم پنج روستا تخلیه شدند. راه‌ها بسته است."),
            (BlockKind::Caption, "پل خرم‌آباد، عکس از رضا"),
            (BlockKind::Paragraph, "شرکت OpenAI گفت ۱۲ نفر آمدند."),
            (BlockKind::Paragraph, "خط دوم این‌جاست."),
            (BlockKind::Heading, "واکنش‌ها"),
            (BlockKind::ListItem, "جاده اول بسته است."),
            (BlockKind::ListItem, "جاده دوم باز است."),
            (BlockKind::Paragraph, "«همه سالم‌اند.»"),
            (BlockKind::Paragraph, "این پیوند بد است."),
            (BlockKind::Paragraph, "شهر"),
            (BlockKind::Paragraph, "۱۲"),
        ]
    );
    assert_eq!(marked(&article, MarkKind::Link), ["رضا", "OpenAI"]);
    assert_eq!(marked(&article, MarkKind::Strong), ["دست‌کم پنج روستا تخلیه شدند.", "بسته"]);
    assert_eq!(marked(&article, MarkKind::Emphasis), ["بسته"]);
}

#[test]
fn the_english_page_keeps_structure_and_runs_nothing() {
    let page = english(fixture("article.html"));
    for kept in [
        "<html lang=\"en\" dir=\"ltr\">",
        "<title>Sentence 0.</title>",
        "<h1>Sentence 0.</h1>",
        "<p class=\"lead\"><strong>Sentence 1.</strong> Sentence 2.</p>",
        "<img src=\"https://example.org/flood.jpg\" alt=\"سیل\">",
        "<h2>Sentence 6.</h2>",
        "<li>Sentence 7.</li>",
        "<blockquote><p>Sentence 9.</p></blockquote>",
    ] {
        assert!(page.contains(kept), "{kept} in {page}");
    }
    let lower = page.to_lowercase();
    for gone in ["<script", "javascript:", "onclick", "onerror", "iframe", "alert(", "<nav", "حقوق"]
    {
        assert!(!lower.contains(gone), "{gone} in {page}");
    }
}

#[test]
fn a_page_without_an_article_element_is_read_from_its_densest_part() {
    let words = "این یک جمله بلند در متن خبر است که چند واژه دارد. ".repeat(4);
    let page = format!(
        "<html><head><title>تیتر خبر</title></head><body><div><ul><li><a href=a>یک</a><li><a href=b>دو</a><li><a \
         href=c>سه</a></ul></div><div id=top>بالا</div><div><div><p>{words}</p><p>{words}</p></div></div><div>پایین</div></body></html>"
    );
    let article = read("x.html", page.into_bytes()).expect("a page");
    let words = words.trim();
    assert_eq!(
        kinds(&article),
        [
            (BlockKind::Title, "تیتر خبر"),
            (BlockKind::Paragraph, words),
            (BlockKind::Paragraph, words)
        ]
    );
}

#[test]
fn markdown_is_given_back_to_the_byte() {
    let source = text_of("article.md");
    let back = given_back(fixture("article.md"), |_, sentence| sentence.to_owned());
    let back = String::from_utf8(back).expect("UTF-8");
    // Softly broken lines are one, and a link whose text was its label names its address.
    let expected = source
        .replace("است.\nخط بعدی", "است. خط بعدی")
        .replace(" و [ref] هم", " و [ref](<https://example.org/ref>) هم");
    assert_eq!(back, expected);
}

#[test]
fn english_markdown_keeps_headings_lists_tables_code_and_links() {
    let article = fixture("article.md");
    assert_eq!(
        kinds(&article)[..4],
        [
            (BlockKind::Title, "سیل در لرستان"),
            (BlockKind::Paragraph, "دست‌کم پنج روستا تخلیه شدند. راه‌ها بسته است."),
            (BlockKind::Paragraph, "نقل قول با code و متن پررنگ است."),
            (BlockKind::Heading, "واکنش‌ها"),
        ]
    );
    let text = english(article);
    for kept in [
        "---\ntitle: سیل\n---\n\n# Sentence 0.\n\n**Sentence 1.** Sentence 2.\n\n> Sentence 3.\n\n## Sentence 4.\n",
        "- Sentence 5.\n- [x] Sentence 6.\n  1. Sentence 7.\n",
        "```rust\nlet x = \"سلام\";\n```",
        "    کد تورفته",
        "***\n",
        "[^1]: Sentence",
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
}

#[test]
fn subtitles_are_given_back_to_the_byte_and_sentences_go_over_cues() {
    let article = fixture("article.srt");
    assert_eq!(
        kinds(&article),
        [
            (BlockKind::Paragraph, "دست‌کم پنج روستا در لرستان پس از باران تخلیه شدند."),
            (BlockKind::Paragraph, "راه‌ها بسته است."),
        ]
    );
    let back = given_back(article.clone(), |_, sentence| sentence.to_owned());
    let expected = text_of("article.srt").replace("</i>\nدر", "</i> در");
    assert_eq!(String::from_utf8_lossy(&back), expected);
    let back = given_back(article, |id, _| {
        ["At least five villages in Lorestan were evacuated after the rain.", "Roads are closed."]
            [id]
            .to_owned()
    });
    let back = String::from_utf8(back).expect("UTF-8");
    let cues: Vec<&str> = back.split("\n\n").collect();
    assert!(cues[0].contains("00:00:03,500\nAt least five"), "{back}");
    assert!(cues[1].starts_with("2\n00:00:03,600 --> 00:00:06,000\n"), "{back}");
    assert!(cues[1].ends_with("the rain."), "{back}");
    assert!(cues[2].ends_with("{\\an8}Roads are closed."), "{back}");
}

#[test]
fn ninjs_keeps_ids_and_sets_the_language() {
    let article = fixture("article.ninjs.json");
    let captions: Vec<_> =
        article.blocks.iter().filter(|block| block.kind == BlockKind::Caption).collect();
    assert_eq!(captions.len(), 1);
    assert_eq!(captions[0].text, "پل خرم‌آباد «۱۲»");
    let source: serde_json::Value =
        serde_json::from_str(&text_of("article.ninjs.json")).expect("JSON");
    let text = english(article);
    let back: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(back["uri"], source["uri"]);
    assert_eq!(back["associations"]["featured"]["uri"], "urn:example:2");
    assert_eq!(back["language"], "en");
    assert_eq!(back["headline"], "Sentence 0.");
    let html = back["body_html"].as_str().expect("a string");
    assert_eq!(html, "<p>Sentence 1.</p>\n<p>Sentence 2.</p>");
    assert_eq!(back["body_text"], "Sentence 3.\n\nSentence 4.");
    assert!(text.contains("\"extra\": [1, 2.50, null]"), "numbers stay as they were written");
}

#[test]
fn json_lines_keep_their_lines_and_all_that_is_no_text() {
    let text = english(fixture("articles.jsonl"));
    assert_eq!(
        text,
        "{\"id\": \"a1\", \"title\": \"Sentence 0.\", \"body\": \"Sentence 1.\\n\\nSentence 2.\", \"n\": 1.0}\n\n\
         {\"id\": 2, \"lang\": \"en\", \"text\": \"<p>Sentence 3.</p>\"}\n"
    );
}

#[test]
fn nitf_keeps_its_elements() {
    let article = fixture("article.nitf.xml");
    assert_eq!(
        kinds(&article),
        [
            (BlockKind::Title, "سیل در لرستان"),
            (BlockKind::Heading, "پنج روستا & یک شهر"),
            (BlockKind::Paragraph, "دست‌کم پنج روستا در لرستان تخلیه شدند. راه‌ها بسته است."),
            (BlockKind::Caption, "پل شهر"),
            (BlockKind::Paragraph, "این پیوند بد است."),
            (BlockKind::Paragraph, "خط دوم."),
        ]
    );
    let same = given_back(article.clone(), |_, sentence| sentence.to_owned());
    let expected = text_of("article.nitf.xml")
        .replace("xml:lang=\"fa\"", "xml:lang=\"en\"")
        .replace("<a href=\"javascript:alert(1)\">", "<a>")
        .replace("      <script>alert(1)</script>\n", "      \n");
    assert_eq!(String::from_utf8_lossy(&same), expected);
    let text = english(article);
    assert!(text.contains("<p lede=\"true\">Sentence 2. <em>Sentence 3.</em></p>"), "{text}");
    assert!(text.contains("<doc-id id-string=\"abc-1\"/>"));
}

#[test]
fn a_byte_order_mark_moves_nothing() {
    for name in ["article.nitf.xml", "article.html", "article.md", "articles.jsonl", "article.srt"]
    {
        let bytes = format!("\u{FEFF}{}", text_of(name)).into_bytes();
        let article = read(name, bytes).expect(name);
        assert_eq!(kinds(&article), kinds(&fixture(name)), "{name}");
        let back = given_back(article, |_, sentence| sentence.to_owned());
        assert_eq!(kinds(&read(name, back).expect(name)), kinds(&fixture(name)), "{name}");
    }
}

#[test]
fn newsml_g2_carries_xhtml_and_plain_text() {
    let text = english(fixture("article.newsml.xml"));
    for kept in [
        "xml:lang=\"en\"",
        "<language tag=\"en\"/>",
        "<headline>Sentence 0.</headline>",
        "<body dir=\"ltr\"><p>Sentence 1.</p><p>Sentence 2.</p></body>",
        "<inlineData contenttype=\"text/plain\">Sentence 3.\n\nSentence 4.</inlineData>",
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
}

fn part(package: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(package)).expect("a package");
    let mut text = String::new();
    let mut file = archive.by_name(name).expect(name);
    file.read_to_string(&mut text).expect("UTF-8");
    text
}

#[test]
fn a_word_document_keeps_styles_formatting_links_and_tables() {
    let article = fixture("article.docx");
    assert_eq!(
        kinds(&article),
        [
            (BlockKind::Title, "سیل در لرستان"),
            (BlockKind::Paragraph, "دست‌کم پنج روستا تخلیه شدند. راه‌ها بسته است."),
            (BlockKind::Heading, "واکنش‌ها"),
            (BlockKind::ListItem, "جاده اول بسته است."),
            (BlockKind::ListItem, "جاده دوم باز است."),
            (BlockKind::Paragraph, "شرکت OpenAI گفت ۱۲ نفر آمدند."),
            (BlockKind::Paragraph, "خط دوم."),
            (BlockKind::Paragraph, "تهران"),
            (BlockKind::Paragraph, "۱۲ نفر"),
            (BlockKind::Caption, "پل خرم‌آباد"),
        ]
    );
    let package = given_back(article, |id, source| {
        if source.contains("OpenAI") {
            "OpenAI said 12 came.".into()
        } else {
            format!("Sentence {id}.")
        }
    });
    let text = part(&package, "word/document.xml");
    assert!(
        !text.contains("<w:bidi/>") && !text.contains("<w:rtl/>"),
        "English runs left to right"
    );
    assert!(text.contains("<w:hyperlink r:id="), "{text}");
    let link = text.split("<w:hyperlink").nth(1).expect("a link");
    let link = link.split("</w:hyperlink>").next().expect("an end");
    assert!(link.contains(">OpenAI</w:t>"), "{link}");
    let again = read("again.docx", package.clone()).expect("our own document");
    let shown = kinds(&again);
    assert_eq!(shown[0], (BlockKind::Title, "Sentence 0."));
    assert_eq!(shown[1], (BlockKind::Paragraph, "Sentence 1. Sentence 2."));
    assert_eq!(marked(&again, MarkKind::Strong), ["Sentence 1."]);
    assert_eq!(part(&package, "[Content_Types].xml"), {
        let original = std::fs::read(path("article.docx")).expect("the fixture");
        part(&original, "[Content_Types].xml")
    });
}

/// What each mark is over; white space at the ends of formatting is not carried.
fn spans(block: &Block) -> Vec<(MarkKind, &str)> {
    block.marks.iter().map(|mark| (mark.kind, block.text[mark.span.clone()].trim())).collect()
}

#[test]
fn every_format_read_again_has_the_same_blocks() {
    for name in FILES {
        let article = fixture(name);
        let back = given_back(article.clone(), |_, sentence| sentence.to_owned());
        let again = read(name, back).expect(name);
        assert_eq!(kinds(&again), kinds(&article), "{name}");
        for (before, after) in article.blocks.iter().zip(&again.blocks) {
            assert_eq!(spans(after), spans(before), "{name}: {}", before.text);
        }
    }
}

#[test]
fn a_format_is_known_by_its_first_bytes_where_the_name_says_nothing() {
    for name in ["article.html", "article.ninjs.json", "article.nitf.xml", "article.docx"] {
        let bytes = std::fs::read(path(name)).expect(name);
        assert_eq!(read("-", bytes).expect(name).format, fixture(name).format, "{name}");
    }
}

/// Text with what the formats act on.
fn sentence() -> impl Strategy<Value = String> {
    let chars: Vec<char> = "ابپ سلام abc 12 .؟ <>&\"'*_[]()`#|\\~!-+={}:/\t".chars().collect();
    proptest::collection::vec(proptest::sample::select(chars), 1..40)
        .prop_map(|chars| format!("x{}x", chars.into_iter().collect::<String>()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_translation_is_text_whatever_it_says(target in sentence()) {
        let shown = target.split_whitespace().collect::<Vec<_>>().join(" ");
        for name in ["article.html", "article.md", "article.nitf.xml", "article.ninjs.json", "article.docx"] {
            let article = fixture(name);
            let count = article.blocks.len();
            let back = given_back(article, |_, _| shown.clone());
            let again = read(name, back).expect(name);
            prop_assert_eq!(again.blocks.len(), count, "{}", name);
            for block in &again.blocks {
                let sentences = block.text.matches(shown.as_str()).count();
                prop_assert!(sentences > 0, "{}: {:?} in {:?}", name, shown, block.text);
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused_in_every_format(text in sentence(), at in any::<prop::sample::Index>()) {
        for name in FILES {
            let mut bytes = std::fs::read(path(name)).expect(name);
            let at = at.index(bytes.len());
            bytes.splice(at..at, text.bytes());
            if let Ok(article) = read(name, bytes) {
                let _ = given_back(article, |id, _| id.to_string());
            }
        }
    }
}

#[test]
fn of_html_that_is_no_page_all_text_that_readers_see_is_kept() {
    let html = "<nav>فهرست</nav><form><label>نام</label><button>بفرست</button><select><option>یک</option></select></form><p>متن <i>خبر</i></p><script>بد</script>";
    let article = fragment("field", html).expect("a part of a page");
    let texts: Vec<&str> = article.blocks.iter().map(|block| block.text.as_str()).collect();
    let all = texts.join(" ");
    for word in ["فهرست", "نام", "بفرست", "یک", "متن", "خبر"] {
        assert!(all.contains(word), "{word} is not in {texts:?}");
    }
    assert!(!all.contains("بد"));
    let given = String::from_utf8(given_back(article, |_, text| text.to_owned())).expect("UTF-8");
    assert!(given.contains("<p>متن <i>خبر</i></p>"), "{given}");
    let nothing = fragment("field", "<hr> 	").expect("nothing to translate is fine here");
    assert!(nothing.blocks.is_empty());
}
