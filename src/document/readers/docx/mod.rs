//! Word documents: the paragraphs of the text, of footnotes and of endnotes, with the
//! formatting of their runs. Everything else in the package is kept packed and not looked at.
//! What is unpacked is bounded.

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

/// Bytes of a part when unpacked. The longest novels have some 20 MB of XML.
const LARGEST_PART: u64 = 64 << 20;

const TEXT: &str = "word/document.xml";
const NOTES: [&str; 2] = ["word/footnotes.xml", "word/endnotes.xml"];
const STYLES: &str = "word/styles.xml";

type Package = ZipArchive<Cursor<Arc<[u8]>>>;

pub(super) fn read(name: String, bytes: Vec<u8>) -> Result<Article> {
    let bytes: Arc<[u8]> = bytes.into();
    let damaged = |reason: String| Error::Damaged { name: name.clone(), what: WHAT, reason };
    let mut package =
        ZipArchive::new(Cursor::new(bytes.clone())).map_err(|error| damaged(error.to_string()))?;
    // What can't be copied later is better known now than when the translation is done.
    for index in 0..package.len() {
        let file = package.by_index_raw(index).map_err(|error| damaged(error.to_string()))?;
        file.name().map_err(|error| damaged(error.to_string()))?;
    }
    let mut builder = Builder::default();
    let stopped = |stop| match stop {
        Stop::Damaged(reason) => damaged(reason),
        Stop::Refused(reason) => Error::Refused { name: name.clone(), reason },
    };
    let styles = part(&mut package, STYLES).map_err(stopped)?.unwrap_or_default();
    let kinds = properties::style_kinds(&styles);
    let text = part(&mut package, TEXT).map_err(stopped)?;
    let Some(text) = text else { return Err(damaged(format!("it has no {TEXT}"))) };
    paragraph::read(&text, &kinds, &mut builder).map_err(stopped)?;
    builder.end_part(TEXT);
    for notes in NOTES {
        if let Some(text) = part(&mut package, notes).map_err(stopped)? {
            paragraph::read(&text, &kinds, &mut builder).map_err(stopped)?;
            builder.end_part(notes);
        }
    }
    if !styles.is_empty() {
        builder.raw(&properties::left_to_right(&styles));
        builder.end_part(STYLES);
    }
    builder.finish(name, SourceFormat::Docx, Some(bytes))
}

/// A part of the package, unpacked; `None` when there is no such part.
fn part(package: &mut Package, name: &str) -> std::result::Result<Option<String>, Stop> {
    let file = match package.by_name(name) {
        Ok(file) => file,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(error) => return Err(Stop::Damaged(error.to_string())),
    };
    let mut text = Vec::new();
    file.take(LARGEST_PART + 1)
        .read_to_end(&mut text)
        .map_err(|error| Stop::Damaged(format!("{name}: {error}")))?;
    if text.len() as u64 > LARGEST_PART {
        let limit = LARGEST_PART >> 20;
        return Err(Stop::Refused(format!("{name} in it unpacks to more than {limit} MB")));
    }
    let text = String::from_utf8(text)
        .map_err(|_| Stop::Damaged(format!("{name} in it is not UTF-8 text")))?;
    Ok(Some(text))
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
