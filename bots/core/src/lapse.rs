//! Credits whose time is up. Those of a plan's period may lapse, as the plans file says; of all
//! credits in a purse they are spent first, soonest first, and what is held for a picture is
//! neither spent nor lapsed until it is known what became of it.

use alloc::{collections::BTreeMap, format, string::String, vec, vec::Vec};

use crate::{
    credits::{Credits, TakeReason},
    effect::Effect,
    event::Setting,
    facts::{Lapsing, MessageFacts},
    id::EntryId,
    payment::CHARGE,
    say::Say,
    turn::{Reader, Turn},
};

/// How long before they lapse it is told, milliseconds.
pub const AHEAD_MS: i64 = 3 * 86_400_000;

/// Credits that came together and lapse together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    /// The payment that brought them.
    pub payment: String,
    /// How many were taken back with their money, or have lapsed.
    pub taken: Credits,
    /// When they lapse, milliseconds since the epoch.
    pub at: i64,
    /// Whether that was told.
    pub announced: bool,
}

/// A line of a purse, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurseLine {
    /// What moved.
    pub what: Move,
    /// How many credits.
    pub amount: Credits,
}

/// What moved in a purse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Credits came, from this source.
    Came(String),
    /// Credits were set aside, under this name.
    Held(i64),
    /// They were given back.
    Freed(i64),
    /// They were spent.
    Spent(i64),
    /// Credits lapsed, from this source.
    Lapsed(String),
    /// Something else.
    Other,
}

/// Who took the money of a payment: the first word of what its lines in the ledger are known by.
#[must_use]
pub fn seller_of(payment: &str) -> &'static str {
    if payment.starts_with(CHARGE) { "stars" } else { "creem" }
}

/// The source of the line by which a payment's credits came.
#[must_use]
pub fn source_of(payment: &str) -> String {
    format!("{}:{payment}", seller_of(payment))
}

/// What the sources of lines begin with by which a payment's credits lapse.
fn lapse_of(payment: &str) -> String {
    format!("lapse:{payment}:")
}

/// What is left of each lot, by the lines of their purse since the oldest of them came.
#[must_use]
pub fn left(lots: &[Lot], lines: &[PurseLine]) -> Vec<Lapsing> {
    let mut lots: Vec<Lot> = lots.to_vec();
    lots.sort_by(|a, b| (a.at, &a.payment).cmp(&(b.at, &b.payment)));
    let sources: Vec<String> = lots.iter().map(|lot| source_of(&lot.payment)).collect();
    let mut left = vec![0_i64; lots.len()];
    let mut lapsed = vec![0_i64; lots.len()];
    let mut held: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
    for line in lines {
        let amount = line.amount.0;
        match &line.what {
            Move::Came(source) => {
                let lot = left.iter_mut().zip(&sources).find(|(_, came)| *came == source);
                if let Some((left, _)) = lot {
                    *left += amount;
                }
            }
            Move::Held(hold) => {
                let mut rest = amount;
                let taken = left.iter_mut().map(|left| {
                    let taken = rest.min(*left).max(0);
                    *left -= taken;
                    rest -= taken;
                    taken
                });
                held.insert(*hold, taken.collect());
            }
            Move::Freed(hold) => {
                let back = held.remove(hold).unwrap_or_default();
                for (left, back) in left.iter_mut().zip(back) {
                    *left += back;
                }
            }
            Move::Spent(hold) => drop(held.remove(hold)),
            Move::Lapsed(source) => {
                let lot = lots.iter().position(|lot| source.starts_with(&lapse_of(&lot.payment)));
                let (left, lapsed) = (left.iter_mut(), lapsed.iter_mut());
                if let Some((left, lapsed)) = lot.and_then(|lot| left.zip(lapsed).nth(lot)) {
                    *left -= amount;
                    *lapsed += amount;
                }
            }
            Move::Other => {}
        }
    }
    let is_held = |lot: usize| held.values().any(|held| held.get(lot).is_some_and(|it| *it > 0));
    let rows = lots.into_iter().zip(left.into_iter().zip(lapsed)).enumerate();
    rows.map(|(number, (lot, (left, lapsed)))| Lapsing {
        // What went back with its money was not spent.
        credits: Credits((left + lapsed - lot.taken.0).max(0)),
        held: is_held(number),
        payment: lot.payment,
        at: lot.at,
        announced: lot.announced,
    })
    .collect()
}

/// What there is to tell of it: of what is spent, or went elsewhere, there is nothing.
pub(crate) fn told(lapsing: &[Lapsing]) -> Vec<Lapsing> {
    lapsing.iter().filter(|lot| lot.credits > Credits::ZERO).cloned().collect()
}

/// Credits come near the end of their time, or have come to it.
pub(crate) fn due(turn: &mut Turn<'_>, facts: &MessageFacts) {
    let Some(customer) = facts.customer.as_ref() else { return };
    let now = turn.frame.now;
    let mut purse = customer.account.purse;
    let (mut lapsed, mut soon, mut first_at) = (Credits::ZERO, Credits::ZERO, i64::MAX);
    for lot in &facts.plan.lapsing {
        if lot.at > now {
            if lot.at.saturating_sub(now) <= AHEAD_MS && !lot.announced {
                let payment = lot.payment.clone();
                turn.then(Effect::LapsePayment { payment, credits: Credits::ZERO, over: false });
                soon = Credits(soon.0 + lot.credits.0);
                first_at = first_at.min(lot.at);
            }
            continue;
        }
        let credits = lot.credits.min(purse.available()).max(Credits::ZERO);
        if credits > Credits::ZERO {
            let entry = EntryId(turn.id());
            turn.then(Effect::TakeBack {
                entry,
                purse: purse.id,
                credits,
                source: format!("{}{entry}", lapse_of(&lot.payment)),
                reason: TakeReason::Lapsed,
            });
            purse.expired = Credits(purse.expired.0 + credits.0);
            lapsed = Credits(lapsed.0 + credits.0);
        }
        // What is held may come back: then it is looked at again.
        if !lot.held || credits > Credits::ZERO {
            let (payment, over) = (lot.payment.clone(), !lot.held);
            turn.then(Effect::LapsePayment { payment, credits, over });
        }
    }
    if !customer.reachable {
        return;
    }
    let reader = Reader::here(turn, customer, Setting::Private);
    if lapsed > Credits::ZERO {
        let available = purse.available();
        let word = turn.words(&reader, Say::CreditsLapsed { credits: lapsed, available });
        turn.send(word.silent());
    }
    if soon > Credits::ZERO {
        let word = turn.words(&reader, Say::CreditsLapseSoon { credits: soon, at: first_at });
        turn.send(word.silent());
    }
}
