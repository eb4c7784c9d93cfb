//! Whether PostgreSQL is reached through a pooler that gives each transaction whichever session is
//! free. What a session holds, such as the lock that says that we live, is worth nothing there.

use sqlx::{Connection as _, Executor as _, PgConnection, Row as _, postgres::PgConnectOptions};

use super::StoreError;

/// How often the sessions are compared: a pooler under load may keep one for a while by chance.
const ROUNDS: usize = 4;

/// Refuses a pooler in transaction mode.
///
/// # Errors
/// [`StoreError::Pooled`] when there is one.
pub(super) async fn refuse(options: &PgConnectOptions) -> Result<(), StoreError> {
    // Two connections that are open side by side have two sessions, and keep them: also while one
    // of them is in a transaction, when a pooler has to find the other one a new session.
    let mut one = PgConnection::connect_with(options).await?;
    let mut other = PgConnection::connect_with(options).await?;
    let outcome = async {
        let first = session(&mut one).await?;
        for _ in 0..ROUNDS {
            let second = session(&mut other).await?;
            if second == first || session(&mut one).await? != first {
                return Err(StoreError::Pooled);
            }
            other.execute("begin").await?;
            let same = session(&mut other).await? == second && session(&mut one).await? == first;
            other.execute("rollback").await?;
            if !same {
                return Err(StoreError::Pooled);
            }
        }
        Ok(())
    }
    .await;
    // Two connections less; a server that does not hear it finds out.
    let _ = one.close().await;
    let _ = other.close().await;
    outcome
}

/// The number of the server's process behind a connection, asked without a prepared statement.
async fn session(connection: &mut PgConnection) -> Result<i32, StoreError> {
    let row = sqlx::raw_sql("select pg_backend_pid()").fetch_one(connection).await?;
    Ok(row.try_get(0)?)
}
