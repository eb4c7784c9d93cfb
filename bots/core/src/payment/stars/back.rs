//! Stars that go back, and the credits with them.

use alloc::{format, string::ToString, vec, vec::Vec};

use super::{CHARGE, Refundable, StarsErrand, run};
use crate::{
    credits::{Credits, GrantReason, TakeReason},
    customer::Visit,
    effect::Effect,
    facts::{PaymentFacts, PressFacts},
    id::{ConversationId, EntryId, ErrandId},
    keys, newcomer,
    payment::{Moved, Payment, RefundAuto, Reversal, Reversed, refund::AT_ONCE_MS, told::tell},
    press::Answer,
    say::{Say, StarsSay},
    turn::{Reader, Turn},
};

/// A customer wants their last payment in Stars back.
pub(crate) fn refund_asked(turn: &mut Turn<'_>, visit: &Visit, facts: &PressFacts) -> Answer {
    let request = facts.refundable.as_ref().map(|it| it.checkout.request.as_str());
    if let Some(say) = newcomer::of_others(turn, visit, &facts.plan, request) {
        return Answer::Alert(say);
    }
    let now = turn.frame.now;
    let unused = facts.refundable.as_ref().filter(|it| {
        turn.house().refund_auto == RefundAuto::Unspent
            && it.payment.taken == Credits::ZERO
            && !visit.customer.account.stopped
            && visit.available() >= it.payment.credits
            && now.saturating_sub(it.paid_at) < AT_ONCE_MS
    });
    let say = match unused {
        Some(refundable) => {
            let errand = give_back(turn, refundable, turn.frame.conversation.clone(), true);
            take_along(turn, visit, &refundable.payment, errand);
            Say::Stars(StarsSay::RefundComing)
        }
        None => Say::Stars(StarsSay::RefundByPeople),
    };
    let by_people = unused.is_none();
    let word = turn.words(&visit.reader, say);
    let keys = if by_people { keys::human(turn.house(), None) } else { Vec::new() };
    turn.send(word.keys(vec![keys]));
    Answer::Quiet
}

/// An operator gives a customer's last payment in Stars back.
pub(crate) fn refund_ordered(turn: &mut Turn<'_>, here: &Reader, refundable: Option<&Refundable>) {
    let Some(refundable) = refundable.filter(|it| it.payment.taken < it.payment.credits) else {
        return turn.say(here, Say::Stars(StarsSay::DeskNothingToRefund));
    };
    let _errand = give_back(turn, refundable, refundable.checkout.conversation.clone(), false);
    let price = refundable.checkout.price.clone();
    turn.say(here, Say::Stars(StarsSay::DeskRefundComing { price }));
}

/// The credits go along before anybody is asked for the money: they cannot be spent meanwhile.
fn take_along(turn: &mut Turn<'_>, visit: &Visit, payment: &Payment, errand: ErrandId) {
    let entry = EntryId(turn.id());
    turn.then(Effect::TakeBack {
        entry,
        purse: visit.customer.account.purse.id,
        credits: payment.credits,
        source: format!("refund:{errand}"),
        reason: TakeReason::Refunded,
    });
    turn.then(Effect::KeepPayment(Payment { taken: payment.credits, ..payment.clone() }));
}

fn give_back(
    turn: &mut Turn<'_>,
    refundable: &Refundable,
    conversation: ConversationId,
    along: bool,
) -> ErrandId {
    let Refundable { payment, checkout, .. } = refundable;
    let charge = payment.id.strip_prefix(CHARGE).unwrap_or(&payment.id);
    let errand = StarsErrand::Refund {
        request: checkout.request.clone(),
        identity: checkout.identity.clone(),
        charge: charge.to_string(),
        stars: checkout.price.minor,
        along,
    };
    // Telegram gives a payment back once, however often it is asked: each press is a try of its
    // own.
    run(turn, "refund", (charge, conversation), errand)
}

/// That Stars went back, however we come to know it.
#[must_use]
pub fn refund(charge: &str, stars: i64) -> Reversed {
    Reversed {
        id: format!("refund:{charge}"),
        payment: format!("{CHARGE}{charge}"),
        by: Reversal::Refund,
        minor: stars,
        total: stars,
        of_minor: stars,
    }
}

/// Stars went back whose credits had gone along: the books have nothing left to take, and say
/// nothing, whether or not Telegram told them first.
pub(super) fn went(turn: &mut Turn<'_>, facts: &PaymentFacts) {
    let (Some(checkout), Some(payment)) = (&facts.checkout, &facts.payment) else { return };
    let moved = Moved::TakenBack { credits: payment.credits, by: Reversal::Refund };
    tell(turn, checkout, moved);
}

/// Stars could not be given back: the credits that had gone along come back, to whoever has the
/// account now.
pub(super) fn failed(turn: &mut Turn<'_>, facts: &PaymentFacts, errand: ErrandId, along: bool) {
    turn.then(Effect::RaiseAlarm { what: "a payment in Stars could not be given back" });
    let (Some(checkout), Some(account)) = (&facts.checkout, &facts.account) else { return };
    // What went back after all, as Telegram told meanwhile, is not given twice.
    let payment = facts.payment.as_ref().filter(|_| along && facts.reversals.is_empty());
    if let Some(payment) = payment {
        let entry = EntryId(turn.id());
        turn.then(Effect::Grant {
            entry,
            purse: facts.holder.as_ref().unwrap_or(&account.purse).id,
            credits: payment.taken,
            source: format!("refund-failed:{errand}"),
            reason: GrantReason::RefundFailed,
            note: None,
        });
        let taken = Credits::ZERO;
        turn.then(Effect::KeepPayment(Payment { taken, ..payment.clone() }));
    }
    tell(turn, checkout, Moved::StarsStay);
}
