//! Files for the AI bot: encrypted, at an address that is good for five minutes.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::{Value, json};

use crate::wecom::envelope::AesKey;
use crate::wecom::record::CodeFor;
use crate::wecom::state::State;
use crate::wecom::world::World;

/// How long an address is good. Source: document 100719, 5 min.
const LIFE_MS: i64 = 300_000;
/// How a body names bytes that have no address yet.
pub const BLOB: &str = "blob:";

/// Gives every file of a body its address, and over the socket a key of its own.
pub fn address(state: &State, world: &mut World, body: &mut Value, own_keys: bool) {
    match body {
        Value::Object(fields) => {
            let url = fields.get("url").and_then(Value::as_str).map(str::to_owned);
            if let Some(blob) = url.as_deref().and_then(|url| url.strip_prefix(BLOB)) {
                let key = own_keys.then(|| own_key(state));
                let purpose = CodeFor::BotMedia(blob.to_owned(), key.clone());
                let code = state.make_code(world, purpose, LIFE_MS);
                fields
                    .insert("url".into(), json!(format!("{}/aibot-media/{code}", state.base_url)));
                if let Some(key) = key {
                    fields.insert("aeskey".into(), json!(key));
                }
            }
            for value in fields.values_mut() {
                address(state, world, value, own_keys);
            }
        }
        Value::Array(values) => {
            for value in values {
                address(state, world, value, own_keys);
            }
        }
        _ => {}
    }
}

/// 32 bytes in base64; with its padding or without, both are seen.
fn own_key(state: &State) -> String {
    let bytes = state.word(32);
    if bytes.starts_with(|letter: char| letter.is_ascii_lowercase()) {
        STANDARD_NO_PAD.encode(bytes)
    } else {
        STANDARD.encode(bytes)
    }
}

/// Sends a file, encrypted.
pub fn send(state: &State, code: &str) -> Response {
    let world = state.world();
    let purpose = world.live_code(code, state.now_ms()).map(|it| it.purpose.clone());
    drop(world);
    let Some(CodeFor::BotMedia(blob, key)) = purpose else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let key = match key {
        None => Some(state.bot.key),
        Some(key) => {
            let bytes = STANDARD_NO_PAD.decode(key.trim_end_matches('=')).ok();
            bytes.and_then(|bytes| bytes.try_into().ok()).map(AesKey::of_bytes)
        }
    };
    match (key, state.blobs.get(&blob)) {
        (Some(key), Some(bytes)) => key.encrypt(&bytes).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}
