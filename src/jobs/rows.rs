//! Rows of JSON lines: one object a line, of which all that is not ours comes out as it came in.

use std::fmt;
use std::io::{self, BufRead, Read as _, Write};

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Keys that answers have. An input row that has them (an answer sent again) loses them.
const OURS: [&str; 8] =
    ["translation", "score", "candidates", "sentences", "issues", "provenance", "error", "line"];

/// A longer line is refused, or one line could fill the memory.
pub(super) const LONGEST_LINE: u64 = 16 << 20;

/// One line of the input.
pub(super) enum Line {
    /// Its bytes without the line end.
    Bytes(Vec<u8>),
    /// It has more than [`LONGEST_LINE`] bytes, which were skipped.
    TooLong,
}

/// Reads the next line; `None` at the end.
pub(super) fn read_line(input: &mut dyn BufRead) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    if input.take(LONGEST_LINE).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
    } else if bytes.len() as u64 == LONGEST_LINE {
        input.skip_until(b'\n')?;
        return Ok(Some(Line::TooLong));
    }
    Ok(Some(Line::Bytes(bytes)))
}

/// An object whose values are kept as they were written: numbers keep their digits, strings
/// their escapes, and keys their order.
#[derive(Debug)]
pub(super) struct Row(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Row(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

impl Row {
    /// Reads a line. What is wrong with it comes with as much of the row as could be read.
    pub fn parse(bytes: &[u8]) -> Result<Self, (Self, String)> {
        let nothing = |reason: String| (Self(Vec::new()), reason);
        if bytes.trim_ascii().is_empty() {
            return Err(nothing("the line is blank".into()));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => serde_json::from_str(text)
                .map_err(|error| nothing(format!("the line is no JSON object: {error}"))),
            Err(error) => {
                let reason = format!("the line is not UTF-8 (byte {})", error.valid_up_to());
                // Its id may be whole all the same.
                let row: Self = serde_json::from_str(&String::from_utf8_lossy(bytes))
                    .map_err(|_| nothing(reason.clone()))?;
                Err((Self(row.0.into_iter().filter(|(key, _)| key == "id").collect()), reason))
            }
        }
    }

    /// A row of which nothing is known.
    pub fn unknown() -> Self {
        Self(Vec::new())
    }

    /// A field that holds text. Of several of one name the last counts, as everywhere. A text
    /// that can't be read (half a surrogate pair) leaves the row, or nobody could read the answer.
    pub fn text(&mut self, field: &str) -> Result<String, String> {
        let Some(at) = self.0.iter().rposition(|(key, _)| key == field) else {
            return Err(format!("there is no field {field:?}"));
        };
        let value = self.0[at].1.get();
        if let Ok(text) = serde_json::from_str(value) {
            return Ok(text);
        }
        if value.starts_with('"') {
            self.0.remove(at);
            return Err(format!("field {field:?} has an escape that is no character"));
        }
        let start: String = value.chars().take(40).collect();
        Err(format!("field {field:?} is no text but {start}"))
    }

    /// Writes the row with the fields of an answer after its own. `answer` serialises as an
    /// object with at least one key.
    pub fn write(&self, answer: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"{")?;
        let is_theirs = |key: &str| !OURS.contains(&key);
        if self.0.is_empty() {
            out.write_all(b"\"id\":null,")?;
        }
        for (key, value) in self.0.iter().filter(|(key, _)| is_theirs(key)) {
            serde_json::to_writer(&mut *out, key)?;
            write!(out, ":{},", value.get())?;
        }
        let answer = serde_json::to_vec(answer)?;
        out.write_all(answer.strip_prefix(b"{").unwrap_or(&answer))?;
        out.write_all(b"\n")
    }
}
