//! Edits, deletions and reactions.

use serde_json::{Value, json};

use super::media::read_input_media;
use super::require_chat;
use crate::telegram::journal::Record;
use crate::telegram::keyboard::read_keyboard;
use crate::telegram::message::{Content, Keyboard, Message};
use crate::telegram::people::ChatKind;
use crate::telegram::refusal::Refusal;
use crate::telegram::request::Params;
use crate::telegram::state::{Change, State};
use crate::telegram::text;
use crate::telegram::wire;
use crate::telegram::world::{NewMessage, World};

/// Older ones cannot be deleted. Source: Bot API, deleteMessage.
const DELETE_MS: i64 = 48 * 3_600_000;

/// Pictures edited away whose bytes still stay.
const SUPERSEDED_KEPT: usize = 16;

/// Whether an edit that changes nothing is refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Same {
    Refused,
    Fine,
}

/// `editMessageText`.
pub fn text(state: &State, params: &Params) -> Result<Value, Refusal> {
    let words = text::read_text(params)?;
    edit(state, params, Same::Refused, |old| match old {
        Content::Text(_) => Ok(Content::Text(words)),
        _ => Err(Refusal::bad("there is no text in the message to edit")),
    })
}

/// `editMessageCaption`.
pub fn caption(state: &State, params: &Params) -> Result<Value, Refusal> {
    let words = text::read_caption(params)?;
    edit(state, params, Same::Refused, |old| match old.clone() {
        Content::Photo(photo, _) => Ok(Content::Photo(photo, words)),
        Content::Document(document, _) => Ok(Content::Document(document, words)),
        Content::Other(field, value, _) => Ok(Content::Other(field, value, words)),
        // Without history the old message is not known to be a picture.
        Content::Text(_) if !state.options.history => Ok(Content::Text(words)),
        Content::Text(_) | Content::Service(_) => {
            Err(Refusal::bad("there is no caption in the message to edit"))
        }
    })
}

/// `editMessageReplyMarkup`.
pub fn keyboard(state: &State, params: &Params) -> Result<Value, Refusal> {
    edit(state, params, Same::Refused, |old| Ok(old.clone()))
}

/// `editMessageMedia`; a text message may become a photo or a document.
pub fn media(state: &State, params: &Params) -> Result<Value, Refusal> {
    require_message(&state.world(), params)?;
    let media = params.json("media")?;
    let media = media.as_ref().and_then(Value::as_object);
    let media = media.ok_or_else(|| Refusal::bad("can't parse InputMedia: expected an Object"))?;
    let file = media.get("media").and_then(Value::as_str).unwrap_or_default();
    // Each upload is a new file to Telegram, also when its bytes are the old ones.
    let same = if file.starts_with("attach://") { Same::Fine } else { Same::Refused };
    let content = read_input_media(state, params, media)?;
    edit(state, params, same, |_| Ok(content))
}

fn edit(
    state: &State,
    params: &Params,
    same: Same,
    change: impl FnOnce(&Content) -> Result<Content, Refusal>,
) -> Result<Value, Refusal> {
    let keyboard = read_keyboard(params)?;
    let mut world = state.world();
    let mut message = require_message(&world, params)?;
    let content = change(&message.content)?;
    let is_same = content == message.content && keyboard == message.keyboard;
    if is_same && same == Same::Refused && state.options.history {
        return Err(Refusal::bad(
            "message is not modified: specified new message content and reply markup are exactly \
             the same as a current content and reply markup of the message",
        ));
    }
    let old = std::mem::replace(&mut message.content, content);
    message.keyboard = keyboard;
    message.edits += 1;
    message.edited_at_ms = Some(state.now_ms());
    world.keep(&message);
    forget_superseded(state, &mut world, &old, &message.content);
    let answer = wire::message(&world, &message);
    drop(world);
    state.counters.lock().edits += 1;
    state.changed(Change::Message { chat: message.chat, message: message.id });
    Ok(answer)
}

/// Drops the bytes of pictures that were edited away and stand nowhere else: partial ones. Telegram
/// would keep them; the last few stay for whoever has seen their address and not yet fetched them.
fn forget_superseded(state: &State, world: &mut World, old: &Content, new: &Content) {
    let superseded = old.source().filter(|source| new.source() != Some(source));
    world.superseded.extend(superseded.map(str::to_owned));
    while world.superseded.len() > SUPERSEDED_KEPT {
        let Some(source) = world.superseded.pop_front() else { return };
        let mut messages = world.messages.values().flat_map(|chat| chat.values());
        let stands = messages.any(|message| message.content.source() == Some(&source));
        if stands || world.superseded.contains(&source) {
            continue;
        }
        if let Some(photo) = world.photos.remove(&source) {
            world.note(|| Record::PhotoGone(source.clone()));
            state.blobs.remove(&source);
            for size in photo.sizes {
                state.blobs.remove(&size.unique);
            }
        }
    }
}

/// The bot's own message that a call is about.
fn require_message(world: &World, params: &Params) -> Result<Message, Refusal> {
    if params.has("inline_message_id") {
        return Err(Refusal::bad("MESSAGE_ID_INVALID"));
    }
    let chat = require_chat(world, params)?;
    let missing = || Refusal::bad("message to edit not found");
    let id = params.int("message_id").ok_or_else(missing)?;
    if !world.history {
        return stand_for(world, chat, id).ok_or_else(missing);
    }
    let message = world.message(chat, id).ok_or_else(missing)?;
    if message.from != world.bot.id || matches!(message.content, Content::Service(_)) {
        return Err(Refusal::bad("message can't be edited"));
    }
    Ok(message.clone())
}

/// Without history, any number that was given out stands for a message.
fn stand_for(world: &World, chat: i64, id: i64) -> Option<Message> {
    let new = NewMessage::new(chat, world.bot.id, Content::Text(text::typed_words("")));
    world.was_numbered(chat, id).then(|| Message {
        chat,
        id,
        topic: None,
        from: new.from,
        at_ms: 0,
        edited_at_ms: None,
        edits: 0,
        content: new.content,
        reply_to: None,
        album: None,
        keyboard: Keyboard::new(),
        reactions: Vec::new(),
    })
}

/// `deleteMessage`.
pub fn delete_one(state: &State, params: &Params) -> Result<Value, Refusal> {
    let missing = || Refusal::bad("message to delete not found");
    let id = params.int("message_id").ok_or_else(missing)?;
    let mut world = state.world();
    let chat = require_chat(&world, params)?;
    if !world.history {
        return Ok(json!(true));
    }
    let message = world.message(chat, id).ok_or_else(missing)?;
    if !can_delete(&world, message, state.now_ms()) {
        return Err(Refusal::bad("message can't be deleted for everyone"));
    }
    world.remove_message(chat, id);
    drop(world);
    state.changed(Change::Deleted { chat, message: id });
    Ok(json!(true))
}

/// `deleteMessages`: what is not there or too old is passed over.
pub fn delete_many(state: &State, params: &Params) -> Result<Value, Refusal> {
    let ids = read_ids(params)?;
    let mut world = state.world();
    let chat = require_chat(&world, params)?;
    let now_ms = state.now_ms();
    let mut gone = Vec::new();
    for id in ids {
        let fits = world.message(chat, id).is_some_and(|it| can_delete(&world, it, now_ms));
        if fits && world.remove_message(chat, id).is_some() {
            gone.push(id);
        }
    }
    drop(world);
    for message in gone {
        state.changed(Change::Deleted { chat, message });
    }
    Ok(json!(true))
}

fn can_delete(world: &World, message: &Message, now_ms: i64) -> bool {
    let chat = world.chats.get(&message.chat);
    let is_private = chat.is_some_and(|chat| chat.kind == ChatKind::Private);
    let is_admin = chat.is_some_and(|chat| chat.bot_admin);
    let is_own = message.from == world.bot.id;
    let is_young = now_ms - message.at_ms < DELETE_MS;
    is_admin || (is_young && (is_own || is_private))
}

/// `message_ids`: 1 to 100.
pub fn read_ids(params: &Params) -> Result<Vec<i64>, Refusal> {
    let ids = params.json("message_ids")?;
    let ids: Option<Vec<i64>> = ids
        .as_ref()
        .and_then(Value::as_array)
        .map(|ids| ids.iter().filter_map(Value::as_i64).collect());
    match ids {
        Some(ids) if (1..=100).contains(&ids.len()) => Ok(ids),
        Some(_) => Err(Refusal::bad("message identifiers: 1 to 100 must be specified")),
        None => Err(Refusal::bad("message identifiers are not specified")),
    }
}

/// `setMessageReaction`.
pub fn reaction(state: &State, params: &Params) -> Result<Value, Refusal> {
    let reactions = params.json("reaction")?.unwrap_or_default();
    let emoji = |it: &Value| it.get("emoji").and_then(Value::as_str).map(str::to_owned);
    let reactions: Vec<String> =
        reactions.as_array().into_iter().flatten().filter_map(emoji).collect();
    if reactions.len() > 1 {
        return Err(Refusal::bad("REACTIONS_TOO_MANY"));
    }
    let mut world = state.world();
    let chat = require_chat(&world, params)?;
    if !world.history {
        return Ok(json!(true));
    }
    let id = params.int("message_id").unwrap_or_default();
    let missing = || Refusal::bad("message to react not found");
    let mut message = world.message(chat, id).cloned().ok_or_else(missing)?;
    message.reactions = reactions;
    world.keep(&message);
    drop(world);
    state.changed(Change::Message { chat, message: id });
    Ok(json!(true))
}
