//! Albums: their parts come one by one, in any order and over several seconds, and are one set.

use alloc::{format, string::String, vec::Vec};

use crate::{
    customer::{self, Visit},
    effect::Effect,
    event::{Event, Message},
    facts::{Album, MessageFacts, OpenAlbum},
    id::{AlbumId, ConversationId},
    message,
    say::Say,
    turn::{Reader, Turn},
};

/// An album is whole when no part came for this long.
const QUIET_MS: i64 = 1_500;

/// An album is whole this long after its first part, whatever still comes.
const WHOLE_MS: i64 = 10_000;

/// The part that calls us may come late, after an outage or over a slow line. Until it does, the
/// others are kept for so long, without their words; then they are forgotten.
const UNCALLED_MS: i64 = 5 * 60 * 1000;

/// A part of an album that is meant for us came.
pub(crate) fn part_came(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &MessageFacts,
    part: &Message,
    album: &AlbumId,
) {
    if facts.album.as_ref().is_some_and(|album| album.settled) {
        return late(turn, &visit.reader, facts, part);
    }
    add(turn, facts.album.as_ref(), part, album, Called::Here);
}

/// A part of an album came that did not call us by itself. Whether it was meant for us is decided
/// when the album is whole; until then nobody meets anybody.
pub(crate) fn part_seen(turn: &mut Turn<'_>, facts: &MessageFacts, part: &Message) {
    turn.then(Effect::ForgetEvent);
    let Some(album) = &part.album else { return };
    if facts.album.as_ref().is_some_and(|album| album.settled) {
        let reader = Reader::of_writer(turn, facts.customer.as_ref(), part);
        return late(turn, &reader, facts, part);
    }
    add(turn, facts.album.as_ref(), part, album, Called::NotHere);
}

/// Whether a part says by itself that its album is meant for us.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    /// It does.
    Here,
    /// Another part may.
    NotHere,
}

/// A part came after its album was begun with. Of an album that was left out as a whole it has
/// been said already.
fn late(turn: &mut Turn<'_>, reader: &Reader, facts: &MessageFacts, part: &Message) {
    let Some(so_far) = facts.album.as_ref().filter(|album| album.called) else { return };
    let late = Say::LateAlbumPart { count: pictures(&so_far.parts) };
    let note = turn.words(reader, late).answering(Some(&part.id));
    turn.send(note);
}

/// A part is put to the others.
pub(crate) fn add(
    turn: &mut Turn<'_>,
    so_far: Option<&Album>,
    part: &Message,
    album: &AlbumId,
    called: Called,
) {
    let called = called == Called::Here;
    let first = so_far.and_then(|album| album.parts.first()).unwrap_or(part);
    let by = first.from.identity.clone();
    let parts = so_far.iter().flat_map(|album| &album.parts).chain([part]);
    let replied = parts.filter_map(|part| part.reply_to.as_ref()).find(|reply| reply.ours);
    let replied = replied.map(|reply| reply.message.clone());
    let now = turn.frame.now;
    let began_at = so_far.map(|album| album.began_at).filter(|at| *at > 0).unwrap_or(now);
    let whole_at = began_at.saturating_add(WHOLE_MS);
    let quiet_at = now.saturating_add(QUIET_MS);
    let due_at = if !called && !so_far.is_some_and(|album| album.called) {
        began_at.saturating_add(UNCALLED_MS).max(now)
    } else if now < whole_at {
        quiet_at.min(whole_at)
    } else {
        // It was called late, and more of it may come just behind.
        quiet_at
    };
    let conversation = turn.frame.conversation.clone();
    turn.then(Effect::AddToAlbum {
        conversation: conversation.clone(),
        album: album.clone(),
        message: part.clone(),
        called,
    });
    turn.then(Effect::SetTimer {
        id: timer(&conversation, album),
        due_at,
        conversation,
        event: Event::AlbumSettled { album: album.clone(), by, setting: part.setting, replied },
    });
}

/// An album is left out from its first part on: its later parts must not become one of their own.
pub(crate) fn leave_out(turn: &mut Turn<'_>, album: &AlbumId) {
    let conversation = turn.frame.conversation.clone();
    turn.then(Effect::SettleAlbum { conversation, album: album.clone() });
}

/// No further part came for a while: the album is whole, and is one message; or no part of it
/// called us, and it never was ours.
pub(crate) fn settled(turn: &mut Turn<'_>, facts: &MessageFacts, album: &AlbumId) {
    let Some(message) = whole(turn, facts.album.as_ref(), album) else { return };
    let known = facts.customer.as_ref();
    let mut visit = customer::meet(turn, &message.from, known, message.setting);
    visit.customer.album = None;
    message::whole(turn, &mut visit, facts, &message);
}

/// Words that follow an album are said of it, however soon they come: an album without words of its
/// own is one message with them, and another one comes first.
pub(crate) fn said_of(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    message: &Message,
) -> Option<Message> {
    let open = visit.customer.album.take()?;
    // What answers something is told of it when it is whole.
    if message.text.trim().is_empty() || open.so_far.parts.iter().any(|it| it.reply_to.is_some()) {
        return None;
    }
    let album = whole(turn, Some(&open.so_far), &open.id)?;
    if album.text.trim().is_empty() {
        let attachments = album.attachments.into_iter().chain(message.attachments.clone());
        return Some(Message { attachments: attachments.collect(), ..message.clone() });
    }
    message::whole(turn, visit, &MessageFacts::of_line(facts.line.clone()), &album);
    None
}

/// An album that is not whole yet is taken back. Whether there was one.
pub(crate) fn take_back(turn: &mut Turn<'_>, visit: &mut Visit) -> bool {
    let open = visit.customer.album.take().filter(|open| open.so_far.called);
    let Some(open) = open else { return false };
    leave_out(turn, &open.id);
    true
}

/// A part of an album that is not whole yet was changed: it is as it is now. Whether it was one.
pub(crate) fn edited(turn: &mut Turn<'_>, open: Option<&OpenAlbum>, part: &Message) -> bool {
    let is_of = |open: &&OpenAlbum| open.so_far.parts.iter().any(|known| known.id == part.id);
    let Some(open) = open.filter(is_of) else { return false };
    let part = Message { album: Some(open.id.clone()), ..part.clone() };
    add(turn, Some(&open.so_far), &part, &open.id, Called::Here);
    true
}

/// The album as one message, where it is one now that was meant for us.
pub(crate) fn whole(
    turn: &mut Turn<'_>,
    so_far: Option<&Album>,
    album: &AlbumId,
) -> Option<Message> {
    let so_far = so_far.filter(|album| !album.settled)?;
    let conversation = turn.frame.conversation.clone();
    if !so_far.called {
        turn.then(Effect::ForgetAlbum { conversation, album: album.clone() });
        return None;
    }
    turn.then(Effect::SettleAlbum { conversation, album: album.clone() });
    joined(&so_far.parts)
}

/// The parts as one message: all pictures in order, the captions together.
pub(crate) fn joined(parts: &[Message]) -> Option<Message> {
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
