//! What somebody is asked before a request of theirs runs: its price, a cheaper way, a payment.

use alloc::vec::Vec;

use crate::{
    credits::Credits,
    customer::Visit,
    effect::{Effect, RequestChange},
    facts::{Request, RequestState},
    generation::Failure,
    id::Slot,
    keys, making, pricing,
    request::{Row, wait},
    say::{Cheaper, Key, Part, Say},
    turn::{Reader, Turn, shorten},
};

/// The owner has forgotten a price: nothing can be made, and it is not the customer's fault.
pub(crate) fn no_price(turn: &mut Turn<'_>, visit: &Visit) {
    turn.then(Effect::RaiseAlarm { what: "a picture was asked for that has no price" });
    let say = Say::Failed {
        failure: Failure::OutOfService,
        available: visit.seen(),
        part: Part { number: 1, count: 1 },
    };
    let keys = Vec::from([keys::human(turn.house(), None)]);
    let word = turn.words(&visit.reader, say).keys(keys);
    turn.send(word);
}

/// The plan does not include it: what is included waits for a yes.
pub(crate) fn ask_about_included(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    (request, row): (&Request, Row),
    total: Credits,
    mut beyond: Say,
) {
    if let Say::NotInPlan { instead, .. } | Say::CountNotInPlan { instead, .. } = &mut beyond {
        *instead = Some(Cheaper { options: request.options, price: total });
    }
    let keys = keys::not_in_plan(turn.house(), request, total);
    wait(turn, visit, (request, row));
    question(turn, visit, (request, row), beyond, keys);
}

/// A question about a request: where it stands already, what stands there becomes the question.
pub(crate) fn question(
    turn: &mut Turn<'_>,
    visit: &Visit,
    (request, row): (&Request, Row),
    say: Say,
    keys: Vec<Vec<Key>>,
) {
    let slot = Slot::Question(request.id.0);
    let word = turn.words(&visit.reader, say).keys(keys);
    let stands = row == Row::Kept && turn.can_edit(&request.conversation);
    turn.send(if stands { word.editing(slot) } else { word.slot(slot) });
}

/// It costs more than is spent without asking.
pub(crate) fn ask_about_price(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    (request, row): (Request, Row),
    total: Credits,
) {
    let cheaper = match row {
        Row::New => pricing::cheaper(&turn.house().catalogue, &request.options, total),
        Row::Kept => request.cheaper,
    };
    let request = Request { cheaper, ..request };
    wait(turn, visit, (&request, row));
    let say = Say::ConfirmPrice {
        prompt: shorten(&request.prompt),
        options: request.options,
        price: total,
        available: visit.seen(),
        cheaper,
    };
    let keys = keys::confirm(turn.house(), &request, total);
    question(turn, visit, (&request, row), say, keys);
}

/// There are too few credits: it runs by itself when they come.
pub(crate) fn keep_unpaid(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    (request, row): (Request, Row),
    total: Credits,
) {
    let cheaper = match row {
        Row::New => affordable(turn, visit, &request),
        Row::Kept => request.cheaper.filter(|way| way.price <= visit.available()),
    };
    let request = Request { cheaper, state: RequestState::Unpaid, ..request };
    wait(turn, visit, (&request, row));
    let (say, keys) = out_of_credits(turn, visit, &request, total);
    question(turn, visit, (&request, row), say, keys);
}

/// A cheaper way that could be paid. Among others, what could be paid would tell what there is.
pub(crate) fn affordable(turn: &Turn<'_>, visit: &Visit, request: &Request) -> Option<Cheaper> {
    let most = visit.seen()?;
    pricing::cheaper(&turn.house().catalogue, &request.options, most)
}

/// The cheaper way that will be offered beside a request, as things stand.
pub(crate) fn cheaper_way_of(turn: &Turn<'_>, visit: &Visit, request: &Request) -> Option<Cheaper> {
    let total = making::total(request);
    if visit.available() < total {
        return affordable(turn, visit, request);
    }
    let asks = total > turn.house().ask_above;
    asks.then(|| pricing::cheaper(&turn.house().catalogue, &request.options, total)).flatten()
}

pub(crate) fn out_of_credits(
    turn: &Turn<'_>,
    visit: &Visit,
    request: &Request,
    total: Credits,
) -> (Say, Vec<Vec<Key>>) {
    let available = Reader::of(request, visit.reader.language).sees(visit.available());
    let offer = pricing::offer(turn.house(), &request.conversation);
    let say = Say::OutOfCredits {
        price: total,
        available,
        // A price that was quoted among others may have had a cheaper neighbour.
        cheaper: request.cheaper.filter(|_| available.is_some()),
        offer: available.map(|_| offer),
    };
    (say, keys::unpaid(turn.house(), request))
}

/// The cheaper way that was offered beside a request, as a change of it.
pub(crate) fn cheaper_way(request: &Request) -> Option<RequestChange> {
    let way = request.cheaper?;
    let count = i64::from(way.options.count.max(1));
    let price_each = Credits(way.price.0 / count);
    let prompt = request.prompt.clone();
    let screened = request.screened;
    Some(RequestChange { prompt, options: way.options, price_each, screened })
}
