//! Words are screened before anything else is done with them, where the owner wants that: before
//! their price is asked about, credits are missed or any are set aside. Without an
//! answer nothing is made: what could not be asked about is not made.

use alloc::{format, vec};

use crate::{
    customer::Visit,
    effect::{Effect, NewErrand},
    errand::{Errand, Screening},
    facts::{MessageFacts, Request, RequestState},
    generation::Failure,
    id::{ErrandId, Slot},
    keys,
    request::{self, NotYet},
    say::{Part, Say},
    turn::{Reader, Turn},
    window,
};

/// How long an answer is waited for, milliseconds.
const WITHIN_MS: i64 = 90_000;

/// What the screening said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// Go on.
    Allowed,
    /// Not this one.
    Blocked,
    /// Nobody knows: nothing is made.
    Unanswered,
}

/// Whether a request is screened: once, as long as its words are the same. Without words there is
/// nothing to screen.
pub(crate) fn is_needed(turn: &Turn<'_>, request: &Request) -> bool {
    turn.house().screening && !request.screened && !request.prompt.trim().is_empty()
}

/// A request that could run is screened first.
pub(crate) fn begin(turn: &mut Turn<'_>, visit: &mut Visit, request: &Request, then: Screening) {
    window::reserve(turn, request);
    let id = ErrandId(turn.id());
    turn.then(Effect::RunErrand(NewErrand {
        id,
        name: format!("screen:{id}"),
        conversation: request.conversation.clone(),
        errand: Errand::Screen { request: request.id, identity: request.identity.clone(), then },
        until: turn.frame.now.saturating_add(WITHIN_MS),
    }));
    visit.customer.open.retain(|open| open.request.id != request.id);
    visit
        .customer
        .open
        .push(crate::facts::OpenRequest { request: request.clone(), generations: vec![] });
    // Where nothing can be changed, its one acknowledgement is the placeholder.
    if turn.can_edit(&request.conversation) {
        let reader = Reader::of(request, visit.reader.language);
        let word = turn.words(&reader, Say::Checking).slot(Slot::Question(request.id.0));
        turn.send(word.keys(keys::cancel(request.id)).silent());
    }
}

/// A request was screened. It runs if it still can.
pub(crate) fn judged(
    turn: &mut Turn<'_>,
    facts: &MessageFacts,
    (judged, then): (Judged, Screening),
) {
    let (Some(customer), Some(asked)) = (&facts.customer, &facts.started) else { return };
    if asked.state != RequestState::Checking {
        return;
    }
    window::release(turn, asked);
    let reader = Reader::of(asked, customer.language);
    let mut visit = Visit { reader, customer: customer.clone(), is_new: false };
    visit.customer.open.retain(|open| open.request.id != asked.id);
    match judged {
        Judged::Allowed => allowed(turn, &mut visit, facts, (asked, then)),
        Judged::Blocked => {
            turn.then(Effect::CountStrike { account: visit.customer.account.id });
            let failed = failed(&visit, Failure::Refused);
            ended(turn, &visit, asked, failed);
        }
        Judged::Unanswered => {
            let failed = failed(&visit, Failure::Overloaded);
            ended(turn, &visit, asked, failed);
        }
    }
}

fn failed(visit: &Visit, failure: Failure) -> Say {
    Say::Failed { failure, available: visit.seen(), part: Part { number: 1, count: 1 } }
}

fn allowed(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &MessageFacts,
    (asked, then): (&Request, Screening),
) {
    // It waits like one that waits for a yes.
    let request = Request { state: RequestState::Asking, screened: true, ..asked.clone() };
    match request::let_through(turn, visit, &facts.line, request, then) {
        Ok(()) | Err(NotYet::Stale) => {}
        Err(NotYet::Because(why)) => ended(turn, visit, asked, *why),
    }
}

/// Nothing will come of it; it says so in its place.
fn ended(turn: &mut Turn<'_>, visit: &Visit, asked: &Request, say: Say) {
    let (id, state) = (asked.id, RequestState::Failed);
    turn.then(Effect::UpdateRequest { id, state, change: None });
    let keys = keys::failed(turn.house(), id);
    let word = turn.words(&visit.reader, say).keys(keys);
    let word =
        if turn.can_edit(&asked.conversation) { word.editing(Slot::Question(id.0)) } else { word };
    turn.send(word);
}
