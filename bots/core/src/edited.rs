//! Somebody changed what they had written: while nothing is on its way, the new words count.

use crate::{
    album, cancel,
    customer::{self, Visit},
    effect::Effect,
    event::Message,
    facts::{Awaiting, Customer, MessageFacts, OpenRequest, Request, RequestState},
    flags::{self, Written},
    id::Slot,
    intent::{self, BareWords, Intent},
    message::{too_long, whole},
    request::{self, Wish},
    say::Say,
    support::meant,
    turn::{Reader, Turn},
};

/// Somebody changed a message that had started a request, or that had not become one.
pub(crate) fn edited(turn: &mut Turn<'_>, facts: &MessageFacts, message: &Message) {
    let Some(customer) = &facts.customer else { return };
    let words = intent::read(&message.text, BareWords::of(&message.from.identity));
    let Intent::Words(text) = words else { return };
    if album::edited(turn, customer.album.as_ref(), message) {
        return;
    }
    let Some(request) = &facts.started else {
        return become_a_request(turn, facts, customer, message);
    };
    if request.identity != message.from.identity {
        return;
    }
    let written = flags::read(text);
    let mut visit = customer::meet(turn, &message.from, Some(customer), message.setting);
    let wish = wish(&visit, request, written);
    if wish.prompt.trim().is_empty() || is_same(turn, &visit, request, &wish) {
        return;
    }
    if let Some(say) = too_long(turn, &wish.prompt) {
        return turn.say(&visit.reader, say);
    }
    match request.state {
        RequestState::Asking | RequestState::Unpaid | RequestState::Checking => {
            turn.then(Effect::ClearTimer { id: request::timer(request.id) });
            instead(turn, &mut visit, facts, request, Slot::Question(request.id.0), wish);
        }
        RequestState::Open => {
            let open = visit.customer.open.iter().find(|open| open.request.id == request.id);
            match open.cloned() {
                Some(open) if open.generations.iter().all(|one| cancel::is_free(one.state)) => {
                    replace_open(turn, &mut visit, facts, &open, wish);
                }
                Some(_) | None => too_late(turn, &visit, request),
            }
        }
        RequestState::Settled if facts.pictured => too_late(turn, &visit, request),
        // Nothing came of the old words, and nothing was charged: these are asked for anew.
        RequestState::Settled
        | RequestState::Cancelled
        | RequestState::Lapsed
        | RequestState::Failed => {
            request::place(turn, &mut visit, &facts.line, wish);
        }
    }
}

/// The message that did not become a request is tried again as it is now.
fn become_a_request(
    turn: &mut Turn<'_>,
    facts: &MessageFacts,
    customer: &Customer,
    message: &Message,
) {
    match &customer.awaiting {
        Some(Awaiting::Edit { message: declined }) if *declined == message.id => {}
        Some(Awaiting::Meant { .. }) => {
            let mut visit = customer::meet(turn, &message.from, Some(customer), message.setting);
            meant::edited(turn, &mut visit, message);
            return;
        }
        Some(_) | None => return,
    }
    let mut visit = customer::meet(turn, &message.from, Some(customer), message.setting);
    // A caption stands under the first of an album, whose pictures wait already.
    let alone = Message { album: None, ..message.clone() };
    whole(turn, &mut visit, facts, &alone);
}

/// The new words, for what the request was for.
fn wish(visit: &Visit, request: &Request, written: Written) -> Wish {
    let options = match request.parent {
        // What a changed picture took over from its parent is not written anywhere else.
        Some(_) => request.options,
        None => visit.customer.account.options,
    };
    let again = Wish::again(request);
    Wish { prompt: written.prompt, options, flags: written.flags, ..again }
}

/// Whether the new words ask for what is being made already.
fn is_same(turn: &Turn<'_>, visit: &Visit, request: &Request, wish: &Wish) -> bool {
    let options = request::included(turn, &visit.customer, wish);
    wish.prompt == request.prompt && options == request.options
}

/// The old pictures leave the line; their placeholders go.
fn replace_open(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    open: &OpenRequest,
    wish: Wish,
) {
    let Some((first, others)) = open.generations.split_first() else { return };
    cancel::take_out(turn, visit, open);
    let reader = Reader::of(&open.request, visit.reader.language);
    for other in others {
        turn.remove(&reader, Slot::Generation(other.id));
    }
    instead(turn, visit, facts, &open.request, Slot::Generation(first.id), wish);
}

/// The new words take the place of the old request, whose message says so.
fn instead(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    old: &Request,
    slot: Slot,
    wish: Wish,
) {
    let state = RequestState::Cancelled;
    turn.then(Effect::UpdateRequest { id: old.id, state, change: None });
    visit.customer.open.retain(|open| open.request.id != old.id);
    let reader = Reader::of(old, visit.reader.language);
    let word = turn.words(&reader, Say::RequestChanged).editing(slot).silent();
    turn.send(word);
    request::place(turn, visit, &facts.line, wish);
}

/// It was on its way already. Said in one place, so that a second edit says it in the same.
fn too_late(turn: &mut Turn<'_>, visit: &Visit, request: &Request) {
    let reader = Reader::of(request, visit.reader.language);
    let word = turn.words(&reader, Say::ChangedTooLate).editing(Slot::Question(request.id.0));
    turn.send(word);
}
