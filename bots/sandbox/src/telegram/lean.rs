//! The short way of a text when no history is kept: for benches of ten thousand calls a second.
//!
//! It answers what the long way would answer, without building the message in between. Whatever it
//! does not know at a glance goes the long way.

use std::borrow::Cow;

use axum::body::Bytes;
use serde::{Deserialize, Serialize};

use super::Call;
use super::state::State;
use super::text::{TEXT_MAX, utf16_len};

/// The fields of a text, or of an edit to one, that matter here.
#[derive(Deserialize)]
struct Asked<'a> {
    chat_id: i64,
    message_id: Option<i64>,
    #[serde(borrow)]
    text: Cow<'a, str>,
    parse_mode: Option<&'a str>,
}

#[derive(Serialize)]
struct Answer<'a> {
    ok: bool,
    result: Sent<'a>,
}

#[derive(Serialize)]
struct Sent<'a> {
    message_id: i64,
    from: From<'a>,
    chat: Chat,
    date: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    edit_date: Option<i64>,
    text: &'a str,
}

#[derive(Serialize)]
struct From<'a> {
    id: i64,
    is_bot: bool,
    first_name: &'a str,
    username: &'a str,
}

#[derive(Serialize)]
struct Chat {
    id: i64,
    #[serde(rename = "type")]
    kind: &'static str,
    first_name: &'static str,
}

/// The method's name, where there is a short way for it as things are.
pub fn method(state: &State, name: &str) -> Option<&'static str> {
    if state.options.history {
        return None;
    }
    let name = match name {
        "sendmessage" => "sendmessage",
        "editmessagetext" => "editmessagetext",
        _ => return None,
    };
    let is_calm = state.faults().armed().is_empty() && state.rate_limits().is_none();
    is_calm.then_some(name)
}

/// The body of the answer; none when the long way has to look at it.
pub fn answer(state: &State, method: &'static str, body: &[u8]) -> Option<Bytes> {
    let asked: Asked<'_> = serde_json::from_slice(body).ok()?;
    let is_edit = method == "editmessagetext";
    let is_plain = !asked.text.trim().is_empty() && asked.parse_mode.is_none() && asked.chat_id > 0;
    // A character has at most two UTF-16 units, so short texts need not be counted.
    let fits = asked.text.len() <= TEXT_MAX || utf16_len(&asked.text) <= TEXT_MAX;
    if !is_plain || !fits || is_edit != asked.message_id.is_some() {
        return None;
    }
    let mut world = state.world();
    if world.chats.contains_key(&asked.chat_id) {
        return None;
    }
    let message_id = match asked.message_id {
        Some(id) => Some(id).filter(|id| world.was_numbered(asked.chat_id, *id))?,
        None => world.next_message_id(asked.chat_id),
    };
    drop(world);
    let now_s = state.now_ms() / 1000;
    let options = &state.options;
    let answer = Answer {
        ok: true,
        result: Sent {
            message_id,
            from: From {
                id: state.bot_id,
                is_bot: true,
                first_name: &options.bot_name,
                username: &options.bot_username,
            },
            chat: Chat { id: asked.chat_id, kind: "private", first_name: "User" },
            date: now_s,
            edit_date: is_edit.then_some(now_s),
            text: asked.text.trim(),
        },
    };
    let mut tally = state.counters.lock();
    *tally.calls.entry(method).or_default() += 1;
    *(if is_edit { &mut tally.edits } else { &mut tally.messages }) += 1;
    drop(tally);
    if let Some(hook) = &options.on_call {
        let (chat, message) = (Some(asked.chat_id), Some(message_id));
        hook.call(&Call { method, chat, message, text: Some(&asked.text) });
    }
    serde_json::to_vec(&answer).ok().map(Bytes::from)
}
