//! Where everything is written down: SQLite on one machine, PostgreSQL for several replicas.
//!
//! There is one text for every statement and it runs on both. Everything that writes goes through
//! a writer, which gathers what is waiting into one transaction (see [`writer`]); everything that
//! writes as a serving process is fenced: a replica whose work was taken over commits nothing.

pub mod artifacts;
pub mod database;
pub mod effects;
pub mod expiring;
pub mod facts;
pub mod inbox;
pub mod ledger;
pub mod line;
mod migrate;
pub mod outbox;
pub mod people;
pub mod prune;
pub mod replica;
pub mod sealed;
pub mod status;
pub mod timers;
pub mod wakes;
pub mod writer;

use std::sync::Arc;

use thiserror::Error;

pub use database::{Connection, Database, Row, Tx, Value};
pub use wakes::{Wakes, Work};
pub use writer::Writer;

use crate::clock::Clock;

/// Why the store did not do something, sorted by what to do next.
#[derive(Debug, Error)]
pub enum StoreError {
    /// It cannot be reached or written now: try again later.
    #[error("the store is unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// Others wrote the same rows at the same time: try again at once.
    #[error("the store was busy with the same rows")]
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
    #[error("the store refused a statement")]
    Refused(#[source] sqlx::Error),
    /// A migration failed.
    #[error("a migration failed")]
    Migration(#[source] Box<sqlx::migrate::MigrateError>),
    /// The address names no database.
    #[error("{0}")]
    Address(&'static str),
    /// Another process serves from this SQLite file.
    #[error("another process serves from this database")]
    InUse,
    /// The writer is gone: the process is stopping.
    #[error("the store is closing")]
    Closing,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(inner) => {
                // 40001, 40P01: PostgreSQL's serialization failure and deadlock.
                // 5, 517: SQLite's busy and busy-snapshot. 57P0x, 53xxx: shutting down, full.
                let code = inner.code().unwrap_or_default().into_owned();
                match code.as_str() {
                    "40001" | "40P01" | "5" | "517" => Self::Busy(error),
                    // Read-only, I/O, full, cannot open.
                    "8" | "10" | "13" | "14" | "778" | "1032" => Self::Unavailable(error),
                    code if code.starts_with("57P") || code.starts_with("53") => {
                        Self::Unavailable(error)
                    }
                    _ if inner.is_unique_violation() || inner.is_check_violation() => {
                        let name = inner.constraint().unwrap_or_else(|| inner.message());
                        Self::Constraint(name.to_owned())
                    }
                    _ => Self::Refused(error),
                }
            }
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::RowNotFound
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_) => Self::Refused(error),
            _ => Self::Unavailable(error),
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
}

impl Store {
    /// Opens the store, migrated, for a tool of the command line: it writes unfenced, beside
    /// whoever serves.
    pub async fn open(url: &str, connections_max: u32, clock: Clock) -> Result<Self, StoreError> {
        let database = Database::open(url, connections_max).await?;
        migrate::migrate(&database).await?;
        let wakes = Arc::new(Wakes::default());
        let writer = Writer::start(&database, None);
        Ok(Self { database, writer, replica: None, clock, wakes, liveness: None })
    }

    /// The migrations that [`open`](Self::open) would apply.
    pub async fn missing_migrations(url: &str) -> Result<Vec<String>, StoreError> {
        let database = Database::open(url, 1).await?;
        let missing = migrate::missing(&database).await;
        database.close().await;
        missing
    }

    /// The same store, for a process that serves: it has a number, and writes only while nobody
    /// has taken its work over.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process serves from this SQLite file.
    pub async fn serve(self, url: &str) -> Result<Self, StoreError> {
        let (replica, liveness) = replica::register(&self, url).await?;
        let writer = Writer::start(&self.database, Some(replica));
        Ok(Self { writer, replica: Some(replica), liveness: Some(Arc::new(liveness)), ..self })
    }

    /// The database.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// This process's number; nothing for a tool.
    pub fn replica(&self) -> Option<i64> {
        self.replica
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

    /// Whether this process still holds what tells the others that it lives.
    pub fn is_alive(&self) -> bool {
        self.liveness.is_some()
    }

    /// A connection that reads.
    pub async fn read(&self) -> Result<Connection, StoreError> {
        self.database.read().await
    }
}
