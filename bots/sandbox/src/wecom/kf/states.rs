//! `kf/service_state/get` and `trans`.

use serde_json::{Value, json};

use super::{
    LONG_CODE_MS, SHORT_CODE_MS, SessionState, chat_of, note, require_account, require_customer,
    session_of,
};
use crate::wecom::methods::Call;
use crate::wecom::people::Reception;
use crate::wecom::record::{CodeFor, Record};
use crate::wecom::refusal::Refusal;
use crate::wecom::state::State;
use crate::wecom::world::World;

/// How a session stands.
pub fn state_get(state: &State, call: &Call) -> Result<Value, Refusal> {
    let world = state.world();
    let open_kfid = require_account(&world, &call.body)?;
    let customer = require_customer(&world, &call.body, "external_userid")?;
    let session = session_of(&world, &open_kfid, &customer);
    let stands = session.state_at(state.now_ms());
    let mut answer = json!({"service_state": stands.number()});
    if stands == SessionState::Human {
        answer["servicer_userid"] = json!(session.servicer);
    }
    Ok(answer)
}

/// Changes how a session stands. It is no event: only what people do is. Source: document 94669.
pub fn state_trans(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let kf = require_account(&world, &call.body)?;
    let customer = require_customer(&world, &call.body, "external_userid")?;
    let mut session = session_of(&world, &kf, &customer);
    let wanted = call.body.get("service_state").and_then(Value::as_i64);
    let servicer = call.body.get("servicer_userid").and_then(Value::as_str).unwrap_or_default();
    let next = match wanted {
        Some(1) => SessionState::Assistant,
        Some(2) => SessionState::Pool,
        Some(3) => SessionState::Human,
        Some(4) => SessionState::Ended,
        _ => return Err(Refusal::parameter("service_state")),
    };
    let stands = session.state_at(now_ms);
    if stands == SessionState::Ended {
        return Err(Refusal::new(95013, "session is over"));
    }
    let is_allowed = match (stands, next) {
        (SessionState::New, _) => true,
        (SessionState::Assistant, to) => to != SessionState::Assistant,
        (SessionState::Pool, to) => matches!(to, SessionState::Human | SessionState::Ended),
        (SessionState::Human, SessionState::Human) => {
            session.servicer.as_deref().is_none_or(|it| !it.eq_ignore_ascii_case(servicer))
        }
        (SessionState::Human, to) => to == SessionState::Ended,
        (SessionState::Ended, _) => false,
    };
    if !is_allowed {
        return Err(Refusal::new(95016, "session status transition not allowed"));
    }
    session.servicer = match next {
        SessionState::Human => Some(require_servicer(&world, &kf, servicer)?),
        _ => None,
    };
    session.state = next;
    let words = match (&session.servicer, next) {
        (Some(servicer), _) => format!("handed to {servicer}"),
        (None, SessionState::Pool) => "waits for a human".into(),
        (None, SessionState::Ended) => "the desk ended the session".into(),
        (None, _) => "the assistant answers".into(),
    };
    world.keep(Record::Session(session));
    let code = match next {
        SessionState::Pool => Some((CodeFor::Pooled(kf.clone(), customer.clone()), LONG_CODE_MS)),
        // Only the first change to a human has a code: a colleague taking over has none.
        SessionState::Human if stands != SessionState::Human => {
            Some((CodeFor::Taken(kf.clone(), customer.clone()), LONG_CODE_MS))
        }
        SessionState::Ended => Some((CodeFor::Ended(kf.clone(), customer.clone()), SHORT_CODE_MS)),
        _ => None,
    };
    let code = code.map(|(purpose, life_ms)| state.make_code(&mut world, purpose, life_ms));
    let chat = chat_of(&mut world, &kf, &customer);
    note(state, &mut world, chat, &words);
    Ok(code.map_or_else(|| json!({}), |code| json!({"msg_code": code})))
}

fn require_servicer(world: &World, open_kfid: &str, named: &str) -> Result<String, Refusal> {
    if named.is_empty() {
        return Err(Refusal::parameter("servicer_userid"));
    }
    if world.member(named).is_none_or(|member| !member.visible) {
        return Err(Refusal::new(60030, "servicer is not in the app's visible range"));
    }
    let servicers = world.accounts.get(open_kfid).map(|it| it.servicers.as_slice());
    let found = servicers.unwrap_or_default().iter();
    let found = found.clone().find(|it| it.userid.eq_ignore_ascii_case(named));
    let servicer = found.ok_or_else(|| Refusal::new(95014, "not a servicer of this account"))?;
    if servicer.reception != Reception::Receiving {
        return Err(Refusal::new(95019, "servicer does not receive"));
    }
    Ok(servicer.userid.clone())
}
