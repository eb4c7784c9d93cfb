//! The two databases behind one small surface: a statement text, values, rows.
//!
//! PostgreSQL by sqlx, SQLite by rusqlite (`super::sqlite` says why).

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use dashmap::DashMap;
use sqlx::{
    AssertSqlSafe, PgPool, Postgres, Row as _, Transaction, pool::PoolConnection, postgres::PgRow,
};

use super::{
    StoreError,
    functions::Functions,
    sqlite::{self, Held, counted},
};

const BEGIN_SNAPSHOT: &str = "begin transaction isolation level repeatable read read only";
const BEGIN_WRITING: &str = "begin transaction isolation level repeatable read";

/// A value on its way into a statement.
#[derive(Clone, Debug)]
pub enum Value {
    /// A whole number.
    Int(Option<i64>),
    /// Text.
    Text(Option<String>),
    /// Bytes.
    Blob(Option<Vec<u8>>),
}

macro_rules! value_from {
    ($($from:ty => $variant:ident, $convert:expr);+ $(;)?) => {$(
        impl From<$from> for Value {
            fn from(value: $from) -> Self {
                Self::$variant(Some($convert(value)))
            }
        }
        impl From<Option<$from>> for Value {
            fn from(value: Option<$from>) -> Self {
                Self::$variant(value.map($convert))
            }
        }
    )+};
}
value_from! {
    i64 => Int, |value| value;
    u32 => Int, i64::from;
    u8 => Int, i64::from;
    bool => Int, i64::from;
    &str => Text, str::to_owned;
    String => Text, |value| value;
    Vec<u8> => Blob, |value| value;
}

/// What SQLite has in a row; what is null there is no number.
pub type Cells = Box<[Value]>;

/// A row on its way out.
pub enum Row {
    /// Of SQLite.
    Sqlite(Cells),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

macro_rules! column {
    ($($(#[$doc:meta])* $name:ident -> $type:ty, $variant:ident $convert:expr);+ $(;)?) => {$(
        $(#[$doc])*
        pub fn $name(&self, column: usize) -> Result<$type, StoreError> {
            match self {
                Self::Sqlite(cells) => match cells.get(column) {
                    Some(Value::$variant(Some(value))) => $convert(Some(value.clone())),
                    Some(Value::Int(None)) => $convert(None),
                    _ => None,
                }
                .ok_or_else(|| sqlx::Error::Decode(NOT_THAT.into())),
                Self::Postgres(row) => row.try_get(column),
            }
            .map_err(StoreError::from)
        }
    )+};
}

/// A value is not what was asked for.
const NOT_THAT: &str = "a value of another type";

impl Row {
    column! {
        /// A whole number.
        int -> i64, Int |value| value;
        /// A whole number, or none.
        maybe_int -> Option<i64>, Int Some;
        /// Text.
        text -> String, Text |value| value;
        /// Text, or none.
        maybe_text -> Option<String>, Text Some;
        /// Bytes.
        blob -> Vec<u8>, Blob |value| value;
        /// Bytes, or none.
        maybe_blob -> Option<Vec<u8>>, Blob Some;
    }

    /// A number that stands for yes or no.
    pub fn flag(&self, column: usize) -> Result<bool, StoreError> {
        Ok(self.int(column)? != 0)
    }
}

/// SQLite's two pools: one connection writes, some read.
#[derive(Clone, Debug)]
pub struct SqlitePools {
    /// One connection.
    pub write: sqlite::Pool,
    /// Read only.
    pub read: sqlite::Pool,
    /// How many transactions have begun that write.
    pub begun: Arc<AtomicU64>,
}

/// A database.
#[derive(Clone, Debug)]
pub enum Database {
    /// One file on this machine.
    Sqlite(SqlitePools),
    /// A server that several replicas share.
    Postgres(PgPool),
}

impl Database {
    /// Whether several replicas may serve from it.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// A connection that reads what is committed.
    pub async fn read(&self) -> Result<Connection, StoreError> {
        Ok(match self {
            Self::Sqlite(pools) => Connection::Sqlite(pools.read.acquire().await?),
            Self::Postgres(pool) => Connection::Postgres(pool.acquire().await?),
        })
    }

    /// Begins a transaction that only reads, and sees one moment throughout.
    pub(super) async fn snapshot(&self) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite(pools) => {
                let mut held = pools.read.acquire().await?;
                held.batch("begin")?;
                Tx::Sqlite(held)
            }
            Self::Postgres(pool) => Tx::Postgres(pool.begin_with(BEGIN_SNAPSHOT).await?, None),
        })
    }

    /// Begins a transaction that writes. Only called in tasks that nobody cancels.
    ///
    /// On PostgreSQL it sees one moment throughout, so that what is decided holds for what is
    /// written: who changes a row that somebody else changed meanwhile is told so
    /// ([`StoreError::Busy`]) and begins again.
    pub(super) async fn begin(&self, functions: Option<&Arc<Functions>>) -> Result<Tx, StoreError> {
        Ok(match self {
            Self::Sqlite(pools) => {
                let mut held = pools.write.acquire().await?;
                held.batch("begin immediate").map_err(|error| match StoreError::from(error) {
                    // It has waited for the other process as long as it waits.
                    StoreError::Busy(error) => StoreError::Unavailable(Arc::new(error)),
                    error => error,
                })?;
                pools.begun.fetch_add(1, Ordering::Relaxed);
                Tx::Sqlite(held)
            }
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with(BEGIN_WRITING).await?, functions.cloned())
            }
        })
    }

    /// Closes all connections.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(pools) => {
                pools.read.close().await;
                pools.write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A connection that reads.
pub enum Connection {
    /// To SQLite.
    Sqlite(Held),
    /// To PostgreSQL.
    Postgres(PoolConnection<Postgres>),
}

/// A transaction that writes.
pub enum Tx {
    /// In SQLite.
    Sqlite(Held),
    /// In PostgreSQL, with the website's functions there, if they keep credits.
    Postgres(Transaction<'static, Postgres>, Option<Arc<Functions>>),
}

/// What rows can be read by: a connection, or a transaction.
pub trait Reads {
    /// The rows a statement finds.
    fn find(
        &mut self,
        text: &'static str,
        values: &[Value],
    ) -> impl Future<Output = Result<Vec<Row>, StoreError>> + Send;
}

impl Reads for Connection {
    async fn find(&mut self, text: &'static str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.rows(text, values).await
    }
}

impl Reads for Tx {
    async fn find(&mut self, text: &'static str, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.rows(text, values).await
    }
}

/// Rows of SQLite's.
fn of_cells(rows: Vec<Cells>) -> impl Iterator<Item = Row> {
    rows.into_iter().map(Row::Sqlite)
}

macro_rules! bound {
    ($text:expr, $values:expr) => {{
        let mut query = sqlx::query($text);
        for value in $values {
            query = match value {
                Value::Int(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Blob(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Connection {
    /// The rows a statement finds.
    pub async fn rows(
        &mut self,
        text: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(held) => {
                of_cells(held.rows(counted(text), values.iter()).await?).collect()
            }
            Self::Postgres(connection) => bound!(text, values.iter().cloned())
                .fetch_all(&mut **connection)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    /// As [`Tx::rows_for`].
    pub async fn rows_for(
        &mut self,
        template: &'static str,
        values: &[Vec<Value>],
    ) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        for piece in pieces(template, values) {
            let text = |places| expanded(template, piece, places);
            match self {
                Self::Sqlite(held) => {
                    found.extend(of_cells(held.rows(text(Places::InOrder), filled(piece)).await?));
                }
                Self::Postgres(connection) => found.extend(
                    bound!(AssertSqlSafe(text(Places::Numbered)), filled(piece).cloned())
                        .fetch_all(&mut **connection)
                        .await?
                        .into_iter()
                        .map(Row::Postgres),
                ),
            }
        }
        Ok(found)
    }
}

impl Tx {
    /// The website's functions, where its people's credits are kept by them.
    pub(super) fn functions(&self) -> Option<Arc<Functions>> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(_, functions) => functions.clone(),
        }
    }

    /// Runs a statement; how many rows it touched.
    pub async fn run(&mut self, text: &'static str, values: &[Value]) -> Result<u64, StoreError> {
        Ok(match self {
            Self::Sqlite(held) => held.run(&counted(text), values.iter())?,
            Self::Postgres(tx, _) => {
                bound!(text, values.iter().cloned()).execute(&mut **tx).await?.rows_affected()
            }
        })
    }

    /// The rows a statement finds or returns.
    pub async fn rows(
        &mut self,
        text: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, StoreError> {
        Ok(match self {
            Self::Sqlite(held) => {
                of_cells(held.rows(counted(text), values.iter()).await?).collect()
            }
            Self::Postgres(tx, _) => bound!(text, values.iter().cloned())
                .fetch_all(&mut **tx)
                .await?
                .into_iter()
                .map(Row::Postgres)
                .collect(),
        })
    }

    /// Runs a statement for many rows of values at once. In the template, `{rows}` becomes
    /// `($1, $2), ($3, $4), …`, and `{list}` becomes `$1, $2, …`.
    pub async fn run_for(
        &mut self,
        template: &'static str,
        values: &[Vec<Value>],
    ) -> Result<u64, StoreError> {
        let mut touched = 0;
        for piece in pieces(template, values) {
            let text = |places| expanded(template, piece, places);
            touched += match self {
                Self::Sqlite(held) => held.run(&text(Places::InOrder), filled(piece))?,
                Self::Postgres(tx, _) => {
                    bound!(AssertSqlSafe(text(Places::Numbered)), filled(piece).cloned())
                        .execute(&mut **tx)
                        .await?
                        .rows_affected()
                }
            };
        }
        Ok(touched)
    }

    /// As [`run_for`](Self::run_for), with rows that are not needed any more: many and large ones
    /// are not copied.
    pub async fn give(
        &mut self,
        template: &'static str,
        values: Vec<Vec<Value>>,
    ) -> Result<u64, StoreError> {
        // Binding to SQLite copies nothing but what it keeps.
        let Self::Postgres(tx, _) = self else { return self.run_for(template, &values).await };
        let mut touched = 0;
        let mut rest = values.into_iter();
        while !rest.as_slice().is_empty() {
            let Some(piece) = pieces(template, rest.as_slice()).next() else { break };
            let (rows, in_text) = (piece.0.len(), piece.1);
            let text = AssertSqlSafe(expanded(template, piece, Places::Numbered));
            let filling = piece.0.last().into_iter().cycle().take(in_text - rows);
            let filling: Vec<Value> = filling.flatten().cloned().collect();
            let values = rest.by_ref().take(rows).flatten().chain(filling);
            touched += bound!(text, values).execute(&mut **tx).await?.rows_affected();
        }
        Ok(touched)
    }

    /// As [`run_for`](Self::run_for), with the rows it finds or returns.
    pub async fn rows_for(
        &mut self,
        template: &'static str,
        values: &[Vec<Value>],
    ) -> Result<Vec<Row>, StoreError> {
        let mut found = Vec::new();
        for piece in pieces(template, values) {
            let text = |places| expanded(template, piece, places);
            match self {
                Self::Sqlite(held) => {
                    found.extend(of_cells(held.rows(text(Places::InOrder), filled(piece)).await?));
                }
                Self::Postgres(tx, _) => found.extend(
                    bound!(AssertSqlSafe(text(Places::Numbered)), filled(piece).cloned())
                        .fetch_all(&mut **tx)
                        .await?
                        .into_iter()
                        .map(Row::Postgres),
                ),
            }
        }
        Ok(found)
    }

    /// Commits.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(mut held) => held.batch("commit")?,
            Self::Postgres(tx, _) => tx.commit().await?,
        }
        Ok(())
    }

    /// Takes everything back.
    pub(super) async fn roll_back(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(mut held) => held.batch("rollback")?,
            Self::Postgres(tx, _) => tx.rollback().await?,
        }
        Ok(())
    }
}

/// Rows of an inserting statement: each has to be there once, so a batch is cut into these.
const SIZES: [usize; 12] = [256, 128, 64, 32, 16, 8, 6, 5, 4, 3, 2, 1];

/// A piece of a batch for one statement, and how many rows its text has.
type Piece<'v> = (&'v [Vec<Value>], usize);

/// `values` in pieces, so that few texts stand for batches of every size. Where a row that is there
/// twice changes nothing, which is everywhere but in an insert, the last one fills up the text.
fn pieces<'v>(template: &str, values: &'v [Vec<Value>]) -> impl Iterator<Item = Piece<'v>> {
    debug_assert!(changes_each_once(template, values), "two rows for one: {template}");
    let inserts = template.trim_start().starts_with("insert");
    let mut rest = values;
    std::iter::from_fn(move || {
        let most = rest.len().min(SIZES[0]);
        let rows = if inserts {
            SIZES.into_iter().find(|size| *size <= most)?
        } else {
            most.next_power_of_two()
        };
        let (piece, later) = rest.split_at(rows.min(most));
        rest = later;
        (!piece.is_empty()).then_some((piece, rows))
    })
}

/// Whether the rows that a statement changes, named first in its values, are each named once: of
/// two changes to one row PostgreSQL makes either.
fn changes_each_once(template: &str, values: &[Vec<Value>]) -> bool {
    let changes = template.contains("update ") && template.contains("from v");
    let mut seen = std::collections::HashSet::new();
    !changes || values.iter().all(|row| seen.insert(format!("{:?}", row.first())))
}

/// The values of a piece, filled up.
fn filled((piece, rows): Piece<'_>) -> impl Iterator<Item = &Value> {
    let last = piece.last().into_iter().cycle();
    piece.iter().chain(last).take(rows).flatten()
}

/// How a database spells the place of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Places {
    /// `?`: SQLite looks up the name of each numbered place in a list of all.
    InOrder,
    /// `$1`.
    Numbered,
}

/// A template's text for a piece, made once.
fn expanded(template: &'static str, (piece, rows): Piece<'_>, places: Places) -> Arc<str> {
    type Texts = DashMap<(usize, usize, usize, Places), Arc<str>>;
    static TEXTS: std::sync::LazyLock<Texts> = std::sync::LazyLock::new(DashMap::new);
    let key = (template.as_ptr() as usize, template.len(), rows, places);
    if let Some(text) = TEXTS.get(&key) {
        return Arc::clone(&text);
    }
    let columns = piece.first().map_or(0, Vec::len);
    let place = |index: usize| match places {
        Places::InOrder => "?".to_owned(),
        Places::Numbered => format!("${index}"),
    };
    let row = |number: usize| {
        let first = number * columns + 1;
        (first..first + columns).map(place).collect::<Vec<_>>().join(", ")
    };
    let all = (0..rows).map(|number| format!("({})", row(number))).collect::<Vec<_>>().join(", ");
    let list = (0..rows).map(row).collect::<Vec<_>>().join(", ");
    let text: Arc<str> = template.replace("{rows}", &all).replace("{list}", &list).into();
    TEXTS.insert(key, Arc::clone(&text));
    text
}
