//! Stored pictures in rows: finding them by address, and letting go of them in time.
//!
//! Letting go has two steps, so that a crash between row and object leaves neither behind: the row
//! says *going* in one commit (and whoever still waits for the picture hears of it), then the
//! object is deleted, then the row says *expired*.

use std::collections::HashSet;

use picdesk_core::{
    event::Event,
    generation::{Artifact, GenerationState, Size},
    id::{AccountId, ArtifactId, ConversationId},
};

use super::{
    Connection, StoreError, Tx, Value,
    inbox::{self, NewEvent},
    scope::{OfAccount, Scoped, Whose},
};

/// Rows of one step of the sweeper.
pub const SWEPT_MAX: i64 = 500;

const FIND: &str = "
    select id, object, bytes, width, height, kind, expires_at
    from artifacts where id = $1 and state = 'kept'";
const FIND_OWN: &str = "
    select id, object, bytes, width, height, kind, expires_at
    from artifacts where id = $1 and state = 'kept' and account = $2";
const FIND_OF_ACCOUNT: &str = "
    select id, object, bytes, width, height, kind, expires_at, made_at
    from artifacts where account = $1 and state = 'kept' and id < $2 order by id desc limit $3";
const COUNT_OF_ACCOUNT: &str =
    "select count(*) from artifacts where account = $1 and state = 'kept'";
const FIND_DUE: &str = "
    select a.id, a.owed, r.conversation, g.state
    from artifacts a
    join requests r on r.id = a.request
    join generations g on g.id = a.generation
    where a.state = 'kept' and a.expires_at <= $1
    order by a.expires_at limit $2";
const LET_GO: &str = "
    update artifacts set state = 'going', owed = 0 where id in ({list}) and state = 'kept'";
const FIND_GOING: &str =
    "select id, object from artifacts where state = 'going' order by id limit $1";
const EXPIRE: &str = "update artifacts set state = 'expired' where id in ({list})";
const FORGET_FILES: &str = "delete from artifact_files where artifact in ({list})";
const KNOWN_OBJECTS: &str =
    "select object from artifacts where object in ({list}) and state <> 'expired'";

const OBJECTS_TO_COME: &str = "
    select object, state, settled_at from generations
    where object in ({list})
      and state in ('held', 'claimed', 'submitting', 'submitted', 'uncertain')";

/// How long after it was given up a picture's object is kept for it, milliseconds.
const LATE_MS: i64 = 24 * 3600 * 1000;

fn side(pixels: i64) -> u32 {
    u32::try_from(pixels).unwrap_or(0)
}

fn read(row: &super::Row) -> Result<Artifact, StoreError> {
    Ok(Artifact {
        id: ArtifactId(row.int(0)?),
        object: row.text(1)?,
        bytes: row.int(2)?,
        size: Size { width: side(row.int(3)?), height: side(row.int(4)?) },
        kind: row.text(5)?,
        expires_at: row.int(6)?,
    })
}

/// A picture that is kept, where it is in the scope.
pub async fn find<W: Whose>(
    of: &mut Scoped<W>,
    id: ArtifactId,
) -> Result<Option<Artifact>, StoreError> {
    let rows = match of.scope().account() {
        None => of.connection().rows(FIND, &[id.0.into()]).await?,
        Some(AccountId(account)) => {
            of.connection().rows(FIND_OWN, &[id.0.into(), account.into()]).await?
        }
    };
    rows.first().map(read).transpose()
}

/// How many pictures are kept for an account.
pub async fn count(of: &mut Scoped<OfAccount>) -> Result<i64, StoreError> {
    let OfAccount(AccountId(account)) = *of.scope();
    of.connection().rows(COUNT_OF_ACCOUNT, &[account.into()]).await?[0].int(0)
}

/// Pictures of an account, newest first, and when each was made; those before `before`, where that
/// is given.
pub async fn newest(
    of: &mut Scoped<OfAccount>,
    before: Option<ArtifactId>,
    limit: i64,
) -> Result<Vec<(Artifact, i64)>, StoreError> {
    let OfAccount(AccountId(account)) = *of.scope();
    let before = before.map_or(i64::MAX, |id| id.0);
    of.connection()
        .rows(FIND_OF_ACCOUNT, &[account.into(), before.into(), limit.into()])
        .await?
        .iter()
        .map(|row| Ok((read(row)?, row.int(7)?)))
        .collect()
}

/// Lets go of what is due; how many.
pub async fn let_go(tx: &mut Tx, now: i64) -> Result<usize, StoreError> {
    let due = tx.rows(FIND_DUE, &[now.into(), SWEPT_MAX.into()]).await?;
    let mut rows = Vec::new();
    let mut events = Vec::new();
    for row in &due {
        let id = row.int(0)?;
        let owed = row.flag(1)?;
        rows.push(vec![Value::from(id)]);
        // Somebody waits for it yet: what was set aside for it is given back.
        if owed || row.text(3)? == GenerationState::Made.word() {
            events.push(NewEvent::of_house(
                format!("artifact:{id}:expired"),
                &ConversationId(row.text(2)?),
                &Event::ArtifactExpired { artifact: ArtifactId(id), owed },
            ));
        }
    }
    tx.run_for(LET_GO, &rows).await?;
    inbox::insert(tx, &events, now, now).await?;
    Ok(rows.len())
}

/// Pictures whose objects are to be deleted.
pub async fn going(connection: &mut Connection) -> Result<Vec<(i64, String)>, StoreError> {
    let rows = connection.rows(FIND_GOING, &[SWEPT_MAX.into()]).await?;
    rows.iter().map(|row| Ok((row.int(0)?, row.text(1)?))).collect()
}

/// Their objects are gone.
pub async fn gone(tx: &mut Tx, ids: &[i64]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Value>> = ids.iter().map(|id| vec![(*id).into()]).collect();
    tx.run_for(EXPIRE, &rows).await?;
    tx.run_for(FORGET_FILES, &rows).await?;
    Ok(())
}

/// Which of these objects a row knows of: a picture that is kept, or one whose making is not
/// decided yet, or was given up so lately that it may still come.
pub async fn known(
    connection: &mut Connection,
    objects: &[String],
    now: i64,
) -> Result<HashSet<String>, StoreError> {
    let rows: Vec<Vec<Value>> = objects.iter().map(|name| vec![name.as_str().into()]).collect();
    let mut known = HashSet::new();
    // What is to come first: meanwhile it may come, and is then found among what is kept.
    for row in connection.rows_for(OBJECTS_TO_COME, &rows).await? {
        let given_up = row.text(1)? == "uncertain";
        if !given_up || row.int(2)? > now - LATE_MS {
            known.insert(row.text(0)?);
        }
    }
    for row in connection.rows_for(KNOWN_OBJECTS, &rows).await? {
        known.insert(row.text(0)?);
    }
    Ok(known)
}
