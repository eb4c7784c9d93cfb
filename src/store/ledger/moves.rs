//! Credits that go from purse to purse, when accounts become one or part again.
//!
//! Lines are never re-pointed: what leaves a purse is a line there, and what arrives a line here. A
//! purse whose account was merged names its successor. Its holds end where they are, and what
//! comes back by them goes on at once.

use std::collections::{BTreeMap, HashSet};

use super::{Book, Line, Open, require};
use crate::store::StoreError;

/// Marks the numbers of lines that carry on what came back to an old purse; the numbers of events
/// stay far below.
const SWEPT_OUT: i64 = 1 << 61;
/// The same, at the successor.
const SWEPT_IN: i64 = 1 << 62;

/// Credits to be moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// The line there.
    pub out: i64,
    /// The line here.
    pub into: i64,
    /// From which purse.
    pub from: i64,
    /// To which purse.
    pub to: i64,
    /// What becomes of the purses.
    pub kind: MoveKind,
}

/// What becomes of the purses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveKind {
    /// One succeeds the other: all that can be spent goes over, and all that is owed to us.
    Merged,
    /// They part: the one left is nobody's successor any more, and so much goes back, as far as it
    /// is there.
    Parted {
        /// Credits; below zero, what is owed to us.
        at_most: i64,
        /// How far below zero what is left may be: what is owed to us by whoever stays.
        owing: i64,
    },
}

impl MoveKind {
    /// Why, in the ledger's words.
    fn reason(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::Parted { .. } => "parted",
        }
    }
}

/// The purse that succeeds a purse in the end.
fn last_successor(purses: &mut BTreeMap<i64, Open>, from: i64) -> Result<i64, StoreError> {
    let mut last = from;
    for _ in 0..purses.len() {
        match require(purses, last)?.successor {
            Some(next) => last = next,
            None => return Ok(last),
        }
    }
    Err(StoreError::Inconsistent { table: "purses", row: from.to_string() })
}

/// Two lines that belong together.
struct Pair {
    out: i64,
    into: i64,
    from: i64,
    to: i64,
    reason: &'static str,
}

impl Book {
    /// Moves credits between purses; no when one of two that are to become one has ended.
    pub(super) fn transfer(
        &mut self,
        purses: &mut BTreeMap<i64, Open>,
        seq: i64,
        moved: &Move,
    ) -> Result<bool, StoreError> {
        let Move { out, into, from, to, kind } = *moved;
        if let MoveKind::Parted { at_most, .. } = kind {
            // What they brought may be at the website by now.
            self.draw_what_is_there(require(purses, from)?, (seq, at_most), out);
        }
        let there = require(purses, from)?.purse.available().0;
        let pair = Pair { out, into, from, to, reason: kind.reason() };
        match kind {
            MoveKind::Merged => {
                for purse in [from, to] {
                    if require(purses, purse)?.successor.is_some() {
                        return Ok(false);
                    }
                }
                require(purses, from)?.successor = Some(to);
                self.carry(purses, seq, &pair, there)?;
            }
            MoveKind::Parted { at_most, owing } => {
                require(purses, to)?.successor = None;
                let owed = require(purses, from)?.purse.reclaimed.0;
                // What was taken back pushes below zero, and nothing else does.
                let may_go = there + owing.clamp(0, owed);
                let back = if at_most < 0 { at_most.max(-owed) } else { may_go.clamp(0, at_most) };
                self.carry(purses, seq, &pair, back)?;
            }
        }
        Ok(true)
    }

    /// What came back to a purse from a hold goes to whoever set it aside and has parted since.
    pub(super) fn give_back(
        &mut self,
        purses: &mut BTreeMap<i64, Open>,
        seq: i64,
        (from, to): (i64, i64),
        (hold, amount): (i64, i64),
    ) -> Result<(), StoreError> {
        // No line of a sweep is below zero.
        let (out, into) = (-(SWEPT_OUT | hold), -(SWEPT_IN | hold));
        // It may have come from the website, and have gone back there.
        self.draw_what_is_there(require(purses, from)?, (seq, amount), out);
        let open = require(purses, from)?;
        let there = open.purse.available().0 + open.purse.reclaimed.0;
        let amount = amount.min(there).max(0);
        self.carry(purses, seq, &Pair { out, into, from, to, reason: "parted" }, amount)
    }

    /// What came back to purses with a successor goes on, to whoever succeeds last.
    pub(super) fn sweep(&mut self, purses: &mut BTreeMap<i64, Open>) -> Result<(), StoreError> {
        let touched = |open: &Open| open.successor.is_some() && open.entries != open.entries_before;
        let old: Vec<i64> =
            purses.iter().filter(|(_, open)| touched(open)).map(|(id, _)| *id).collect();
        for from in old {
            let to = last_successor(purses, from)?;
            let open = require(purses, from)?;
            let (amount, cause) = (open.purse.available().0, open.last.abs());
            let seqs: HashSet<i64> = open.seqs.clone();
            let Some(seq) = seqs.iter().min().copied() else { continue };
            let (out, into) = (SWEPT_OUT | cause, SWEPT_IN | cause);
            self.carry(purses, seq, &Pair { out, into, from, to, reason: "merged" }, amount)?;
            require(purses, to)?.seqs.extend(seqs);
        }
        Ok(())
    }

    /// Writes the two lines of what goes over: credits, or where there are less than none, what
    /// is owed to us after a chargeback.
    fn carry(
        &mut self,
        purses: &mut BTreeMap<i64, Open>,
        seq: i64,
        pair: &Pair,
        amount: i64,
    ) -> Result<(), StoreError> {
        let kinds = match amount {
            0 => return Ok(()),
            1.. => ["move_out", "move_in"],
            _ => ["debt_out", "debt_in"],
        };
        let sides =
            [(pair.from, pair.out, kinds[0], -amount), (pair.to, pair.into, kinds[1], amount)];
        for (purse, id, kind, change) in sides {
            let open = require(purses, purse)?;
            if amount > 0 {
                open.purse.moved.0 += change;
            } else {
                open.purse.reclaimed.0 -= change;
            }
            let line = Line {
                id,
                kind,
                amount: amount.abs(),
                hold: None,
                source: format!("{kind}:{}", pair.out),
                reason: pair.reason,
                note: None,
            };
            self.line(open, seq, line);
        }
        Ok(())
    }
}
