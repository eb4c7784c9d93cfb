//! Addresses that only we can make, and the one answer to all the others.

use axum::{
    extract::{FromRequestParts, Path},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use picdesk_core::{
    account::Language,
    generation::Artifact,
    id::{AccountId, ArtifactId},
};
use serde::de::DeserializeOwned;

use super::{Web, gallery};
use crate::{
    artifacts::ObjectName,
    buttons::GALLERY_MS,
    store::{
        StoreError, artifacts as rows, links,
        scope::{OfAccount, OfHouse, Whose},
    },
    words::PageText,
};

/// A private address is nobody's business in between.
pub(super) const PRIVATE: [(HeaderName, &str); 2] =
    [(header::CACHE_CONTROL, "private, no-store"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];

/// The tokens in an address. What cannot even be read is an address that leads nowhere, like any
/// other.
pub(super) struct Tokens<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Web> for Tokens<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, web: &Web) -> Result<Self, Response> {
        match Path::from_request_parts(parts, web).await {
            Ok(Path(tokens)) => Ok(Self(tokens)),
            Err(_) => Err(nothing_here(web, &parts.headers, PageText::NotFound)),
        }
    }
}

/// The language a browser asks for first.
pub(super) fn language(web: &Web, headers: &HeaderMap) -> Language {
    let asked = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    asked
        .and_then(|list| {
            list.split(',').find_map(|tag| Language::from_tag(tag.split(';').next()?.trim()))
        })
        .unwrap_or(web.desk.house.language_default)
}

/// A text of a page.
pub(super) fn say(web: &Web, language: Language, text: PageText) -> String {
    web.desk.words.page(language, text, &web.desk.context.zone)
}

/// The same page for whatever is not there, was never, or has expired.
pub(super) fn nothing_here(web: &Web, headers: &HeaderMap, text: PageText) -> Response {
    let page = gallery::without_pictures(web, headers, text);
    (StatusCode::NOT_FOUND, PRIVATE, page).into_response()
}

/// The store cannot be asked now.
pub(super) fn unavailable() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")]).into_response()
}

/// An open gallery: whose it is, and until when its address works, milliseconds since the epoch.
#[derive(Clone, Copy)]
pub(super) struct Opened {
    pub(super) account: AccountId,
    pub(super) until: i64,
}

/// The gallery of a token, while it opens.
pub(super) async fn opens(web: &Web, token: &str) -> Result<Option<Opened>, StoreError> {
    let now = web.store.clock().now_ms();
    let Some((account, until)) = web.desk.seal.read_gallery(token, now) else { return Ok(None) };
    let mut connection = web.store.read().await?;
    let open = links::opens_gallery(&mut connection, account, until - GALLERY_MS).await?;
    Ok(open.then_some(Opened { account, until }))
}

/// A picture that is kept, of whoever it is, or of one account; and its object.
pub(super) async fn find(
    web: &Web,
    id: ArtifactId,
    of: Option<AccountId>,
) -> Result<Option<(Artifact, ObjectName)>, Response> {
    let found = match of {
        None => find_as(web, OfHouse, id).await,
        Some(account) => find_as(web, OfAccount(account), id).await,
    };
    let now = web.store.clock().now_ms();
    let kept = found.map_err(|_| unavailable())?.filter(|artifact| artifact.expires_at > now);
    Ok(kept.and_then(|artifact| {
        let name = ObjectName::parse(&artifact.object).ok()?;
        Some((artifact, name))
    }))
}

async fn find_as(
    web: &Web,
    whose: impl Whose,
    id: ArtifactId,
) -> Result<Option<Artifact>, StoreError> {
    rows::find(&mut web.store.read_as(whose).await?, id).await
}

/// The media type of a picture's kind, and how its file's name ends.
pub(super) fn form(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "jpeg" => ("image/jpeg", "jpg"),
        "webp" => ("image/webp", "webp"),
        "gif" => ("image/gif", "gif"),
        _ => ("image/png", "png"),
    }
}
