//! The endpoints of LibreTranslate, as its clients use them
//! (<https://docs.libretranslate.com>): what they send and read is theirs, what it means is ours.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::app::App;
use super::documents::{TextFormat, aside};
use super::fields::{self, Texts};
use super::languages::{Detected, Language, Wanted};
use super::queue::Ticket;
use super::refusal::Refusal;
use crate::document::AlignedDocument;
use crate::translate::Share;

/// Endings of the files that can be translated.
const ENDINGS: [&str; 15] = [
    ".txt",
    ".md",
    ".markdown",
    ".html",
    ".htm",
    ".xhtml",
    ".docx",
    ".docm",
    ".jsonl",
    ".json",
    ".ninjs",
    ".xml",
    ".nitf",
    ".newsml",
    ".srt",
];

/// One answer, or one for each of several texts.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Each<T> {
    One(T),
    Many(Vec<T>),
}

impl<T> Each<T> {
    /// * `texts`: what is answered
    fn of(mut all: Vec<T>, texts: &Texts) -> Self {
        match texts {
            Texts::One(_) if all.len() == 1 => Self::One(all.swap_remove(0)),
            _ => Self::Many(all),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Translated {
    #[serde(rename = "translatedText")]
    texts: Each<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detected_language: Option<Each<Detected>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alternatives: Option<Each<Vec<String>>>,
}

/// `POST /translate`
pub(super) async fn translate(
    State(app): State<App>,
    request: Request,
) -> Result<Json<Translated>, Refusal> {
    let (head, fields) = fields::read(&app, request).await?;
    app.authorise(&head, &fields)?;
    let texts = fields.texts("q")?.ok_or_else(|| Refusal::missing("q"))?;
    let source = fields.text("source")?.ok_or_else(|| Refusal::missing("source"))?;
    let target = fields.text("target")?.ok_or_else(|| Refusal::missing("target"))?;
    let format = TextFormat::named(fields.text("format")?.as_deref())?;
    let alternatives = fields.number("alternatives")?.unwrap_or(0).min(app.beams - 1);
    let count = texts.as_slice().len();
    if count > app.limits.texts {
        return Err(Refusal::too_much("texts", count, app.limits.texts));
    }
    let characters = texts.as_slice().iter().map(|text| text.chars().count()).sum();
    if characters > app.limits.characters {
        return Err(Refusal::too_much("characters", characters, app.limits.characters));
    }
    let seen: Vec<_> = texts.as_slice().iter().map(|text| format.visible(text)).collect();
    let wanted = app.languages.check(Some(&source), Some(&target), &seen)?;
    if wanted == Wanted::Nothing {
        return Ok(Json(answer(&texts, texts.as_slice().to_vec(), wanted, None)));
    }
    let _room = app.queue.admit(characters)?;
    app.metrics.asked(characters);
    let (texts, documents) = app.timed(translated(&app, texts, format, alternatives)).await?;
    let several = (alternatives > 0).then(|| {
        let of = |document| match format {
            TextFormat::Text => others(document, alternatives),
            TextFormat::Html => Vec::new(),
        };
        documents.iter().map(of).collect()
    });
    let (texts, written) = aside(move || {
        let both = texts.as_slice().iter().zip(&documents);
        let written: Result<Vec<String>, Refusal> =
            both.map(|(text, document)| format.write(text, document)).collect();
        (texts, written)
    })
    .await?;
    Ok(Json(answer(&texts, written?, wanted, several)))
}

fn answer(
    texts: &Texts,
    translations: Vec<String>,
    wanted: Wanted,
    alternatives: Option<Vec<Vec<String>>>,
) -> Translated {
    let detected_language = match wanted {
        Wanted::Detected(all) => Some(Each::of(all, texts)),
        _ => None,
    };
    let alternatives = alternatives.map(|all| Each::of(all, texts));
    Translated { texts: Each::of(translations, texts), detected_language, alternatives }
}

/// The texts as they came, and the translation of each.
async fn translated(
    app: &App,
    texts: Texts,
    format: TextFormat,
    alternatives: usize,
) -> Result<(Texts, Vec<AlignedDocument>), Refusal> {
    let read = aside(move || {
        let articles: Result<Vec<_>, _> =
            texts.as_slice().iter().map(|text| format.read(text)).collect();
        articles.map(|articles| (texts, articles))
    });
    let (texts, articles) = read.await??;
    let share = Share::default();
    let candidates = (alternatives > 0).then_some(1 + alternatives);
    let tickets: Result<Vec<Ticket>, Refusal> =
        articles.into_iter().map(|article| app.queue.send(article, candidates, &share)).collect();
    let mut documents = Vec::new();
    // When one fails the others are dropped, and so called off.
    for ticket in &mut tickets? {
        documents.push(ticket.wait().await?);
    }
    Ok((texts, documents))
}

/// Other translations of a whole text: the second best of every sentence, the third best. A
/// sentence that has none keeps the best one.
fn others(document: &AlignedDocument, most: usize) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let text =
        |document: &AlignedDocument| TextFormat::Text.write("", document).unwrap_or_default();
    let best = text(document);
    for rank in 1..=most {
        let mut other = document.clone();
        for unit in &mut other.units {
            if rank < unit.translation.candidates.len() {
                unit.translation.candidates.swap(0, rank);
            }
        }
        let other = text(&other);
        if other != best && !all.contains(&other) {
            all.push(other);
        }
    }
    all
}

/// `GET /languages`
pub(super) async fn languages(State(app): State<App>) -> Json<[Language; 2]> {
    Json([app.languages.source(), app.languages.target()])
}

/// `POST /detect`
pub(super) async fn detect(
    State(app): State<App>,
    request: Request,
) -> Result<Json<Vec<Detected>>, Refusal> {
    let (head, fields) = fields::read(&app, request).await?;
    app.authorise(&head, &fields)?;
    let texts = fields.texts("q")?.ok_or_else(|| Refusal::missing("q"))?;
    Ok(Json(app.languages.detect(&texts.as_slice().join("\n"))))
}

/// `POST /suggest`: LibreTranslate takes corrections here.
pub(super) async fn suggest() -> Refusal {
    Refusal::new(StatusCode::FORBIDDEN, "Suggestions are disabled on this server")
}

/// `GET /frontend/settings`
pub(super) async fn settings(State(app): State<App>) -> Json<Value> {
    let named = |language: Language| json!({"code": language.code, "name": language.name});
    Json(json!({
        "apiKeys": app.wants_key(),
        "charLimit": app.limits.characters,
        "filesTranslation": true,
        "frontendTimeout": 500,
        "keyRequired": app.wants_key(),
        "language": {
            "source": named(app.languages.source()),
            "target": named(app.languages.target()),
        },
        "suggestions": false,
        "supportedFilesFormat": ENDINGS,
    }))
}
