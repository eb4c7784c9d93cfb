//! The frames of the AI bot's socket, each answered by one.

use std::collections::HashMap;

use axum::body::Bytes;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::socket::{Outgoing, Socket, take_over};
use super::{EVENT_MS, is_said, reply};
use crate::wecom::faults::{Fault, Occasion};
use crate::wecom::limits::{BOT_CONVERSATION, Limit};
use crate::wecom::message::Author;
use crate::wecom::people::{Chat, Place};
use crate::wecom::record::Turn;
use crate::wecom::refusal::Refusal;
use crate::wecom::state::State;
use crate::wecom::world::World;

/// Largest part of an upload, bytes. Source: document 101463, 512 KB.
const CHUNK_MAX: usize = 512 << 10;
/// Most parts of an upload. Source: document 101463.
const CHUNKS_MAX: usize = 100;
/// Uploads. Source: document 101463 as quoted by a third party, 30 a minute.
const UPLOADS: Limit = Limit { per_min: 30, per_hour: 1_000 };
/// How long after a callback one may answer it. Source: as above, 24 h.
const REPLY_MS: i64 = 86_400_000;
/// When WeCom would ask for more; over the socket it never does.
const NEVER_MS: i64 = i64::MAX;

/// One connection, subscribed or not.
#[derive(Debug)]
pub struct Connection {
    /// Which one.
    pub id: String,
    sender: mpsc::UnboundedSender<Outgoing>,
    is_subscribed: bool,
    uploads: HashMap<String, Upload>,
}

impl Connection {
    /// A new one.
    pub fn new(id: String, sender: mpsc::UnboundedSender<Outgoing>) -> Self {
        Self { id, sender, is_subscribed: false, uploads: HashMap::new() }
    }
}

/// An upload in parts.
#[derive(Debug)]
struct Upload {
    kind: String,
    name: String,
    size: u64,
    md5: String,
    parts: Vec<Option<Vec<u8>>>,
}

/// Takes a frame; answers with its acknowledgement, or with nothing where the connection breaks
/// instead.
pub fn take_frame(state: &State, connection: &mut Connection, text: &str) -> Option<Value> {
    let frame: Value = serde_json::from_str(text).unwrap_or_default();
    let headers = json!({"req_id": frame.pointer("/headers/req_id").cloned().unwrap_or_default()});
    let command = frame.get("cmd").and_then(Value::as_str).unwrap_or_default();
    let body = frame.get("body").unwrap_or(&Value::Null);
    let req_id = headers["req_id"].as_str().unwrap_or_default().to_owned();
    let chat = body.get("chatid").and_then(Value::as_str).unwrap_or_default();
    let mut done = || run(state, connection, command, &req_id, body);
    let done = match state.strike(Occasion::Call, command, &[chat]) {
        Some(Fault::Errcode { errcode }) => Err(Refusal::of_code(errcode)),
        Some(Fault::DropRequest | Fault::ServerError { .. }) => return None,
        Some(Fault::DropAnswer | Fault::GarbledAnswer | Fault::NotJson) => {
            drop(done());
            return None;
        }
        // The others befall calls over HTTP alone.
        None | Some(_) => done(),
    };
    let mut ack = json!({"headers": headers, "errcode": 0, "errmsg": "ok"});
    match done {
        Ok(Value::Null) => {}
        Ok(body) => ack["body"] = body,
        Err(refusal) => {
            *state.counters.lock().refused.entry(refusal.errcode).or_default() += 1;
            ack["errcode"] = json!(refusal.errcode);
            ack["errmsg"] = json!(refusal.words);
        }
    }
    Some(ack)
}

fn run(
    state: &State,
    connection: &mut Connection,
    command: &str,
    req_id: &str,
    body: &Value,
) -> Result<Value, Refusal> {
    *state.counters.lock().calls.entry(format!("socket {command}")).or_default() += 1;
    match command {
        "aibot_subscribe" => return subscribe(state, connection, body),
        "ping" => return Ok(Value::Null),
        _ if !connection.is_subscribed => return Err(Refusal::new(40001, "not subscribed")),
        _ => {}
    }
    match command {
        "aibot_respond_msg" => respond(state, req_id, body, REPLY_MS, is_said),
        "aibot_respond_welcome_msg" => {
            respond(state, req_id, body, EVENT_MS, |turn| turn.kind == "enter_chat")
        }
        "aibot_respond_update_msg" => {
            respond(state, req_id, body, EVENT_MS, |turn| turn.kind == "template_card_event")
        }
        "aibot_send_msg" => send(state, body),
        "aibot_upload_media_init" => upload_init(state, connection, body),
        "aibot_upload_media_chunk" => upload_chunk(connection, body),
        "aibot_upload_media_finish" => upload_finish(state, connection, body),
        _ => Err(Refusal::parameter("cmd")),
    }
}

fn subscribe(state: &State, connection: &mut Connection, body: &Value) -> Result<Value, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let bot = &state.options.bot;
    if text("bot_id") != bot.id || text("secret") != bot.secret {
        return Err(Refusal::new(40001, "invalid bot_id or secret"));
    }
    connection.is_subscribed = true;
    let (id, sender) = (connection.id.clone(), connection.sender.clone());
    take_over(state, Socket { id, sender });
    Ok(Value::Null)
}

fn respond(
    state: &State,
    req_id: &str,
    body: &Value,
    within_ms: i64,
    is_meant: impl Fn(&Turn) -> bool,
) -> Result<Value, Refusal> {
    let world = state.world();
    let turn = world.turns.values().find(|it| it.req_id == req_id && is_meant(it)).cloned();
    drop(world);
    let turn = turn.ok_or_else(|| Refusal::new(846_605, "invalid req_id"))?;
    if state.now_ms() >= turn.at_ms + within_ms {
        return Err(Refusal::new(846_608, "expired"));
    }
    require_pace(state, turn.chat)?;
    reply::apply(state, &turn.msgid, body, NEVER_MS)?;
    Ok(Value::Null)
}

fn require_pace(state: &State, chat: i64) -> Result<(), Refusal> {
    let fits = state.within(&format!("bot {chat}"), BOT_CONVERSATION);
    fits.then_some(()).ok_or_else(Refusal::frequency)
}

/// Says something by itself, where somebody has written before.
fn send(state: &State, body: &Value) -> Result<Value, Refusal> {
    let named = body.get("chatid").and_then(Value::as_str).unwrap_or_default();
    let kind = body.get("chat_type").and_then(Value::as_i64).unwrap_or(0);
    let chat = {
        let world = state.world();
        let found = chat_named(&world, named, kind);
        // In another case it is another chat. Source: as document 101463 is quoted, 93006.
        let found = found.ok_or_else(|| Refusal::new(93006, "invalid chatid"))?;
        let has_written = world.turns.values().any(|it| it.chat == found);
        has_written
            .then_some(found)
            .ok_or_else(|| Refusal::new(93006, "nobody has written there"))?
    };
    require_pace(state, chat)?;
    let kinds = ["markdown", "template_card", "file", "image", "voice", "video"];
    let content = reply::read_pushed(state, body, &kinds)?;
    let message = state.world().post(chat, Author::Desk, content, "", state.now_ms());
    state.changed_message(&message);
    Ok(Value::Null)
}

/// 1 is a single chat, 2 a group, 0 whichever there is.
fn chat_named(world: &World, named: &str, kind: i64) -> Option<i64> {
    let is_named = |chat: &&Chat| match &chat.place {
        Place::BotGroup(chatid, _) => kind != 1 && chatid == named,
        Place::Bot(userid) => kind != 2 && userid == named,
        _ => false,
    };
    world.chats.values().find(is_named).map(|chat| chat.id)
}

fn upload_init(state: &State, connection: &mut Connection, body: &Value) -> Result<Value, Refusal> {
    if !state.within("bot uploads", UPLOADS) {
        return Err(Refusal::frequency());
    }
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |name: &str| body.get(name).and_then(Value::as_u64).unwrap_or(0);
    let count = usize::try_from(number("total_chunks")).unwrap_or(usize::MAX);
    if !["image", "file", "voice", "video"].contains(&text("type").as_str()) {
        return Err(Refusal::new(40004, "invalid media type"));
    }
    if count == 0 || count > CHUNKS_MAX || text("filename").is_empty() {
        return Err(Refusal::parameter("total_chunks or filename"));
    }
    let id = state.word(24);
    let upload = Upload {
        kind: text("type"),
        name: text("filename"),
        size: number("total_size"),
        md5: text("md5"),
        parts: vec![None; count],
    };
    connection.uploads.insert(id.clone(), upload);
    Ok(json!({"upload_id": id}))
}

fn upload_chunk(connection: &mut Connection, body: &Value) -> Result<Value, Refusal> {
    let id = body.get("upload_id").and_then(Value::as_str).unwrap_or_default();
    let upload = connection.uploads.get_mut(id);
    let upload = upload.ok_or_else(|| Refusal::parameter("upload_id"))?;
    let at =
        body.get("chunk_index").and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
    let part = at.and_then(|at| upload.parts.get_mut(at));
    let part = part.ok_or_else(|| Refusal::parameter("chunk_index"))?;
    let data = body.get("base64_data").and_then(Value::as_str).unwrap_or_default();
    let data = STANDARD.decode(data).map_err(|_| Refusal::parameter("base64_data"))?;
    if data.len() > CHUNK_MAX {
        return Err(Refusal::new(45001, "chunk too large"));
    }
    *part = Some(data);
    Ok(Value::Null)
}

fn upload_finish(
    state: &State,
    connection: &mut Connection,
    body: &Value,
) -> Result<Value, Refusal> {
    let id = body.get("upload_id").and_then(Value::as_str).unwrap_or_default();
    let upload = connection.uploads.remove(id);
    let upload = upload.ok_or_else(|| Refusal::parameter("upload_id"))?;
    let parts: Option<Vec<Vec<u8>>> = upload.parts.into_iter().collect();
    let bytes = parts.ok_or_else(|| Refusal::parameter("a chunk is missing"))?.concat();
    if bytes.len() as u64 != upload.size || hex::encode(Md5::digest(&bytes)) != upload.md5 {
        return Err(Refusal::parameter("total_size or md5"));
    }
    let mut world = state.world();
    let media = state.keep_media(&mut world, &upload.kind, &upload.name, &Bytes::from(bytes))?;
    let created_at = (media.at_ms / 1000).to_string();
    Ok(json!({"type": media.kind, "media_id": media.id, "created_at": created_at}))
}
