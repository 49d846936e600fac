//! Translations written before, read again and written in any format.

use assert_cmd::Command;
use tarjoman::document::readers::aligned::{attach, read as read_translation};
use tarjoman::document::readers::{open, read};
use tarjoman::document::writers::{Format, WriteOptions};
use tarjoman::document::{AlignedDocument, Candidate, Error, TranslationUnit, WordPair};

use crate::aligned::{aligned, article, plain, sources, written};

fn sample() -> AlignedDocument {
    let text = "سیل در لرستان\n\nدست‌کم پنج <روستا> & شهر تخلیه شدند. راه‌ها بسته است.\n\n- جاده اول\n- جاده دوم\n";
    let mut document = aligned(article(text), |id, _| format!("Sentence <{id}> & \"more\"."));
    document.units[2].reviewed = true;
    document.units[1].translation.alignment = Some(vec![WordPair { source: 0..4, target: 0..8 }]);
    document
}

fn facts(document: &AlignedDocument) -> Vec<(String, String, String, bool, usize)> {
    document
        .blocks()
        .flat_map(|(block, units)| {
            units.iter().map(move |unit| {
                (
                    format!("{:?}", block.kind),
                    document.source(unit).to_owned(),
                    unit.target().to_owned(),
                    unit.reviewed,
                    unit.issues.len(),
                )
            })
        })
        .collect()
}

#[test]
fn json_lines_tmx_and_xliff_are_read_back_as_they_were_written() {
    let document = sample();
    for format in [Format::Jsonl, Format::Tmx, Format::Xliff] {
        let text = plain(&document, format);
        let again = read_translation("again", text.clone().into_bytes()).expect("our own file");
        assert_eq!(facts(&again), facts(&document), "{format:?}");
        assert_eq!(again.model, document.model);
        assert_eq!(again.licence, document.licence);
        for (again, unit) in again.units.iter().zip(&document.units) {
            let told = |unit: &TranslationUnit| {
                unit.issues.iter().map(|i| (i.code.clone(), i.message.clone())).collect::<Vec<_>>()
            };
            assert_eq!(told(again), told(unit), "{format:?}");
        }
        assert_eq!(again.article.blocks.len(), document.article.blocks.len());
        if format == Format::Jsonl {
            assert_eq!(
                again.units[1].translation.alignment,
                document.units[1].translation.alignment
            );
            assert_eq!(plain(&again, format), text);
        }
    }
}

#[test]
fn a_tmx_of_another_tool_is_read() {
    let tmx = "<?xml version=\"1.0\"?><tmx version=\"1.4\"><header/><body>\
        <tu><tuv xml:lang=\"EN-US\"><seg>One &amp; <bpt i=\"1\">&lt;b></bpt><hi>two</hi><ept i=\"1\"/></seg></tuv>\
        <tuv lang=\"FA-IR\"><seg>یک و دو</seg></tuv></tu>\
        <tu><tuv xml:lang=\"de\"><seg>Drei</seg></tuv></tu></body></tmx>";
    let document = read_translation("x.tmx", tmx.into()).expect("TMX");
    assert_eq!(sources(&document), ["یک و دو"]);
    assert_eq!(document.units[0].target(), "One & two");
}

#[test]
fn an_xliff_of_another_tool_is_read() {
    let xliff = "<?xml version=\"1.0\"?><xliff xmlns=\"urn:oasis:names:tc:xliff:document:2.0\" \
        xmlns:mtc=\"urn:oasis:names:tc:xliff:matches:2.0\" version=\"2.1\" srcLang=\"fa-IR\" trgLang=\"en-GB\">\
        <file id=\"f\"><group id=\"g\"><unit id=\"u1\">\
        <mtc:matches><mtc:match ref=\"#1\"><source>نه</source><target>no</target></mtc:match></mtc:matches>\
        <notes><note>ask the desk</note></notes>\
        <originalData><data id=\"d1\">&lt;br/></data></originalData>\
        <segment id=\"1\" state=\"final\"><source><pc id=\"1\">یک</pc> و<ph id=\"2\" dataRef=\"d1\"/> دو.</source>\
        <target><pc id=\"1\">One</pc> &amp; <mrk id=\"m\" type=\"comment\">two</mrk>.</target></segment>\
        <segment><source>سه.</source></segment></unit></group>\
        <unit id=\"u2\"><segment><source>چهار.</source><target>Four.</target></segment></unit></file></xliff>";
    let document = read_translation("x.xlf", xliff.into()).expect("XLIFF");
    assert_eq!(sources(&document), ["یک و دو.", "سه.", "چهار."]);
    let targets: Vec<&str> = document.units.iter().map(TranslationUnit::target).collect();
    assert_eq!(targets, ["One & two.", "", "Four."]);
    assert_eq!(document.article.blocks[0].text, "یک و دو.سه.", "nothing stood between the two");
    assert_eq!(document.units[0].issues[0].message, "ask the desk");
    let reviewed: Vec<bool> = document.units.iter().map(|unit| unit.reviewed).collect();
    assert_eq!(reviewed, [true, false, false]);
}

#[test]
fn a_reviewed_xliff_goes_back_into_its_document() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/documents/article.docx");
    let document = aligned(open(file).expect("a document"), |id, _| format!("Draft {id}."));
    let xliff = plain(&document, Format::Xliff).replace("Draft 1.", "At least five.");
    let reviewed = read_translation("r.xlf", xliff.into_bytes()).expect("XLIFF");
    let whole = attach(reviewed, open(file).expect("a document")).expect("the same article");
    assert_eq!(whole.units.len(), document.units.len());
    assert_eq!(whole.units[1].target(), "At least five.");
    assert_eq!(whole.units[1].sentence.span, document.units[1].sentence.span);
}

#[test]
fn what_is_no_translation_is_refused_with_its_line() {
    for (text, expected) in [
        ("{\"schema\":\"tarjoman.aligned/1\",\"source\":\"a\",\"target\":\"b\"}\n{}", "line 2"),
        (
            "{\"schema\":\"tarjoman.aligned/9\",\"source\":\"a\",\"target\":\"b\"}",
            "tarjoman.aligned/9",
        ),
        ("<tmx><body>", "TMX"),
        ("<html></html>", "<tmx>"),
        ("<xliff version=\"1.2\"><file/></xliff>", "version is \"1.2\""),
        ("<xliff version=\"2.0\" srcLang=\"de\" trgLang=\"en\"><file/></xliff>", "from \"de\""),
        ("<xliff version=\"2.0\" srcLang=\"fa\" trgLang=\"en\"><file>", "inside an element"),
        ("سلام", "line 1"),
    ] {
        let error = read_translation("x", text.into()).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
    }
    for (name, format) in
        [("x.jsonl", Format::Jsonl), ("x.tmx", Format::Tmx), ("x.xlf", Format::Xliff)]
    {
        let text = plain(&sample(), format);
        let error = read(name, text.into_bytes()).expect_err("a translation is no article");
        assert!(matches!(error, Error::Refused { .. }) && error.to_string().contains("export"));
    }
}

#[test]
fn a_reviewed_translation_goes_back_into_its_document() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/documents/article.html");
    let document = aligned(open(file).expect("a page"), |id, _| format!("Draft {id}."));
    let lines =
        plain(&document, Format::Jsonl).replace("Draft 1.", "At least five were evacuated.");
    let reviewed = read_translation("r.jsonl", lines.into_bytes()).expect("JSON lines");
    let whole = attach(reviewed, open(file).expect("a page")).expect("the same article");
    let page = plain(&whole, Format::Document);
    assert!(
        page.contains(
            "<p class=\"lead\"><strong>At least five were evacuated.</strong> Draft 2.</p>"
        )
    );
    let other = aligned(article("متن دیگری است."), |_, _| "x".into());
    assert!(attach(other, open(file).expect("a page")).is_err());
}

#[test]
fn an_unreviewed_translation_says_so_and_a_reviewed_one_too() {
    let mut document = sample();
    for (format, word) in [(Format::Html, "not reviewed"), (Format::Markdown, "not reviewed")] {
        assert!(plain(&document, format).contains(word));
    }
    document.units.iter_mut().for_each(|unit| unit.reviewed = true);
    for format in [Format::Html, Format::Markdown] {
        assert!(plain(&document, format).contains("reviewed by an editor"), "{format:?}");
    }
}

#[test]
fn xliff_has_a_unit_a_block_and_a_segment_a_sentence() {
    let text = plain(&sample(), Format::Xliff);
    assert_eq!(text.matches("<unit ").count(), 4);
    assert_eq!(text.matches("<segment ").count(), 5);
    assert_eq!(text.matches("<ignorable>").count(), 1);
    assert!(text.contains("state=\"reviewed\""), "{text}");
    assert!(text.contains("پنج &lt;روستا&gt; &amp; شهر"), "{text}");
}

#[test]
fn the_command_exports_and_names_what_is_missing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lines = folder.path().join("a.jsonl");
    let options = WriteOptions { candidates: true, ..WriteOptions::default() };
    std::fs::write(&lines, written(&sample(), Format::Jsonl, options)).expect("a file");
    let run = || Command::cargo_bin("tarjoman").expect("the binary");
    let tmx = folder.path().join("a.tmx");
    run().arg("export").arg(&lines).arg("-o").arg(&tmx).assert().success();
    let again = read_translation("a.tmx", std::fs::read(&tmx).expect("it is there")).expect("TMX");
    assert_eq!(facts(&again), facts(&sample()));
    run().arg("export").arg(&tmx).args(["-f", "text"]).assert().success().stdout(
        "Sentence <0> & \"more\".\n\nSentence <1> & \"more\". Sentence <2> & \"more\".\n\n\
         Sentence <3> & \"more\".\nSentence <4> & \"more\".\n",
    );
    let failed = run().arg("export").arg(&tmx).args(["-f", "document"]).assert().code(2);
    let message = String::from_utf8_lossy(&failed.get_output().stderr).into_owned();
    assert!(message.contains("--source"), "{message}");
}

#[test]
fn several_candidates_survive_export() {
    let mut document = sample();
    document.units[0].translation.candidates.push(Candidate { text: "Other".into(), score: -2.0 });
    let options = WriteOptions { candidates: true, ..WriteOptions::default() };
    let lines = written(&document, Format::Jsonl, options);
    let again = read_translation("x", lines.into_bytes()).expect("JSON lines");
    assert_eq!(again.units[0].translation.candidates, document.units[0].translation.candidates);
}
