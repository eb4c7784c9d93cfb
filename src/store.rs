//! Where everything is written down: SQLite on one machine, PostgreSQL for several replicas.
//!
//! There is one text for every statement and it runs on both. Everything that writes goes through
//! a writer, which gathers what is waiting into one transaction (see [`writer`]); everything that
//! writes as a serving process is fenced: a replica whose work was taken over commits nothing.

pub mod artifacts;
pub mod audit;
mod checkpoint;
pub mod copies;
pub mod database;
pub mod effects;
pub mod errands;
pub mod expiring;
pub mod facts;
pub mod functions;
pub mod gifts;
pub mod health;
pub mod inbox;
pub mod ledger;
pub mod line;
pub mod links;
mod migrate;
mod opening;
pub mod outbox;
pub mod payments;
pub mod people;
pub mod plans;
mod pooler;
pub mod prune;
pub mod replica;
pub mod scope;
pub mod sealed;
pub mod sqlite;
pub mod status;
pub mod timers;
pub mod wakes;
pub mod wecom;
pub mod windows;
pub mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use thiserror::Error;

pub use database::{Connection, Database, Reads, Row, Tx, Value};
pub use health::Health;
pub use wakes::{Wakes, Work};
pub use writer::Writer;

use self::{
    functions::{Does, look_up::look_up},
    health::{Kind, code_of, code_of_migration, kind_of},
    opening::{Missing, Opening, Sessions},
};
use crate::{clock::Clock, config};

/// Why the store did not do something, sorted by what to do next.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It cannot be reached or written now: try again later.
    #[error("the store is unavailable ({})", code_of(.0))]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// It does not answer: try again later.
    #[error("the store does not answer")]
    Silent,
    /// Others wrote the same rows at the same time: try again at once.
    #[error("the store was busy with the same rows ({})", code_of(.0))]
    Busy(#[source] sqlx::Error),
    /// A constraint said no.
    #[error("constraint {0}")]
    Constraint(String),
    /// This replica's work was taken over: stop.
    #[error("this replica's work was taken over")]
    Fenced,
    /// These events lost a race for credits or a picture: decide them again on fresh facts.
    #[error("lost a race")]
    Lost(Vec<i64>),
    /// A row has a combination of values that cannot be.
    #[error("inconsistent row {row} in {table}")]
    Inconsistent {
        /// Which table.
        table: &'static str,
        /// Which row.
        row: String,
    },
    /// A statement is wrong: a defect of ours.
    #[error("the store refused a statement ({})", code_of(.0))]
    Refused(#[source] sqlx::Error),
    /// The work itself broke off: a defect of ours, and the work of nobody else.
    #[error("a piece of work panicked")]
    Panicked,
    /// A migration failed.
    #[error("a migration failed ({})", code_of_migration(.0))]
    Migration(#[source] Box<sqlx::migrate::MigrateError>),
    /// The address names no database.
    #[error("{0}")]
    Address(&'static str),
    /// There is no database, or nothing in it.
    #[error("there is no store yet; `picdesk serve` and `picdesk migrate` make one")]
    Absent,
    /// The database is an older program's.
    #[error("the store lacks migrations of this version; `picdesk migrate` applies them")]
    Behind,
    /// A pooler in transaction mode stands before PostgreSQL.
    #[error(
        "store.url leads through a pooler in transaction mode, which hides when a replica dies; \
         give a direct or session-mode connection, or set store.allow_transaction_pooler"
    )]
    Pooled,
    /// A function of the website's failed, or said no where it may not.
    #[error(
        "the website's function {name} (ledger.{}) failed ({what}): {}",
        does.word(), functions::advice(what)
    )]
    Site {
        /// What it is for.
        does: Does,
        /// Its name.
        name: String,
        /// What the database says, without content.
        what: String,
    },
    /// The website's functions are not what is needed.
    #[error("{0}; config/sql-functions.example.sql shows all five")]
    SiteFunctions(String),
    /// Another process serves from this SQLite file.
    #[error("another process serves from this database")]
    InUse,
    /// The writer is gone: the process is stopping.
    #[error("the store is closing")]
    Closing,
}

impl StoreError {
    /// Whether the store itself is out of reach, whatever the work was.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Silent)
    }

    /// The same once more, for somebody else who had to do with the same outage.
    pub(super) fn again(&self) -> Option<Self> {
        match self {
            Self::Unavailable(cause) => Some(Self::Unavailable(Arc::clone(cause))),
            Self::Silent => Some(Self::Silent),
            Self::Fenced => Some(Self::Fenced),
            Self::Closing => Some(Self::Closing),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner)
                if inner.is_unique_violation() || inner.is_check_violation() =>
            {
                let name = inner.constraint().unwrap_or_else(|| inner.message());
                Self::Constraint(name.to_owned())
            }
            sqlx::Error::Database(inner) => match kind_of(&inner.code().unwrap_or_default()) {
                Kind::Busy => Self::Busy(error),
                Kind::Unavailable => Self::Unavailable(Arc::new(error)),
                Kind::Refused => Self::Refused(error),
            },
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::RowNotFound
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_) => Self::Refused(error),
            sqlx::Error::PoolClosed => Self::Closing,
            _ => Self::Unavailable(Arc::new(error)),
        }
    }
}

/// The store. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
    writer: Writer,
    replica: Option<i64>,
    clock: Clock,
    wakes: Arc<Wakes>,
    liveness: Option<Arc<replica::Liveness>>,
    follows_a_death: bool,
    replicas: Arc<AtomicI64>,
}

impl Store {
    /// Opens the store, made and migrated where needed. It writes unfenced, beside whoever serves.
    pub async fn open(url: &str, connections_max: u32, clock: Clock) -> Result<Self, StoreError> {
        let (missing, sessions) = (Missing::Made, Sessions::Kept);
        let database = Database::open(Opening { url, connections_max, missing, sessions }).await?;
        migrate::migrate(&database, sessions).await?;
        Ok(Self::of_tool(database, clock))
    }

    /// Opens what is there, for a tool of the command line: it makes and migrates nothing, and
    /// writes unfenced, beside whoever serves.
    ///
    /// # Errors
    /// [`StoreError::Absent`] and [`StoreError::Behind`] when there is something to make first.
    pub async fn open_existing(settings: &config::Store, clock: Clock) -> Result<Self, StoreError> {
        let database = Database::open(Opening::of(settings, Missing::Refused)).await?;
        let missing = migrate::missing(&database).await?;
        if missing.is_empty() {
            return Ok(Self::of_tool(database, clock));
        }
        Err(if missing == migrate::names() { StoreError::Absent } else { StoreError::Behind })
    }

    /// The migrations that [`migrate`](Self::migrate) would apply. Changes nothing.
    pub async fn missing_migrations(settings: &config::Store) -> Result<Vec<String>, StoreError> {
        let database = match Database::open(Opening::of(settings, Missing::Refused)).await {
            Err(StoreError::Absent) => return Ok(migrate::names()),
            opened => opened?,
        };
        let missing = migrate::missing(&database).await;
        database.close().await;
        missing
    }

    /// Applies what is missing; the names of what that was.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when something is missing and another process serves from this
    /// SQLite file: it must not find its tables changed.
    pub async fn migrate(settings: &config::Store) -> Result<Vec<String>, StoreError> {
        let missing = Self::missing_migrations(settings).await?;
        if !missing.is_empty() {
            let _lock = replica::lock(settings.url.reveal())?;
            let opening = Opening::of(settings, Missing::Made);
            let database = Database::open(opening).await?;
            let migrated = migrate::migrate(&database, opening.sessions).await;
            database.close().await;
            migrated?;
        }
        Ok(missing)
    }

    /// Opens the store for a process that serves, made and migrated where needed: it has a number,
    /// and writes only while nobody has taken its work over.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process serves from this SQLite file; nothing was
    /// touched then. [`StoreError::Pooled`] when the settings do not allow what stands in between.
    pub async fn serve(settings: &config::Store, clock: Clock) -> Result<Self, StoreError> {
        let opening = Opening::of(settings, Missing::Made);
        let lock = replica::lock(opening.url)?;
        let database = Database::open_to_serve(opening).await?;
        migrate::migrate(&database, opening.sessions).await?;
        let functions = match &settings.functions {
            Some(names) => Some(look_up(&mut database.read().await?, names).await?),
            None => None,
        };
        let store = Self::of_tool(database, clock);
        let (replica, liveness, follows_a_death) =
            replica::register(&store, lock, opening.sessions).await?;
        let functions = functions.map(Arc::new);
        let writer = Writer::start(&store.database, Some(replica), functions.as_ref());
        let liveness = Some(Arc::new(liveness));
        Ok(Self { writer, replica: Some(replica), liveness, follows_a_death, ..store })
    }

    fn of_tool(database: Database, clock: Clock) -> Self {
        let wakes = Arc::new(Wakes::default());
        let writer = Writer::start(&database, None, None);
        Self {
            database,
            writer,
            replica: None,
            clock,
            wakes,
            liveness: None,
            follows_a_death: false,
            replicas: Arc::new(AtomicI64::new(1)),
        }
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// This process's number; nothing for a tool.
    pub fn replica(&self) -> Option<i64> {
        self.replica
    }

    /// Whether whoever served from this SQLite file before died.
    pub fn follows_a_death(&self) -> bool {
        self.follows_a_death
    }

    /// Replicas that lived at the last beat, this one with them.
    pub fn replicas(&self) -> i64 {
        self.replicas.load(Ordering::Relaxed)
    }

    /// So many replicas live.
    pub fn count_replicas(&self, living: usize) {
        self.replicas.store(i64::try_from(living).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// The clock of the domain.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What wakes the workers.
    pub fn wakes(&self) -> &Arc<Wakes> {
        &self.wakes
    }

    /// What writes.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// How the store is.
    pub fn health(&self) -> &Health {
        self.writer.health()
    }

    /// A transaction that only reads, and sees one moment throughout.
    pub async fn snapshot(&self) -> Result<Tx, StoreError> {
        self.database.snapshot().await
    }

    /// A connection that reads.
    pub async fn read(&self) -> Result<Connection, StoreError> {
        self.database.read().await
    }
}
