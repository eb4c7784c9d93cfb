//! Counts for `status`, and the check of every invariant for `ledger verify`.

use picdesk_core::generation::{Quality, Resolution};
use serde::Serialize;

use super::{Connection, Row, StoreError, Tx, facts::word, functions::operations, ledger, sealed};
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
    let (granted, posted, pending) = (row.int(0)?, row.int(1)?, row.int(2)?);
    let (refunded, expired) = (row.int(3)?, row.int(4)?);
    // What moved between purses of ours is nothing in all; what is left went to the website's.
    let available = granted + row.int(6)? - posted - pending - refunded - expired - row.int(5)?;
    Ok(CreditCounts { granted, posted, pending, refunded, expired, available })
}

/// A broken invariant, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Which invariant.
    pub invariant: &'static str,
    /// Where.
    pub row: String,
}

/// Lines read at once.
const PAGE: i64 = 5000;

const FIND_LINES: &str = "
    select purse, number, kind, amount, hold, source, reason, at, hash, id, note, note_sha256
    from ledger where purse > $1 or (purse = $1 and number > $2)
    order by purse, number limit $3";
const FIND_PURSES: &str = "
    select id, granted, posted, pending, refunded, expired, reclaimed, moved, entries, head
    from purses where id > $1 order by id limit $2";
const HOLDS_AGAINST_LINES: &str = "
    select h.id from holds h
    where not exists (
      select 1 from ledger l where l.hold = h.id and l.kind = 'hold' and l.amount = h.amount
        and l.purse = h.purse)
    or (h.state = 'posted') <> exists (
      select 1 from ledger l where l.hold = h.id and l.kind = 'post' and l.amount = h.amount)
    or (h.state in ('voided', 'expired')) <> exists (
      select 1 from ledger l where l.hold = h.id and l.kind = 'void' and l.amount = h.amount)
    order by h.id limit 100";
const LINES_WITHOUT_HOLD: &str = "
    select l.id from ledger l
    where l.hold is not null and not exists (select 1 from holds h where h.id = l.hold)
    order by l.id limit 100";
const POSTED_WITHOUT_PICTURE: &str = "
    select h.id from holds h
    where h.state = 'posted'
      and not exists (select 1 from artifacts a where a.generation = h.generation)
    order by h.id limit 100";
const OPEN_WITHOUT_HOLD: &str = "
    select g.id from generations g join holds h on h.id = g.hold
    where g.state in ('held', 'claimed', 'submitting', 'submitted', 'made')
      and h.state <> 'pending'
    order by g.id limit 100";
const PENDING_WITHOUT_WORK: &str = "
    select h.id from holds h
    where h.state = 'pending' and not exists (
      select 1 from generations g where g.id = h.generation and g.hold = h.id
        and g.state in ('held', 'claimed', 'submitting', 'submitted', 'made'))
    order by h.id limit 100";
const MOVED_FROM_NOWHERE: &str = "
    select l.id from ledger l
    where l.kind in ('move_out', 'move_in', 'debt_out', 'debt_in') and not exists (
      select 1 from ledger m where m.amount = l.amount and m.source =
        case when l.kind in ('move_out', 'debt_out') then replace(l.source, '_out:', '_in:')
             else replace(l.source, '_in:', '_out:') end)
    order by l.id limit 100";
const LEFT_BEHIND: &str = "
    select p.id from purses p
    where p.successor is not null and
      p.granted + p.moved - p.posted - p.pending - p.refunded - p.expired - p.reclaimed <> 0
    order by p.id limit 100";
const USED_FOR_NOTHING: &str = "
    select u.entry from promo_uses u
    where not exists (select 1 from ledger l where l.id = u.entry and l.kind = 'grant')
    order by u.entry limit 100";
const ROW_CHECKS: &[(&str, &str)] = &[
    ("what leaves a purse arrives in another", MOVED_FROM_NOWHERE),
    ("nothing is left in a purse that has a successor", LEFT_BEHIND),
    ("whoever has had a promo code has its credits", USED_FOR_NOTHING),
    ("every hold has its lines, and they agree", HOLDS_AGAINST_LINES),
    ("every line of a hold has its hold", LINES_WITHOUT_HOLD),
    ("every posted hold has its picture", POSTED_WITHOUT_PICTURE),
    ("every picture under way has its credits set aside", OPEN_WITHOUT_HOLD),
    ("every pending hold has a picture under way", PENDING_WITHOUT_WORK),
];

/// What the lines of a purse come to.
#[derive(Debug, Default)]
struct Sums {
    granted: i64,
    posted: i64,
    pending: i64,
    refunded: i64,
    expired: i64,
    reclaimed: i64,
    moved: i64,
    number: i64,
    head: String,
}

impl Sums {
    fn add(&mut self, kind: &str, amount: i64) {
        match kind {
            "grant" => self.granted += amount,
            "hold" => self.pending += amount,
            "post" => {
                self.pending -= amount;
                self.posted += amount;
            }
            "void" => self.pending -= amount,
            "refund" => self.refunded += amount,
            "expire" => self.expired += amount,
            "reclaim" | "debt_in" => self.reclaimed += amount,
            "debt_out" => self.reclaimed -= amount,
            "move_in" | "site_in" => self.moved += amount,
            "move_out" | "site_out" => self.moved -= amount,
            _ => {}
        }
    }

    fn columns(&self) -> [i64; 8] {
        [
            self.granted,
            self.posted,
            self.pending,
            self.refunded,
            self.expired,
            self.reclaimed,
            self.moved,
            self.number,
        ]
    }
}

/// Recomputes every balance from its lines and checks every invariant, in a snapshot; what is
/// broken.
pub async fn verify(tx: &mut Tx) -> Result<Vec<Broken>, StoreError> {
    let mut broken = Vec::new();
    let mut lines = Lines::default();
    let mut after = i64::MIN;
    loop {
        let purses = tx.rows(FIND_PURSES, &[after.into(), PAGE.into()]).await?;
        for row in &purses {
            after = row.int(0)?;
            let sums = lines.of_purse(tx, after, &mut broken).await?;
            let columns = (1..9).map(|column| row.int(column)).collect::<Result<Vec<_>, _>>()?;
            let invariant = if columns != sums.columns() {
                "a purse is the sum of its lines"
            } else if row.text(9)? != sums.head {
                "a purse names its last line"
            } else {
                continue;
            };
            broken.push(Broken { invariant, row: after.to_string() });
        }
        if (purses.len() as i64) < PAGE {
            break;
        }
    }
    lines.of_purse(tx, i64::MAX, &mut broken).await?;
    for &(invariant, text) in ROW_CHECKS.iter().chain(operations::CHECKS) {
        for row in tx.rows(text, &[]).await? {
            broken.push(Broken { invariant, row: row.int(0)?.to_string() });
        }
    }
    Ok(broken)
}

/// The ledger read in order of purses.
struct Lines {
    page: std::collections::VecDeque<Row>,
    after: (i64, i64),
    ended: bool,
}

impl Default for Lines {
    fn default() -> Self {
        Self { page: std::collections::VecDeque::new(), after: (i64::MIN, i64::MIN), ended: false }
    }
}

impl Lines {
    /// Adds up the lines of one purse; lines of purses before it have no purse.
    async fn of_purse(
        &mut self,
        tx: &mut Tx,
        purse: i64,
        broken: &mut Vec<Broken>,
    ) -> Result<Sums, StoreError> {
        let mut sums = Sums::default();
        loop {
            if self.page.is_empty() && !self.ended {
                let values = [self.after.0.into(), self.after.1.into(), PAGE.into()];
                self.page = tx.rows(FIND_LINES, &values).await?.into();
                self.ended = (self.page.len() as i64) < PAGE;
            }
            let Some(row) = self.page.front() else { return Ok(sums) };
            let (of, number) = (row.int(0)?, row.int(1)?);
            if of > purse {
                return Ok(sums);
            }
            self.after = (of, number);
            if of < purse {
                broken.push(Broken { invariant: "every line has its purse", row: of.to_string() });
            } else {
                check_line(row, &mut sums, broken)?;
            }
            self.page.pop_front();
        }
    }
}

/// Checks a line's number and hash against the one before, and adds it up.
fn check_line(row: &Row, sums: &mut Sums, broken: &mut Vec<Broken>) -> Result<(), StoreError> {
    let (purse, number, kind, amount) = (row.int(0)?, row.int(1)?, row.text(2)?, row.int(3)?);
    let (source, reason) = (row.text(5)?, row.text(6)?);
    let note_sha256 = row.text(11)?;
    let hash = ledger::Sealed {
        before: &sums.head,
        id: row.int(9)?,
        purse,
        number,
        kind: &kind,
        amount,
        hold: row.maybe_int(4)?,
        source: &source,
        reason: &reason,
        note_sha256: &note_sha256,
        at: row.int(7)?,
    }
    .hash();
    let stored = row.text(8)?;
    let at = format!("{purse}/{number}");
    if number != sums.number + 1 {
        broken.push(Broken { invariant: "lines are numbered without a gap", row: at });
    } else if hash != stored || !note_agrees(row, &note_sha256)? {
        broken.push(Broken { invariant: "a line is as it was written", row: at });
    }
    sums.number = number;
    sums.head = stored;
    sums.add(&kind, amount);
    Ok(())
}

/// Whether a line's note is what its digest says; one that was erased agrees with any.
fn note_agrees(row: &Row, note_sha256: &str) -> Result<bool, StoreError> {
    let Some(note) = row.maybe_blob(10)? else { return Ok(true) };
    // A seal that cannot be opened is a note that was altered.
    Ok(sealed::open(&note, "ledger", "note").is_ok_and(|note| ledger::digest(note) == note_sha256))
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
    Ok(())
}
