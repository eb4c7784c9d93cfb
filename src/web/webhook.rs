//! The route on which Telegram brings updates.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequest as _, Request, State},
    http::{HeaderValue, StatusCode},
    response::{IntoResponse as _, Response},
    routing::post,
};
use futures_util::FutureExt as _;
use picdesk_telegram::webhook::{BODY_BYTES_MAX, SECRET_HEADER, Webhook, WebhookAnswer};

use super::address::unavailable;
use crate::{
    http::{BodyRefused, First, Routes, Whole},
    telemetry::metrics,
};

const PATH: &str = "/telegram/webhook";

/// The route, while Telegram brings updates and we do not fetch them.
pub fn telegram(webhook: Arc<Webhook>) -> Routes {
    let router = Router::new().route(PATH, post(update)).with_state(Arc::clone(&webhook));
    let answer = Arc::new(move |request| update(State(Arc::clone(&webhook)), request).boxed());
    Routes { router, first: Some(First { path: PATH, answer }) }
}

/// One update: the secret first, then the body.
async fn update(State(webhook): State<Arc<Webhook>>, request: Request) -> Response {
    let secrets = request.headers().get_all(SECRET_HEADER);
    if !webhook.admits(secrets.iter().map(HeaderValue::as_bytes)) {
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
    // A large body takes up room until it is answered, whatever became of its bytes.
    let room = body.clone();
    let answer = webhook.take(body).await;
    drop(room);
    match answer {
        WebhookAnswer::Ok => StatusCode::OK.into_response(),
        WebhookAnswer::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
        WebhookAnswer::BadRequest => {
            metrics::webhook_rejected("telegram", "not_an_update");
            StatusCode::BAD_REQUEST.into_response()
        }
        WebhookAnswer::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        WebhookAnswer::Unavailable => unavailable(),
    }
}
