//! The inbox: what happened, each thing once, on disk before anybody is told that it is.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use picdesk_core::{
    channel::Checkpoint,
    event::Event,
    id::{ConversationId, GenerationId},
};
use sha2::{Digest as _, Sha256};

use super::{Connection, Reads, Row, StoreError, Tx, Value, replica::shard_of, sealed};
use crate::calm::SECOND_CHANCE;

/// Whose doing an event is: only people's traffic is counted for `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A customer or an operator.
    People,
    /// The clock, a worker, the provider.
    House,
}

impl Origin {
    /// The word in the row.
    pub fn word(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::House => "house",
        }
    }
}

/// What happened, as it comes into the inbox.
#[derive(Clone, Debug)]
pub enum What {
    /// Sealed; empty for what could not be read.
    Sealed(Vec<u8>),
    /// Not sealed yet.
    Known(Arc<Event>),
}

impl What {
    fn sealed(&self) -> Vec<u8> {
        match self {
            Self::Sealed(bytes) => bytes.clone(),
            Self::Known(event) => sealed::seal_json(&**event),
        }
    }
}

/// An event on its way into the inbox.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// What makes it unique for ever.
    pub external_id: String,
    /// Where it happened.
    pub conversation: String,
    /// Events of one key are turned one after the other.
    pub ordering: String,
    /// Whose doing it is.
    pub origin: Origin,
    /// What happened.
    pub event: What,
    /// The bytes as they came, sealed.
    pub raw: Vec<u8>,
    /// Whether it could not be read and only waits for a human eye.
    pub set_aside: bool,
    /// When it happened, by the channel's clock, milliseconds since the epoch.
    pub happened_at: i64,
    /// The hash of what it came in, where the channel seals that.
    pub envelope: Option<[u8; 16]>,
}

impl NewEvent {
    /// An event of the house itself, in its conversation's order.
    pub fn of_house(external_id: String, conversation: &ConversationId, event: &Event) -> Self {
        Self {
            external_id,
            conversation: conversation.0.clone(),
            ordering: conversation.0.clone(),
            origin: Origin::House,
            event: What::Sealed(sealed::seal_json(event)),
            raw: sealed::seal(&[]),
            set_aside: false,
            happened_at: i64::MAX,
            envelope: None,
        }
    }

    /// Nobody knows what became of a generation. Unique: whoever takes over may say it again.
    pub fn uncertain(generation: i64, conversation: &str) -> Self {
        Self::of_house(
            format!("generation:{generation}:uncertain"),
            &ConversationId(conversation.to_owned()),
            &Event::GenerationUncertain { generation: GenerationId(generation) },
        )
    }
}

/// An event waiting to be turned.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its number.
    pub seq: i64,
    /// Where it happened.
    pub conversation: ConversationId,
    /// Its ordering key.
    pub ordering: String,
    /// Times its turn failed.
    pub attempts: i64,
    /// Times that a process may have ended over it; counted before it is begun.
    pub deaths: i64,
    /// What happened; nothing when its row cannot be read.
    pub event: Option<Arc<Event>>,
}

const INSERT_EVENTS: &str = "
    insert into inbox (external_id, hash, conversation, ordering, shard, origin, received_at, state,
                       attempts, not_before, turned_at)
    values {rows}
    on conflict do nothing
    returning seq, external_id";
const INSERT_RAW: &str = "insert into inbox_raw (seq, event, raw, kept_until) values {rows}";
const KEEP_ENVELOPE: &str =
    "insert into inbox_names (hash) values ($1) on conflict (hash) do nothing";
const FIND_NAMES: &str = "select hash from inbox_names where hash in ({list})";
const BEGIN_CHECKPOINT: &str =
    "insert into checkpoints (source, position) values ($1, $2) on conflict (source) do nothing";
const MOVE_CHECKPOINT: &str =
    "update checkpoints set position = $3 where source = $1 and position = $2";
const FIND_CHECKPOINT: &str = "select position from checkpoints where source = $1";
const FIND_WAITING: &str = "
    select i.seq, i.conversation, i.ordering, i.attempts, r.event, i.not_before, i.deaths
    from inbox i join inbox_raw r on r.seq = i.seq
    where i.state = 'waiting' and i.seq > $1 and i.shard >= $2 and i.shard < $3
    order by i.seq
    limit $4";
const FIND_LAST: &str = "select coalesce(max(seq), 0) from inbox";
const FIND_DUE: &str = "
    select seq from inbox
    where state = 'waiting' and shard >= $1 and shard < $2 and not_before <= $3
    limit 1";
const FIND_ONE_WAITING: &str = "select seq from inbox where state = 'waiting' limit 1";
const WAIT: &str = "
    update inbox set state = 'waiting', turned_at = 0 where seq in ({list}) and state = 'turned'";
const KEEP_EVENT: &str = "
    with v(seq, event) as (values {rows})
    update inbox_raw set event = v.event from v where inbox_raw.seq = v.seq";
const FIND_FIRST_OF_EACH: &str = "
    select i.seq, i.conversation, i.ordering, i.attempts, r.event, i.not_before, i.deaths
    from inbox i join inbox_raw r on r.seq = i.seq
    where i.seq in (
      select min(seq) from inbox
      where state = 'waiting' and shard >= $1 and shard < $2 group by ordering)
    order by i.seq
    limit $3";
const FINISH: &str = "
    with v(seq, at) as (values {rows})
    update inbox set state = 'turned', turned_at = v.at from v
    where inbox.seq = v.seq and inbox.state = 'waiting'";
const COUNT_DEATH: &str = "update inbox set deaths = deaths + 1 where seq in ({list})";
// What processes died of; what failed has no deaths.
const FIND_ASIDE: &str = "
    select seq, shard from inbox
    where state = 'set_aside' and deaths >= $1 and deaths < $2 order by deaths desc, seq desc";
const TAKE_UP: &str = "
    update inbox set state = 'waiting', deaths = deaths + 1, turned_at = 0, not_before = 0
    where seq = $1 and state = 'set_aside' and deaths >= $2 and deaths < $3";
// Whoever puts it off has lived through it.
const POSTPONE: &str = "
    update inbox set attempts = attempts + 1, deaths = 0, not_before = $2 where seq = $1";
const SET_ASIDE: &str = "
    update inbox set state = 'set_aside', turned_at = $2, deaths = deaths * $3 where seq = $1";
const KEEP_SET_ASIDE: &str = "update inbox_raw set kept_until = $2 where seq = $1";
const MOVE_WAITING: &str = "
    update inbox set conversation = $2, ordering = $2, shard = $3
    where conversation = $1 and state = 'waiting'";

/// Days that what was set aside is kept, in milliseconds.
pub const SET_ASIDE_KEPT_MS: i64 = 14 * 24 * 3600 * 1000;

/// Writes events down, each external id and each envelope once. Which of them were new, in their
/// order.
pub async fn insert(
    tx: &mut Tx,
    events: &[NewEvent],
    now: i64,
    kept_until: i64,
) -> Result<Vec<bool>, StoreError> {
    let numbers = write_down(tx, events, ("waiting", 0), now, kept_until).await?;
    Ok(numbers.into_iter().map(|seq| seq.is_some()).collect())
}

/// As [`insert`], for events that are turned in the same commit: their numbers, where they were
/// new. What is not turned after all [waits](wait).
pub async fn insert_turned(
    tx: &mut Tx,
    events: &[NewEvent],
    now: i64,
    kept_until: i64,
) -> Result<Vec<Option<i64>>, StoreError> {
    write_down(tx, events, ("turned", now), now, kept_until).await
}

async fn write_down(
    tx: &mut Tx,
    events: &[NewEvent],
    (state, turned_at): (&str, i64),
    now: i64,
    kept_until: i64,
) -> Result<Vec<Option<i64>>, StoreError> {
    let known = known_of_old(tx, events, now).await?;
    let rows: Vec<Vec<Value>> = events
        .iter()
        .filter(|event| !known.has(event))
        .map(|event| {
            let aside = event.set_aside;
            vec![
                event.external_id.clone().into(),
                event.envelope.map(Vec::from).into(),
                event.conversation.clone().into(),
                event.ordering.clone().into(),
                shard_of(&event.conversation).into(),
                event.origin.word().into(),
                now.into(),
                if aside { "set_aside" } else { state }.into(),
                0_i64.into(),
                0_i64.into(),
                if aside { 0 } else { turned_at }.into(),
            ]
        })
        .collect();
    let mut numbers: HashMap<String, i64> = HashMap::with_capacity(events.len());
    for row in tx.rows_for(INSERT_EVENTS, &rows).await? {
        numbers.insert(row.text(1)?, row.int(0)?);
    }
    let mut new = Vec::with_capacity(events.len());
    let mut raw: Vec<Vec<Value>> = Vec::with_capacity(numbers.len());
    for event in events {
        // Taken out, so that a repeat within this very batch is not written twice.
        let seq = numbers.remove(&event.external_id);
        new.push(seq);
        let Some(seq) = seq else { continue };
        let until = if event.set_aside { now + SET_ASIDE_KEPT_MS } else { kept_until };
        raw.push(vec![
            seq.into(),
            // Nobody reads again what was turned.
            if turned_at > 0 { sealed::seal(&[]) } else { event.event.sealed() }.into(),
            event.raw.clone().into(),
            until.into(),
        ]);
    }
    tx.give(INSERT_RAW, raw).await?;
    Ok(new)
}

/// Whether any event waits, whoever is to turn it.
pub async fn does_any_wait(tx: &mut Tx) -> Result<bool, StoreError> {
    Ok(!tx.rows(FIND_ONE_WAITING, &[]).await?.is_empty())
}

/// Leaves events waiting that were written down as turned in this commit.
pub async fn wait(tx: &mut Tx, events: &[(i64, &NewEvent)]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let seqs: Vec<Vec<Value>> = events.iter().map(|(seq, _)| vec![(*seq).into()]).collect();
    tx.run_for(WAIT, &seqs).await?;
    let what = events.iter().map(|(seq, event)| vec![(*seq).into(), event.event.sealed().into()]);
    tx.give(KEEP_EVENT, what.collect()).await?;
    Ok(())
}

/// How long the names of turned events are kept in their rows, milliseconds; of older ones only a
/// hash is left. Telegram repeats for 24 hours (tdlib/telegram-bot-api, message expiry).
pub const NAMES_KEPT_MS: i64 = 7 * 24 * 3600 * 1000;
/// Channels' clocks may differ from ours by this much, milliseconds.
const CLOCKS_DIFFER_MS: i64 = 24 * 3600 * 1000;

/// What is left of an event's name when its row is gone.
pub fn name_hash(external_id: &str) -> Vec<u8> {
    Sha256::digest(external_id.as_bytes())[..16].to_vec()
}

/// Hashes of names and envelopes that were written down before and forgotten since.
#[derive(Default)]
struct Known(HashSet<Vec<u8>>);

impl Known {
    fn has(&self, event: &NewEvent) -> bool {
        let is_known = |hash: &[u8]| self.0.contains(hash);
        !self.0.is_empty()
            && (is_known(&name_hash(&event.external_id))
                || event.envelope.is_some_and(|envelope| is_known(&envelope)))
    }
}

/// Names among these that were written down before and forgotten since. Only what happened so
/// long ago is looked for: what is new cannot have been forgotten.
async fn known_of_old(tx: &mut Tx, events: &[NewEvent], now: i64) -> Result<Known, StoreError> {
    let old_before = now - NAMES_KEPT_MS + CLOCKS_DIFFER_MS;
    let mut hashes: HashSet<Vec<u8>> = HashSet::new();
    for event in events.iter().filter(|event| event.happened_at < old_before) {
        hashes.insert(name_hash(&event.external_id));
        hashes.extend(event.envelope.map(Vec::from));
    }
    let rows: Vec<Vec<Value>> = hashes.into_iter().map(|hash| vec![hash.into()]).collect();
    let mut known = Known::default();
    for row in tx.rows_for(FIND_NAMES, &rows).await? {
        known.0.insert(row.blob(0)?);
    }
    Ok(known)
}

/// Keeps the hash of an envelope that brought no event; whether it was opened for the first time.
pub async fn keep_envelope(tx: &mut Tx, envelope: [u8; 16]) -> Result<bool, StoreError> {
    Ok(tx.run(KEEP_ENVELOPE, &[envelope.to_vec().into()]).await? > 0)
}

/// Moves a source's checkpoint, when it stands where the pull began.
pub async fn move_checkpoint(tx: &mut Tx, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    let source = Value::from(checkpoint.source.as_str());
    let to = Value::from(checkpoint.to.as_str());
    let moved = match &checkpoint.from {
        None => tx.run(BEGIN_CHECKPOINT, &[source, to]).await?,
        Some(from) => tx.run(MOVE_CHECKPOINT, &[source, from.as_str().into(), to]).await?,
    };
    if moved == 1 { Ok(()) } else { Err(StoreError::Constraint("checkpoint".to_owned())) }
}

/// Where a source stands.
pub async fn checkpoint(
    connection: &mut Connection,
    source: &str,
) -> Result<Option<String>, StoreError> {
    let rows = connection.rows(FIND_CHECKPOINT, &[source.into()]).await?;
    rows.first().map(|row| row.text(0)).transpose()
}

/// How many events a batch may have, and how many pages are looked through for them.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize {
    /// Most events of a batch.
    pub events: usize,
    /// Most rows looked at, so that one flooded conversation does not hide the others.
    pub looked_at: usize,
}

/// The first waiting event of each ordering key in these shards, oldest first.
///
/// What waits is looked through in order, which is quick while the keys are many. Behind a
/// conversation that floods the house the first of each key is asked for, which reads everything
/// that waits and cannot be hidden from.
pub async fn waiting(
    by: &mut impl Reads,
    shards: (i64, i64),
    size: BatchSize,
    now: i64,
) -> Result<Vec<Pending>, StoreError> {
    let mut batch = Batch { now, events: size.events, ..Batch::default() };
    let mut after = 0;
    let mut looked_at = 0;
    let page = i64::try_from(size.events.clamp(1, 512)).unwrap_or(512);
    while batch.has_room() && looked_at < size.looked_at {
        let values = [after.into(), shards.0.into(), shards.1.into(), page.into()];
        let rows = by.find(FIND_WAITING, &values).await?;
        looked_at += rows.len();
        batch.take(&rows)?;
        let Some(last) = rows.last().filter(|_| rows.len() as i64 == page) else {
            return Ok(batch.found);
        };
        after = last.int(0)?;
    }
    if batch.has_room() {
        let most = page.saturating_add(batch.keys.len() as i64);
        let values = [shards.0.into(), shards.1.into(), most.into()];
        batch.take(&by.find(FIND_FIRST_OF_EACH, &values).await?)?;
    }
    Ok(batch.found)
}

/// Events found for a batch, and the keys they stand for.
#[derive(Default)]
struct Batch {
    now: i64,
    events: usize,
    keys: HashSet<String>,
    found: Vec<Pending>,
}

impl Batch {
    fn has_room(&self) -> bool {
        self.found.len() < self.events
    }

    /// Takes the first of each key, from rows in order.
    fn take(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        for row in rows {
            let ordering = row.text(2)?;
            // What waits for its next try holds back what came after it under the same key.
            let is_first = self.keys.insert(ordering.clone());
            if is_first && row.int(5)? <= self.now && self.has_room() {
                self.found.push(Pending {
                    seq: row.int(0)?,
                    conversation: ConversationId(row.text(1)?),
                    ordering,
                    attempts: row.int(3)?,
                    deaths: row.int(6)?,
                    event: sealed::open_json(&row.blob(4)?, "inbox_raw", "event")
                        .ok()
                        .map(Arc::new),
                });
            }
        }
        Ok(())
    }
}

/// The number of the last event that was written down.
pub async fn last(connection: &mut Connection) -> Result<i64, StoreError> {
    let rows = connection.rows(FIND_LAST, &[]).await?;
    rows.first().map_or(Ok(0), |row| row.int(0))
}

/// Whether an event of these shards is due.
pub async fn is_any_due(
    connection: &mut Connection,
    shards: (i64, i64),
    now: i64,
) -> Result<bool, StoreError> {
    let values = [shards.0.into(), shards.1.into(), now.into()];
    Ok(!connection.rows(FIND_DUE, &values).await?.is_empty())
}

/// Marks events as turned.
///
/// # Errors
/// [`StoreError::Lost`] when another replica turned one of them meanwhile.
pub async fn finish(tx: &mut Tx, turned: &[i64], now: i64) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = turned.iter().map(|seq| vec![(*seq).into(), now.into()]).collect();
    let finished = tx.run_for(FINISH, &rows).await?;
    if finished == turned.len() as u64 { Ok(()) } else { Err(StoreError::Lost(turned.to_vec())) }
}

/// Counts, before they are begun, that a process may end over them.
pub async fn count_deaths(tx: &mut Tx, seqs: &[i64]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = seqs.iter().map(|seq| vec![(*seq).into()]).collect();
    tx.run_for(COUNT_DEATH, &rows).await?;
    Ok(())
}

/// Counts a failed try and waits before the next.
pub async fn postpone(tx: &mut Tx, seq: i64, until: i64) -> Result<(), StoreError> {
    tx.run(POSTPONE, &[seq.into(), until.into()]).await?;
    Ok(())
}

/// Why an event is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// Its turn failed.
    Failed,
    /// Processes ended over it: it may be taken up again.
    Deadly,
}

/// Puts an event aside for a human eye; its conversation goes on.
pub async fn set_aside(tx: &mut Tx, seq: i64, why: Aside, now: i64) -> Result<(), StoreError> {
    let deadly = i64::from(why == Aside::Deadly);
    tx.run(SET_ASIDE, &[seq.into(), now.into(), deadly.into()]).await?;
    tx.run(KEEP_SET_ASIDE, &[seq.into(), (now + SET_ASIDE_KEPT_MS).into()]).await?;
    Ok(())
}

/// What is set aside because processes ended over it and may be taken up again, with its shard;
/// the least deadly and oldest last.
/// Looks through all that is kept: once in a process's life.
pub async fn find_aside(connection: &mut Connection) -> Result<Vec<(i64, i64)>, StoreError> {
    let (from, to) = SECOND_CHANCE;
    let rows = connection.rows(FIND_ASIDE, &[from.into(), to.into()]).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// Takes up again what was set aside, and counts beforehand that a process may end over it.
/// Whether it was still there.
pub async fn take_up(tx: &mut Tx, seq: i64) -> Result<bool, StoreError> {
    let (from, to) = SECOND_CHANCE;
    Ok(tx.run(TAKE_UP, &[seq.into(), from.into(), to.into()]).await? == 1)
}

/// Moves what waits in a conversation to its new address.
pub async fn move_waiting(tx: &mut Tx, from: &str, to: &str) -> Result<(), StoreError> {
    tx.run(MOVE_WAITING, &[from.into(), to.into(), shard_of(to).into()]).await?;
    Ok(())
}
