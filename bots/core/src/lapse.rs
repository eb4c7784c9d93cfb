//! Credits whose time is up. Those of a plan's period may lapse, as the plans file says; of all
//! credits in a purse they are spent first, soonest first, and what is held for a picture is
//! neither spent nor lapsed until it is known what became of it.

use alloc::{collections::BTreeMap, format, string::String, vec::Vec};

use crate::{
    credits::{Credits, TakeReason},
    effect::Effect,
    event::Setting,
    facts::{Lapsing, MessageFacts},
    id::{EntryId, PurseId},
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
    /// Whose purse it is: where accounts part, it goes with that.
    pub purse: PurseId,
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
    /// Credits left for another purse, under this name; when accounts part, for whose.
    MovedOut(i64, Option<PurseId>),
    /// What left another purse under this name came.
    MovedIn(i64),
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

/// Lines of a purse, oldest first.
pub type Purses = BTreeMap<PurseId, Vec<PurseLine>>;

/// What is left of each lot in a purse, by the lines of all purses that it has been in since the
/// oldest of them came.
#[must_use]
pub fn left(lots: &[Lot], purses: &Purses, here: PurseId) -> Vec<Lapsing> {
    let mut lots: Vec<Lot> = lots.to_vec();
    lots.sort_by(|a, b| (a.at, &a.payment).cmp(&(b.at, &b.payment)));
    let back = lots.iter().map(|lot| (lot.taken.0 - lapsed(lot, purses)).max(0)).collect();
    let mut reckoning = Reckoning { lots, states: BTreeMap::new(), moved: BTreeMap::new(), back };
    reckoning.follow(purses);
    let Reckoning { lots, mut states, .. } = reckoning;
    let held = |lot: usize| {
        let mut all = states.values().flat_map(|state| state.held.values());
        all.any(|held| held.get(lot).is_some_and(|it| *it > 0))
    };
    let held: Vec<bool> = (0..lots.len()).map(held).collect();
    let left = states.remove(&here).unwrap_or_default().left;
    let rows = lots.into_iter().zip(left.into_iter().chain(core::iter::repeat(0)));
    rows.zip(held)
        .map(|((lot, left), held)| Lapsing {
            credits: Credits(left.max(0)),
            held,
            payment: lot.payment,
            at: lot.at,
            announced: lot.announced,
        })
        .collect()
}

/// How much of a lot has lapsed.
fn lapsed(lot: &Lot, purses: &Purses) -> i64 {
    let of_it = lapse_of(&lot.payment);
    let lines = purses.values().flatten();
    let lapsed = lines.filter(|line| match &line.what {
        Move::Lapsed(source) => source.starts_with(&of_it),
        _ => false,
    });
    lapsed.map(|line| line.amount.0).sum()
}

/// What a purse has of each lot.
#[derive(Default)]
struct State {
    left: Vec<i64>,
    held: BTreeMap<i64, Vec<i64>>,
}

/// Lots on their way through purses.
struct Reckoning {
    lots: Vec<Lot>,
    states: BTreeMap<PurseId, State>,
    /// What of each lot left under a name.
    moved: BTreeMap<i64, Vec<i64>>,
    /// What of each went back with its money: that counts as never come, so that it is neither
    /// spent nor left, and nothing else lapses in its place.
    back: Vec<i64>,
}

impl Reckoning {
    /// Goes through the lines of all purses: what arrives in one has left another before.
    fn follow(&mut self, purses: &Purses) {
        let mut next: BTreeMap<PurseId, usize> = BTreeMap::new();
        loop {
            let mut moved_on = false;
            for (purse, lines) in purses {
                let at = next.entry(*purse).or_default();
                while let Some(line) = lines.get(*at) {
                    if matches!(line.what, Move::MovedIn(name) if !self.moved.contains_key(&name)) {
                        break;
                    }
                    self.line(*purse, line);
                    *at += 1;
                    moved_on = true;
                }
            }
            if moved_on {
                continue;
            }
            // What came from a purse that was not looked at brought none of these lots.
            let waits = purses
                .iter()
                .find_map(|(purse, lines)| lines.get(next.get(purse).copied().unwrap_or_default()));
            let Some(PurseLine { what: Move::MovedIn(name), .. }) = waits else { return };
            self.moved.insert(*name, Vec::new());
        }
    }

    fn line(&mut self, purse: PurseId, line: &PurseLine) {
        let count = self.lots.len();
        let state = self.states.entry(purse).or_default();
        state.left.resize(count, 0);
        let amount = line.amount.0;
        match &line.what {
            Move::Came(source) => {
                let lot = self.lots.iter().position(|lot| source_of(&lot.payment) == *source);
                let lots = state.left.iter_mut().zip(&self.back);
                if let Some((left, back)) = lot.and_then(|lot| lots.into_iter().nth(lot)) {
                    *left += (amount - back).max(0);
                }
            }
            Move::Held(hold) => {
                let taken = take(&mut state.left, amount, |_| true);
                state.held.insert(*hold, taken);
            }
            Move::Freed(hold) => {
                let back = state.held.remove(hold).unwrap_or_default();
                give(&mut state.left, &back);
            }
            Move::Spent(hold) => drop(state.held.remove(hold)),
            Move::Lapsed(source) => {
                let lot =
                    self.lots.iter().position(|lot| source.starts_with(&lapse_of(&lot.payment)));
                if let Some(left) = lot.and_then(|lot| state.left.get_mut(lot)) {
                    *left -= amount;
                }
            }
            Move::MovedOut(name, whose) => {
                // Of accounts that part each takes its own lots along; else everything goes.
                let lots = &self.lots;
                let goes = |lot: usize| {
                    whose.is_none_or(|whose| lots.get(lot).is_some_and(|it| it.purse == whose))
                };
                let gone = take(&mut state.left, amount, goes);
                self.moved.insert(*name, gone);
            }
            Move::MovedIn(name) => {
                let came = self.moved.get(name).cloned().unwrap_or_default();
                give(&mut state.left, &came);
            }
            Move::Other => {}
        }
    }
}

/// Takes so many credits of those lots, soonest first, as far as they are there.
fn take(left: &mut [i64], amount: i64, of: impl Fn(usize) -> bool) -> Vec<i64> {
    let mut rest = amount;
    let taken = left.iter_mut().enumerate().map(|(lot, left)| {
        let taken = if of(lot) { rest.min(*left).max(0) } else { 0 };
        *left -= taken;
        rest -= taken;
        taken
    });
    taken.collect()
}

fn give(left: &mut [i64], back: &[i64]) {
    for (left, back) in left.iter_mut().zip(back) {
        *left += back;
    }
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
