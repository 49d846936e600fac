//! What is answered when there is no answer: a status, and `{"error": "…"}` as LibreTranslate's
//! clients read it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::document;
use crate::jobs::told;
use crate::translate;

/// Why a request is not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    message: String,
    /// Seconds after which it is worth to ask again.
    retry_after: Option<u64>,
}

impl Refusal {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after: None }
    }

    /// What the client has to change.
    pub fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub fn missing(name: &str) -> Self {
        Self::bad(format!("Invalid request: missing {name} parameter"))
    }

    pub fn too_much(what: &str, size: usize, limit: usize) -> Self {
        Self::bad(format!("Invalid request: {size} {what} exceed the limit of {limit}"))
    }

    pub fn too_large(limit: usize) -> Self {
        let message = format!("Invalid request: the body is larger than {limit} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    pub fn too_slow(status: StatusCode, what: &str, seconds: u64) -> Self {
        Self::new(status, format!("{what} took longer than {seconds} seconds"))
    }

    /// There is too much to do.
    pub fn full(seconds: u64) -> Self {
        let message = format!("The server has too much to do; try again in {seconds} seconds");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// The client asks too often.
    pub fn too_often(seconds: u64) -> Self {
        let message = format!("Slowdown: too many requests; try again in {seconds} seconds");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, message) }
    }

    pub fn stopping() -> Self {
        Self {
            retry_after: Some(5),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is stopping")
        }
    }

    pub fn gone() -> Self {
        Self::new(StatusCode::NOT_FOUND, "There is no such result, or not any more")
    }

    /// A document that can't be read or written.
    pub fn document(error: &document::Error) -> Self {
        let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
        Self::bad(format!("{}{hint}", told(error)))
    }

    /// A document that can't be translated.
    pub fn translation(error: &translate::Error) -> Self {
        let message = told(error);
        match error {
            translate::Error::Cancelled => Self::stopping(),
            translate::Error::Unsplittable { .. } => Self::bad(message),
            _ => Self::new(StatusCode::INTERNAL_SERVER_ERROR, message),
        }
    }

    /// What went wrong in here.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// As JSON, for an event or a body.
    pub fn json(&self) -> String {
        serde_json::json!({ "error": self.message }).to_string()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (self.status, json, self.json()).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
