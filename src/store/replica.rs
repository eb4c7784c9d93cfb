//! Replicas: who serves, whose work is whose, and taking over from the dead.
//!
//! A replica proves that it lives by a file lock (SQLite) or a session's advisory lock
//! (PostgreSQL), both of which the kernel or the server frees when the process dies, and by a beat
//! that rises every two seconds, which stops when the process is frozen. Nobody compares clocks: a
//! beat that did not rise for the length of a lease, by the watcher's own monotonic clock, is dead.
//! Taking over fences the dead replica's lanes first; a frozen writer that wakes up commits
//! nothing. A lost lock alone proves no death: a session also ends when the server does.

use std::{
    collections::HashMap,
    fs::{File, OpenOptions},
    time::{Duration, Instant},
};

use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::sync::Mutex;

use super::{
    Database, Store, StoreError, Tx, Value, errands, line,
    opening::{Sessions, connect},
    writer,
};

/// How often a replica says that it lives.
pub const BEAT: Duration = Duration::from_secs(2);
/// How long the others wait for the next beat before they take its work.
pub const LEASE: Duration = Duration::from_secs(10);
/// How long a replica whose lock is gone may be silent: two beats, in which a living one would
/// have taken its lock again.
const LOCKLESS_MAX: Duration = Duration::from_secs(4);
/// Conversations hash to this many shards.
pub const SHARDS: i64 = 64;
/// How long to wait when another replica is just taking the next number.
const NUMBER_TAKEN: Duration = Duration::from_millis(20);
/// The space of our advisory locks: "pd".
const LOCK_SPACE: i32 = 0x7064;

/// What tells the others that this process lives, for as long as it is kept.
#[derive(Debug)]
pub enum Liveness {
    /// A lock on a file beside the database.
    File(File),
    /// A session with an advisory lock; none between its end and the next beat.
    Session(Mutex<Option<PgConnection>>),
    /// Nothing but the beat: a session behind a pooler is nobody's own.
    Beat,
}

const NEXT_REPLICA: &str = "select coalesce(max(id), 0) + 1 from replicas";
const INSERT_REPLICA: &str =
    "insert into replicas (id, started_at, beats, stopped) values ($1, $2, 0, 0)";
const INSERT_LANE: &str = "insert into lanes (replica, lane, fenced, turns) values ($1, $2, 0, 0)";
const INSERT_LEASES: &str =
    "insert into leases (name, replica) values {rows} on conflict (name) do nothing";
const LIVING: &str = "select id, beats from replicas where stopped = 0 order by id";
const BEAT_ON: &str = "update replicas set beats = beats + 1 where id = $1";
const FENCE_LANES: &str = "update lanes set fenced = 1 where replica = $1";
const STOP_REPLICA: &str = "update replicas set stopped = 1 where id = $1";
const FREE_LEASES: &str = "update leases set replica = null where replica = $1";
const HELD_LEASES: &str = "select name from leases where replica = $1 order by name";
const TAKE_LEASES: &str = "
    with v(name, replica) as (values {rows})
    update leases set replica = v.replica from v
    where leases.name = v.name and (leases.replica is null or leases.replica = v.replica)
    returning leases.name";
const FREE_LEASE: &str = "
    with v(name, replica) as (values {rows})
    update leases set replica = null from v
    where leases.name = v.name and leases.replica = v.replica";

/// The lease of a shard.
pub fn shard_lease(shard: i64) -> String {
    format!("shard/{shard:02}")
}

/// The shard of a conversation: FNV-1a of its name, so that every replica agrees for ever.
pub fn shard_of(conversation: &str) -> i64 {
    let hash = conversation.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    // The last bytes of a name differ most and have been mixed least: a finishing mix, after
    // MurmurHash3's, carries them everywhere.
    let mixed = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let mixed = (mixed ^ (mixed >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    ((mixed ^ (mixed >> 33)) % SHARDS.unsigned_abs()).cast_signed()
}

/// Enters this process among the replicas, with the lock of the SQLite file where it is one. There
/// it takes over from whoever served before; whether somebody had died.
pub(super) async fn register(
    store: &Store,
    lock: Option<File>,
    sessions: Sessions,
) -> Result<(i64, Liveness, bool), StoreError> {
    match (store.database(), lock) {
        (Database::Postgres(pool), _) => {
            let (replica, liveness) = enter_shared(store, pool, sessions).await?;
            Ok((replica, liveness, false))
        }
        (Database::Sqlite(_), None) => Err(StoreError::InUse),
        (Database::Sqlite(_), Some(lock)) => {
            let replica = next(store).await?;
            enter(store, replica).await?;
            let mut follows_a_death = false;
            for (dead, _) in living(store).await? {
                if dead != replica {
                    take_over(store, dead).await?;
                    follows_a_death = true;
                }
            }
            Ok((replica, Liveness::File(lock), follows_a_death))
        }
    }
}

async fn enter_shared(
    store: &Store,
    pool: &PgPool,
    sessions: Sessions,
) -> Result<(i64, Liveness), StoreError> {
    loop {
        let replica = next(store).await?;
        let liveness = match sessions {
            Sessions::Pooled => Liveness::Beat,
            Sessions::Kept => {
                // The lock first: whoever sees a replica without its lock takes it for dead.
                let Some(session) = hold(pool, replica).await? else {
                    tokio::time::sleep(NUMBER_TAKEN).await;
                    continue;
                };
                Liveness::Session(Mutex::new(Some(session)))
            }
        };
        match enter(store, replica).await {
            // Another replica took the number at the same time.
            Err(StoreError::Constraint(_)) => {}
            entered => return entered.map(|()| (replica, liveness)),
        }
    }
}

/// A number that no replica has had.
async fn next(store: &Store) -> Result<i64, StoreError> {
    store.read().await?.rows(NEXT_REPLICA, &[]).await?[0].int(0)
}

/// Writes a replica and its lanes down.
async fn enter(store: &Store, replica: i64) -> Result<(), StoreError> {
    let lanes = writer::lanes(store.database()) as i64;
    let now = store.clock().now_ms();
    store
        .writer()
        .run(move |tx| {
            Box::pin(async move {
                tx.run(INSERT_REPLICA, &[replica.into(), now.into()]).await?;
                for lane in 0..lanes {
                    tx.run(INSERT_LANE, &[replica.into(), lane.into()]).await?;
                }
                Ok(())
            })
        })
        .await
}

/// A session with the lock of a number; nothing when somebody is just taking that number, or when
/// the server has not noticed yet that the session which had it is gone.
async fn hold(pool: &PgPool, replica: i64) -> Result<Option<PgConnection>, StoreError> {
    let mut session = connect(pool, Sessions::Kept).await?;
    let (held,): (bool,) = sqlx::query_as("select pg_try_advisory_lock($1, $2)")
        .bind(LOCK_SPACE)
        .bind(lock_key(replica))
        .fetch_one(&mut session)
        .await?;
    Ok(held.then_some(session))
}

/// Makes sure that what tells the others that this process lives is still there: a session ends
/// with its server, or with whatever stands between, and is made anew.
pub async fn keep_alive(store: &Store, replica: i64) -> Result<(), StoreError> {
    let (Some(Liveness::Session(session)), Database::Postgres(pool)) =
        (store.liveness.as_deref(), store.database())
    else {
        return Ok(());
    };
    let mut session = session.lock().await;
    // Taken out: given up half-way it is closed, and made anew at the next beat.
    if let Some(mut kept) = session.take()
        && kept.ping().await.is_ok()
    {
        *session = Some(kept);
        return Ok(());
    }
    *session = hold(pool, replica).await?;
    Ok(())
}

fn lock_key(replica: i64) -> i32 {
    i32::try_from(replica).unwrap_or(i32::MAX)
}

/// Locks the file beside a SQLite database, before anything else is done to it; the kernel frees
/// the lock when the process ends. Nothing for PostgreSQL.
///
/// # Errors
/// [`StoreError::InUse`] when another process serves from it.
pub(super) fn lock(url: &str) -> Result<Option<File>, StoreError> {
    let Some(path) = url.strip_prefix("sqlite://") else { return Ok(None) };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(format!("{path}.lock"))
        .map_err(|error| StoreError::from(sqlx::Error::Io(error)))?;
    file.try_lock().map_err(|_| StoreError::InUse)?;
    Ok(Some(file))
}

/// Replicas that have not stopped, with their beats.
pub async fn living(store: &Store) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut connection = store.read().await?;
    connection.rows(LIVING, &[]).await?.iter().map(|row| Ok((row.int(0)?, row.int(1)?))).collect()
}

/// Says that this replica lives.
pub async fn beat(store: &Store, replica: i64) -> Result<(), StoreError> {
    store
        .writer()
        .run(move |tx| {
            Box::pin(async move {
                tx.run(BEAT_ON, &[replica.into()]).await?;
                Ok(())
            })
        })
        .await
}

/// How a replica went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It ended, or is taken for dead: what it had in hand may be why.
    Died,
    /// It stopped in order.
    Left,
}

impl Gone {
    /// Deaths that count against what it had in hand.
    pub(super) fn deaths(self) -> i64 {
        i64::from(self == Self::Died)
    }
}

/// Fences a dead replica and puts its work back: its leases are free, what it had claimed stands
/// in line again, and what may have reached the provider comes back as uncertain.
pub async fn take_over(store: &Store, dead: i64) -> Result<(), StoreError> {
    let now = store.clock().now_ms();
    store
        .writer()
        .run(move |tx| {
            Box::pin(async move {
                tx.run(FENCE_LANES, &[dead.into()]).await?;
                free(tx, dead).await?;
                errands::recover(tx, dead, Gone::Died).await?;
                line::recover(tx, dead, Gone::Died, now).await
            })
        })
        .await?;
    store.wakes().ring_all_here();
    Ok(())
}

/// Leaves: what is left stands in line for whoever comes next.
pub async fn leave(store: &Store, replica: i64) -> Result<(), StoreError> {
    let now = store.clock().now_ms();
    store
        .writer()
        .run(move |tx| {
            Box::pin(async move {
                free(tx, replica).await?;
                errands::recover(tx, replica, Gone::Left).await?;
                line::recover(tx, replica, Gone::Left, now).await
            })
        })
        .await
}

async fn free(tx: &mut Tx, replica: i64) -> Result<(), StoreError> {
    tx.run(FREE_LEASES, &[replica.into()]).await?;
    tx.run(STOP_REPLICA, &[replica.into()]).await?;
    Ok(())
}

/// Makes sure that leases of these names exist.
pub async fn name_leases(store: &Store, names: Vec<String>) -> Result<(), StoreError> {
    store
        .writer()
        .run(move |tx| {
            let rows: Vec<Vec<Value>> =
                names.iter().map(|name| vec![name.clone().into(), Value::Int(None)]).collect();
            Box::pin(async move {
                tx.run_for(INSERT_LEASES, &rows).await?;
                Ok(())
            })
        })
        .await
}

/// Takes those of these leases that are free; the names of those held now.
pub async fn take(
    store: &Store,
    replica: i64,
    names: &[String],
) -> Result<Vec<String>, StoreError> {
    let rows = lease_rows(names, replica);
    store
        .writer()
        .run(move |tx| {
            let rows = rows.clone();
            Box::pin(async move {
                tx.rows_for(TAKE_LEASES, &rows).await?.iter().map(|row| row.text(0)).collect()
            })
        })
        .await
}

/// Gives leases back.
pub async fn give_back(store: &Store, replica: i64, names: &[String]) -> Result<(), StoreError> {
    let rows = lease_rows(names, replica);
    store
        .writer()
        .run(move |tx| {
            let rows = rows.clone();
            Box::pin(async move {
                tx.run_for(FREE_LEASE, &rows).await?;
                Ok(())
            })
        })
        .await
}

fn lease_rows(names: &[String], replica: i64) -> Vec<Vec<Value>> {
    names.iter().map(|name| vec![name.clone().into(), replica.into()]).collect()
}

/// The leases a replica holds.
pub async fn held(store: &Store, replica: i64) -> Result<Vec<String>, StoreError> {
    let mut connection = store.read().await?;
    connection.rows(HELD_LEASES, &[replica.into()]).await?.iter().map(|row| row.text(0)).collect()
}

/// Whether the session of a replica is gone, by its advisory lock. Never where sessions tell
/// nothing.
pub async fn session_is_gone(store: &Store, replica: i64) -> Result<bool, StoreError> {
    let (Some(Liveness::Session(_)), Database::Postgres(pool)) =
        (store.liveness.as_deref(), store.database())
    else {
        return Ok(false);
    };
    // Two numbers make a lock with `objsubid` 2. Source: PostgreSQL, "pg_locks".
    let (gone,): (bool,) = sqlx::query_as(
        "select not exists (
            select 1 from pg_locks
            where locktype = 'advisory' and granted and objsubid = 2
                and classid = $1::bigint::oid and objid = $2::bigint::oid
                and database = (select oid from pg_database where datname = current_database()))",
    )
    .bind(i64::from(LOCK_SPACE))
    .bind(i64::from(lock_key(replica)))
    .fetch_one(pool)
    .await?;
    Ok(gone)
}

/// Watches the others' beats. What was not looked at proves nothing: after a pause of one's own
/// everybody is as good as new.
#[derive(Debug, Default)]
pub struct Watch {
    seen: HashMap<i64, (i64, Instant)>,
    looked_at: Option<Instant>,
}

impl Watch {
    /// Takes note of beats; who has not risen for the length of a lease.
    pub fn note(&mut self, living: &[(i64, i64)], now: Instant) -> Vec<i64> {
        if self.looked_at.is_some_and(|at| now.duration_since(at) > LEASE / 2) {
            self.forget();
        }
        self.looked_at = Some(now);
        self.seen.retain(|id, _| living.iter().any(|(other, _)| other == id));
        let mut dead = Vec::new();
        for &(id, beats) in living {
            let entry = self.seen.entry(id).or_insert((beats, now));
            if entry.0 != beats {
                *entry = (beats, now);
            } else if now.duration_since(entry.1) >= LEASE {
                dead.push(id);
            }
        }
        dead
    }

    /// Whether somebody has been silent for longer than somebody without a lock may be.
    pub fn is_silent(&self, id: i64, now: Instant) -> bool {
        self.seen.get(&id).is_some_and(|(_, at)| now.duration_since(*at) >= LOCKLESS_MAX)
    }

    /// Begins anew: the store was away, and beats with it.
    pub fn forget(&mut self) {
        self.seen.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beat_that_stands_still_for_a_lease_is_dead() {
        let mut watch = Watch::default();
        let start = Instant::now();
        assert!(watch.note(&[(1, 5), (2, 9)], start).is_empty());
        assert!(watch.note(&[(1, 6), (2, 9)], start + LEASE / 2).is_empty());
        assert_eq!(watch.note(&[(1, 7), (2, 9)], start + LEASE), [2]);
        assert!(watch.note(&[(1, 8), (2, 10)], start + LEASE + BEAT).is_empty());
    }

    #[test]
    fn nobody_is_dead_whom_we_could_not_see() {
        let mut watch = Watch::default();
        let start = Instant::now();
        assert!(watch.note(&[(2, 9)], start).is_empty());
        // We slept, or the store was away for all of us.
        let back = start + LEASE * 3;
        assert!(watch.note(&[(2, 9)], back).is_empty());
        assert!(!watch.is_silent(2, back));
        assert!(watch.note(&[(2, 9)], back + LEASE / 2).is_empty());
        assert!(watch.is_silent(2, back + LEASE / 2));
        assert_eq!(watch.note(&[(2, 9)], back + LEASE), [2]);
    }

    #[test]
    fn shards_are_used_evenly() {
        let mut counts = [0_u32; 64];
        for chat in 0..64_000 {
            counts[usize::try_from(shard_of(&format!("telegram:{chat}"))).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (700..1300).contains(count)), "{counts:?}");
    }
}
