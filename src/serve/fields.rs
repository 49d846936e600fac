//! What a client sends: JSON, a form, or a form with a file, all read the same way. Owns the bounds
//! on bodies: bytes of one, bytes of all that are being read, and time.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::StreamExt as _;
use serde_json::{Map, Value};

use super::app::App;
use super::refusal::Refusal;

/// Bodies of the greatest size that may be in memory at a time.
const BODIES: usize = 16;

/// Bytes of bodies in memory.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// The fields of a request.
pub(super) struct Fields {
    values: Map<String, Value>,
    pub file: Option<Upload>,
    _held: Held,
}

/// A file that was sent.
pub(super) struct Upload {
    /// As the client calls it, without folders.
    pub name: String,
    pub bytes: Vec<u8>,
}

/// One text, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Texts {
    One(String),
    Many(Vec<String>),
}

impl Texts {
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Many(texts) => texts,
        }
    }
}

/// Bytes that count against all bodies.
struct Held(usize);

impl Held {
    fn add(&mut self, bytes: usize, most: usize) -> Result<(), Refusal> {
        self.0 += bytes;
        if HELD.fetch_add(bytes, Ordering::Relaxed) + bytes > most {
            return Err(Refusal::full(1));
        }
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// Reads a request.
///
/// # Errors
/// When it is too large, too slow, or not what it says to be.
pub(super) async fn read(app: &App, request: Request) -> Result<(Parts, Fields), Refusal> {
    let (head, body) = request.into_parts();
    let slow = app.limits.slow;
    let (bytes, counted) =
        tokio::time::timeout(slow, whole(app, &head.headers, body)).await.map_err(|_| {
            Refusal::too_slow(StatusCode::REQUEST_TIMEOUT, "Reading the request", slow.as_secs())
        })??;
    let mut values = Map::new();
    pairs(&mut values, head.uri.query().unwrap_or_default().as_bytes());
    let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let mut file = None;
    match essence {
        "application/x-www-form-urlencoded" => {
            std::str::from_utf8(&bytes).map_err(|_| Refusal::bad("Invalid form: not UTF-8"))?;
            let mut form = Map::new();
            pairs(&mut form, &bytes);
            values.extend(form);
        }
        "multipart/form-data" => file = multipart(&head, bytes, &mut values).await?,
        _ if essence == "application/json" || essence.ends_with("+json") => {
            values.extend(object(&bytes)?);
        }
        "" if bytes.is_empty() => {}
        // curl says that it sends a form whatever it sends; a client that says nothing sends JSON.
        "" => values.extend(object(&bytes)?),
        _ => {
            let message = "Invalid request: send application/json, application/x-www-form-urlencoded or multipart/form-data";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
    }
    Ok((head, Fields { values, file, _held: counted }))
}

async fn whole(app: &App, headers: &HeaderMap, body: Body) -> Result<(Bytes, Held), Refusal> {
    let limit = app.limits.body;
    let told = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse().ok());
    if told.is_some_and(|length: usize| length > limit) {
        return Err(Refusal::too_large(limit));
    }
    let (mut bytes, mut held) = (Vec::new(), Held(0));
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad("Invalid request: the body is not whole"))?;
        if bytes.len() + chunk.len() > limit {
            return Err(Refusal::too_large(limit));
        }
        held.add(chunk.len(), limit.saturating_mul(BODIES))?;
        bytes.extend_from_slice(&chunk);
    }
    Ok((bytes.into(), held))
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Refusal::bad("Invalid JSON format: not an object")),
        Err(error) => Err(Refusal::bad(format!("Invalid JSON format: {error}"))),
    }
}

/// Fields of a form; what comes twice is a list.
fn pairs(values: &mut Map<String, Value>, form: &[u8]) {
    for (name, value) in form_urlencoded::parse(form) {
        put(values, name.trim_end_matches("[]"), &value);
    }
}

fn put(values: &mut Map<String, Value>, name: &str, value: &str) {
    // Browsers send CRLF for the line ends of a form.
    let value = Value::from(value.replace("\r\n", "\n"));
    match values.get_mut(name) {
        Some(Value::Array(values)) => values.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
        None => {
            values.insert(name.to_owned(), value);
        }
    }
}

async fn multipart(
    head: &Parts,
    bytes: Bytes,
    values: &mut Map<String, Value>,
) -> Result<Option<Upload>, Refusal> {
    let bad = |error: &dyn std::fmt::Display| Refusal::bad(format!("Invalid form: {error}"));
    let request = Request::from_parts(head.clone(), Body::from(bytes));
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| bad(&error))?;
    let (mut file, mut own) = (None, Map::new());
    while let Some(field) = form.next_field().await.map_err(|error| bad(&error.body_text()))? {
        let name = field.name().unwrap_or_default().trim_end_matches("[]").to_owned();
        if let Some(called) = field.file_name().map(str::to_owned) {
            let bytes = field.bytes().await.map_err(|error| bad(&error.body_text()))?;
            let called = called.rsplit(['/', '\\']).next().unwrap_or_default();
            let called: String = called.chars().filter(|c| !c.is_control()).take(200).collect();
            if name == "file" {
                file = Some(Upload { name: called, bytes: bytes.into() });
            }
        } else {
            let text = field.text().await.map_err(|error| bad(&error.body_text()))?;
            put(&mut own, &name, &text);
        }
    }
    values.extend(own);
    Ok(file)
}

impl Fields {
    /// A field that is a text; of several the first, as forms have them. One that is null or empty is
    /// not there.
    ///
    /// # Errors
    /// When it is something else.
    pub fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.values.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone()).filter(|text| !text.is_empty())),
            _ => Err(Refusal::bad(format!("Invalid request: {name} is not a text"))),
        }
    }

    /// A field that is a text or a list of texts.
    ///
    /// # Errors
    /// When it is something else.
    pub fn texts(&self, name: &str) -> Result<Option<Texts>, Refusal> {
        match self.values.get(name) {
            Some(Value::Array(values)) => {
                let text = |value: &Value| value.as_str().map(str::to_owned);
                let texts: Option<Vec<String>> = values.iter().map(text).collect();
                let refuse =
                    || Refusal::bad(format!("Invalid request: {name} is not a list of texts"));
                texts
                    .filter(|texts| !texts.is_empty())
                    .map(Texts::Many)
                    .map(Some)
                    .ok_or_else(refuse)
            }
            _ => Ok(self.text(name)?.map(Texts::One)),
        }
    }

    /// A field that is a whole number, from 0; forms have it as text.
    ///
    /// # Errors
    /// When it is something else.
    pub fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let found = match self.values.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(value) => value.as_u64().and_then(|number| usize::try_from(number).ok()),
        };
        let refuse = || Refusal::bad(format!("Invalid request: {name} is not a whole number"));
        found.map(Some).ok_or_else(refuse)
    }
}
