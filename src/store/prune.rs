//! Forgetting rows that have had their time. Counts survive in `counters`.

use super::{
    StoreError, Tx, Value,
    inbox::{NAMES_KEPT_MS, SET_ASIDE_KEPT_MS, name_hash},
    links, sealed, windows,
};

/// Rows of each kind in one commit.
const PRUNED_MAX: i64 = 1000;
/// How long codes and counts of linking are of use: no count lasts longer.
const LINKING_KEPT_MS: i64 = 24 * 3_600_000;
/// How long it is of use where somebody came from who has not written yet.
const ORIGINS_KEPT_MS: i64 = 90 * LINKING_KEPT_MS;
/// Samples kept for medians.
const SAMPLES_KEPT: i64 = 5000;

/// Before when things are forgotten, milliseconds since the epoch.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Now.
    pub now: i64,
    /// Raw events and sent messages.
    pub raw_before: i64,
    /// Prompts.
    pub prompts_before: i64,
}

const FIND_RAW: &str = "
    select r.seq from inbox_raw r join inbox i on i.seq = r.seq
    where r.kept_until <= $1 and i.state <> 'waiting' limit $2";
const FORGET_RAW: &str = "delete from inbox_raw where seq in ({list})";
const FIND_TURNED: &str = "
    select seq, origin, external_id, hash from inbox
    where state = 'turned' and turned_at < $1
      and not exists (select 1 from inbox_raw r where r.seq = inbox.seq)
    limit $2";
const KEEP_NAMES: &str =
    "insert into inbox_names (hash) values {rows} on conflict (hash) do nothing";
const FORGET_TURNED: &str = "delete from inbox where seq in ({list})";
const FIND_SENT: &str = "
    select id, state from outbox
    where state not in ('waiting', 'sending') and settled_at < $1
      and (state <> 'held' or settled_at < $3)
    limit $2";
const FORGET_SENT: &str = "delete from outbox where id in ({list})";
const COUNT: &str = "
    insert into counters (name, value) values ($1, $2)
    on conflict (name) do update set value = counters.value + excluded.value";
const FORGET_ALBUM_PARTS: &str = "
    delete from album_parts where exists (
      select 1 from albums a
      where a.conversation = album_parts.conversation and a.album = album_parts.album
        and a.began_at < $1)";
const FORGET_ALBUMS: &str = "delete from albums where began_at < $1";
/// Where messages stand goes with what they show, and some time after: a picture that is deleted
/// leaves its chat only by this.
const FORGET_PLACED: &str = "
    delete from placed where slot in (
      select p.slot from placed p
      where p.at < $1
        and not exists (
          select 1 from artifacts a where a.id = p.artifact and a.expires_at >= $2)
        and not exists (
          select 1 from escalations e
          where e.id = p.escalation and (e.state = 'open' or e.closed_at >= $1))
      limit $3)";
const FORGET_STREAMS: &str = "delete from wecom_streams where open = 0 and begun_at < $1";
const FORGET_MENUS: &str = "delete from wecom_menus where at < $1";
const FORGET_ORIGINS: &str = "delete from coming_origins where at < $1";
const FIND_ERRANDS: &str = "
    select id, state from errands
    where (state in ('done', 'failed') and settled_at < $1)
       or (state = 'set_aside' and settled_at < $2)
    limit $3";
const FORGET_ERRANDS: &str = "delete from errands where id in ({list})";
const FORGET_SAMPLES: &str = "
    delete from samples where id < (
      select min(id) from (select id from samples order by id desc limit $1) as newest)";
const FORGET_PROMPTS: &str = "
    update requests set body = $2, message = null, forgotten = 1
    where id in (
      select id from requests
      where forgotten = 0 and asked_at < $1 and state in ('settled', 'cancelled', 'lapsed', 'failed')
        and not exists (
          select 1 from artifacts a where a.request = requests.id and a.state = 'kept')
      limit $3)";

/// Forgets what has had its time; whether there may be more.
pub async fn prune(tx: &mut Tx, times: Times) -> Result<bool, StoreError> {
    links::forget(tx, times.now.saturating_sub(LINKING_KEPT_MS), PRUNED_MAX).await?;
    let raw = ids(&tx.rows(FIND_RAW, &[times.now.into(), PRUNED_MAX.into()]).await?)?;
    tx.run_for(FORGET_RAW, &raw).await?;
    let names_before = Value::from(times.now - NAMES_KEPT_MS);
    let turned = tx.rows(FIND_TURNED, &[names_before, PRUNED_MAX.into()]).await?;
    let mut names: Vec<Vec<Value>> = Vec::new();
    let mut people = 0;
    for row in &turned {
        if row.text(1)? == "people" {
            people += 1;
            names.push(vec![name_hash(&row.text(2)?).into()]);
            if let Some(envelope) = row.maybe_blob(3)? {
                names.push(vec![envelope.into()]);
            }
        }
    }
    tx.run_for(KEEP_NAMES, &names).await?;
    tx.run_for(FORGET_TURNED, &ids(&turned)?).await?;
    count(tx, "inbox/turned", people).await?;
    // What waits for their next message waits as long as their words are kept.
    let values = [times.raw_before.into(), PRUNED_MAX.into(), times.prompts_before.into()];
    let sent = tx.rows(FIND_SENT, &values).await?;
    tx.run_for(FORGET_SENT, &ids(&sent)?).await?;
    for word in ["delivered", "unknown", "refused"] {
        let mut of_word = 0;
        for row in &sent {
            of_word += i64::from(row.text(1)? == word);
        }
        count(tx, &format!("outbox/{word}"), of_word).await?;
    }
    tx.run(FORGET_ALBUM_PARTS, &[times.raw_before.into()]).await?;
    tx.run(FORGET_ALBUMS, &[times.raw_before.into()]).await?;
    tx.run(FORGET_STREAMS, &[times.raw_before.into()]).await?;
    tx.run(FORGET_MENUS, &[times.raw_before.into()]).await?;
    tx.run(FORGET_ORIGINS, &[(times.now - ORIGINS_KEPT_MS).into()]).await?;
    let values = [times.prompts_before.into(), times.raw_before.into(), PRUNED_MAX.into()];
    let placed = tx.run(FORGET_PLACED, &values).await?;
    windows::forget(tx, times.raw_before).await?;
    let aside_before = times.now - SET_ASIDE_KEPT_MS;
    let values = [times.raw_before.into(), aside_before.into(), PRUNED_MAX.into()];
    let errands = tx.rows(FIND_ERRANDS, &values).await?;
    tx.run_for(FORGET_ERRANDS, &ids(&errands)?).await?;
    let mut failed = 0;
    for row in &errands {
        failed += i64::from(row.text(1)? != "done");
    }
    count(tx, "errands/failed", failed).await?;
    tx.run(FORGET_SAMPLES, &[SAMPLES_KEPT.into()]).await?;
    let empty = sealed::seal_json(&super::facts::RequestBody::default());
    let values = [times.prompts_before.into(), empty.into(), PRUNED_MAX.into()];
    let emptied = tx.run(FORGET_PROMPTS, &values).await?;
    let counts = [raw.len(), turned.len(), sent.len(), errands.len()].map(|count| count as i64);
    let touched = [placed, emptied].map(u64::cast_signed);
    Ok(counts.into_iter().chain(touched).any(|count| count >= PRUNED_MAX))
}

fn ids(rows: &[super::Row]) -> Result<Vec<Vec<Value>>, StoreError> {
    rows.iter().map(|row| Ok(vec![row.int(0)?.into()])).collect()
}

async fn count(tx: &mut Tx, name: &str, more: i64) -> Result<(), StoreError> {
    if more > 0 {
        tx.run(COUNT, &[name.into(), more.into()]).await?;
    }
    Ok(())
}
