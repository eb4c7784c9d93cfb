//! What a customer's money comes to, in whatever order it is told.

mod lives;
mod packs;

use std::{boxed::Box, collections::BTreeMap, format, string::String, vec, vec::Vec};

use proptest::prelude::*;

use super::*;
use crate::{
    account::Account,
    credits::{Purse, TakeReason},
    decide::decide,
};

/// What the store would keep of one customer's money.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Books {
    checkout: Checkout,
    purse: Purse,
    plan: Option<String>,
    payments: BTreeMap<String, Payment>,
    reversals: BTreeMap<String, Reversed>,
    plans: BTreeMap<String, PlanRow>,
    sources: Vec<String>,
    /// Payments of plans that are looked at, once each.
    looks: BTreeMap<String, Option<Notice>>,
    /// How the plan is where it is looked up, in a house that looks everything up.
    really: Option<Notice>,
    turns: i64,
}

impl Books {
    fn new(checkout: Checkout) -> Self {
        Self {
            checkout,
            purse: Purse { granted: Credits(3), ..Purse::empty(PurseId(2)) },
            plan: None,
            payments: BTreeMap::new(),
            reversals: BTreeMap::new(),
            plans: BTreeMap::new(),
            sources: vec![],
            looks: BTreeMap::new(),
            really: None,
            turns: 0,
        }
    }

    fn facts(&self, notice: &Notice) -> PaymentFacts {
        let about = match &notice.told {
            Told::Bought(paid) | Told::PlanPaid(paid, _) => Some(&paid.payment),
            Told::Reversed(reversed) => Some(&reversed.payment),
            Told::NotReversed(payment) => Some(payment),
            Told::Plan(_) | Told::Changed(..) | Told::Nothing | Told::Unknown => None,
        };
        let payment = about.and_then(|id| self.payments.get(id)).cloned();
        let of = |reversed: &&Reversed| Some(&reversed.payment) == about;
        let known = notice.request.as_ref() == Some(&self.checkout.request) || payment.is_some();
        let mut entitlement = free();
        entitlement.plan.clone_from(&self.plan);
        PaymentFacts {
            checkout: known.then(|| self.checkout.clone()),
            account: known.then(|| Account {
                purse: self.purse,
                entitlement,
                ..customer(0).account
            }),
            payment,
            holder: None,
            reversals: self.reversals.values().filter(of).cloned().collect(),
            plans: self.plans.values().cloned().collect(),
            invited: None,
            refund: None,
        }
    }

    /// Turns a notice as the real store does: sources are unique for ever.
    fn hear(&mut self, notice: &Notice) {
        self.turn(notice, &Event::PaymentTold(notice.clone()));
    }

    /// What was asked about payments is answered.
    fn look(&mut self) {
        for notice in self.looks.values_mut().filter_map(Option::take).collect::<Vec<_>>() {
            let brought = match (&notice.told, &self.really) {
                (Told::PlanPaid(paid, _) | Told::Bought(paid), _) => {
                    Brought::Charged(really_charged(paid))
                }
                (Told::Plan(_), Some(really)) => Brought::Plan(Box::new(really.clone())),
                _ => panic!("{notice:?}"),
            };
            let end = ErrandEnd::Brought(brought);
            let what = Errand::LookAtPayment { notice: notice.clone() };
            let ended = ErrandEnded { errand: ErrandId(1), what, end };
            self.turn(&notice, &Event::ErrandEnded(ended));
        }
    }

    fn turn(&mut self, notice: &Notice, event: &Event) {
        self.turns += 1;
        let house = if self.really.is_some() { careful() } else { shop() };
        let place = ConversationId::from(CREEM);
        let frame = Frame {
            now: NOW,
            cause: Cause(CAUSE + self.turns),
            conversation: &place,
            house: &house,
            window: None,
        };
        let facts = Facts::Payment(self.facts(notice));
        for effect in decide(&frame, &facts, event) {
            self.carry_out(effect);
        }
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Grant { credits, source, .. } => {
                assert!(!self.sources.contains(&source), "{source} was given twice");
                self.sources.push(source);
                self.purse.granted.0 += credits.0;
            }
            Effect::TakeBack { credits, source, reason, .. } => {
                assert!(!self.sources.contains(&source), "{source} was taken twice");
                self.sources.push(source);
                match reason {
                    TakeReason::Refunded => self.purse.refunded.0 += credits.0,
                    TakeReason::Reclaimed => self.purse.reclaimed.0 += credits.0,
                    TakeReason::Lapsed => self.purse.expired.0 += credits.0,
                }
            }
            Effect::UpdateCheckout { state, .. } => self.checkout.state = state,
            Effect::KeepPayment(payment) => {
                self.payments.insert(payment.id.clone(), payment);
            }
            Effect::KeepReversal(reversed) => {
                self.reversals.insert(reversed.id.clone(), reversed);
            }
            Effect::KeepPlan(row) => {
                self.plans.insert(row.subscription.clone(), row);
            }
            Effect::ChoosePlan { plan, .. } => self.plan = plan,
            Effect::RunErrand(new) => match new.errand {
                Errand::LookAtPayment { notice } => {
                    self.looks.entry(new.name).or_insert(Some(notice));
                }
                other => panic!("{other:?}"),
            },
            Effect::SetTimer { .. } | Effect::RaiseAlarm { .. } | Effect::RaiseAlarmOf { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    /// What has to be the same whatever the order.
    fn end(&self) -> impl PartialEq + core::fmt::Debug + use<> {
        let plans = self.plans.clone();
        (self.purse, self.plan.clone(), self.payments.clone(), self.reversals.clone(), plans)
    }
}

/// What a payment of these tests really came to: that of an exchange has its number in its name.
fn really_charged(paid: &Paid) -> Money {
    let part = paid
        .payment
        .split_once("part_")
        .and_then(|(_, minor)| minor.split('_').next().and_then(|minor| minor.parse().ok()));
    dollars(part.unwrap_or(paid.price.as_ref().unwrap().minor))
}

/// The same notices as Creem tells them: without what was charged.
fn untold(life: &[Notice]) -> Vec<Notice> {
    let mut life = life.to_vec();
    for notice in &mut life {
        if let Told::PlanPaid(paid, _) = &mut notice.told {
            paid.charged = None;
        }
    }
    life
}

fn plan_is(state: PlanState, minutes: i64) -> PlanTold {
    PlanTold {
        subscription: "sub_1".into(),
        product: Some("prod_pro".into()),
        state,
        until: NOW + 30 * 86_400_000,
        changed_at: NOW + minutes * 60_000,
        customer: Some("cust_1".into()),
    }
}

fn at_minute(minutes: i64, told: Told) -> Notice {
    Notice { at: NOW + minutes * 60_000, ..notice(told) }
}

/// The seven notices of one plan's life.
fn life() -> Vec<Notice> {
    let first = Paid {
        payment: "transaction:tran_1".into(),
        charged: Some(dollars(1990)),
        link: None,
        ..paid("prod_pro", 1990)
    };
    let back = Reversed {
        id: "ref_1".into(),
        payment: "transaction:tran_1".into(),
        by: Reversal::Refund,
        minor: 1204,
        total: 1204,
        of_minor: 2407,
    };
    vec![
        at_minute(0, Told::Plan(plan_is(PlanState::Active, 0))),
        at_minute(0, Told::Plan(plan_is(PlanState::Active, 0))),
        at_minute(1, Told::PlanPaid(first, plan_is(PlanState::Active, 1))),
        at_minute(2, Told::Plan(plan_is(PlanState::Active, 2))),
        at_minute(3, Told::Plan(plan_is(PlanState::Ending, 3))),
        at_minute(4, Told::Plan(plan_is(PlanState::Ended, 4))),
        at_minute(5, Told::Reversed(back)),
    ]
}

/// Every order of so many things, by Heap's algorithm.
fn orders(count: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..count).collect();
    let mut found = vec![order.clone()];
    let mut counters = vec![0; count];
    let mut at = 0;
    while at < count {
        if counters[at] < at {
            order.swap(if at % 2 == 0 { 0 } else { counters[at] }, at);
            found.push(order.clone());
            counters[at] += 1;
            at = 0;
        } else {
            counters[at] = 0;
            at += 1;
        }
    }
    found
}

#[test]
fn all_orders_of_a_plans_seven_notices_end_equal_also_when_each_comes_twice() {
    let life = life();
    let end_of = |order: &[usize]| {
        let mut books = Books::new(pro_plan());
        for at in order {
            books.hear(&life[*at]);
        }
        books
    };
    let whole = end_of(&[0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(whole.purse.available(), Credits(3 + 500 - 250));
    assert_eq!(whole.plan, None);
    assert_eq!(whole.plans["sub_1"].state, PlanState::Ended);
    let all = orders(life.len());
    assert_eq!(all.len(), 5040);
    for order in all {
        assert_eq!(end_of(&order).end(), whole.end(), "{order:?}");
        let twice = [order.as_slice(), &order].concat();
        assert_eq!(end_of(&twice).end(), whole.end(), "{order:?} twice");
    }
}

#[test]
fn all_orders_end_equal_also_when_what_was_charged_has_to_be_asked_and_comes_last() {
    let life = untold(&life());
    let mut whole = Books::new(pro_plan());
    for notice in self::life() {
        whole.hear(&notice);
    }
    for (number, order) in orders(life.len()).into_iter().enumerate() {
        let mut books = Books::new(pro_plan());
        for (at, notice) in order.iter().enumerate() {
            books.hear(&life[*notice]);
            if at == number % 7 {
                books.look();
            }
        }
        books.look();
        assert_eq!(books.end(), whole.end(), "{order:?}");
        assert_eq!(books.looks.len(), 1, "asked once");
    }
}

#[test]
fn all_orders_end_equal_also_when_everything_that_gives_something_is_looked_up() {
    let life = life();
    let mut whole = Books::new(pro_plan());
    for notice in &life {
        whole.hear(notice);
    }
    let told = untold(&life);
    for (number, order) in orders(life.len()).into_iter().enumerate() {
        let really = Some(life[5].clone());
        let mut books = Books { really, ..Books::new(pro_plan()) };
        for (at, notice) in order.iter().enumerate() {
            books.hear(&told[*notice]);
            if at == number % 7 {
                books.look();
            }
        }
        books.look();
        assert_eq!(books.end(), whole.end(), "{order:?}");
    }
}

#[test]
fn what_the_plan_unlocks_comes_with_its_payment_and_goes_with_its_end() {
    let life = life();
    let mut books = Books::new(pro_plan());
    let mut plans = vec![];
    for notice in &life {
        books.hear(notice);
        plans.push(books.plan.clone().unwrap_or_default());
    }
    assert_eq!(plans, ["pro", "pro", "pro", "pro", "pro", "", ""]);
}

proptest! {
    #[test]
    fn what_goes_back_in_parts_is_never_more_than_came_and_the_same_in_any_order(
        parts in proptest::collection::vec(1..2000_i64, 1..6),
        seed in 0..1000_usize,
    ) {
        let mut notices: Vec<Notice> = parts.iter().enumerate().map(|(number, minor)| {
            let back = Reversed {
                id: format!("ref_{number}"),
                payment: "order:ord_1".into(),
                by: Reversal::Refund,
                minor: *minor,
                total: 0,
                of_minor: 1197,
            };
            notice(Told::Reversed(back))
        }).collect();
        notices.push(notice(Told::Bought(paid("prod_starter", 990))));
        let mut straight = Books::new(starter());
        for notice in notices.iter().rev() {
            straight.hear(notice);
        }
        let count = notices.len();
        notices.rotate_left(seed % count);
        let mut turned = Books::new(starter());
        for notice in &notices {
            turned.hear(notice);
        }
        let back: i64 = parts.iter().sum();
        let due = (100 * back / 1197).min(100);
        prop_assert_eq!(straight.purse.available(), Credits(3 + 100 - due));
        prop_assert_eq!(turned.purse.available(), straight.purse.available());
        prop_assert_eq!(turned.payments, straight.payments);
    }
}

#[test]
fn what_was_spent_and_went_back_stands_against_whatever_comes() {
    let mut books = Books::new(starter());
    books.hear(&notice(Told::Bought(paid("prod_starter", 990))));
    books.purse.posted = Credits(90);
    let back = |id: &str, by| {
        Told::Reversed(Reversed {
            id: id.into(),
            payment: "order:ord_1".into(),
            by,
            minor: 1197,
            total: 0,
            of_minor: 1197,
        })
    };
    let mut disputed = books.clone();
    books.hear(&notice(back("ref_1", Reversal::Refund)));
    assert_eq!((books.purse.refunded, books.purse.reclaimed), (Credits(13), Credits(87)));
    assert_eq!(books.purse.available(), Credits(-87));
    disputed.hear(&notice(back("disp_1", Reversal::Dispute)));
    assert_eq!((disputed.purse.refunded, disputed.purse.reclaimed), (Credits(0), Credits(100)));
    assert_eq!(disputed.purse.available(), Credits(-87));
    disputed.hear(&notice(back("ref_1", Reversal::Refund)));
    assert_eq!(
        disputed.purse.available(),
        Credits(-87),
        "a refund after a dispute is the same money"
    );
}
