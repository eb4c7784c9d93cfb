//! Stars that go back, and the credits with them.

use alloc::{format, string::ToString, vec};

use super::{CHARGE, Refundable, StarsErrand, run};
use crate::{
    credits::{Credits, GrantReason, TakeReason},
    customer::Visit,
    effect::Effect,
    facts::{PaymentFacts, PlanFacts, PressFacts},
    id::{ConversationId, EntryId, ErrandId, MessageId},
    keys, newcomer,
    payment::{
        Moved, Payment, PaymentRow, PlanRow, RefundAuto, Reversal, Reversed, number_of, plan,
        refund::AT_ONCE_MS, told::tell,
    },
    press::Answer,
    say::{Action, Key, Label, Say, StarsSay, Verb},
    turn::{Reader, Turn},
};

/// The button that asks for the last payment in Stars back; nothing where none could go back. It
/// names the payment: pressed when there is a later one, it gives nothing back.
pub(crate) fn refund_key(facts: &PlanFacts) -> Option<Key> {
    let in_stars = |row: &&PaymentRow| {
        let bought = row.payment.bought.as_ref();
        bought.is_some_and(|bought| bought.price.is_stars())
    };
    let paid = facts.payments.iter().filter(in_stars);
    let last = paid.max_by_key(|row| (row.at, &row.payment.id))?;
    let is_there = last.payment.taken == Credits::ZERO && last.reversals.is_empty();
    let number = number(&last.payment);
    is_there.then(|| keys::act(Label::RefundStars, Verb::RefundStars, number))
}

/// The number of a payment on a button.
fn number(payment: &Payment) -> i64 {
    number_of(&format!("refund-stars:{}", payment.id))
}

/// A customer wants their last payment in Stars back: they are asked whether they mean it, and
/// shown what goes with it, before anything goes.
pub(crate) fn refund_asked(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PressFacts,
    (action, message): (Action, Option<&MessageId>),
) -> Answer {
    let last = facts.refundable.as_ref().filter(|it| number(&it.payment) == action.row);
    let Some(last) = last else { return Answer::Line(Say::Stale) };
    if let Some(say) = newcomer::of_others(turn, visit, &facts.plan, Some(&last.checkout.request)) {
        return Answer::Alert(say);
    }
    if last.payment.taken > Credits::ZERO {
        return Answer::Line(Say::Done);
    }
    let goes_at_once = turn.house().refund_auto == RefundAuto::Unspent
        && !visit.customer.account.stopped
        && visit.available() >= last.payment.credits
        // What others brought does not show that theirs is unspent.
        && !newcomer::is_among_others(turn, visit)
        && turn.frame.now.saturating_sub(last.paid_at) < AT_ONCE_MS;
    if !goes_at_once {
        let word = turn.words(&visit.reader, Say::Stars(StarsSay::RefundByPeople));
        turn.send(word.keys(vec![keys::human(turn.house(), None)]).replacing(message));
        return Answer::Quiet;
    }
    if action.verb != Verb::RefundStarsYes {
        return ask(turn, visit, facts, (last, message));
    }
    let errand = give_back(turn, last, turn.frame.conversation.clone(), true);
    take_along(turn, visit, &last.payment, errand);
    let word = turn.words(&visit.reader, Say::Stars(StarsSay::RefundComing));
    turn.send(word.replacing(message));
    Answer::Quiet
}

/// Is that meant? With what it takes along.
fn ask(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PressFacts,
    (last, message): (&Refundable, Option<&MessageId>),
) -> Answer {
    let Refundable { payment, checkout, paid_at } = last;
    let ends = |row: &&PlanRow| row.request == checkout.request && row.state.unlocks();
    let say = Say::RefundAsk {
        price: checkout.price.clone(),
        at: *paid_at,
        credits: payment.credits,
        by_people: false,
        ends: facts.plan.plans.iter().find(ends).map(|row| row.plan.clone()),
    };
    let yes = keys::act(Label::RefundYes, Verb::RefundStarsYes, number(payment));
    plan::question(turn, visit, say, [yes, plan::keep(Label::No)], message)
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
