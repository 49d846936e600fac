//! XLIFF 2: of every segment the source and the target. Codes inside are passed over; the text
//! that they stand around stays.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::xml::{Stop, attribute_of as attribute, refuse_entities, resolve};
use super::tmx::kind;
use super::{File, Row};
use crate::document::{BlockKind, Candidate, Error, Issue, Provenance, Result, Translation};

const WHAT: &str = "XLIFF";

/// Whether the outermost element of a file is that of XLIFF.
pub(super) fn is_there(text: &str) -> bool {
    let mut reader = Reader::from_str(text);
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag)) => {
                return tag.local_name().as_ref() == "xliff";
            }
            Ok(Event::Eof) | Err(_) => return false,
            Ok(_) => {}
        }
    }
}

pub(super) fn read(name: &str, text: &str) -> Result<File> {
    let mut walk = Walk::default();
    match walk.run(text) {
        Ok(()) => Ok(File {
            model: walk.model,
            licence: walk.licence,
            provenance: walk.provenance,
            rows: walk.rows,
        }),
        Err(Stop::Damaged(reason)) => {
            Err(Error::Damaged { name: name.to_owned(), what: WHAT, reason })
        }
        Err(Stop::Refused(reason)) => Err(Error::Refused { name: name.to_owned(), reason }),
    }
}

/// What the text being read is for.
#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Nothing,
    Source,
    Target,
    Note,
}

/// A segment, or what stands between two of them.
#[derive(Default)]
struct Piece {
    id: String,
    is_gap: bool,
    reviewed: bool,
    source: String,
    target: String,
}

#[derive(Default)]
struct Walk {
    model: String,
    licence: Option<String>,
    provenance: Provenance,
    rows: Vec<Row>,
    units: usize,
    /// The kind of the unit that is being read; `None` outside units.
    unit: Option<BlockKind>,
    piece: Option<Piece>,
    /// The segments of the unit by their ids, and their rows.
    ids: Vec<(String, usize)>,
    /// The notes of the unit: category and text.
    notes: Vec<(String, String)>,
    category: String,
    /// Whether the segment before and this one have nothing between them.
    joins: bool,
    place: Place,
    text: String,
}

impl Walk {
    fn run(&mut self, text: &str) -> std::result::Result<(), Stop> {
        let mut reader = Reader::from_str(text);
        let mut depth = 0usize;
        loop {
            match reader.read_event()? {
                Event::Start(tag) => {
                    depth += 1;
                    self.start(&tag)?;
                }
                Event::Empty(tag) => {
                    self.start(&tag)?;
                    self.end(tag.local_name().as_ref());
                }
                Event::End(tag) => {
                    depth = depth.saturating_sub(1);
                    self.end(tag.local_name().as_ref());
                }
                Event::Text(data) => self.text.push_str(&data),
                Event::CData(data) => self.text.push_str(&data),
                Event::GeneralRef(reference) => self.text.push_str(&resolve(&reference)?),
                Event::DocType(data) => refuse_entities(&data)?,
                Event::Eof if depth > 0 => {
                    return Err(Stop::Damaged("it ends inside an element".into()));
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> std::result::Result<(), Stop> {
        match tag.local_name().as_ref() {
            "xliff" => return check(tag),
            "unit" => {
                let named = attribute(tag, "type");
                self.unit = Some(kind(named.strip_prefix("tarjoman:").unwrap_or_default()));
                self.joins = false;
            }
            name @ ("segment" | "ignorable") if self.unit.is_some() => {
                self.piece = Some(Piece {
                    id: attribute(tag, "id"),
                    is_gap: name == "ignorable",
                    reviewed: matches!(attribute(tag, "state").as_str(), "reviewed" | "final"),
                    ..Piece::default()
                });
            }
            // Proposals from a memory have sources and targets too, outside of segments.
            "source" if self.piece.is_some() => self.begin(Place::Source),
            "target" if self.piece.is_some() => self.begin(Place::Target),
            "note" => {
                self.category = attribute(tag, "category");
                self.begin(Place::Note);
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, place: Place) {
        self.place = place;
        self.text.clear();
    }

    fn end(&mut self, name: &str) {
        match (name, self.place) {
            ("source", Place::Source) => {
                let text = self.taken();
                self.piece.iter_mut().for_each(|piece| piece.source.clone_from(&text));
            }
            ("target", Place::Target) => {
                let text = self.taken();
                self.piece.iter_mut().for_each(|piece| piece.target.clone_from(&text));
            }
            ("note", Place::Note) => {
                let note = (std::mem::take(&mut self.category), self.taken());
                match (self.unit, note.0.as_str()) {
                    (Some(_), _) => self.notes.push(note),
                    (None, "model") => self.model = note.1,
                    (None, "licence") => self.licence = Some(note.1),
                    (None, "tool") => self.provenance.tool = note.1,
                    (None, "revision") => self.provenance.revision = note.1,
                    (None, "options") => self.provenance.options = note.1,
                    (None, "time") => self.provenance.time = Some(note.1),
                    (None, _) => {}
                }
            }
            ("segment" | "ignorable", _) => {
                if let Some(piece) = self.piece.take() {
                    self.keep(piece);
                }
            }
            ("unit", _) => self.end_unit(),
            _ => {}
        }
    }

    fn taken(&mut self) -> String {
        self.place = Place::Nothing;
        std::mem::take(&mut self.text)
    }

    fn keep(&mut self, piece: Piece) {
        if piece.source.trim().is_empty() {
            self.joins &= piece.source.is_empty();
            return;
        }
        // A tool may have made a gap of what has words.
        let is_row = !piece.is_gap || piece.source.chars().any(char::is_alphanumeric);
        if !is_row {
            if let Some(row) = self.rows.last_mut().filter(|row| row.block == Some(self.units)) {
                row.source.push_str(&piece.source);
            }
            return;
        }
        self.ids.push((piece.id, self.rows.len()));
        let candidates = vec![Candidate { text: piece.target, score: f32::NAN }];
        self.rows.push(Row {
            block: Some(self.units),
            kind: self.unit.unwrap_or_default(),
            joins: std::mem::replace(&mut self.joins, true),
            source: piece.source,
            translation: Translation { candidates, ..Translation::default() },
            issues: Vec::new(),
            reviewed: piece.reviewed,
        });
    }

    /// Gives the notes to their sentences; those that name none to the first.
    fn end_unit(&mut self) {
        let ids = std::mem::take(&mut self.ids);
        for (category, note) in std::mem::take(&mut self.notes) {
            let named = note.strip_prefix("Sentence ").and_then(|rest| rest.split_once(": "));
            let named = named.and_then(|(number, message)| {
                let id = format!("s{number}");
                ids.iter().find(|(own, _)| *own == id).map(|(_, row)| (*row, message))
            });
            let first = ids.first().map(|(_, row)| (*row, note.as_str()));
            if let Some((row, message)) = named.or(first) {
                let code = if category.is_empty() { "note".into() } else { category };
                self.rows[row].issues.push(Issue::doubt(code, message));
            }
        }
        self.unit = None;
        self.units += 1;
    }
}

/// Whether a file is of a version that is read here, and from Persian to English.
fn check(tag: &BytesStart<'_>) -> std::result::Result<(), Stop> {
    let version = attribute(tag, "version");
    if !version.starts_with("2.") {
        let reason = format!("its version is {version:?}; XLIFF 2 is read, TMX too");
        return Err(Stop::Damaged(reason));
    }
    let (from, to) = (attribute(tag, "srcLang"), attribute(tag, "trgLang"));
    let is = |tag: &str, names: &[&str]| {
        let language = tag.split('-').next().unwrap_or_default().to_lowercase();
        names.contains(&language.as_str())
    };
    if !is(&from, &["fa", "fas", "per", "pes", "prs"]) || !is(&to, &["en", "eng"]) {
        let reason = format!("it is from {from:?} to {to:?}, not from \"fa\" to \"en\"");
        return Err(Stop::Damaged(reason));
    }
    Ok(())
}
