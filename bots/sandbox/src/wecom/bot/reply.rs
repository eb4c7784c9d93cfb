//! What the desk answers for the AI bot, read and put into the chat.

use serde_json::Value;

use super::{STREAM_MS, TEXT_MAX, is_said};
use crate::wecom::cards;
use crate::wecom::message::{Author, Content, Stored};
use crate::wecom::record::{Record, Turn, TurnState};
use crate::wecom::refusal::Refusal;
use crate::wecom::robot::picture;
use crate::wecom::state::{Change, State};
use crate::wecom::world::World;

/// Most pictures at the end of a stream. Source: document 101031.
const PICTURES_MAX: usize = 10;
/// Largest of them, bytes. Source: document 101031, 10 MB.
const PICTURE_MAX: usize = 10 << 20;

fn text<'a>(body: &'a Value, path: &str) -> &'a str {
    body.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

/// Applies an answer to a turn; `ask_ms` is when WeCom would ask for more.
pub fn apply(state: &State, msgid: &str, body: &Value, ask_ms: i64) -> Result<(), Refusal> {
    let now_ms = state.now_ms();
    let mut world = state.world();
    let turn = world.turns.get(msgid).cloned();
    let turn = turn.ok_or_else(|| Refusal::new(846_605, "invalid req_id"))?;
    if now_ms >= turn.at_ms + STREAM_MS {
        return Err(Refusal::new(846_608, "stream expired"));
    }
    let kind = text(body, "/msgtype");
    let is_update = text(body, "/response_type") == "update_template_card";
    match (turn.kind.as_str(), kind) {
        ("template_card_event", _) if is_update => update_card(state, &mut world, &turn, body)?,
        ("enter_chat", "text" | "template_card") => {
            let content = read_pushed(state, body, &["text", "template_card"])?;
            post(state, &mut world, &turn, content);
            done(&mut world, turn);
        }
        (_, "stream" | "stream_with_template_card") if is_said(&turn) => {
            stream(state, &mut world, turn, body, ask_ms)?;
        }
        (_, "template_card") if is_said(&turn) => {
            let content = read_pushed(state, body, &["template_card"])?;
            post(state, &mut world, &turn, content);
            done(&mut world, turn);
        }
        _ => return Err(Refusal::new(40008, "invalid message type")),
    }
    Ok(())
}

/// A message that stands for itself, of one of these kinds.
pub fn read_pushed(state: &State, body: &Value, kinds: &[&str]) -> Result<Content, Refusal> {
    let kind = text(body, "/msgtype");
    if !kinds.contains(&kind) {
        return Err(Refusal::new(40008, "invalid message type"));
    }
    let inner = body.get(kind).unwrap_or(&Value::Null);
    if kind == "template_card" {
        cards::check(inner)?;
        return Ok(Content::Card { card: inner.clone(), replaced: None });
    }
    if matches!(kind, "image" | "file" | "voice" | "video") {
        let stored = crate::wecom::content::media(state, &state.world(), inner, kind)?;
        return Ok(match kind {
            "image" => Content::Image(stored),
            _ => Content::File(kind.to_owned(), stored),
        });
    }
    let words = text(inner, "/content");
    match words.len() {
        0 => Err(Refusal::new(44004, "empty content")),
        1..=TEXT_MAX => Ok(Content::Text { text: words.to_owned(), markdown: kind == "markdown" }),
        _ => Err(Refusal::new(45002, "content size out of limit")),
    }
}

fn post(state: &State, world: &mut World, turn: &Turn, content: Content) -> i64 {
    let now_ms = state.now_ms();
    let message = world.post(turn.chat, Author::Desk, content, &turn.msgid, now_ms);
    state.changed_message(&message);
    message.id
}

fn done(world: &mut World, turn: Turn) {
    world.keep(Record::Turn(Box::new(Turn { state: TurnState::Done, ..turn })));
}

fn stream(
    state: &State,
    world: &mut World,
    mut turn: Turn,
    body: &Value,
    ask_ms: i64,
) -> Result<(), Refusal> {
    let id = text(body, "/stream/id");
    let words = text(body, "/stream/content");
    let finish = body.pointer("/stream/finish").and_then(Value::as_bool).unwrap_or(false);
    if id.is_empty() {
        return Err(Refusal::parameter("stream.id"));
    }
    match &turn.state {
        TurnState::Streaming { stream, .. } if stream != id => {
            return Err(Refusal::parameter("stream.id is another"));
        }
        TurnState::Done => return Err(Refusal::new(846_608, "stream has ended")),
        _ => {}
    }
    if words.len() > TEXT_MAX {
        return Err(Refusal::new(45002, "content size out of limit"));
    }
    let pictures = read_pictures(state, body, finish)?;
    let card = body.get("template_card").cloned();
    if let Some(card) = &card {
        cards::check(card)?;
    }
    let answer = turn.answer.unwrap_or_else(|| {
        let text = String::new();
        let (pictures, card, updated) = (Vec::new(), None, false);
        let content = Content::Stream { text, finished: false, pictures, card, updated };
        post(state, world, &turn, content)
    });
    let now_ms = state.now_ms();
    world.change_message(turn.chat, answer, |message| {
        grow(&mut message.content, (words, finish), pictures, card);
        message.edits += 1;
        message.edited_at_ms = Some(now_ms);
    });
    turn.answer = Some(answer);
    turn.state = if finish {
        TurnState::Done
    } else {
        TurnState::Streaming { stream: id.to_owned(), ask_ms }
    };
    state.changed(Change::Message { chat: turn.chat, message: answer });
    world.keep(Record::Turn(Box::new(turn)));
    Ok(())
}

fn grow(
    content: &mut Content,
    (words, finish): (&str, bool),
    shown: Vec<Stored>,
    new_card: Option<Value>,
) {
    if let Content::Stream { text, finished, pictures, card, .. } = content {
        words.clone_into(text);
        *finished = finish;
        *pictures = shown;
        // A card is taken once per message.
        if card.is_none() {
            *card = new_card;
        }
    }
}

/// Pictures come with the last frame only.
fn read_pictures(state: &State, body: &Value, finish: bool) -> Result<Vec<Stored>, Refusal> {
    let items = body.pointer("/stream/msg_item").and_then(Value::as_array);
    let items = items.map_or(&[][..], Vec::as_slice);
    if !items.is_empty() && !finish {
        return Err(Refusal::parameter("stream.msg_item before finish"));
    }
    if items.len() > PICTURES_MAX {
        return Err(Refusal::parameter("stream.msg_item"));
    }
    let read = |item: &Value| match text(item, "/msgtype") {
        "image" => {
            let (base64, sum) = (text(item, "/image/base64"), text(item, "/image/md5"));
            picture(state, base64, sum, PICTURE_MAX)
        }
        _ => Err(Refusal::parameter("stream.msg_item.msgtype")),
    };
    items.iter().map(read).collect()
}

/// The card that was pressed, changed; its task stays the same.
fn update_card(state: &State, world: &mut World, turn: &Turn, body: &Value) -> Result<(), Refusal> {
    let card = body.get("template_card").unwrap_or(&Value::Null);
    cards::check(card)?;
    let task = text(card, "/task_id");
    if task != text(&turn.body, "/event/template_card_event/task_id") {
        return Err(Refusal::parameter("task_id is another"));
    }
    let shows = |content: &Content| match content {
        Content::Card { card, .. } | Content::Stream { card: Some(card), .. } => {
            text(card, "/task_id") == task
        }
        _ => false,
    };
    let mut messages = world.messages.get(&turn.chat).into_iter().flatten();
    let found = messages.find(|(_, message)| shows(&message.content)).map(|(id, _)| *id);
    let id = found.ok_or_else(|| Refusal::parameter("task_id"))?;
    let now_ms = state.now_ms();
    world.change_message(turn.chat, id, |message| {
        match &mut message.content {
            Content::Card { card: old, replaced } => {
                *old = card.clone();
                *replaced = card.get("replace_text").and_then(Value::as_str).map(str::to_owned);
            }
            Content::Stream { card: old, updated, .. } => {
                *old = Some(card.clone());
                *updated = true;
            }
            _ => {}
        }
        message.edits += 1;
        message.edited_at_ms = Some(now_ms);
    });
    state.changed(Change::Message { chat: turn.chat, message: id });
    done(world, turn.clone());
    Ok(())
}
