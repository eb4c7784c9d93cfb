//! Looking at the payment provider for what it is said to have told: whoever knows the secret of
//! webhooks can tell what they like, and what is told does not say everything.

use alloc::format;

use super::{
    Doubt, Money, Notice, Paid, TOLD_IN, Told,
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

/// What was told of is found out where it happened: once, however often it is told.
pub(super) fn look_at(turn: &mut Turn<'_>, notice: &Notice, what: &str) {
    let id = ErrandId(turn.id());
    turn.then(Effect::RunErrand(NewErrand {
        id,
        name: format!("look:{what}"),
        conversation: TOLD_IN.into(),
        errand: Errand::LookAtPayment { notice: notice.clone() },
        until: turn.frame.now.saturating_add(LOOKED_WITHIN_MS),
    }));
}

/// What was told of was found out, or cannot be.
pub(crate) fn looked(turn: &mut Turn<'_>, facts: &PaymentFacts, notice: &Notice, end: &ErrandEnd) {
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
                let what = "a plan was told of that is not there: nothing was unlocked";
                turn.then(Effect::RaiseAlarm { what });
            }
        }
    }
}
