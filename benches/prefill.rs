//! A database that has been in use: so many accounts, each with a conversation in which one
//! command was answered, and one picture made and paid for.

use picdesk::{
    clock::Clock,
    store::{Database as Handle, Store},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::databases::Database;

/// The number of the first person, and of their private chat.
pub const FIRST_PERSON: i64 = 20_000_001;

/// What stands for each number in `n`, from `{from}` to `{to}`. Both databases read it.
const NUMBERS: &str = "with recursive n(i) as (
    select cast({from} as bigint) union all select i + 1 from n where i < {to})";
/// Rows of each account, in an order in which they may come. Numbers below zero are nobody's: the
/// program counts up.
const ROWS: [&str; 10] = [
    "insert into purses (id, granted, posted, pending, refunded, expired, reclaimed, entries, head)
     {numbers} select -i, 100, 2, 0, 0, 0, 0, 3, 'x' from n",
    "insert into ledger (id, purse, number, kind, amount, hold, source, reason, note_sha256, at, hash)
     {numbers} select -3 * i + k, -i, k + 1, kind, amount, hold, 'filled:' || i || ':' || k, 'trial',
                      '', {now}, 'x'
     from n, (select 0 as k, 'grant' as kind, 100 as amount, null as hold
              union all select 1, 'hold', 2, -1 union all select 2, 'post', 2, -1) as lines",
    "insert into requests (id, account, purse, identity, conversation, setting, message, body, options,
                           price_each, state, asked_at)
     {numbers} select -i, -i, -i, 'telegram:' || (20000000 + i), 'telegram:' || (20000000 + i),
                      'private', '1', {nothing}, '{options}', 2, 'settled', {now} from n",
    "insert into generations (id, request, hold, account, purse, conversation, number, tag, state,
                              attempts, not_before, waiting_since, queued_at, settled_at, untold)
     {numbers} select -i, -i, -i, -i, -i, 'telegram:' || (20000000 + i), 1, 0, 'delivered',
                      1, 0, 0, {now}, {now}, 0 from n",
    "insert into holds (id, purse, generation, amount, state, opened_at, resolved_at)
     {numbers} select -i, -i, -i, 2, 'posted', {now}, {now} from n",
    "insert into accounts (id, purse, options, plan, last_tag, created_at)
     {numbers} select -i, -i, '{options}', null, 0, 1 from n",
    "insert into identities (id, account, name, language, language_chosen, reachable, created_at)
     {numbers} select 'telegram:' || (20000000 + i), -i, {name}, 'en', 0, 1, 1 from n",
    "insert into inbox (external_id, conversation, ordering, shard, origin, received_at, state,
                        attempts, not_before, turned_at)
     {numbers} select 'telegram:7000000001:update:' || (100000000 + i),
                      'telegram:' || (20000000 + i), 'telegram:' || (20000000 + i), i % 64,
                      'people', {now}, 'turned', 0, 0, {now} from n",
    "insert into inbox_raw (seq, event, raw, kept_until)
     select seq, {name}, {name}, {now} + 259200000 from inbox
     where seq not in (select seq from inbox_raw)",
    "insert into outbox (id, conversation, channel, origin, slot, about, state, attempts,
                         not_before, created_at, settled_at, body)
     {numbers} select -i, 'telegram:' || (20000000 + i), 'telegram', 'people', null, null,
                      'delivered', 0, 0, {now}, {now}, {nothing} from n",
];

/// Adds people, from how many there are to how many there shall be.
pub async fn fill(database: &Database, there: u32, wanted: u32) -> anyhow::Result<()> {
    let store = Store::open(&database.url, 1, Clock::system()).await?;
    let now = store.clock().now_ms();
    let (name, nothing, check) = match store.database() {
        Handle::Sqlite(_) => ("x'00416461'", "x'00'", "pragma wal_checkpoint(truncate)"),
        Handle::Postgres(_) => ("'\\x00416461'::bytea", "'\\x00'::bytea", "checkpoint"),
    };
    let options = serde_json::to_string(&picdesk_core::generation::Options::default())?;
    let numbers =
        NUMBERS.replace("{from}", &(there + 1).to_string()).replace("{to}", &wanted.to_string());
    let mut text = String::from("begin;\n");
    for rows in ROWS {
        text += &rows
            .replace("{numbers}", &numbers)
            .replace("{options}", &options)
            .replace("{name}", name)
            .replace("{nothing}", nothing)
            .replace("{now}", &now.to_string());
        text += ";\n";
    }
    text += "commit;\nanalyze;\n";
    text += check;
    store.database().close().await;
    if let Some(path) = database.url.strip_prefix("sqlite://") {
        let connection = rusqlite::Connection::open(path)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.execute_batch(&text)?;
    } else {
        let mut connection = PgConnection::connect(&database.url).await?;
        for part in text.split_inclusive(";\n") {
            let part = AssertSqlSafe(part.to_owned());
            sqlx::raw_sql(part).execute(&mut connection).await?;
        }
        connection.close().await?;
    }
    Ok(())
}
