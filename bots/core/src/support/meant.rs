//! Words that come without a reply while somebody's matter is being talked about: for the person
//! who helps them, or for a picture? Nobody's answer to a human is drawn and charged unasked.

use alloc::{string::String, vec::Vec};

use super::{Told, deliver, has_desk, pictures};
use crate::{
    album,
    customer::Visit,
    effect::{Body, Effect},
    event::{Message, Setting},
    facts::{Awaiting, Case, Line, MessageFacts},
    id::MessageId,
    keys, message,
    press::Answer,
    say::Say,
    turn::Turn,
};

/// How long after a customer's own words to a matter their next ones may be for it too.
pub(crate) const AFTER_THEIRS_MS: i64 = 15 * 60 * 1000;

/// How long after an operator's words a customer's next ones may be the answer: the reopening time
/// is longer, but who comes back days later comes for a picture.
pub(crate) const AFTER_OURS_MS: i64 = 24 * 60 * 60 * 1000;

/// How long the question waits: then the words go to the person, where they cost nothing.
pub(crate) const DECIDES_MS: i64 = 5 * 60 * 1000;

/// Messages that wait for one answer; with more than these the others go to the person.
const MESSAGES_MAX: usize = 10;

/// Until when a matter's customer may mean it by words without a reply.
pub(crate) fn expect(turn: &mut Turn<'_>, case: &Case, for_ms: i64) {
    let until = turn.frame.now.saturating_add(for_ms).max(case.expects_until);
    turn.then(Effect::ExpectWords { escalation: case.id, until });
}

/// Whether somebody's words may be meant for the person who helps them.
pub(crate) fn may_be(
    turn: &Turn<'_>,
    visit: &Visit,
    facts: &MessageFacts,
    message: &Message,
) -> bool {
    let customer = &visit.customer;
    if visit.reader.setting != Setting::Private || !has_desk(turn.house()) {
        return false;
    }
    let is_bare = message.reply_to.is_none() && facts.replied.is_none();
    let Some(case) = customer.case.as_ref().filter(|_| is_bare) else { return false };
    match &customer.awaiting {
        Some(Awaiting::Meant { .. }) => true,
        None
        | Some(Awaiting::Edit { .. } | Awaiting::LinkEmail | Awaiting::LinkEmailCode { .. }) => {
            let is_here = !case.closed && case.conversation == visit.reader.conversation;
            is_here && turn.frame.now < case.expects_until && customer.tray.is_empty()
        }
        Some(_) => false,
    }
}

/// Asks for whom the words are; they wait meanwhile, with what came before them.
pub(crate) fn ask(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message) {
    let Some(case) = visit.customer.case.clone() else { return };
    let mut messages = waiting(visit);
    if messages.len() == MESSAGES_MAX {
        visit.awaits(turn, None);
        messages.clear();
    }
    messages.retain(|one| one.id != message.id);
    messages.push(Message { album: None, ..message.clone() });
    visit.awaits(turn, Some(Awaiting::Meant { messages }));
    let say = Say::SupportMeant { code: case.code };
    let question = turn.words(&visit.reader, say).keys(keys::meant());
    turn.send(question);
}

fn waiting(visit: &Visit) -> Vec<Message> {
    match &visit.customer.awaiting {
        Some(Awaiting::Meant { messages }) => messages.clone(),
        Some(_) | None => Vec::new(),
    }
}

/// A message that waits was changed: as it is now it is meant.
pub(crate) fn edited(turn: &mut Turn<'_>, visit: &mut Visit, message: &Message) -> bool {
    let mut messages = waiting(visit);
    let Some(one) = messages.iter_mut().find(|one| one.id == message.id) else { return false };
    one.text.clone_from(&message.text);
    visit.awaits(turn, Some(Awaiting::Meant { messages }));
    true
}

/// They turned to something else, or did not say: the words go to the person.
pub(crate) fn for_the_person(turn: &mut Turn<'_>, visit: &mut Visit, messages: &[Message]) {
    let (Some(case), Some(message)) = (visit.customer.case.clone(), album::joined(messages)) else {
        return;
    };
    let pictures = pictures(turn, visit, &message);
    let words = String::from(message.text.trim());
    if !words.is_empty() || !pictures.is_empty() {
        let told = Told { cause: case.cause, request: None, words, pictures };
        deliver(turn, visit, &case, &message, &told);
    }
}

/// The question was answered by a button.
pub(crate) fn decided(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    line: &Line,
    asked: Option<&MessageId>,
    for_a_picture: bool,
) -> Answer {
    let messages = waiting(visit);
    if messages.is_empty() {
        return Answer::Line(Say::Stale);
    }
    if asked.is_some() {
        let question = turn.draft(&visit.reader, Body::Removed).replacing(asked);
        turn.send(question);
    }
    if !for_a_picture {
        // What waits goes to the person when nothing waits any more.
        visit.awaits(turn, None);
        return Answer::Quiet;
    }
    drop_waiting(turn, visit);
    if let Some(case) = &visit.customer.case {
        turn.then(Effect::ExpectWords { escalation: case.id, until: 0 });
    }
    if let Some(message) = album::joined(&messages) {
        message::for_a_picture(turn, visit, line, &message);
    }
    Answer::Quiet
}

/// What waits is not meant for anybody any more.
pub(crate) fn drop_waiting(turn: &mut Turn<'_>, visit: &mut Visit) {
    if matches!(visit.customer.awaiting, Some(Awaiting::Meant { .. })) {
        visit.customer.awaiting = Some(Awaiting::Meant { messages: Vec::new() });
        visit.awaits(turn, None);
    }
}
