//! What the WeCom adapter keeps: its access token, the AI bot's answers in the making, numbered
//! menus, and the doorbells of customer service.

use picdesk_core::{channel::Refusal, event::Event, id::ConversationId};
use picdesk_wecom::{
    menus::Chooses,
    streams::{RESPONSE_MS, STREAM_MS, Stream},
    token::Token,
    verify::Secret,
};

use super::{
    Connection, Row, StoreError, Tx, Value,
    inbox::{self, NewEvent},
    scope::{OfConversation, Scoped},
    sealed,
};

/// Answers of a conversation that are looked through for one that takes more. They bear their
/// pictures.
const RECENT_MAX: i64 = 6;

/// Answers that are swept in one commit.
const SWEPT_MAX: i64 = 100;

const FIND_TOKEN: &str =
    "select token, renew_at from wecom_tokens where app = $1 and token is not null";
const KEEP_TOKEN: &str = "
    insert into wecom_tokens (app, token, renew_at, claimed_until) values ($1, $2, $3, 0)
    on conflict (app) do update
    set token = excluded.token, renew_at = excluded.renew_at, claimed_until = 0";
const CLAIM_TOKEN: &str = "
    insert into wecom_tokens (app, token, renew_at, claimed_until) values ($1, null, 0, $2)
    on conflict (app) do update set claimed_until = excluded.claimed_until
    where wecom_tokens.claimed_until <= $3";
const RELEASE_TOKEN: &str =
    "update wecom_tokens set claimed_until = 0 where app = $1 and claimed_until = $2";
const OPEN_STREAM: &str = "
    insert into wecom_streams (id, conversation, begun_at, number, version, open, body)
    values ($1, $2, $3,
      (select coalesce(max(s.number), 0) + 1 from wecom_streams s where s.conversation = $2),
      $4, $5, $6)
    on conflict (id) do nothing";
const FIND_STREAM: &str = "select body, id from wecom_streams where id = $1";
const FIND_RECENT: &str = "
    select body, id from wecom_streams where conversation = $1
    order by begun_at desc, number desc limit $2";
const FIND_QUOTED: &str = "
    select body, id from wecom_streams where conversation = $1 and said = $2
    order by begun_at desc, number desc limit 1";
const SAVE_STREAM: &str = "
    update wecom_streams set version = $2, open = $3, body = $4, said = $5
    where id = $1 and version = $2 - 1";
const FIND_LOST: &str = "
    select body, id from wecom_streams where open = 1 and begun_at < $1
    order by begun_at limit $2";
const CLOSE_STREAM: &str = "update wecom_streams set open = 0 where id = $1 and version = $2";
/// How long somebody who pressed a card is taken to read in WeCom, milliseconds: as long as the
/// answer to the press takes. What comes later, receipts, prices and failures among it, is said in
/// words that are shown in WeChat too.
pub const STAYS_MS: i64 = 10 * 1000;

const KEEP_MENU: &str = "
    insert into wecom_menus (conversation, tokens, by_card, at) values ($1, $2, 0, $3)
    on conflict (conversation) do update set tokens = excluded.tokens, at = excluded.at
    returning by_card";
const FIND_MENU: &str = "select tokens from wecom_menus where conversation = $1";
const FIND_WAY: &str = "select by_card from wecom_menus where conversation = $1";
const KEEP_WAY: &str = "update wecom_menus set by_card = $2 where conversation = $1";
const KEEP_DOORBELL: &str = "
    insert into wecom_doorbells (account, token) values ($1, $2)
    on conflict (account) do update set token = excluded.token";
const TAKE_DOORBELLS: &str = "delete from wecom_doorbells where account = $1 returning token";

/// The token of an app.
pub async fn token(connection: &mut Connection, app: &str) -> Result<Option<Token>, StoreError> {
    let rows = connection.rows(FIND_TOKEN, &[app.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Token {
        secret: Secret::new(opened(&row.blob(0)?, "wecom_tokens", app)?),
        renew_at: row.int(1)?,
    }))
}

/// Keeps a token, and ends the claim.
pub async fn keep_token(tx: &mut Tx, app: &str, token: &Token) -> Result<(), StoreError> {
    let secret = sealed::seal(token.secret.expose().as_bytes());
    tx.run(KEEP_TOKEN, &[app.into(), secret.into(), token.renew_at.into()]).await?;
    Ok(())
}

/// Claims the fetching of a token until then, unless somebody else has claimed it.
pub async fn claim_token(tx: &mut Tx, app: &str, until: i64, now: i64) -> Result<bool, StoreError> {
    Ok(tx.run(CLAIM_TOKEN, &[app.into(), until.into(), now.into()]).await? > 0)
}

/// Ends a claim that came to nothing; not the one that somebody else has by now.
pub async fn release_token(tx: &mut Tx, app: &str, until: i64) -> Result<(), StoreError> {
    tx.run(RELEASE_TOKEN, &[app.into(), until.into()]).await?;
    Ok(())
}

/// Keeps a new answer; one of the same name stays as it is.
pub async fn open_stream(tx: &mut Tx, stream: &Stream) -> Result<(), StoreError> {
    let values = [
        stream.id.as_str().into(),
        stream.conversation.as_str().into(),
        stream.begun_at.into(),
        version(stream).into(),
        (!stream.finished).into(),
        sealed::seal_json(stream).into(),
    ];
    tx.run(OPEN_STREAM, &values).await?;
    Ok(())
}

/// The answer of this name.
pub async fn stream(connection: &mut Connection, id: &str) -> Result<Option<Stream>, StoreError> {
    connection.rows(FIND_STREAM, &[id.into()]).await?.first().map(stream_of).transpose()
}

/// The answers that were begun last in a conversation, the last one first.
pub async fn recent_streams(of: &mut Scoped<OfConversation>) -> Result<Vec<Stream>, StoreError> {
    let values = [of.scope().0.as_str().into(), RECENT_MAX.into()];
    let rows = of.connection().rows(FIND_RECENT, &values).await?;
    rows.iter().map(stream_of).collect()
}

/// The last answer in a conversation that has ended with pictures and these words.
pub async fn quoted_stream(
    of: &mut Scoped<OfConversation>,
    said: &str,
) -> Result<Option<Stream>, StoreError> {
    let values = [of.scope().0.as_str().into(), said.into()];
    let rows = of.connection().rows(FIND_QUOTED, &values).await?;
    rows.first().map(stream_of).transpose()
}

/// Puts an answer in the place of the one whose version is one less; whether that was there.
pub async fn save_stream(tx: &mut Tx, stream: &Stream) -> Result<bool, StoreError> {
    let values = [
        stream.id.as_str().into(),
        version(stream).into(),
        (!stream.finished).into(),
        sealed::seal_json(stream).into(),
        stream.said().into(),
    ];
    Ok(tx.run(SAVE_STREAM, &values).await? > 0)
}

/// Ends the answers whose time is over: what they carried and nobody saw has not arrived. How many
/// there were.
pub async fn sweep_streams(tx: &mut Tx, now: i64) -> Result<usize, StoreError> {
    let begun_before = now.saturating_sub(STREAM_MS);
    let rows = tx.rows(FIND_LOST, &[begun_before.into(), SWEPT_MAX.into()]).await?;
    let mut bounced = Vec::new();
    for row in &rows {
        let stream = stream_of(row)?;
        for outbound in stream.lost(now) {
            let refusal = Refusal::ConversationGone;
            let event = Event::MessageBounced { outbound: *outbound, refusal };
            let id = format!("stream:{}:{outbound}:lost", stream.id);
            bounced.push(NewEvent::of_house(id, &stream.conversation, &event));
        }
        tx.run(CLOSE_STREAM, &[stream.id.as_str().into(), version(&stream).into()]).await?;
    }
    inbox::insert(tx, &bounced, now, now.saturating_add(RESPONSE_MS)).await?;
    Ok(rows.len())
}

/// Keeps the tokens of a menu's numbers in the place of an earlier menu's; how whoever answers it
/// has chosen last.
pub async fn keep_menu(
    tx: &mut Tx,
    conversation: &ConversationId,
    tokens: &[String],
    now: i64,
) -> Result<Chooses, StoreError> {
    let tokens = sealed::seal_json(&tokens);
    let values = [conversation.as_str().into(), tokens.into(), now.into()];
    let rows = tx.rows(KEEP_MENU, &values).await?;
    rows.first().map_or(Ok(Chooses::ByNumber), |row| Ok(chooses(row.int(0)?, now)))
}

/// The token of a number of a conversation's last menu.
pub async fn menu_token(
    of: &mut Scoped<OfConversation>,
    number: usize,
) -> Result<Option<String>, StoreError> {
    let conversation = of.scope().0.clone();
    let rows = of.connection().rows(FIND_MENU, &[conversation.as_str().into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let tokens: Vec<String> =
        sealed::open_json(&row.blob(0)?, "wecom_menus", conversation.as_str())?;
    let token = number.checked_sub(1).and_then(|index| tokens.into_iter().nth(index));
    // What only leads somewhere has none.
    Ok(token.filter(|token| !token.is_empty()))
}

/// When whoever answers the last menu of a conversation pressed a card, where they have not chosen
/// by a number since; nothing where there was no menu.
pub async fn pressed_at(of: &mut Scoped<OfConversation>) -> Result<Option<i64>, StoreError> {
    let conversation = Value::from(of.scope().0.as_str());
    let rows = of.connection().rows(FIND_WAY, &[conversation]).await?;
    rows.first().map(|row| row.int(0)).transpose()
}

/// How somebody chooses now who has pressed a card then; 0: never, or chosen by a number since.
/// Whoever is at a desk reads in WeCom, and may be out with WeChat in their pocket later.
#[must_use]
pub fn chooses(pressed_at: i64, now: i64) -> Chooses {
    let is_there = pressed_at > 0 && now.saturating_sub(pressed_at) < STAYS_MS;
    if is_there { Chooses::ByCard } else { Chooses::ByNumber }
}

/// Keeps when somebody pressed a card; 0: chosen by a number since.
pub async fn keep_way(
    tx: &mut Tx,
    conversation: &ConversationId,
    pressed_at: i64,
) -> Result<(), StoreError> {
    tx.run(KEEP_WAY, &[conversation.as_str().into(), pressed_at.into()]).await?;
    Ok(())
}

/// Keeps what an account said when it had news.
pub async fn keep_doorbell(tx: &mut Tx, account: &str, token: &str) -> Result<(), StoreError> {
    tx.run(KEEP_DOORBELL, &[account.into(), sealed::seal(token.as_bytes()).into()]).await?;
    Ok(())
}

/// Takes what an account said last.
pub async fn take_doorbell(tx: &mut Tx, account: &str) -> Result<Option<String>, StoreError> {
    let rows = tx.rows(TAKE_DOORBELLS, &[account.into()]).await?;
    rows.first().map(|row| opened(&row.blob(0)?, "wecom_doorbells", account)).transpose()
}

fn version(stream: &Stream) -> i64 {
    i64::try_from(stream.version).unwrap_or(i64::MAX)
}

fn stream_of(row: &Row) -> Result<Stream, StoreError> {
    sealed::open_json(&row.blob(0)?, "wecom_streams", &row.text(1)?)
}

fn opened(bytes: &[u8], table: &'static str, row: &str) -> Result<String, StoreError> {
    let text = sealed::open(bytes, table, row)?.to_vec();
    String::from_utf8(text).map_err(|_| StoreError::Inconsistent { table, row: row.to_owned() })
}
