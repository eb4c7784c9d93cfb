//! sendMessage, sendPhoto, sendDocument, and what is shown without being a message.

use serde_json::{Value, json};

use super::media::{read_document, read_photo};
use super::require_chat;
use crate::telegram::keyboard::read_keyboard;
use crate::telegram::message::{Content, Keyboard};
use crate::telegram::people::ChatKind;
use crate::telegram::refusal::Refusal;
use crate::telegram::request::Params;
use crate::telegram::state::{Change, DRAFT_MS, Draft, State, TYPING_MS, Typing};
use crate::telegram::text;
use crate::telegram::wire;
use crate::telegram::world::{NewMessage, World};

/// Where a message goes.
pub struct Destination {
    /// Chat.
    pub chat: i64,
    /// Thread.
    pub topic: Option<i64>,
    /// What it answers.
    pub reply_to: Option<i64>,
}

/// Reads where a message goes, and refuses where it cannot.
pub fn read_destination(world: &World, params: &Params) -> Result<Destination, Refusal> {
    let chat = require_chat(world, params)?;
    let mut topic = read_topic(world, chat, params)?;
    let reply_to = read_reply(world, chat, params)?;
    if topic.is_none() {
        let answered = reply_to.and_then(|id| world.message(chat, id));
        topic = answered.and_then(|message| message.topic);
    }
    Ok(Destination { chat, topic, reply_to })
}

/// The thread named, which must be there and open; the general one is none.
pub fn read_topic(world: &World, chat: i64, params: &Params) -> Result<Option<i64>, Refusal> {
    let Some(id) = params.int("message_thread_id").filter(|id| *id != 0) else {
        return Ok(None);
    };
    let missing = || Refusal::bad("message thread not found");
    let forum = world.chats.get(&chat).filter(|chat| chat.kind == ChatKind::Forum);
    let topics = &forum.ok_or_else(missing)?.topics;
    if id == 1 {
        return Ok(None);
    }
    let topic = topics.get(&id).filter(|topic| !topic.deleted).ok_or_else(missing)?;
    if topic.closed {
        return Err(Refusal::bad("TOPIC_CLOSED"));
    }
    Ok(Some(id))
}

fn read_reply(world: &World, chat: i64, params: &Params) -> Result<Option<i64>, Refusal> {
    let given = params.json("reply_parameters")?;
    let (id, lenient) = match &given {
        Some(reply) => {
            let lenient = reply.get("allow_sending_without_reply").and_then(Value::as_bool);
            (reply.get("message_id").and_then(Value::as_i64), lenient == Some(true))
        }
        None => (params.int("reply_to_message_id"), params.flag("allow_sending_without_reply")),
    };
    let Some(id) = id else {
        return Ok(None);
    };
    if !world.history {
        return Ok(Some(id));
    }
    match world.message(chat, id) {
        Some(_) => Ok(Some(id)),
        None if lenient => Ok(None),
        None => Err(Refusal::bad("message to be replied not found")),
    }
}

/// Posts what a call asks for and answers with the message.
pub fn post(state: &State, params: &Params, content: Content) -> Result<Value, Refusal> {
    post_with(state, params, content, read_keyboard(params)?)
}

/// The same with these buttons.
pub fn post_with(
    state: &State,
    params: &Params,
    content: Content,
    keyboard: Keyboard,
) -> Result<Value, Refusal> {
    let mut world = state.world();
    let Destination { chat, topic, reply_to } = read_destination(&world, params)?;
    let from = world.bot.id;
    let new = NewMessage { topic, reply_to, keyboard, ..NewMessage::new(chat, from, content) };
    let message = world.post(new, state.now_ms());
    let answer = wire::message(&world, &message);
    drop(world);
    state.counters.lock().messages += 1;
    if state.options.history {
        state.shown().typing.retain(|typing| typing.chat != chat);
        state.shown().drafts.retain(|draft| draft.chat != chat);
    }
    state.changed(Change::Message { chat, message: message.id });
    Ok(answer)
}

/// `sendMessage`.
pub fn text(state: &State, params: &Params) -> Result<Value, Refusal> {
    post(state, params, Content::Text(text::read_text(params)?))
}

/// `sendPhoto`.
pub fn photo(state: &State, params: &Params) -> Result<Value, Refusal> {
    let words = text::read_caption(params)?;
    require_chat(&state.world(), params)?;
    let photo = read_photo(state, params, "photo", params.text("photo").as_deref())?;
    post(state, params, Content::Photo(photo, words))
}

/// `sendDocument`.
pub fn document(state: &State, params: &Params) -> Result<Value, Refusal> {
    let words = text::read_caption(params)?;
    require_chat(&state.world(), params)?;
    let document = read_document(state, params, "document", params.text("document").as_deref())?;
    post(state, params, Content::Document(document, words))
}

/// `sendChatAction`.
pub fn chat_action(state: &State, params: &Params) -> Result<Value, Refusal> {
    const ACTIONS: [&str; 11] = [
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    ];
    let action = params.text("action").unwrap_or_default();
    if !ACTIONS.contains(&action.as_str()) {
        return Err(Refusal::bad("wrong parameter action in request"));
    }
    let world = state.world();
    let chat = require_chat(&world, params)?;
    let topic = read_topic(&world, chat, params)?;
    drop(world);
    let typing = Typing { chat, topic, action, until_ms: state.now_ms() + TYPING_MS };
    if !state.options.history {
        return Ok(json!(true));
    }
    let mut shown = state.shown();
    shown.typing.retain(|it| (it.chat, it.topic) != (chat, topic));
    shown.typing.push(typing.clone());
    drop(shown);
    state.changed(Change::Typing(typing));
    Ok(json!(true))
}

/// `sendMessageDraft`.
pub fn draft(state: &State, params: &Params) -> Result<Value, Refusal> {
    let words = params.text("text").unwrap_or_default();
    if text::utf16_len(&words) > text::TEXT_MAX {
        return Err(Refusal::bad("message is too long"));
    }
    let number = params.int("draft_id").filter(|number| *number != 0);
    let number = number.ok_or_else(|| Refusal::bad("draft_id must be non-zero"))?;
    let world = state.world();
    let chat = require_chat(&world, params)?;
    let is_private = world.chats.get(&chat).is_none_or(|chat| chat.kind == ChatKind::Private);
    drop(world);
    if !is_private {
        return Err(Refusal::bad("message drafts can be sent only to private chats"));
    }
    let draft = Draft {
        chat,
        topic: params.int("message_thread_id"),
        draft: number,
        text: words,
        can_stop: params.flag("can_stop"),
        until_ms: state.now_ms() + DRAFT_MS,
    };
    if !state.options.history {
        return Ok(json!(true));
    }
    let mut shown = state.shown();
    shown.drafts.retain(|it| it.chat != chat);
    shown.drafts.push(draft.clone());
    drop(shown);
    state.changed(Change::Draft(draft));
    Ok(json!(true))
}
