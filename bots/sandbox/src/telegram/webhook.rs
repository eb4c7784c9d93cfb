//! Pushes updates to the desk, as the official server does. Source: WebhookActor.cpp.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use reqwest::Client;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use serde_json::Value;

use super::faults::Fault;
use super::queue::{Outcome, Update};
use super::request::Params;
use super::server::run_unheard;
use super::state::State;
use super::world::Webhook;

/// How long an answer may take. Source: telegram-bot-api, HttpOutboundConnection of 60 s.
const ANSWER_S: u64 = 60;
/// With no success for so long, one connection at a time.
const QUIET_MS: i64 = 10_000;
/// The longest `Retry-After` that is honoured, seconds.
const RETRY_AFTER_S_MAX: i64 = 3_600;
/// A webhook that answers 410 for so long is removed.
const GONE_MS: i64 = 23 * 3_600_000;

/// Delivers until the stand-in ends.
pub async fn deliver(state: Arc<State>) {
    let client = Client::builder()
        .timeout(Duration::from_secs(ANSWER_S))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(100)
        .build();
    let client = match client {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(error = %error, "the Telegram stand-in cannot push updates");
            return;
        }
    };
    let courier = Arc::new(Courier {
        state,
        client,
        success_ms: AtomicI64::new(i64::MIN),
        gone_ms: AtomicI64::new(0),
    });
    let mut bell = courier.state.hear_updates();
    loop {
        bell.borrow_and_update();
        let next_ms = courier.send_due();
        let clock = &courier.state.options.clock;
        tokio::select! {
            _ = bell.changed() => {}
            () = clock.sleep_until(next_ms.unwrap_or_default()), if next_ms.is_some() => {}
            () = courier.state.ended.cancelled() => return,
        }
    }
}

struct Courier {
    state: Arc<State>,
    client: Client,
    success_ms: AtomicI64,
    gone_ms: AtomicI64,
}

impl Courier {
    /// Starts every delivery whose turn it is; says when to look again.
    fn send_due(self: &Arc<Self>) -> Option<i64> {
        let now_ms = self.state.now_ms();
        let held_until_ms = self.state.faults().hold_updates_until_ms;
        let mut world = self.state.world();
        let webhook = world.meta.webhook.clone()?;
        if held_until_ms > now_ms {
            return Some(held_until_ms);
        }
        let expired = world.queues.expire(now_ms);
        world.note_updates_gone(expired);
        let is_quiet = self.success_ms.load(Ordering::Acquire) < now_ms - QUIET_MS;
        let allowed = if is_quiet { 1 } else { webhook.max_connections };
        let free = allowed.saturating_sub(world.queues.in_flight());
        let due = world.queues.take_due(now_ms, free);
        let next_ms = world.queues.next_moment_ms(now_ms);
        drop(world);
        for update in due {
            let owner = [update.key.owner()];
            let twice = self.state.faults().strike_update(&Fault::DuplicateUpdate, &owner);
            let lost = self.state.faults().strike_update(&Fault::LostAck, &owner);
            if twice {
                let (courier, webhook, update) = (self.clone(), webhook.clone(), update.clone());
                tokio::spawn(async move { drop(courier.post(&webhook, &update).await) });
            }
            let (courier, webhook) = (self.clone(), webhook.clone());
            tokio::spawn(async move { courier.carry(webhook, update, lost).await });
        }
        next_ms
    }

    async fn carry(&self, webhook: Webhook, update: Update, lost: bool) {
        let answer = self.post(&webhook, &update).await;
        match answer {
            Ok(_) if lost => self.book(update.id, Outcome::Failed(Some(0)), None),
            Ok(None) => self.book(update.id, Outcome::Taken, None),
            Ok(Some((method, params))) => {
                self.book(update.id, Outcome::Taken, None);
                run_unheard(&self.state, &method, &params).await;
            }
            Err(failure) => {
                self.book(update.id, Outcome::Failed(failure.retry_after_ms), Some(failure));
            }
        }
    }

    /// Books how a delivery ended and wakes the next.
    fn book(&self, update: i64, outcome: Outcome, failure: Option<Failure>) {
        let now_ms = self.state.now_ms();
        let mut world = self.state.world();
        if world.queues.finish(update, outcome, now_ms) {
            world.note_updates_gone(vec![update]);
        }
        let is_gone = failure.as_ref().is_some_and(|failure| failure.is_gone);
        match failure {
            None => {
                self.success_ms.store(now_ms, Ordering::Release);
                self.gone_ms.store(0, Ordering::Release);
            }
            Some(failure) => {
                if let Some(webhook) = &mut world.meta.webhook {
                    webhook.last_error = Some((now_ms / 1000, failure.words));
                }
            }
        }
        if is_gone {
            let since_ms = self.gone_ms.load(Ordering::Acquire);
            if since_ms == 0 {
                self.gone_ms.store(now_ms, Ordering::Release);
            } else if now_ms - since_ms > GONE_MS {
                world.meta.webhook = None;
                world.note_meta();
            }
        }
        drop(world);
        self.state.ring_updates();
    }

    /// Posts one update; a good answer may carry a method to run.
    async fn post(
        &self,
        webhook: &Webhook,
        update: &Update,
    ) -> Result<Option<(String, Params)>, Failure> {
        let mut request = self
            .client
            .post(&webhook.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT_ENCODING, "gzip, deflate")
            .body(update.body.clone());
        if let Some(secret) = &webhook.secret {
            request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
        }
        let failed =
            |words: &str| Failure { words: words.to_owned(), retry_after_ms: None, is_gone: false };
        let answer = request.send().await.map_err(|error| {
            failed(if error.is_timeout() { "Read timeout expired" } else { "Connection failed" })
        })?;
        let status = answer.status();
        if status.is_success() {
            let body = answer.bytes().await.map_err(|_| failed("Connection closed"))?;
            return Ok(method_in(&body));
        }
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let asked_s = asked.and_then(|text| text.parse::<i64>().ok());
        Err(Failure {
            words: format!("Wrong response from the webhook: {status}"),
            retry_after_ms: asked_s.map(|seconds| seconds.clamp(0, RETRY_AFTER_S_MAX) * 1000),
            is_gone: status.as_u16() == 410,
        })
    }
}

struct Failure {
    words: String,
    retry_after_ms: Option<i64>,
    is_gone: bool,
}

/// The method that a webhook's answer asks to run; those that read or rewire are not run.
fn method_in(body: &[u8]) -> Option<(String, Params)> {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(body) else {
        return None;
    };
    let method = fields.remove("method")?.as_str()?.to_ascii_lowercase();
    let ignored = ["setwebhook", "deletewebhook", "close", "logout"];
    let runs = !method.starts_with("get") && !ignored.contains(&method.as_str());
    runs.then(|| (method, Params::of(fields)))
}
