//! Pictures that came before their words: they wait, and one message says how many.

use alloc::{format, string::String, vec, vec::Vec};

use crate::event::Setting;
use crate::{
    channel::MediaRef,
    customer::Visit,
    effect::Effect,
    event::Event,
    facts::{MessageFacts, Reference},
    generation::ReferenceFault,
    id::{ConversationId, IdentityId, MessageId, Slot, TrayId},
    keys, request,
    say::{Label, Say, Verb},
    turn::{Reader, Turn},
};

/// How long pictures wait for words.
const WAITS_MS: i64 = 24 * 60 * 60 * 1000;

/// How long after a picture another one may come with it, where the pictures of an album come as
/// messages of their own.
const SETTLES_MS: i64 = 2_000;

/// When it is said how many pictures wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// At once: nothing comes with them.
    AtOnce,
    /// Where an album comes as messages of their own, and no message can be changed: when no more
    /// of them came for a moment.
    Settled,
}

/// Pictures wait for words.
pub(crate) fn put(turn: &mut Turn<'_>, visit: &mut Visit, pictures: Vec<Reference>, told: Told) {
    let customer = &mut visit.customer;
    let references_max = turn.house().references_max;
    let known = customer.tray_id;
    let mut count = customer.tray.len();
    for picture in pictures {
        if customer.tray.contains(&picture) {
            continue;
        }
        count += 1;
        if customer.tray.len() >= references_max {
            continue;
        }
        let id = TrayId(turn.id());
        customer.tray_id.get_or_insert(id);
        customer.tray.push(picture.clone());
        turn.then(Effect::PutInTray {
            id,
            conversation: visit.reader.conversation.clone(),
            identity: customer.identity.clone(),
            reference: picture,
        });
    }
    turn.then(Effect::SetTimer {
        id: timer(&visit.reader.conversation, &customer.identity),
        due_at: turn.frame.now.saturating_add(WAITS_MS),
        conversation: visit.reader.conversation.clone(),
        event: Event::TrayLapsed { identity: customer.identity.clone() },
    });
    let waiting = customer.tray.len();
    if told == Told::Settled && is_one_by_one(turn, &visit.reader.conversation) {
        return tell_settled(turn, visit, count > waiting);
    }
    if count > waiting {
        let (count, count_max) = (count as i64, references_max as i64);
        turn.say(&visit.reader, Say::TooManyReferences { count, count_max });
    }
    tell(turn, visit, known.is_some());
}

/// Whether an album comes as messages of their own, each of which would be answered by one that
/// cannot be changed.
fn is_one_by_one(turn: &Turn<'_>, conversation: &ConversationId) -> bool {
    let channel = turn.house().channel(conversation);
    channel.is_some_and(|channel| !channel.edits && !channel.one_answer)
}

/// How many wait is said when no more came for a moment: a timer, so that it is said after a crash
/// too. Whether there were too many is known of the last picture, since the tray is full by then.
fn tell_settled(turn: &mut Turn<'_>, visit: &Visit, too_many: bool) {
    let (conversation, identity) = (&visit.reader.conversation, &visit.customer.identity);
    turn.then(Effect::SetTimer {
        id: told_timer(conversation, identity),
        due_at: turn.frame.now.saturating_add(SETTLES_MS),
        conversation: conversation.clone(),
        event: Event::TraySettled { identity: identity.clone(), too_many },
    });
}

/// No more pictures came for a moment.
pub(crate) fn settled(turn: &mut Turn<'_>, facts: &MessageFacts, too_many: bool) {
    let Some(customer) = facts.customer.as_ref().filter(|it| !it.tray.is_empty()) else { return };
    let visit = crate::customer::here(turn, customer);
    if too_many {
        let count_max = turn.house().references_max as i64;
        turn.say(&visit.reader, Say::MostReferences { count_max });
    }
    tell(turn, &visit, true);
}

/// Says how many wait, in the place where it was said before.
fn tell(turn: &mut Turn<'_>, visit: &Visit, anew: bool) {
    let customer = &visit.customer;
    let Some(id) = customer.tray_id else { return };
    let clear = keys::act(Label::ClearTray, Verb::ClearTray, 0);
    let say = Say::Tray { count: customer.tray.len() as i64 };
    let question = turn.words(&visit.reader, say).keys(vec![vec![clear]]);
    let slot = Slot::Question(id.0);
    turn.send(if anew { question.editing(slot) } else { question.slot(slot) });
}

/// The pictures that waited have found their words.
pub(crate) fn use_up(turn: &mut Turn<'_>, visit: &mut Visit) {
    if let Some(slot) = empty(turn, visit) {
        turn.remove(&visit.reader, slot);
    }
}

/// The pictures that wait are let go; the message about them says so. Tells whether there were any.
pub(crate) fn clear(turn: &mut Turn<'_>, visit: &mut Visit) -> bool {
    let Some(slot) = empty(turn, visit) else { return false };
    let word = turn.words(&visit.reader, Say::TrayCleared).editing(slot);
    turn.send(word);
    true
}

/// Empties the tray; the message about it, where there was one.
fn empty(turn: &mut Turn<'_>, visit: &mut Visit) -> Option<Slot> {
    let customer = &mut visit.customer;
    let id = customer.tray_id.take()?;
    customer.tray.clear();
    let conversation = visit.reader.conversation.clone();
    let identity = customer.identity.clone();
    turn.then(Effect::ClearTimer { id: timer(&conversation, &identity) });
    if is_one_by_one(turn, &conversation) {
        turn.then(Effect::ClearTimer { id: told_timer(&conversation, &identity) });
    }
    turn.then(Effect::EmptyTray { conversation, identity });
    Some(Slot::Question(id.0))
}

/// A picture cannot be worked from: said at once, and the others of the tray wait on. What was to
/// be made from it is not waited for.
pub(crate) fn spoiled(
    turn: &mut Turn<'_>,
    facts: &MessageFacts,
    media: &MediaRef,
    fault: ReferenceFault,
) {
    let Some(customer) = &facts.customer else { return };
    let is_it = |waiting: &Reference| match waiting {
        Reference::Media(waiting) => waiting.unique == media.unique,
        Reference::Artifact(_) => false,
    };
    let mut account = customer.account.clone();
    let channel = turn.frame.conversation.channel();
    for open in customer.open.iter().filter(|it| it.request.conversation.channel() == channel) {
        if let Some(index) = open.request.references.iter().position(is_it) {
            // The picture that is changed comes before all others.
            let parent = open.request.parent.map(Reference::Artifact);
            let before = parent.is_some_and(|it| !open.request.references.contains(&it));
            let number = number(index + usize::from(before));
            request::spoiled(turn, customer, &mut account, open, (number, fault));
        }
    }
    let Some(index) = customer.tray.iter().position(is_it) else { return };
    let reader = Reader::here(turn, customer, Setting::Private);
    let mut visit = Visit { reader, customer: customer.clone(), is_new: false };
    let mut others = customer.tray.clone();
    others.remove(index);
    let slot = empty(turn, &mut visit);
    let say = Say::ReferenceUnusable { number: number(index), fault };
    let complaint = turn.words(&visit.reader, say);
    turn.send(match slot {
        Some(slot) => complaint.editing(slot),
        None => complaint,
    });
    if !others.is_empty() {
        put(turn, &mut visit, others, Told::AtOnce);
    }
}

/// Whoever sent a picture took it back: it waits no more, and the others of the tray wait on. Tells
/// whether it was there.
pub(crate) fn forget(turn: &mut Turn<'_>, visit: &mut Visit, message: &MessageId) -> bool {
    let is_it = |waiting: &Reference| match waiting {
        Reference::Media(waiting) => waiting.unique == message.as_str(),
        Reference::Artifact(_) => false,
    };
    let Some(index) = visit.customer.tray.iter().position(is_it) else { return false };
    let mut others = visit.customer.tray.clone();
    others.remove(index);
    if others.is_empty() {
        return clear(turn, visit);
    }
    if let Some(slot) = empty(turn, visit) {
        turn.remove(&visit.reader, slot);
    }
    put(turn, visit, others, Told::AtOnce);
    true
}

/// Pictures are counted from one.
fn number(index: usize) -> u8 {
    u8::try_from(index + 1).unwrap_or(u8::MAX)
}

/// Pictures waited long enough for words.
pub(crate) fn lapsed(turn: &mut Turn<'_>, facts: &MessageFacts) {
    let Some(customer) = &facts.customer else { return };
    // Among others or not makes no difference to these words.
    let reader = Reader::here(turn, customer, Setting::Private);
    let mut visit = Visit { reader, customer: customer.clone(), is_new: false };
    clear(turn, &mut visit);
}

fn timer(conversation: &ConversationId, identity: &IdentityId) -> String {
    format!("tray:{conversation}:{identity}")
}

fn told_timer(conversation: &ConversationId, identity: &IdentityId) -> String {
    format!("tray-told:{conversation}:{identity}")
}
