//! Migrations of a SQLite file: sqlx's migrator decides, and this carries out.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration};

use super::{super::database::Value, Held};

type Done<'e, T> = BoxFuture<'e, Result<T, MigrateError>>;

/// A number of a migration, or what was wrong with the row.
fn whole(value: Option<&Value>) -> Result<i64, MigrateError> {
    match value {
        Some(Value::Int(Some(number))) => Ok(*number),
        _ => Err(sqlx::Error::Decode("the table of migrations is not ours".into()).into()),
    }
}

impl Migrate for Held {
    fn create_schema_if_not_exists<'e>(&'e mut self, schema: &'e str) -> Done<'e, ()> {
        Box::pin(async move { Err(MigrateError::CreateSchemasNotSupported(schema.to_owned())) })
    }

    fn ensure_migrations_table<'e>(&'e mut self, table: &'e str) -> Done<'e, ()> {
        Box::pin(async move {
            Ok(self.batch(&format!(
                "create table if not exists {table} (
                     version bigint primary key,
                     description text not null,
                     installed_on timestamp not null default current_timestamp,
                     success boolean not null,
                     checksum blob not null,
                     execution_time bigint not null
                 )"
            ))?)
        })
    }

    fn dirty_version<'e>(&'e mut self, table: &'e str) -> Done<'e, Option<i64>> {
        Box::pin(async move {
            let text = format!("select min(version) from {table} where not success");
            match self.rows(text.into(), [].iter()).await?.first().and_then(|row| row.first()) {
                Some(Value::Int(version)) => Ok(*version),
                other => whole(other).map(Some),
            }
        })
    }

    fn list_applied_migrations<'e>(
        &'e mut self,
        table: &'e str,
    ) -> Done<'e, Vec<AppliedMigration>> {
        Box::pin(async move {
            let text = format!("select version, checksum from {table} order by version");
            let applied = self.rows(text.into(), [].iter()).await?;
            applied
                .iter()
                .map(|row| {
                    let checksum = match row.get(1) {
                        Some(Value::Blob(Some(checksum))) => checksum.clone().into(),
                        _ => Vec::new().into(),
                    };
                    Ok(AppliedMigration { version: whole(row.first())?, checksum })
                })
                .collect()
        })
    }

    // Each migration is a transaction that writes from its beginning: that is lock enough.
    fn lock(&mut self) -> Done<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn unlock(&mut self) -> Done<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn apply<'e>(&'e mut self, table: &'e str, migration: &'e Migration) -> Done<'e, Duration> {
        Box::pin(async move {
            let begun = Instant::now();
            self.batch("begin immediate")?;
            let applied = self.batch(migration.sql.as_str()).and_then(|()| {
                self.run(
                    &format!(
                        "insert into {table}
                             (version, description, success, checksum, execution_time)
                         values (?, ?, true, ?, -1)"
                    ),
                    [
                        migration.version.into(),
                        Value::from(&*migration.description),
                        migration.checksum.to_vec().into(),
                    ]
                    .iter(),
                )?;
                self.batch("commit")
            });
            if let Err(error) = applied {
                // Where that fails too the connection takes it back when it goes.
                let _ = self.batch("rollback");
                return Err(MigrateError::ExecuteMigration(error, migration.version));
            }
            Ok(begun.elapsed())
        })
    }

    fn revert<'e>(&'e mut self, _table: &'e str, migration: &'e Migration) -> Done<'e, Duration> {
        // Ours only go forward.
        Box::pin(async move { Err(MigrateError::VersionNotPresent(migration.version)) })
    }
}
