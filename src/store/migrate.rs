//! Migrations: one story for both databases.
//!
//! The files are written in PostgreSQL's words. SQLite reads the same text with four words
//! exchanged, so that its tables are STRICT and its identity column is a row id. Only triggers are
//! written twice.

use std::borrow::Cow;

use sqlx::{
    AssertSqlSafe, SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{
    Database, StoreError,
    opening::{Sessions, connect},
};

/// The migrations in order: number, name, text.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "house", include_str!("../../migrations/0001_house.sql")),
    (2, "errands", include_str!("../../migrations/0002_errands.sql")),
    (3, "sales", include_str!("../../migrations/0003_sales.sql")),
    (4, "links", include_str!("../../migrations/0004_links.sql")),
    (5, "promos", include_str!("../../migrations/0005_promos.sql")),
    (6, "site", include_str!("../../migrations/0006_site.sql")),
];

/// What keeps lines of the ledger from being altered, which either says in its own words.
const GUARD_SQLITE: &str = include_str!("../../migrations/guard.sqlite.sql");
const GUARD_POSTGRES: &str = include_str!("../../migrations/guard.postgres.sql");

/// The text as SQLite reads it.
fn for_sqlite(text: &str) -> String {
    text.replace(
        "bigint generated always as identity primary key",
        "integer primary key autoincrement",
    )
    .replace("bigint", "integer")
    .replace("bytea", "blob")
    .replace("\n);", "\n) strict;")
}

/// The migrator for a database.
fn migrator(database: &Database) -> Migrator {
    let migrations = MIGRATIONS
        .iter()
        .map(|(version, name, text)| {
            let guard = |guard: &'static str| if *version == 1 { guard } else { "" };
            let text = match database {
                Database::Sqlite(_) => for_sqlite(text) + guard(GUARD_SQLITE),
                Database::Postgres(_) => (*text).to_owned() + guard(GUARD_POSTGRES),
            };
            Migration::new(
                *version,
                Cow::Borrowed(*name),
                MigrationType::Simple,
                AssertSqlSafe(text).into_sql_str(),
                false,
            )
        })
        .collect();
    Migrator::with_migrations(migrations)
}

/// Applies what is missing.
pub(super) async fn migrate(database: &Database, sessions: Sessions) -> Result<(), StoreError> {
    let mut migrator = migrator(database);
    // The lock of migrations is a session's; where sessions are shared it would never come free.
    migrator.set_locking(sessions == Sessions::Kept);
    let outcome = match database {
        Database::Sqlite(pools) => {
            let mut held = pools.write.acquire().await?;
            migrator.run_direct(None, &mut held, false).await
        }
        Database::Postgres(pool) => {
            migrator.run_direct(None, &mut connect(pool, sessions).await?, false).await
        }
    };
    outcome.map_err(|error| StoreError::Migration(Box::new(error)))
}

/// The names of all there are, in order.
pub(super) fn names() -> Vec<String> {
    MIGRATIONS.iter().map(|(version, name, _)| format!("{version:04}_{name}")).collect()
}

/// The names of what is missing, in order.
pub(super) async fn missing(database: &Database) -> Result<Vec<String>, StoreError> {
    let mut connection = database.read().await?;
    let applied =
        match connection.rows("select version from _sqlx_migrations order by version", &[]).await {
            Ok(rows) => rows.iter().map(|row| row.int(0)).collect::<Result<Vec<_>, _>>()?,
            // The table itself comes with the first migration.
            Err(StoreError::Refused(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
    Ok(MIGRATIONS
        .iter()
        .filter(|(version, ..)| !applied.contains(version))
        .map(|(version, name, _)| format!("{version:04}_{name}"))
        .collect())
}
