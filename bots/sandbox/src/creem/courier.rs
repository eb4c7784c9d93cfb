//! Webhooks on their way: signed, sent, tried again, given up.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, header::CONTENT_TYPE};
use sha2::Sha256;

use super::state::{Scheme, State};
use super::world::{Fate, Webhook};
use crate::rest::Fault;

/// After which waits a webhook is tried again, ms. Source: Creem, "Webhooks".
const RETRY_MS: [i64; 4] = [30_000, 60_000, 300_000, 3_600_000];
/// How long the desk may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// A client for webhooks.
pub fn client() -> reqwest::Result<Client> {
    Client::builder().no_proxy().timeout(ANSWER).build()
}

/// Sends what is due until the stand-in ends.
pub async fn carry(state: std::sync::Arc<State>, client: Client) {
    let mut bell = state.bell();
    loop {
        bell.mark_unchanged();
        state.live();
        if let Some((webhook, fault)) = next(&state) {
            send_due(&state, &client, &webhook, fault).await;
            continue;
        }
        let at = next_moment(&state);
        let waited = async {
            match at {
                Some(at) => state.options.clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = waited => {}
            _ = bell.changed() => {}
            () = state.ended.cancelled() => return,
        }
    }
}

/// The first that is due; those that were overtaken last.
fn next(state: &State) -> Option<(Webhook, Option<Fault>)> {
    state.ways().webhook_url.as_ref()?;
    let now = state.now_ms();
    let mut world = state.world();
    for webhook in &mut world.webhooks {
        let is_due = matches!(webhook.fate, Fate::Waiting { at } if at <= now);
        if !is_due || webhook.tries > 0 || webhook.overtaken {
            continue;
        }
        match state.faults().strike_webhook(&webhook.kind) {
            Some(Fault::WebhookLost) => webhook.fate = Fate::Withheld,
            Some(Fault::WebhookOvertaken) => webhook.overtaken = true,
            fault => return Some((webhook.clone(), fault)),
        }
    }
    let waiting = world.webhooks.iter().find(|webhook| match webhook.fate {
        Fate::Waiting { at } => at <= now,
        Fate::Withheld | Fate::Taken | Fate::GivenUp => false,
    });
    waiting.map(|webhook| (webhook.clone(), None))
}

fn next_moment(state: &State) -> Option<i64> {
    let world = state.world();
    let lives = world.subscriptions.values().filter_map(|it| match it.status.as_str() {
        "scheduled_cancel" => Some(it.period.1),
        _ => it.next_try_at,
    });
    let waits = world.webhooks.iter().filter_map(|it| match it.fate {
        Fate::Waiting { at } => Some(at),
        Fate::Withheld | Fate::Taken | Fate::GivenUp => None,
    });
    let no_address = state.ways().webhook_url.is_none();
    lives.chain(waits.filter(|_| !no_address)).min()
}

async fn send_due(state: &State, client: &Client, webhook: &Webhook, fault: Option<Fault>) {
    let taken = send(state, client, webhook).await == Some(200);
    if fault == Some(Fault::WebhookTwice) {
        _ = send(state, client, webhook).await;
    }
    settle(state, &webhook.id, taken && fault != Some(Fault::WebhookUnheard));
}

/// Writes down whether it was taken.
pub fn settle(state: &State, id: &str, taken: bool) {
    let now = state.now_ms();
    state.change(|world| {
        let Some(webhook) = world.webhooks.iter_mut().find(|it| it.id == id) else { return };
        let wait = usize::try_from(webhook.tries).ok().and_then(|tries| RETRY_MS.get(tries));
        webhook.tries += 1;
        webhook.fate = match wait {
            _ if taken => Fate::Taken,
            Some(wait) => Fate::Waiting { at: now + wait },
            None => Fate::GivenUp,
        };
    });
}

/// Sends one now; the status it was answered with.
pub async fn send(state: &State, client: &Client, webhook: &Webhook) -> Option<u16> {
    let url = state.ways().webhook_url.clone()?;
    let scheme = state.switches().scheme;
    let secret = &state.options.webhook_secret;
    let mut request = client.post(url).header(CONTENT_TYPE, "application/json");
    if scheme != Scheme::Standard {
        request = request.header("creem-signature", legacy(secret, &webhook.body));
    }
    if scheme != Scheme::Legacy {
        let seconds = state.now_ms() / 1000;
        let signature = standard(secret, &webhook.id, seconds, &webhook.body);
        request = request
            .header("webhook-id", &webhook.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature);
    }
    let answer = request.body(webhook.body.clone()).send().await.ok()?;
    Some(answer.status().as_u16())
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

/// The legacy signature: the secret as it is written, over the body.
pub fn legacy(secret: &str, body: &str) -> String {
    hex::encode(mac(secret.as_bytes(), &[body.as_bytes()]))
}

/// A signature of Standard Webhooks: the secret decoded, over id, seconds and body.
pub fn standard(secret: &str, id: &str, seconds: i64, body: &str) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).unwrap_or_default();
    let signed = format!("{id}.{seconds}.{body}");
    format!("v1,{}", STANDARD.encode(mac(&key, &[signed.as_bytes()])))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Both from Creem's own SDK.
    const SECRET: &str = "whsec_dGVzdC1zZWNyZXQtMTIzNDU2Nzg5MA==";
    const BODY: &str = r#"{"id":"evt_1","eventType":"refund.created","created_at":1,"object":{}}"#;

    #[test]
    fn signatures_are_creems() {
        assert_eq!(
            legacy(SECRET, BODY),
            "090ee326a0ae27f19cc4b9e2e9f2f36c78f7b7542acf3625bda7bd3c8a4c0c85"
        );
        assert_eq!(
            standard(SECRET, "msg_1", 1_700_000_000, BODY),
            "v1,U4J1d9PlEEil/t4NHlIt1krhhCSN7QIZ2MRMIotuQRs="
        );
    }
}
