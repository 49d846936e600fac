//! What is where. [`DESCRIPTION`] says it to clients; a test compares the two.

use std::time::Instant;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

use super::app::App;
use super::refusal::Refusal;
use super::{Error, Result, aligned, files, libre, metrics, page};

/// The OpenAPI description of the service, version 3.1, in JSON.
pub const DESCRIPTION: &str = include_str!("openapi.json");

fn table() -> Vec<(&'static str, &'static str, MethodRouter<App>)> {
    vec![
        ("/", "get", get(page::page)),
        ("/app.css", "get", get(page::style)),
        ("/app.js", "get", get(page::script)),
        ("/aligned", "post", post(aligned::aligned)),
        ("/detect", "post", post(libre::detect)),
        ("/download_file/{name}", "get", get(files::download)),
        ("/frontend/settings", "get", get(libre::settings)),
        ("/health", "get", get(health)),
        ("/languages", "get", get(libre::languages)),
        ("/metrics", "get", get(metrics_text)),
        ("/openapi.json", "get", get(description)),
        ("/ready", "get", get(ready)),
        ("/review/{id}", "get", get(aligned::review)),
        ("/review/{id}/{format}", "get", get(aligned::export)),
        ("/spec", "get", get(description)),
        ("/suggest", "post", post(libre::suggest)),
        ("/translate", "post", post(libre::translate)),
        ("/translate_file", "post", post(files::translate_file)),
    ]
}

/// Every path with its method, in small letters.
#[must_use]
pub fn paths() -> Vec<(&'static str, &'static str)> {
    table().into_iter().map(|(path, method, _)| (path, method)).collect()
}

/// The service.
///
/// # Errors
/// When an origin is none.
pub(super) fn router(app: &App, origins: &[String]) -> Result<Router> {
    let mut router = Router::new();
    for (path, _, method) in table() {
        router = router.route(path, method);
    }
    let router = router
        // `fields` has the limits.
        .layer(DefaultBodyLimit::disable())
        .fallback(|| async { Refusal::new(StatusCode::NOT_FOUND, "There is nothing here") })
        .method_not_allowed_fallback(|| async {
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "Not with this method")
        })
        .layer(CatchPanicLayer::custom(|_| {
            Refusal::internal("the program failed; this is a bug, please report it").into_response()
        }));
    let router = match cors(origins)? {
        Some(cors) => router.layer(cors),
        None => router,
    };
    Ok(router.layer(from_fn_with_state(app.clone(), around)).with_state(app.clone()))
}

fn cors(origins: &[String]) -> Result<Option<CorsLayer>> {
    if origins.is_empty() {
        return Ok(None);
    }
    let layer = CorsLayer::new().allow_methods([Method::GET, Method::POST]).allow_headers([
        header::ACCEPT,
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        HeaderName::from_static("x-api-key"),
    ]);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(Some(layer.allow_origin(Any)));
    }
    let parse = |origin: &String| {
        let fail = || Error::Origin { origin: origin.clone() };
        let origin = origin.trim_end_matches('/');
        let (scheme, host) = origin.split_once("://").ok_or_else(fail)?;
        if !matches!(scheme, "http" | "https") || host.is_empty() || host.contains('/') {
            return Err(fail());
        }
        HeaderValue::from_str(origin).map_err(|_| fail())
    };
    let origins = origins.iter().map(parse).collect::<Result<Vec<_>>>()?;
    Ok(Some(layer.allow_origin(AllowOrigin::list(origins))))
}

/// Around every request: what is counted and logged, and headers of every answer. No text and no key
/// is in a log, so that neither is the address, which may have them behind a question mark.
async fn around(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let path = request.extensions().get::<MatchedPath>().cloned();
    let path = path.as_ref().map_or("other", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let mut response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    app.metrics.answer(&path, status, took);
    let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(%method, path, status, milliseconds, "answered");
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if app.is_draining() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// `GET /health`: whether the program runs as it should; restart it if not.
async fn health(State(app): State<App>) -> std::result::Result<Json<Value>, Refusal> {
    if !app.queue.is_alive() {
        return Err(Refusal::internal("the translator stopped"));
    }
    let (model, licence) = &app.model;
    let version = env!("CARGO_PKG_VERSION");
    Ok(Json(json!({"status": "ok", "version": version, "model": model, "licence": licence})))
}

/// `GET /ready`: whether it takes requests.
async fn ready(State(app): State<App>) -> std::result::Result<Json<Value>, Refusal> {
    if app.is_draining() || !app.queue.is_alive() {
        return Err(Refusal::stopping());
    }
    Ok(Json(json!({"status": "ready"})))
}

/// `GET /openapi.json`
async fn description() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION)
}

/// `GET /metrics`
async fn metrics_text(State(app): State<App>) -> std::result::Result<Response, Refusal> {
    let text = app.metrics.text().map_err(|_| Refusal::internal("metrics can't be written"))?;
    Ok(([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response())
}
