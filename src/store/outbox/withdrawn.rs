//! Messages that are taken back before they leave: the chat they were for is an account's no more.

use picdesk_core::{
    channel::Refusal,
    event::Event,
    id::{ConversationId, OutboundId},
};

use super::{Connection, WaitingRow, fates::is_awaited};
use crate::store::{
    StoreError, Tx, Value,
    inbox::{self, NewEvent},
    sealed, windows,
};

const FIND_WAITING: &str = "
    select conversation, slot, about, state, attempts, not_before, body, id, deaths
    from outbox
    where channel = $1 and conversation = $2 and state in ('waiting', 'sending')
    order by id";
const FIND_HELD: &str = "
    select conversation, slot, about, state, attempts, not_before, body, id, deaths
    from outbox where conversation = $1 and state = 'held' order by id";
const DROP: &str = "
    update outbox set state = 'dropped', settled_at = $2, body = $3
    where id = $1 and state in ('waiting', 'held')";
const STILL_WAITING: &str =
    "select id from outbox where id in ({list}) and state in ('waiting', 'sending')";

/// Nothing that waits for a conversation goes out any more, but for what may be leaving at this
/// moment. Whoever waits for its fate hears that the channel took none of it.
pub async fn withdraw(
    tx: &mut Tx,
    conversation: &ConversationId,
    now: i64,
) -> Result<(), StoreError> {
    let place = Value::from(conversation.as_str());
    let of_channel = [conversation.channel().into(), place.clone()];
    let mut rows = tx.rows(FIND_WAITING, &of_channel).await?;
    rows.extend(tx.rows(FIND_HELD, &[place]).await?);
    let mut events = Vec::new();
    for row in rows {
        let state = row.text(3)?;
        let waiting = WaitingRow::of(row).read()?;
        let OutboundId(id) = waiting.message.id;
        let values = [id.into(), now.into(), sealed::seal(&[]).into()];
        if state == "sending" || tx.run(DROP, &values).await? == 0 {
            continue;
        }
        if state == "waiting" {
            windows::give_back(tx, &waiting.message).await?;
        }
        if let Some(about) = waiting.about.filter(|about| is_awaited(*about)) {
            let (outbound, refusal) = (waiting.message.id, Refusal::ConversationGone);
            let event = Event::MessageRefused { outbound, about, refusal };
            let external_id = format!("outbound:{outbound}:withdrawn");
            events.push(NewEvent::of_house(external_id, conversation, &event));
        }
    }
    inbox::insert(tx, &events, now, now).await?;
    Ok(())
}

/// Which of these wait still.
pub async fn still_waiting(
    connection: &mut Connection,
    ids: impl Iterator<Item = i64>,
) -> Result<Vec<i64>, StoreError> {
    let list: Vec<Vec<Value>> = ids.map(|id| vec![id.into()]).collect();
    connection.rows_for(STILL_WAITING, &list).await?.iter().map(|row| row.int(0)).collect()
}
