//! The route on which Creem tells what was paid, and the page to which its payers come back.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequest as _, RawQuery, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use picdesk_core::channel::{Inbox, InboxError};

use super::{Web, address::unavailable, gallery};
use crate::{
    config::Secret,
    creem::{
        Doorkeeper, Rejected, Shown,
        notice::{self, Brought},
        reconcile::{Look, arrival},
        returned_from_creem,
    },
    http::{BodyRefused, Whole},
    store::Store,
    telemetry::metrics,
    words::PageText,
};

/// Largest webhook, bytes: a hundred times what Creem's own samples have.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// What the webhook needs.
#[derive(Clone)]
pub struct CreemWebhook {
    /// Whom to believe.
    pub doorkeeper: Arc<Doorkeeper>,
    /// Where events are written down.
    pub inbox: Arc<dyn Inbox>,
    /// For the time.
    pub store: Store,
}

/// What the page needs.
#[derive(Clone)]
pub struct CreemReturn {
    /// Wording and addresses.
    pub web: Web,
    /// By which Creem signs where it sends browsers.
    pub api_key: Secret,
    /// Who looks at a link whose payer has come back.
    pub look: Look,
}

/// The routes.
pub fn creem(webhook: CreemWebhook, back: CreemReturn) -> Router {
    let told = Router::new().route("/creem/webhook", post(told)).with_state(webhook);
    told.merge(Router::new().route("/creem/return", get(returned)).with_state(back))
}

/// One webhook: written down before it is answered.
async fn told(State(webhook): State<CreemWebhook>, request: Request) -> Response {
    let headers = request.headers().clone();
    let body = match Whole::<BODY_BYTES_MAX>::from_request(request, &()).await {
        Ok(Whole(body)) => body,
        Err(refused) => {
            metrics::webhook_rejected("creem", BodyRefused::word(refused));
            return refused.into_response();
        }
    };
    let now = webhook.store.clock().now_ms();
    if let Err(why) = webhook.doorkeeper.admit(&Shown::of(&headers), &body, now) {
        let why = match why {
            Rejected::Unsigned => "unsigned",
            Rejected::TooOld => "too_old",
            Rejected::Forged => "signature",
        };
        metrics::webhook_rejected("creem", why);
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Some(Brought { id, notice }) = notice::read(&body) else {
        metrics::webhook_rejected("creem", "not_an_event");
        return StatusCode::BAD_REQUEST.into_response();
    };
    let arrivals = vec![arrival(&id, notice, body.to_vec())];
    match webhook.inbox.accept(arrivals, None).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(InboxError::Unavailable | InboxError::NotOurs) => unavailable(),
    }
}

/// The payer comes back: they read what happens next, and the link is looked at, in case the
/// webhook is late. Nothing is given for it.
async fn returned(
    State(back): State<CreemReturn>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let given: Vec<(String, String)> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let paid = returned_from_creem(&back.api_key, &given);
    if let Some((_, link)) = given.iter().find(|(name, _)| paid && name == "checkout_id") {
        back.look.at(link);
    }
    let text = if paid { PageText::Paid } else { PageText::NotPaid };
    let page = gallery::without_pictures(&back.web, &headers, text);
    (super::address::PRIVATE, page).into_response()
}
