//! Errands in rows: claimed by one worker at a time, and ended by nobody whose claim is over.
//!
//! *waiting → claimed → done, failed or set aside.* A claim raises the errand's fence and counts
//! an attempt before the work begins, so that what kills a process is counted too. What came of it
//! is written down as an event, in the commit that ends the errand.

use std::collections::BTreeSet;

use picdesk_core::{
    effect::NewErrand,
    errand::{Errand, ErrandEnd, ErrandEnded, ErrandKind},
    id::{ConversationId, ErrandId},
};

use super::{
    Connection, Row, StoreError, Tx, Value,
    inbox::{self, NewEvent},
    replica::Gone,
    sealed,
};

/// How often an errand may be begun and come to no end before it is set aside.
pub const ATTEMPTS_MAX: i64 = 3;

const INSERT: &str = "
    insert into errands (id, kind, name, conversation, state, body, attempts, waits, fence,
                         claimed_by, not_before, until, opened_at, settled_at)
    values {rows} on conflict (name) do nothing";
const BEGIN_LATER: &str = "
    update errands set not_before = $2 where name = $1 and state = 'waiting' and not_before = 0";
const CLAIM: &str = "
    update errands set state = 'claimed', claimed_by = $1, attempts = attempts + 1,
                       fence = fence + 1
    where state = 'waiting' and id in (
      select id from errands
      where state = 'waiting' and kind = $2 and not_before <= $3 and until <= $5 and deaths = 0
      order by not_before, id limit $4)
    returning id, conversation, body, attempts, waits, fence, until, deaths";
const FIND_SUSPECTS: &str = "
    select id, kind, deaths, until from errands
    where state = 'waiting' and deaths > 0 and not_before <= $1 order by deaths, id limit $2";
const CLAIM_SUSPECT: &str = "
    update errands set state = 'claimed', claimed_by = $1, attempts = attempts + 1,
                       fence = fence + 1
    where id = $2 and state = 'waiting'
    returning id, conversation, body, attempts, waits, fence, until, deaths";
const END: &str = "
    update errands set state = $4, settled_at = $5, claimed_by = null, body = coalesce($6, body)
    where id = $1 and claimed_by = $2 and fence = $3 and state = 'claimed'";
const PUT_BACK: &str = "
    update errands set state = 'waiting', claimed_by = null, not_before = $4, deaths = 0,
                       attempts = attempts - $5, waits = waits + $5
    where id = $1 and claimed_by = $2 and fence = $3 and state = 'claimed'";
const FIND_OURS: &str = "
    select id, fence from errands where claimed_by = $1 and state = 'claimed' order by id";
const RECOVER: &str = "
    update errands set state = 'waiting', claimed_by = null, attempts = attempts - 1,
                       deaths = deaths + $2
    where claimed_by = $1 and state = 'claimed'";
const NEXT_DUE: &str = "select min(not_before) from errands where state = 'waiting'";
const FIND_DUE: &str =
    "select id from errands where state = 'waiting' and not_before <= $1 limit 1";

/// An errand on its way into its row.
pub(super) fn row(new: &NewErrand, now: i64) -> Vec<Value> {
    vec![
        new.id.0.into(),
        new.errand.kind().word().into(),
        new.name.clone().into(),
        new.conversation.as_str().into(),
        "waiting".into(),
        sealed::seal_json(&new.errand).into(),
        0_i64.into(),
        0_i64.into(),
        0_i64.into(),
        Value::Int(None),
        0_i64.into(),
        new.until.into(),
        now.into(),
        0_i64.into(),
    ]
}

/// Opens errands; one of the same name is the same one.
pub(super) async fn open(tx: &mut Tx, rows: &[Vec<Value>]) -> Result<(), StoreError> {
    tx.run_for(INSERT, rows).await?;
    Ok(())
}

/// Opens an errand that is begun at a moment, not before.
pub async fn open_later(tx: &mut Tx, new: &NewErrand, at: i64, now: i64) -> Result<(), StoreError> {
    open(tx, &[row(new, now)]).await?;
    tx.run(BEGIN_LATER, &[new.name.as_str().into(), at.into()]).await?;
    Ok(())
}

/// A claim on an errand. It holds until the errand is ended, put back, or claimed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    errand: ErrandId,
    replica: i64,
    fence: i64,
}

impl Claim {
    /// On which errand.
    pub fn errand(self) -> ErrandId {
        self.errand
    }

    fn values(self) -> [Value; 3] {
        [self.errand.0.into(), self.replica.into(), self.fence.into()]
    }
}

/// An errand that a worker has claimed.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The claim.
    pub claim: Claim,
    /// Where what comes of it happens.
    pub conversation: ConversationId,
    /// What is to be done; nothing when its row cannot be read.
    pub what: Option<Errand>,
    /// How often it was begun and came to no end, this time too.
    pub attempts: i64,
    /// How often it had to wait.
    pub waits: i64,
    /// Processes that ended while they had it claimed.
    pub deaths: i64,
    /// When it is too late, milliseconds since the epoch.
    pub until: i64,
}

/// Which errands are claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Of which kind.
    pub kind: ErrandKind,
    /// At most so many.
    pub count: i64,
    /// Only those whose time is over: they are ended, not run.
    pub late_only: bool,
}

/// Claims the next errands of a kind. Each try is counted before it is made.
pub async fn claim(
    tx: &mut Tx,
    replica: i64,
    wanted: Wanted,
    now: i64,
) -> Result<Vec<Claimed>, StoreError> {
    let Wanted { kind, count, late_only } = wanted;
    let until = if late_only { now } else { i64::MAX };
    let values = [replica.into(), kind.word().into(), now.into(), count.into(), until.into()];
    let rows = tx.rows(CLAIM, &values).await?;
    rows.iter().map(|row| read_claimed(row, replica)).collect()
}

fn read_claimed(row: &Row, replica: i64) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        claim: Claim { errand: ErrandId(row.int(0)?), replica, fence: row.int(5)? },
        conversation: ConversationId(row.text(1)?),
        what: sealed::open_json(&row.blob(2)?, "errands", "body").ok(),
        attempts: row.int(3)?,
        waits: row.int(4)?,
        deaths: row.int(7)?,
        until: row.int(6)?,
    })
}

/// An errand that waits and that processes have ended over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// Which.
    pub errand: ErrandId,
    /// Its kind; nothing when that is not known here.
    pub kind: Option<ErrandKind>,
    /// How many.
    pub deaths: i64,
    /// When it is too late, milliseconds since the epoch.
    pub until: i64,
}

/// The first errands that are due and that processes have ended over, the least deadly first.
pub async fn suspects(
    connection: &mut Connection,
    count: i64,
    now: i64,
) -> Result<Vec<Suspect>, StoreError> {
    let rows = connection.rows(FIND_SUSPECTS, &[now.into(), count.into()]).await?;
    rows.iter()
        .map(|row| {
            let word = row.text(1)?;
            Ok(Suspect {
                errand: ErrandId(row.int(0)?),
                kind: ErrandKind::ALL.into_iter().find(|kind| kind.word() == word),
                deaths: row.int(2)?,
                until: row.int(3)?,
            })
        })
        .collect()
}

/// Claims one that processes have ended over, by itself.
pub async fn claim_suspect(
    tx: &mut Tx,
    replica: i64,
    errand: ErrandId,
) -> Result<Option<Claimed>, StoreError> {
    let rows = tx.rows(CLAIM_SUSPECT, &[replica.into(), errand.0.into()]).await?;
    rows.first().map(|row| read_claimed(row, replica)).transpose()
}

/// Writes down what an errand came to, and the event that tells it, in one commit. Whether the
/// claim still held: else nothing was written.
pub async fn end(
    tx: &mut Tx,
    claim: Claim,
    (at, what, end): (&ConversationId, &Errand, &ErrandEnd),
    now: i64,
) -> Result<bool, StoreError> {
    let state = match end {
        ErrandEnd::Brought(_) => "done",
        ErrandEnd::Failed(_) => "failed",
    };
    // What was to be done is in the event now; nobody needs it twice.
    let nothing = sealed::seal(&[]);
    let [errand, replica, fence] = claim.values();
    let values = [errand, replica, fence, state.into(), now.into(), nothing.into()];
    if tx.run(END, &values).await? == 0 {
        return Ok(false);
    }
    tell(tx, claim, (at, what, end), now).await?;
    Ok(true)
}

/// Puts an errand aside for a human eye. Who waits for it is told, where it can be read.
pub async fn set_aside(
    tx: &mut Tx,
    claim: Claim,
    told: Option<(&ConversationId, &Errand, &ErrandEnd)>,
    now: i64,
) -> Result<bool, StoreError> {
    let [errand, replica, fence] = claim.values();
    // What signs somebody in is for nobody's eye.
    let is_secret = told.is_some_and(|(_, what, _)| what.is_secret());
    let body = if is_secret { sealed::seal(&[]).into() } else { Value::Blob(None) };
    let values = [errand, replica, fence, "set_aside".into(), now.into(), body];
    if tx.run(END, &values).await? == 0 {
        return Ok(false);
    }
    if let Some(told) = told {
        tell(tx, claim, told, now).await?;
    }
    Ok(true)
}

async fn tell(
    tx: &mut Tx,
    claim: Claim,
    (at, what, end): (&ConversationId, &Errand, &ErrandEnd),
    now: i64,
) -> Result<(), StoreError> {
    let errand = claim.errand();
    let ended = ErrandEnded { errand, what: what.clone(), end: end.clone() };
    let event = picdesk_core::event::Event::ErrandEnded(ended);
    let event = NewEvent::of_house(format!("errand:{errand}"), at, &event);
    inbox::insert(tx, &[event], now, now).await?;
    Ok(())
}

/// Why an errand goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutBack {
    /// The other side asks for patience, or cannot be reached: that is not the errand's fault.
    Waited,
    /// It broke off; that counts.
    Broke,
}

/// Puts an errand back until a later moment. Whether the claim still held.
pub async fn put_back(
    tx: &mut Tx,
    claim: Claim,
    why: PutBack,
    until: i64,
) -> Result<bool, StoreError> {
    let [errand, replica, fence] = claim.values();
    let forgiven = i64::from(why == PutBack::Waited);
    let values = [errand, replica, fence, until.into(), forgiven.into()];
    Ok(tx.run(PUT_BACK, &values).await? == 1)
}

/// Puts a dead or leaving replica's errands back. Their tries count as deaths, or not at all.
pub async fn recover(tx: &mut Tx, replica: i64, gone: Gone) -> Result<(), StoreError> {
    tx.run(RECOVER, &[replica.into(), gone.deaths().into()]).await?;
    Ok(())
}

/// Claims that are ours by their rows and that nobody is at work on: their answer was lost, or
/// their work panicked.
pub async fn strays(
    connection: &mut Connection,
    replica: i64,
    under_way: &BTreeSet<Claim>,
) -> Result<Vec<Claim>, StoreError> {
    let mut strays = Vec::new();
    for row in connection.rows(FIND_OURS, &[replica.into()]).await? {
        let claim = Claim { errand: ErrandId(row.int(0)?), replica, fence: row.int(1)? };
        if !under_way.contains(&claim) {
            strays.push(claim);
        }
    }
    Ok(strays)
}

/// When the next errand is due, milliseconds since the epoch.
pub async fn next_due(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    connection.rows(NEXT_DUE, &[]).await?[0].maybe_int(0)
}

/// Whether an errand is due.
pub async fn is_any_due(connection: &mut Connection, now: i64) -> Result<bool, StoreError> {
    Ok(!connection.rows(FIND_DUE, &[now.into()]).await?.is_empty())
}
