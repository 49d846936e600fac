//! The page for people: a text or a file goes in, its progress is shown, and the review page comes
//! out. Its parts are files of their own, so that the Content Security Policy can forbid all else.

use axum::http::header;
use axum::response::IntoResponse;

/// Nothing but the page's own parts, and requests to this server.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; trusted-types 'none'; \
     require-trusted-types-for 'script'";

fn part(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY)], text)
}

/// `GET /`
pub(super) async fn page() -> impl IntoResponse {
    part("text/html; charset=utf-8", include_str!("../../templates/serve.html"))
}

/// `GET /app.js`
pub(super) async fn script() -> impl IntoResponse {
    part("text/javascript; charset=utf-8", include_str!("../../templates/serve.js"))
}

/// `GET /app.css`
pub(super) async fn style() -> impl IntoResponse {
    part("text/css; charset=utf-8", include_str!("../../templates/serve.css"))
}
