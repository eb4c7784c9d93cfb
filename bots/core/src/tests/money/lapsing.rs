//! Credits whose time is up: spent first, never while they are held, and never what was bought.

use std::{format, vec, vec::Vec};

use super::*;
use crate::lapse::{AHEAD_MS, Lot, Move, PurseLine, left, source_of};

const DAY: i64 = 86_400_000;

const HERE: PurseId = PurseId(2);
const THERE: PurseId = PurseId(3);

fn lapsing(payment: &str, credits: i64, at: i64) -> Lapsing {
    let credits = Credits(credits);
    Lapsing { payment: payment.into(), credits, held: false, at, announced: false }
}

fn due(available: i64, lapsing: Vec<Lapsing>) -> String {
    let mut facts = message_facts(customer(available));
    facts.plan = PlanFacts { lapsing, ..PlanFacts::default() };
    let event = Event::CreditsLapsing { account: AccountId(1) };
    lines::lines(CAUSE, &follows_at(&shop(), PRIVATE, &Facts::Message(facts), &event))
}

#[test]
fn what_is_left_when_its_time_is_up_lapses_and_is_told() {
    assert_snapshot!(folded(&due(130, vec![lapsing("transaction:tran_1", 120, NOW)])), @r#"
    TakeBack { entry: #0, purse: 2, credits: 120, source: "lapse:transaction:tran_1:#0",
        reason: Lapsed }
    LapsePayment { payment: "transaction:tran_1", credits: 120, over: true }
    send in telegram:7 silently: CreditsLapsed { credits: 120, available: 10 } /
        [SupportLink https://help.example]
    "#);
}

#[test]
fn what_lapses_soon_is_told_once_ahead() {
    let soon = || lapsing("transaction:tran_1", 120, NOW + AHEAD_MS);
    assert_snapshot!(folded(&due(130, vec![soon()])), @r#"
    LapsePayment { payment: "transaction:tran_1", credits: 0, over: false }
    send in telegram:7 silently: CreditsLapseSoon { credits: 120, at: 1700259200000 } /
        [SupportLink https://help.example]
    "#);
    assert_eq!(due(130, vec![Lapsing { announced: true, ..soon() }]), "");
    assert_eq!(due(130, vec![lapsing("transaction:tran_1", 120, NOW + AHEAD_MS + 1)]), "");
}

#[test]
fn never_more_lapses_than_is_there_and_what_is_held_is_waited_for() {
    let both = vec![lapsing("transaction:a", 50, NOW - 1), lapsing("transaction:b", 50, NOW)];
    let taken = due(70, both);
    assert!(taken.contains("credits: 50, source") && taken.contains("credits: 20, source"));
    let none = due(0, vec![lapsing("transaction:a", 50, NOW)]);
    assert!(!none.contains("TakeBack") && !none.contains("send"), "{none}");
    let held = Lapsing { held: true, ..lapsing("transaction:a", 0, NOW) };
    assert_eq!(due(70, vec![held]), "", "it is looked at again");
}

#[test]
fn of_what_is_spent_it_is_not_said_that_it_lapses() {
    let lots = [lapsing("transaction:a", 0, NOW + 1), lapsing("transaction:b", 7, NOW + 2)];
    assert_eq!(crate::lapse::told(&lots), lots[1..]);
}

/// A purse whose credits are known one by one.
#[derive(Default)]
struct Naive {
    /// Of each credit: the lot it came with, and the hold or end it has.
    credits: Vec<(Option<usize>, Is)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Is {
    There,
    Held(i64),
    Spent,
    Gone,
}

impl Naive {
    fn come(&mut self, lot: Option<usize>, count: i64) {
        self.credits.extend((0..count).map(|_| (lot, Is::There)));
    }

    /// Those that lapse soonest first, then the others.
    fn hold(&mut self, hold: i64, count: usize, lots: &[Lot]) -> bool {
        let mut there: Vec<usize> =
            (0..self.credits.len()).filter(|at| self.credits[*at].1 == Is::There).collect();
        if there.len() < count {
            return false;
        }
        there.sort_by_key(|at| self.credits[*at].0.map_or(i64::MAX, |lot| lots[lot].at));
        for at in there.into_iter().take(count) {
            self.credits[at].1 = Is::Held(hold);
        }
        true
    }

    fn end(&mut self, hold: i64, is: Is) {
        for credit in &mut self.credits {
            if credit.1 == Is::Held(hold) {
                credit.1 = is;
            }
        }
    }

    fn take(&mut self, lot: usize) -> i64 {
        let mut taken = 0;
        for credit in &mut self.credits {
            if *credit == (Some(lot), Is::There) {
                credit.1 = Is::Gone;
                taken += 1;
            }
        }
        taken
    }

    fn left(&self, lot: usize) -> i64 {
        self.credits.iter().filter(|it| **it == (Some(lot), Is::There)).count() as i64
    }

    fn held(&self, lot: usize) -> bool {
        self.credits.iter().any(|it| it.0 == Some(lot) && matches!(it.1, Is::Held(_)))
    }
}

/// A small generator of its own: the same again from the same seed.
struct Chance(u64);

impl Chance {
    /// One of so many.
    fn at(&mut self, count: usize) -> usize {
        usize::try_from(self.below(count as i64)).unwrap()
    }

    fn below(&mut self, end: i64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as i64) % end
    }
}

#[test]
fn ten_thousand_random_money_lives_leave_what_a_purse_of_single_credits_has() {
    let (mut lapsed, mut waited) = (0, 0);
    for seed in 0..10_000 {
        let mut chance = Chance(seed * 2 + 1);
        let (mut naive, mut lots, mut lines) = (Naive::default(), Vec::<Lot>::new(), vec![]);
        let mut holds: Vec<i64> = vec![];
        for step in 0..chance.below(40) + 5 {
            match chance.below(10) {
                0 => {
                    let (payment, count) = (format!("transaction:{step}"), chance.below(30));
                    naive.come(Some(lots.len()), count);
                    let came = Move::Came(source_of(&payment));
                    lines.push(PurseLine { what: came, amount: Credits(count) });
                    // Each lapses at another moment, in any order.
                    let at = NOW + chance.below(1000) * 64 + step;
                    lots.push(Lot {
                        payment,
                        taken: Credits::ZERO,
                        at,
                        announced: false,
                        purse: HERE,
                    });
                }
                1 => {
                    let count = chance.below(20);
                    naive.come(None, count);
                    let came = Move::Came("order:x".into());
                    lines.push(PurseLine { what: came, amount: Credits(count) });
                }
                2..6 => {
                    let count = chance.at(9);
                    if naive.hold(step, count, &lots) {
                        holds.push(step);
                        let amount = Credits(count as i64);
                        lines.push(PurseLine { what: Move::Held(step), amount });
                    }
                }
                6..9 if !holds.is_empty() => {
                    let hold = holds.swap_remove(chance.at(holds.len()));
                    let spent = chance.below(3) > 0;
                    naive.end(hold, if spent { Is::Spent } else { Is::There });
                    let what = if spent { Move::Spent(hold) } else { Move::Freed(hold) };
                    lines.push(PurseLine { what, amount: Credits::ZERO });
                }
                9 if !lots.is_empty() => {
                    let lot = chance.at(lots.len());
                    let taken = naive.take(lot);
                    lots[lot].taken.0 += taken;
                    let what = Move::Lapsed(format!("lapse:{}:{step}", lots[lot].payment));
                    lines.push(PurseLine { what, amount: Credits(taken) });
                    lapsed += taken;
                }
                _ => {}
            }
        }
        for found in left(&lots, &[(HERE, lines)].into(), HERE) {
            let lot = lots.iter().position(|lot| lot.payment == found.payment).unwrap();
            assert_eq!(found.credits.0, naive.left(lot), "seed {seed}, {}", found.payment);
            assert_eq!(found.held, naive.held(lot), "seed {seed}, {}", found.payment);
            waited += i64::from(found.held);
        }
    }
    assert!(lapsed > 10_000 && waited > 1_000, "{lapsed} lapsed, {waited} waited");
}

#[test]
fn a_plan_with_lapsing_credits_says_when_its_payment_was_taken_in() {
    let studio = Checkout {
        item: Item::Plan("studio".into()),
        credits: Credits(2000),
        price: dollars(4990),
        product: "prod_studio".into(),
        ..pro_plan()
    };
    let paid = Paid { charged: Some(dollars(4990)), ..paid("prod_studio", 4990) };
    let plan = PlanTold {
        subscription: "sub_1".into(),
        product: Some("prod_studio".into()),
        state: PlanState::Active,
        until: NOW + 31 * DAY,
        changed_at: NOW,
        customer: None,
    };
    let gave = told(facts_of(studio), notice(Told::PlanPaid(paid, plan)));
    assert!(gave.contains(&format!("lapses_at: {}", NOW + 30 * DAY)), "{gave}");
}

fn line(what: Move, amount: i64) -> PurseLine {
    PurseLine { what, amount: Credits(amount) }
}

/// A plan's credits, in the purse that they are in after some were spent and the rest moved.
#[test]
fn credits_that_move_by_a_link_lapse_where_they_are_and_go_back_with_whom_they_came() {
    let lot = |payment: &str, at, purse| Lot {
        payment: payment.into(),
        taken: Credits::ZERO,
        at,
        announced: false,
        purse,
    };
    let came = |payment: &str, count| line(Move::Came(source_of(payment)), count);
    let lots = [lot("transaction:a", NOW, HERE), lot("transaction:b", NOW + 1, THERE)];
    let here = vec![
        came("transaction:a", 50),
        line(Move::Held(1), 10),
        line(Move::Spent(1), 0),
        line(Move::Held(2), 5),
        line(Move::MovedOut(7, None), 35),
        // What comes back goes on.
        line(Move::Freed(2), 0),
        line(Move::MovedOut(8, None), 5),
    ];
    let mut there = vec![
        came("transaction:b", 20),
        line(Move::MovedIn(7), 35),
        line(Move::MovedIn(8), 5),
        line(Move::Held(3), 8),
        line(Move::Spent(3), 0),
    ];
    let left_in = |here: &[PurseLine], there: &[PurseLine], purse| {
        let purses = [(HERE, here.to_vec()), (THERE, there.to_vec())].into();
        left(&lots, &purses, purse).iter().map(|it| it.credits.0).collect::<Vec<_>>()
    };
    assert_eq!(left_in(&here, &there, THERE), [32, 20], "soonest first, wherever it came");
    assert_eq!(left_in(&here, &there, HERE), [0, 0]);
    // They part: each takes its own along.
    there.push(line(Move::MovedOut(9, Some(HERE)), 30));
    let mut back = here.clone();
    back.push(line(Move::MovedIn(9), 30));
    assert_eq!(left_in(&back, &there, THERE), [2, 20]);
    assert_eq!(left_in(&back, &there, HERE), [30, 0]);
}
