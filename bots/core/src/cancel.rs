//! Taking a request back: free until it is on its way to the provider.

use alloc::{string::String, vec, vec::Vec};

use crate::{
    account::Account,
    album,
    credits::{Credits, VoidReason},
    customer::Visit,
    effect::Effect,
    facts::{Awaiting, Customer, Generation, GenerationFacts, OpenRequest, Request, RequestState},
    generation::GenerationState,
    id::{IdentityId, Slot},
    keys,
    picture::Scene,
    receipt, request,
    say::{Label, Say, Verb},
    support::meant,
    tray,
    turn::{Reader, Turn},
};

/// What became of an attempt to take a request back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// There was nothing to take back.
    Nothing,
    /// It is on its way already, with so many pictures.
    TooLate(i64),
    /// It was taken back, or as much of it as could be.
    Done(Remains),
}

/// What remains of a request that was taken back as far as it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remains {
    /// Pictures that were made.
    made: i64,
    /// Pictures that are being made.
    going: i64,
}

impl Remains {
    const NOTHING: Self = Self { made: 0, going: 0 };

    /// What it is called.
    fn say(self, available: Option<Credits>) -> Say {
        if self == Self::NOTHING {
            Say::Cancelled { available }
        } else {
            Say::CancelledRest { going: self.going, available }
        }
    }
}

/// Where a request says that it was taken back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// In the place where it stood.
    InPlace,
    /// Elsewhere: what stood there goes.
    Elsewhere,
}

/// Takes one request back; it says so in its place.
pub(crate) fn cancel(turn: &mut Turn<'_>, visit: &mut Visit, open: &OpenRequest) -> Cancelled {
    take_back(turn, visit, open, Where::InPlace)
}

fn take_back(turn: &mut Turn<'_>, visit: &mut Visit, open: &OpenRequest, told: Where) -> Cancelled {
    match open.request.state {
        RequestState::Asking | RequestState::Unpaid | RequestState::Checking => {
            let id = open.request.id;
            let state = RequestState::Cancelled;
            turn.then(Effect::UpdateRequest { id, state, change: None });
            turn.then(Effect::ClearTimer { id: request::timer(id) });
            let reader = Reader::of(&open.request, visit.reader.language);
            if told == Where::Elsewhere {
                turn.remove(&reader, Slot::Question(id.0));
                return Cancelled::Done(Remains::NOTHING);
            }
            let available = reader.sees(visit.available());
            let say = Say::Cancelled { available };
            let word = turn.words(&reader, say).editing(Slot::Question(id.0));
            turn.send(word);
            Cancelled::Done(Remains::NOTHING)
        }
        RequestState::Open => take_open_back(turn, visit, open, told),
        RequestState::Settled
        | RequestState::Cancelled
        | RequestState::Lapsed
        | RequestState::Failed => Cancelled::Nothing,
    }
}

fn take_open_back(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    open: &OpenRequest,
    told: Where,
) -> Cancelled {
    let remains = remains(&open.generations);
    if !open.generations.iter().any(|generation| is_free(generation.state)) {
        return Cancelled::TooLate(remains.going);
    }
    let siblings = take_out(turn, visit, open);
    let reader = Reader::of(&open.request, visit.reader.language);
    let mut taken = open.generations.iter().filter(|generation| is_free(generation.state));
    if let (Where::InPlace, Some(first)) = (told, taken.clone().next()) {
        taken.next();
        let say = remains.say(reader.sees(visit.available()));
        let again = keys::act(Label::Again, Verb::Again, open.request.id.0);
        let word = turn.words(&reader, say).editing(Slot::Generation(first.id));
        turn.send(word.keys(vec![vec![again]]));
    }
    for other in taken {
        turn.remove(&reader, Slot::Generation(other.id));
    }
    if let Some(generation) = siblings.first().cloned() {
        let request = open.request.clone();
        let account = visit.customer.account.clone();
        let scene = Scene { generation, request, siblings, account, reader, reachable: true };
        receipt::close(turn, &scene);
    }
    Cancelled::Done(remains)
}

/// What remains when everything that can be taken back is.
fn remains(generations: &[Generation]) -> Remains {
    let count = |is: fn(GenerationState) -> bool| {
        generations.iter().filter(|generation| is(generation.state)).count() as i64
    };
    Remains {
        made: count(|state| state == GenerationState::Delivered),
        going: count(|state| state.is_open() && !is_free(state)),
    }
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
/// Where placeholders have no buttons, it is the newest request alone: the word is all there is to
/// take back one of several. One message says so, in the place of all that stood there.
pub(crate) fn everything(turn: &mut Turn<'_>, visit: &mut Visit) {
    let mut done = match visit.customer.awaiting {
        // Nobody has been asked for anything.
        None | Some(Awaiting::Edit { .. }) => false,
        Some(_) => true,
    };
    meant::drop_waiting(turn, visit);
    visit.awaits(turn, None);
    done |= tray::clear(turn, visit);
    done |= album::take_back(turn, visit);
    let by_word = turn.has_one_answer(&visit.reader.conversation);
    let mut here: Vec<OpenRequest> = visit
        .customer
        .open
        .iter()
        .filter(|open| open.request.conversation == visit.reader.conversation)
        .filter(|open| open.request.identity == visit.customer.identity)
        .filter(|_| !(by_word && done))
        .cloned()
        .collect();
    here.sort_by_key(|open| open.request.id);
    if by_word {
        here.reverse();
    }
    let mut remain = Remains::NOTHING;
    let mut taken = Vec::new();
    for open in &here {
        match take_back(turn, visit, open, Where::Elsewhere) {
            Cancelled::Nothing => {}
            Cancelled::TooLate(going) => remain.going += going,
            Cancelled::Done(of_it) => {
                remain.made += of_it.made;
                remain.going += of_it.going;
                taken.push(open.request.id);
                if by_word {
                    break;
                }
            }
        }
    }
    if taken.is_empty() && !done {
        let nothing = if remain.going > 0 { Say::TooLateToCancel } else { Say::NothingToCancel };
        return turn.say(&visit.reader, nothing);
    }
    let again = match taken.as_slice() {
        [one] => vec![keys::act(Label::Again, Verb::Again, one.0)],
        _ => Vec::new(),
    };
    let say = remain.say(visit.seen());
    let word = turn.words(&visit.reader, say).keys(vec![again]);
    turn.send(word);
}

/// The channel's own stop button on a draft was pressed.
pub(crate) fn draft_stopped(turn: &mut Turn<'_>, facts: &GenerationFacts, by: Option<&IdentityId>) {
    let (Some(request), Some(account)) = (&facts.request, &facts.account) else { return };
    if by.is_some_and(|by| *by != request.identity) {
        return;
    }
    let mut visit = visit_of(request, facts, account);
    let open = OpenRequest { request: request.clone(), generations: facts.siblings.clone() };
    if let Cancelled::TooLate(_) = cancel(turn, &mut visit, &open) {
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
        album: None,
        open: Vec::new(),
        case: None,
        owed: Vec::new(),
        missed: Vec::new(),
        newcomer: None,
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
