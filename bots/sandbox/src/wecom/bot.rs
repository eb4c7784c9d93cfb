//! The AI bot: what is said to it, and what it answers, over the webhook or the socket.
//!
//! Source: documents 100719, 101027, 101031, 101033, 101138 and 101463.

mod courier;
mod frames;
mod media;
mod reply;
mod socket;

use serde_json::{Value, json};

pub use self::courier::carry;
pub use self::media::send as send_media;
pub use self::socket::{Socket, upgrade};
use super::message::{Author, Content};
use super::methods::Call;
use super::people::{Chat, Place};
use super::record::{CodeFor, Record, Turn, TurnState};
use super::refusal::Refusal;
use super::state::State;
use super::world::World;

/// How long a stream may grow. Source: document 101031, 6 min.
pub const STREAM_MS: i64 = 360_000;
/// How long `response_url` is good. Source: document 101138, 1 h.
const LATE_MS: i64 = 3_600_000;
/// How long an answer to an event may take. Source: document 101463, 5 s.
pub const EVENT_MS: i64 = 5_000;
/// How many messages of a user may be in progress. Source: document 100719, 3.
pub const IN_PROGRESS_MAX: usize = 3;
/// Longest text, bytes. Source: document 101031.
pub const TEXT_MAX: usize = 20_480;

/// Opens a turn: something was said to the bot, or happened to it.
pub fn open_turn(
    state: &State,
    world: &mut World,
    chat: &Chat,
    userid: &str,
    (kind, fields): (&str, Value),
) -> String {
    let now_ms = state.now_ms();
    let msgid = format!("{}{:x}", state.word(24), world.next());
    let mut body = json!({
        "msgid": msgid, "aibotid": state.options.bot.id,
        "from": {"userid": userid, "corpid": state.options.corp_id},
        "create_time": now_ms / 1000,
    });
    match &chat.place {
        Place::BotGroup(chatid, _) => {
            body["chatid"] = json!(chatid);
            body["chattype"] = json!("group");
        }
        _ => body["chattype"] = json!("single"),
    }
    if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields) {
        body.extend(fields);
    }
    let turn = Turn {
        msgid: msgid.clone(),
        req_id: format!("req_{}", state.word(20)),
        chat: chat.id,
        userid: userid.to_owned(),
        kind: kind.to_owned(),
        body,
        at_ms: now_ms,
        state: TurnState::Waiting,
        tries: 0,
        not_before_ms: 0,
        answer: None,
    };
    world.keep(Record::Turn(Box::new(turn)));
    msgid
}

/// Whether a turn is something that was said, rather than an event.
pub fn is_said(turn: &Turn) -> bool {
    turn.body.get("event").is_none()
}

/// How many messages of a user wait for the end of their answer.
pub fn in_progress(world: &World, userid: &str, now_ms: i64) -> usize {
    let theirs = world.turns.values().filter(|it| it.userid == userid && is_said(it));
    let open = theirs.filter(|it| it.state != TurnState::Done && now_ms < it.at_ms + STREAM_MS);
    open.count()
}

/// The body of a turn's callback: a way to answer late, the same each time, and files where they
/// can be fetched.
pub fn callback_body(state: &State, world: &mut World, turn: &Turn, own_keys: bool) -> Value {
    let mut body = turn.body.clone();
    media::address(state, world, &mut body, own_keys);
    if !own_keys {
        let code = late_code(state, world, turn);
        let url = format!("{}/cgi-bin/aibot/response?response_code={code}", state.base_url);
        body["response_url"] = json!(url);
    }
    body
}

/// The code of a turn's late answer: one, and good for an hour from what was said.
fn late_code(state: &State, world: &mut World, turn: &Turn) -> String {
    let purpose = CodeFor::BotAnswer(turn.msgid.clone());
    let known = world.codes.values().find(|it| it.purpose == purpose);
    if let Some(code) = known {
        return code.word.clone();
    }
    let left_ms = turn.at_ms + LATE_MS - state.now_ms();
    state.make_code(world, purpose, left_ms)
}

/// `aibot/response`: one more answer, once, within the hour.
pub fn respond_late(state: &State, call: &Call) -> Result<Value, Refusal> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let code = call.query.get("response_code").map(String::as_str).unwrap_or_default();
    let purpose = world.live_code(code, now_ms).map(|it| it.purpose.clone());
    // No document names the code of a `response_url` that is used or late.
    let Some(CodeFor::BotAnswer(msgid)) = purpose else {
        return Err(Refusal::new(40058, "invalid Request Parameter: response_code"));
    };
    let turn = world.turns.get(&msgid).cloned();
    let turn = turn.ok_or_else(|| Refusal::parameter("response_code"))?;
    let content = reply::read_pushed(state, &call.body, &["markdown", "template_card"])?;
    let code = code.to_owned();
    world.use_code(&code);
    let message = world.post(turn.chat, Author::Desk, content, &msgid, now_ms);
    drop(world);
    state.changed_message(&message);
    Ok(json!({}))
}

/// Ends turns whose six minutes are over; says when the next one's are.
pub fn end_late(state: &State) -> Option<i64> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let open = world.turns.values().filter(|it| it.state != TurnState::Done);
    let (late, in_time): (Vec<Turn>, Vec<Turn>) =
        open.cloned().partition(|it| now_ms >= it.at_ms + STREAM_MS);
    for turn in late {
        if let Some(answer) = turn.answer {
            world.change_message(turn.chat, answer, |message| {
                message.failed = Some("the stream did not end in six minutes".into());
                if let Content::Stream { finished, .. } = &mut message.content {
                    *finished = true;
                }
            });
            state.changed(super::state::Change::Message { chat: turn.chat, message: answer });
        }
        world.keep(Record::Turn(Box::new(Turn { state: TurnState::Done, ..turn })));
    }
    in_time.iter().map(|it| it.at_ms + STREAM_MS).min()
}
