//! Accounts that may spend nothing, because the daily look found their books wrong. Whoever put
//! them right need not say so: the next look does.

use std::collections::{BTreeMap, BTreeSet};

use picdesk_core::id::AccountId;

use super::Broken;
use crate::store::{
    StoreError, Tx, Value,
    inbox::{self, NewEvent},
};

/// What the end of the last look is kept under, beside where sources of events stand.
const SOURCE: &str = "audit";

const FIND_CHAIN: &str = "
    with recursive r(id, successor) as (
      select id, successor from purses where id = $1
      union all select p.id, p.successor from purses p join r on p.id = r.successor)
    select id from r";
const STOP: &str = "
    update purses set stopped = 1 where id in ({list}) and stopped = 0 returning id, successor";
const FIND_STOPPED: &str = "select id from purses where stopped = 1";
const GO_ON: &str = "update purses set stopped = 0 where id in ({list}) returning id";
const FIND_ACCOUNT: &str = "select id from accounts where purse = $1";
const KEEP_END: &str = "
    insert into checkpoints (source, position) values ($1, $2)
    on conflict (source) do update set position = excluded.position";
const FIND_END: &str = "select position from checkpoints where source = $1";

/// An account that is stopped since just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Which.
    pub account: AccountId,
    /// What is wrong, in words: invariants, no content.
    pub why: Vec<&'static str>,
}

/// A purse, and whatever succeeds it.
async fn chain(tx: &mut Tx, purse: i64) -> Result<Vec<i64>, StoreError> {
    tx.rows(FIND_CHAIN, &[purse.into()]).await?.iter().map(|row| row.int(0)).collect()
}

/// Nothing is spent any more from purses whose books are wrong, nor from what succeeded them. Who
/// is stopped by that, and whether some are of nobody; `tell` makes the event by which somebody
/// hears of it in the same commit.
pub async fn stop(
    tx: &mut Tx,
    broken: &[Broken],
    tell: &(dyn Fn(&[Stopped]) -> Option<NewEvent> + Send + Sync),
    now: i64,
) -> Result<(Vec<Stopped>, bool), StoreError> {
    let mut wrong: BTreeMap<i64, BTreeSet<&'static str>> = BTreeMap::new();
    for one in broken {
        if let Some(purse) = one.purse {
            wrong.entry(purse).or_default().insert(one.invariant);
        }
    }
    let mut stopped = Vec::new();
    let mut of_nobody = broken.iter().any(|one| one.purse.is_none());
    for (purse, why) in wrong {
        let all: Vec<Vec<Value>> =
            chain(tx, purse).await?.into_iter().map(|id| vec![id.into()]).collect();
        of_nobody |= all.is_empty();
        for row in tx.rows_for(STOP, &all).await? {
            if row.maybe_int(1)?.is_some() {
                continue;
            }
            if let Some(found) = tx.rows(FIND_ACCOUNT, &[row.int(0)?.into()]).await?.first() {
                let account = AccountId(found.int(0)?);
                stopped.push(Stopped { account, why: why.iter().copied().collect() });
            }
        }
    }
    if !stopped.is_empty() {
        let told: Vec<NewEvent> = tell(&stopped).into_iter().collect();
        inbox::insert(tx, &told, now, now).await?;
    }
    Ok((stopped, of_nobody))
}

/// A look at everything is over, in which these purses were wrong: whoever else was stopped may
/// spend again. How many still may not.
pub async fn end(tx: &mut Tx, wrong: &BTreeSet<i64>, now: i64) -> Result<i64, StoreError> {
    let mut still = BTreeSet::new();
    for purse in wrong {
        still.extend(chain(tx, *purse).await?);
    }
    let mut may = Vec::new();
    let mut left = 0;
    for row in tx.rows(FIND_STOPPED, &[]).await? {
        let purse = row.int(0)?;
        if still.contains(&purse) {
            left += 1;
        } else {
            may.push(vec![purse.into()]);
        }
    }
    tx.rows_for(GO_ON, &may).await?;
    tx.run(KEEP_END, &[SOURCE.into(), format!("{now} {left}").into()]).await?;
    Ok(left)
}

/// When the last look at everything was over, milliseconds since the epoch, and how many purses
/// were stopped then; nothing before the first.
pub async fn last_end(tx: &mut Tx) -> Result<Option<(i64, i64)>, StoreError> {
    let rows = tx.rows(FIND_END, &[SOURCE.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let position = row.text(0)?;
    let numbers = position.split_once(' ');
    Ok(numbers.and_then(|(at, left)| Some((at.parse().ok()?, left.parse().ok()?))))
}
