//! What browsers and platforms ask for: the webhook, pictures by their address, the gallery.

use std::sync::Arc;

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{FromRequest as _, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use picdesk_core::{
    account::Language,
    generation::Artifact,
    id::{AccountId, ArtifactId},
};
use picdesk_telegram::webhook::{BODY_BYTES_MAX, SECRET_HEADER, Webhook, WebhookAnswer};

use crate::{
    artifacts::{Artifacts, ObjectName},
    http::{BodyRefused, Whole},
    pictures::{Darkroom, Fit, Limits},
    store::{Store, artifacts as rows},
    telemetry::metrics,
    turn::Desk,
    words::PageText,
};

/// Pictures on a gallery page.
const GALLERY_MAX: i64 = 200;
/// How large a preview in the gallery is.
const PREVIEW: Fit =
    Fit { bytes_max: 400_000, side_sum_max: 4000, ratio_max: 20, longest_edge: Some(640) };

/// What the routes need.
#[derive(Clone)]
pub struct Web {
    /// The store.
    pub store: Store,
    /// Stored pictures.
    pub artifacts: Artifacts,
    /// Where previews are made.
    pub darkroom: Darkroom,
    /// Wording and keys.
    pub desk: Arc<Desk>,
}

/// The pages.
pub fn pages(web: Web) -> Router {
    Router::new()
        .route("/p/{token}", get(original))
        .route("/g/{token}", get(gallery))
        .route("/g/{token}/{picture}", get(preview))
        .route("/assets/gallery.css", get(stylesheet))
        .with_state(web)
}

/// The route on which Telegram brings updates.
pub fn telegram(webhook: Arc<Webhook>) -> Router {
    Router::new().route("/telegram/webhook", post(update)).with_state(webhook)
}

/// One update: the secret first, then the body.
async fn update(State(webhook): State<Arc<Webhook>>, request: Request) -> Response {
    let secrets = request.headers().get_all(SECRET_HEADER);
    if !webhook.admits(secrets.iter().map(header::HeaderValue::as_bytes)) {
        metrics::webhook_rejected("telegram", "secret");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let body = match Whole::<BODY_BYTES_MAX>::from_request(request, &()).await {
        Ok(Whole(body)) => body,
        Err(refused) => {
            metrics::webhook_rejected("telegram", BodyRefused::word(refused));
            return refused.into_response();
        }
    };
    let answer = webhook.take(body).await;
    match answer {
        WebhookAnswer::Ok => StatusCode::OK.into_response(),
        WebhookAnswer::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        WebhookAnswer::BadRequest => {
            metrics::webhook_rejected("telegram", "not_an_update");
            StatusCode::BAD_REQUEST.into_response()
        }
        WebhookAnswer::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        WebhookAnswer::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")]).into_response()
        }
    }
}

/// The language a browser asks for first.
fn language(web: &Web, headers: &HeaderMap) -> Language {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked
        .and_then(|list| {
            list.split(',').find_map(|tag| Language::from_tag(tag.split(';').next()?.trim()))
        })
        .unwrap_or(web.desk.house.language_default)
}

fn say(web: &Web, language: Language, text: PageText) -> String {
    web.desk.words.page(language, text, &web.desk.context.zone)
}

/// The same page for whatever is not there, was never, or has expired.
fn nothing_here(web: &Web, headers: &HeaderMap, text: PageText) -> Response {
    let language = language(web, headers);
    let page = GalleryPage {
        language: language.tag(),
        title: say(web, language, text),
        note: String::new(),
        skip: say(web, language, PageText::Skip),
        download: String::new(),
        pictures: Vec::new(),
    };
    (StatusCode::NOT_FOUND, private(), Html(page.render().unwrap_or_default())).into_response()
}

fn private() -> [(header::HeaderName, &'static str); 2] {
    [(header::CACHE_CONTROL, "private, no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")]
}

fn unavailable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")]).into_response()
}

async fn find(web: &Web, id: ArtifactId) -> Result<Option<Artifact>, Response> {
    let mut connection = web.store.read().await.map_err(|_| unavailable())?;
    let found = rows::find(&mut connection, id).await.map_err(|_| unavailable())?;
    Ok(found.filter(|artifact| artifact.expires_at > web.store.clock().now_ms()))
}

/// A picture's original bytes.
async fn original(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(id) = web.desk.seal.read_picture(&token) else {
        return nothing_here(&web, &headers, PageText::NotFound);
    };
    let artifact = match find(&web, id).await {
        Ok(Some(artifact)) => artifact,
        Ok(None) => return nothing_here(&web, &headers, PageText::NotFound),
        Err(answer) => return answer,
    };
    let Ok(name) = ObjectName::parse(&artifact.object) else {
        return nothing_here(&web, &headers, PageText::NotFound);
    };
    let (kind, ending) = match artifact.kind.as_str() {
        "jpeg" => ("image/jpeg", "jpg"),
        "webp" => ("image/webp", "webp"),
        _ => ("image/png", "png"),
    };
    match web.artifacts.read(&name).await {
        Ok(Some(reading)) => {
            let file = format!("attachment; filename=\"picture-{id}.{ending}\"");
            let headers = [
                (header::CONTENT_TYPE, kind.to_owned()),
                (header::CONTENT_LENGTH, reading.size.to_string()),
                (header::CONTENT_DISPOSITION, file),
                (header::CONTENT_SECURITY_POLICY, "sandbox; default-src 'none'".to_owned()),
                (header::CACHE_CONTROL, "private, no-store".to_owned()),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
            ];
            (headers, Body::from_stream(reading.stream)).into_response()
        }
        Ok(None) => nothing_here(&web, &headers, PageText::NotFound),
        Err(_) => unavailable(),
    }
}

/// The account of a gallery's address, while it opens.
fn opens(web: &Web, token: &str) -> Option<AccountId> {
    web.desk.seal.read_gallery(token, web.store.clock().now_ms())
}

/// A picture of the gallery page.
struct GalleryPicture {
    original: String,
    preview: String,
    alt: String,
    kept: String,
    width: u32,
    height: u32,
}

#[derive(Template)]
#[template(path = "gallery.html", config = ".askama.toml")]
struct GalleryPage {
    language: &'static str,
    title: String,
    note: String,
    skip: String,
    download: String,
    pictures: Vec<GalleryPicture>,
}

/// The private page of an account's pictures.
async fn gallery(
    State(web): State<Web>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(account) = opens(&web, &token) else {
        return nothing_here(&web, &headers, PageText::Expired);
    };
    let found = async {
        let mut connection = web.store.read().await?;
        rows::of_account(&mut connection, account, GALLERY_MAX).await
    };
    let Ok(found) = found.await else { return unavailable() };
    let language = language(&web, &headers);
    let pictures: Vec<GalleryPicture> = found
        .into_iter()
        .map(|(artifact, made_at)| GalleryPicture {
            original: format!("/p/{}", web.desk.seal.picture(artifact.id)),
            preview: format!("/g/{token}/{}", web.desk.seal.picture(artifact.id)),
            alt: say(&web, language, PageText::Picture(made_at)),
            kept: say(&web, language, PageText::KeptUntil(artifact.expires_at)),
            width: artifact.size.width,
            height: artifact.size.height,
        })
        .collect();
    let count = i64::try_from(pictures.len()).unwrap_or(i64::MAX);
    let note = if count == 0 { PageText::Empty } else { PageText::Count(count) };
    let page = GalleryPage {
        language: language.tag(),
        title: say(&web, language, PageText::Gallery),
        note: say(&web, language, note),
        skip: say(&web, language, PageText::Skip),
        download: say(&web, language, PageText::Download),
        pictures,
    };
    match page.render() {
        Ok(page) => (private(), Html(page)).into_response(),
        Err(_) => unavailable(),
    }
}

/// A small copy of a picture, for its own gallery only.
async fn preview(
    State(web): State<Web>,
    Path((token, picture)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (Some(_), Some(id)) = (opens(&web, &token), web.desk.seal.read_picture(&picture)) else {
        return nothing_here(&web, &headers, PageText::NotFound);
    };
    let artifact = match find(&web, id).await {
        Ok(Some(artifact)) => artifact,
        Ok(None) => return nothing_here(&web, &headers, PageText::NotFound),
        Err(answer) => return answer,
    };
    let Ok(name) = ObjectName::parse(&artifact.object) else {
        return nothing_here(&web, &headers, PageText::NotFound);
    };
    let source = match web.artifacts.source(&name, Limits::ORIGINAL.bytes_max).await {
        Ok(Some(source)) => source,
        Ok(None) => return nothing_here(&web, &headers, PageText::NotFound),
        Err(_) => return unavailable(),
    };
    match web.darkroom.fit(source, PREVIEW).await {
        Ok(fitted) => {
            let headers = [
                (header::CONTENT_TYPE, "image/jpeg"),
                (header::CACHE_CONTROL, "private, max-age=3600"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, fitted.bytes).into_response()
        }
        Err(_) => nothing_here(&web, &headers, PageText::NotFound),
    }
}

async fn stylesheet() -> Response {
    let headers = [(header::CONTENT_TYPE, "text/css"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("web/gallery.css")).into_response()
}
