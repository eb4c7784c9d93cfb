//! Telegram Stars: paid in the chat itself. A pack is an invoice, a plan a link to one; before
//! anybody pays Telegram asks whether they may, and what was paid comes back in the chat.
//!
//! What Telegram tells is a [`Notice`](super::Notice) like any other: books are kept in `told`.

mod back;

use alloc::{boxed::Box, format, string::String, vec, vec::Vec};

use serde::{Deserialize, Serialize};

pub use self::back::refund;
pub(crate) use self::back::{refund_asked, refund_key, refund_ordered};
use super::{
    Checkout, CheckoutState, Item, Link, Mode, Money, Moved, Notice, Payment, PlanChange, PlanRow,
    PlanState, PlanTold, Told, checkout, plan,
};
use crate::{
    account::{Language, Person},
    credits::Credits,
    customer::Visit,
    effect::{Body, Effect, NewErrand},
    errand::{Brought, Errand, ErrandEnd},
    event::Event,
    facts::{Catalogue, House, MessageFacts, PaymentFacts, PlanFacts, PressFacts, Sold},
    id::{ConversationId, ErrandId, IdentityId, Slot},
    keys,
    press::Answer,
    say::{Key, Label, Say, Verb},
    turn::{Reader, Turn},
};

/// The currency of Telegram Stars. Source: Bot API, `sendInvoice`.
pub const STARS: &str = "XTR";

/// What our names for payments in Stars begin with; the rest is what Telegram calls them.
pub const CHARGE: &str = "charge:";

/// What our names for plans in Stars begin with; the rest is our name for the purchase.
pub const PLAN: &str = "stars:";

/// How long an invoice can be paid, milliseconds: prices may change.
const PAYABLE_MS: i64 = 24 * 3_600_000;

/// How long an invoice is shown again under its old name, milliseconds.
const FRESH_MS: i64 = 30 * 60_000;

/// How long we try to have a link made, or Stars given back, milliseconds.
const LINK_WITHIN_MS: i64 = 5 * 60_000;
const REFUND_WITHIN_MS: i64 = 3 * 86_400_000;

/// How long after the end of a paid month a plan waits for its next payment, milliseconds.
const LATE_MS: i64 = 86_400_000;

/// A question of Telegram's whether a payment may go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The channel.
    pub channel: &'static str,
    /// The question, as Telegram calls it.
    pub question: String,
    /// Who wants to pay.
    pub by: Person,
    /// Our name for the purchase.
    pub request: String,
    /// What they would pay.
    pub price: Money,
}

/// Why a payment may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDeal {
    /// We do not know it, or cannot look it up now.
    Unknown,
    /// It is paid.
    Paid,
    /// It was made for somebody else.
    SomebodyElse,
    /// It is too old, or is not sold at this price any more.
    Stale,
    /// It is a plan, and they have one that goes on: both would be billed.
    HasPlan,
}

/// Whether a payment may go on: of what we had asked for, by whom we had asked, while it is sold;
/// of a plan, while its account, with those plans, has none that goes on.
///
/// # Errors
/// Why not.
pub fn may_pay(
    catalogue: &Catalogue,
    (checkout, beside): (Option<&Checkout>, &PlanFacts),
    asking: &Asking,
    now: i64,
) -> Result<(), NoDeal> {
    let checkout = checkout.filter(|it| it.price.is_stars()).ok_or(NoDeal::Unknown)?;
    if checkout.identity != asking.by.identity {
        return Err(NoDeal::SomebodyElse);
    }
    match checkout.state {
        CheckoutState::Paid => return Err(NoDeal::Paid),
        CheckoutState::Failed => return Err(NoDeal::Stale),
        CheckoutState::Asked | CheckoutState::Open | CheckoutState::Told => {}
    }
    let is_sold = catalogue.for_stars().any(|sold| {
        (&sold.item, sold.price, sold.credits)
            == (&checkout.item, &checkout.price, checkout.credits)
    });
    let is_fresh = now.saturating_sub(checkout.asked_at) < PAYABLE_MS;
    if asking.price != checkout.price || !is_sold || !is_fresh {
        return Err(NoDeal::Stale);
    }
    let is_plan = matches!(checkout.item, Item::Plan(_));
    if is_plan && (beside.unsettled || plan::renewed(&beside.plans).next().is_some()) {
        return Err(NoDeal::HasPlan);
    }
    Ok(())
}

/// A payment in Stars that could go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refundable {
    /// The payment.
    pub payment: Payment,
    /// Its purchase.
    pub checkout: Checkout,
    /// When it was paid, milliseconds since the epoch.
    pub paid_at: i64,
}

/// What is done at Telegram about Stars.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StarsErrand {
    /// A link to the invoice of a plan is made: a subscription can be had no other way.
    Link {
        /// Our name for the purchase.
        request: String,
        /// What is bought.
        item: Item,
        /// How many credits a month.
        credits: Credits,
        /// What it costs a month.
        stars: i64,
        /// In whose language it is described.
        language: Language,
        /// Who asked.
        identity: IdentityId,
        /// Names the message that will show it.
        slot: i64,
    },
    /// Stars are given back.
    Refund {
        /// Our name for the purchase.
        request: String,
        /// Who paid.
        identity: IdentityId,
        /// The payment, as Telegram calls it.
        charge: String,
        /// How many.
        stars: i64,
        /// Whether their credits were taken when they were asked for.
        along: bool,
    },
    /// A plan is not renewed any more.
    EndPlan {
        /// Who pays for it.
        identity: IdentityId,
        /// Its first payment, as Telegram calls it.
        charge: String,
    },
    /// Its owner asked for a plan to end with its month, or not to after all.
    Renewal {
        /// Who asked: who pays for it.
        identity: IdentityId,
        /// Its first payment, as Telegram calls it.
        charge: String,
        /// Our name for the plan.
        subscription: String,
        /// Our name for the purchase.
        request: String,
        /// Until when it is paid.
        until: i64,
        /// Whether it may be renewed. That it is, its owner has to say to Telegram.
        renewed: bool,
    },
}

impl StarsErrand {
    /// Whom it is about.
    #[must_use]
    pub fn identity(&self) -> &IdentityId {
        match self {
            Self::Link { identity, .. }
            | Self::Refund { identity, .. }
            | Self::EndPlan { identity, .. }
            | Self::Renewal { identity, .. } => identity,
        }
    }

    /// The purchase it is about.
    #[must_use]
    pub fn request(&self) -> Option<&str> {
        match self {
            Self::Link { request, .. } | Self::Refund { request, .. } => Some(request),
            Self::EndPlan { .. } | Self::Renewal { .. } => None,
        }
    }
}

/// Whether purchases are paid in Stars there.
pub(super) fn takes_stars(house: &House, conversation: &ConversationId) -> bool {
    house.channel(conversation).is_some_and(|channel| channel.stars)
}

/// What is sold for Stars there, as buttons.
pub(crate) fn offers(house: &House, conversation: &ConversationId) -> Vec<Vec<Key>> {
    if !takes_stars(house, conversation) {
        return Vec::new();
    }
    let key = |sold: Sold<'_>| {
        let (price, number) = (shown(sold.price.minor), sold.item.number());
        let label = match sold.item {
            Item::Pack(_) => Label::BuyPack { credits: sold.credits, price },
            Item::Plan(name) => Label::BuyPlan { name, price },
        };
        keys::act(label, Verb::PayStars, number)
    };
    house.catalogue.for_stars().map(|sold| vec![key(sold)]).collect()
}

/// A number of Stars as everybody reads it.
pub(super) fn shown(stars: i64) -> String {
    format!("{stars} ⭐")
}

/// Somebody chose what to pay in Stars.
pub(crate) fn chosen(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PressFacts,
    number: i64,
) -> Answer {
    let conversation = turn.frame.conversation;
    let sold = turn.house().catalogue.for_stars().find(|sold| sold.item.number() == number);
    let Some(sold) = sold.filter(|_| takes_stars(turn.house(), conversation)) else {
        return Answer::Line(Say::Stale);
    };
    if let Some(answer) = plan::chosen_beside(turn, visit, &facts.plan, (&sold.item, true)) {
        return answer;
    }
    let fresh = facts.checkout.as_ref().filter(|checkout| {
        turn.frame.now - checkout.asked_at < FRESH_MS
            && (&checkout.item, &checkout.price, checkout.credits)
                == (&sold.item, sold.price, sold.credits)
            && checkout.conversation == *conversation
            && checkout.identity == visit.customer.identity
    });
    match fresh.map(|checkout| (checkout, checkout.state)) {
        Some((_, CheckoutState::Asked)) => return Answer::Line(Say::CheckoutComing),
        Some((checkout, CheckoutState::Open)) => {
            match &checkout.link {
                Some(_) => {
                    let buyer = &visit.customer.name;
                    checkout::show(turn, &visit.reader, (checkout, buyer), None);
                }
                None => invoice(turn, &visit.reader, checkout),
            }
            return Answer::Quiet;
        }
        Some((_, CheckoutState::Told | CheckoutState::Paid | CheckoutState::Failed)) | None => {}
    }
    let is_plan = matches!(sold.item, Item::Plan(_));
    let state = if is_plan { CheckoutState::Asked } else { CheckoutState::Open };
    let (id, checkout) = checkout::asked_for(turn, visit, sold, (Mode::Live, state));
    turn.then(Effect::OpenCheckout(checkout.clone()));
    if !is_plan {
        invoice(turn, &visit.reader, &checkout);
        return Answer::Quiet;
    }
    ask_for_link(turn, &visit.reader, checkout, id);
    Answer::Quiet
}

/// Telegram is asked for a link to the invoice of a plan.
fn ask_for_link(turn: &mut Turn<'_>, reader: &Reader, checkout: Checkout, id: i64) {
    let errand = StarsErrand::Link {
        request: checkout.request.clone(),
        item: checkout.item,
        credits: checkout.credits,
        stars: checkout.price.minor,
        language: reader.language,
        identity: checkout.identity,
        slot: id,
    };
    turn.then(Effect::RunErrand(NewErrand {
        id: ErrandId(id),
        name: format!("stars:link:{}", checkout.request),
        conversation: checkout.conversation,
        errand: Errand::Stars(Box::new(errand)),
        until: turn.frame.now.saturating_add(LINK_WITHIN_MS),
    }));
    let word = turn.words(reader, Say::CheckoutComing).slot(Slot::Checkout(id));
    turn.send(word);
}

/// An invoice. Sent twice it can still be paid only once.
fn invoice(turn: &mut Turn<'_>, reader: &Reader, checkout: &Checkout) {
    let body = Body::Invoice {
        item: checkout.item.clone(),
        credits: checkout.credits,
        stars: checkout.price.minor,
        request: checkout.request.clone(),
    };
    let message = turn.draft(reader, body);
    turn.send(message);
}

/// The first payment of a plan in Stars, by which Telegram knows the plan.
pub(super) fn first_of(row: &PlanRow) -> Option<&str> {
    row.customer.as_deref().filter(|_| row.subscription.starts_with(PLAN))
}

/// Whether a plan that is not on can begin by what is told. In Stars by a payment alone: Telegram
/// tells that a plan is not renewed also after we have ended it, and after its last month.
pub(super) fn begins(checkout: &Checkout, notice: &Notice) -> bool {
    !checkout.price.is_stars() || matches!(notice.told, Told::PlanPaid(..))
}

/// What Telegram is asked so that a plan in Stars ends, or does not; nothing for other plans.
pub(super) fn renewal(
    identity: &IdentityId,
    row: &PlanRow,
    change: &PlanChange,
) -> Option<StarsErrand> {
    Some(StarsErrand::Renewal {
        identity: identity.clone(),
        charge: first_of(row)?.into(),
        subscription: row.subscription.clone(),
        request: row.request.clone(),
        until: row.until,
        renewed: *change == PlanChange::Resume,
    })
}

/// What an errand about Stars came to. A link is made and shown as those of others are.
pub(crate) fn ended(
    turn: &mut Turn<'_>,
    facts: &PaymentFacts,
    (id, errand): (ErrandId, &StarsErrand),
    end: &ErrandEnd,
) {
    let done = matches!(end, ErrandEnd::Brought(_));
    match errand {
        StarsErrand::Link { .. } => {}
        StarsErrand::Refund { request, charge, stars, along, .. } if done => {
            let told = Told::Reversed(refund(charge, *stars));
            tell_books(turn, ("refunded", charge), turn.frame.now, request, told);
            if *along {
                back::went(turn, facts);
            }
        }
        StarsErrand::Refund { along, .. } => back::failed(turn, facts, id, *along),
        StarsErrand::Renewal { subscription, identity, renewed: true, .. } if done => {
            let subscription = subscription.clone();
            turn.then(Effect::WishPlan { subscription, wish: None });
            plan::answer(turn, facts, identity, Moved::RenewInTelegram);
        }
        StarsErrand::Renewal { subscription, identity, request, until, renewed, .. } => {
            let change = if *renewed { PlanChange::Resume } else { PlanChange::Cancel };
            let ends = done.then(|| ends_with_its_month(turn, (subscription, request), *until));
            let end = ends.unwrap_or_else(|| end.clone());
            plan::changed(turn, facts, ((id, subscription, &change), identity), &end);
        }
        StarsErrand::EndPlan { .. } if done => {}
        StarsErrand::EndPlan { .. } => {
            turn.then(Effect::RaiseAlarm { what: "a plan paid in Stars could not be ended" });
        }
    }
}

/// What the payment provider would have told of a plan that ends with its month.
fn ends_with_its_month(
    turn: &Turn<'_>,
    (subscription, request): (&str, &str),
    until: i64,
) -> ErrandEnd {
    let at = turn.frame.now;
    let plan = PlanTold {
        subscription: subscription.into(),
        product: None,
        state: PlanState::Ending,
        until,
        changed_at: at,
        customer: None,
    };
    let told = Told::Plan(plan);
    let notice = Notice { at, mode: Mode::Live, request: Some(request.into()), told };
    ErrandEnd::Brought(Brought::Plan(Box::new(notice)))
}

/// A link to a plan's invoice was made.
pub(crate) fn linked(turn: &mut Turn<'_>, facts: &MessageFacts, slot: i64, link: &Link) {
    checkout::made(turn, facts, slot, link);
}

/// What the house itself has to say to the books, at `at`.
fn tell_books(turn: &mut Turn<'_>, (what, name): (&str, &str), at: i64, request: &str, told: Told) {
    let (mode, request) = (Mode::Live, Some(request.into()));
    let notice = Notice { at, mode, request, told };
    let (id, conversation) = (format!("stars:{what}:{name}"), turn.frame.conversation.clone());
    turn.then(Effect::SetTimer { id, due_at: at, conversation, event: Event::PaymentTold(notice) });
}

/// Telegram does not say that no further payment came: a plan's end is a timer of ours, which each
/// payment moves.
pub(super) fn mind_the_end(turn: &mut Turn<'_>, checkout: &Checkout, plan: &PlanTold) {
    if plan.until <= 0 || !plan.state.unlocks() {
        return;
    }
    let due_at = plan.until.saturating_add(LATE_MS).max(turn.frame.now);
    let over =
        PlanTold { state: PlanState::Ended, changed_at: due_at, customer: None, ..plan.clone() };
    let name = ("over", checkout.request.as_str());
    tell_books(turn, name, due_at, &checkout.request, Told::Plan(over));
}

/// A plan whose month was given back is over, here and at Telegram.
pub(super) fn end_plan(turn: &mut Turn<'_>, checkout: &Checkout, charge: &str) {
    let errand =
        StarsErrand::EndPlan { identity: checkout.identity.clone(), charge: charge.into() };
    let _errand = run(turn, "end", (charge, checkout.conversation.clone()), errand);
}

fn run(
    turn: &mut Turn<'_>,
    what: &str,
    (charge, conversation): (&str, ConversationId),
    errand: StarsErrand,
) -> ErrandId {
    let id = ErrandId(turn.id());
    let name = format!("stars:{what}:{charge}:{id}");
    let until = turn.frame.now.saturating_add(REFUND_WITHIN_MS);
    let errand = Errand::Stars(Box::new(errand));
    turn.then(Effect::RunErrand(NewErrand { id, name, conversation, errand, until }));
    id
}
