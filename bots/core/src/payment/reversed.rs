//! Money that goes back: what is taken of what it brought.

use alloc::{format, vec::Vec};

use super::{
    Checkout, Item, Moved, Notice, Payment, PlanRow, PlanState, PlanTold, Reversal, Reversed, Told,
    refund, stars,
    told::{plan_told, tell},
};
use crate::{
    credits::{Credits, Purse, TakeReason},
    effect::Effect,
    facts::PaymentFacts,
    id::EntryId,
    lapse,
    turn::Turn,
};

/// Money went back: once for each time it did. Where we have not heard yet that it had come, it is
/// remembered.
pub(super) fn went_back(turn: &mut Turn<'_>, facts: &PaymentFacts, reversed: &Reversed) {
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
    if reversed.by == Reversal::Dispute && !is_disputed(&facts.reversals) {
        disputed(turn, payment);
    }
    if let (Item::Plan(_), Some(row)) = (&checkout.item, stars_plan(facts, checkout)) {
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
    if to_take(payment.credits, &all) == payment.credits {
        refund::sent(turn, facts);
    }
}

/// Whether a bank has taken some of it back.
fn is_disputed(reversals: &[Reversed]) -> bool {
    reversals.iter().any(|one| one.by == Reversal::Dispute)
}

/// The owner can object to what a bank has taken back, for a while.
fn disputed(turn: &mut Turn<'_>, payment: &Payment) {
    let what = "a bank took a payment back: look at it at Creem while it can be objected to";
    turn.then(Effect::RaiseAlarmOf { what, of: payment.id.clone() });
}

/// Money that had gone back before we heard that it had come takes its credits along.
pub(super) fn went_back_before(
    turn: &mut Turn<'_>,
    of: (&Checkout, &Payment),
    reversals: &[Reversed],
    purse: &Purse,
) {
    if is_disputed(reversals) {
        disputed(turn, of.1);
    }
    take_back(turn, of, reversals, purse);
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
    let by = if is_disputed(reversals) { Reversal::Dispute } else { Reversal::Refund };
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
                source: format!("{}:{}:{}", lapse::seller_of(&payment.id), last.id, reason.code()),
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
