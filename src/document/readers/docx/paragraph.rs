//! Paragraphs of `WordprocessingML`: their runs become text with marks. Fields, pictures,
//! references to notes and deleted text are points: they stay, in their place.

use quick_xml::events::Event;

use super::super::inline::Inline;
use super::super::xml::{Stop, resolve};
use super::properties::{self, Kinds};
use super::{Events, name_of};
use crate::document::skeleton::Builder;
use crate::document::{BlockKind, MarkKind, Syntax};

type Result<T> = std::result::Result<T, Stop>;

/// Reads a part: what is outside paragraphs stays as it is, but from left to right.
pub(super) fn read(text: &str, kinds: &Kinds, builder: &mut Builder) -> Result<()> {
    let mut events = Events::new(text);
    loop {
        let (event, raw) = events.next()?;
        match event {
            Event::Eof => return Ok(()),
            Event::Start(_) if name_of(&event) == "w:p" => {
                builder.raw(raw);
                let inline = Inline::default();
                Paragraph {
                    events: &mut events,
                    builder,
                    kinds,
                    inline,
                    kind: BlockKind::Paragraph,
                }
                .read()?;
                builder.raw("</w:p>");
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
                (Event::Start(_), "w:r") => self.run()?,
                (Event::Start(_), "w:sdtPr" | "w:sdtEndPr") => drop(self.events.whole(raw)?),
                (Event::Start(_), "w:sdt" | "w:sdtContent" | "w:smartTag") => open.push(false),
                (Event::Start(_), "w:hyperlink" | "w:ins" | "w:fldSimple" | "w:moveTo") => {
                    let kind = if name == "w:hyperlink" { MarkKind::Link } else { MarkKind::Other };
                    self.inline.open(kind, raw.to_owned(), format!("</{name}>"), None);
                    open.push(true);
                }
                (Event::Start(_), _) => {
                    let whole = self.events.whole(raw)?;
                    self.inline.point(whole.to_owned());
                }
                (Event::Empty(_), "w:proofErr" | "w:lastRenderedPageBreak" | "w:r" | "w:pPr") => {}
                (Event::Empty(_), _) => self.inline.point(raw.to_owned()),
                _ => {}
            }
        }
        self.end();
        Ok(())
    }

    fn end(&mut self) {
        let base = self.inline.take_base();
        self.inline.end(self.kind, Syntax::Docx(base), self.builder);
    }

    fn run(&mut self) -> Result<()> {
        let mut properties = String::new();
        let mut text = String::new();
        loop {
            let (event, raw) = self.events.next()?;
            let name = name_of(&event);
            let is_start = matches!(event, Event::Start(_));
            match (&event, name.as_str()) {
                (Event::Eof, _) | (Event::End(_), "w:r") => break,
                (Event::Start(_), "w:rPr") => properties = properties::run(self.events.whole(raw)?),
                (Event::Start(_), "w:t") => self.text(&mut text)?,
                (_, "w:tab") => text.push('\t'),
                (_, "w:noBreakHyphen") => text.push('-'),
                (_, "w:lastRenderedPageBreak" | "w:softHyphen") => {}
                (Event::Start(_) | Event::Empty(_), _) => {
                    let whole = if is_start { self.events.whole(raw)? } else { raw };
                    self.push(&mut text, &properties);
                    let run = format!("<w:r>{properties}{whole}</w:r>");
                    if matches!(name.as_str(), "w:br" | "w:cr") {
                        self.end();
                        self.builder.raw(&run);
                    } else {
                        self.inline.point(run);
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
