//! Glossaries: a term a row with its English in TSV or CSV, and TBX (ISO 30042, both the elements
//! of 2008 and those of 2019).

use std::collections::HashMap;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::xml::{Stop, refuse_entities, resolve};
use super::{bytes, utf8};
use crate::document::{Error, Result, Term};

/// Reads a glossary. Of TSV and CSV the first two columns count: the term, and its English, several
/// forms with `|` between them and the preferred one first; more columns are for people. Lines that
/// begin with `#`, and a first line that names columns, are passed over. The columns may be the
/// other way round.
///
/// # Errors
/// When the file can't be read, or a row of it is no term.
pub fn open(path: impl AsRef<Path>) -> Result<Vec<Term>> {
    let (name, bytes) = bytes(path.as_ref())?;
    read(&name, bytes)
}

/// Reads a glossary from bytes; the ending of `name` tells the format.
///
/// # Errors
/// As [`open`].
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Vec<Term>> {
    let text = utf8(name, bytes)?;
    let text = text.trim_start_matches('\u{FEFF}');
    let ending = Path::new(name).extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let terms = match ending.as_deref() {
        Some("tbx" | "xml") => tbx(name, text)?,
        _ if text.trim_start().starts_with("<?xml") => tbx(name, text)?,
        Some("csv") => table(name, text, b',')?,
        _ => table(name, text, b'\t')?,
    };
    if terms.is_empty() { Err(Error::Empty { name: name.to_owned() }) } else { Ok(terms) }
}

fn table(name: &str, text: &str, delimiter: u8) -> Result<Vec<Term>> {
    let damaged = |line: u64, reason: &str| Error::Damaged {
        name: name.to_owned(),
        what: "a glossary",
        reason: format!("line {line}: {reason}"),
    };
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .quoting(delimiter == b',')
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut terms = Terms::default();
    for (number, row) in rows.records().enumerate() {
        let row = row.map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            damaged(line, &error.to_string())
        })?;
        let line = row.position().map_or(0, csv::Position::line);
        let cell = |index| row.get(index).unwrap_or_default().trim();
        let (mut source, mut target) = (cell(0), cell(1));
        if source.is_empty() && target.is_empty() {
            continue;
        }
        if !is_persian(source) && is_persian(target) {
            (source, target) = (target, source);
        }
        if number == 0 && is_heading(source) && is_heading(target) {
            continue;
        }
        if !source.chars().any(char::is_alphanumeric) {
            return Err(damaged(line, "there is no term"));
        }
        let forms: Vec<&str> = target.split('|').map(str::trim).collect();
        if forms.iter().any(|form| !form.chars().any(char::is_alphanumeric)) {
            return Err(damaged(line, &format!("there is no English for {source:?}")));
        }
        terms.add(source, &forms);
    }
    Ok(terms.all)
}

/// Arabic script.
fn is_persian(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{600}'..='\u{6FF}' | '\u{FB50}'..='\u{FEFC}'))
}

fn is_heading(text: &str) -> bool {
    let names = ["source", "target", "fa", "en", "persian", "english", "term", "translation"];
    names.contains(&text.to_lowercase().as_str())
}

/// Terms in the order of the file; a term that comes again gets more forms.
#[derive(Default)]
struct Terms {
    all: Vec<Term>,
    known: HashMap<String, usize>,
}

impl Terms {
    fn add(&mut self, source: &str, forms: &[&str]) {
        let next = self.all.len();
        let at = *self.known.entry(source.to_owned()).or_insert(next);
        if at == next {
            self.all.push(Term { source: source.to_owned(), targets: Vec::new() });
        }
        let targets = &mut self.all[at].targets;
        for form in forms {
            if !targets.iter().any(|known| known == form) {
                targets.push((*form).to_owned());
            }
        }
    }
}

fn tbx(name: &str, text: &str) -> Result<Vec<Term>> {
    let mut walk = Walk::default();
    match walk.run(text) {
        Ok(()) => Ok(walk.terms.all),
        Err(Stop::Damaged(reason)) => {
            Err(Error::Damaged { name: name.to_owned(), what: "TBX", reason })
        }
        Err(Stop::Refused(reason)) => Err(Error::Refused { name: name.to_owned(), reason }),
    }
}

#[derive(Default)]
struct Walk {
    terms: Terms,
    language: String,
    /// Of the concept: language, term, whether it is deprecated or else preferred.
    concept: Vec<(String, String, Status)>,
    text: Option<String>,
    status: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Status {
    Preferred,
    #[default]
    Admitted,
    Deprecated,
}

impl Walk {
    fn run(&mut self, text: &str) -> std::result::Result<(), Stop> {
        let mut reader = Reader::from_str(text);
        let (mut depth, mut is_tbx) = (0usize, false);
        loop {
            match reader.read_event()? {
                Event::Start(tag) => {
                    depth += 1;
                    is_tbx |= matches!(tag.local_name().as_ref(), "tbx" | "martif");
                    self.start(&tag);
                }
                Event::End(tag) => {
                    depth = depth.saturating_sub(1);
                    self.end(tag.local_name().as_ref());
                }
                Event::Text(data) => self.push(&data),
                Event::CData(data) => self.push(&data),
                Event::GeneralRef(reference) => self.push(&resolve(&reference)?),
                Event::DocType(data) => refuse_entities(&data)?,
                Event::Eof if depth > 0 => {
                    return Err(Stop::Damaged("it ends inside an element".into()));
                }
                Event::Eof if !is_tbx => {
                    return Err(Stop::Damaged("its outermost element is not <tbx>".into()));
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }

    fn push(&mut self, data: &str) {
        if let Some(text) = &mut self.text {
            text.push_str(data);
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) {
        let attribute = |name: &str| {
            let found = tag.attributes().flatten().find(|a| a.key.local_name().as_ref() == name);
            found.map(|attribute| attribute.value.into_owned()).unwrap_or_default()
        };
        match tag.local_name().as_ref() {
            "termEntry" | "conceptEntry" => self.concept.clear(),
            "langSet" | "langSec" => self.language = attribute("lang").to_lowercase(),
            "term" => self.text = Some(String::new()),
            "termNote" if attribute("type") == "administrativeStatus" => {
                self.status = true;
                self.text = Some(String::new());
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "term" => {
                let text = self.text.take().unwrap_or_default();
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                if text.chars().any(char::is_alphanumeric) {
                    self.concept.push((self.language.clone(), text, Status::default()));
                }
            }
            "termNote" if std::mem::take(&mut self.status) => {
                let status = self.text.take().unwrap_or_default();
                if let Some(last) = self.concept.last_mut() {
                    last.2 = match status.trim() {
                        "preferredTerm-admn-sts" | "preferred" => Status::Preferred,
                        "deprecatedTerm-admn-sts" | "supersededTerm-admn-sts" => Status::Deprecated,
                        _ => Status::Admitted,
                    };
                }
            }
            "termEntry" | "conceptEntry" => self.concept(),
            _ => {}
        }
    }

    /// Every Persian term has all English ones that are not deprecated.
    fn concept(&mut self) {
        let mut concept = std::mem::take(&mut self.concept);
        concept.sort_by_key(|(.., status)| *status);
        let of = |language: &'static str| {
            concept.iter().filter(move |(found, ..)| found.starts_with(language))
        };
        let english: Vec<&str> = of("en")
            .filter(|(.., status)| *status != Status::Deprecated)
            .map(|(_, term, _)| term.as_str())
            .collect();
        if !english.is_empty() {
            of("fa").for_each(|(_, term, _)| self.terms.add(term, &english));
        }
    }
}
