//! Money: holds before spending, a line for everything, nothing ever changed.
//!
//! A purse's columns are the sum of its lines. A turn computes the next lines from the purse as
//! it reads it, and writes the purse only if no other line came in between (the count of lines is
//! the version); where one came, that turn alone is decided again on fresh facts. Each line has
//! the hash of the one before it.

mod chain;
mod found;
mod moves;
mod site;

use std::collections::{BTreeMap, HashMap, HashSet};

use picdesk_core::{
    credits::{Credits, EXPIRED, Purse, TakeReason},
    id::PurseId,
};

pub(super) use self::chain::{Sealed, digest};
use self::found::{Held, find_holds, find_purses, find_sources};
pub(super) use self::site::bring_along;
use self::site::{Drawn, Till};
pub use self::{
    moves::{Move, MoveKind},
    site::give_again,
};
use super::{Row, StoreError, Tx, Value, sealed};

/// An order about money, and the event that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The event.
    pub seq: i64,
    /// What to do.
    pub act: Act,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Give credits, once for each source.
    Grant {
        /// The line's id.
        entry: i64,
        /// To whom.
        purse: i64,
        /// How many.
        amount: i64,
        /// What makes it unique.
        source: String,
        /// Why.
        reason: &'static str,
        /// The owner's words.
        note: Option<String>,
    },
    /// Take credits back, once for each source.
    Take {
        /// The line's id.
        entry: i64,
        /// From whom.
        purse: i64,
        /// How many.
        amount: i64,
        /// What makes it unique.
        source: String,
        /// Why.
        reason: TakeReason,
    },
    /// Set credits aside.
    Hold {
        /// The hold's id, and its line's.
        hold: i64,
        /// From whom.
        purse: i64,
        /// For what.
        generation: i64,
        /// How many.
        amount: i64,
    },
    /// Spend what is set aside.
    Post {
        /// Which hold.
        hold: i64,
    },
    /// Give back what is set aside.
    Void {
        /// Which hold.
        hold: i64,
        /// Why.
        reason: &'static str,
    },
    /// Move credits from purse to purse.
    Move(Move),
}

/// A purse with its version.
#[derive(Clone, Debug)]
struct Open {
    purse: Purse,
    entries: i64,
    entries_before: i64,
    head: String,
    /// Where what comes back to it goes on to.
    successor: Option<i64>,
    /// The number of its last line, while that is of this transaction.
    last: i64,
    /// Events whose orders touched it.
    seqs: HashSet<i64>,
}

impl Open {
    /// Whether there are lines of this transaction.
    fn is_touched(&self) -> bool {
        self.entries != self.entries_before
    }

    /// The first event whose orders touched it.
    fn first_seq(&self) -> i64 {
        self.seqs.iter().min().copied().unwrap_or(0)
    }
}

/// A line to be written.
struct Line<'a> {
    id: i64,
    kind: &'static str,
    amount: i64,
    hold: Option<i64>,
    source: String,
    reason: &'static str,
    note: Option<&'a str>,
}

/// The columns of a purse, in the order [`read_purse`] takes them.
pub const PURSE_COLUMNS: &str = "id, granted, posted, pending, refunded, expired, reclaimed, moved";

const INSERT_LINES: &str = "
    insert into ledger (id, purse, number, kind, amount, hold, source, reason, note, note_sha256, at,
                        hash)
    values {rows}";
const INSERT_HOLDS: &str = "
    insert into holds (id, purse, generation, amount, state, opened_at, resolved_at)
    values {rows}";
const RESOLVE_HOLDS: &str = "
    with v(id, state, at) as (values {rows})
    update holds set state = v.state, resolved_at = v.at from v
    where holds.id = v.id and holds.state = 'pending'";
const UPDATE_PURSES: &str = "
    with v(id, granted, posted, pending, refunded, expired, reclaimed, moved, entries, head, before)
      as (values {rows})
    update purses set granted = v.granted, posted = v.posted, pending = v.pending,
                      refunded = v.refunded, expired = v.expired, reclaimed = v.reclaimed,
                      moved = v.moved, entries = v.entries, head = v.head
    from v
    where purses.id = v.id and purses.entries = v.before
    returning purses.id";

/// A purse as its row has it, from [`PURSE_COLUMNS`] beginning at `first`.
pub fn read_purse(row: &Row, first: usize) -> Result<Purse, StoreError> {
    Ok(Purse {
        id: PurseId(row.int(first)?),
        granted: Credits(row.int(first + 1)?),
        posted: Credits(row.int(first + 2)?),
        pending: Credits(row.int(first + 3)?),
        refunded: Credits(row.int(first + 4)?),
        expired: Credits(row.int(first + 5)?),
        reclaimed: Credits(row.int(first + 6)?),
        moved: Credits(row.int(first + 7)?),
        site: None,
    })
}

/// What carrying orders out came to.
#[derive(Debug, Default)]
pub struct CarriedOut {
    /// The events that lost a race and have to be decided again; when there are any, nothing of
    /// this transaction may be committed.
    pub lost: HashSet<i64>,
    /// Credits moved, by kind of line.
    pub moved: BTreeMap<&'static str, i64>,
    /// What of the website's did not work, and kept nothing else from being done.
    pub trouble: Vec<StoreError>,
}

impl CarriedOut {
    /// Adds what more was carried out in the same transaction.
    pub(super) fn also(&mut self, more: Self) {
        self.lost.extend(more.lost);
        self.trouble.extend(more.trouble);
        for (kind, credits) in more.moved {
            *self.moved.entry(kind).or_default() += credits;
        }
    }
}

/// Carries orders out.
pub async fn carry_out(tx: &mut Tx, orders: &[Order], now: i64) -> Result<CarriedOut, StoreError> {
    if orders.is_empty() {
        return Ok(CarriedOut::default());
    }
    let held = find_holds(tx, orders).await?;
    let known = find_sources(tx, orders).await?;
    let mut purses = find_purses(tx, orders, &held).await?;
    let till = Till::open(tx, orders, &purses).await?;
    let mut book = Book { now, held, known, till, ..Book::default() };
    let mut lost = HashSet::new();
    for order in orders {
        if !book.write(&mut purses, order)? {
            lost.insert(order.seq);
        }
    }
    if lost.is_empty() {
        book.sweep(&mut purses)?;
        lost.extend(book.settle_there(tx, &mut purses).await?);
    }
    if !lost.is_empty() {
        return Ok(CarriedOut { lost, ..CarriedOut::default() });
    }
    write_out(tx, book, &purses).await
}

/// Writes down what orders came to.
async fn write_out(
    tx: &mut Tx,
    book: Book,
    purses: &BTreeMap<i64, Open>,
) -> Result<CarriedOut, StoreError> {
    tx.run_for(INSERT_LINES, &book.lines).await?;
    tx.run_for(INSERT_HOLDS, &book.holds).await?;
    tx.run_for(RESOLVE_HOLDS, &book.resolved).await?;
    let touched: Vec<&Open> = purses.values().filter(|open| open.is_touched()).collect();
    let rows: Vec<Vec<Value>> = touched
        .iter()
        .map(|open| {
            vec![
                open.purse.id.0.into(),
                open.purse.granted.0.into(),
                open.purse.posted.0.into(),
                open.purse.pending.0.into(),
                open.purse.refunded.0.into(),
                open.purse.expired.0.into(),
                open.purse.reclaimed.0.into(),
                open.purse.moved.0.into(),
                open.entries.into(),
                open.head.clone().into(),
                open.entries_before.into(),
            ]
        })
        .collect();
    let (mut written, mut lost) = (HashSet::new(), HashSet::new());
    for row in tx.rows_for(UPDATE_PURSES, &rows).await? {
        written.insert(row.int(0)?);
    }
    for open in touched {
        if !written.contains(&open.purse.id.0) {
            lost.extend(&open.seqs);
        }
    }
    Ok(CarriedOut { lost, moved: book.moved, trouble: book.trouble })
}

/// The rows that orders come to.
#[derive(Default)]
struct Book {
    now: i64,
    held: HashMap<i64, Held>,
    known: HashSet<String>,
    lines: Vec<Vec<Value>>,
    holds: Vec<Vec<Value>>,
    resolved: Vec<Vec<Value>>,
    moved: BTreeMap<&'static str, i64>,
    /// Purses that the website keeps, where it keeps some.
    till: Option<Till>,
    trouble: Vec<StoreError>,
}

impl Book {
    /// Writes one order; no when there is not enough to set aside.
    fn write(
        &mut self,
        purses: &mut BTreeMap<i64, Open>,
        order: &Order,
    ) -> Result<bool, StoreError> {
        match &order.act {
            Act::Grant { entry, purse, amount, source, reason, note } => {
                if !self.known.insert(source.clone()) {
                    return Ok(true);
                }
                let open = require(purses, *purse)?;
                open.purse.granted.0 += amount;
                let line = Line {
                    id: *entry,
                    kind: "grant",
                    amount: *amount,
                    hold: None,
                    source: source.clone(),
                    reason,
                    note: note.as_deref(),
                };
                self.line(open, order.seq, line);
            }
            Act::Take { .. } => return self.take(purses, order),
            Act::Hold { hold, purse, generation, amount } => {
                let open = require(purses, *purse)?;
                if !self.draw(open, (order.seq, *amount), Drawn::Held(*hold)) {
                    return Ok(false);
                }
                open.purse.pending.0 += amount;
                let line = Line {
                    id: *hold,
                    kind: "hold",
                    amount: *amount,
                    hold: Some(*hold),
                    source: format!("hold:{hold}"),
                    reason: "picture",
                    note: None,
                };
                self.line(open, order.seq, line);
                let (now, zero) = (Value::from(self.now), Value::from(0_i64));
                let (purse, amount) = (*purse, *amount);
                let held = Held { purse, amount, pending: true, back_to: None };
                self.held.insert(*hold, held);
                self.holds.push(vec![
                    (*hold).into(),
                    purse.into(),
                    (*generation).into(),
                    amount.into(),
                    "pending".into(),
                    now,
                    zero,
                ]);
            }
            Act::Post { hold } => self.resolve(purses, order.seq, *hold, None)?,
            Act::Void { hold, reason } => self.resolve(purses, order.seq, *hold, Some(reason))?,
            Act::Move(moved) => return self.transfer(purses, order.seq, moved),
        }
        Ok(true)
    }

    /// Takes credits back; no when they are not there to be taken and only those may be.
    fn take(
        &mut self,
        purses: &mut BTreeMap<i64, Open>,
        order: &Order,
    ) -> Result<bool, StoreError> {
        let Act::Take { entry, purse, amount, source, reason } = &order.act else {
            return Ok(true);
        };
        if self.known.contains(source) {
            return Ok(true);
        }
        let open = require(purses, *purse)?;
        let must_be_there = *reason != TakeReason::Reclaimed;
        if must_be_there && !self.draw(open, (order.seq, *amount), Drawn::Spent(*entry)) {
            return Ok(false);
        }
        let kind = match reason {
            TakeReason::Refunded => {
                open.purse.refunded.0 += amount;
                "refund"
            }
            TakeReason::Lapsed => {
                open.purse.expired.0 += amount;
                "expire"
            }
            TakeReason::Reclaimed => {
                open.purse.reclaimed.0 += amount;
                "reclaim"
            }
        };
        self.known.insert(source.clone());
        let line = Line {
            id: *entry,
            kind,
            amount: *amount,
            hold: None,
            source: source.clone(),
            reason: reason.code(),
            note: None,
        };
        self.line(open, order.seq, line);
        Ok(true)
    }

    /// Posts a hold, or voids it for a reason. One that is resolved stays as it is.
    fn resolve(
        &mut self,
        purses: &mut BTreeMap<i64, Open>,
        seq: i64,
        hold: i64,
        void: Option<&'static str>,
    ) -> Result<(), StoreError> {
        let Some(held) = self.held.get_mut(&hold) else {
            return Err(StoreError::Inconsistent { table: "holds", row: hold.to_string() });
        };
        if !std::mem::take(&mut held.pending) {
            return Ok(());
        }
        let (purse, amount, back_to) = (held.purse, held.amount, held.back_to);
        let open = require(purses, purse)?;
        open.purse.pending.0 -= amount;
        if void.is_none() {
            open.purse.posted.0 += amount;
        }
        let (kind, state) = match void {
            None => ("post", "posted"),
            Some(EXPIRED) => ("void", "expired"),
            Some(_) => ("void", "voided"),
        };
        let line = Line {
            // A hold is resolved once, so that its own number with the other sign is free.
            id: -hold,
            kind,
            amount,
            hold: Some(hold),
            source: format!("{kind}:{hold}"),
            reason: void.unwrap_or("picture"),
            note: None,
        };
        self.line(open, seq, line);
        self.end_there(open, (seq, hold), void.is_none());
        self.resolved.push(vec![hold.into(), state.into(), self.now.into()]);
        match back_to.filter(|_| void.is_some()) {
            Some(to) => self.give_back(purses, seq, (purse, to), (hold, amount)),
            None => Ok(()),
        }
    }

    fn line(&mut self, open: &mut Open, seq: i64, line: Line<'_>) {
        let note_sha256 = line.note.map(|note| digest(note.as_bytes())).unwrap_or_default();
        open.entries += 1;
        open.last = line.id;
        open.seqs.insert(seq);
        *self.moved.entry(line.kind).or_default() += line.amount;
        open.head = Sealed {
            before: &open.head,
            id: line.id,
            purse: open.purse.id.0,
            number: open.entries,
            kind: line.kind,
            amount: line.amount,
            hold: line.hold,
            source: &line.source,
            reason: line.reason,
            note_sha256: &note_sha256,
            at: self.now,
        }
        .hash();
        self.lines.push(vec![
            line.id.into(),
            open.purse.id.0.into(),
            open.entries.into(),
            line.kind.into(),
            line.amount.into(),
            line.hold.into(),
            line.source.into(),
            line.reason.into(),
            line.note.map(|note| sealed::seal(note.as_bytes())).into(),
            note_sha256.into(),
            self.now.into(),
            open.head.clone().into(),
        ]);
    }
}

fn require(purses: &mut BTreeMap<i64, Open>, purse: i64) -> Result<&mut Open, StoreError> {
    purses
        .get_mut(&purse)
        .ok_or_else(|| StoreError::Inconsistent { table: "purses", row: purse.to_string() })
}
