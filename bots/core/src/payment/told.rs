//! What follows from what the payment provider tells: once for each thing, whatever the order.

use alloc::{format, string::String, vec::Vec};

use super::{
    Checkout, CheckoutState, Doubt, Mode, Moved, Notice, Paid, Payment, PlanRow, PlanState,
    PlanTold, Reversal, Reversed, Told, stars,
};
use crate::{
    account::Account,
    credits::{Credits, GrantReason, Purse, TakeReason},
    effect::Effect,
    event::Event,
    facts::{Catalogue, PaymentFacts},
    id::EntryId,
    turn::Turn,
};

/// The payment provider told something.
pub(crate) fn told(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice) {
    match &notice.told {
        Told::Bought(paid) => paid_for(turn, facts, notice, (paid, 0)),
        Told::PlanPaid(paid, plan) => {
            paid_for(turn, facts, notice, (paid, plan.until));
            plan_told(turn, facts, notice, plan);
        }
        Told::Plan(plan) => plan_told(turn, facts, notice, plan),
        Told::Reversed(reversed) => went_back(turn, facts, reversed),
        Told::Nothing => {}
        Told::Unknown => {
            turn.then(Effect::RaiseAlarm { what: "Creem told something of a kind that is new" });
        }
    }
}

/// What a payment brings.
struct Goods {
    credits: Credits,
    /// The plan it is for.
    plan: Option<String>,
}

/// Credits are given for a payment that is what we asked for. One that is not is kept, and looked
/// at by people; it is looked at again when it is told again.
fn paid_for(
    turn: &mut Turn<'_>,
    facts: &PaymentFacts,
    notice: &Notice,
    (paid, until): (&Paid, i64),
) {
    if facts.payment.as_ref().is_some_and(|payment| payment.doubt.is_none()) {
        return;
    }
    let goods = match (&facts.checkout, &facts.account) {
        (Some(checkout), Some(account)) => {
            goods(turn, checkout, notice, paid).map(|goods| (checkout, account, goods))
        }
        _ => Err(Doubt::NotAsked),
    };
    let (checkout, account, goods) = match goods {
        Ok(goods) => goods,
        Err(doubt) => return doubted(turn, facts, notice, (paid, doubt)),
    };
    let entry = EntryId(turn.id());
    turn.then(Effect::Grant {
        entry,
        purse: account.purse.id,
        credits: goods.credits,
        source: format!("{}:{}", seller(checkout), paid.payment),
        reason: if goods.plan.is_some() { GrantReason::Plan } else { GrantReason::Pack },
        note: None,
    });
    let payment = Payment {
        id: paid.payment.clone(),
        request: Some(checkout.request.clone()),
        purse: Some(account.purse.id),
        credits: goods.credits,
        taken: Credits::ZERO,
        doubt: None,
    };
    if checkout.state != CheckoutState::Paid {
        let (request, state) = (checkout.request.clone(), CheckoutState::Paid);
        turn.then(Effect::UpdateCheckout { request, state, link: None });
    }
    let moved = match goods.plan {
        Some(plan) => Moved::PlanPaid { plan, credits: goods.credits, until },
        None => Moved::Bought { credits: goods.credits },
    };
    tell(turn, checkout, moved);
    // Money may have gone back before we heard that it had come.
    let purse = Purse {
        granted: Credits(account.purse.granted.0.saturating_add(goods.credits.0)),
        ..account.purse
    };
    take_back(turn, (checkout, &payment), &facts.reversals, &purse);
}

/// What a payment is for, if it is what we asked for.
fn goods(
    turn: &Turn<'_>,
    checkout: &Checkout,
    notice: &Notice,
    paid: &Paid,
) -> Result<Goods, Doubt> {
    let catalogue = &turn.house().catalogue;
    if notice.mode != checkout.mode || notice.mode == Mode::Unknown {
        return Err(Doubt::Mode);
    }
    let in_stars = checkout.price.is_stars();
    let asked = in_stars || paid.product.as_deref() == Some(checkout.product.as_str());
    // A plan may have been exchanged for another one of ours.
    let other = plan_sold(catalogue, paid.product.as_deref())
        .filter(|_| !asked && matches!(checkout.item, super::Item::Plan(_)));
    let (price, credits) = match other {
        _ if asked => (&checkout.price, checkout.credits),
        Some(plan) => (&plan.cost, plan.credits),
        None => return Err(Doubt::Product),
    };
    let told = paid.price.as_ref().ok_or(Doubt::Price)?;
    let whole = told.minor == price.minor;
    let discounted =
        paid.discount > 0 && told.minor.checked_add(paid.discount) == Some(price.minor);
    if told.currency != price.currency || !(whole || discounted) {
        return Err(Doubt::Price);
    }
    let plan = match (&checkout.item, other) {
        (_, Some(plan)) => Some(plan.id.clone()),
        (super::Item::Plan(id), None) => Some(id.clone()),
        (super::Item::Pack(_), None) => None,
    };
    Ok(Goods { credits, plan })
}

/// The plan that the provider knows as this product.
fn plan_sold<'c>(
    catalogue: &'c Catalogue,
    product: Option<&str>,
) -> Option<&'c crate::facts::Plan> {
    let product = product?;
    catalogue.plans.iter().find(|plan| plan.product.as_deref() == Some(product))
}

fn doubted(
    turn: &mut Turn<'_>,
    facts: &PaymentFacts,
    notice: &Notice,
    (paid, doubt): (&Paid, Doubt),
) {
    let known = facts.payment.as_ref().and_then(|payment| payment.doubt);
    if known == Some(doubt) {
        return;
    }
    turn.then(Effect::KeepPayment(Payment {
        id: paid.payment.clone(),
        request: notice.request.clone(),
        purse: None,
        credits: Credits::ZERO,
        taken: Credits::ZERO,
        doubt: Some(doubt),
    }));
    // What the owner's website sells by itself comes by here too.
    let ours = notice.request.as_ref().is_some_and(|name| is_ours(turn, name));
    // In Stars nobody but us sells through our bot.
    let in_stars = paid.price.as_ref().is_some_and(super::Money::is_stars);
    if ours || in_stars || is_sold_here(&turn.house().catalogue, paid.product.as_deref()) {
        turn.then(Effect::RaiseAlarm { what: doubt.alarm() });
    }
}

/// Who takes the money of a purchase: the first word of what its lines in the ledger are known by.
fn seller(checkout: &Checkout) -> &'static str {
    if checkout.price.is_stars() { "stars" } else { "creem" }
}

/// Whether a name of a purchase is one of ours.
fn is_ours(turn: &Turn<'_>, request: &str) -> bool {
    request.starts_with(&turn.house().tag)
}

/// Whether we sell this product.
fn is_sold_here(catalogue: &Catalogue, product: Option<&str>) -> bool {
    let packs = catalogue.packs.iter().map(|pack| pack.product.as_deref());
    let mut all = packs.chain(catalogue.plans.iter().map(|plan| plan.product.as_deref()));
    product.is_some() && all.any(|sold| sold == product)
}

/// Money went back: once for each time it did. Where we have not heard yet that it had come, it is
/// remembered.
fn went_back(turn: &mut Turn<'_>, facts: &PaymentFacts, reversed: &Reversed) {
    if facts.reversals.iter().any(|known| known.id == reversed.id) {
        return;
    }
    turn.then(Effect::KeepReversal(reversed.clone()));
    let (Some(checkout), Some(account), Some(payment)) =
        (&facts.checkout, &facts.account, &facts.payment)
    else {
        return;
    };
    if payment.doubt.is_some() {
        return;
    }
    if let (super::Item::Plan(_), Some(row)) = (&checkout.item, stars_plan(facts, checkout)) {
        let (first, at) = (row.customer.clone(), turn.frame.now);
        let over = PlanTold {
            subscription: row.subscription.clone(),
            product: None,
            state: PlanState::Ended,
            until: row.until,
            changed_at: at.max(row.as_of.0),
            customer: None,
        };
        let told = Told::Plan(over.clone());
        let notice = Notice { at, mode: checkout.mode, request: None, told };
        plan_told(turn, facts, &notice, &over);
        if let Some(charge) = first {
            stars::end_plan(turn, checkout, &charge);
        }
    }
    let all: Vec<Reversed> = facts.reversals.iter().chain([reversed]).cloned().collect();
    // Where chats were linked and parted, they may be with whoever stayed.
    let purse = facts.holder.as_ref().unwrap_or(&account.purse);
    take_back(turn, (checkout, payment), &all, purse);
}

/// The plan of a purchase in Stars that goes on: of such a month all goes back, and with it the
/// plan.
fn stars_plan<'f>(facts: &'f PaymentFacts, checkout: &Checkout) -> Option<&'f PlanRow> {
    let mut plans = facts.plans.iter().filter(|row| row.request == checkout.request);
    plans.find(|row| checkout.price.is_stars() && row.state.unlocks())
}

/// Takes back as many of a payment's credits as money went back of it, as far as they were not
/// taken back before; and keeps the payment.
fn take_back(
    turn: &mut Turn<'_>,
    (checkout, payment): (&Checkout, &Payment),
    reversals: &[Reversed],
    purse: &Purse,
) {
    let due = to_take(payment.credits, reversals);
    let more = Credits(due.0 - payment.taken.0);
    let disputed = reversals.iter().any(|one| one.by == Reversal::Dispute);
    let by = if disputed { Reversal::Dispute } else { Reversal::Refund };
    turn.then(Effect::KeepPayment(Payment { taken: payment.taken.max(due), ..payment.clone() }));
    let Some(last) = reversals.last().filter(|_| more > Credits::ZERO) else { return };
    // What is left is taken; the rest stands against whatever comes.
    let left = match by {
        Reversal::Refund => Credits(more.0.min(purse.available().0).max(0)),
        Reversal::Dispute => Credits::ZERO,
    };
    for (reason, credits) in
        [(TakeReason::Refunded, left), (TakeReason::Reclaimed, Credits(more.0 - left.0))]
    {
        if credits > Credits::ZERO {
            let entry = EntryId(turn.id());
            turn.then(Effect::TakeBack {
                entry,
                purse: purse.id,
                credits,
                source: format!("{}:{}:{}", seller(checkout), last.id, reason.code()),
                reason,
            });
        }
    }
    tell(turn, checkout, Moved::TakenBack { credits: more, by });
}

/// How many of a payment's credits are to be taken back in all: in proportion to the money, in
/// whole credits, rounded in the customer's favour; all of them once all of it went back.
fn to_take(credits: Credits, reversals: &[Reversed]) -> Credits {
    let whole = reversals.iter().any(|one| one.by == Reversal::Dispute || one.of_minor <= 0);
    let of_minor = reversals.iter().map(|one| one.of_minor).max().unwrap_or(0);
    // Told one by one, or as a sum, or both: what is more is true, since some may be missing.
    let each: i64 = reversals.iter().map(|one| one.minor.max(0)).sum();
    let minor = reversals.iter().map(|one| one.total).max().unwrap_or(0).max(each);
    if whole || (of_minor > 0 && minor >= of_minor) {
        return credits;
    }
    if of_minor <= 0 {
        return Credits::ZERO;
    }
    let part = i128::from(credits.0) * i128::from(minor) / i128::from(of_minor);
    Credits(i64::try_from(part).unwrap_or(credits.0))
}

/// How a plan is, if that is news.
fn plan_told(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice, plan: &PlanTold) {
    let (Some(checkout), Some(account)) = (&facts.checkout, &facts.account) else { return };
    if notice.mode != checkout.mode {
        return;
    }
    let known = facts.plans.iter().find(|row| row.subscription == plan.subscription);
    let as_of = (if plan.changed_at > 0 { plan.changed_at } else { notice.at }, notice.at);
    let newer = known.is_none_or(|row| (row.as_of, row.state) < (as_of, plan.state));
    if !newer || (plan.state == PlanState::Unknown && known.is_some()) {
        return;
    }
    let sold = plan_sold(&turn.house().catalogue, plan.product.as_deref());
    let id = match (sold, known, &checkout.item) {
        (Some(sold), _, _) => sold.id.clone(),
        (None, Some(row), _) => row.plan.clone(),
        (None, None, super::Item::Plan(id)) => id.clone(),
        (None, None, super::Item::Pack(_)) => return,
    };
    let row = PlanRow {
        subscription: plan.subscription.clone(),
        request: checkout.request.clone(),
        account: checkout.account,
        plan: id.clone(),
        state: plan.state,
        until: known.map_or(0, |row| row.until).max(plan.until),
        as_of,
        customer: plan.customer.clone().or(known.and_then(|row| row.customer.clone())),
    };
    unlock(turn, account, facts, &row);
    if checkout.price.is_stars() {
        stars::mind_the_end(turn, checkout, plan);
    }
    if worth_telling(known.map(|row| row.state), plan.state) {
        tell(turn, checkout, Moved::Plan { plan: id, state: plan.state, until: row.until });
    }
    turn.then(Effect::KeepPlan(row));
}

/// The plan that an account has by what it pays for.
#[must_use]
pub fn unlocked<'p>(plans: impl IntoIterator<Item = &'p PlanRow>) -> Option<String> {
    let unlocking = plans.into_iter().filter(|row| row.state.unlocks());
    // Of several, the one that was begun last.
    let best = unlocking.max_by(|a, b| (a.until, &a.subscription).cmp(&(b.until, &b.subscription)));
    best.map(|row| row.plan.clone())
}

/// What an account's plans unlock now that one of them is so.
fn unlock(turn: &mut Turn<'_>, account: &Account, facts: &PaymentFacts, now: &PlanRow) {
    let others = facts.plans.iter().filter(|row| row.subscription != now.subscription);
    let plan = unlocked(others.chain([now]));
    if plan != account.entitlement.plan {
        turn.then(Effect::ChoosePlan { account: account.id, plan });
    }
}

/// Whether a plan's owner hears of it: of every trouble and every end, and that it goes on after
/// all. That it began is told with its credits.
fn worth_telling(before: Option<PlanState>, now: PlanState) -> bool {
    match now {
        PlanState::Unknown => false,
        PlanState::Active => {
            matches!(before, Some(PlanState::Ending | PlanState::Paused | PlanState::Ended))
        }
        PlanState::PastDue
        | PlanState::Ending
        | PlanState::Paused
        | PlanState::Unpaid
        | PlanState::Ended => before != Some(now),
    }
}

/// What happened is told in the chat where it was bought, by an event of that chat: there what
/// the channel takes is known, and what waited for credits runs.
fn tell(turn: &mut Turn<'_>, checkout: &Checkout, moved: Moved) {
    let id = turn.id();
    turn.then(Effect::SetTimer {
        id: format!("moved:{id}"),
        due_at: turn.frame.now,
        conversation: checkout.conversation.clone(),
        event: Event::MoneyMoved { identity: checkout.identity.clone(), moved },
    });
}
