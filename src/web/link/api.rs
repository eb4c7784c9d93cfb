//! `POST /api/link-codes`: the website asks for a code on behalf of whoever is signed in there.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use picdesk_core::{code, id::CodeId, link, linking::Counted};
use serde::Serialize;

use crate::{
    site::SiteError,
    store::{
        StoreError,
        links::{self, SiteCode},
    },
    web::{Web, address::unavailable},
};

/// What the website shows to whoever is signed in there.
#[derive(Serialize)]
struct Made {
    code: String,
    expires_in_s: i64,
    /// Opens the chat where the code is typed; it proves nothing.
    telegram_url: Option<String>,
    /// For a link of WeChat customer service, which then does the same.
    scene_param: String,
}

/// May a page of another origin ask?
pub(in crate::web) async fn may_ask(State(web): State<Web>, headers: HeaderMap) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    allow(&web, &headers, &mut response);
    response
}

/// Makes a code.
pub(in crate::web) async fn link_code(State(web): State<Web>, headers: HeaderMap) -> Response {
    let mut response = if is_foreign(&web, &headers) {
        StatusCode::FORBIDDEN.into_response()
    } else {
        make(&web, &headers).await.unwrap_or_else(|_| unavailable())
    };
    allow(&web, &headers, &mut response);
    response
}

async fn make(web: &Web, headers: &HeaderMap) -> Result<Response, StoreError> {
    let Some(site) = &web.site else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(token) = bearer.and_then(|value| value.strip_prefix("Bearer ")) else {
        return Ok(StatusCode::UNAUTHORIZED.into_response());
    };
    let who = match site.who(token).await {
        Ok(who) => who,
        Err(SiteError::Refused) => return Ok(StatusCode::UNAUTHORIZED.into_response()),
        Err(SiteError::Later(_) | SiteError::TooSoon(_)) => return Ok(unavailable()),
    };
    let (seal, house, now) = (&web.desk.seal, &web.desk.house, web.store.clock().now_ms());
    let (lasts, most) = Counted::Codes.limit(house);
    let scope = (format!("site-codes:{}", seal.email_key(&who.subject)), lasts, most);
    // Numbers of events, and what follows from them, are above zero.
    let id = -(i64::from_be_bytes(web.chance.bytes()) & (i64::MAX - 1)) - 1;
    let letters = seal.code_of(id, 0);
    let row = SiteCode {
        id,
        hash: seal.code_hash(&letters),
        who,
        only_for: None,
        expires_at: now.saturating_add(house.link.code_ttl_ms),
    };
    let made = web
        .store
        .writer()
        .run(move |tx| {
            let (row, scope) = (row.clone(), scope.clone());
            Box::pin(async move {
                Ok(links::count_up(tx, &[scope], now).await?
                    && links::make_site_code(tx, &row).await?)
            })
        })
        .await?;
    if !made {
        let wait = [(header::RETRY_AFTER, (lasts / 1000).to_string())];
        return Ok((StatusCode::TOO_MANY_REQUESTS, wait).into_response());
    }
    let payload = link::to_code(CodeId(id));
    let made = Made {
        code: code::shown(&letters),
        expires_in_s: house.link.code_ttl_ms / 1000,
        telegram_url: (web.chat)().map(|chat| format!("{chat}?start={payload}")),
        scene_param: payload,
    };
    let private = [(header::CACHE_CONTROL, "private, no-store")];
    Ok((private, Json(made)).into_response())
}

fn origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    headers.get(header::ORIGIN)
}

fn is_ours(web: &Web, origin: &HeaderValue) -> bool {
    let origins = web.site.as_ref().map(|site| site.origins()).unwrap_or_default();
    origins.iter().any(|ours| ours.as_bytes() == origin.as_bytes())
}

fn is_foreign(web: &Web, headers: &HeaderMap) -> bool {
    origin(headers).is_some_and(|origin| !is_ours(web, origin))
}

/// Lets a page of the website read the answer.
fn allow(web: &Web, headers: &HeaderMap, response: &mut Response) {
    let Some(origin) = origin(headers).filter(|origin| is_ours(web, origin)) else { return };
    let allowed: [(HeaderName, HeaderValue); 4] = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone()),
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("authorization")),
        (header::VARY, HeaderValue::from_static("origin")),
    ];
    response.headers_mut().extend(allowed);
}
