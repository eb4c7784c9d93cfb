//! What is said about payments and plans.

use picdesk_core::{
    credits::Credits,
    payment::{Item, Money, NoDeal, PlanState},
    say::Say,
};

use super::{DECEMBER_22, Measure};

/// What is said about payments and plans.
pub(super) fn money(measure: &Measure) -> Vec<Say> {
    let plan = || "pro".to_owned();
    let changed = |state, until| Say::PlanChanged { plan: plan(), state, until };
    let paid = |until, making| Say::PlanPaid {
        plan: plan(),
        credits: measure.credits(),
        available: measure.credits(),
        until,
        making,
    };
    let back = |available, disputed| Say::MoneyWentBack {
        credits: measure.credits(),
        available,
        disputed,
    };
    let ready = |item, buyer: &str| Say::CheckoutReady {
        item,
        credits: measure.credits(),
        price: Money { minor: 990, currency: "USD".into() },
        buyer: buyer.to_owned(),
    };
    let in_stars = |item| Say::CheckoutReady {
        item,
        credits: measure.credits(),
        price: Money::stars(500),
        buyer: measure.short.clone(),
    };
    vec![
        paid(DECEMBER_22, true),
        paid(0, false),
        changed(PlanState::PastDue, DECEMBER_22),
        changed(PlanState::Ending, DECEMBER_22),
        changed(PlanState::Ending, 0),
        changed(PlanState::Paused, 0),
        changed(PlanState::Unpaid, 0),
        changed(PlanState::Ended, 0),
        changed(PlanState::Active, 0),
        back(measure.credits(), false),
        back(Credits(-measure.number), true),
        Say::Checking,
        Say::CheckoutComing,
        ready(Item::Pack("starter".into()), &measure.short),
        ready(Item::Plan("pro".into()), ""),
        Say::CheckoutFailed,
        in_stars(Item::Pack("starter".into())),
        in_stars(Item::Plan("pro".into())),
        Say::NoDeal(NoDeal::Unknown),
        Say::NoDeal(NoDeal::Paid),
        Say::NoDeal(NoDeal::SomebodyElse),
        Say::NoDeal(NoDeal::Stale),
        Say::RefundComing,
        Say::RefundByPeople,
        Say::RefundFailed,
        Say::DeskRefundComing { price: Money::stars(500) },
        Say::DeskNothingToRefund,
    ]
}
