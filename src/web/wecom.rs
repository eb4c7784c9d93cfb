//! The routes on which WeCom calls: the app's one callback, and the AI bot's.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequest as _, RawQuery, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use bytes::Bytes;
use picdesk_wecom::webhook::{AppCallback, BODY_BYTES_MAX, BotCallback, CallbackAnswer};

use super::address::unavailable;
use crate::{
    http::{BodyRefused, Whole},
    telemetry::metrics,
    wecom::Rings,
};

const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What the app's route needs.
#[derive(Clone)]
struct App {
    callback: Arc<AppCallback>,
    rings: Option<Rings>,
}

/// The route of the self-built app. Doorbells ring `rings`, where there are accounts.
pub fn wecom_app(callback: AppCallback, rings: Option<Rings>) -> Router {
    let app = App { callback: Arc::new(callback), rings };
    Router::new().route("/wecom/callback", get(verify_app).post(receive_app)).with_state(app)
}

/// The route of the AI bot.
pub fn wecom_bot(callback: BotCallback) -> Router {
    Router::new()
        .route("/wecom/bot", get(verify_bot).post(receive_bot))
        .with_state(Arc::new(callback))
}

async fn verify_app(State(app): State<App>, RawQuery(query): RawQuery) -> Response {
    respond("wecom", app.callback.verify(&query.unwrap_or_default()), PLAIN)
}

async fn verify_bot(State(bot): State<Arc<BotCallback>>, RawQuery(query): RawQuery) -> Response {
    respond("wecom_bot", bot.verify(&query.unwrap_or_default()), PLAIN)
}

async fn receive_app(State(app): State<App>, request: Request) -> Response {
    let (query, body) = match taken("wecom", request).await {
        Ok(taken) => taken,
        Err(refused) => return refused,
    };
    // A large body takes up room until it is answered.
    let room = body.clone();
    let answer = app.callback.receive(&query, body).await;
    drop(room);
    if let CallbackAnswer::Ok { rung: Some(rung), .. } = &answer {
        match (&app.rings, &rung.doorbell.account) {
            (Some(rings), _) if rings.ring(rung).await.is_err() => return unavailable(),
            (None, Some(account)) => picdesk_wecom::kf::not_ours(account),
            (Some(_), _) | (None, None) => {}
        }
    }
    respond("wecom", answer, PLAIN)
}

async fn receive_bot(State(bot): State<Arc<BotCallback>>, request: Request) -> Response {
    let (query, body) = match taken("wecom_bot", request).await {
        Ok(taken) => taken,
        Err(refused) => return refused,
    };
    let room = body.clone();
    let answer = bot.receive(&query, body).await;
    drop(room);
    respond("wecom_bot", answer, JSON)
}

/// A callback's query as it came, and its body.
async fn taken(route: &'static str, request: Request) -> Result<(String, Bytes), Response> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    match Whole::<BODY_BYTES_MAX>::from_request(request, &()).await {
        Ok(Whole(body)) => Ok((query, body)),
        Err(refused) => {
            metrics::webhook_rejected(route, BodyRefused::word(refused));
            Err(refused.into_response())
        }
    }
}

fn respond(route: &'static str, answer: CallbackAnswer, kind: HeaderValue) -> Response {
    let (status, why) = match answer {
        CallbackAnswer::Ok { body, .. } if body.is_empty() => {
            return StatusCode::OK.into_response();
        }
        CallbackAnswer::Ok { body, .. } => {
            return ([(header::CONTENT_TYPE, kind)], body).into_response();
        }
        CallbackAnswer::Unavailable => return unavailable(),
        CallbackAnswer::Forbidden => (StatusCode::FORBIDDEN, "signature"),
        CallbackAnswer::BadRequest => (StatusCode::BAD_REQUEST, "not_a_callback"),
        CallbackAnswer::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
    };
    metrics::webhook_rejected(route, why);
    status.into_response()
}
