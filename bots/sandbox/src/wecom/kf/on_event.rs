//! `kf/send_msg_on_event`: words that a code allows, once.

use serde_json::{Value, json};

use super::{SessionState, chat_of, session_of};
use crate::wecom::content::{self, Body};
use crate::wecom::message::Author;
use crate::wecom::methods::Call;
use crate::wecom::record::{CodeFor, Record};
use crate::wecom::refusal::Refusal;
use crate::wecom::state::State;

/// Says something in answer to an event.
pub fn send_on_event(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let code = call.body.get("code").and_then(Value::as_str).unwrap_or_default();
    // No document says which code answers one that is used, late or none.
    let invalid = || Refusal::new(95007, "invalid msg code");
    let purpose = world.live_code(code, now_ms).map(|it| it.purpose.clone()).ok_or_else(invalid)?;
    let (kf, customer, needs, menus) = match purpose {
        CodeFor::Welcome(kf, customer) => (kf, customer, None, true),
        CodeFor::Pooled(kf, customer) => (kf, customer, Some(SessionState::Pool), false),
        CodeFor::Taken(kf, customer) => (kf, customer, Some(SessionState::Human), false),
        CodeFor::Ended(kf, customer) => (kf, customer, Some(SessionState::Ended), true),
        _ => return Err(invalid()),
    };
    let mut session = session_of(&world, &kf, &customer);
    // An ended session is one that was ended, not one that lapsed.
    if needs.is_some_and(|needed| session.state != needed) {
        return Err(Refusal::of_code(95018));
    }
    let own = super::send::own_msgid(state, &world, &kf, &call.body)?;
    let content = content::read(state, &world, &Body::KfOnEvent(&call.body, menus))?;
    let code = code.to_owned();
    world.use_code(&code);
    if needs.is_none() {
        session.welcomed_ms = Some(now_ms);
        world.keep(Record::Session(session));
    }
    let msgid = own.unwrap_or_else(|| state.word(32));
    world.keep(Record::Used(kf.clone(), msgid.clone()));
    let chat = chat_of(&mut world, &kf, &customer);
    let message = world.post(chat, Author::Desk, content, &msgid, now_ms);
    drop(world);
    state.changed_message(&message);
    Ok(json!({"msgid": msgid}))
}
