//! Threads of a forum.

use serde_json::{Value, json};

use super::require_chat;
use crate::telegram::message::{Content, Service};
use crate::telegram::people::{ChatKind, Topic};
use crate::telegram::refusal::Refusal;
use crate::telegram::request::Params;
use crate::telegram::state::{Change, State};
use crate::telegram::wire;
use crate::telegram::world::{NewMessage, World};

/// The colours a topic may have. Source: Bot API, createForumTopic.
const ICON_COLORS: [i64; 6] =
    [7_322_096, 16_766_590, 13_338_331, 9_367_192, 16_749_490, 16_478_047];

/// `createForumTopic`.
pub fn create(state: &State, params: &Params) -> Result<Value, Refusal> {
    let name = read_name(params)?;
    let icon_color = params.int("icon_color").unwrap_or(ICON_COLORS[0]);
    if !ICON_COLORS.contains(&icon_color) {
        return Err(Refusal::bad("TOPIC_ICON_COLOR_INVALID"));
    }
    let mut world = state.world();
    let chat = require_forum(&world, params)?;
    let service = Service::TopicCreated { name: name.clone(), icon_color };
    let mut new = NewMessage::new(chat, world.bot.id, Content::Service(service));
    // The message that begins a topic has the topic's own number.
    new.topic = world.chats.get(&chat).map(|chat| chat.next_message);
    let message = world.post(new, state.now_ms());
    let topic = Topic { id: message.id, name, icon_color, closed: false, deleted: false };
    let answer = wire::topic(&topic);
    world.change_chat(chat, |chat| _ = chat.topics.insert(topic.id, topic));
    // A bot is told of its own topics, too.
    world.tell_message(&message);
    drop(world);
    state.counters.lock().messages += 1;
    state.ring_updates();
    state.changed(Change::Chat { chat });
    state.changed(Change::Message { chat, message: message.id });
    Ok(answer)
}

/// `editForumTopic`.
pub fn edit(state: &State, params: &Params) -> Result<Value, Refusal> {
    let name = params.has("name").then(|| read_name(params)).transpose()?;
    let Some(name) = name else {
        return Ok(json!(true));
    };
    change(state, params, |topic| {
        if topic.name == name {
            return Err(Refusal::bad("TOPIC_NOT_MODIFIED"));
        }
        topic.name.clone_from(&name);
        Ok(Some(Service::TopicEdited { name }))
    })
}

/// `closeForumTopic`.
pub fn close(state: &State, params: &Params) -> Result<Value, Refusal> {
    change(state, params, |topic| {
        if std::mem::replace(&mut topic.closed, true) {
            return Err(Refusal::bad("TOPIC_NOT_MODIFIED"));
        }
        Ok(Some(Service::TopicClosed))
    })
}

/// `reopenForumTopic`.
pub fn reopen(state: &State, params: &Params) -> Result<Value, Refusal> {
    change(state, params, |topic| {
        if !std::mem::replace(&mut topic.closed, false) {
            return Err(Refusal::bad("TOPIC_NOT_MODIFIED"));
        }
        Ok(Some(Service::TopicReopened))
    })
}

/// `deleteForumTopic`, with its messages.
pub fn delete(state: &State, params: &Params) -> Result<Value, Refusal> {
    change(state, params, |topic| {
        topic.deleted = true;
        Ok(None)
    })
}

fn change(
    state: &State,
    params: &Params,
    change: impl FnOnce(&mut Topic) -> Result<Option<Service>, Refusal>,
) -> Result<Value, Refusal> {
    let mut world = state.world();
    let chat = require_forum(&world, params)?;
    let id = params.int("message_thread_id").unwrap_or_default();
    let known = world.chats.get(&chat).and_then(|chat| chat.topics.get(&id));
    let missing = || Refusal::bad("message thread not found");
    let mut topic = known.filter(|topic| !topic.deleted).cloned().ok_or_else(missing)?;
    let service = change(&mut topic)?;
    let from = world.bot.id;
    apply_topic(&mut world, chat, topic, service, from, state.now_ms());
    drop(world);
    state.changed(Change::Chat { chat });
    state.ring_updates();
    Ok(json!(true))
}

/// Puts a changed topic in place, with the message that says so.
pub fn apply_topic(
    world: &mut World,
    chat: i64,
    topic: Topic,
    service: Option<Service>,
    from: i64,
    now_ms: i64,
) {
    let id = topic.id;
    if topic.deleted {
        let in_topic = |(at, it): (&i64, &crate::telegram::message::Message)| {
            (it.topic == Some(id)).then_some(*at)
        };
        let messages = world.messages.get(&chat);
        let gone: Vec<i64> = messages.into_iter().flatten().filter_map(in_topic).collect();
        for message in gone {
            world.remove_message(chat, message);
        }
    }
    world.change_chat(chat, |chat| _ = chat.topics.insert(id, topic));
    if let Some(service) = service {
        let new = NewMessage::new(chat, from, Content::Service(service));
        let message = world.post(NewMessage { topic: Some(id), ..new }, now_ms);
        // A bot is told of what it does itself, too.
        world.tell_message(&message);
    }
}

fn require_forum(world: &World, params: &Params) -> Result<i64, Refusal> {
    let id = require_chat(world, params)?;
    let chat = world.chats.get(&id).filter(|chat| chat.kind == ChatKind::Forum);
    let chat = chat.ok_or_else(|| Refusal::bad("the chat is not a forum"))?;
    if !chat.bot_admin {
        return Err(Refusal::bad("not enough rights to manage topics"));
    }
    Ok(id)
}

fn read_name(params: &Params) -> Result<String, Refusal> {
    let name = params.text("name").unwrap_or_default().trim().to_owned();
    match name.chars().count() {
        0 => Err(Refusal::bad("TOPIC_TITLE_EMPTY")),
        1..=128 => Ok(name),
        _ => Err(Refusal::bad("TOPIC_TITLE_INVALID")),
    }
}
