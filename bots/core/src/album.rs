//! Albums: their parts come one by one, in any order and over several seconds, and are one set.

use alloc::{format, string::String, vec::Vec};

use crate::{
    customer::{self, Visit},
    effect::Effect,
    event::{Event, Message},
    facts::MessageFacts,
    id::{AlbumId, ConversationId},
    message,
    say::Say,
    turn::Turn,
};

/// An album is whole when no part came for this long.
const QUIET_MS: i64 = 1_500;

/// An album is whole this long after its first part, whatever still comes.
const WHOLE_MS: i64 = 10_000;

/// A part of an album came.
pub(crate) fn part_came(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &MessageFacts,
    part: &Message,
    album: &AlbumId,
) {
    let so_far = facts.album.as_ref();
    if so_far.is_some_and(|album| album.settled) {
        let count = so_far.map_or(0, |album| pictures(&album.parts));
        let late = Say::LateAlbumPart { count };
        let note = turn.words(&visit.reader, late).answering(Some(&part.id));
        turn.send(note);
        return;
    }
    let first = so_far.and_then(|album| album.parts.first()).unwrap_or(part);
    let by = first.from.identity.clone();
    let replied = first.reply_to.as_ref().filter(|reply| reply.ours);
    let replied = replied.map(|reply| reply.message.clone());
    let now = turn.frame.now;
    let began_at = so_far.map(|album| album.began_at).filter(|at| *at > 0).unwrap_or(now);
    let due_at = now.saturating_add(QUIET_MS).min(began_at.saturating_add(WHOLE_MS)).max(now);
    let conversation = turn.frame.conversation.clone();
    turn.then(Effect::AddToAlbum {
        conversation: conversation.clone(),
        album: album.clone(),
        message: part.clone(),
    });
    turn.then(Effect::SetTimer {
        id: timer(&conversation, album),
        due_at,
        conversation,
        event: Event::AlbumSettled { album: album.clone(), by, replied },
    });
}

/// No further part came for a while: the album is whole, and is one message.
pub(crate) fn settled(turn: &mut Turn<'_>, facts: &MessageFacts, album: &AlbumId) {
    let Some(so_far) = facts.album.as_ref().filter(|album| !album.settled) else { return };
    let conversation = turn.frame.conversation.clone();
    turn.then(Effect::SettleAlbum { conversation, album: album.clone() });
    let Some(message) = joined(&so_far.parts) else { return };
    let known = facts.customer.as_ref();
    let mut visit = customer::meet(turn, &message.from, known, message.setting);
    message::whole(turn, &mut visit, facts, &message);
}

/// The parts as one message: all pictures in order, the captions together.
fn joined(parts: &[Message]) -> Option<Message> {
    let mut message = Message { album: None, ..parts.first()?.clone() };
    message.attachments = parts.iter().flat_map(|part| part.attachments.clone()).collect();
    let captions: Vec<&str> = parts.iter().map(|part| part.text.trim()).collect();
    let captions: Vec<&str> = captions.into_iter().filter(|text| !text.is_empty()).collect();
    message.text = captions.join("\n");
    Some(message)
}

fn pictures(parts: &[Message]) -> i64 {
    parts.iter().map(|part| part.attachments.len() as i64).sum()
}

fn timer(conversation: &ConversationId, album: &AlbumId) -> String {
    format!("album:{conversation}:{album}")
}
