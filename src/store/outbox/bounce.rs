//! What a channel had taken and then lost.

use picdesk_core::{
    channel::{OutboundMessage, Refusal},
    event::{About, Event, Words},
    id::{ConversationId, OutboundId},
};

use serde::{Deserialize, Serialize};

use super::{
    Fate, Settled, Waiting,
    fates::{is_awaited, words_lost},
};
use crate::store::{
    StoreError, Tx, Value,
    inbox::{self, NewEvent},
    sealed, windows,
};

/// The channel that takes messages and may say later that they did not arrive, so that their words
/// are kept until they are forgotten as all that was sent.
const BOUNCES: &str = picdesk_wecom::config::KF;

const BOUNCE: &str = "
    update outbox set state = 'refused', settled_at = $2
    where id = $1 and state in ('delivered', 'unknown')
    returning conversation, about, body";
const KEEP_BOUNCE: &str = "
    update outbox set bounced = $2
    where id = $1 and state in ('waiting', 'sending') and bounced is null";
const FIND_EARLY: &str =
    "select id, bounced from outbox where id in ({list}) and bounced is not null order by id";
const HOLD_AGAIN: &str = "
    insert into outbox (id, conversation, channel, origin, slot, about, state, attempts,
                        not_before, created_at, settled_at, body)
    select $2, conversation, channel, origin, null, about, 'held', 0, 0, $3, $3, $4
    from outbox where id = $1";

/// A message that a channel had taken and then told that it did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounce {
    /// Which.
    pub outbound: OutboundId,
    /// Why.
    pub refusal: Refusal,
    /// What it is called when it goes out once more.
    pub again: OutboundId,
}

/// A bounce in its message's row, told before the message was known to be taken.
#[derive(Serialize, Deserialize)]
struct Early {
    refusal: Refusal,
    again: OutboundId,
}

/// Whether it may yet be told of a message that it did not arrive, and its words go out again then.
pub(super) fn may_come(waiting: &Waiting) -> bool {
    waiting.message.conversation.channel() == BOUNCES && waits(waiting.about)
}

/// Whether what is part of this waits for their next message: a picture is owed, which is written
/// elsewhere, and what made sense only at its moment is given up.
fn waits(about: Option<About>) -> bool {
    !matches!(about, Some(About::Picture(_) | About::Passing | About::Occasion | About::Handing(_)))
}

/// Each of these is refused once, and whoever waits for its fate hears of it. Words that the
/// channel takes when they write again wait for that, under another name.
/// What is not known to be taken yet bounces when it is.
pub async fn bounce(tx: &mut Tx, bounced: &[Bounce], now: i64) -> Result<(), StoreError> {
    let mut events = Vec::new();
    for Bounce { outbound, refusal, again } in bounced {
        let rows = tx.rows(BOUNCE, &[outbound.0.into(), now.into()]).await?;
        if rows.is_empty() {
            let early = Early { refusal: *refusal, again: *again };
            let early = serde_json::json!(early).to_string();
            tx.run(KEEP_BOUNCE, &[outbound.0.into(), early.into()]).await?;
        }
        for row in rows {
            let conversation = ConversationId(row.text(0)?);
            let about: Option<About> =
                row.maybe_text(1)?.and_then(|text| serde_json::from_str(&text).ok());
            let mut is_held = false;
            if *refusal == Refusal::NotNow {
                // Whatever we had counted, there is nothing left.
                windows::close(tx, conversation.as_str(), *outbound).await?;
                let body = row.blob(2)?;
                is_held = waits(about) && hold_again(tx, *outbound, *again, &body, now).await?;
            }
            if *refusal == Refusal::Content
                && let Ok(message) = sealed::open_json(&row.blob(2)?, "outbox", "body")
            {
                let lost = Waiting::new(message, about, None);
                events.extend(words_lost(tx, &lost, Words::NotLetThrough, now).await?);
            }
            // Whoever wrote it hears that it waits; of words of ours nobody needs to.
            let Some(about) = about.filter(|about| is_awaited(*about)) else { continue };
            if is_held && !matches!(about, About::Relay(_) | About::RelayPart { .. }) {
                continue;
            }
            let (outbound, refusal) = (*outbound, *refusal);
            let event = Event::MessageRefused { outbound, about, refusal };
            let external_id = format!("outbound:{outbound}:bounced");
            events.push(NewEvent::of_house(external_id, &conversation, &event));
        }
    }
    inbox::insert(tx, &events, now, now).await?;
    Ok(())
}

/// What of these had bounced before it was known that the channel had taken it. Whether any had.
pub(super) async fn bounce_early(
    tx: &mut Tx,
    settled: &[Settled],
    now: i64,
) -> Result<bool, StoreError> {
    let taken = settled.iter().filter(|one| {
        let message = &one.waiting.message;
        matches!(one.fate, Fate::Delivered(_) | Fate::Unknown)
            && message.conversation.channel() == BOUNCES
    });
    let taken: Vec<Vec<Value>> = taken.map(|one| vec![one.waiting.message.id.0.into()]).collect();
    let mut bounced = Vec::new();
    for row in tx.rows_for(FIND_EARLY, &taken).await? {
        let outbound = OutboundId(row.int(0)?);
        let unread = |_| StoreError::Inconsistent { table: "outbox", row: outbound.to_string() };
        let Early { refusal, again } = serde_json::from_str(&row.text(1)?).map_err(unread)?;
        bounced.push(Bounce { outbound, refusal, again });
    }
    bounce(tx, &bounced, now).await?;
    Ok(!bounced.is_empty())
}

/// Puts a message by under another name, since the channel takes each name once; whether its words
/// were still there.
async fn hold_again(
    tx: &mut Tx,
    outbound: OutboundId,
    again: OutboundId,
    body: &[u8],
    now: i64,
) -> Result<bool, StoreError> {
    let Ok(mut message) = sealed::open_json::<OutboundMessage>(body, "outbox", "body") else {
        return Ok(false);
    };
    message.id = again;
    let body = sealed::seal_json(&message);
    tx.run(HOLD_AGAIN, &[outbound.0.into(), again.0.into(), now.into(), body.into()]).await?;
    Ok(true)
}
