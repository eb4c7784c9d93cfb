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
    /// Lots of which more lapsed than was there without what went back: what comes back of them
    /// lapses too.
    owed: Vec<usize>,
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

    /// How many are there, of whatever lot.
    fn there(&self) -> usize {
        self.credits.iter().filter(|credit| credit.1 == Is::There).count()
    }

    /// Those that lapse soonest first, then the others.
    fn hold(&mut self, hold: i64, count: usize, lots: &[Lot]) {
        let mut there: Vec<usize> =
            (0..self.credits.len()).filter(|at| self.credits[*at].1 == Is::There).collect();
        there.sort_by_key(|at| self.credits[*at].0.map_or(i64::MAX, |lot| lots[lot].at));
        for at in there.into_iter().take(count) {
            self.credits[at].1 = Is::Held(hold);
        }
    }

    /// Money goes back, and so many credits of a lot with it: they count as never come.
    fn go_back(&mut self, lot: usize, count: usize) {
        let mut left = count;
        self.credits.retain(|credit| {
            let goes = credit.0 == Some(lot) && left > 0;
            left -= usize::from(goes);
            !goes
        });
    }

    /// What happened, from the beginning, in a purse to which that many of each lot never came.
    fn lived(done: &[Done], back: &[i64], lots: &[Lot]) -> Self {
        let mut naive = Self::default();
        for done in done {
            match *done {
                Done::Came(lot, count) => {
                    naive.come(lot, count);
                    if let Some(lot) = lot {
                        naive.go_back(lot, usize::try_from(back[lot]).unwrap());
                    }
                }
                Done::Held(hold, count) => naive.hold(hold, count, lots),
                Done::Ended(hold, is) => naive.end(hold, is),
                Done::Lapsed(lot, count) => naive.lapse(lot, count),
            }
        }
        naive
    }

    fn end(&mut self, hold: i64, is: Is) {
        for credit in &mut self.credits {
            if credit.1 != Is::Held(hold) {
                continue;
            }
            let owed = self.owed.iter().position(|lot| credit.0 == Some(*lot));
            credit.1 = match owed.filter(|_| is == Is::There) {
                Some(owed) => {
                    self.owed.swap_remove(owed);
                    Is::Gone
                }
                None => is,
            };
        }
    }

    fn lapse(&mut self, lot: usize, count: i64) {
        for _ in 0..count {
            match self.credits.iter_mut().find(|it| **it == (Some(lot), Is::There)) {
                Some(credit) => credit.1 = Is::Gone,
                None => self.owed.push(lot),
            }
        }
    }

    fn left(&self, lot: usize) -> i64 {
        self.credits.iter().filter(|it| **it == (Some(lot), Is::There)).count() as i64
    }

    fn held(&self, lot: usize) -> bool {
        self.credits.iter().any(|it| it.0 == Some(lot) && matches!(it.1, Is::Held(_)))
    }
}

/// Something that happened in a purse.
#[derive(Clone, Copy)]
enum Done {
    Came(Option<usize>, i64),
    Held(i64, usize),
    Ended(i64, Is),
    Lapsed(usize, i64),
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

/// A life of a purse: what is known of it, and what was done.
#[derive(Default)]
struct PurseLife {
    lots: Vec<Lot>,
    lines: Vec<PurseLine>,
    done: Vec<Done>,
    /// Of each lot, how many came, and how many went back with their money.
    came: Vec<i64>,
    back: Vec<i64>,
    holds: Vec<i64>,
}

impl PurseLife {
    fn naive(&self) -> Naive {
        Naive::lived(&self.done, &self.back, &self.lots)
    }

    fn writes(&mut self, done: Done, what: Move, amount: i64) {
        self.done.push(done);
        self.lines.push(line(what, amount));
    }

    /// Lots of a plan, or credits that never lapse.
    fn comes(&mut self, chance: &mut Chance, step: i64, lapses: bool) {
        if !lapses {
            let count = chance.below(20);
            return self.writes(Done::Came(None, count), Move::Came("order:x".into()), count);
        }
        let (payment, count) = (format!("transaction:{step}"), chance.below(30));
        let came = Move::Came(source_of(&payment));
        self.writes(Done::Came(Some(self.lots.len()), count), came, count);
        // Each lapses at another moment, in any order.
        let at = NOW + chance.below(1000) * 64 + step;
        self.lots.push(Lot { payment, taken: Credits::ZERO, at, announced: false, purse: HERE });
        self.came.push(count);
        self.back.push(0);
    }

    /// What is there of a lot lapses; how much.
    fn lapses(&mut self, lot: usize, step: i64) -> i64 {
        let count = self.naive().left(lot);
        let what = Move::Lapsed(format!("lapse:{}:{step}", self.lots[lot].payment));
        self.writes(Done::Lapsed(lot, count), what, count);
        self.lots[lot].taken.0 += count;
        count
    }

    /// Some of a lot's money goes back: of what has not lapsed.
    fn goes_back(&mut self, chance: &mut Chance, lot: usize) -> i64 {
        let left = self.came[lot] - self.lots[lot].taken.0;
        let count = chance.below(left + 1);
        self.lots[lot].taken.0 += count;
        self.back[lot] += count;
        self.lines.push(line(Move::Other, count));
        count
    }
}

#[test]
fn ten_thousand_random_money_lives_leave_what_a_purse_of_single_credits_has() {
    let (mut lapsed, mut waited, mut back) = (0, 0, 0);
    for seed in 0..10_000 {
        let mut chance = Chance(seed * 2 + 1);
        let mut life = PurseLife::default();
        for step in 0..chance.below(40) + 5 {
            match chance.below(11) {
                0 => life.comes(&mut chance, step, true),
                1 => life.comes(&mut chance, step, false),
                2..6 => {
                    let count = chance.at(9);
                    if life.naive().there() >= count {
                        life.holds.push(step);
                        life.writes(Done::Held(step, count), Move::Held(step), count as i64);
                    }
                }
                6..9 if !life.holds.is_empty() => {
                    let hold = life.holds.swap_remove(chance.at(life.holds.len()));
                    let (is, what) = if chance.below(3) > 0 {
                        (Is::Spent, Move::Spent(hold))
                    } else {
                        (Is::There, Move::Freed(hold))
                    };
                    life.writes(Done::Ended(hold, is), what, 0);
                }
                9 if !life.lots.is_empty() => {
                    lapsed += life.lapses(chance.at(life.lots.len()), step);
                }
                10 if !life.lots.is_empty() => {
                    let lot = chance.at(life.lots.len());
                    back += life.goes_back(&mut chance, lot);
                }
                _ => {}
            }
        }
        let naive = life.naive();
        for found in left(&life.lots, &[(HERE, life.lines)].into(), HERE) {
            let lot = life.lots.iter().position(|lot| lot.payment == found.payment).unwrap();
            assert_eq!(found.credits.0, naive.left(lot), "seed {seed}, {}", found.payment);
            assert_eq!(found.held, naive.held(lot), "seed {seed}, {}", found.payment);
            waited += i64::from(found.held);
        }
    }
    let many = lapsed > 10_000 && waited > 1_000 && back > 10_000;
    assert!(many, "{lapsed} lapsed, {waited} waited, {back} went back");
}

#[test]
fn what_went_back_with_its_money_makes_nothing_else_lapse() {
    let lot = |payment: &str, taken, at| {
        let (payment, taken) = (payment.into(), Credits(taken));
        Lot { payment, taken, at, announced: false, purse: HERE }
    };
    let lots = [lot("transaction:a", 4, NOW), lot("transaction:b", 0, NOW + 1)];
    let came = |payment: &str| line(Move::Came(source_of(payment)), 10);
    // Of ten that are spent six are the first plan's, for four of it went back.
    let lines = vec![
        came("transaction:a"),
        came("transaction:b"),
        line(Move::Other, 4),
        line(Move::Held(1), 10),
        line(Move::Spent(1), 0),
    ];
    let left = left(&lots, &[(HERE, lines)].into(), HERE);
    assert_eq!(left.iter().map(|lot| lot.credits.0).collect::<Vec<_>>(), [0, 6]);
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
