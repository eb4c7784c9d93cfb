//! How the store is, as the last commits found it, and what is wrong in words that hold no content.

use std::sync::Arc;

use tokio::sync::watch;
use tracing::{error, info};

use super::StoreError;

/// Whether the store can be written. Every commit says how it is; a serving process commits at
/// least its beat.
#[derive(Debug)]
pub struct Health(watch::Sender<Option<Arc<str>>>);

impl Default for Health {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Health {
    /// Why the store cannot be written now; nothing when it can.
    pub fn trouble(&self) -> Option<Arc<str>> {
        self.0.borrow().clone()
    }

    /// Tells of every change.
    pub fn watch(&self) -> watch::Receiver<Option<Arc<str>>> {
        self.0.subscribe()
    }

    /// A commit went through, or failed for a reason that may be the store's.
    pub(super) fn note(&self, outcome: Result<(), &StoreError>) {
        match outcome {
            Ok(()) => {
                if self.0.send_if_modified(|trouble| trouble.take().is_some()) {
                    info!("the store can be written again");
                }
            }
            Err(error) if error.is_outage() => self.fail(error),
            // It answered, and said no.
            Err(_) => {}
        }
    }

    /// The store is out of reach. Logged when that is news.
    pub fn fail(&self, error: &StoreError) {
        let why: Arc<str> = error.to_string().into();
        let was_well = self.0.send_replace(Some(why)).is_none();
        if was_well {
            error!(error = %error, "the store is away: {error}");
        }
    }
}

/// What the caller of a statement may do about its failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Try again at once.
    Busy,
    /// Try again later.
    Unavailable,
    /// Nothing: the statement is wrong.
    Refused,
}

/// Sorts what a database says. PostgreSQL's codes have five characters, SQLite's are numbers whose
/// last byte is the kind.
/// Sources: PostgreSQL, "Appendix A. Error Codes"; SQLite, "Result and Error Codes".
pub(super) fn kind_of(code: &str) -> Kind {
    if code.len() < 5 {
        return match code.parse::<u32>().unwrap_or_default() & 0xff {
            // Busy, locked.
            5 | 6 => Kind::Busy,
            // No memory, read-only, interrupted, I/O, full, cannot open, locking protocol.
            7..=10 | 13..=15 => Kind::Unavailable,
            _ => Kind::Refused,
        };
    }
    match code {
        // Serialization failure, deadlock, a lock that did not come free.
        "40001" | "40P01" | "55P03" => Kind::Busy,
        // Read-only, no right to write, a statement that took too long, a transaction that did.
        "25006" | "42501" | "57014" | "25P03" | "25P04" | "3D000" => Kind::Unavailable,
        // Connections, authorization, resources, the server's own end, its disk.
        _ if ["08", "28", "53", "57P", "58"].iter().any(|class| code.starts_with(class)) => {
            Kind::Unavailable
        }
        _ => Kind::Refused,
    }
}

/// What is wrong, without a word of content: messages of a database may repeat values.
pub(super) fn code_of(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(inner) => match inner.code() {
            Some(code) if code.len() < 5 => format!("SQLite {code}"),
            Some(code) => format!("SQLSTATE {code}"),
            None => "no code".to_owned(),
        },
        sqlx::Error::Io(error) => error.kind().to_string(),
        sqlx::Error::PoolTimedOut => "no connection in time".to_owned(),
        sqlx::Error::Tls(_) => "no TLS".to_owned(),
        sqlx::Error::Configuration(_) => "its address cannot be used".to_owned(),
        sqlx::Error::Protocol(_) => "the connection was broken".to_owned(),
        sqlx::Error::WorkerCrashed => "its own thread ended".to_owned(),
        sqlx::Error::RowNotFound => "no row".to_owned(),
        sqlx::Error::ColumnDecode { .. }
        | sqlx::Error::ColumnNotFound(_)
        | sqlx::Error::ColumnIndexOutOfBounds { .. }
        | sqlx::Error::Decode(_)
        | sqlx::Error::Encode(_) => "a value of another type".to_owned(),
        _ => "of no known kind".to_owned(),
    }
}

/// As [`code_of`], for what went wrong in a migration.
pub(super) fn code_of_migration(error: &sqlx::migrate::MigrateError) -> String {
    use sqlx::migrate::MigrateError;
    match error {
        MigrateError::Execute(error) => code_of(error),
        MigrateError::ExecuteMigration(error, version) => {
            format!("number {version}, {}", code_of(error))
        }
        MigrateError::VersionMissing(version) => {
            format!("number {version} was applied by a newer program")
        }
        MigrateError::VersionMismatch(version) => {
            format!("number {version} was applied with another text")
        }
        MigrateError::Dirty(version) => format!("number {version} was applied in part"),
        _ => "of no known kind".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_databases_say_is_sorted_by_what_to_do() {
        for code in ["40001", "40P01", "55P03", "5", "517", "6"] {
            assert_eq!(kind_of(code), Kind::Busy, "{code}");
        }
        for code in ["25006", "57P01", "57P03", "53100", "08006", "58030", "42501", "57014"] {
            assert_eq!(kind_of(code), Kind::Unavailable, "{code}");
        }
        for code in ["8", "10", "13", "14", "778", "1032", "520"] {
            assert_eq!(kind_of(code), Kind::Unavailable, "{code}");
        }
        for code in ["1", "19", "2067", "23505", "42P01", "22P02", "11"] {
            assert_eq!(kind_of(code), Kind::Refused, "{code}");
        }
    }

    #[test]
    fn an_outage_is_over_with_the_next_commit() {
        let health = Health::default();
        let seen = health.watch();
        health.note(Err(&StoreError::Constraint("purses_sum".to_owned())));
        assert!(health.trouble().is_none());
        health.note(Err(&StoreError::from(sqlx::Error::PoolTimedOut)));
        assert_eq!(
            health.trouble().as_deref(),
            Some("the store is unavailable (no connection in time)")
        );
        health.note(Err(&StoreError::Fenced));
        assert!(seen.borrow().is_some());
        health.note(Ok(()));
        assert!(seen.borrow().is_none());
    }
}
