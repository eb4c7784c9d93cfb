//! What is said of a plan, of payments and of refunds, line by line.

use alloc::{string::String, vec::Vec};

use super::OfferLine;
use crate::{
    account::Entitlement,
    credits::Credits,
    facts::{Lapsing, Period, Plan},
    payment::{Money, PlanState, RefundState},
};

/// A plan and what belongs to it, as its owner reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanView {
    /// The plan; nothing without one.
    pub plan: Option<PlanLine>,
    /// Others that go on beside it, as of chats that were linked: each has its turn once this one
    /// is ended.
    pub others: Vec<PlanLine>,
    /// What can be spent.
    pub available: Credits,
    /// What of it lapses, soonest first.
    pub lapsing: Vec<Lapsing>,
    /// Refunds that were asked for, newest first.
    pub refunds: Vec<RefundLine>,
    /// Whether a payment for one is being looked at.
    pub unsettled: bool,
    /// Whether something is bought by the buttons below.
    pub is_sold: bool,
    /// The plans that are.
    pub sold: Vec<OfferLine>,
}

/// What somebody who is about to pay for a plan has to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanTerms {
    /// What it unlocks.
    pub unlocks: Entitlement,
    /// After what it is renewed.
    pub period: Period,
    /// Days until what is left of a period's credits lapses; nothing for never.
    pub lapse_days: Option<u32>,
}

impl PlanTerms {
    /// Those of a plan that is sold.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let unlocks = plan.entitlement.clone();
        Self { unlocks, period: plan.period, lapse_days: plan.lapse_days }
    }
}

/// A plan as its owner reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanLine {
    /// Which.
    pub plan: String,
    /// How it is.
    pub state: PlanState,
    /// Until when it is paid, milliseconds since the epoch; zero when that is not known.
    pub until: i64,
    /// What a period costs, as it stands in the plans file.
    pub price: Option<String>,
    /// The credits of a period.
    pub credits: Option<Credits>,
    /// What else belongs to it, where it is sold.
    pub terms: Option<PlanTerms>,
    /// Whether it is paid in Telegram Stars, where it is ended too.
    pub in_stars: bool,
    /// Whether it is being changed.
    pub wished: bool,
}

impl Default for PlanLine {
    fn default() -> Self {
        Self {
            plan: String::new(),
            state: PlanState::Active,
            until: 0,
            price: None,
            credits: None,
            terms: None,
            in_stars: false,
            wished: false,
        }
    }
}

/// A payment as whoever paid reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentLine {
    /// What was charged, before tax.
    pub price: Money,
    /// When, milliseconds since the epoch.
    pub at: i64,
    /// The credits it brought that are not taken back.
    pub credits: Credits,
}

/// A refund as whoever asked for it reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundLine {
    /// What goes back, before tax.
    pub price: Money,
    /// When it was asked for, milliseconds since the epoch.
    pub asked_at: i64,
    /// Where it stands.
    pub state: RefundState,
    /// The matter that is with people, by its code.
    pub code: Option<String>,
}
