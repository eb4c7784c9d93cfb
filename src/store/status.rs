//! Counts for `status` and the metrics.

use picdesk_core::generation::{Quality, Resolution};
use serde::Serialize;

use super::{Connection, Row, StoreError, Tx, facts::word};
use crate::telemetry::metrics;

/// The object that `status --json` prints. All integers, all present; counts survive pruning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Customers' and operators' events.
    pub inbox: InboxCounts,
    /// Messages to them.
    pub outbox: OutboxCounts,
    /// Pictures.
    pub generations: GenerationCounts,
    /// Holds.
    pub holds: HoldCounts,
    /// Credits over all purses.
    pub credits: CreditCounts,
    /// Errands to outside parties.
    pub errands: ErrandCounts,
    /// Accounts.
    pub accounts: i64,
    /// Of these, such that may spend nothing because their books are wrong.
    pub accounts_stopped: i64,
    /// Identities.
    pub identities: i64,
    /// Matters with people.
    pub escalations: EscalationCounts,
    /// Stored pictures.
    pub artifacts: ArtifactCounts,
}

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident { $($field:ident),+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
        pub struct $name {
            $(#[doc = concat!("Rows that are ", stringify!($field), ".")] pub $field: i64,)+
        }
    )+};
}
counts! {
    /// Of the inbox.
    InboxCounts { waiting, turned, failed, set_aside }
    /// Of the outbox.
    OutboxCounts { waiting, held, delivered, unknown, refused, owed }
    /// Of pictures.
    GenerationCounts { queued, running, finished, failed, uncertain, cancelled }
    /// Of holds.
    HoldCounts { pending, posted, voided, expired }
    /// Of credits.
    CreditCounts { granted, posted, pending, refunded, expired, available }
    /// Of errands.
    ErrandCounts { waiting, failed }
    /// Of matters.
    EscalationCounts { open, resolved }
    /// Of stored pictures.
    ArtifactCounts { kept, expired }
}

const COUNT_INBOX: &str =
    "select state, count(*) from inbox where origin = 'people' group by state";
const COUNT_OUTBOX: &str =
    "select state, count(*) from outbox where origin = 'people' group by state";
const COUNT_GENERATIONS: &str = "select state, count(*) from generations group by state";
const COUNT_HOLDS: &str = "select state, count(*) from holds group by state";
const COUNT_ESCALATIONS: &str = "select state, count(*) from escalations group by state";
const COUNT_ARTIFACTS: &str = "select state, count(*) from artifacts group by state";
const COUNT_ERRANDS: &str = "select state, count(*) from errands group by state";
const COUNTERS: &str = "select name, value from counters";
const COUNT_OWED: &str = "select count(*) from artifacts where owed = 1 and state = 'kept'";
const COUNT_ACCOUNTS: &str = "select count(*) from accounts where successor is null";
const COUNT_STOPPED: &str = "select count(*) from purses where stopped = 1 and successor is null";
const COUNT_IDENTITIES: &str = "select count(*) from identities";
const SUM_PURSES: &str = "
    select cast(coalesce(sum(granted), 0) as bigint), cast(coalesce(sum(posted), 0) as bigint),
           cast(coalesce(sum(pending), 0) as bigint), cast(coalesce(sum(refunded), 0) as bigint),
           cast(coalesce(sum(expired), 0) as bigint), cast(coalesce(sum(reclaimed), 0) as bigint),
           cast(coalesce(sum(moved), 0) as bigint)
    from purses";

type Count = (String, i64);

async fn by_word(tx: &mut Tx, text: &'static str) -> Result<Vec<Count>, StoreError> {
    let rows = tx.rows(text, &[]).await?;
    rows.iter().map(|row| Ok((row.text(0)?, row.int(1)?))).collect()
}

fn sum(counts: &[Count], words: &[&str]) -> i64 {
    counts.iter().filter(|(word, _)| words.contains(&word.as_str())).map(|(_, count)| count).sum()
}

async fn one(tx: &mut Tx, text: &'static str) -> Result<i64, StoreError> {
    tx.rows(text, &[]).await?[0].int(0)
}

/// Counts everything, in a snapshot.
pub async fn status(tx: &mut Tx) -> Result<Status, StoreError> {
    let pruned = by_word(tx, COUNTERS).await?;
    let inbox = by_word(tx, COUNT_INBOX).await?;
    let outbox = by_word(tx, COUNT_OUTBOX).await?;
    let generations = by_word(tx, COUNT_GENERATIONS).await?;
    let holds = by_word(tx, COUNT_HOLDS).await?;
    let errands = by_word(tx, COUNT_ERRANDS).await?;
    let escalations = by_word(tx, COUNT_ESCALATIONS).await?;
    let artifacts = by_word(tx, COUNT_ARTIFACTS).await?;
    let before = |word: &str| sum(&pruned, &[word]);
    let purses = &tx.rows(SUM_PURSES, &[]).await?[0];
    let credits = credits(purses)?;
    Ok(Status {
        inbox: InboxCounts {
            waiting: sum(&inbox, &["waiting"]),
            turned: sum(&inbox, &["turned"]) + before("inbox/turned"),
            failed: sum(&inbox, &["failed"]),
            set_aside: sum(&inbox, &["set_aside"]) + before("inbox/set_aside"),
        },
        outbox: OutboxCounts {
            waiting: sum(&outbox, &["waiting", "sending"]),
            held: sum(&outbox, &["held"]),
            delivered: sum(&outbox, &["delivered"]) + before("outbox/delivered"),
            unknown: sum(&outbox, &["unknown"]) + before("outbox/unknown"),
            refused: sum(&outbox, &["refused"]) + before("outbox/refused"),
            owed: one(tx, COUNT_OWED).await?,
        },
        generations: GenerationCounts {
            queued: sum(&generations, &["held"]),
            running: sum(&generations, &["claimed", "submitting", "submitted"]),
            finished: sum(&generations, &["made", "delivered"]),
            failed: sum(&generations, &["failed"]),
            uncertain: sum(&generations, &["uncertain"]),
            cancelled: sum(&generations, &["cancelled"]),
        },
        holds: HoldCounts {
            pending: sum(&holds, &["pending"]),
            posted: sum(&holds, &["posted"]),
            voided: sum(&holds, &["voided"]),
            expired: sum(&holds, &["expired"]),
        },
        credits,
        errands: ErrandCounts {
            waiting: sum(&errands, &["waiting", "claimed"]),
            failed: sum(&errands, &["failed", "set_aside"]) + before("errands/failed"),
        },
        accounts: one(tx, COUNT_ACCOUNTS).await?,
        accounts_stopped: one(tx, COUNT_STOPPED).await?,
        identities: one(tx, COUNT_IDENTITIES).await?,
        escalations: EscalationCounts {
            open: sum(&escalations, &["open"]),
            resolved: sum(&escalations, &["resolved"]),
        },
        artifacts: ArtifactCounts {
            kept: sum(&artifacts, &["kept"]),
            expired: sum(&artifacts, &["going", "expired"]),
        },
    })
}

fn credits(row: &Row) -> Result<CreditCounts, StoreError> {
    // What moved between purses of ours is nothing in all; what is left came from the website's.
    let (granted, posted, pending) = (row.int(0)? + row.int(6)?, row.int(1)?, row.int(2)?);
    // What a dispute took went back too.
    let (refunded, expired) = (row.int(3)? + row.int(5)?, row.int(4)?);
    let available = granted - posted - pending - refunded - expired;
    Ok(CreditCounts { granted, posted, pending, refunded, expired, available })
}

const FIND_SAMPLES: &str =
    "select id, resolution, quality, took_ms from samples order by id desc limit 2000";
const COUNT_WAITING: &str = "select count(*) from inbox where state = 'waiting'";
const COUNT_HELD: &str = "select count(*) from generations where state = 'held'";
const COUNT_UNDONE: &str = "select count(*) from errands where state in ('waiting', 'claimed')";
const COUNT_PENDING: &str = "select count(*) from holds where state = 'pending'";
const COUNT_OPEN: &str = "select count(*) from escalations where state = 'open'";

/// How long pictures took, newest first.
pub async fn samples(
    connection: &mut Connection,
) -> Result<Vec<(Resolution, Quality, i64)>, StoreError> {
    let rows = connection.rows(FIND_SAMPLES, &[]).await?;
    rows.iter()
        .map(|row| {
            let id = row.int(0)?;
            Ok((
                word(&row.text(1)?, "samples", id)?,
                word(&row.text(2)?, "samples", id)?,
                row.int(3)?,
            ))
        })
        .collect()
}

/// Counts what waits, for the metrics: each by an index of what waits, never the whole table.
pub async fn gauges(connection: &mut Connection) -> Result<(), StoreError> {
    let mut count = async |text| connection.rows(text, &[]).await?[0].int(0);
    metrics::inbox_waiting(count(COUNT_WAITING).await?);
    metrics::generations_waiting(count(COUNT_HELD).await?);
    metrics::errands_waiting(count(COUNT_UNDONE).await?);
    metrics::holds_pending(count(COUNT_PENDING).await?);
    metrics::escalations_open(count(COUNT_OPEN).await?);
    metrics::accounts_stopped(count(COUNT_STOPPED).await?);
    Ok(())
}
