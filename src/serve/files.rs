//! `/translate_file`: a file in, the same file in English out, fetched from where the answer says.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::app::App;
use super::documents::{aside, beginning, characters, file_name, media_type, read_file, write};
use super::fields;
use super::languages::Wanted;
use super::refusal::Refusal;
use super::store::Kept;
use crate::document::Article;
use crate::document::writers::Format;
use crate::translate::Share;

/// `POST /translate_file`
pub(super) async fn translate_file(
    State(app): State<App>,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (head, mut fields) = fields::read(&app, request).await?;
    app.authorise(&head, &fields)?;
    let file = fields.file.take().ok_or_else(|| Refusal::missing("file"))?;
    let source = fields.text("source")?.ok_or_else(|| Refusal::missing("source"))?;
    let target = fields.text("target")?.ok_or_else(|| Refusal::missing("target"))?;
    let name = file_name(&file.name, &app.languages.target().code, "");
    let read = aside(move || {
        let own = Kept::File {
            name: file.name.clone(),
            kind: "application/octet-stream",
            bytes: file.bytes.as_slice().into(),
        };
        read_file(file).map(|article| (article, own))
    });
    let (article, own) = read.await??;
    let seen = [beginning(&article)];
    let kept = if app.languages.check(Some(&source), Some(&target), &seen)? == Wanted::Nothing {
        own
    } else {
        drop(own);
        let (bytes, kind) = app.timed(translated(&app, article)).await?;
        Kept::File { name: name.clone(), kind, bytes: Arc::from(bytes) }
    };
    let id = app.store.keep(kept).ok_or_else(|| Refusal::internal("there is no room for it"))?;
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    // In a path a space is no plus.
    let url = format!("{}/download_file/{id}.{}", app.base(&head), name.replace('+', "%20"));
    Ok(Json(json!({ "translatedFileUrl": url })))
}

async fn translated(app: &App, article: Article) -> Result<(Vec<u8>, &'static str), Refusal> {
    let length = characters(&article);
    if length > app.limits.characters {
        return Err(Refusal::too_much("characters", length, app.limits.characters));
    }
    let _room = app.queue.admit(length)?;
    app.metrics.asked(length);
    let kind = media_type(article.format);
    let document = app.queue.send(article, None, &Share::default())?.wait().await?;
    let bytes = aside(move || write(&document, Format::Document, false)).await??;
    Ok((bytes, kind))
}

/// `GET /download_file/{name}`
pub(super) async fn download(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let id = name.split('.').next().unwrap_or_default();
    match app.store.get(id) {
        Some(Kept::File { name, kind, bytes }) => Ok(attachment(&name, kind, bytes.to_vec())),
        _ => Err(Refusal::gone()),
    }
}

/// A file that a browser saves and does not show.
pub(super) fn attachment(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let name: String = form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let name = format!("attachment; filename*=UTF-8''{}", name.replace('+', "%20"));
    let headers = [(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)];
    (headers, bytes).into_response()
}
