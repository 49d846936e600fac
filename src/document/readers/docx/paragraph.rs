//! Paragraphs of `WordprocessingML`: their runs become text with marks. Fields, pictures,
//! references to notes and deleted text are points: they stay, in their place. Text boxes come
//! after the text of the paragraph that they are anchored in, so that they part no sentence.

use std::fmt::Write as _;

use quick_xml::events::{BytesStart, Event};

use super::super::inline::Inline;
use super::super::xml::{Stop, resolve};
use super::properties::{self, Kinds};
use super::{Events, name_of};
use crate::document::skeleton::Builder;
use crate::document::{BlockKind, MarkKind, Syntax};

type Result<T> = std::result::Result<T, Stop>;

/// What holds the text of a text box.
const BOX: &str = "<w:txbxContent";

/// Reads a part: what is outside paragraphs stays as it is, but from left to right.
pub(super) fn read(text: &str, kinds: &Kinds, builder: &mut Builder) -> Result<()> {
    walk(text, kinds, builder, false)
}

fn walk(text: &str, kinds: &Kinds, builder: &mut Builder, in_box: bool) -> Result<()> {
    let mut events = Events::new(text);
    let first = builder.blocks().len();
    loop {
        let (event, raw) = events.next()?;
        let name = name_of(&event);
        match (&event, name.as_str()) {
            (Event::Eof, _) => return Ok(()),
            (Event::Start(_), "w:p") => {
                builder.raw(raw);
                Paragraph {
                    events: &mut events,
                    builder,
                    kinds,
                    inline: Inline::default(),
                    kind: BlockKind::Paragraph,
                    boxes: Vec::new(),
                    in_box,
                }
                .read()?;
                builder.raw("</w:p>");
            }
            (Event::Start(_), "mc:Fallback") if in_box => {
                // The same box once more, for programs that know no other.
                builder.repeats(first..builder.blocks().len());
                builder.raw(raw);
            }
            (Event::End(_), "mc:Fallback") if in_box => {
                builder.repeats(0..0);
                builder.raw(raw);
            }
            _ => builder.raw(&properties::left_to_right(raw)),
        }
    }
}

struct Paragraph<'a, 'b> {
    events: &'b mut Events<'a>,
    builder: &'b mut Builder,
    kinds: &'b Kinds,
    inline: Inline,
    kind: BlockKind,
    /// Runs with text boxes.
    boxes: Vec<String>,
    /// Whether this is in a text box itself: Word has none in another.
    in_box: bool,
}

impl Paragraph<'_, '_> {
    fn read(mut self) -> Result<()> {
        // Names of the elements around, and whether each is a mark.
        let mut open: Vec<bool> = Vec::new();
        loop {
            let (event, raw) = self.events.next()?;
            let name = name_of(&event);
            match (&event, name.as_str()) {
                (Event::Eof, _) => break,
                (Event::End(_), "w:p") if open.is_empty() => break,
                (Event::End(_), _) => {
                    let is_mark = open.pop() == Some(true);
                    if is_mark {
                        self.inline.close();
                    }
                }
                (Event::Start(_), "w:pPr") => {
                    let whole = self.events.whole(raw)?;
                    self.kind = properties::kind(whole, self.kinds);
                    self.builder.raw(&properties::left_to_right(whole));
                }
                (Event::Start(tag), "w:r") => self.run(&declarations(tag))?,
                (Event::Start(_), "w:sdtPr" | "w:sdtEndPr" | "w:smartTagPr" | "w:customXmlPr") => {
                    self.events.whole(raw)?;
                }
                (
                    Event::Start(_),
                    "w:sdt" | "w:sdtContent" | "w:smartTag" | "w:customXml" | "w:dir" | "w:bdo",
                ) => {
                    open.push(false);
                }
                (Event::Start(_), "w:hyperlink" | "w:ins" | "w:fldSimple" | "w:moveTo") => {
                    let kind = if name == "w:hyperlink" { MarkKind::Link } else { MarkKind::Other };
                    self.inline.open(kind, raw.to_owned(), format!("</{name}>"), None);
                    open.push(true);
                }
                (Event::Start(_), _) => {
                    let whole = self.events.whole(raw)?.to_owned();
                    self.point(whole);
                }
                (Event::Empty(_), "w:proofErr" | "w:lastRenderedPageBreak" | "w:r" | "w:pPr") => {}
                (Event::Empty(_), _) => self.inline.point(raw.to_owned()),
                _ => {}
            }
        }
        self.end();
        for with_box in std::mem::take(&mut self.boxes) {
            walk(&with_box, self.kinds, self.builder, true)?;
        }
        Ok(())
    }

    /// Something that has no text, or a text box.
    fn point(&mut self, raw: String) {
        if raw.contains(BOX) && !self.in_box {
            self.boxes.push(raw);
        } else {
            self.inline.point(raw);
        }
    }

    fn end(&mut self) {
        let base = self.inline.take_base();
        self.inline.end(self.kind, Syntax::Docx(base), self.builder);
    }

    /// A run; `names`: the namespaces that its tag declares, which no run of ours would have.
    fn run(&mut self, names: &str) -> Result<()> {
        let mut properties = String::new();
        let mut text = String::new();
        loop {
            let (event, raw) = self.events.next()?;
            let name = name_of(&event);
            let is_start = matches!(event, Event::Start(_));
            match (&event, name.as_str()) {
                (Event::Eof, _) | (Event::End(_), "w:r") => break,
                (Event::Start(_), "w:rPr") => {
                    properties = properties::run(self.events.whole(raw)?);
                    if !names.is_empty() {
                        properties = properties.replacen("<w:rPr", &format!("<w:rPr{names}"), 1);
                    }
                }
                (Event::Start(_), "w:t") => self.text(&mut text)?,
                (_, "w:tab") => text.push('\t'),
                (_, "w:noBreakHyphen") => text.push('-'),
                (_, "w:lastRenderedPageBreak" | "w:softHyphen") => {}
                (Event::Start(_) | Event::Empty(_), _) => {
                    let whole = if is_start { self.events.whole(raw)? } else { raw };
                    self.push(&mut text, &properties);
                    let run = format!("<w:r{names}>{properties}{whole}</w:r>");
                    if matches!(name.as_str(), "w:br" | "w:cr") {
                        self.end();
                        self.builder.raw(&run);
                    } else {
                        self.point(run);
                    }
                }
                _ => {}
            }
        }
        self.push(&mut text, &properties);
        Ok(())
    }

    /// The text of `<w:t>`, whose start was just read.
    fn text(&mut self, text: &mut String) -> Result<()> {
        loop {
            match self.events.next()? {
                (Event::Eof | Event::End(_), _) => return Ok(()),
                (Event::Text(_), raw) => text.push_str(raw),
                (Event::CData(data), _) => text.push_str(&data),
                (Event::GeneralRef(reference), _) => text.push_str(&resolve(&reference)?),
                (Event::Start(_), raw) => drop(self.events.whole(raw)?),
                _ => {}
            }
        }
    }

    fn push(&mut self, text: &mut String, properties: &str) {
        if !text.is_empty() {
            let on = |tag| properties::is_on(properties, tag);
            let kind = if on("w:b") {
                MarkKind::Strong
            } else if on("w:i") {
                MarkKind::Emphasis
            } else {
                MarkKind::Other
            };
            self.inline.run(kind, &std::mem::take(text), properties);
        }
    }
}

/// The namespaces that a tag declares, as they are written in one.
fn declarations(tag: &BytesStart<'_>) -> String {
    let mut written = String::new();
    for attribute in tag.attributes().with_checks(false).flatten() {
        let key: &str = attribute.key.as_ref();
        if key.starts_with("xmlns:") {
            let _ = write!(written, " {key}=\"{}\"", attribute.value.replace('"', "&quot;"));
        }
    }
    written
}
