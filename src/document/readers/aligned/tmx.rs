//! TMX 1.4: of every unit the Persian and the English variant. Markup inside a segment is
//! passed over with its codes; text in highlights stays.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::super::xml::{Stop, attribute_of as attribute, refuse_entities, resolve};
use super::{File, Row};
use crate::document::{BlockKind, Candidate, Error, Issue, Provenance, Result, Translation};

pub(super) fn read(name: &str, text: &str) -> Result<File> {
    let mut walk = Walk::default();
    match walk.run(text) {
        Ok(()) if walk.is_tmx => {
            let Walk { model, licence, provenance, rows, .. } = walk;
            Ok(File { model, licence, provenance, rows })
        }
        Ok(()) => {
            let reason = "its outermost element is not <tmx>".into();
            Err(Error::Damaged { name: name.to_owned(), what: "TMX", reason })
        }
        Err(Stop::Damaged(reason)) => {
            Err(Error::Damaged { name: name.to_owned(), what: "TMX", reason })
        }
        Err(Stop::Refused(reason)) => Err(Error::Refused { name: name.to_owned(), reason }),
    }
}

/// What the text being read is for.
#[derive(Default, PartialEq)]
enum Place {
    #[default]
    Nothing,
    Segment,
    Note,
    Property(String),
}

#[derive(Default)]
struct Walk {
    is_tmx: bool,
    model: String,
    licence: Option<String>,
    provenance: Provenance,
    rows: Vec<Row>,
    unit: Option<Row>,
    language: String,
    place: Place,
    text: String,
    /// Elements of native codes that are open: their text is no text.
    codes: usize,
}

impl Walk {
    fn run(&mut self, text: &str) -> std::result::Result<(), Stop> {
        let mut reader = Reader::from_str(text);
        let mut depth = 0usize;
        loop {
            match reader.read_event()? {
                Event::Start(tag) => {
                    depth += 1;
                    self.start(&tag);
                }
                Event::End(tag) => {
                    depth = depth.saturating_sub(1);
                    self.end(tag.local_name().as_ref());
                }
                Event::Text(data) if self.codes == 0 => self.text.push_str(&data),
                Event::CData(data) if self.codes == 0 => self.text.push_str(&data),
                Event::GeneralRef(reference) if self.codes == 0 => {
                    self.text.push_str(&resolve(&reference)?);
                }
                Event::DocType(data) => refuse_entities(&data)?,
                Event::Eof if depth > 0 => {
                    return Err(Stop::Damaged("it ends inside an element".into()));
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().as_ref() {
            "tmx" => self.is_tmx = true,
            "tu" => self.unit = Some(Row::default()),
            "tuv" => self.language = attribute(tag, "lang").to_lowercase(),
            "seg" => self.begin(Place::Segment),
            "note" => self.begin(Place::Note),
            "prop" => self.begin(Place::Property(attribute(tag, "type"))),
            "bpt" | "ept" | "it" | "ph" | "ut" => self.codes += 1,
            _ => {}
        }
    }

    fn begin(&mut self, place: Place) {
        self.place = place;
        self.text.clear();
        self.codes = 0;
    }

    fn end(&mut self, name: &str) {
        match name {
            "bpt" | "ept" | "it" | "ph" | "ut" => self.codes = self.codes.saturating_sub(1),
            "seg" | "note" | "prop" => self.keep(),
            "tu" => {
                let unit = self.unit.take().filter(|unit| !unit.source.trim().is_empty());
                self.rows.extend(unit.map(|mut unit| {
                    if unit.translation.candidates.is_empty() {
                        let nothing = Candidate { text: String::new(), score: f32::NAN };
                        unit.translation.candidates.push(nothing);
                    }
                    unit
                }));
            }
            _ => {}
        }
    }

    fn keep(&mut self) {
        let text = std::mem::take(&mut self.text);
        let place = std::mem::take(&mut self.place);
        let Some(unit) = &mut self.unit else {
            match place {
                Place::Property(name) if name == "x-model" => self.model = text,
                Place::Property(name) if name == "x-licence" => self.licence = Some(text),
                Place::Property(name) if name == "x-tool" => self.provenance.tool = text,
                Place::Property(name) if name == "x-revision" => self.provenance.revision = text,
                Place::Property(name) if name == "x-options" => self.provenance.options = text,
                Place::Property(name) if name == "x-time" => self.provenance.time = Some(text),
                _ => {}
            }
            return;
        };
        match place {
            Place::Segment if self.language.starts_with("fa") => unit.source = text,
            Place::Segment if self.language.starts_with("en") => {
                unit.translation = Translation {
                    candidates: vec![Candidate { text, score: f32::NAN }],
                    ..Translation::default()
                };
            }
            Place::Note => {
                let (code, message) = match text.split_once(": ") {
                    Some((code, message)) if !code.contains(' ') => (code, message),
                    _ => ("note", text.as_str()),
                };
                unit.issues.push(Issue::doubt(code, message));
            }
            Place::Property(name) => match name.as_str() {
                "x-block" => unit.block = text.parse().ok(),
                "x-kind" => unit.kind = kind(&text),
                "x-reviewed" => unit.reviewed = text == "yes",
                _ => {}
            },
            _ => {}
        }
    }
}

pub(super) fn kind(name: &str) -> BlockKind {
    serde_json::from_value(name.into()).unwrap_or_default()
}
