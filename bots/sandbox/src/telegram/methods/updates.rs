//! How the desk gets its updates: getUpdates, and where they are pushed.

use std::time::Duration;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::telegram::counters::Delivery;
use crate::telegram::faults::Fault;
use crate::telegram::refusal::Refusal;
use crate::telegram::request::Params;
use crate::telegram::state::State;
use crate::telegram::world::Webhook;

/// The longest poll. Source: telegram-bot-api Client.h, LONG_POLL_MAX_TIMEOUT.
const POLL_S_MAX: i64 = 50;
/// The default of `max_connections`. Source: Bot API, setWebhook.
const CONNECTIONS: i64 = 40;

/// `getUpdates`: the updates as raw JSON, in one array.
pub async fn get_updates(state: &State, params: &Params) -> Result<Box<RawValue>, Refusal> {
    let (ticket, mut timeout_s, mut limit) = begin_poll(state, params)?;
    if timeout_s > POLL_S_MAX {
        timeout_s = POLL_S_MAX;
    }
    limit = limit.clamp(1, 100);
    let mut bell = state.hear_updates();
    let wait = Duration::from_secs(timeout_s.max(0).unsigned_abs());
    let deadline = tokio::time::Instant::now() + wait;
    loop {
        bell.borrow_and_update();
        if let Some(batch) = look(state, ticket, limit)? {
            return Ok(batch);
        }
        let until_ms = state.faults().hold_updates_until_ms;
        tokio::select! {
            () = tokio::time::sleep_until(deadline) => {
                return Ok(array(&[]));
            }
            _ = bell.changed() => {}
            () = state.options.clock.sleep_until(until_ms), if until_ms > state.now_ms() => {}
            () = state.ended.cancelled() => return Err(Refusal::unauthorized()),
        }
    }
}

/// Confirms what the offset says and takes the place of an earlier poll.
fn begin_poll(state: &State, params: &Params) -> Result<(u64, i64, usize), Refusal> {
    let mut timeout_s = params.int("timeout").unwrap_or(0);
    let mut limit = usize::try_from(params.int("limit").unwrap_or(100)).unwrap_or(100);
    let offset = params.int("offset").unwrap_or(0);
    let allowed = read_allowed(params)?;
    let mut world = state.world();
    if world.meta.webhook.is_some() {
        return Err(Refusal::conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the \
             webhook first",
        ));
    }
    if allowed.is_some() && world.meta.allowed_updates != allowed {
        world.meta.allowed_updates = allowed;
        world.note_meta();
    }
    let ticket = state.polls().begin(offset, &mut timeout_s, &mut limit);
    state.ring_updates();
    let below = match offset {
        0 => None,
        1.. => Some(offset),
        _ => world.queues.nth_from_end(usize::try_from(-offset).unwrap_or(1)),
    };
    if let Some(below) = below {
        let owners = world.queues.owners_below(below);
        let kept = state.faults().strike_update(&Fault::LostAck, &owners);
        if !kept {
            let gone = world.queues.confirm_below(below);
            let twice = state.faults().strike_update(&Fault::DuplicateUpdate, &owners);
            world.note_updates_gone(gone);
            if twice {
                world.redeliver(1);
            }
        }
    }
    drop(world);
    state.counters.lock().delivery = Some(Delivery::Polling);
    Ok((ticket, timeout_s, limit))
}

/// What there is for this poll, if anything; a refusal when another poll has taken its place.
fn look(state: &State, ticket: u64, limit: usize) -> Result<Option<Box<RawValue>>, Refusal> {
    if !state.polls().is_current(ticket) {
        return Err(Refusal::conflict(
            "terminated by other getUpdates request; make sure that only one bot instance is \
             running",
        ));
    }
    let now_ms = state.now_ms();
    if state.faults().hold_updates_until_ms > now_ms {
        return Ok(None);
    }
    let mut world = state.world();
    if world.queues.is_empty() {
        return Ok(None);
    }
    let expired = world.queues.expire(now_ms);
    world.note_updates_gone(expired);
    let batch = world.queues.oldest(limit);
    if batch.is_empty() {
        return Ok(None);
    }
    let bodies: Vec<&str> = batch.iter().map(|update| update.body.as_str()).collect();
    Ok(Some(array(&bodies)))
}

fn array(bodies: &[&str]) -> Box<RawValue> {
    let text = format!("[{}]", bodies.join(","));
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

fn read_allowed(params: &Params) -> Result<Option<Vec<String>>, Refusal> {
    let Some(allowed) = params.json("allowed_updates")? else {
        return Ok(None);
    };
    let kinds = allowed.as_array().map(|kinds| {
        kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>()
    });
    let kinds = kinds.ok_or_else(|| Refusal::bad("can't parse allowed updates: Array expected"))?;
    Ok(Some(kinds))
}

/// `setWebhook`.
pub fn set_webhook(state: &State, params: &Params) -> Result<Value, Refusal> {
    let url = params.text("url").unwrap_or_default();
    if url.is_empty() {
        return delete_webhook(state, params);
    }
    if !state.polls().may_set_webhook() {
        return Err(Refusal::too_many(1));
    }
    let parsed = url::Url::parse(&url).map_err(|_| Refusal::bad("bad webhook: invalid URL"))?;
    // Telegram itself takes https only; its server run locally also takes http, and so does this.
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(Refusal::bad("bad webhook: an HTTPS URL must be provided for webhook"));
    }
    let secret = params.text("secret_token").filter(|secret| !secret.is_empty());
    if let Some(secret) = &secret {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if secret.len() > 256 {
            return Err(Refusal::bad("secret token is too long"));
        }
        if !secret.bytes().all(plain) {
            return Err(Refusal::bad("secret token contains unallowed characters"));
        }
    }
    let connections = params.int("max_connections").unwrap_or(CONNECTIONS).clamp(1, 100);
    let allowed = read_allowed(params)?;
    let mut world = state.world();
    if allowed.is_some() {
        world.meta.allowed_updates = allowed.filter(|kinds| !kinds.is_empty());
    }
    let max_connections = usize::try_from(connections).unwrap_or(1);
    world.meta.webhook = Some(Webhook { url, secret, max_connections, last_error: None });
    world.note_meta();
    drop_pending(&mut world, params);
    world.queues.retry_now();
    drop(world);
    state.counters.lock().delivery = Some(Delivery::Webhook);
    state.ring_updates();
    Ok(json!(true))
}

/// `deleteWebhook`.
pub fn delete_webhook(state: &State, params: &Params) -> Result<Value, Refusal> {
    let mut world = state.world();
    world.meta.webhook = None;
    world.note_meta();
    drop_pending(&mut world, params);
    drop(world);
    state.ring_updates();
    Ok(json!(true))
}

fn drop_pending(world: &mut crate::telegram::world::World, params: &Params) {
    if params.flag("drop_pending_updates") {
        let gone = world.queues.clear();
        world.note_updates_gone(gone);
    }
}

/// `getWebhookInfo`.
pub fn get_webhook_info(state: &State, _: &Params) -> Result<Value, Refusal> {
    let world = state.world();
    let pending = world.queues.len();
    let mut info = json!({
        "url": "", "has_custom_certificate": false, "pending_update_count": pending,
    });
    if let Some(webhook) = &world.meta.webhook {
        info["url"] = json!(webhook.url);
        info["max_connections"] = json!(webhook.max_connections);
        if let Some((at_s, words)) = &webhook.last_error {
            info["last_error_date"] = json!(at_s);
            info["last_error_message"] = json!(words);
        }
    }
    if let Some(allowed) = &world.meta.allowed_updates {
        info["allowed_updates"] = json!(allowed);
    }
    Ok(info)
}
