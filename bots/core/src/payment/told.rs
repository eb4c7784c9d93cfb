//! What follows from what the payment provider tells: once for each thing, whatever the order.

use alloc::{format, string::String, vec::Vec};

use super::{
    Bought, Checkout, CheckoutState, Doubt, Item, Mode, Money, Moved, Notice, Paid, Payment,
    PlanChange, PlanRow, PlanState, PlanTold, Reversal, Reversed, TOLD_IN, Told,
};
use crate::{
    account::Account,
    credits::{Credits, GrantReason, Purse, TakeReason},
    effect::{Effect, NewErrand},
    errand::{Brought, Errand, ErrandEnd},
    event::Event,
    facts::{Catalogue, PaymentFacts},
    id::{EntryId, ErrandId},
    lapse,
    turn::Turn,
};

/// How long we try to find out what a payment came to, milliseconds.
const LOOKED_WITHIN_MS: i64 = 7 * 86_400_000;

/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

/// The payment provider told something.
pub(crate) fn told(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice) {
    match &notice.told {
        Told::Bought(paid) => paid_for(turn, facts, notice, (paid, 0)),
        Told::PlanPaid(paid, plan) => {
            paid_for(turn, facts, notice, (paid, plan.until));
            plan_told(turn, facts, notice, plan);
        }
        Told::Plan(plan) => plan_told(turn, facts, notice, plan),
        Told::Changed(plan, errand) => {
            plan_told(turn, facts, notice, plan);
            // Who asked for it has heard of it.
            let asked = facts.plans.iter().find(|row| row.subscription == plan.subscription);
            let wish = asked.and_then(|row| row.wish.as_ref());
            if wish.is_some_and(|wish| wish.errand == *errand) {
                let subscription = plan.subscription.clone();
                turn.then(Effect::WishPlan { subscription, wish: None });
            }
        }
        Told::Reversed(reversed) => went_back(turn, facts, reversed),
        Told::Nothing => {}
        Told::Unknown => {
            turn.then(Effect::RaiseAlarm { what: "Creem told something of a kind that is new" });
        }
    }
}

/// What a payment brings.
struct Goods {
    /// What it is for.
    item: Item,
    /// What that costs: of a plan, a whole period.
    price: Money,
    /// What that brings.
    credits: Credits,
    /// Days until what is left of it lapses.
    lapse_days: Option<u32>,
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
            let known = known_product(turn, facts, notice);
            let product = paid.product.as_deref().or(known);
            goods(turn, checkout, notice, (paid, product)).map(|goods| (checkout, account, goods))
        }
        _ => Err(Doubt::NotAsked),
    };
    let (checkout, account, goods) = match goods {
        Ok(goods) => goods,
        Err(doubt) => return doubted(turn, facts, notice, (paid, doubt)),
    };
    let (price, credits) = match (&goods.item, &paid.charged) {
        (Item::Pack(_), _) => (goods.price, goods.credits),
        (Item::Plan(_), None) => return look_at(turn, notice, paid),
        (Item::Plan(_), Some(charged)) => match share(&goods, charged) {
            Ok(credits) => (charged.clone(), credits),
            Err(doubt) => return doubted(turn, facts, notice, (paid, doubt)),
        },
    };
    let is_plan = matches!(goods.item, Item::Plan(_));
    if credits > Credits::ZERO {
        let entry = EntryId(turn.id());
        turn.then(Effect::Grant {
            entry,
            purse: account.purse.id,
            credits,
            source: lapse::source_of(&paid.payment),
            reason: if is_plan { GrantReason::Plan } else { GrantReason::Pack },
            note: None,
        });
    }
    let lapses = goods.lapse_days.map(|days| i64::from(days) * DAY_MS);
    let lapses_at = lapses.map_or(0, |after| turn.frame.now.saturating_add(after));
    let payment = Payment {
        id: paid.payment.clone(),
        request: Some(checkout.request.clone()),
        purse: Some(account.purse.id),
        credits,
        taken: Credits::ZERO,
        doubt: None,
        bought: Some(Bought { item: goods.item.clone(), price, lapses_at }),
    };
    if checkout.state != CheckoutState::Paid {
        let (request, state) = (checkout.request.clone(), CheckoutState::Paid);
        turn.then(Effect::UpdateCheckout { request, state, link: None });
    }
    let moved = match goods.item {
        Item::Plan(plan) => Moved::PlanPaid { plan, credits, until },
        Item::Pack(_) => Moved::Bought { credits },
    };
    if credits > Credits::ZERO {
        tell(turn, checkout, moved);
    }
    // Money may have gone back before we heard that it had come.
    let purse = Purse {
        granted: Credits(account.purse.granted.0.saturating_add(credits.0)),
        ..account.purse
    };
    take_back(turn, (checkout, &payment), &facts.reversals, &purse);
}

/// What the plan is that a payment is of, where the payment itself does not tell.
fn known_product<'h>(turn: &Turn<'h>, facts: &PaymentFacts, notice: &Notice) -> Option<&'h str> {
    let Told::PlanPaid(_, plan) = &notice.told else { return None };
    let row = facts.plans.iter().find(|row| row.subscription == plan.subscription)?;
    let sold = turn.house().catalogue.plans.iter().find(|sold| sold.id == row.plan)?;
    sold.product.as_deref()
}

/// What a payment is for, if it is what we asked for.
fn goods(
    turn: &Turn<'_>,
    checkout: &Checkout,
    notice: &Notice,
    (paid, product): (&Paid, Option<&str>),
) -> Result<Goods, Doubt> {
    let catalogue = &turn.house().catalogue;
    if notice.mode != checkout.mode || notice.mode == Mode::Unknown {
        return Err(Doubt::Mode);
    }
    let asked = product == Some(checkout.product.as_str());
    let sold = plan_sold(catalogue, product);
    let lapse_days = sold.and_then(|plan| plan.lapse_days);
    // A plan may have been exchanged for another one of ours.
    let other = sold.filter(|_| !asked && matches!(checkout.item, Item::Plan(_)));
    let (item, price, credits) = match other {
        _ if asked => (checkout.item.clone(), &checkout.price, checkout.credits),
        Some(plan) => (Item::Plan(plan.id.clone()), &plan.cost, plan.credits),
        None => return Err(Doubt::Product),
    };
    // Where only what was charged is told, that is compared.
    let is_plan = matches!(item, Item::Plan(_));
    if paid.price.is_none() && is_plan && paid.charged.is_some() {
        return Ok(Goods { item, price: price.clone(), credits, lapse_days });
    }
    let told = paid.price.as_ref().ok_or(Doubt::Price)?;
    let whole = told.minor == price.minor;
    let discounted =
        paid.discount > 0 && told.minor.checked_add(paid.discount) == Some(price.minor);
    if told.currency != price.currency || !(whole || discounted) {
        return Err(Doubt::Price);
    }
    Ok(Goods { item, price: price.clone(), credits, lapse_days })
}

/// The credits of a plan's period for what was charged of its price: all of them for all of it,
/// and in proportion for the rest of a period, rounded in the customer's favour.
fn share(goods: &Goods, charged: &Money) -> Result<Credits, Doubt> {
    let Goods { price, credits, .. } = goods;
    if charged.currency != price.currency || charged.minor < 0 {
        return Err(Doubt::Price);
    }
    if charged.minor >= price.minor {
        return Ok(*credits);
    }
    let whole = i128::from(price.minor);
    let part = (i128::from(credits.0) * i128::from(charged.minor) + whole - 1) / whole;
    Ok(Credits(i64::try_from(part).unwrap_or(credits.0)))
}

/// What a payment of a plan came to is found out: once, however often it is told.
fn look_at(turn: &mut Turn<'_>, notice: &Notice, paid: &Paid) {
    let id = ErrandId(turn.id());
    turn.then(Effect::RunErrand(NewErrand {
        id,
        name: format!("look:{}", paid.payment),
        conversation: TOLD_IN.into(),
        errand: Errand::LookAtPayment { notice: notice.clone() },
        until: turn.frame.now.saturating_add(LOOKED_WITHIN_MS),
    }));
}

/// What a payment of a plan came to was found out, or cannot be.
pub(crate) fn looked(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice, end: &ErrandEnd) {
    let Told::PlanPaid(paid, plan) = &notice.told else { return };
    match end {
        ErrandEnd::Brought(Brought::Charged(charged)) => {
            let paid = Paid { charged: Some(charged.clone()), ..paid.clone() };
            let told = Told::PlanPaid(paid, plan.clone());
            self::told(turn, facts, &Notice { told, ..notice.clone() });
        }
        ErrandEnd::Brought(_) | ErrandEnd::Failed(_) => {
            if facts.payment.is_none() {
                doubted(turn, facts, notice, (paid, Doubt::Unseen));
            }
        }
    }
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
        bought: None,
    }));
    // What the owner's website sells by itself comes by here too.
    let ours = notice.request.as_ref().is_some_and(|name| is_ours(turn, name));
    if ours || is_sold_here(&turn.house().catalogue, paid.product.as_deref()) {
        turn.then(Effect::RaiseAlarm { what: doubt.alarm() });
    }
}

/// Whether a name of a purchase is one of ours.
fn is_ours(turn: &Turn<'_>, request: &str) -> bool {
    turn.house().till.as_ref().is_some_and(|till| request.starts_with(&till.tag))
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
    let all: Vec<Reversed> = facts.reversals.iter().chain([reversed]).cloned().collect();
    // Where chats were linked and parted, they may be with whoever stayed.
    let purse = facts.holder.as_ref().unwrap_or(&account.purse);
    take_back(turn, (checkout, payment), &all, purse);
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
                source: format!("creem:{}:{}", last.id, reason.code()),
                reason,
            });
        }
    }
    tell(turn, checkout, Moved::TakenBack { credits: more, by });
}

/// How many of a payment's credits are to be taken back in all: in proportion to the money, in
/// whole credits, rounded in the customer's favour; all of them once all of it went back.
pub(super) fn to_take(credits: Credits, reversals: &[Reversed]) -> Credits {
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
        (None, None, Item::Plan(id)) => id.clone(),
        (None, None, Item::Pack(_)) => return,
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
        wish: known.and_then(|row| row.wish.clone()),
    };
    unlock(turn, account, facts, &row);
    if !is_wished(&row) {
        let before = known.filter(|before| before.plan != id && row.state.unlocks());
        if worth_telling(known.map(|row| row.state), plan.state) {
            tell(turn, checkout, Moved::Plan { plan: id, state: plan.state, until: row.until });
        } else if before.is_some() {
            tell(turn, checkout, Moved::Exchanged { plan: id, until: row.until });
        }
    }
    turn.then(Effect::KeepPlan(row));
}

/// Whether its owner asked for a plan to be as it is, and hears of it as the answer to that.
fn is_wished(row: &PlanRow) -> bool {
    match row.wish.as_ref().map(|wish| &wish.change) {
        Some(PlanChange::Cancel) => matches!(row.state, PlanState::Ending | PlanState::Ended),
        Some(PlanChange::Resume) => row.state == PlanState::Active,
        Some(PlanChange::Exchange { plan, .. }) => row.plan == *plan,
        None => false,
    }
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
