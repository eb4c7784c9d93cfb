//! The route on which Creem tells what was paid, and the page to which its payers come back.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequest as _, Path, RawQuery, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use picdesk_core::{
    channel::{Arrival, Inbox, InboxError},
    payment::TOLD_IN,
};
use sha2::{Digest as _, Sha256};
use tracing::warn;
use url::Url;

use super::{
    Web,
    address::{PRIVATE, nothing_here, unavailable},
    gallery,
};
use crate::{
    buttons::PORTAL_MS,
    config::Secret,
    creem::{
        Creem, Doorkeeper, Rejected, Shown,
        notice::{self, Brought, Reading},
        reconcile::{Look, arrival},
        returned_from_creem,
    },
    http::{BodyRefused, Whole},
    store::{Store, StoreError, links, plans},
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
    /// Who opens its portal.
    pub creem: Creem,
}

/// The routes.
pub fn creem(webhook: CreemWebhook, back: CreemReturn) -> Router {
    let told = Router::new().route("/creem/webhook", post(told)).with_state(webhook);
    let pages = Router::new()
        .route("/creem/return", get(returned))
        .route("/creem/portal/{token}", get(portal))
        .with_state(back);
    told.merge(pages)
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
    let arrivals = match notice::read(&body) {
        Reading::Event(brought) => {
            let Brought { id, notice } = *brought;
            vec![arrival(&id, notice, body.to_vec())]
        }
        // Creem signed it and would bring it again and again: it is kept, and somebody looks at it.
        Reading::Unread => vec![Arrival::SetAside {
            external_id: format!("creem:unread:{}", hex::encode(Sha256::digest(&body))),
            channel: TOLD_IN,
            why: "Creem signed something that is no event we can read",
            raw: body.to_vec(),
        }],
        Reading::Nothing => {
            metrics::webhook_rejected("creem", "not_an_event");
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    match webhook.inbox.accept(arrivals, None).await {
        Ok(()) => StatusCode::OK.into_response(),
        Err(InboxError::Unavailable | InboxError::NotOurs) => unavailable(),
    }
}

/// The page before Creem's portal, and the way on. The portal's own address signs whoever has it
/// in as that payer: it is asked for when it is wanted, goes to this browser alone, and is neither
/// kept nor logged. Whoever looks at addresses in chats for their pictures sees only the page.
async fn portal(
    State(back): State<CreemReturn>,
    Path(token): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let web = &back.web;
    let now = web.store.clock().now_ms();
    let Some((account, until)) = web.desk.seal.read_portal(&token, now) else {
        return nothing_here(web, &headers, PageText::PortalExpired);
    };
    if query.as_deref() != Some("open") {
        let page = gallery::before_portal(web, &headers, format!("/creem/portal/{token}?open"));
        return (PRIVATE, page).into_response();
    }
    let found = async {
        let mut connection = web.store.read().await?;
        // A chat that was unlinked since has no business there.
        if !links::opens_gallery(&mut connection, account, until - PORTAL_MS).await? {
            return Ok(None);
        }
        plans::customer_of(&mut connection, account).await
    };
    let found: Result<Option<String>, StoreError> = found.await;
    let Ok(found) = found else { return unavailable() };
    let Some(customer) = found else {
        return nothing_here(web, &headers, PageText::PortalExpired);
    };
    let link = match back.creem.portal(&customer).await {
        Ok(link) if is_address(link.reveal()) => link,
        Ok(_) | Err(_) => {
            warn!("Creem's portal cannot be opened now");
            let page = gallery::about_money(web, &headers, PageText::PortalLater);
            let wait = [(header::RETRY_AFTER, "10")];
            return (StatusCode::SERVICE_UNAVAILABLE, wait, PRIVATE, page).into_response();
        }
    };
    let Ok(location) = HeaderValue::from_str(link.reveal()) else { return unavailable() };
    let to = [(header::LOCATION, location)];
    let quietly = [(header::REFERRER_POLICY, "no-referrer")];
    (StatusCode::SEE_OTHER, to, quietly, PRIVATE).into_response()
}

fn is_address(link: &str) -> bool {
    Url::parse(link).is_ok_and(|url| matches!(url.scheme(), "https" | "http"))
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
    let page = gallery::about_money(&back.web, &headers, text);
    (PRIVATE, page).into_response()
}
