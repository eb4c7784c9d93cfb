//! Purses that the website keeps, as our lines see them.
//!
//! What is set aside there comes into our purse by a line (`site_in`) and is held here as ever;
//! what comes back goes back by another (`site_out`). So a purse of ours whose owner is signed in
//! is empty but for what is under way, is the sum of its lines like any other, and each call of
//! one of the website's functions has a line beside it, but for posting, which moves nothing.
//! What cannot be given to the website stays here and is spent first. The website never goes below
//! zero: what is owed to us after a chargeback stands here, and is taken from there as far as it
//! is there.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{Act, Book, CarriedOut, Line, Open, Order, write_out};
use crate::store::{
    StoreError, Tx, Value,
    functions::{
        AtSite, Does, Functions,
        operations::{Call, HeldThere, held_there},
    },
};

/// Mark the numbers of the lines that go with another line; the numbers of events stay far below.
const DRAWN: i64 = 1 << 60;
const RETURNED: i64 = 1 << 59;
const GIVEN: i64 = 1 << 58;
const COLLECTED: i64 = 1 << 57;
const GIVEN_LATER: i64 = 1 << 56;

const FIND_LAST_LINE: &str = "
    select l.id from purses p join ledger l on l.purse = p.id and l.number = p.entries
    where p.id = $1";
const FIND_PURSES: &str = "select purse from accounts where id in ({list})";
/// What waits to be given to the website.
const FIND_LEFT: &str = "
    select p.id from accounts a join purses p on p.id = a.purse
    where a.subject is not null and a.successor is null
      and p.granted + p.moved - p.posted - p.pending - p.refunded - p.expired - p.reclaimed > 0
    order by p.id limit 100";

/// The website's purses beside ours, in one transaction.
pub(super) struct Till {
    functions: Arc<Functions>,
    purses: HashMap<i64, AtSite>,
    held: HashMap<i64, HeldThere>,
    calls: Vec<Call>,
}

/// For what credits are taken from the website.
#[derive(Clone, Copy)]
pub(super) enum Drawn {
    /// For a hold: they are set aside there too.
    Held(i64),
    /// They are spent there at once, by this line of ours.
    Spent(i64),
}

impl Till {
    /// The purses of these that the website keeps; none where it keeps none at all.
    pub(super) async fn open(
        tx: &mut Tx,
        orders: &[Order],
        purses: &BTreeMap<i64, Open>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(functions) = tx.functions() else { return Ok(None) };
        let found = functions.find(tx, purses.keys().copied()).await?;
        let ended = |order: &Order| match order.act {
            Act::Post { hold } | Act::Void { hold, .. } => Some(vec![Value::from(hold)]),
            _ => None,
        };
        let ended: Vec<Vec<Value>> = orders.iter().filter_map(ended).collect();
        let held = held_there(tx, &ended).await?;
        Ok(Some(Self { functions, purses: found, held, calls: Vec::new() }))
    }
}

impl Book {
    /// Takes from the website what a purse of ours is short of; no when it is not there.
    pub(super) fn draw(&mut self, open: &mut Open, (seq, amount): (i64, i64), why: Drawn) -> bool {
        let short = amount - open.purse.available().0;
        if short <= 0 {
            return true;
        }
        let (number, hold, operation) = match why {
            Drawn::Held(hold) => (DRAWN | hold, Some(hold), format!("hold:{hold}")),
            Drawn::Spent(line) => (DRAWN | line, None, format!("take:{line}")),
        };
        self.take_there(open, (seq, short), (number, hold, operation))
    }

    /// As much as there is at the website of what a purse of ours is short of.
    pub(super) fn draw_what_is_there(
        &mut self,
        open: &mut Open,
        (seq, amount): (i64, i64),
        line: i64,
    ) {
        let left = self.left_there(open);
        let within = amount.min(open.purse.available().0.saturating_add(left));
        self.draw(open, (seq, within), Drawn::Spent(line));
    }

    fn left_there(&self, open: &Open) -> i64 {
        let there = self.till.as_ref().and_then(|till| till.purses.get(&open.purse.id.0));
        there.map_or(0, |there| there.left)
    }

    fn take_there(
        &mut self,
        open: &mut Open,
        (seq, amount): (i64, i64),
        (number, hold, operation): (i64, Option<i64>, String),
    ) -> bool {
        let purse = open.purse.id.0;
        let Some(till) = &mut self.till else { return false };
        let there = till.purses.get_mut(&purse).filter(|there| there.left >= amount);
        let Some(there) = there else { return false };
        there.left -= amount;
        let subject = there.subject.clone();
        let does = if hold.is_some() { &[Does::Hold][..] } else { &[Does::Hold, Does::Post] };
        for does in does {
            let (does, subject, operation) = (*does, subject.clone(), operation.clone());
            till.calls.push(Call { seq, purse, does, subject, amount, operation, hold });
        }
        if let Some(hold) = hold {
            till.held.insert(hold, HeldThere { subject, amount });
        }
        open.purse.moved.0 += amount;
        let source = format!("site:hold:{operation}");
        self.line(open, seq, site_line(number, ("site_in", amount), hold, source));
        true
    }

    /// What was set aside at the website for a hold ends as the hold does.
    pub(super) fn end_there(&mut self, open: &mut Open, (seq, hold): (i64, i64), posted: bool) {
        let purse = open.purse.id.0;
        let Some(till) = &mut self.till else { return };
        let Some(HeldThere { subject, amount }) = till.held.remove(&hold) else { return };
        if let Some(there) = till.purses.get_mut(&purse).filter(|it| it.subject == subject) {
            there.left += if posted { 0 } else { amount };
        }
        let does = if posted { Does::Post } else { Does::Void };
        let operation = format!("hold:{hold}");
        let source = format!("site:void:{operation}");
        let hold_there = Some(hold);
        till.calls.push(Call { seq, purse, does, subject, amount, operation, hold: hold_there });
        if !posted {
            open.purse.moved.0 -= amount;
            let number = RETURNED | hold;
            self.line(open, seq, site_line(number, ("site_out", amount), Some(hold), source));
        }
    }

    /// What is owed to us is taken at the website as far as it is there; then all is asked for
    /// there, and last what is left here is given there. The event that was refused, if one was.
    pub(super) async fn settle_there(
        &mut self,
        tx: &mut Tx,
        purses: &mut BTreeMap<i64, Open>,
    ) -> Result<Option<i64>, StoreError> {
        let Some(till) = &self.till else { return Ok(None) };
        let mut kept: Vec<i64> = till.purses.keys().copied().collect();
        kept.sort_unstable();
        for purse in &kept {
            let Some(open) = purses.get_mut(purse).filter(|open| open.is_touched()) else {
                continue;
            };
            let debt = (-open.purse.available().0).min(self.left_there(open));
            if debt > 0 {
                let (number, seq) = (COLLECTED | open.last.abs(), open.first_seq());
                let operation = format!("debt:{}", open.last.abs());
                self.take_there(open, (seq, debt), (number, None, operation));
            }
        }
        let Some(till) = &mut self.till else { return Ok(None) };
        let (functions, calls) = (Arc::clone(&till.functions), std::mem::take(&mut till.calls));
        if let Some(refused) = functions.ask(tx, calls, self.now).await? {
            return Ok(Some(refused));
        }
        for purse in kept {
            let Some(open) = purses.get_mut(&purse).filter(|open| open.is_touched()) else {
                continue;
            };
            self.give(tx, open, GIVEN | open.last.abs()).await?;
        }
        Ok(None)
    }

    /// Gives what is left in a purse of ours to the website. Where it will not have it, it stays.
    async fn give(&mut self, tx: &mut Tx, open: &mut Open, number: i64) -> Result<(), StoreError> {
        let (amount, purse) = (open.purse.available().0, open.purse.id.0);
        let Some(till) = self.till.as_ref().filter(|_| amount > 0) else { return Ok(()) };
        let Some(there) = till.purses.get(&purse) else { return Ok(()) };
        let (functions, operation) = (Arc::clone(&till.functions), format!("grant:{number}"));
        let (does, seq, subject) = (Does::Grant, open.first_seq(), there.subject.clone());
        let source = format!("site:grant:{operation}");
        let call = Call { seq, purse, does, subject, amount, operation, hold: None };
        if let Some(wrong) = functions.try_to_ask(tx, call, self.now).await? {
            self.trouble.push(wrong);
            return Ok(());
        }
        open.purse.moved.0 -= amount;
        self.line(open, seq, site_line(number, ("site_out", amount), None, source));
        Ok(())
    }
}

fn site_line(
    id: i64,
    (kind, amount): (&'static str, i64),
    hold: Option<i64>,
    source: String,
) -> Line<'static> {
    Line { id, kind, amount, hold, source, reason: "site", note: None }
}

/// Whoever has just signed in takes along what they have: it goes to the website.
pub(in crate::store) async fn bring_along(
    tx: &mut Tx,
    accounts: &[i64],
    now: i64,
) -> Result<CarriedOut, StoreError> {
    if tx.functions().is_none() || accounts.is_empty() {
        return Ok(CarriedOut::default());
    }
    let accounts: Vec<Vec<Value>> = accounts.iter().map(|id| vec![(*id).into()]).collect();
    let mut purses = Vec::new();
    for row in tx.rows_for(FIND_PURSES, &accounts).await? {
        purses.push(row.int(0)?);
    }
    give_what_is_left(tx, &purses, now).await
}

/// Gives the website what could not be given to it when it came.
pub async fn give_again(tx: &mut Tx, now: i64) -> Result<CarriedOut, StoreError> {
    if tx.functions().is_none() {
        return Ok(CarriedOut::default());
    }
    let rows = tx.rows(FIND_LEFT, &[]).await?;
    let purses = rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?;
    let given = give_what_is_left(tx, &purses, now).await?;
    if given.lost.is_empty() { Ok(given) } else { Err(StoreError::Lost(Vec::new())) }
}

async fn give_what_is_left(
    tx: &mut Tx,
    purses: &[i64],
    now: i64,
) -> Result<CarriedOut, StoreError> {
    let mut open = super::found::open_purses(tx, purses.iter().copied()).await?;
    let till = Till::open(tx, &[], &open).await?;
    let mut book = Book { now, till, ..Book::default() };
    for (purse, open) in &mut open {
        let rows = tx.rows(FIND_LAST_LINE, &[(*purse).into()]).await?;
        // Of each line there is at most one that comes later; those that end holds are below zero.
        let Some(last) = rows.first().map(|row| row.int(0)).transpose()? else { continue };
        let number = if last < 0 { -(GIVEN_LATER | -last) } else { GIVEN_LATER | last };
        book.give(tx, open, number).await?;
    }
    write_out(tx, book, &open).await
}
