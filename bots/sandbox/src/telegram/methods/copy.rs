//! copyMessage and copyMessages.

use serde_json::{Value, json};

use super::edit::read_ids;
use super::media::album_id;
use super::send::{Destination, read_destination};
use crate::telegram::keyboard::read_keyboard;
use crate::telegram::message::{Content, Message};
use crate::telegram::refusal::Refusal;
use crate::telegram::request::Params;
use crate::telegram::state::{Change, State};
use crate::telegram::text::read_caption;
use crate::telegram::world::{NewMessage, World};

/// `copyMessage`.
pub fn copy_one(state: &State, params: &Params) -> Result<Value, Refusal> {
    let keyboard = read_keyboard(params)?;
    let caption = params.has("caption").then(|| read_caption(params)).transpose()?;
    let mut world = state.world();
    let Destination { chat, topic, reply_to } = read_destination(&world, params)?;
    let id = params.int("message_id").unwrap_or_default();
    let mut content = copied(&world, params, id)
        .ok_or_else(|| Refusal::bad("message to copy not found"))?
        .content
        .clone();
    if let Some(caption) = caption {
        match &mut content {
            Content::Photo(_, words)
            | Content::Document(_, words)
            | Content::Other(_, _, words) => {
                *words = caption;
            }
            Content::Text(_) | Content::Service(_) => {}
        }
    }
    if matches!(content, Content::Service(_)) {
        return Err(Refusal::bad("message can't be copied"));
    }
    let from = world.bot.id;
    let new = NewMessage { topic, reply_to, keyboard, ..NewMessage::new(chat, from, content) };
    let message = world.post(new, state.now_ms());
    drop(world);
    state.counters.lock().messages += 1;
    state.changed(Change::Message { chat, message: message.id });
    Ok(json!({"message_id": message.id}))
}

/// `copyMessages`: what cannot be copied is passed over; albums stay albums.
pub fn copy_many(state: &State, params: &Params) -> Result<Value, Refusal> {
    let ids = read_ids(params)?;
    if !ids.is_sorted_by(|a, b| a < b) {
        return Err(Refusal::bad("message identifiers must be in a strictly increasing order"));
    }
    let mut world = state.world();
    let Destination { chat, topic, reply_to } = read_destination(&world, params)?;
    let (from, now_ms) = (world.bot.id, state.now_ms());
    let mut albums: Vec<(String, String)> = Vec::new();
    let mut numbers = Vec::new();
    for id in ids {
        let Some(original) = copied(&world, params, id) else { continue };
        if matches!(original.content, Content::Service(_)) {
            continue;
        }
        let (content, old_album) = (original.content.clone(), original.album.clone());
        let album = old_album.map(|old| {
            if let Some((_, new)) = albums.iter().find(|(known, _)| *known == old) {
                return new.clone();
            }
            let new = album_id(world.next_thing());
            albums.push((old, new.clone()));
            new
        });
        let new = NewMessage { topic, reply_to, album, ..NewMessage::new(chat, from, content) };
        numbers.push(world.post(new, now_ms).id);
    }
    drop(world);
    if numbers.is_empty() {
        return Err(Refusal::bad("there are no messages to copy"));
    }
    state.counters.lock().messages += numbers.len() as u64;
    for message in &numbers {
        state.changed(Change::Message { chat, message: *message });
    }
    Ok(numbers.iter().map(|id| json!({"message_id": id})).collect())
}

fn copied<'a>(world: &'a World, params: &Params, id: i64) -> Option<&'a Message> {
    let from = params.int("from_chat_id")?;
    world.message(from, id)
}
