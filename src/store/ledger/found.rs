//! What orders about money find: purses, holds, and lines that were written before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Act, Open, Order, read_purse};
use crate::store::{Row, StoreError, Tx, Value};

const FIND_PURSES: &str = "
    select id, granted, posted, pending, refunded, expired, reclaimed, moved, entries, head,
           successor
    from purses where id in ({list})";
const FIND_HOLDS: &str = "select id, purse, amount, state, back_to from holds where id in ({list})";
const FIND_SOURCES: &str = "select source from ledger where source in ({list})";

/// A hold as it is found.
pub(super) struct Held {
    pub(super) purse: i64,
    pub(super) amount: i64,
    pub(super) pending: bool,
    /// Where it goes on to when it is given back.
    pub(super) back_to: Option<i64>,
}

/// The holds that orders end.
pub(super) async fn find_holds(
    tx: &mut Tx,
    orders: &[Order],
) -> Result<HashMap<i64, Held>, StoreError> {
    let ids: Vec<Vec<Value>> = orders
        .iter()
        .filter_map(|order| match order.act {
            Act::Post { hold } | Act::Void { hold, .. } => Some(vec![hold.into()]),
            Act::Grant { .. } | Act::Take { .. } | Act::Hold { .. } | Act::Move(_) => None,
        })
        .collect();
    let mut found = HashMap::new();
    for row in tx.rows_for(FIND_HOLDS, &ids).await? {
        let pending = row.text(3)? == "pending";
        let (purse, amount, back_to) = (row.int(1)?, row.int(2)?, row.maybe_int(4)?);
        found.insert(row.int(0)?, Held { purse, amount, pending, back_to });
    }
    Ok(found)
}

/// The sources of orders that were written before.
pub(super) async fn find_sources(
    tx: &mut Tx,
    orders: &[Order],
) -> Result<HashSet<String>, StoreError> {
    let sources: Vec<Vec<Value>> = orders
        .iter()
        .filter_map(|order| match &order.act {
            Act::Grant { source, .. } | Act::Take { source, .. } => {
                Some(vec![source.clone().into()])
            }
            Act::Hold { .. } | Act::Post { .. } | Act::Void { .. } | Act::Move(_) => None,
        })
        .collect();
    tx.rows_for(FIND_SOURCES, &sources).await?.iter().map(|row| row.text(0)).collect()
}

/// The purses that orders are about, and whatever succeeds them.
pub(super) async fn find_purses(
    tx: &mut Tx,
    orders: &[Order],
    held: &HashMap<i64, Held>,
) -> Result<BTreeMap<i64, Open>, StoreError> {
    let mut ids: BTreeSet<i64> = BTreeSet::new();
    for order in orders {
        match &order.act {
            Act::Grant { purse, .. } | Act::Take { purse, .. } | Act::Hold { purse, .. } => {
                ids.extend([*purse]);
            }
            Act::Post { hold } | Act::Void { hold, .. } => {
                let held = held.get(hold);
                ids.extend(held.into_iter().flat_map(|it| [Some(it.purse), it.back_to]).flatten());
            }
            Act::Move(moved) => ids.extend([moved.from, moved.to]),
        }
    }
    open_purses(tx, ids).await
}

/// These purses, and whatever succeeds them.
pub(super) async fn open_purses(
    tx: &mut Tx,
    ids: impl IntoIterator<Item = i64>,
) -> Result<BTreeMap<i64, Open>, StoreError> {
    let mut ids: BTreeSet<i64> = ids.into_iter().collect();
    let mut purses = BTreeMap::new();
    // A purse that has a successor needs that one too; a successor has none.
    while !ids.is_empty() {
        let rows: Vec<Vec<Value>> = ids.iter().map(|id| vec![(*id).into()]).collect();
        ids.clear();
        for row in tx.rows_for(FIND_PURSES, &rows).await? {
            let open = read_open(&row)?;
            ids.extend(open.successor);
            purses.insert(open.purse.id.0, open);
        }
        ids.retain(|id| !purses.contains_key(id));
    }
    Ok(purses)
}

fn read_open(row: &Row) -> Result<Open, StoreError> {
    let entries = row.int(8)?;
    Ok(Open {
        purse: read_purse(row, 0)?,
        entries,
        entries_before: entries,
        head: row.text(9)?,
        successor: row.maybe_int(10)?,
        last: 0,
        seqs: HashSet::new(),
    })
}
