//! Writing SQLite's log back into its file, beside the writer: no commit waits for it.
//!
//! A checkpoint of SQLite's own is made by whichever commit finds the log long, and whoever waits
//! for that commit waits for both. One by another connection holds nobody up, and leaves only what
//! was written meanwhile; once in a while that little is left to the writer, so that the log begins
//! anew and does not grow for ever.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use tracing::warn;

use super::{
    StoreError,
    database::Row,
    sqlite::{Options, Pool},
};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Commits that are worth it, and after how long fewer are.
const WORTH_IT: u64 = 100;
const AFTER_ALL: Duration = Duration::from_secs(30);
/// Pages in the log with which it is to begin anew, and how many the writer is made to write back
/// for that. With twice as many pages it is whatever it takes.
const LOG_MAX: i64 = 16_384;
const LEFT_MAX: i64 = 512;

const PASSIVE: &str = "pragma wal_checkpoint(passive)";

/// Pages of the log.
#[derive(Clone, Copy, Debug)]
struct Log {
    /// All.
    pages: i64,
    /// Written back.
    done: i64,
}

/// Begins to write back what the connection of `write` writes; ends when that is closed.
pub(super) fn begin(write: &Pool, options: &Options, begun: &Arc<AtomicU64>) {
    let aside = Pool::new(Options { made: false, ..options.clone() }, 1);
    tokio::spawn(keep_short(write.clone(), aside, Arc::clone(begun)));
}

async fn keep_short(write: Pool, aside: Pool, begun: Arc<AtomicU64>) {
    let (mut seen, mut last) = (0, Instant::now());
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = write.closed() => break,
        }
        let new = begun.load(Ordering::Relaxed) - seen;
        if new < WORTH_IT && (new == 0 || last.elapsed() < AFTER_ALL) {
            continue;
        }
        (seen, last) = (seen + new, Instant::now());
        if let Err(error) = write_back(&write, &aside).await {
            // The log grows; the next time does it.
            warn!(error = %error, "the log could not be written back");
        }
    }
    aside.close().await;
}

async fn write_back(write: &Pool, aside: &Pool) -> Result<(), StoreError> {
    let log = checkpoint(aside).await?;
    let left = log.pages - log.done;
    if log.pages > LOG_MAX && (left <= LEFT_MAX || log.pages > LOG_MAX * 2) {
        checkpoint(write).await?;
    }
    Ok(())
}

async fn checkpoint(pool: &Pool) -> Result<Log, StoreError> {
    let mut held = pool.acquire().await?;
    let rows = held.rows_aside(PASSIVE.into(), Vec::new()).await?;
    let row = rows.into_iter().next().map(Row::Sqlite).ok_or(sqlx::Error::RowNotFound)?;
    Ok(Log { pages: row.int(1)?, done: row.int(2)? })
}
