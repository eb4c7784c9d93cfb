//! Reading what waits.

use picdesk_core::{
    channel::OutboundMessage,
    id::{ConversationId, OutboundId},
};

use super::{Connection, Row, StoreError, Waiting, sealed};

/// In the order of their numbers, by those: the other index would have to sort all that waits.
const FIND_WAITING: &str = "
    select conversation, slot, about, state, attempts, not_before, body, id, deaths
    from outbox
    where coalesce(channel, '') = $1 and state in ('waiting', 'sending') and id > $2
    order by id limit $3";
/// From one conversation to the next, so that what waits behind the first messages is not read.
const FIND_FIRST: &str = "
    with recursive each(conversation, number) as (
      select min(conversation), cast(1 as bigint) from outbox
      where channel = $1 and state in ('waiting', 'sending') and conversation > $2
      union all
      select (select min(o.conversation) from outbox o
              where o.channel = $1 and o.state in ('waiting', 'sending')
                and o.conversation > each.conversation), number + 1
      from each where conversation is not null and number < $3),
    part(conversation, number, rest) as materialized (
      select conversation, number, coalesce((
        select w.id from outbox w
        where w.channel = $1 and w.state in ('waiting', 'sending')
          and w.conversation = each.conversation
        order by w.id limit 1 offset $4), 9223372036854775807)
      from each where conversation is not null)
    select o.conversation, o.slot, o.about, o.state, o.attempts, o.not_before, o.body, o.id,
           o.deaths
    from part join outbox o on o.channel = $1 and o.state in ('waiting', 'sending')
      and o.conversation = part.conversation and o.id < part.rest
    order by part.number, o.id";
/// Messages that were settled since a moment.
const FIND_SETTLED: &str = "
    select conversation, settled_at from outbox
    where state not in ('waiting', 'sending') and settled_at >= $1 and channel = $2
    order by settled_at";
const FIND_LAST: &str = "select coalesce(max(id), 0) from outbox";

/// A message that waits, not yet understood.
pub struct WaitingRow(Row);

impl WaitingRow {
    /// A row with the columns that are read here, in their order.
    pub(super) fn of(row: Row) -> Self {
        Self(row)
    }

    /// Its number.
    pub fn id(&self) -> Result<i64, StoreError> {
        self.0.int(7)
    }

    /// Where it goes.
    pub fn conversation(&self) -> Result<ConversationId, StoreError> {
        Ok(ConversationId(self.0.text(0)?))
    }

    /// Before when it is not tried, milliseconds since the epoch.
    pub fn not_before(&self) -> Result<i64, StoreError> {
        self.0.int(5)
    }

    /// Understands it.
    pub fn read(&self) -> Result<Waiting, StoreError> {
        let row = &self.0;
        let mut message: OutboundMessage = sealed::open_json(&row.blob(6)?, "outbox", "body")?;
        // The row knows better where a conversation went, and what a message is called.
        message.id = OutboundId(self.id()?);
        message.conversation = self.conversation()?;
        let about = match row.maybe_text(2)? {
            Some(text) => Some(serde_json::from_str(&text).map_err(|_| {
                StoreError::Inconsistent { table: "outbox", row: message.id.to_string() }
            })?),
            None => None,
        };
        Ok(Waiting {
            message,
            about,
            slot: row.maybe_text(1)?,
            begun: row.text(3)? == "sending",
            elsewhere: None,
            attempts: row.int(4)?,
            not_before: self.not_before()?,
            deaths: row.int(8)?,
        })
    }
}

/// The first messages that wait on a channel, after a number, in the order of their numbers.
pub async fn waiting(
    connection: &mut Connection,
    channel: &str,
    after: i64,
    limit: i64,
) -> Result<Vec<WaitingRow>, StoreError> {
    let values = [channel.into(), after.into(), limit.into()];
    Ok(connection.rows(FIND_WAITING, &values).await?.into_iter().map(WaitingRow).collect())
}

/// The first `of_one` that wait in each conversation of a channel: of so many conversations, after
/// one of them.
pub async fn first_waiting(
    connection: &mut Connection,
    channel: &str,
    (after, conversations): (&str, i64),
    of_one: i64,
) -> Result<Vec<WaitingRow>, StoreError> {
    let values = [channel.into(), after.into(), conversations.into(), of_one.into()];
    Ok(connection.rows(FIND_FIRST, &values).await?.into_iter().map(WaitingRow).collect())
}

/// The last number that a message has.
pub async fn last(connection: &mut Connection) -> Result<i64, StoreError> {
    connection.rows(FIND_LAST, &[]).await?[0].int(0)
}

/// Where messages of a channel went out since a moment, and when: in that order, milliseconds since
/// the epoch. Some may not have left.
pub async fn sent_since(
    connection: &mut Connection,
    channel: &str,
    since: i64,
) -> Result<Vec<(ConversationId, i64)>, StoreError> {
    let rows = connection.rows(FIND_SETTLED, &[since.into(), channel.into()]).await?;
    rows.iter().map(|row| Ok((ConversationId(row.text(0)?), row.int(1)?))).collect()
}
