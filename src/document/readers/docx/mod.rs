//! Word documents: the paragraphs of the text and its text boxes, of headers, footers, footnotes
//! and endnotes, with the formatting of their runs. Everything else in the package is kept packed;
//! what of it has text is said. What is unpacked is bounded.

mod paragraph;
mod properties;

use std::io::{Cursor, Read as _};
use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::Event;
use zip::ZipArchive;

use super::xml::{Stop, refuse_entities};
use crate::document::skeleton::Builder;
use crate::document::{Article, Error, Result, SourceFormat};

const WHAT: &str = "a Word document";

/// Bytes of all that is read when unpacked. The longest novels have some 20 MB of XML.
const LARGEST: u64 = 64 << 20;

const TEXT: &str = "word/document.xml";
const NOTES: [&str; 2] = ["word/footnotes.xml", "word/endnotes.xml"];
const STYLES: &str = "word/styles.xml";

/// Beginnings of the names of parts whose text stays as it is, and what people call it.
const KEPT: [(&str, &str); 4] = [
    ("word/comments", "comments"),
    ("word/charts/chart", "charts"),
    ("word/diagrams/data", "diagrams"),
    ("word/embeddings/", "embedded files"),
];

struct Package {
    archive: ZipArchive<Cursor<Arc<[u8]>>>,
    /// Bytes that may still be unpacked.
    left: u64,
}

pub(super) fn read(name: String, bytes: Vec<u8>) -> Result<Article> {
    let bytes: Arc<[u8]> = bytes.into();
    let damaged = |reason: String| Error::Damaged { name: name.clone(), what: WHAT, reason };
    let archive =
        ZipArchive::new(Cursor::new(bytes.clone())).map_err(|error| damaged(error.to_string()))?;
    let mut package = Package { archive, left: LARGEST };
    let names = package.names().map_err(damaged)?;
    let mut builder = Builder::default();
    let stopped = |stop| match stop {
        Stop::Damaged(reason) => damaged(reason),
        Stop::Refused(reason) => Error::Refused { name: name.clone(), reason },
    };
    let styles = package.part(STYLES).map_err(stopped)?.unwrap_or_default();
    let kinds = properties::style_kinds(&styles);
    let text = package.part(TEXT).map_err(stopped)?;
    let Some(text) = text else { return Err(damaged(format!("it has no {TEXT}"))) };
    paragraph::read(&text, &kinds, &mut builder).map_err(stopped)?;
    builder.end_part(TEXT);
    let margins = builder.blocks().len();
    for name in names.iter().filter(|name| is_margin(name)) {
        if let Some(text) = package.part(name).map_err(stopped)? {
            // Those of the first page, of odd and of even ones mostly say the same.
            builder.repeats(margins..builder.blocks().len());
            paragraph::read(&text, &kinds, &mut builder).map_err(stopped)?;
            builder.end_part(name);
        }
    }
    builder.repeats(0..0);
    for notes in NOTES {
        if let Some(text) = package.part(notes).map_err(stopped)? {
            paragraph::read(&text, &kinds, &mut builder).map_err(stopped)?;
            builder.end_part(notes);
        }
    }
    if !styles.is_empty() {
        builder.raw(&properties::left_to_right(&styles));
        builder.end_part(STYLES);
    }
    let is_there = |start: &str| names.iter().any(|name| name.starts_with(start));
    let kept = KEPT.iter().filter(|(start, _)| is_there(start)).map(|(_, what)| *what);
    let mut article = builder.finish(name, SourceFormat::Docx, Some(bytes))?;
    article.meta.kept = kept.collect();
    Ok(article)
}

/// Whether a part is a header or a footer.
fn is_margin(name: &str) -> bool {
    let number = ["word/header", "word/footer"].iter().find_map(|start| name.strip_prefix(start));
    let number = number.and_then(|number| number.strip_suffix(".xml"));
    number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
}

impl Package {
    /// The names of all parts. What can't be copied later is better known now than when the
    /// translation is done.
    fn names(&mut self) -> std::result::Result<Vec<String>, String> {
        let mut names = Vec::new();
        for index in 0..self.archive.len() {
            let file = self.archive.by_index_raw(index).map_err(|error| error.to_string())?;
            names.push(file.name().map_err(|error| error.to_string())?.into_owned());
        }
        Ok(names)
    }

    /// A part, unpacked; `None` when there is no such part.
    fn part(&mut self, name: &str) -> std::result::Result<Option<String>, Stop> {
        let file = match self.archive.by_name(name) {
            Ok(file) => file,
            Err(zip::result::ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(Stop::Damaged(error.to_string())),
        };
        let mut text = Vec::new();
        file.take(self.left + 1)
            .read_to_end(&mut text)
            .map_err(|error| Stop::Damaged(format!("{name}: {error}")))?;
        let Some(left) = self.left.checked_sub(text.len() as u64) else {
            let limit = LARGEST >> 20;
            return Err(Stop::Refused(format!("{name} in it unpacks to more than {limit} MB")));
        };
        self.left = left;
        let text = String::from_utf8(text)
            .map_err(|_| Stop::Damaged(format!("{name} in it is not UTF-8 text")))?;
        Ok(Some(text))
    }
}

/// Elements in each other; Word makes about 30.
const DEEPEST: usize = 512;

/// The events of a part, each with the text that it stands for.
struct Events<'a> {
    reader: Reader<&'a [u8]>,
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Events<'a> {
    fn new(text: &'a str) -> Self {
        // The reader passes over a byte order mark and does not count it.
        let text = text.trim_start_matches('\u{FEFF}');
        Self { reader: Reader::from_str(text), text, at: 0, depth: 0 }
    }

    fn next(&mut self) -> std::result::Result<(Event<'a>, &'a str), Stop> {
        let event = self.reader.read_event()?;
        let next = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
        let raw = self.text.get(self.at..next).unwrap_or_default();
        self.at = next;
        match &event {
            Event::Start(_) => self.depth += 1,
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            Event::DocType(_) => refuse_entities(raw)?,
            Event::Eof if self.depth > 0 => {
                return Err(Stop::Damaged("it ends inside an element".into()));
            }
            _ => {}
        }
        if self.depth > DEEPEST {
            return Err(Stop::Refused("its elements nest too deep".into()));
        }
        Ok((event, raw))
    }

    /// The whole of the element whose start was just read; `start` is the text of that.
    fn whole(&mut self, start: &'a str) -> std::result::Result<&'a str, Stop> {
        let from = self.at - start.len();
        let outside = self.depth - 1;
        while self.depth > outside {
            if matches!(self.next()?.0, Event::Eof) {
                break;
            }
        }
        Ok(&self.text[from..self.at])
    }
}

/// The name of an element with its prefix, which Word always writes as `w:`.
fn name_of(event: &Event<'_>) -> String {
    match event {
        Event::Start(tag) | Event::Empty(tag) => tag.name().as_ref().to_owned(),
        Event::End(tag) => tag.name().as_ref().to_owned(),
        _ => String::new(),
    }
}
