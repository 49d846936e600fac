//! News in XML: NITF, and NewsML-G2 that carries NITF, XHTML or plain text. Elements that hold
//! running text are blocks, what is inside them is markup, and the rest stays to the byte.
//! Parsing is quick-xml's, which fetches nothing and expands nothing; a file that declares
//! entities of its own is refused.

use std::fmt::Write as _;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::inline::Inline;
use super::{html, text};
use crate::document::skeleton::Builder;
use crate::document::{Article, BlockKind, Error, MarkKind, Result, SourceFormat, Syntax, render};

/// Elements in each other; news has about 20.
const DEEPEST: usize = 512;

/// What an element's text is; `None` for one whose text is no block.
fn block_kind(name: &str) -> Option<BlockKind> {
    Some(match name {
        "hl1" | "headline" | "h1" => BlockKind::Title,
        "hl2" | "h2" | "h3" | "h4" | "h5" | "h6" | "hl3" | "hl4" => BlockKind::Heading,
        "p" | "lead" | "byline" | "byttl" | "dateline" | "description" | "blockquote" | "td"
        | "th" | "dd" | "dt" | "credit" | "tagline" | "bq" | "pre" | "inlineData" => {
            BlockKind::Paragraph
        }
        "li" => BlockKind::ListItem,
        "media-caption" | "caption" | "figcaption" => BlockKind::Caption,
        _ => return None,
    })
}

/// What an element inside a block means.
fn mark_kind(name: &str) -> MarkKind {
    match name {
        "a" => MarkKind::Link,
        "b" | "strong" => MarkKind::Strong,
        "i" | "em" => MarkKind::Emphasis,
        "code" => MarkKind::Code,
        _ => MarkKind::Other,
    }
}

pub(super) fn read(name: String, file: &str) -> Result<Article> {
    // The parser passes over a byte order mark and does not count it.
    let file = file.trim_start_matches('\u{FEFF}');
    let mut walk = Walk {
        file,
        builder: Builder::default(),
        inline: Inline::default(),
        open: Vec::new(),
        has_title: false,
        is_plain: false,
        skipped: 0,
    };
    match walk.run() {
        Ok(()) => walk.builder.finish(name, SourceFormat::NewsXml, None),
        Err(Stop::Damaged(reason)) => Err(Error::Damaged { name, what: "XML", reason }),
        Err(Stop::Refused(reason)) => Err(Error::Refused { name, reason }),
    }
}

/// Why reading stops.
pub(super) enum Stop {
    Damaged(String),
    Refused(String),
}

impl From<quick_xml::Error> for Stop {
    fn from(error: quick_xml::Error) -> Self {
        Self::Damaged(error.to_string())
    }
}

/// An element that is open.
enum Open {
    Block(BlockKind),
    Mark,
    Other,
}

struct Walk<'a> {
    file: &'a str,
    builder: Builder,
    inline: Inline,
    open: Vec<Open>,
    has_title: bool,
    /// Whether paragraphs are parted by line ends here, not by elements.
    is_plain: bool,
    /// Elements that are open in one that is dropped, and that one.
    skipped: usize,
}

impl Walk<'_> {
    fn run(&mut self) -> std::result::Result<(), Stop> {
        let mut reader = Reader::from_str(self.file);
        let mut at = 0;
        loop {
            let event = reader.read_event()?;
            let next = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let raw = self.file.get(at..next).unwrap_or_default();
            at = next;
            if self.skips(&event) {
                continue;
            }
            match event {
                Event::Start(tag) => {
                    if self.open.len() == DEEPEST {
                        return Err(Stop::Refused("its elements nest too deep".into()));
                    }
                    if self.open.is_empty() && matches!(tag.local_name().as_ref(), "tmx" | "xliff")
                    {
                        let reason = "it is a translation already: `tarjoman export` reads it";
                        return Err(Stop::Refused(reason.into()));
                    }
                    self.start(tag.local_name().as_ref(), &harmless(&tag, raw)?);
                }
                Event::End(tag) => self.end(raw, tag.local_name().as_ref()),
                Event::Empty(tag) => {
                    let local = tag.local_name();
                    let name: &str = local.as_ref();
                    let raw = localized(&harmless(&tag, raw)?);
                    if is_dropped(name) {
                    } else if self.block().is_none() || name == "br" {
                        self.end_block();
                        self.builder.raw(&raw);
                    } else {
                        self.inline.point(raw);
                    }
                }
                Event::Text(_) => self.text(raw, raw),
                Event::CData(data) => self.text(raw, &data),
                Event::GeneralRef(reference) => {
                    let text = resolve(&reference)?;
                    self.text(raw, &text);
                }
                Event::DocType(_) => {
                    refuse_entities(raw)?;
                    self.builder.raw(raw);
                }
                Event::Decl(_) => self.builder.raw(raw),
                Event::PI(_) | Event::Comment(_) => {
                    // Inside a block it would part words.
                    if self.block().is_none() {
                        self.builder.raw(raw);
                    }
                }
                Event::Eof => break,
            }
        }
        if !self.open.is_empty() {
            return Err(Stop::Damaged("it ends inside an element".into()));
        }
        Ok(())
    }

    /// Whether an event is in an element that is dropped, or begins one.
    fn skips(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Start(tag) if self.skipped > 0 || is_dropped(tag.local_name().as_ref()) => {
                self.skipped += 1;
                true
            }
            Event::End(_) if self.skipped > 0 => {
                self.skipped -= 1;
                true
            }
            Event::Eof => false,
            _ => self.skipped > 0,
        }
    }

    /// The kind of the block that is being read.
    fn block(&self) -> Option<BlockKind> {
        self.open.iter().rev().find_map(|open| match open {
            Open::Block(kind) => Some(*kind),
            _ => None,
        })
    }

    fn start(&mut self, name: &str, raw: &str) {
        if let Some(kind) = block_kind(name) {
            self.end_block();
            self.builder.raw(&localized(raw));
            let is_title = kind == BlockKind::Title;
            let kind = if is_title && self.has_title { BlockKind::Heading } else { kind };
            self.has_title |= is_title;
            // A paragraph in a list item or a caption is one.
            let around = self.block().filter(|_| kind == BlockKind::Paragraph);
            self.open.push(Open::Block(around.unwrap_or(kind)));
            self.is_plain = name == "inlineData";
        } else if self.block().is_some() {
            let close = raw[1..].split(|c: char| c.is_whitespace() || c == '>').next();
            let close = format!("</{}>", close.unwrap_or_default());
            let href = attribute(raw, "href").map(str::to_owned);
            self.inline.open(mark_kind(name), localized(raw), close, href);
            self.open.push(Open::Mark);
        } else {
            self.builder.raw(&localized(raw));
            self.open.push(Open::Other);
        }
    }

    fn end(&mut self, raw: &str, name: &str) {
        match self.open.last() {
            Some(Open::Mark) => self.inline.close(),
            Some(Open::Block(_)) => {
                if name == "inlineData" && std::mem::take(&mut self.is_plain) {
                    self.end_paragraphs();
                }
                self.end_block();
                self.builder.raw(raw);
            }
            _ => self.builder.raw(raw),
        }
        self.open.pop();
    }

    fn text(&mut self, raw: &str, text: &str) {
        let is_gap = self.inline.is_empty() && text.trim().is_empty() && raw == text;
        if is_gap || self.block().is_none() {
            self.builder.raw(raw);
        } else if self.is_plain {
            self.inline.text(text);
        } else {
            self.inline.collapsed(text);
        }
    }

    /// Plain text in XML: its paragraphs are those of a text file.
    fn end_paragraphs(&mut self) {
        let Some((whole, _)) = std::mem::take(&mut self.inline).take() else { return };
        let Ok(article) = text::read(String::new(), &whole) else { return };
        let escaped = |text: &str| {
            let mut escaped = String::new();
            render::xml(text, &mut escaped);
            escaped
        };
        for block in article.blocks {
            self.builder.raw(&escaped(&block.before));
            self.builder.place(block.kind, block.text, Vec::new(), Syntax::Xml);
        }
        self.builder.raw(&escaped(&article.after));
    }

    fn end_block(&mut self) {
        let kind = self.block().unwrap_or_default();
        self.inline.end(kind, Syntax::Xml, &mut self.builder);
    }
}

/// XHTML may be in the news; what runs there is dropped.
fn is_dropped(name: &str) -> bool {
    matches!(name, "script" | "style" | "iframe" | "object" | "embed" | "form" | "svg")
}

/// A tag without attributes that run something: handlers, and addresses that are scripts. A tag
/// whose quotes do not pair is none: what it would be when written again nobody knows.
fn harmless(tag: &BytesStart<'_>, raw: &str) -> std::result::Result<String, Stop> {
    let is_bad = |key: &str, value: &str| {
        let key = key.to_ascii_lowercase();
        key.starts_with("on")
            || (matches!(key.as_str(), "href" | "src" | "action" | "formaction" | "xlink:href")
                && (!html::is_safe_address(value, key == "src") || value.contains("&#")))
    };
    let is_name = |name: &str| !name.contains(['"', '\'', '<', '>', '&', '=']);
    let broken = || Stop::Damaged("a tag in it is broken".into());
    if !is_name(tag.name().as_ref()) {
        return Err(broken());
    }
    let mut attributes = tag.html_attributes();
    let mut is_whole = true;
    let mut kept = format!("<{}", tag.name().as_ref());
    for attribute in attributes.with_checks(false) {
        let attribute = attribute.map_err(|_| broken())?;
        let key: &str = attribute.key.as_ref();
        if !is_name(key) || attribute.value.contains('<') {
            return Err(broken());
        }
        if is_bad(key, &attribute.value) {
            is_whole = false;
        } else {
            let _ = write!(kept, " {key}=\"{}\"", attribute.value.replace('"', "&quot;"));
        }
    }
    kept.push_str(if raw.ends_with("/>") { "/>" } else { ">" });
    Ok(if is_whole { raw.to_owned() } else { kept })
}

/// The value of an attribute whatever its prefix; empty without one. Of any number: whether one
/// comes twice is not looked at, which would take the square of the time.
pub(super) fn attribute_of(tag: &BytesStart<'_>, name: &str) -> String {
    let mut attributes = tag.attributes();
    let mut attributes = attributes.with_checks(false).flatten();
    let found = attributes.find(|attribute| attribute.key.local_name().as_ref() == name);
    found.map(|attribute| attribute.value.into_owned()).unwrap_or_default()
}

/// The text of an entity: XML's five, and characters by number.
pub(super) fn resolve(reference: &BytesRef<'_>) -> std::result::Result<String, Stop> {
    if let Some(c) = reference.resolve_char_ref().map_err(Stop::from)? {
        return Ok(c.to_string());
    }
    let name: &str = reference;
    let text = match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        "nbsp" => "\u{A0}",
        "zwnj" => "\u{200C}",
        "laquo" => "«",
        "raquo" => "»",
        _ => return Err(Stop::Refused(format!("the entity &{name}; is not one of XML's own"))),
    };
    Ok(text.into())
}

pub(super) fn refuse_entities(doctype: &str) -> std::result::Result<(), Stop> {
    if doctype.contains("<!ENTITY") || doctype.contains("<!entity") {
        return Err(Stop::Refused("it declares entities of its own".into()));
    }
    Ok(())
}

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.match_indices(name).map(|(at, _)| at).find(|at| {
        tag[..*at].ends_with(char::is_whitespace)
            && tag[at + name.len()..].trim_start().starts_with('=')
    })?;
    let rest = tag[at + name.len()..].trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest[1..].split(quote).next()
}

/// A tag with the language and direction of the translation.
fn localized(tag: &str) -> String {
    let mut localized = tag.to_owned();
    let is_language_tag =
        tag[1..].split(char::is_whitespace).next().is_some_and(|name| name.ends_with("language"));
    let names: &[(&str, &str)] = if is_language_tag {
        &[("xml:lang", "en"), ("lang", "en"), ("dir", "ltr"), ("tag", "en")]
    } else {
        &[("xml:lang", "en"), ("lang", "en"), ("dir", "ltr")]
    };
    for (name, value) in names {
        if let Some(old) = attribute(&localized, name)
            && (old.starts_with("fa")
                || old.starts_with("per")
                || old.starts_with("pes")
                || old == "rtl")
        {
            let at = old.as_ptr() as usize - localized.as_ptr() as usize;
            let length = old.len();
            localized.replace_range(at..at + length, value);
        }
    }
    localized
}
