//! Pictures that come near their end, so that whoever they belong to hears of it once.

use picdesk_core::{
    event::Event,
    id::{AccountId, ConversationId},
};

use super::{
    StoreError, Tx, Value,
    inbox::{self, NewEvent},
    people,
};

/// A day.
const DAY_MS: i64 = 24 * 3_600_000;
/// How long before its end a picture makes us speak.
const AHEAD_MS: i64 = DAY_MS;
/// What goes within this time is told along with it, so that nobody hears of it every day.
const ALONG_MS: i64 = 7 * DAY_MS;
/// Pictures kept for a shorter time are not announced: their receipts have just said it.
pub const ANNOUNCED_FROM_MS: i64 = 2 * DAY_MS;
/// Accounts of one step.
pub const ACCOUNTS_MAX: usize = 100;

const FIND_ACCOUNTS: &str = "
    select a.account, min(a.expires_at)
    from artifacts a
    where a.state = 'kept' and a.announced = 0 and a.expires_at <= $1
    group by a.account order by min(a.expires_at) limit $2";
// What is younger than half its time is left for a later word.
const ANNOUNCE: &str = "
    update artifacts set announced = 1
    where account = $1 and state = 'kept' and announced = 0 and expires_at <= $2
      and (expires_at <= $3 or made_at + (expires_at - made_at) / 2 <= $4)
    returning id";

/// Announces what ends soon, in one event for each account; how many accounts. Those that nobody
/// can reach are not told, then or later.
pub async fn announce(tx: &mut Tx, now: i64) -> Result<usize, StoreError> {
    let soon = now + AHEAD_MS;
    let limit = i64::try_from(ACCOUNTS_MAX).unwrap_or(i64::MAX);
    let found = tx.rows(FIND_ACCOUNTS, &[soon.into(), limit.into()]).await?;
    let mut events = Vec::new();
    for row in &found {
        let (account, first_at) = (row.int(0)?, row.int(1)?);
        let values: [Value; 4] = [account.into(), (now + ALONG_MS).into(), soon.into(), now.into()];
        let announced = tx.rows(ANNOUNCE, &values).await?;
        let Some(first) = announced.first() else { continue };
        let id = format!("account:{account}:expiring:{}", first.int(0)?);
        let Some(whose) = people::private_conversation(tx, account, now).await? else { continue };
        let event = Event::PicturesExpiring {
            account: AccountId(account),
            count: i64::try_from(announced.len()).unwrap_or(i64::MAX),
            first_at,
        };
        events.push(NewEvent::of_house(id, &ConversationId(whose), &event));
    }
    inbox::insert(tx, &events, now, now).await?;
    Ok(found.len())
}
