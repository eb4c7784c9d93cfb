//! SQLite as the store drives it: statements run where they are asked, on connections from a pool.
//!
//! By rusqlite. sqlx has each connection run on a thread of its own, and going there and back for
//! every statement took more of a command's time than the statements did: ten calls of the
//! kernel's lock and as many changes of thread. Here the writer is a thread itself
//! ([`super::writer`]); only those who read go to another one, for they run among the tasks of
//! everybody else.

mod errors;
mod migrations;

use std::{
    fmt,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use dashmap::DashMap;
use rusqlite::{CachedStatement, InterruptHandle, OpenFlags, types::ValueRef};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};
use tokio_util::sync::CancellationToken;

use super::database::{Cells, Value};
pub(super) use errors::of_sqlite;

/// How long somebody waits for a connection.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a writer waits for another process that holds the write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept for each connection; multi-row statements come in many sizes.
const STATEMENTS_MAX: usize = 512;

/// How connections are made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The file.
    pub path: PathBuf,
    /// Whether it is made where it is not there.
    pub made: bool,
    /// Whether nothing is written.
    pub read_only: bool,
    /// Pages in the log after which a commit writes them back; none: no commit does.
    pub log_pages: u32,
    /// How long a statement may take of whoever only reads; none: as long as it takes. What writes
    /// is done in pieces of bounded length.
    pub reads_for: Option<Duration>,
}

impl Options {
    fn connect(&self) -> Result<rusqlite::Connection, rusqlite::Error> {
        let access = match (self.read_only, self.made) {
            (true, _) => OpenFlags::SQLITE_OPEN_READ_ONLY,
            (false, false) => OpenFlags::SQLITE_OPEN_READ_WRITE,
            (false, true) => OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
        };
        let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = rusqlite::Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        if !self.read_only {
            connection.execute_batch("pragma journal_mode = wal")?;
        }
        connection.execute_batch(&format!(
            "pragma synchronous = full;
             pragma foreign_keys = on;
             pragma wal_autocheckpoint = {};
             pragma cache_size = -8000;
             pragma temp_store = memory;",
            self.log_pages,
        ))?;
        Ok(connection)
    }
}

/// Connections to one file. Cheap to clone.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    options: Options,
    connections_max: u32,
    free: Arc<Semaphore>,
    idle: Mutex<Vec<rusqlite::Connection>>,
    closed: CancellationToken,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.0.options).finish()
    }
}

impl Pool {
    /// So many connections at most, each made when it is needed.
    pub fn new(options: Options, connections_max: u32) -> Self {
        let connections_max = connections_max.max(1);
        Self(Arc::new(Shared {
            options,
            connections_max,
            free: Arc::new(Semaphore::new(connections_max as usize)),
            idle: Mutex::default(),
            closed: CancellationToken::new(),
        }))
    }

    /// A connection that is nobody else's.
    pub async fn acquire(&self) -> Result<Held, sqlx::Error> {
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&self.0.free).acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.0.options.connect().map_err(of_sqlite)?,
        };
        Ok(Held(Some(Lent { connection: Some(connection), pool: self.clone(), _permit: permit })))
    }

    /// Closes all connections, when they have come back.
    pub async fn close(&self) {
        let all = self.0.free.acquire_many(self.0.connections_max).await;
        self.0.free.close();
        self.0.closed.cancel();
        self.idle().clear();
        drop(all);
    }

    /// Ends when it is closed.
    pub async fn closed(&self) {
        self.0.closed.cancelled().await;
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<rusqlite::Connection>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection until it is dropped.
pub struct Held(Option<Lent>);

/// A connection that is lent; what it has begun and not committed by the time that it comes back is
/// taken back.
struct Lent {
    connection: Option<rusqlite::Connection>,
    pool: Pool,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A transaction that cannot even be taken back ends with its connection.
        if connection.is_autocommit() || connection.execute_batch("rollback").is_ok() {
            self.pool.idle().push(connection);
        }
    }
}

impl Held {
    /// Runs a statement; how many rows it touched.
    pub fn run<'v>(
        &mut self,
        text: &str,
        values: impl Iterator<Item = &'v Value>,
    ) -> Result<u64, sqlx::Error> {
        run(self.own()?, text, values).map_err(of_sqlite)
    }

    /// Runs a text of any number of statements.
    pub fn batch(&mut self, text: &str) -> Result<(), sqlx::Error> {
        self.own()?.execute_batch(text).map_err(of_sqlite)
    }

    /// The rows a statement finds or returns.
    pub async fn rows<'v>(
        &mut self,
        text: Arc<str>,
        values: impl Iterator<Item = &'v Value>,
    ) -> Result<Vec<Cells>, sqlx::Error> {
        let Options { read_only, reads_for, .. } = self.0.as_ref().ok_or(GONE)?.pool.0.options;
        if read_only {
            return self.rows_aside(text, values.cloned().collect(), reads_for).await;
        }
        rows(self.own()?, &text, values).map_err(of_sqlite)
    }

    /// The same, found by a thread that may wait, and within that time where there is one. Whoever
    /// gives up half-way ends the statement, and has no connection any more.
    pub async fn rows_aside(
        &mut self,
        text: Arc<str>,
        values: Vec<Value>,
        within: Option<Duration>,
    ) -> Result<Vec<Cells>, sqlx::Error> {
        let lent = self.0.take().ok_or(GONE)?;
        let ending = Ending(Some(lent.connection.as_ref().ok_or(GONE)?.get_interrupt_handle()));
        // While it runs the connection is nobody else's, whoever waits for it.
        let mut aside = spawn_blocking(move || {
            let connection = lent.connection.as_ref();
            let found = connection.map(|connection| rows(connection, &text, values.iter()));
            (lent, found)
        });
        let mut ending = ending;
        let done = match within {
            None => aside.await,
            Some(within) => {
                if let Ok(done) = tokio::time::timeout(within, &mut aside).await {
                    done
                } else {
                    ending.end();
                    aside.await
                }
            }
        };
        ending.0 = None;
        let (lent, found) = done.map_err(|_| GONE)?;
        self.0 = Some(lent);
        found.ok_or(GONE)?.map_err(of_sqlite)
    }

    fn own(&self) -> Result<&rusqlite::Connection, sqlx::Error> {
        self.0.as_ref().and_then(|lent| lent.connection.as_ref()).ok_or(GONE)
    }
}

/// Whoever had it gave up half-way.
const GONE: sqlx::Error = sqlx::Error::WorkerCrashed;

/// Ends a statement when it is dropped before its time.
struct Ending(Option<InterruptHandle>);

impl Ending {
    fn end(&mut self) {
        if let Some(handle) = self.0.take() {
            handle.interrupt();
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.end();
    }
}

fn run<'v>(
    connection: &rusqlite::Connection,
    text: &str,
    values: impl Iterator<Item = &'v Value>,
) -> Result<u64, rusqlite::Error> {
    let mut statement = filled_in(connection, text, values)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(connection.changes())
}

fn rows<'v>(
    connection: &rusqlite::Connection,
    text: &str,
    values: impl Iterator<Item = &'v Value>,
) -> Result<Vec<Cells>, rusqlite::Error> {
    let mut statement = filled_in(connection, text, values)?;
    let columns = statement.column_count();
    let mut rows = statement.raw_query();
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((0..columns).map(|column| cell(row, column)).collect::<Result<_, _>>()?);
    }
    Ok(found)
}

/// A statement with its values.
fn filled_in<'c, 'v>(
    connection: &'c rusqlite::Connection,
    text: &str,
    values: impl Iterator<Item = &'v Value>,
) -> Result<CachedStatement<'c>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(text)?;
    for (place, value) in (1..).zip(values) {
        match value {
            Value::Int(value) => statement.raw_bind_parameter::<usize, _>(place, value)?,
            Value::Text(value) => statement.raw_bind_parameter(place, value)?,
            Value::Blob(value) => statement.raw_bind_parameter(place, value)?,
        }
    }
    Ok(statement)
}

fn cell(row: &rusqlite::Row<'_>, column: usize) -> Result<Value, rusqlite::Error> {
    Ok(match row.get_ref(column)? {
        ValueRef::Null => Value::Int(None),
        ValueRef::Integer(number) => number.into(),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes)
            .map_err(|error| rusqlite::Error::Utf8Error(column, error))?
            .into(),
        ValueRef::Blob(bytes) => bytes.to_vec().into(),
        // No table of ours has any.
        ValueRef::Real(_) => {
            let name = row.as_ref().column_name(column)?.to_owned();
            return Err(rusqlite::Error::InvalidColumnType(
                column,
                name,
                rusqlite::types::Type::Real,
            ));
        }
    })
}

/// A statement with its places as SQLite counts them, made once. To SQLite `$1` is a name, given a
/// place where it comes first; `?1` is place one.
pub fn counted(text: &'static str) -> Arc<str> {
    static TEXTS: std::sync::LazyLock<DashMap<(usize, usize), Arc<str>>> =
        std::sync::LazyLock::new(DashMap::new);
    let key = (text.as_ptr() as usize, text.len());
    if let Some(counted) = TEXTS.get(&key) {
        return Arc::clone(&counted);
    }
    let counted: Arc<str> = count(text).into();
    TEXTS.insert(key, Arc::clone(&counted));
    counted
}

fn count(text: &str) -> String {
    let mut counted = String::with_capacity(text.len());
    let mut quoted = false;
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        quoted ^= next == '\'';
        let place = next == '$' && !quoted && rest.peek().is_some_and(char::is_ascii_digit);
        counted.push(if place { '?' } else { next });
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(folder: &tempfile::TempDir, read_only: bool) -> Pool {
        let path = folder.path().join("x.db");
        Pool::new(Options { path, made: true, read_only, log_pages: 0, reads_for: None }, 1)
    }

    #[test]
    fn places_are_counted_and_what_is_quoted_is_left_alone() {
        assert_eq!(count("a = $1 and b = $12 or c = '$1'"), "a = ?1 and b = ?12 or c = '$1'");
        assert_eq!(
            count("json -> '$.a' = $2 and d = 'it''s $3'"),
            "json -> '$.a' = ?2 and d = 'it''s $3'"
        );
    }

    #[tokio::test]
    async fn a_value_goes_to_its_place_wherever_that_stands() {
        let folder = tempfile::tempdir().unwrap();
        let mut held = pool(&folder, false).acquire().await.unwrap();
        let values = [Value::from("one"), Value::from(2_i64), Value::from(vec![3_u8])];
        let text = counted("select $3, $1, $2, $1, null");
        let rows = held.rows(text, values.iter()).await.unwrap();
        let row = super::super::database::Row::Sqlite(rows.into_iter().next().unwrap());
        assert_eq!(row.blob(0).unwrap(), [3]);
        assert_eq!((row.text(1).unwrap(), row.int(2).unwrap()), ("one".to_owned(), 2));
        assert_eq!(row.maybe_text(3).unwrap().as_deref(), Some("one"));
        assert_eq!((row.maybe_text(4).unwrap(), row.maybe_int(4).unwrap()), (None, None));
        assert!(row.int(4).is_err() && row.int(1).is_err() && row.text(9).is_err());
    }

    #[tokio::test]
    async fn what_is_begun_and_dropped_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(&folder, false);
        let mut held = pool.acquire().await.unwrap();
        held.batch("create table t (n integer) strict; begin immediate; insert into t values (1)")
            .unwrap();
        drop(held);
        let mut held = pool.acquire().await.unwrap();
        assert!(held.rows("select n from t".into(), [].iter()).await.unwrap().is_empty());
        assert_eq!(
            held.run(
                "insert into t values (?), (?)",
                [Value::from(1_i64), Value::from(2_i64)].iter()
            )
            .unwrap(),
            2
        );
    }

    #[tokio::test]
    async fn a_closed_pool_gives_nothing_and_waits_for_what_it_gave() {
        let folder = tempfile::tempdir().unwrap();
        let pool = pool(&folder, false);
        let held = pool.acquire().await.unwrap();
        let mut closing = std::pin::pin!(pool.close());
        assert!(futures_util::poll!(&mut closing).is_pending());
        drop(held);
        closing.await;
        pool.closed().await;
        assert!(matches!(pool.acquire().await, Err(sqlx::Error::PoolClosed)));
    }

    /// It counts for ever.
    const ENDLESS: &str =
        "with recursive n(i) as (values (1) union all select i + 1 from n) select count(*) from n";

    #[tokio::test]
    async fn what_takes_too_long_is_ended_and_its_connection_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        drop(pool(&folder, false).acquire().await.unwrap());
        let mut options = pool(&folder, true).0.options.clone();
        options.reads_for = Some(Duration::from_millis(50));
        let mut held = Pool::new(options, 1).acquire().await.unwrap();
        let ended = held.rows(ENDLESS.into(), [].iter()).await.unwrap_err();
        assert_eq!(ended.as_database_error().unwrap().code().unwrap(), "9");
        assert_eq!(held.rows("select 1".into(), [].iter()).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn who_gives_up_ends_the_statement_and_others_wait_until_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        drop(pool(&folder, false).acquire().await.unwrap());
        let pool = pool(&folder, true);
        let mut held = pool.acquire().await.unwrap();
        {
            let mut endless = std::pin::pin!(held.rows(ENDLESS.into(), [].iter()));
            let a_while = Duration::from_millis(50);
            assert!(tokio::time::timeout(a_while, &mut endless).await.is_err());
            assert_eq!(pool.0.free.available_permits(), 0);
        }
        assert!(held.rows("select 1".into(), [].iter()).await.is_err(), "it is not his any more");
        // There is one connection, and nobody else ends what runs on it.
        let mut next = pool.acquire().await.unwrap();
        assert_eq!(next.rows("select 1".into(), [].iter()).await.unwrap().len(), 1);
        assert_eq!((pool.idle().len(), pool.0.free.available_permits()), (0, 0));
    }

    #[tokio::test]
    async fn who_only_reads_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        pool(&folder, false).acquire().await.unwrap().batch("create table t (n integer)").unwrap();
        let mut held = pool(&folder, true).acquire().await.unwrap();
        let refused = held.run("insert into t values (1)", [].iter()).unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "8");
        let refused = held.batch("select nothing from nowhere").unwrap_err();
        assert_eq!(refused.as_database_error().unwrap().code().unwrap(), "1");
    }
}
