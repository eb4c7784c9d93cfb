//! Refunds: asked for by whoever paid. Which of them are given at once is the owner's policy;
//! people decide about all others. What goes back at once takes its credits along before anybody
//! is asked for the money, so that they cannot be spent meanwhile.

use alloc::{format, string::String, vec, vec::Vec};

use serde::{Deserialize, Serialize};

use super::{
    Bought, Checkout, Money, Moved, Payment, PlanRow, PlanState, Reversed, TOLD_IN, number_of,
    plan, reversed, told::tell,
};
use crate::{
    credits::{Credits, GrantReason, TakeReason},
    customer::Visit,
    effect::{Effect, NewErrand},
    errand::{Brought, Errand, ErrandEnd},
    facts::{PaymentFacts, PlanFacts},
    id::{AccountId, EntryId, ErrandId, MessageId},
    keys, newcomer,
    press::Answer,
    say::{Action, Cause, Key, Label, PaymentLine, RefundLine, Say, Verb},
    support,
    turn::Turn,
};

/// Money can go back for so long, milliseconds. Source: Creem, "Refunds": within 60 days.
const REFUNDABLE_MS: i64 = 60 * 86_400_000;

/// Payments this young may go back without people being asked, milliseconds.
pub(super) const AT_ONCE_MS: i64 = 14 * 86_400_000;

/// How long we try to give money back, milliseconds.
const GIVEN_WITHIN_MS: i64 = 7 * 86_400_000;

/// How long we look at a refund that the provider has begun, milliseconds.
const PENDING_MS: i64 = 30 * 86_400_000;

/// Which refunds are given without people being asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RefundAuto {
    /// None.
    #[default]
    Never,
    /// Of payments that are two weeks old at most and whose credits are all still there.
    Unspent,
}

/// A refund that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Of which payment.
    pub payment: String,
    /// Who asked.
    pub account: AccountId,
    /// What goes back, before tax.
    pub price: Money,
    /// The credits that go with it.
    pub credits: Credits,
    /// Where it stands.
    pub state: RefundState,
    /// The matter that is with people, by its code.
    pub code: Option<String>,
    /// When it was asked for, milliseconds since the epoch.
    pub asked_at: i64,
}

/// Where a refund stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// People decide.
    WithPeople,
    /// They have decided, and no money went back.
    Declined,
    /// The provider is being asked.
    UnderWay,
    /// The provider has begun, and does not know yet what comes of it.
    Pending,
    /// The money is on its way back.
    Sent,
    /// The provider would not.
    Failed,
}

/// A payment with what went back of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRow {
    /// The payment.
    pub payment: Payment,
    /// Our name for its purchase's plan, where it is one.
    pub subscription: Option<String>,
    /// When it came, milliseconds since the epoch.
    pub at: i64,
    /// What went back, oldest first.
    pub reversals: Vec<Reversed>,
}

impl PaymentRow {
    /// The credits that would go with its money.
    fn left(&self) -> Credits {
        Credits(self.payment.credits.0 - self.payment.taken.0)
    }

    fn number(&self) -> i64 {
        number_of(&format!("refund:{}:{}", self.payment.id, self.payment.taken))
    }
}

/// A payment whose money can go back, and what it was for.
type Refundable<'f> = (&'f PaymentRow, &'f Bought);

fn refundable<'f>(turn: &Turn<'_>, facts: &'f PlanFacts) -> Vec<Refundable<'f>> {
    if turn.house().till.is_none() {
        return Vec::new();
    }
    let now = turn.frame.now;
    let asked = |row: &&PaymentRow| {
        let refund = facts.refunds.iter().find(|it| it.payment == row.payment.id);
        refund.is_none_or(|it| matches!(it.state, RefundState::Failed | RefundState::Declined))
    };
    let young = |row: &&PaymentRow| now.saturating_sub(row.at) < REFUNDABLE_MS;
    let rows = facts.payments.iter().filter(young).filter(asked);
    rows.filter(|row| row.reversals.is_empty() && row.left() > Credits::ZERO)
        .filter_map(|row| Some((row, row.payment.bought.as_ref()?)))
        // What was paid in Stars goes back in Telegram.
        .filter(|(_, bought)| bought.price.minor > 0 && !bought.price.is_stars())
        .collect()
}

/// Whether money of theirs can go back.
pub(super) fn has_some(turn: &Turn<'_>, facts: &PlanFacts) -> bool {
    !refundable(turn, facts).is_empty()
}

/// Where the refunds stand that were asked for.
pub(super) fn lines(facts: &PlanFacts) -> Vec<RefundLine> {
    let line = |refund: &Refund| {
        let row = facts.payments.iter().find(|row| row.payment.id == refund.payment);
        let arrived = row.is_some_and(|row| !row.reversals.is_empty());
        RefundLine {
            price: refund.price.clone(),
            asked_at: refund.asked_at,
            state: if arrived { RefundState::Sent } else { refund.state },
            code: refund.code.clone(),
        }
    };
    facts.refunds.iter().map(line).collect()
}

/// How a refund would be given.
enum How<'f> {
    /// By people.
    ByPeople,
    /// At once; the plan it was for ends with it.
    AtOnce(Option<&'f PlanRow>),
}

fn how<'f>(turn: &Turn<'_>, visit: &Visit, facts: &'f PlanFacts, row: &PaymentRow) -> How<'f> {
    let young = turn.frame.now.saturating_sub(row.at) < AT_ONCE_MS;
    let untouched = row.payment.taken == Credits::ZERO && visit.available() >= row.left();
    let stopped = visit.customer.account.stopped;
    let never = turn.house().refund_auto == RefundAuto::Never;
    // What others brought does not show that theirs is unspent.
    if never || !young || !untouched || stopped || newcomer::is_among_others(turn, visit) {
        return How::ByPeople;
    }
    let Some(subscription) = &row.subscription else { return How::AtOnce(None) };
    // Of a plan only the payment of the current period: with it, the plan ends.
    let of_plan = |it: &&PaymentRow| it.subscription.as_ref() == Some(subscription);
    let newest = facts.payments.iter().filter(of_plan).max_by_key(|it| it.at);
    let is_newest = newest.is_some_and(|it| it.payment.id == row.payment.id);
    let plan = facts.plans.iter().find(|it| it.subscription == *subscription);
    match plan.filter(|_| is_newest) {
        Some(plan) => How::AtOnce(Some(plan).filter(|plan| plan.state != PlanState::Ended)),
        None => How::ByPeople,
    }
}

/// A button about refunds was pressed.
pub(crate) fn pressed(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &PlanFacts,
    (action, message): (Action, Option<&MessageId>),
) -> Answer {
    let found = refundable(turn, facts);
    let chosen = found.iter().find(|(row, _)| row.number() == action.row).copied();
    let only = chosen.or(found.first().copied().filter(|_| found.len() == 1));
    let request = only.and_then(|(row, _)| row.payment.request.as_deref());
    if let Some(say) = newcomer::of_others(turn, visit, facts, request) {
        return Answer::Alert(say);
    }
    match (action.verb, found.as_slice(), chosen) {
        (Verb::Refund, [], _) => Answer::Line(Say::Stale),
        (Verb::Refund, [only], _) => ask(turn, visit, facts, (*only, message)),
        (Verb::Refund, several, _) => choose(turn, visit, several, message),
        (Verb::RefundOf, _, Some(chosen)) => ask(turn, visit, facts, (chosen, message)),
        (Verb::RefundYes, _, Some(chosen)) => begin(turn, visit, facts, (chosen, message)),
        _ if is_asked(facts, action) => Answer::Line(Say::Done),
        _ => Answer::Line(Say::Stale),
    }
}

/// Whether the pressed button asked for what is asked for already.
fn is_asked(facts: &PlanFacts, action: Action) -> bool {
    let of = |row: &PaymentRow| {
        number_of(&format!("refund:{}:{}", row.payment.id, Credits::ZERO)) == action.row
    };
    let row = facts.payments.iter().find(|row| of(row));
    row.is_some_and(|row| facts.refunds.iter().any(|it| it.payment == row.payment.id))
}

fn choose(
    turn: &mut Turn<'_>,
    visit: &Visit,
    found: &[Refundable<'_>],
    message: Option<&MessageId>,
) -> Answer {
    let mut payments = Vec::new();
    let mut rows: Vec<Vec<Key>> = Vec::new();
    for (number, (row, bought)) in (1..).zip(found.iter().take(keys::OFFERS_MAX)) {
        let (price, at, credits) = (bought.price.clone(), row.at, row.left());
        let label = Label::RefundOf { number, price: price.clone() };
        payments.push(PaymentLine { price, at, credits });
        rows.push(vec![keys::act(label, Verb::RefundOf, row.number())]);
    }
    rows.push(keys::human(turn.house(), None));
    let say = Say::RefundChoose { payments };
    let word = turn.words(&visit.reader, say).keys(rows).replacing(message);
    turn.send(word);
    Answer::Quiet
}

/// Is that meant? With what it takes along.
fn ask(
    turn: &mut Turn<'_>,
    visit: &Visit,
    facts: &PlanFacts,
    ((row, bought), message): (Refundable<'_>, Option<&MessageId>),
) -> Answer {
    let (by_people, ends) = match how(turn, visit, facts, row) {
        How::ByPeople => (true, None),
        How::AtOnce(plan) => (false, plan.map(|plan| plan.plan.clone())),
    };
    let say = Say::RefundAsk {
        price: bought.price.clone(),
        at: row.at,
        credits: row.left(),
        by_people,
        ends,
    };
    let yes = keys::act(Label::RefundYes, Verb::RefundYes, row.number());
    plan::question(turn, visit, say, [yes, plan::keep(Label::No)], message)
}

fn begin(
    turn: &mut Turn<'_>,
    visit: &mut Visit,
    facts: &PlanFacts,
    ((row, bought), message): (Refundable<'_>, Option<&MessageId>),
) -> Answer {
    let mut refund = Refund {
        payment: row.payment.id.clone(),
        account: visit.customer.account.id,
        price: bought.price.clone(),
        credits: row.left(),
        state: RefundState::UnderWay,
        code: None,
        asked_at: turn.frame.now,
    };
    let ends = match how(turn, visit, facts, row) {
        How::AtOnce(plan) => plan.map(|plan| plan.subscription.clone()),
        How::ByPeople => {
            let (available, paid) = (visit.available(), &row.payment.id);
            let words = format!(
                "Refund / 退款: {} · {} · {paid} · {} / {available}",
                bought.item.id(),
                bought.price,
                row.left()
            );
            // No desk: they are told where else a person is.
            let Some(code) = support::ask_people(turn, visit, Cause::PaymentFailure, words) else {
                return Answer::Quiet;
            };
            refund.state = RefundState::WithPeople;
            refund.code = Some(code);
            turn.then(Effect::KeepRefund(refund));
            return Answer::Quiet;
        }
    };
    let errand = ErrandId(turn.id());
    // Where what the payment brought is by now.
    let purse = visit.customer.account.purse.id;
    let entry = EntryId(turn.id());
    turn.then(Effect::TakeBack {
        entry,
        purse,
        credits: row.left(),
        source: format!("refund:{errand}"),
        reason: TakeReason::Refunded,
    });
    let taken = row.payment.credits;
    turn.then(Effect::KeepPayment(Payment { taken, ..row.payment.clone() }));
    turn.then(Effect::RunErrand(NewErrand {
        id: errand,
        name: format!("refund:{errand}"),
        conversation: TOLD_IN.into(),
        errand: Errand::Refund {
            payment: row.payment.id.clone(),
            ends,
            identity: visit.customer.identity.clone(),
            begun: false,
        },
        until: turn.frame.now.saturating_add(GIVEN_WITHIN_MS),
    }));
    turn.then(Effect::KeepRefund(refund));
    plan::asking(turn, visit, message);
    Answer::Quiet
}

/// What asking the payment provider to give money back came to. Where it would not, the credits
/// that were taken for it come back; where it does not know yet, it is looked at further.
pub(crate) fn ended(
    turn: &mut Turn<'_>,
    facts: &PaymentFacts,
    (errand, what): (ErrandId, &Errand),
    end: &ErrandEnd,
) {
    match end {
        ErrandEnd::Brought(Brought::Refunded) => sent(turn, facts),
        ErrandEnd::Brought(Brought::RefundPending) => pending(turn, facts, what),
        ErrandEnd::Brought(_) | ErrandEnd::Failed(_) => not_given(turn, facts, errand.0),
    }
}

/// A refund that is not at its end yet, with whose it is.
fn under_way(facts: &PaymentFacts) -> Option<(&Checkout, &Payment, &Refund)> {
    let refund = facts.refund.as_ref();
    let open = |it: &&Refund| matches!(it.state, RefundState::UnderWay | RefundState::Pending);
    Some((facts.checkout.as_ref()?, facts.payment.as_ref()?, refund.filter(open)?))
}

/// A refund has come to something, and whoever asked for it hears of it.
fn comes_to(
    turn: &mut Turn<'_>,
    (checkout, refund): (&Checkout, &Refund),
    (state, credits): (RefundState, Credits),
) {
    turn.then(Effect::KeepRefund(Refund { state, ..refund.clone() }));
    let price = refund.price.clone();
    tell(turn, checkout, Moved::Refund { state, price, credits });
}

/// The money is on its way back.
pub(super) fn sent(turn: &mut Turn<'_>, facts: &PaymentFacts) {
    let Some((checkout, _, refund)) = under_way(facts) else { return };
    comes_to(turn, (checkout, refund), (RefundState::Sent, refund.credits));
}

fn pending(turn: &mut Turn<'_>, facts: &PaymentFacts, what: &Errand) {
    let Some((checkout, payment, refund)) = under_way(facts) else { return };
    let Errand::Refund { identity, .. } = what else { return };
    if refund.state == RefundState::UnderWay {
        comes_to(turn, (checkout, refund), (RefundState::Pending, refund.credits));
    }
    let id = ErrandId(turn.id());
    turn.then(Effect::RunErrand(NewErrand {
        id,
        name: format!("refund:{id}"),
        conversation: TOLD_IN.into(),
        errand: Errand::Refund {
            payment: payment.id.clone(),
            ends: None,
            identity: identity.clone(),
            begun: true,
        },
        until: turn.frame.now.saturating_add(PENDING_MS),
    }));
}

/// No money goes back: the credits that had gone along are theirs again, once.
pub(super) fn not_given(turn: &mut Turn<'_>, facts: &PaymentFacts, name: i64) {
    let Some((checkout, payment, refund)) = under_way(facts) else { return };
    turn.then(Effect::RaiseAlarm { what: "a refund came to nothing: somebody has to look at it" });
    let due = reversed::to_take(payment.credits, &facts.reversals);
    let back = Credits((payment.taken.0 - due.0).max(0));
    let purse = facts.holder.as_ref().or(facts.account.as_ref().map(|account| &account.purse));
    if let Some(purse) = purse.filter(|_| back > Credits::ZERO) {
        let entry = EntryId(turn.id());
        turn.then(Effect::Grant {
            entry,
            purse: purse.id,
            credits: back,
            source: format!("refund-failed:{name}"),
            reason: GrantReason::RefundFailed,
            note: None,
        });
    }
    turn.then(Effect::KeepPayment(Payment { taken: due, ..payment.clone() }));
    comes_to(turn, (checkout, refund), (RefundState::Failed, back));
}
