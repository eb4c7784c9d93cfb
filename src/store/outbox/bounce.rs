//! What a channel had taken and then lost.

use picdesk_core::{
    channel::Refusal,
    event::Event,
    id::{ConversationId, OutboundId},
};

use super::fates::is_awaited;
use crate::store::{
    StoreError, Tx,
    inbox::{self, NewEvent},
};

const BOUNCE: &str = "
    update outbox set state = 'refused', settled_at = $2
    where id = $1 and state in ('delivered', 'unknown')
    returning conversation, about";

/// Messages that the channel had taken and then told that they did not arrive. Each is refused
/// once, and whoever waits for its fate hears of it.
pub async fn bounce(
    tx: &mut Tx,
    bounced: &[(OutboundId, Refusal)],
    now: i64,
) -> Result<(), StoreError> {
    let mut events = Vec::new();
    for (outbound, refusal) in bounced {
        for row in tx.rows(BOUNCE, &[outbound.0.into(), now.into()]).await? {
            let about = row.maybe_text(1)?.and_then(|text| serde_json::from_str(&text).ok());
            let Some(about) = about.filter(|about| is_awaited(*about)) else { continue };
            let (outbound, refusal) = (*outbound, *refusal);
            let event = Event::MessageRefused { outbound, about, refusal };
            let external_id = format!("outbound:{outbound}:bounced");
            events.push(NewEvent::of_house(external_id, &ConversationId(row.text(0)?), &event));
        }
    }
    inbox::insert(tx, &events, now, now).await?;
    Ok(())
}
