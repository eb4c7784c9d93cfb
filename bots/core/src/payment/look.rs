//! Looking at the payment provider for what it is said to have told: whoever knows the secret of
//! webhooks can tell what they like, and what is told does not say everything.

use alloc::format;

use super::{
    Checkout, CheckoutState, Doubt, Item, Money, Notice, Paid, TOLD_IN, Told,
    told::{doubted, is_ours, paid_for, plan_told, told_of_plan},
};
use crate::{
    effect::{Effect, NewErrand},
    errand::{Brought, Errand, ErrandEnd},
    facts::PaymentFacts,
    id::ErrandId,
    turn::Turn,
};

/// How long we try to find out what was told of, milliseconds.
pub const LOOKED_WITHIN_MS: i64 = 7 * 86_400_000;
/// What came to nothing is looked at anew at most so often, however often it is told.
const ANEW_MS: i64 = 3_600_000;

/// Whether what is told of so much money is looked at before anything is given for it: whoever
/// knows the secret of webhooks can tell what they like.
pub(super) fn is_looked_at(turn: &Turn<'_>, price: &Money) -> bool {
    let above = turn.house().till.as_ref().and_then(|till| till.verify_above.as_ref());
    above.is_none_or(|above| above.currency != price.currency || price.minor > above.minor)
}

/// Whether all of a price was charged, or taken off it.
pub(super) fn covers(charged: &Money, price: &Money) -> bool {
    charged.currency == price.currency && charged.minor >= price.minor
}

/// What was told of is found out where it happened: once for each purchase it is told to be of,
/// however often, so that a lie about somebody's payment keeps nobody from looking at the truth;
/// and again where a look came to nothing before.
pub(super) fn look_at(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice, what: &str) {
    let of = notice.request.as_deref().unwrap_or_default();
    let mut name = format!("look:{what}:{of}");
    let now = turn.frame.now;
    if facts.payment.as_ref().is_some_and(|payment| payment.doubt.is_some()) {
        name = format!("{name}:{}", now.div_euclid(ANEW_MS));
    }
    let id = ErrandId(turn.id());
    turn.then(Effect::RunErrand(NewErrand {
        id,
        name,
        conversation: TOLD_IN.into(),
        errand: Errand::LookAtPayment { notice: notice.clone() },
        until: now.saturating_add(LOOKED_WITHIN_MS),
    }));
    // Meanwhile nobody buys the same plan twice.
    if let Some(checkout) = plan_of(facts, CheckoutState::Open) {
        stands(turn, checkout, CheckoutState::Told);
    }
}

/// The purchase of a plan, where it stands so.
fn plan_of(facts: &PaymentFacts, state: CheckoutState) -> Option<&Checkout> {
    let checkout = facts.checkout.as_ref()?;
    let is_it = checkout.state == state && matches!(checkout.item, Item::Plan(_));
    Some(checkout).filter(|_| is_it && !checkout.price.is_stars())
}

fn stands(turn: &mut Turn<'_>, checkout: &Checkout, state: CheckoutState) {
    let request = checkout.request.clone();
    turn.then(Effect::UpdateCheckout { request, state, link: None });
}

/// What was told of was found out, or cannot be.
pub(crate) fn looked(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice, end: &ErrandEnd) {
    if !matches!(end, ErrandEnd::Brought(_))
        && let Some(checkout) = plan_of(facts, CheckoutState::Told)
    {
        // What cannot be found out keeps nobody from buying.
        stands(turn, checkout, CheckoutState::Open);
    }
    let (paid, until) = match &notice.told {
        Told::Bought(paid) => (paid, 0),
        Told::PlanPaid(paid, plan) => (paid, plan.until),
        Told::Plan(_) => return plan_looked_at(turn, facts, notice, end),
        Told::Changed(..)
        | Told::Reversed(_)
        | Told::NotReversed(_)
        | Told::Nothing
        | Told::Unknown => return,
    };
    match end {
        ErrandEnd::Brought(Brought::Charged(charged)) => {
            let paid = Paid { charged: Some(charged.clone()), ..paid.clone() };
            paid_for(turn, facts, notice, (&paid, until));
            if let Told::PlanPaid(_, plan) = &notice.told {
                told_of_plan(turn, facts, notice, plan);
            }
        }
        ErrandEnd::Brought(_) | ErrandEnd::Failed(_) => {
            if facts.payment.is_none() {
                doubted(turn, facts, notice, (paid, Doubt::Unseen));
            }
        }
    }
}

/// How a plan is that unlocks more was found out, or cannot be: what is there counts, whatever was
/// told.
fn plan_looked_at(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice, end: &ErrandEnd) {
    match end {
        ErrandEnd::Brought(Brought::Plan(found)) => {
            if let Told::Plan(plan) = &found.told {
                plan_told(turn, facts, found, plan);
            }
        }
        ErrandEnd::Brought(_) | ErrandEnd::Failed(_) => {
            if notice.request.as_ref().is_some_and(|name| is_ours(turn, name)) {
                let what = "a plan was told of that is not there: nothing was unlocked; look for \
                            it at Creem, and send its webhook again if it is";
                turn.then(Effect::RaiseAlarm { what });
            }
        }
    }
}
