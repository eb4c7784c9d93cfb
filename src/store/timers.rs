//! Timers: events that have not happened yet. Firing writes the event down and deletes the timer
//! in one commit.

use std::collections::HashSet;

use picdesk_core::{effect::Effect, event::Event, id::ConversationId};

use super::{
    Connection, StoreError, Tx, Value,
    inbox::{self, NewEvent, Origin, What},
    sealed,
};

/// Timers that fire in one commit.
const FIRED_MAX: i64 = 256;

const SET: &str = "
    insert into timers (id, due_at, conversation, event) values {rows}
    on conflict (id) do update
    set due_at = excluded.due_at, conversation = excluded.conversation, event = excluded.event";
const CLEAR: &str = "delete from timers where id in ({list})";
const HASTEN: &str = "
    update timers set due_at = due_at - $3
    where conversation = $1 and substr(id, 1, length($2)) = $2 and due_at > $4";
const FIND_DUE: &str = "
    select id, due_at, conversation, event from timers
    where due_at <= $1 order by due_at limit $2";
const DELETE_FIRED: &str = "
    with v(id, due) as (values {rows})
    delete from timers where exists (select 1 from v where v.id = timers.id and v.due = timers.due_at)
    returning id";
const NEXT_DUE: &str = "select min(due_at) from timers";

/// A timer to be set.
#[derive(Clone, Debug)]
pub struct NewTimer {
    /// Its name; setting it again moves it.
    pub id: String,
    /// When, milliseconds since the epoch.
    pub due_at: i64,
    /// Where.
    pub conversation: ConversationId,
    /// What will have happened.
    pub event: Event,
}

impl NewTimer {
    /// The timer that an effect sets, if it sets one.
    pub(super) fn of(effect: &Effect) -> Option<Self> {
        let Effect::SetTimer { id, due_at, conversation, event } = effect else { return None };
        Some(Self {
            id: id.clone(),
            due_at: *due_at,
            conversation: conversation.clone(),
            event: event.clone(),
        })
    }
}

/// Timers that are to fire sooner.
#[derive(Clone, Debug)]
pub struct Sooner {
    /// Where.
    pub conversation: ConversationId,
    /// What their names begin with.
    pub named: &'static str,
    /// By how much, milliseconds.
    pub by_ms: i64,
}

impl Sooner {
    /// The timers that an effect hastens, if it does.
    pub(super) fn of(effect: &Effect) -> Option<Self> {
        let Effect::HastenTimers { conversation, named, by_ms } = effect else { return None };
        Some(Self { conversation: conversation.clone(), named, by_ms: *by_ms })
    }
}

/// Sets timers.
pub async fn set(tx: &mut Tx, timers: &[NewTimer]) -> Result<(), StoreError> {
    // A name may stand once in a statement: the last word counts.
    let mut rows: Vec<Vec<Value>> = Vec::new();
    for (index, timer) in timers.iter().enumerate() {
        if timers[index + 1..].iter().any(|later| later.id == timer.id) {
            continue;
        }
        rows.push(vec![
            timer.id.clone().into(),
            timer.due_at.into(),
            timer.conversation.0.clone().into(),
            sealed::seal_json(&timer.event).into(),
        ]);
    }
    tx.run_for(SET, &rows).await?;
    Ok(())
}

/// Clears timers.
pub async fn clear(tx: &mut Tx, ids: &[String]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = ids.iter().map(|id| vec![id.clone().into()]).collect();
    tx.run_for(CLEAR, &rows).await?;
    Ok(())
}

/// Has timers of a conversation fire sooner.
pub async fn hasten(tx: &mut Tx, wanted: &[Sooner], now: i64) -> Result<(), StoreError> {
    for Sooner { conversation, named, by_ms } in wanted {
        let values = [conversation.0.clone().into(), (*named).into(), (*by_ms).into(), now.into()];
        tx.run(HASTEN, &values).await?;
    }
    Ok(())
}

/// Fires what is due; how many.
pub async fn fire(tx: &mut Tx, now: i64) -> Result<usize, StoreError> {
    let due = tx.rows(FIND_DUE, &[now.into(), FIRED_MAX.into()]).await?;
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(due.len());
    for row in &due {
        rows.push(vec![row.text(0)?.into(), row.int(1)?.into()]);
    }
    let mut deleted = HashSet::new();
    for row in tx.rows_for(DELETE_FIRED, &rows).await? {
        deleted.insert(row.text(0)?);
    }
    let mut events = Vec::with_capacity(due.len());
    for row in &due {
        let (id, due_at, conversation) = (row.text(0)?, row.int(1)?, row.text(2)?);
        // One that was cleared or moved meanwhile does not fire.
        if !deleted.contains(&id) {
            continue;
        }
        events.push(NewEvent {
            external_id: format!("timer:{id}:{due_at}"),
            ordering: conversation.clone(),
            conversation,
            origin: Origin::House,
            event: What::Sealed(row.blob(3)?),
            raw: sealed::seal(&[]),
            set_aside: false,
            happened_at: i64::MAX,
            envelope: None,
        });
    }
    if !events.is_empty() {
        inbox::insert(tx, &events, now, now).await?;
    }
    Ok(events.len())
}

/// When the next timer is due, milliseconds since the epoch.
pub async fn next_due(connection: &mut Connection) -> Result<Option<i64>, StoreError> {
    connection.rows(NEXT_DUE, &[]).await?[0].maybe_int(0)
}
