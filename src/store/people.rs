//! Operators, and accounts by the names that the command line knows.

use picdesk_core::id::{AccountId, ConversationId, IdentityId};

use super::{Connection, Reads, StoreError, Tx};

/// Somebody who answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorRow {
    /// The name customers see.
    pub name: String,
    /// `agent`, `lead` or `owner`.
    pub role: String,
    /// Their Telegram user id.
    pub telegram: Option<String>,
    /// Their WeCom user id.
    pub wecom: Option<String>,
}

const ADD: &str = "
    insert into operators (name, role, telegram, wecom, added_at) values ($1, $2, $3, $4, $5)
    on conflict (name) do update
    set role = excluded.role, telegram = excluded.telegram, wecom = excluded.wecom";
const LIST: &str = "select name, role, telegram, wecom from operators order by name";
const REMOVE: &str = "delete from operators where name = $1";
const FIND_PURSE_OF_IDENTITY: &str = "
    select a.id, a.purse from identities i join accounts a on a.id = i.account where i.id = $1";
const FIND_PURSE_OF_ACCOUNT: &str = "select id, purse from accounts where id = $1";
/// Where an account can be written to by itself: where it last asked, since on some channels an
/// identity alone is no address; else by the name of its identity, which is one on the others.
///
/// Where the channel counts our messages, it is where some are left.
const FIND_CONVERSATION: &str = "
    select r.conversation
    from requests r
    join identities i on i.id = r.identity and i.account = r.account
    left join reply_windows w on w.conversation = r.conversation
    where r.account = $1 and r.setting = 'Private' and i.reachable = 1
    order by case when w.conversation is null
                    or (w.closes_at > $2 and w.replies_left > 0 and w.handed = 0)
                  then 0 else 1 end,
             i.created_at, i.id, r.id desc
    limit 1";
const FIND_IDENTITIES: &str = "
    select coalesce(home, id) from identities where account = $1 and reachable = 1
    order by created_at, id";
/// Where an account last asked, or the name of its identity; also of whom we believe that we
/// cannot reach them.
pub(super) const FIND_CONVERSATION_OF_ANY: &str = "
    select coalesce(
      (select r.conversation from requests r
       where r.account = i.account and r.identity = i.id and r.setting = 'Private'
       order by r.id desc limit 1), i.id)
    from identities i
    where i.account = $1 order by i.reachable desc, i.created_at, i.id limit 1";
const FIND_WHO_IS_TALKED_WITH: &str = "
    select i.id, coalesce(i.home,
      (select r.conversation from requests r
       where r.account = i.account and r.identity = i.id and r.setting = 'Private'
       order by r.id desc limit 1), i.id)
    from identities i
    where i.account = $1 order by i.reachable desc, i.created_at, i.id limit 1";
const FIND_SETTING: &str = "select value from settings where name = $1";
const KEEP_SETTING: &str =
    "insert into settings (name, value) values ($1, $2) on conflict (name) do nothing";

/// Adds an operator, or changes one.
pub async fn add_operator(tx: &mut Tx, operator: &OperatorRow, now: i64) -> Result<(), StoreError> {
    let values = [
        operator.name.as_str().into(),
        operator.role.as_str().into(),
        operator.telegram.clone().into(),
        operator.wecom.clone().into(),
        now.into(),
    ];
    tx.run(ADD, &values).await?;
    Ok(())
}

/// All operators by name.
pub async fn operators(connection: &mut Connection) -> Result<Vec<OperatorRow>, StoreError> {
    connection
        .rows(LIST, &[])
        .await?
        .iter()
        .map(|row| {
            Ok(OperatorRow {
                name: row.text(0)?,
                role: row.text(1)?,
                telegram: row.maybe_text(2)?,
                wecom: row.maybe_text(3)?,
            })
        })
        .collect()
}

/// Removes an operator; whether there was one.
pub async fn remove_operator(tx: &mut Tx, name: &str) -> Result<bool, StoreError> {
    Ok(tx.run(REMOVE, &[name.into()]).await? > 0)
}

/// An account and its purse by what the command line calls it: an account's number or an identity.
pub async fn find_account(
    connection: &mut Connection,
    name: &str,
) -> Result<Option<(i64, i64)>, StoreError> {
    let rows = match name.parse::<i64>() {
        Ok(account) => connection.rows(FIND_PURSE_OF_ACCOUNT, &[account.into()]).await?,
        Err(_) => connection.rows(FIND_PURSE_OF_IDENTITY, &[name.into()]).await?,
    };
    rows.first().map(|row| Ok((row.int(0)?, row.int(1)?))).transpose()
}

/// A conversation in which an account can be written to by itself.
pub async fn private_conversation(
    by: &mut impl Reads,
    account: i64,
    now: i64,
) -> Result<Option<String>, StoreError> {
    let asked = by.find(FIND_CONVERSATION, &[account.into(), now.into()]).await?;
    if let Some(row) = asked.first() {
        return row.text(0).map(Some);
    }
    for row in by.find(FIND_IDENTITIES, &[account.into()]).await? {
        let home = ConversationId(row.text(0)?);
        // A customer on WeChat is nowhere without the account they wrote to.
        let is_kf = home.channel() == picdesk_wecom::config::KF;
        if !is_kf || picdesk_wecom::address::Address::of(&home).is_some() {
            return Ok(Some(home.0));
        }
    }
    Ok(None)
}

/// Who has an account, and where they are talked with alone.
pub async fn talked_with(
    tx: &mut Tx,
    account: AccountId,
) -> Result<Option<(IdentityId, ConversationId)>, StoreError> {
    let rows = tx.rows(FIND_WHO_IS_TALKED_WITH, &[account.0.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some((IdentityId(row.text(0)?), ConversationId(row.text(1)?))))
}

/// A setting of this installation, made when it is asked for first.
pub async fn setting(tx: &mut Tx, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StoreError> {
    tx.run(KEEP_SETTING, &[name.into(), fresh.to_vec().into()]).await?;
    tx.rows(FIND_SETTING, &[name.into()]).await?[0].blob(0)
}
