//! Properties of paragraphs, runs and styles: what they say of a block's kind, and how they
//! read when the text runs from left to right.

use std::collections::HashMap;

use quick_xml::events::Event;

use super::{Events, name_of};
use crate::document::BlockKind;

/// Kinds of paragraphs by the id of their style.
pub(super) type Kinds = HashMap<String, BlockKind>;

/// The value of `name="..."` in the first tag `<tag ...>` of a piece of XML.
pub(super) fn value<'a>(xml: &'a str, tag: &str, name: &str) -> Option<&'a str> {
    let rest = find_tag(xml, tag)?;
    let tag = &rest[..=rest.find('>')?];
    let at = tag.find(&format!("{name}=\""))? + name.len() + 2;
    tag[at..].split('"').next()
}

/// The text from the first `<tag` on, where no longer name begins so.
fn find_tag<'a>(xml: &'a str, tag: &str) -> Option<&'a str> {
    let mut found = xml.match_indices(tag);
    let at = found.find(|(at, _)| {
        xml[..*at].ends_with('<') && xml[at + tag.len()..].starts_with([' ', '/', '>'])
    })?;
    Some(&xml[at.0 - 1..])
}

/// Whether a property is there and not switched off.
pub(super) fn is_on(xml: &str, tag: &str) -> bool {
    find_tag(xml, tag).is_some()
        && !matches!(value(xml, tag, "w:val"), Some("0" | "false" | "off" | "none"))
}

/// What the styles are for, by their names: ids are of the language of the program.
pub(super) fn style_kinds(styles: &str) -> Kinds {
    let mut kinds = Kinds::new();
    for style in styles.split("<w:style ").skip(1) {
        let style = style.split("</w:style>").next().unwrap_or_default();
        let id = style.split("w:styleId=\"").nth(1).and_then(|rest| rest.split('"').next());
        let name = value(style, "w:name", "w:val").unwrap_or_default().to_lowercase();
        if let (Some(id), Some(kind)) = (id, kind_of_name(&name)) {
            kinds.insert(id.to_owned(), kind);
        }
    }
    kinds
}

fn kind_of_name(name: &str) -> Option<BlockKind> {
    if name == "title" {
        Some(BlockKind::Title)
    } else if name.starts_with("heading") || name == "subtitle" {
        Some(BlockKind::Heading)
    } else if name == "caption" {
        Some(BlockKind::Caption)
    } else if name.starts_with("list") {
        Some(BlockKind::ListItem)
    } else {
        None
    }
}

/// The kind of a paragraph.
pub(super) fn kind(properties: &str, kinds: &Kinds) -> BlockKind {
    let style = value(properties, "w:pStyle", "w:val").unwrap_or_default();
    if let Some(kind) = kinds.get(style).copied().or_else(|| kind_of_name(&style.to_lowercase())) {
        return kind;
    }
    if find_tag(properties, "w:outlineLvl").is_some() {
        BlockKind::Heading
    } else if find_tag(properties, "w:numPr").is_some() {
        BlockKind::ListItem
    } else {
        BlockKind::Paragraph
    }
}

/// Properties of text that runs from left to right.
pub(super) fn left_to_right(xml: &str) -> String {
    let mut out = String::with_capacity(xml.len());
    let mut rest = xml;
    while let Some(at) = rest.find("<w:") {
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        out.push_str(&rest[..at]);
        let tag = &rest[at..end];
        let name = tag[1..].split([' ', '/', '>']).next().unwrap_or_default();
        match name {
            // Named, not left out: a style may ask for it.
            "w:bidi" | "w:rtl" if tag.ends_with("/>") => {
                out.push('<');
                out.push_str(name);
                out.push_str(" w:val=\"0\"/>");
            }
            "w:bidiVisual" | "w:rtlGutter" => {}
            "w:jc"
                if ["left", "right", "start", "end"]
                    .contains(&value(tag, name, "w:val").unwrap_or_default()) => {}
            _ => out.push_str(tag),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// Properties of a run as English has them: Word keeps a second set for right-to-left text.
pub(super) fn run(properties: &str) -> String {
    let is_rtl = is_on(properties, "w:rtl") || is_on(properties, "w:cs");
    let mut out = String::with_capacity(properties.len());
    let mut events = Events::new(properties);
    while let Ok((event, raw)) = events.next() {
        let name = name_of(&event);
        match (name.as_str(), is_rtl) {
            _ if matches!(event, Event::Eof) => break,
            ("w:rtl" | "w:cs" | "w:lang" | "w:noProof", _)
            | ("w:bCs" | "w:iCs" | "w:szCs", false) => {}
            // Some programs write the first set alone, whatever the direction.
            ("w:b" | "w:i" | "w:sz", true)
                if find_tag(properties, &format!("{name}Cs")).is_some() => {}
            ("w:bCs" | "w:iCs" | "w:szCs", true) => {
                let latin = name.strip_suffix("Cs").unwrap_or(&name);
                out.push_str(&raw.replacen(&name, latin, 1));
            }
            ("w:rFonts", _) => {
                // A hint says which of the fonts a character takes; in English it is the first.
                if ["w:ascii", "w:asciiTheme"]
                    .iter()
                    .any(|key| value(raw, "w:rFonts", key).is_some())
                {
                    out.push_str(raw);
                }
            }
            _ => out.push_str(raw),
        }
    }
    if out == "<w:rPr></w:rPr>" || out == "<w:rPr/>" { String::new() } else { out }
}
