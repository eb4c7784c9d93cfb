//! What is said about payments and plans.

use picdesk_core::{
    account::Entitlement,
    credits::Credits,
    facts::{Lapsing, Period},
    generation::{Options, Resolution},
    payment::{Charge, Item, Money, NoDeal, PlanState, RefundState},
    say::{
        Cheaper, OfferLine, PaymentLine, PlanLine, PlanTerms, PlanView, RefundLine, Say, StarsSay,
        Waited,
    },
};

use super::{DECEMBER_22, Measure};

impl Measure {
    /// A request that waits for credits.
    pub(super) fn waits(&self) -> Waited {
        Waited::Asks { prompt: self.long.clone(), price: self.credits() }
    }
}

/// What a plan brings.
pub(super) fn terms(lapse_days: Option<u32>) -> PlanTerms {
    let unlocks = Entitlement {
        plan: Some("pro".into()),
        max_resolution: Resolution::K4,
        queue_max: 3,
        pictures_max: 4,
        retention_days: 30,
    };
    PlanTerms { unlocks, period: Period::Month, lapse_days }
}

/// What is said about payments and plans.
pub(super) fn money(measure: &Measure) -> Vec<Say> {
    let plan = || "pro".to_owned();
    let lapsing =
        |state, until, lapse_days| Say::PlanChanged { plan: plan(), state, until, lapse_days };
    let changed = |state, until| lapsing(state, until, None);
    let beside = |price: Option<String>| PlanLine { plan: plan(), price, ..PlanLine::default() };
    let paid = |until, waited, beside| Say::PlanPaid {
        plan: plan(),
        credits: measure.credits(),
        available: measure.credits(),
        until,
        waited,
        beside,
    };
    let back = |available, disputed| Say::MoneyWentBack {
        credits: measure.credits(),
        available,
        disputed,
    };
    let of_item = |item: &Item| match item {
        Item::Plan(_) => Some(terms(Some(30))),
        Item::Pack(_) => None,
    };
    let ready = |item: Item, buyer: &str| Say::CheckoutReady {
        terms: of_item(&item),
        item,
        credits: measure.credits(),
        price: Money { minor: 990, currency: "USD".into() },
        buyer: buyer.to_owned(),
    };
    let in_stars = |item: Item| Say::CheckoutReady {
        terms: of_item(&item),
        item,
        credits: measure.credits(),
        price: Money::stars(500),
        buyer: measure.short.clone(),
    };
    vec![
        paid(DECEMBER_22, Waited::Runs, vec![]),
        paid(DECEMBER_22, measure.waits(), vec![]),
        paid(0, Waited::Nothing, measure.repeated(&beside(Some(price_text())))),
        paid(0, Waited::Nothing, vec![beside(None)]),
        changed(PlanState::PastDue, DECEMBER_22),
        changed(PlanState::Ending, DECEMBER_22),
        changed(PlanState::Ending, 0),
        lapsing(PlanState::Ending, DECEMBER_22, Some(30)),
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
        Say::Stars(StarsSay::NoDeal(NoDeal::Unknown)),
        Say::Stars(StarsSay::NoDeal(NoDeal::Paid)),
        Say::Stars(StarsSay::NoDeal(NoDeal::SomebodyElse)),
        Say::Stars(StarsSay::NoDeal(NoDeal::Stale)),
        Say::Stars(StarsSay::NoDeal(NoDeal::HasPlan)),
        Say::Stars(StarsSay::RefundComing),
        Say::Stars(StarsSay::RefundByPeople),
        Say::Stars(StarsSay::RefundFailed),
        Say::Stars(StarsSay::RenewInTelegram),
        Say::Stars(StarsSay::DeskRefundComing { price: Money::stars(500) }),
        Say::Stars(StarsSay::DeskNothingToRefund),
    ]
}

fn cancel_ask(price: Option<String>, until: i64, lapse_days: Option<u32>) -> Say {
    Say::PlanCancelAsk { plan: "pro".into(), price, until, lapse_days }
}

/// What is said about `/plan` and refunds.
pub(super) fn plans(measure: &Measure) -> Vec<Say> {
    let price = || Money { minor: 1990, currency: "USD".into() };
    let offer = OfferLine {
        id: "studio".into(),
        credits: measure.credits(),
        price: price_text(),
        terms: Some(terms(None)),
    };
    let exchange = |until, charge| Say::PlanExchange {
        from: "pro".into(),
        to: "studio".into(),
        price: price_text(),
        credits: measure.credits(),
        terms: terms(None),
        until,
        charge,
    };
    let exchanged = |until, charge| Say::PlanExchanged {
        plan: "studio".into(),
        until,
        price: Some(price_text()),
        charge,
    };
    let ask = |by_people, ends: Option<&str>| Say::RefundAsk {
        price: price(),
        at: DECEMBER_22,
        credits: measure.credits(),
        by_people,
        ends: ends.map(str::to_owned),
    };
    let paid = PaymentLine { price: price(), at: DECEMBER_22, credits: measure.credits() };
    let mut says = views(measure);
    says.extend([
        Say::PlanChoose { plan: "pro".into(), others: measure.repeated(&offer) },
        exchange(DECEMBER_22, Charge::Difference),
        exchange(0, Charge::Nothing),
        exchanged(DECEMBER_22, Some(Charge::Difference)),
        exchanged(DECEMBER_22, Some(Charge::Nothing)),
        exchanged(0, None),
        cancel_ask(None, DECEMBER_22, None),
        cancel_ask(Some(price_text()), 0, Some(1)),
        Say::PlanAsking,
        Say::PlanBusy,
        Say::PlanNotChanged { refused: true },
        Say::PlanNotChanged { refused: false },
        Say::CreditsLapseSoon { credits: measure.credits(), at: DECEMBER_22 },
        Say::CreditsLapsed { credits: measure.credits(), available: measure.credits() },
        Say::RefundChoose { payments: measure.repeated(&paid) },
        ask(true, None),
        ask(false, Some("pro")),
        Say::RefundAsk {
            price: Money::stars(900),
            at: DECEMBER_22,
            credits: measure.credits(),
            by_people: false,
            ends: Some("pro".into()),
        },
        Say::RefundSent { price: price(), credits: measure.credits() },
        Say::RefundPending { price: price(), credits: measure.credits() },
        Say::RefundFailed { credits: measure.credits() },
    ]);
    says
}

/// What a plan does not include.
pub(super) fn beyond_the_plan(measure: &Measure) -> Vec<Say> {
    let four = Options { count: 4, ..Options::default() };
    let count = |plan| Say::CountNotInPlan {
        count: measure.number,
        included: 4,
        plan,
        instead: Some(Cheaper { options: four, price: measure.credits() }),
    };
    vec![
        Say::NotInPlan {
            resolution: Resolution::K4,
            included: Resolution::K1,
            plan: Some(measure.short.clone()),
            instead: Some(Cheaper { options: Options::default(), price: measure.credits() }),
        },
        Say::NotInPlan {
            resolution: Resolution::K4,
            included: Resolution::K2,
            plan: None,
            instead: None,
        },
        count(Some(measure.short.clone())),
        count(None),
    ]
}

/// Credits that lapse.
pub(super) fn lapsing(measure: &Measure) -> Lapsing {
    Lapsing {
        payment: "transaction:tran_1".into(),
        credits: measure.credits(),
        held: false,
        at: DECEMBER_22,
        announced: false,
    }
}

fn price_text() -> String {
    "49.90 USD".to_owned()
}

/// A plan paid in Stars.
fn in_stars(measure: &Measure) -> PlanLine {
    PlanLine {
        plan: "pro".into(),
        until: DECEMBER_22,
        price: Some("900 ⭐".into()),
        credits: Some(measure.credits()),
        in_stars: true,
        ..PlanLine::default()
    }
}

/// A plan in every state, and none.
fn views(measure: &Measure) -> Vec<Say> {
    let refund = |state, code: Option<&str>| RefundLine {
        price: Money { minor: 990, currency: "USD".into() },
        asked_at: DECEMBER_22,
        state,
        code: code.map(str::to_owned),
    };
    let view = |plan, available| PlanView {
        plan,
        others: Vec::new(),
        available,
        lapsing: Vec::new(),
        refunds: Vec::new(),
        unsettled: false,
        is_sold: false,
        sold: Vec::new(),
    };
    let whole = |plan: Option<PlanLine>| PlanView {
        others: plan.clone().into_iter().collect(),
        lapsing: measure.repeated(&lapsing(measure)),
        refunds: vec![
            refund(RefundState::WithPeople, Some("S-1042")),
            refund(RefundState::Declined, Some("S-1042")),
            refund(RefundState::UnderWay, None),
            refund(RefundState::Pending, None),
            refund(RefundState::Sent, None),
            refund(RefundState::Failed, None),
        ],
        ..view(plan, measure.credits())
    };
    let states = [
        PlanState::Active,
        PlanState::Unknown,
        PlanState::PastDue,
        PlanState::Ending,
        PlanState::Paused,
        PlanState::Unpaid,
        PlanState::Ended,
    ];
    let lines = states.into_iter().flat_map(|state| {
        [DECEMBER_22, 0].map(|until| PlanLine {
            plan: "pro".into(),
            state,
            until,
            price: Some(price_text()),
            credits: Some(measure.credits()),
            terms: Some(terms(Some(30))),
            in_stars: false,
            wished: until == 0,
        })
    });
    let said = |line| Say::Plan(Box::new(view(Some(line), measure.credits())));
    let mut says: Vec<Say> = lines.map(said).collect();
    says.push(Say::Plan(Box::new(whole(Some(PlanLine {
        plan: "pro".into(),
        until: DECEMBER_22,
        price: Some(price_text()),
        credits: Some(measure.credits()),
        wished: true,
        ..PlanLine::default()
    })))));
    says.push(Say::Plan(Box::new(view(Some(in_stars(measure)), measure.credits()))));
    let sold = measure.offer().plans;
    let none = PlanView { is_sold: true, sold, ..view(None, Credits(-measure.number)) };
    says.push(Say::Plan(none.into()));
    says.push(Say::Plan(PlanView { unsettled: true, ..view(None, measure.credits()) }.into()));
    says
}

pub(super) fn missed(measure: &Measure, failed: i64, expired: i64) -> Say {
    let (returned, available) = (measure.credits(), measure.credits());
    Say::Missed { failed, expired, returned, available }
}
