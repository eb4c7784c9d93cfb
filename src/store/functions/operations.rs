//! What is asked of the website's functions: each operation is a row of ours before it is a call,
//! so that it is asked once.

use std::collections::HashMap;

use super::{Does, Functions};
use crate::store::{
    StoreError, Tx, Value,
    audit::{Check, Walk},
};

const INSERT: &str = "
    insert into site_operations (operation, function, subject, purse, amount, hold, at)
    values {rows}
    on conflict (operation, function) do nothing
    returning operation, function";
const FIND_HELD: &str = "
    select hold, subject, amount from site_operations
    where hold in ({list}) and function = 'hold'";
const AT_SITE_WITHOUT_OPERATION: &str = "
    select l.id, l.purse from ledger l
    where l.id > $1 and l.id <= $2 and l.kind in ('site_in', 'site_out') and not exists (
      select 1 from site_operations o
      where o.operation = substr(
          l.source, case when l.source like 'site:grant:%' then 12 else 11 end)
        and l.source = 'site:' || o.function || ':' || o.operation
        and o.amount = l.amount and o.purse = l.purse)
    order by l.id limit 1000";
const OPERATION_WITHOUT_LINE: &str = "
    select o.operation, o.purse from site_operations o
    where o.operation > $1 and o.operation <= $2 and o.function <> 'post' and not exists (
      select 1 from ledger l
      where l.source = 'site:' || o.function || ':' || o.operation
        and l.amount = o.amount and l.purse = o.purse)
    order by o.operation, o.purse limit 1000";
const HELD_AT_SITE_OTHERWISE: &str = "
    select o.operation, o.purse from site_operations o left join holds h on h.id = o.hold
    where o.operation > $1 and o.operation <= $2 and o.function = 'hold' and (
      (o.hold is null or coalesce(h.state, '') = 'posted') <> exists (
        select 1 from site_operations p
        where p.operation = o.operation and p.function = 'post' and p.amount = o.amount
          and p.subject = o.subject)
      or (coalesce(h.state, '') in ('voided', 'expired')) <> exists (
        select 1 from site_operations p
        where p.operation = o.operation and p.function = 'void' and p.amount = o.amount
          and p.subject = o.subject))
    order by o.operation limit 1000";
const ENDED_AT_SITE_UNHELD: &str = "
    select o.operation, o.purse from site_operations o
    where o.operation > $1 and o.operation <= $2
      and o.function in ('post', 'void') and not exists (
      select 1 from site_operations p
      where p.operation = o.operation and p.function = 'hold')
    order by o.operation, o.purse limit 1000";
const COUNT: &str = "select count(*) from site_operations";
/// What `ledger verify` can say of it: that what was asked for is what is written here. The
/// website's own books are not ours to check.
pub(in crate::store) const CHECKS: &[Check] = &[
    ("every line of the website's has its operation", Walk::Lines, AT_SITE_WITHOUT_OPERATION),
    ("every operation of the website's has its line", Walk::Operations, OPERATION_WITHOUT_LINE),
    (
        "what is set aside at the website ends as its hold does",
        Walk::Operations,
        HELD_AT_SITE_OTHERWISE,
    ),
    ("what ends at the website was set aside there", Walk::Operations, ENDED_AT_SITE_UNHELD),
];
/// What a call may need to take back alone.
const BEGIN_ALONE: &str = "savepoint site_call";
const TAKE_BACK: &str = "rollback to savepoint site_call";
const END_ALONE: &str = "release savepoint site_call";

/// Something that is asked of a function.
#[derive(Clone, Debug)]
pub(in crate::store) struct Call {
    /// The event that it comes of.
    pub(in crate::store) seq: i64,
    /// The purse of ours on this side.
    pub(in crate::store) purse: i64,
    /// Of which function.
    pub(in crate::store) does: Does,
    /// Whose purse it is at the website.
    pub(in crate::store) subject: String,
    /// How many credits.
    pub(in crate::store) amount: i64,
    /// Its name; what is held is posted or void by the same.
    pub(in crate::store) operation: String,
    /// The hold that it is for.
    pub(in crate::store) hold: Option<i64>,
}

/// Credits that were set aside at the website.
#[derive(Clone, Debug)]
pub(in crate::store) struct HeldThere {
    /// Whose purse it is there.
    pub(in crate::store) subject: String,
    /// How many.
    pub(in crate::store) amount: i64,
}

/// What was set aside at the website for these holds.
pub(in crate::store) async fn held_there(
    tx: &mut Tx,
    holds: &[Vec<Value>],
) -> Result<HashMap<i64, HeldThere>, StoreError> {
    let rows = tx.rows_for(FIND_HELD, holds).await?;
    let read = |row: &crate::store::Row| {
        Ok((row.int(0)?, HeldThere { subject: row.text(1)?, amount: row.int(2)? }))
    };
    rows.iter().map(read).collect()
}

/// How often the website's functions were asked for something.
pub async fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    tx.rows(COUNT, &[]).await?[0].int(0)
}

impl Functions {
    /// Asks all of this, one purse after the other in the order of their names, as whoever else
    /// asks of several should. The first event that was refused, if one was: then nothing of this
    /// transaction may be committed.
    pub(in crate::store) async fn ask(
        &self,
        tx: &mut Tx,
        mut calls: Vec<Call>,
        now: i64,
    ) -> Result<Option<i64>, StoreError> {
        calls.sort_by(|a, b| a.subject.cmp(&b.subject));
        let rows: Vec<Vec<Value>> = calls.iter().map(|call| row_of(call, now)).collect();
        let mut fresh = Vec::new();
        for row in tx.rows_for(INSERT, &rows).await? {
            fresh.push((row.text(0)?, row.text(1)?));
        }
        for call in &calls {
            let is_it = |(operation, function): &(String, String)| {
                *operation == call.operation && function == call.does.word()
            };
            if !fresh.iter().any(is_it) {
                continue;
            }
            let given = (call.subject.as_str(), call.amount, call.operation.as_str());
            if self.call(tx, call.does, given).await? {
                continue;
            }
            if call.does == Does::Hold {
                self.note_refusal(call.purse, call.amount);
                return Ok(Some(call.seq));
            }
            return Err(self.failed(call.does, "it said no".to_owned()));
        }
        Ok(None)
    }

    /// Asks this alone. Where the function fails, what it did is taken back, and the rest of the
    /// transaction goes on; what was wrong.
    pub(in crate::store) async fn try_to_ask(
        &self,
        tx: &mut Tx,
        call: Call,
        now: i64,
    ) -> Result<Option<StoreError>, StoreError> {
        tx.run(BEGIN_ALONE, &[]).await?;
        let wrong = match self.ask(tx, vec![call], now).await {
            Ok(_) => None,
            Err(error @ StoreError::Site { .. }) => {
                tx.run(TAKE_BACK, &[]).await?;
                Some(error)
            }
            Err(error) => return Err(error),
        };
        tx.run(END_ALONE, &[]).await?;
        Ok(wrong)
    }
}

fn row_of(call: &Call, now: i64) -> Vec<Value> {
    vec![
        call.operation.clone().into(),
        call.does.word().into(),
        call.subject.clone().into(),
        call.purse.into(),
        call.amount.into(),
        call.hold.into(),
        now.into(),
    ]
}
