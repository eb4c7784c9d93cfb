//! Opening a database: made or not, by a tool or to serve, directly or through a pooler.

use std::{path::Path, str::FromStr as _, sync::Arc, time::Duration};

use sqlx::{
    Connection as _, Executor as _, PgConnection, PgPool, Row as _,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{
    Database, StoreError, checkpoint,
    database::SqlitePools,
    pooler,
    sqlite::{Options, Pool},
    writer::LANES,
};
use crate::config;

/// How long a transaction waits for a lock of PostgreSQL's: longer than a frozen one is suffered.
const LOCK_TIMEOUT: &str = "8s";
/// How long one statement of a serving process may take on PostgreSQL, and on SQLite one that only
/// reads.
const STATEMENT_TIMEOUT: &str = "30s";
const STATEMENT_MAX: Duration = Duration::from_secs(30);
/// Pages in SQLite's log after which a tool writes them back.
const LOG_PAGES: u32 = 4000;
/// PostgreSQL ends a session that froze inside a transaction, so that its locks come free before
/// its lease does.
const FROZEN_TRANSACTION_TIMEOUT: &str = "7s";
/// Prepared statements kept for each connection; multi-row statements come in many sizes.
const STATEMENTS_MAX: usize = 512;

/// What becomes of a SQLite file that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// It is made.
    Made,
    /// It is an error.
    Refused,
}

/// Whether connections to PostgreSQL keep their sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// Each has one for as long as it lives.
    Kept,
    /// A pooler gives each transaction another one.
    Pooled,
}

/// How a database is opened.
#[derive(Clone, Copy)]
pub struct Opening<'a> {
    /// Where it is, `sqlite://path` or `postgres://…`.
    pub url: &'a str,
    /// Connections to it.
    pub connections_max: u32,
    /// What is done where there is nothing.
    pub missing: Missing,
    /// What stands before PostgreSQL.
    pub sessions: Sessions,
}

impl<'a> Opening<'a> {
    /// As the configuration has it.
    pub fn of(settings: &'a config::Store, missing: Missing) -> Self {
        let pooled = settings.allow_transaction_pooler;
        let sessions = if pooled { Sessions::Pooled } else { Sessions::Kept };
        let (url, connections_max) = (settings.url.reveal(), settings.connections_max);
        Self { url, connections_max, missing, sessions }
    }
}

impl Database {
    /// Opens a database, for a tool.
    ///
    /// # Errors
    /// [`StoreError::Absent`] for a SQLite file that is missing and is not to be made.
    pub async fn open(opening: Opening<'_>) -> Result<Self, StoreError> {
        if let Some(path) = opening.url.strip_prefix("sqlite://") {
            let (connections_max, missing) = (opening.connections_max, opening.missing);
            let database = Self::open_sqlite(Path::new(path), connections_max, missing, LOG_PAGES);
            return database.await;
        }
        let options = postgres_options(opening.url)?;
        let options = match opening.sessions {
            Sessions::Kept => options
                .options([("idle_in_transaction_session_timeout", FROZEN_TRANSACTION_TIMEOUT)]),
            // A pooler knows no options of sessions.
            Sessions::Pooled => options,
        };
        Ok(Self::of_postgres(options, opening.connections_max))
    }

    /// Opens a database for a process that serves, and that no statement may keep for ever.
    ///
    /// # Errors
    /// [`StoreError::Pooled`] when a pooler stands in between that is not expected.
    pub(super) async fn open_to_serve(opening: Opening<'_>) -> Result<Self, StoreError> {
        if let Some(path) = opening.url.strip_prefix("sqlite://") {
            let (connections_max, missing) = (opening.connections_max, opening.missing);
            // The log is written back beside the writer.
            return Self::open_sqlite(Path::new(path), connections_max, missing, 0).await;
        }
        if opening.sessions == Sessions::Pooled {
            return Self::open(opening).await;
        }
        let options = postgres_options(opening.url)?;
        pooler::refuse(&options).await?;
        let options = options.options([
            ("idle_in_transaction_session_timeout", FROZEN_TRANSACTION_TIMEOUT),
            ("lock_timeout", LOCK_TIMEOUT),
            ("statement_timeout", STATEMENT_TIMEOUT),
            // Statements as short as ours are over before they are compiled.
            ("jit", "off"),
        ]);
        Ok(Self::of_postgres(options, opening.connections_max))
    }

    fn of_postgres(options: PgConnectOptions, connections_max: u32) -> Self {
        let lanes = u32::try_from(LANES).unwrap_or(u32::MAX);
        let pool = PgPoolOptions::new()
            // Lanes alone would leave nobody to read.
            .max_connections(connections_max.max(lanes + 1))
            .acquire_timeout(Duration::from_secs(5))
            // A dropped `begin()` returns a connection inside an open transaction (sqlx 0.9.0);
            // the statement's own time tells.
            .before_acquire(|connection, _| {
                Box::pin(async move {
                    let row = connection.fetch_one("select now() = statement_timestamp()").await?;
                    row.try_get::<bool, _>(0)
                })
            })
            .connect_lazy_with(options);
        Self::Postgres(pool)
    }

    async fn open_sqlite(
        path: &Path,
        connections_max: u32,
        missing: Missing,
        log_pages: u32,
    ) -> Result<Self, StoreError> {
        if missing == Missing::Refused && !path.exists() {
            return Err(StoreError::Absent);
        }
        let made = missing == Missing::Made;
        let serves = log_pages == 0;
        let reads_for = serves.then_some(STATEMENT_MAX);
        let options =
            Options { path: path.to_owned(), made, read_only: false, log_pages, reads_for };
        let begun = Arc::default();
        let write = Pool::new(options.clone(), 1);
        if made {
            // Who only reads never opens it for writing.
            drop(write.acquire().await?);
        }
        if serves {
            checkpoint::begin(&write, &options, &begun);
        }
        let read = Pool::new(Options { made: false, read_only: true, ..options }, connections_max);
        Ok(Self::Sqlite(SqlitePools { write, read, begun }))
    }
}

/// A connection of its own, beside a pool, that waits as long as it takes.
pub(super) async fn connect(pool: &PgPool, sessions: Sessions) -> Result<PgConnection, StoreError> {
    let options = pool.connect_options().as_ref().clone();
    let patient = match sessions {
        Sessions::Kept => options.options([("statement_timeout", "0"), ("lock_timeout", "0")]),
        Sessions::Pooled => options,
    };
    Ok(PgConnection::connect_with(&patient).await?)
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::Address("store.url is neither sqlite:// nor postgres://"))?;
    Ok(options.application_name("picdesk").statement_cache_capacity(STATEMENTS_MAX))
}
