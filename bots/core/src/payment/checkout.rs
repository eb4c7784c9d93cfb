//! Payment links: asked for by a button, written down before the provider is asked, made by an
//! errand, and shown with what is bought and for whom.

use alloc::{format, string::String, vec, vec::Vec};

use super::{Checkout, CheckoutState, Item, Link, Mode, Till, plan, stars};
use crate::{
    customer::Visit,
    effect::{Effect, NewErrand},
    errand::Errand,
    event::Setting,
    facts::{House, MessageFacts, PressFacts, Sold},
    id::{ConversationId, ErrandId, Slot},
    keys,
    press::Answer,
    say::{Does, Key, Label, PlanTerms, Say, Verb},
    turn::{Reader, Turn},
};

/// How long a link is shown again instead of another one being made, milliseconds.
const FRESH_MS: i64 = 30 * 60_000;

/// How long we try to have a link made, milliseconds.
const MADE_WITHIN_MS: i64 = 5 * 60_000;

/// The till, where links may be offered.
pub(crate) fn till<'h>(house: &'h House, conversation: &ConversationId) -> Option<&'h Till> {
    let till = house.till.as_ref()?;
    (!till.closed_on.contains(&conversation.channel())).then_some(till)
}

/// What is sold there, as buttons: for Stars where those are taken, by link where links may be
/// offered.
pub(crate) fn offers(house: &House, conversation: &ConversationId) -> Vec<Vec<Key>> {
    let mut offers = stars::offers(house, conversation);
    offers.extend(links(house, conversation));
    offers
}

/// Everything that is sold there, with its price as people read it.
pub(crate) fn sold_there(house: &House, conversation: &ConversationId) -> Vec<(Item, String)> {
    let catalogue = &house.catalogue;
    let stars = catalogue.for_stars().filter(|_| stars::takes_stars(house, conversation));
    let stars = stars.map(|sold| (sold.item, stars::shown(sold.price.minor)));
    let open = till(house, conversation).is_some();
    let packs = catalogue.packs.iter().filter(|pack| open && pack.product.is_some());
    let packs = packs.map(|pack| (Item::Pack(pack.id.clone()), pack.price.clone()));
    let plans = catalogue.plans.iter().filter(|plan| open && plan.product.is_some());
    let plans = plans.map(|plan| (Item::Plan(plan.id.clone()), plan.price.clone()));
    stars.chain(packs).chain(plans).collect()
}

fn links(house: &House, conversation: &ConversationId) -> Vec<Vec<Key>> {
    if till(house, conversation).is_none() {
        return Vec::new();
    }
    let catalogue = &house.catalogue;
    let packs = catalogue.packs.iter().filter(|pack| pack.product.is_some()).map(|pack| {
        let label = Label::BuyPack { credits: pack.credits, price: pack.price.clone() };
        keys::act(label, Verb::BuyItem, Item::Pack(pack.id.clone()).number())
    });
    let plans = catalogue.plans.iter().filter(|plan| plan.product.is_some()).map(|plan| {
        let label = Label::BuyPlan { name: plan.id.clone(), price: plan.price.clone() };
        keys::act(label, Verb::BuyItem, Item::Plan(plan.id.clone()).number())
    });
    packs.chain(plans).map(|key| vec![key]).collect()
}

/// Somebody chose what to buy.
pub(crate) fn chosen(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PressFacts,
    number: i64,
) -> Answer {
    let house = turn.house();
    let conversation = turn.frame.conversation;
    let sold = house.catalogue.sold().find(|sold| sold.item.number() == number);
    let (Some(till), Some(sold)) = (till(house, conversation), sold) else {
        return Answer::Line(Say::Stale);
    };
    if let Some(answer) = plan::chosen_beside(turn, visit, &facts.plan, (&sold.item, false)) {
        return answer;
    }
    let fresh = facts.checkout.as_ref().filter(|checkout| {
        turn.frame.now - checkout.asked_at < FRESH_MS
            && (&checkout.item, &checkout.price) == (&sold.item, sold.price)
            && checkout.conversation == *conversation
    });
    match fresh.map(|checkout| (checkout, checkout.state)) {
        Some((_, CheckoutState::Asked)) => return Answer::Line(Say::CheckoutComing),
        Some((checkout, CheckoutState::Open)) => {
            show(turn, &visit.reader, (checkout, &visit.customer.name), None);
            return Answer::Quiet;
        }
        Some((_, CheckoutState::Told | CheckoutState::Paid | CheckoutState::Failed)) | None => {}
    }
    let (id, checkout) = asked_for(turn, visit, sold, (till.mode, CheckoutState::Asked));
    turn.then(Effect::RunErrand(NewErrand {
        id: ErrandId(id),
        name: format!("checkout:{}", checkout.request),
        conversation: conversation.clone(),
        errand: Errand::Checkout {
            request: checkout.request.clone(),
            product: checkout.product.clone(),
            price: checkout.price.clone(),
            identity: checkout.identity.clone(),
            return_url: till.return_url.clone(),
            slot: id,
        },
        until: turn.frame.now.saturating_add(MADE_WITHIN_MS),
    }));
    turn.then(Effect::OpenCheckout(checkout));
    if turn.can_edit(conversation) {
        let word = turn.words(&visit.reader, Say::CheckoutComing).slot(Slot::Checkout(id));
        turn.send(word);
    }
    Answer::Quiet
}

/// A purchase that somebody asks for here, under a name that has the number in it.
pub(super) fn asked_for(
    turn: &mut Turn<'_>,
    visit: &Visit,
    sold: Sold<'_>,
    (mode, state): (Mode, CheckoutState),
) -> (i64, Checkout) {
    let id = turn.id();
    let checkout = Checkout {
        request: format!("{}-{id}", turn.house().tag),
        account: visit.customer.account.id,
        purse: visit.customer.account.purse.id,
        identity: visit.customer.identity.clone(),
        conversation: turn.frame.conversation.clone(),
        item: sold.item,
        credits: sold.credits,
        price: sold.price.clone(),
        product: sold.product.into(),
        mode,
        state,
        link: None,
        asked_at: turn.frame.now,
    };
    (id, checkout)
}

/// The link, with what is bought and for whom.
pub(super) fn show(
    turn: &mut Turn<'_>,
    reader: &Reader,
    (checkout, buyer): (&Checkout, &str),
    slot: Option<i64>,
) {
    let Some(Link { url, .. }) = &checkout.link else { return };
    let terms = match &checkout.item {
        Item::Plan(id) => plan::plan_of(turn, id).map(PlanTerms::of),
        Item::Pack(_) => None,
    };
    let say = Say::CheckoutReady {
        item: checkout.item.clone(),
        terms,
        credits: checkout.credits,
        price: checkout.price.clone(),
        buyer: buyer.into(),
    };
    let pay = Key { label: Label::Pay, does: Does::Open(url.clone()) };
    let rows = vec![vec![pay], keys::support_link(turn.house()).into_iter().collect()];
    let message = turn.words(reader, say).keys(rows);
    let message = match slot {
        Some(slot) if turn.can_edit(&reader.conversation) => message.editing(Slot::Checkout(slot)),
        _ => message,
    };
    turn.send(message);
}

/// A link was made.
pub(crate) fn made(turn: &mut Turn<'_>, facts: &MessageFacts, slot: i64, link: &Link) {
    let (Some(customer), Some(checkout)) = (&facts.customer, &facts.checkout) else { return };
    // It may have been paid before we heard of it, or have been made twice.
    if checkout.state != CheckoutState::Asked {
        return;
    }
    let (request, state) = (checkout.request.clone(), CheckoutState::Open);
    turn.then(Effect::UpdateCheckout { request, state, link: Some(link.clone()) });
    let reader = Reader::here(turn, customer, Setting::Private);
    let checkout = Checkout { link: Some(link.clone()), ..checkout.clone() };
    show(turn, &reader, (&checkout, &customer.name), Some(slot));
}

/// No link could be made: nothing was charged, and a person can help.
pub(crate) fn failed(turn: &mut Turn<'_>, facts: &MessageFacts, slot: i64) {
    let (Some(customer), Some(checkout)) = (&facts.customer, &facts.checkout) else { return };
    if checkout.state != CheckoutState::Asked {
        return;
    }
    let (request, state) = (checkout.request.clone(), CheckoutState::Failed);
    turn.then(Effect::UpdateCheckout { request, state, link: None });
    let reader = Reader::here(turn, customer, Setting::Private);
    let verb = if checkout.price.is_stars() { Verb::PayStars } else { Verb::BuyItem };
    let again = keys::act(Label::TryAgain, verb, checkout.item.number());
    let rows = vec![vec![again], keys::human(turn.house(), None)];
    let word = turn.words(&reader, Say::CheckoutFailed).keys(rows);
    let word =
        if turn.can_edit(&reader.conversation) { word.editing(Slot::Checkout(slot)) } else { word };
    turn.send(word);
}
