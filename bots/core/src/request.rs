//! A wish becomes a request: within the plan, at a price, asked about where it is high, kept where
//! credits are missing, else put in line at once.

use alloc::{boxed::Box, format, string::String, vec::Vec};

use crate::{
    account::{Account, Entitlement},
    cancel,
    credits::Credits,
    customer::Visit,
    effect::{Effect, RequestChange},
    errand::Screening,
    event::{Event, Setting},
    facts::{Customer, Generation, Line, OpenRequest, Reference, Request, RequestState},
    flags::Flags,
    generation::{Options, ReferenceFault},
    id::{ArtifactId, MessageId, RequestId, Slot},
    keys, making, newcomer, offer, picture, pricing,
    say::{Key, Say},
    screening,
    turn::{Reader, Turn},
};

/// How long a request waits for a yes or for credits.
pub(crate) const WAITS_MS: i64 = 24 * 60 * 60 * 1000;

/// Requests of one customer that may wait for a yes or for credits; one more lets the oldest go.
const WAITING_MAX: usize = 5;

/// What somebody wants, before it is a request.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    /// The words.
    pub prompt: String,
    /// What they remembered or had before.
    pub options: Options,
    /// What they say now; what is said and not included is refused, not reduced.
    pub flags: Flags,
    /// Reference pictures, in order.
    pub references: Vec<Reference>,
    /// The picture it changes.
    pub parent: Option<ArtifactId>,
    /// Their message.
    pub message: Option<MessageId>,
}

impl Wish {
    /// The same as a request, once more.
    pub fn again(request: &Request) -> Self {
        Self {
            prompt: request.prompt.clone(),
            options: request.options,
            flags: Flags::default(),
            references: request.references.clone(),
            parent: request.parent,
            message: request.message.clone(),
        }
    }
}

/// Presses of one button within this time are one press.
const ONE_PRESS_MS: i64 = 10_000;

/// Whether a press that makes a wish of the request `source` has made it a moment ago: then the
/// newest request is that wish.
pub(crate) fn is_repeated(
    turn: &Turn<'_>,
    visit: &Visit,
    newest: Option<&Request>,
    source: Option<RequestId>,
    wish: &Wish,
) -> bool {
    let Some(newest) = newest.filter(|newest| Some(newest.id) != source) else { return false };
    let is_given_up = match newest.state {
        RequestState::Cancelled | RequestState::Lapsed | RequestState::Failed => true,
        RequestState::Asking
        | RequestState::Unpaid
        | RequestState::Checking
        | RequestState::Open
        | RequestState::Settled => false,
    };
    turn.frame.now.saturating_sub(newest.asked_at) < ONE_PRESS_MS
        && !is_given_up
        && newest.conversation == visit.reader.conversation
        && newest.message == wish.message
        && newest.prompt == wish.prompt
        && newest.references == wish.references
        && newest.parent == wish.parent
        && newest.options == included(turn, &visit.customer, wish)
}

/// Whether a wish has become a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It is in line, or kept until it is answered or paid.
    Kept,
    /// There was no room, or no way; they have been told.
    Declined,
}

/// What the plan makes of options.
struct Fit {
    /// What is included.
    options: Options,
    /// Whether that is less than what was remembered.
    reduced: bool,
    /// What was said in words and is not included.
    beyond: Option<Say>,
}

/// Somebody wants a picture.
pub(crate) fn place(turn: &mut Turn<'_>, visit: &mut Visit, line: &Line, wish: Wish) -> Placed {
    let house = turn.house();
    let fit = fit(turn, &visit.customer, &wish);
    let price = pricing::price_each(&house.catalogue, &fit.options);
    let total = pricing::total(&house.catalogue, &fit.options);
    let (Some(price_each), Some(total)) = (price, total) else {
        offer::no_price(turn, visit);
        return Placed::Declined;
    };
    if fit.beyond.is_none() && is_full(&visit.customer) {
        let full = turn.words(&visit.reader, line_full(&visit.customer));
        let full = full.keys(give_way(visit));
        turn.send(full);
        return Placed::Declined;
    }
    if let Some(say) = may_not_spend(turn, visit, total) {
        turn.say(&visit.reader, say);
        return Placed::Declined;
    }
    let request = Request {
        id: RequestId(turn.id()),
        account: visit.customer.account.id,
        purse: visit.customer.account.purse.id,
        identity: visit.customer.identity.clone(),
        conversation: visit.reader.conversation.clone(),
        setting: visit.reader.setting,
        message: turn.occasion.clone().or(wish.message),
        prompt: wish.prompt,
        options: fit.options,
        references: wish.references,
        parent: wish.parent,
        price_each,
        cheaper: None,
        screened: false,
        state: RequestState::Asking,
        asked_at: turn.frame.now,
    };
    let asked = Asked { beyond: fit.beyond, reduced: fit.reduced, agreed: false };
    if screening::is_needed(turn, &request) {
        // Whatever is to be asked about it is asked when its words were let through.
        let wanted = asked.beyond.is_some().then(|| wish.flags.over(wish.options));
        let cheaper = offer::cheaper_way_of(turn, visit, &request);
        let request = Request { state: RequestState::Checking, cheaper, ..request };
        turn.then(Effect::OpenRequest(request.clone()));
        let screening = Screening { wanted, reduced: asked.reduced, agreed: false };
        screening::begin(turn, visit, &request, screening);
        return Placed::Kept;
    }
    settle(turn, visit, line, (request, Row::New), asked);
    Placed::Kept
}

/// What there is to be said of what was asked for.
pub(crate) struct Asked {
    /// What the plan does not include.
    beyond: Option<Say>,
    /// Whether it is less than what was remembered.
    reduced: bool,
    /// Whether its price has its yes.
    agreed: bool,
}

/// Whether a request has a row already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Row {
    /// It has none.
    New,
    /// It was screened, and waits in it.
    Kept,
}

/// A request whose words may be made into a picture goes into the line, or waits for a yes or for
/// credits.
fn settle(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    line: &Line,
    (request, row): (Request, Row),
    asked: Asked,
) {
    let total = making::total(&request);
    if let Some(beyond) = asked.beyond {
        offer::ask_about_included(turn, visit, (&request, row), total, beyond);
    } else if visit.available() < total {
        offer::keep_unpaid(turn, visit, (request, row), total);
    } else if total > turn.house().ask_above && !asked.agreed {
        offer::ask_about_price(turn, visit, (request, row), total);
    } else if row == Row::Kept {
        run(turn, visit, line, request, (None, asked.reduced));
    } else {
        let request = Request { state: RequestState::Open, ..request };
        turn.then(Effect::OpenRequest(request.clone()));
        making::begin(turn, visit, line, &request, asked.reduced);
    }
}

/// The words of a request were let through: now it is asked about, or runs.
pub(crate) fn let_through(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    line: &Line,
    request: Request,
    screening: Screening,
) -> Result<(), NotYet> {
    let wanted = screening.wanted.map(|options| Wish {
        flags: said(options),
        options,
        ..Wish::again(&request)
    });
    // The plan may have become another one meanwhile.
    let beyond = wanted.and_then(|wish| fit(turn, &visit.customer, &wish).beyond);
    may_run(turn, visit, &request)?;
    let asked = Asked { beyond, reduced: screening.reduced, agreed: screening.agreed };
    settle(turn, visit, line, (request, Row::Kept), asked);
    Ok(())
}

/// Options within the plan. Words ask; what was remembered gives way silently, with a note.
fn fit(turn: &Turn<'_>, customer: &Customer, wish: &Wish) -> Fit {
    let entitlement = &customer.account.entitlement;
    let catalogue = &turn.house().catalogue;
    let asked = wish.flags.over(wish.options);
    let pictures_max = entitlement.pictures_max.max(1);
    let options = Options {
        resolution: asked.resolution.min(entitlement.max_resolution),
        count: asked.count.clamp(1, pictures_max),
        ..asked
    };
    let beyond = if wish.flags.resolution.is_some() && options.resolution < asked.resolution {
        let has = |plan: &Entitlement| plan.max_resolution >= asked.resolution;
        Some(Say::NotInPlan {
            resolution: asked.resolution,
            included: options.resolution,
            plan: pricing::plan_with(catalogue, has),
            instead: None,
        })
    } else if wish.flags.count.is_some() && options.count < asked.count {
        let has = |plan: &Entitlement| plan.pictures_max >= asked.count;
        Some(Say::CountNotInPlan {
            count: asked.count.into(),
            included: pictures_max.into(),
            plan: pricing::plan_with(catalogue, has),
            instead: None,
        })
    } else {
        None
    };
    Fit { options, reduced: options != asked, beyond }
}

/// What would be made of a wish.
pub(crate) fn included(turn: &Turn<'_>, customer: &Customer, wish: &Wish) -> Options {
    fit(turn, customer, wish).options
}

/// Whether the plan has no more room in line.
pub(crate) fn is_full(customer: &Customer) -> bool {
    in_line(customer) >= i64::from(customer.account.entitlement.queue_max.max(1))
}

/// That the plan has no more room in line.
pub(crate) fn line_full(customer: &Customer) -> Say {
    Say::LineFull {
        in_line: in_line(customer),
        in_line_max: customer.account.entitlement.queue_max.max(1).into(),
        can_cancel: customer.open.iter().any(can_be_taken_back),
    }
}

/// Whether a request is on its way, and may still leave the line.
fn can_be_taken_back(open: &OpenRequest) -> bool {
    let is_free = |generation: &Generation| cancel::is_free(generation.state);
    match open.request.state {
        RequestState::Checking => true,
        RequestState::Open => open.generations.iter().any(is_free),
        RequestState::Asking
        | RequestState::Unpaid
        | RequestState::Settled
        | RequestState::Cancelled
        | RequestState::Lapsed
        | RequestState::Failed => false,
    }
}

/// Where one request alone keeps another from the line, it can be taken back at once.
fn give_way(visit: &Visit) -> Vec<Vec<Key>> {
    let mut on_their_way = visit.customer.open.iter().filter(|open| is_on_its_way(open));
    match (on_their_way.next(), on_their_way.next()) {
        (Some(one), None) if visit.reader.setting == Setting::Private && can_be_taken_back(one) => {
            keys::cancel(one.request.id)
        }
        _ => Vec::new(),
    }
}

fn is_on_its_way(open: &OpenRequest) -> bool {
    matches!(open.request.state, RequestState::Open | RequestState::Checking)
}

/// Requests of a customer that are in line or being made.
pub(crate) fn in_line(customer: &Customer) -> i64 {
    customer.open.iter().filter(|open| is_on_its_way(open)).count() as i64
}

/// A request waits for a yes or for credits, for a while.
pub(crate) fn wait(turn: &mut Turn<'_>, visit: &mut Visit, (request, row): (&Request, Row)) {
    let open = visit.customer.open.iter().map(|open| &open.request);
    let waiting: Vec<&Request> = open.filter(|request| is_waiting(request.state)).collect();
    let surplus = (waiting.len() + 1).saturating_sub(WAITING_MAX);
    for oldest in waiting.into_iter().take(surplus) {
        let (id, state) = (oldest.id, RequestState::Lapsed);
        turn.then(Effect::UpdateRequest { id, state, change: None });
        turn.then(Effect::ClearTimer { id: timer(id) });
        let reader = Reader::of(oldest, visit.reader.language);
        let word = turn.words(&reader, Say::RequestGaveWay).editing(Slot::Question(id.0));
        turn.send(word.silent());
    }
    turn.then(match row {
        Row::New => Effect::OpenRequest(request.clone()),
        Row::Kept => {
            let change = Some(RequestChange::screened(request));
            Effect::UpdateRequest { id: request.id, state: request.state, change }
        }
    });
    lapse_later(turn, request);
}

/// A request that waits is let go after a while.
pub(crate) fn lapse_later(turn: &mut Turn<'_>, request: &Request) {
    turn.then(Effect::SetTimer {
        id: timer(request.id),
        due_at: turn.frame.now.saturating_add(WAITS_MS),
        conversation: request.conversation.clone(),
        event: Event::RequestLapsed { request: request.id },
    });
}

/// Whether a request waits for a yes or for credits.
pub(crate) fn is_waiting(state: RequestState) -> bool {
    matches!(state, RequestState::Asking | RequestState::Unpaid)
}

/// The timer of a request that waits.
pub(crate) fn timer(request: RequestId) -> String {
    format!("request:{request}")
}

/// Why a request that waits does not run now.
pub(crate) enum NotYet {
    /// It waits no more.
    Stale,
    /// There is a reason that can be told.
    Because(Box<Say>),
}

/// A request that waits gets its yes, at the price that was quoted; with `change`, for the cheaper
/// way that was offered beside it.
pub(crate) fn resume(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    line: &Line,
    request: &Request,
    change: Option<RequestChange>,
) -> Result<(), NotYet> {
    let reader = Reader::of(request, visit.reader.language);
    let mut request = request.clone();
    if let Some(change) = &change {
        request.options = change.options;
        request.price_each = change.price_each;
    }
    may_run(turn, visit, &request)?;
    let total = making::total(&request);
    if visit.available() < total {
        let id = request.id;
        let state = RequestState::Unpaid;
        turn.then(Effect::UpdateRequest { id, state, change });
        let (say, keys) = offer::out_of_credits(turn, visit, &request, total);
        let question = turn.words(&reader, say).editing(Slot::Question(id.0));
        turn.send(question.keys(keys));
        return Ok(());
    }
    if screening::is_needed(turn, &request) {
        turn.then(Effect::ClearTimer { id: timer(request.id) });
        let state = RequestState::Checking;
        turn.then(Effect::UpdateRequest { id: request.id, state, change });
        request.state = state;
        let screening = Screening { agreed: true, ..Screening::default() };
        screening::begin(turn, visit, &request, screening);
        return Ok(());
    }
    run(turn, visit, line, request, (change, false));
    Ok(())
}

/// A request that waited goes into the line; the question about it goes. Its credits are there:
/// whoever calls this has looked.
pub(crate) fn run(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    line: &Line,
    mut request: Request,
    (change, reduced): (Option<RequestChange>, bool),
) {
    let state = RequestState::Open;
    turn.then(Effect::UpdateRequest { id: request.id, state, change });
    turn.then(Effect::ClearTimer { id: timer(request.id) });
    request.state = state;
    making::begin(turn, visit, line, &request, reduced);
    // Only now: where both are one answer, it would be at its end with nothing in it.
    let reader = Reader::of(&request, visit.reader.language);
    turn.remove(&reader, Slot::Question(request.id.0));
}

/// Whether a request that waits may run now, credits aside: within the plan, with room in line.
pub(crate) fn may_run(turn: &Turn<'_>, visit: &Visit, request: &Request) -> Result<(), NotYet> {
    if !is_waiting(request.state) {
        return Err(NotYet::Stale);
    }
    let wish = Wish { flags: said(request.options), ..Wish::again(request) };
    if let Some(beyond) = fit(turn, &visit.customer, &wish).beyond {
        return Err(NotYet::Because(Box::new(beyond)));
    }
    if is_full(&visit.customer) {
        return Err(NotYet::Because(Box::new(line_full(&visit.customer))));
    }
    if let Some(say) = may_not_spend(turn, visit, making::total(request)) {
        return Err(NotYet::Because(Box::new(say)));
    }
    Ok(())
}

/// Why so much may not be spent now, however much there is.
fn may_not_spend(turn: &Turn<'_>, visit: &Visit, total: Credits) -> Option<Say> {
    if visit.customer.account.stopped {
        return Some(Say::SpendingStopped);
    }
    newcomer::too_much(turn, visit, total)
}

/// Options as if every one had been said in words.
fn said(options: Options) -> Flags {
    Flags { resolution: Some(options.resolution), count: Some(options.count), ..Flags::default() }
}

/// One of the pictures that a request is to be made from is none: what waits for an answer is let
/// go, what is in line is given up.
pub(crate) fn spoiled(
    turn: &mut Turn<'_>,
    customer: &Customer,
    account: &mut Account,
    open: &OpenRequest,
    (number, fault): (u8, ReferenceFault),
) {
    match open.request.state {
        RequestState::Asking | RequestState::Unpaid | RequestState::Checking => {
            let (id, state) = (open.request.id, RequestState::Failed);
            turn.then(Effect::UpdateRequest { id, state, change: None });
            turn.then(Effect::ClearTimer { id: timer(id) });
            let reader = Reader::of(&open.request, customer.language);
            let word = turn.words(&reader, Say::ReferenceUnusable { number, fault });
            turn.send(word.editing(Slot::Question(id.0)));
        }
        RequestState::Open => picture::spoiled(turn, customer, account, open, (number, fault)),
        RequestState::Settled
        | RequestState::Cancelled
        | RequestState::Lapsed
        | RequestState::Failed => {}
    }
}
