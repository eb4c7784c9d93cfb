//! Copies of pictures that their channel gives away only for a while: which there are, who needs
//! them, and letting go of them.
//!
//! A copy goes with the requests that are made from it: a day after the last of them was asked, or
//! when it has ended if that is later. Letting go has the steps of a stored picture's
//! ([`artifacts`](super::artifacts)).

use std::collections::HashSet;

use picdesk_core::{
    channel::MediaRef,
    errand::media_name,
    facts::{Reference, Request},
};
use sha2::{Digest as _, Sha256};

use super::{
    Connection, StoreError, Tx, Value,
    scope::{OfConversation, Scoped},
};

/// How long a copy is kept for whoever has not asked for anything with it yet, and for whoever
/// asks again, milliseconds.
pub const KEPT_MS: i64 = 24 * 3600 * 1000;
/// Rows of one step of the sweeper.
pub const SWEPT_MAX: i64 = 500;

const KEEP: &str = "
    insert into media_copies (media, object, bytes, kept_at, state) values {rows}
    on conflict (media) do update set object = excluded.object, bytes = excluded.bytes,
                                      kept_at = excluded.kept_at, state = excluded.state";
const USE: &str = "
    insert into media_uses (media, request, at) values {rows}
    on conflict (media, request) do nothing";
const FIND: &str = "select object from media_copies where media = $1 and state = 'kept'";
const LET_GO: &str = "
    update media_copies set state = 'going'
    where media in (
      select c.media from media_copies c
      where c.state = 'kept' and c.kept_at <= $1
        and not exists (
          select 1 from media_uses u join requests r on r.id = u.request
          where u.media = c.media
            and (r.state in ('asking', 'unpaid', 'checking', 'open') or r.asked_at > $1))
      limit $2)";
const FIND_GOING: &str = "
    select media, object from media_copies where state = 'going' order by media limit $1";
const FORGET: &str = "delete from media_copies where media in ({list}) and state = 'going'";
const FORGET_USES: &str = "
    delete from media_uses
    where at <= $1 and not exists (select 1 from media_copies c where c.media = media_uses.media)
      and not exists (
        select 1 from requests r
        where r.id = media_uses.request and r.state in ('asking', 'unpaid', 'checking', 'open'))";
const KNOWN_OBJECTS: &str = "select object from media_copies where object in ({list})";

/// What stands for a picture in rows: the first 16 bytes of the SHA-256 of its name.
fn key(name: &str) -> Vec<u8> {
    Sha256::digest(name.as_bytes())[..16].to_vec()
}

/// A copy's row.
pub(super) fn row(media: &str, object: &str, bytes: i64, now: i64) -> Vec<Value> {
    vec![key(media).into(), object.into(), bytes.into(), now.into(), "kept".into()]
}

/// Rows that say from which pictures a request is made, as far as they may need copies.
pub(super) fn uses(request: &Request, now: i64) -> Vec<Vec<Value>> {
    let medias: HashSet<&MediaRef> = request
        .references
        .iter()
        .filter_map(|reference| match reference {
            Reference::Media(media) => Some(media),
            Reference::Artifact(_) => None,
        })
        .filter(|media| media.fetch_before.is_some())
        .collect();
    let name = |media| key(&media_name(&request.conversation, media));
    let keys: HashSet<Vec<u8>> = medias.into_iter().map(name).collect();
    keys.into_iter().map(|key| vec![key.into(), request.id.0.into(), now.into()]).collect()
}

/// Writes down copies, and who needs them.
pub(super) async fn keep(
    tx: &mut Tx,
    copies: &[Vec<Value>],
    uses: &[Vec<Value>],
) -> Result<(), StoreError> {
    tx.run_for(KEEP, copies).await?;
    tx.run_for(USE, uses).await?;
    Ok(())
}

/// The object with a copy of a picture, where there is one.
pub async fn find(
    of: &mut Scoped<OfConversation>,
    media: &MediaRef,
) -> Result<Option<String>, StoreError> {
    let key = key(&media_name(&of.scope().0, media));
    let rows = of.connection().rows(FIND, &[key.into()]).await?;
    rows.first().map(|row| row.text(0)).transpose()
}

/// Lets go of copies that nobody needs any more; how many.
pub async fn let_go(tx: &mut Tx, now: i64) -> Result<u64, StoreError> {
    let before = now - KEPT_MS;
    tx.run(FORGET_USES, &[before.into()]).await?;
    tx.run(LET_GO, &[before.into(), SWEPT_MAX.into()]).await
}

/// Copies whose objects are to be deleted.
pub async fn going(connection: &mut Connection) -> Result<Vec<(Vec<u8>, String)>, StoreError> {
    let rows = connection.rows(FIND_GOING, &[SWEPT_MAX.into()]).await?;
    rows.iter().map(|row| Ok((row.blob(0)?, row.text(1)?))).collect()
}

/// Their objects are gone.
pub async fn gone(tx: &mut Tx, media: &[Vec<u8>]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = media.iter().map(|key| vec![key.clone().into()]).collect();
    tx.run_for(FORGET, &rows).await?;
    Ok(())
}

/// Which of these objects are copies.
pub async fn known(
    connection: &mut Connection,
    objects: &[String],
) -> Result<HashSet<String>, StoreError> {
    let rows: Vec<Vec<Value>> = objects.iter().map(|name| vec![name.as_str().into()]).collect();
    let rows = connection.rows_for(KNOWN_OBJECTS, &rows).await?;
    rows.iter().map(|row| row.text(0)).collect()
}
