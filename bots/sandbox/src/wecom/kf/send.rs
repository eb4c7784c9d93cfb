//! `kf/send_msg` and `kf/recall_msg`.

use serde_json::{Value, json};

use super::{chat_of, feed_event, require_account, require_customer, session_of};
use crate::wecom::content::{self, Body};
use crate::wecom::faults::{Fault, Occasion};
use crate::wecom::message::{Author, Content};
use crate::wecom::methods::Call;
use crate::wecom::record::Record;
use crate::wecom::refusal::Refusal;
use crate::wecom::state::State;
use crate::wecom::world::World;

/// Longest `msgid` of one's own, bytes. Source: document 94677.
const MSGID_MAX: usize = 32;
/// How long a message can be called back. Source: wxkefu-rs, 2 min.
const RECALL_MS: i64 = 120_000;
/// What a second message under one `msgid` gets. Document 94677 says "an error", not which; ours.
pub const SAME_MSGID: i64 = 40058;

/// Says something to a customer.
pub fn send(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let open_kfid = require_account(&world, &call.body)?;
    let customer = require_customer(&world, &call.body, "touser")?;
    let own = own_msgid(state, &world, &open_kfid, &call.body)?;
    let content = content::read(state, &world, &Body::Kf(&call.body))?;
    let mut session = session_of(&world, &open_kfid, &customer);
    session.allows_sending(now_ms)?;
    session.answers += 1;
    let rejected = session.rejected;
    world.keep(Record::Session(session));
    let msgid = own.unwrap_or_else(|| state.word(32));
    world.keep(Record::Used(open_kfid.clone(), msgid.clone()));
    let owners = [customer.as_str(), open_kfid.as_str()];
    let fails = match state.strike(Occasion::KfSend, "kf/send_msg", &owners) {
        Some(Fault::SendFails { fail_type }) => Some(fail_type),
        // 10: the customer does not want it. Source: document 94670.
        _ => rejected.then_some(10),
    };
    let chat = chat_of(&mut world, &open_kfid, &customer);
    let message = world.post(chat, Author::Desk, content, &msgid, now_ms);
    if let Some(fail_type) = fails {
        world.change_message(chat, message.id, |it| {
            it.failed = Some(format!("fail_type {fail_type}"));
        });
        let event = json!({
            "event_type": "msg_send_fail", "open_kfid": open_kfid,
            "external_userid": customer, "fail_msgid": msgid, "fail_type": fail_type,
        });
        feed_event(state, &mut world, &open_kfid, &event);
        state.ring();
    }
    drop(world);
    state.changed_message(&message);
    Ok(json!({"msgid": msgid}))
}

/// The caller's own name for a message, if it has one.
pub fn own_msgid(
    state: &State,
    world: &World,
    open_kfid: &str,
    body: &Value,
) -> Result<Option<String>, Refusal> {
    let own = body.get("msgid").and_then(Value::as_str).unwrap_or_default();
    if own.is_empty() {
        return Ok(None);
    }
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if own.len() > MSGID_MAX || !own.bytes().all(letters) {
        return Err(Refusal::parameter("msgid"));
    }
    if world.used.contains(&(open_kfid.to_owned(), own.to_owned())) {
        state.counters.lock().repeated += 1;
        return Err(Refusal::new(SAME_MSGID, "invalid Request Parameter: msgid is repeated"));
    }
    Ok(Some(own.to_owned()))
}

/// Takes a message back.
pub fn recall(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let open_kfid = require_account(&world, &call.body)?;
    let msgid = call.body.get("msgid").and_then(Value::as_str).unwrap_or_default();
    let theirs = |chat: i64| {
        let place = world.chats.get(&chat).map(|it| &it.place);
        matches!(place, Some(super::Place::Kf(kf, _)) if *kf == open_kfid)
    };
    let found = world.messages.iter().filter(|(chat, _)| theirs(**chat));
    let found = found.flat_map(|(_, messages)| messages.values());
    let found = found.filter(|it| it.from == Author::Desk).find(|it| it.msgid == msgid);
    let found = found.filter(|it| now_ms < it.at_ms + RECALL_MS).map(|it| (it.chat, it.id));
    let (chat, id) = found.ok_or_else(|| Refusal::parameter("msgid"))?;
    world.change_message(chat, id, |it| {
        it.content = Content::Service("the desk took a message back".into());
        it.edited_at_ms = Some(now_ms);
    });
    drop(world);
    state.changed(crate::wecom::state::Change::Message { chat, message: id });
    Ok(json!({}))
}
