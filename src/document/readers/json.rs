//! News in JSON: ninjs, and JSON lines with a record a line. What is not text stays to the
//! byte; ids stay, `language` becomes that of the translation. Parsing is `serde_json`'s.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{html, text};
use crate::document::skeleton::Builder;
use crate::document::{Article, BlockKind, Error, Result, SourceFormat, Syntax, render};

/// Keys of text, and what it is. Where one record has several, the order is the file's.
const TEXTS: &[(&str, BlockKind)] = &[
    ("headline", BlockKind::Title),
    ("title", BlockKind::Title),
    ("description_text", BlockKind::Paragraph),
    ("description_html", BlockKind::Paragraph),
    ("description", BlockKind::Paragraph),
    ("lead", BlockKind::Paragraph),
    ("summary", BlockKind::Paragraph),
    ("abstract", BlockKind::Paragraph),
    ("subtitle", BlockKind::Heading),
    ("body_text", BlockKind::Paragraph),
    ("body_html", BlockKind::Paragraph),
    ("body_xhtml", BlockKind::Paragraph),
    ("body", BlockKind::Paragraph),
    ("content", BlockKind::Paragraph),
    ("text", BlockKind::Paragraph),
    ("html", BlockKind::Paragraph),
    ("caption", BlockKind::Caption),
];

/// Lists of `{ "value": ... }` (ninjs 2 and 3).
const LISTS: &[(&str, BlockKind)] = &[
    ("headlines", BlockKind::Title),
    ("descriptions", BlockKind::Paragraph),
    ("bodies", BlockKind::Paragraph),
];

/// The schema of our own output, which is no article.
const ALIGNED: &str = "tarjoman.aligned/";

type Object<'a> = BTreeMap<String, &'a RawValue>;

/// Reads one object.
pub(super) fn read_ninjs(name: String, file: &str) -> Result<Article> {
    let mut walk = Walk { name: &name, file, builder: Builder::default(), done: 0, line: 0 };
    walk.object(file.trim_start_matches('\u{FEFF}'), false)?;
    walk.finish().finish(name, SourceFormat::Ninjs, None)
}

/// Reads an object a line; blank lines stay.
pub(super) fn read_lines(name: String, file: &str) -> Result<Article> {
    let mut walk = Walk { name: &name, file, builder: Builder::default(), done: 0, line: 0 };
    for line in file.split_inclusive('\n') {
        walk.line += 1;
        let line = line.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
        if !line.is_empty() {
            walk.object(line, false)?;
        }
    }
    walk.finish().finish(name, SourceFormat::Jsonl, None)
}

struct Walk<'a> {
    name: &'a str,
    file: &'a str,
    builder: Builder,
    /// The bytes before are in the article.
    done: usize,
    /// Of JSON lines: the line, from 1.
    line: usize,
}

impl<'a> Walk<'a> {
    fn finish(mut self) -> Builder {
        self.builder.raw(&self.file[self.done..]);
        self.builder
    }

    fn fail(&self, error: &serde_json::Error) -> Error {
        let mut reason = error.to_string();
        if self.line > 0 {
            reason = format!("line {}: {reason}", self.line);
        }
        Error::Damaged { name: self.name.to_owned(), what: "JSON", reason }
    }

    fn parse<T: serde::Deserialize<'a>>(&self, json: &'a str) -> Result<T> {
        serde_json::from_str(json).map_err(|error| self.fail(&error))
    }

    fn object(&mut self, json: &'a str, is_picture: bool) -> Result<()> {
        let object: Object<'a> = self.parse(json)?;
        if object.get("schema").is_some_and(|value| value.get().contains(ALIGNED)) {
            let reason = "it is a translation already: `tarjoman export` reads it".into();
            return Err(Error::Refused { name: self.name.to_owned(), reason });
        }
        let mut fields: Vec<(&String, &'a RawValue)> =
            object.iter().map(|(key, value)| (key, *value)).collect();
        fields.sort_by_key(|(_, value)| self.place(value.get()));
        for (key, value) in fields {
            let raw = value.get();
            let find = |table: &[(&str, BlockKind)]| {
                table.iter().find(|(name, _)| name == key).map(|(_, kind)| *kind)
            };
            if let Some(kind) = find(TEXTS) {
                if raw.starts_with('"') {
                    self.string(key, raw, if is_picture { BlockKind::Caption } else { kind })?;
                }
            } else if let Some(kind) = find(LISTS) {
                for entry in self.list(raw)? {
                    self.value(entry, kind)?;
                }
            } else if key == "associations" {
                self.associations(raw)?;
            } else if matches!(key.as_str(), "language" | "lang") && raw.starts_with('"') {
                self.raw_to(self.place(raw));
                self.builder.raw("\"en\"");
                self.done += raw.len();
            }
        }
        Ok(())
    }

    /// Pictures and other articles that belong to this one: an object by name, or a list.
    fn associations(&mut self, raw: &'a str) -> Result<()> {
        let mut values: Vec<&'a str> = if raw.starts_with('{') {
            let object: Object<'a> = self.parse(raw)?;
            object.values().map(|value| value.get()).collect()
        } else {
            self.list(raw)?
        };
        values.sort_by_key(|value| self.place(value));
        values
            .into_iter()
            .filter(|value| value.starts_with('{'))
            .try_for_each(|value| self.object(value, true))
    }

    fn list(&self, raw: &'a str) -> Result<Vec<&'a str>> {
        if !raw.starts_with('[') {
            return Ok(Vec::new());
        }
        let list: Vec<&'a RawValue> = self.parse(raw)?;
        Ok(list.into_iter().map(RawValue::get).collect())
    }

    /// `{ "value": ..., "contenttype": ... }`
    fn value(&mut self, raw: &'a str, kind: BlockKind) -> Result<()> {
        if !raw.starts_with('{') {
            return Ok(());
        }
        let object: Object<'a> = self.parse(raw)?;
        let is_html = object.get("contenttype").is_some_and(|kind| kind.get().contains("html"));
        match object.get("value") {
            Some(value) if value.get().starts_with('"') => {
                self.string(if is_html { "html" } else { "" }, value.get(), kind)
            }
            _ => Ok(()),
        }
    }

    /// The text of a string of JSON, plain or HTML.
    fn string(&mut self, key: &str, raw: &'a str, kind: BlockKind) -> Result<()> {
        let value: String = self.parse(raw)?;
        let inside = self.place(raw) + 1;
        if !value.chars().any(char::is_alphanumeric) {
            return Ok(());
        }
        self.raw_to(inside);
        let first = self.builder.blocks().len();
        if key.ends_with("html") || looks_like_html(&value) {
            html::read_part(self.name, &value, Syntax::JsonXml, &mut self.builder, escape)?;
        } else {
            let article = text::read(self.name.to_owned(), &value)?;
            for block in article.blocks {
                self.builder.raw(&escape(&block.before));
                // The title is a field of its own.
                let inside = match block.kind {
                    BlockKind::Title => BlockKind::Heading,
                    kind => kind,
                };
                self.builder.place(inside, block.text, Vec::new(), Syntax::Json);
            }
            self.builder.raw(&escape(&article.after));
        }
        if kind != BlockKind::Paragraph {
            self.builder.blocks_mut()[first..].iter_mut().for_each(|block| block.kind = kind);
        }
        self.done = inside + raw.len() - 2;
        Ok(())
    }

    /// Where a part of the file stands in it.
    fn place(&self, part: &str) -> usize {
        part.as_ptr() as usize - self.file.as_ptr() as usize
    }

    fn raw_to(&mut self, end: usize) {
        self.builder.raw(&self.file[self.done..end]);
        self.done = end;
    }
}

fn looks_like_html(value: &str) -> bool {
    let value = value.trim_start();
    ["<p", "<div", "<h1", "<h2", "<article", "<section", "<ul"]
        .iter()
        .any(|tag| value.strip_prefix(tag).is_some_and(|rest| rest.starts_with([' ', '>', '\n'])))
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    render::json(text, &mut escaped);
    escaped
}
