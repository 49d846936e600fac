//! `/aligned`: the whole of a translation, with doubts, alignment and where it came from. Either in
//! one of the formats that `tarjoman translate` writes, or as Server-Sent Events that tell how
//! far it is; what was sent that way is kept for the review page.
//!
//! | event | data |
//! |---|---|
//! | `progress` | `{done, total}`, in sentences that the model has to translate |
//! | `unit` | a sentence, `tarjoman.aligned/1`; all of them, in order, when the document is done |
//! | `done` | `{sentences, doubts, model, licence, review, files}` |
//! | `error` | `{error}`, in place of `unit` and `done` |

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use futures_util::stream::{Stream, unfold};
use serde_json::json;
use tokio::sync::mpsc;

use super::app::App;
use super::documents::{
    FORMATS, TextFormat, aside, beginning, characters, file_name, media_type, read_file, write,
};
use super::fields::{self, Fields};
use super::files::attachment;
use super::languages::Wanted;
use super::queue::Room;
use super::refusal::Refusal;
use super::store::Kept;
use crate::document::writers::{Format, check};
use crate::document::{AlignedDocument, Article};
use crate::translate::Share;

/// At most so often it is told how far a document is.
const STEP: Duration = Duration::from_millis(100);

/// Events that wait for a slow client.
const AHEAD: usize = 64;

/// What is asked for.
struct Asked {
    article: Article,
    candidates: Option<usize>,
    room: Room,
}

/// `POST /aligned`
pub(super) async fn aligned(State(app): State<App>, request: Request) -> Result<Response, Refusal> {
    let (head, mut fields) = fields::read(&app, request).await?;
    app.authorise(&head, &fields)?;
    let events = wants_events(&head.headers);
    let output = fields.text("output")?;
    let (name, ending, kind, format) = match output.as_deref() {
        None => FORMATS[0],
        Some(name) => *FORMATS
            .iter()
            .find(|(known, ..)| *known == name)
            .ok_or_else(|| Refusal::bad(format!("{name} is no output format")))?,
    };
    let (article, candidates) = article(&app, &mut fields).await?;
    if !events {
        check(&article, format).map_err(|error| Refusal::document(&error))?;
    }
    let length = characters(&article);
    if length > app.limits.characters {
        return Err(Refusal::too_much("characters", length, app.limits.characters));
    }
    let room = app.queue.admit(length)?;
    app.metrics.asked(length);
    let kind = if name == "document" { media_type(article.format) } else { kind };
    let called = file_name(&article.meta.name, &app.languages.target().code, ending);
    let asked = Asked { article, candidates, room };
    if events {
        let stream = told(app.clone(), asked);
        return Ok(Sse::new(stream).keep_alive(KeepAlive::default()).into_response());
    }
    let document = app.timed(translated(&app, asked)).await?;
    let bytes = aside(move || write(&document, format, candidates.is_some())).await??;
    Ok(if format == Format::Jsonl {
        ([(header::CONTENT_TYPE, kind)], bytes).into_response()
    } else {
        attachment(&called, kind, bytes)
    })
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accepts = |value: &header::HeaderValue| {
        value.to_str().is_ok_and(|text| text.contains("text/event-stream"))
    };
    headers.get_all(header::ACCEPT).iter().any(accepts)
}

/// The text or file of a request, and how many candidates of each sentence are wanted.
async fn article(app: &App, fields: &mut Fields) -> Result<(Article, Option<usize>), Refusal> {
    let candidates = fields.number("candidates")?.filter(|count| *count > 1);
    let candidates = candidates.map(|count| count.min(app.beams));
    let (source, target) = (fields.text("source")?, fields.text("target")?);
    let article = match (fields.file.take(), fields.text("q")?) {
        (Some(file), _) => aside(move || read_file(file)).await??,
        (None, Some(text)) => {
            let format = TextFormat::named(fields.text("format")?.as_deref())?;
            aside(move || format.read(&text)).await??
        }
        (None, None) => return Err(Refusal::missing("q")),
    };
    let seen = [beginning(&article)];
    if app.languages.check(source.as_deref(), target.as_deref(), &seen)? == Wanted::Nothing {
        return Err(Refusal::bad("Invalid request: source and target are the same"));
    }
    Ok((article, candidates))
}

async fn translated(app: &App, asked: Asked) -> Result<AlignedDocument, Refusal> {
    let Asked { article, candidates, room } = asked;
    let document = app.queue.send(article, candidates, &Share::default())?.wait().await;
    drop(room);
    document
}

/// The events of a translation. Whoever drops them calls it off.
fn told(app: App, asked: Asked) -> impl Stream<Item = Result<Event, Infallible>> {
    let (events, received) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let gone = events.clone();
        tokio::select! {
            () = gone.closed() => {}
            ended = tell(&app, asked, &events) => if let Err(refusal) = ended {
                send(&events, "error", refusal.json()).await;
            },
        }
    });
    unfold(received, |mut received| async {
        let event = received.recv().await?;
        Some((Ok(event), received))
    })
}

async fn send(events: &mpsc::Sender<Event>, name: &str, data: impl Into<String>) {
    // Whoever does not listen any more is noticed by who tells.
    let _ = events.send(Event::default().event(name).data(data.into())).await;
}

async fn tell(app: &App, asked: Asked, events: &mpsc::Sender<Event>) -> Result<(), Refusal> {
    let Asked { article, candidates, room } = asked;
    let mut ticket = app.queue.send(article, candidates, &Share::default())?;
    let mut steps = ticket.steps();
    let document = app.timed(async {
        let mut translation = std::pin::pin!(ticket.wait());
        loop {
            tokio::select! {
                done = &mut translation => return done,
                Ok(()) = steps.changed() => {
                    let (done, total) = *steps.borrow_and_update();
                    send(events, "progress", json!({"done": done, "total": total}).to_string()).await;
                    tokio::select! {
                        done = &mut translation => return done,
                        () = tokio::time::sleep(STEP) => {}
                    }
                }
            }
        }
    });
    let document = Arc::new(document.await?);
    drop(room);
    let written = Arc::clone(&document);
    let lines = aside(move || write(&written, Format::Jsonl, candidates.is_some())).await??;
    for line in String::from_utf8_lossy(&lines).lines() {
        send(events, "unit", line).await;
    }
    let doubts = document.units.iter().filter(|unit| unit.is_doubtful()).count();
    let own = check(&document.article, Format::Document).is_ok();
    let mut summary = json!({
        "sentences": document.units.len(),
        "doubts": doubts,
        "model": document.model,
        "licence": document.licence,
    });
    if let Some(id) = app.store.keep(Kept::Document(document)) {
        let of = |name: &str| json!({"format": name, "url": format!("review/{id}/{name}")});
        let files = FORMATS.iter().filter(|(name, ..)| *name != "document" || own);
        summary["review"] = format!("review/{id}").into();
        summary["files"] = files.map(|(name, ..)| of(name)).collect();
    }
    send(events, "done", summary.to_string()).await;
    Ok(())
}

/// `GET /review/{id}`: the page to review a translation in, as `tarjoman translate -o page.html`
/// writes it.
pub(super) async fn review(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Html<Vec<u8>>, Refusal> {
    let document = kept(&app, &id)?;
    Ok(Html(aside(move || write(&document, Format::Html, true)).await??))
}

/// `GET /review/{id}/{format}`: a translation in one of the formats.
pub(super) async fn export(
    State(app): State<App>,
    Path((id, format)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let document = kept(&app, &id)?;
    let (name, ending, kind, format) =
        *FORMATS.iter().find(|(name, ..)| *name == format).ok_or_else(Refusal::gone)?;
    let kind = if name == "document" { media_type(document.article.format) } else { kind };
    let called = file_name(&document.article.meta.name, &app.languages.target().code, ending);
    let bytes = aside(move || write(&document, format, true)).await??;
    Ok(attachment(&called, kind, bytes))
}

fn kept(app: &App, id: &str) -> Result<Arc<AlignedDocument>, Refusal> {
    match app.store.get(id) {
        Some(Kept::Document(document)) => Ok(document),
        _ => Err(Refusal::gone()),
    }
}
