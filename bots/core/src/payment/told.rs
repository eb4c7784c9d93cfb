//! What follows from what the payment provider tells: once for each thing, whatever the order.

use alloc::{format, string::String};

use super::{
    Bought, Checkout, CheckoutState, Doubt, Item, Mode, Money, Moved, Notice, Paid, Payment,
    PlanChange, PlanRow, PlanState, PlanTold, Told,
    look::{covers, is_looked_at, look_at},
    refund,
    reversed::{went_back, went_back_before},
    stars,
};
use crate::{
    account::Account,
    credits::{Credits, GrantReason, Purse},
    effect::Effect,
    event::Event,
    facts::{Catalogue, PaymentFacts},
    id::{AccountId, ConversationId, EntryId, IdentityId},
    invite, lapse,
    turn::Turn,
};

/// A day, milliseconds.
const DAY_MS: i64 = 86_400_000;

/// The payment provider told something.
pub(crate) fn told(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice) {
    match &notice.told {
        Told::Bought(paid) => paid_for(turn, facts, notice, (paid, 0)),
        Told::PlanPaid(paid, plan) => {
            paid_for(turn, facts, notice, (paid, plan.until));
            told_of_plan(turn, facts, notice, plan);
        }
        Told::Plan(plan) => told_of_plan(turn, facts, notice, plan),
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
        Told::NotReversed(_) => refund::not_given(turn, facts, turn.frame.cause.0),
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
pub(super) fn paid_for(
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
    // In Stars a month is paid whole.
    let in_stars = paid.price.as_ref().filter(|price| price.is_stars());
    let (price, credits) = match (&goods.item, paid.charged.as_ref().or(in_stars)) {
        (Item::Pack(_), None) if paid.price.is_none() || is_looked_at(turn, &goods.price) => {
            return look_at(turn, facts, notice, &paid.payment);
        }
        (Item::Pack(_), Some(charged)) if !covers(charged, &goods.price) => {
            return doubted(turn, facts, notice, (paid, Doubt::Price));
        }
        (Item::Pack(_), _) => (goods.price, goods.credits),
        (Item::Plan(_), None) => return look_at(turn, facts, notice, &paid.payment),
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
    let renewed = checkout.state == CheckoutState::Paid;
    if !renewed {
        let (request, state) = (checkout.request.clone(), CheckoutState::Paid);
        turn.then(Effect::UpdateCheckout { request, state, link: None });
    }
    let request = checkout.request.clone();
    let moved = match goods.item {
        Item::Plan(plan) => Moved::PlanPaid { plan, credits, until, renewed, request },
        Item::Pack(_) => Moved::Bought { credits },
    };
    if credits > Credits::ZERO {
        tell(turn, checkout, moved);
    }
    invite::bought(turn, facts, (checkout, paid), &payment);
    // Money may have gone back before we heard that it had come.
    let purse = Purse {
        granted: Credits(account.purse.granted.0.saturating_add(credits.0)),
        ..account.purse
    };
    went_back_before(turn, (checkout, &payment), &facts.reversals, &purse);
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
    let in_stars = checkout.price.is_stars();
    let asked = in_stars || product == Some(checkout.product.as_str());
    let sold = plan_sold(catalogue, product);
    // A plan may have been exchanged for another one of ours.
    let other = sold.filter(|_| !asked && matches!(checkout.item, Item::Plan(_)));
    let (item, price, credits) = match other {
        _ if asked => (checkout.item.clone(), &checkout.price, checkout.credits),
        Some(plan) => (Item::Plan(plan.id.clone()), &plan.cost, plan.credits),
        None => return Err(Doubt::Product),
    };
    let lapse_days = match &item {
        Item::Plan(id) => catalogue.plans.iter().find(|plan| plan.id == *id),
        Item::Pack(_) => None,
    }
    .and_then(|plan| plan.lapse_days);
    // What was charged is found out, and compared, where its price is not told.
    if paid.price.is_none() && !in_stars {
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

/// The plan that the provider knows as this product.
fn plan_sold<'c>(
    catalogue: &'c Catalogue,
    product: Option<&str>,
) -> Option<&'c crate::facts::Plan> {
    let product = product?;
    catalogue.plans.iter().find(|plan| plan.product.as_deref() == Some(product))
}

pub(super) fn doubted(
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
    // In Stars nobody but us sells through our bot.
    let in_stars = paid.price.as_ref().is_some_and(super::Money::is_stars);
    if ours || in_stars || is_sold_here(&turn.house().catalogue, paid.product.as_deref()) {
        turn.then(Effect::RaiseAlarm { what: doubt.alarm() });
    }
}

/// Whether a name of a purchase is one of ours.
pub(super) fn is_ours(turn: &Turn<'_>, request: &str) -> bool {
    request.starts_with(&turn.house().tag)
}

/// Whether we sell this product.
fn is_sold_here(catalogue: &Catalogue, product: Option<&str>) -> bool {
    let packs = catalogue.packs.iter().map(|pack| pack.product.as_deref());
    let mut all = packs.chain(catalogue.plans.iter().map(|plan| plan.product.as_deref()));
    product.is_some() && all.any(|sold| sold == product)
}

/// Somebody told how a plan is. Where that unlocks more than before, it is looked at first.
pub(super) fn told_of_plan(
    turn: &mut Turn<'_>,
    facts: &PaymentFacts,
    notice: &Notice,
    plan: &PlanTold,
) {
    let Some(checkout) = facts.checkout.as_ref() else { return };
    let known = facts.plans.iter().find(|row| row.subscription == plan.subscription);
    let had = known.filter(|row| row.state.unlocks()).map(|row| row.plan.as_str());
    let sold = plan_sold(&turn.house().catalogue, plan.product.as_deref());
    let named = sold.map(|plan| plan.id.as_str()).or(known.map(|row| row.plan.as_str()));
    let more = plan.state.unlocks() && (had.is_none() || had != named);
    let cost = sold.map_or(&checkout.price, |plan| &plan.cost);
    if more
        && !checkout.price.is_stars()
        && is_looked_at(turn, cost)
        && is_news(known, notice, plan)
    {
        let what = format!("{}:{}:{}", plan.subscription, as_of(notice, plan).0, plan.state.word());
        let notice = Notice { told: Told::Plan(plan.clone()), ..notice.clone() };
        return look_at(turn, facts, &notice, &what);
    }
    plan_told(turn, facts, notice, plan);
}

/// As of when a plan is told: when it changed, where that is told; and when it is.
fn as_of(notice: &Notice, plan: &PlanTold) -> (i64, i64) {
    (if plan.changed_at > 0 { plan.changed_at } else { notice.at }, notice.at)
}

/// Whether more is told than is known.
fn is_news(known: Option<&PlanRow>, notice: &Notice, plan: &PlanTold) -> bool {
    let newer = known.is_none_or(|row| (row.as_of, row.state) < (as_of(notice, plan), plan.state));
    newer && (plan.state != PlanState::Unknown || known.is_none())
}

/// How a plan is, if that is news.
pub(super) fn plan_told(
    turn: &mut Turn<'_>,
    facts: &PaymentFacts,
    notice: &Notice,
    plan: &PlanTold,
) {
    let (Some(checkout), Some(account)) = (&facts.checkout, &facts.account) else { return };
    if notice.mode != checkout.mode {
        return;
    }
    let known = facts.plans.iter().find(|row| row.subscription == plan.subscription);
    let is_on = known.is_some_and(|row| row.state.unlocks());
    if !is_news(known, notice, plan) || !(is_on || stars::begins(checkout, notice)) {
        return;
    }
    let as_of = as_of(notice, plan);
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
    if checkout.price.is_stars() {
        stars::mind_the_end(turn, checkout, plan);
    }
    if !is_wished(&row) {
        let before = known.filter(|before| before.plan != id && row.state.unlocks());
        if worth_telling(known.map(|row| row.state), plan.state) {
            tell(turn, checkout, Moved::Plan { plan: id, state: plan.state, until: row.until });
        } else if before.is_some() {
            tell(turn, checkout, Moved::Exchanged { plan: id, until: row.until, charge: None });
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
            matches!(
                before,
                Some(PlanState::Ending | PlanState::Paused | PlanState::Unpaid | PlanState::Ended)
            )
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
pub(super) fn tell(turn: &mut Turn<'_>, checkout: &Checkout, moved: Moved) {
    let to = (checkout.identity.clone(), checkout.conversation.clone());
    tell_of(turn, Some(checkout.account), to, moved);
}

/// What happened to an account's money is told by an event of that chat, if the account is still
/// theirs when it is turned.
pub(crate) fn tell_of(
    turn: &mut Turn<'_>,
    account: Option<AccountId>,
    (identity, conversation): (IdentityId, ConversationId),
    moved: Moved,
) {
    let id = turn.id();
    turn.then(Effect::SetTimer {
        id: format!("moved:{id}"),
        due_at: turn.frame.now,
        conversation,
        event: Event::MoneyMoved { identity, account, moved },
    });
}
