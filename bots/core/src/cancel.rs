//! Taking a request back: free until it is on its way to the provider.

use alloc::{string::String, vec, vec::Vec};

use crate::{
    account::Account,
    credits::VoidReason,
    customer::Visit,
    effect::Effect,
    facts::{Customer, Generation, GenerationFacts, OpenRequest, Request, RequestState},
    generation::GenerationState,
    id::{IdentityId, Slot},
    keys,
    picture::Scene,
    receipt, request,
    say::{Label, Say, Verb},
    tray,
    turn::{Reader, Turn},
};

/// What became of an attempt to take a request back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cancelled {
    /// There was nothing to take back.
    Nothing,
    /// It is on its way already.
    TooLate,
    /// It was taken back, or as much of it as could be.
    Done,
}

/// Takes one request back.
pub(crate) fn cancel(turn: &mut Turn<'_>, visit: &mut Visit, open: &OpenRequest) -> Cancelled {
    match open.request.state {
        RequestState::Asking | RequestState::Unpaid => {
            let id = open.request.id;
            let state = RequestState::Cancelled;
            turn.then(Effect::UpdateRequest { id, state, change: None });
            turn.then(Effect::ClearTimer { id: request::timer(id) });
            let reader = Reader::of(&open.request, visit.reader.language);
            let available = reader.sees(visit.available());
            let say = Say::Cancelled { available };
            let word = turn.words(&reader, say).editing(Slot::Question(id.0));
            turn.send(word);
            Cancelled::Done
        }
        RequestState::Open => cancel_open(turn, visit, open),
        RequestState::Settled | RequestState::Cancelled | RequestState::Lapsed => {
            Cancelled::Nothing
        }
    }
}

fn cancel_open(turn: &mut Turn<'_>, visit: &mut Visit, open: &OpenRequest) -> Cancelled {
    if !open.generations.iter().any(|generation| is_free(generation.state)) {
        return Cancelled::TooLate;
    }
    let siblings = take_out(turn, visit, open);
    let reader = Reader::of(&open.request, visit.reader.language);
    let mut taken = open.generations.iter().filter(|generation| is_free(generation.state));
    if let Some(first) = taken.next() {
        let say = Say::Cancelled { available: reader.sees(visit.available()) };
        let again = keys::act(Label::Again, Verb::Again, open.request.id.0);
        let word = turn.words(&reader, say).editing(Slot::Generation(first.id));
        turn.send(word.keys(vec![vec![again]]));
        for other in taken {
            turn.remove(&reader, Slot::Generation(other.id));
        }
    }
    if let Some(generation) = siblings.first().cloned() {
        let request = open.request.clone();
        let account = visit.customer.account.clone();
        let scene = Scene { generation, request, siblings, account, reader, reachable: true };
        receipt::close(turn, &scene);
    }
    Cancelled::Done
}

/// Takes every picture of a request out of line that is still in it, and gives its credits back.
/// Returns the request's pictures as they stand after.
pub(crate) fn take_out(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    open: &OpenRequest,
) -> Vec<Generation> {
    let mut siblings = open.generations.clone();
    for generation in siblings.iter_mut().filter(|generation| is_free(generation.state)) {
        turn.then(Effect::CancelGeneration { generation: generation.id });
        turn.then(Effect::VoidHold { hold: generation.hold, reason: VoidReason::Cancelled });
        visit.freed(generation.price);
        generation.state = GenerationState::Cancelled;
    }
    siblings
}

/// Whether a picture can still be taken back.
pub(crate) fn is_free(state: GenerationState) -> bool {
    matches!(state, GenerationState::Held | GenerationState::Claimed)
}

/// `/cancel`: everything in this conversation that can be taken back, and whatever waits for words.
pub(crate) fn everything(turn: &mut Turn<'_>, visit: &mut Visit) {
    let mut outcome = Cancelled::Nothing;
    if visit.customer.awaiting.is_some() {
        visit.awaits(turn, None);
        outcome = Cancelled::Done;
    }
    if tray::clear(turn, visit) {
        outcome = Cancelled::Done;
    }
    let here: Vec<OpenRequest> = visit
        .customer
        .open
        .iter()
        .filter(|open| open.request.conversation == visit.reader.conversation)
        .filter(|open| open.request.identity == visit.customer.identity)
        .cloned()
        .collect();
    for open in &here {
        outcome = outcome.max(cancel(turn, visit, open));
    }
    let say = match outcome {
        Cancelled::Nothing => Say::NothingToCancel,
        Cancelled::TooLate => Say::TooLateToCancel,
        Cancelled::Done => Say::Cancelled { available: visit.seen() },
    };
    turn.say(&visit.reader, say);
}

/// The channel's own stop button on a draft was pressed.
pub(crate) fn draft_stopped(turn: &mut Turn<'_>, facts: &GenerationFacts, by: Option<&IdentityId>) {
    let (Some(request), Some(account)) = (&facts.request, &facts.account) else { return };
    if by.is_some_and(|by| *by != request.identity) {
        return;
    }
    let mut visit = visit_of(request, facts, account);
    let open = OpenRequest { request: request.clone(), generations: facts.siblings.clone() };
    if cancel(turn, &mut visit, &open) == Cancelled::TooLate {
        turn.say(&visit.reader, Say::TooLateToCancel);
    }
}

/// Whoever asked for a request, as far as facts about its generations tell.
fn visit_of(request: &Request, facts: &GenerationFacts, account: &Account) -> Visit {
    let customer = Customer {
        identity: request.identity.clone(),
        name: String::new(),
        language: facts.language,
        language_chosen: true,
        reachable: facts.reachable,
        account: account.clone(),
        awaiting: None,
        tray: Vec::new(),
        tray_id: None,
        open: Vec::new(),
        case: None,
        owed: Vec::new(),
        missed: Vec::new(),
    };
    Visit { reader: Reader::of(request, facts.language), customer, is_new: false }
}

/// A request waited long enough for an answer or for credits.
pub(crate) fn lapsed(turn: &mut Turn<'_>, facts: &GenerationFacts) {
    let Some(request) = &facts.request else { return };
    if !request::is_waiting(request.state) {
        return;
    }
    let id = request.id;
    turn.then(Effect::UpdateRequest { id, state: RequestState::Lapsed, change: None });
    let reader = Reader::of(request, facts.language);
    let word = turn.words(&reader, Say::RequestLapsed).editing(Slot::Question(id.0));
    turn.send(word.silent());
}
