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
    let rows = held.rows_aside(PASSIVE.into(), Vec::new(), None).await?;
    let row = rows.into_iter().next().map(Row::Sqlite).ok_or(sqlx::Error::RowNotFound)?;
    Ok(Log { pages: row.int(1)?, done: row.int(2)? })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::store::sqlite::Held;

    fn options(folder: &Path) -> Options {
        let path = folder.join("x.db");
        Options { path, made: true, read_only: false, log_pages: 0, reads_for: None }
    }

    /// A commit of some twenty pages.
    async fn commit(write: &Pool) {
        let mut held = write.acquire().await.unwrap();
        held.batch("insert into t values (zeroblob(80000))").unwrap();
    }

    /// Pools of one file, the second for whoever writes the log back.
    async fn pools(folder: &Path) -> (Pool, Pool) {
        let write = Pool::new(options(folder), 1);
        write.acquire().await.unwrap().batch("create table t (b blob not null) strict").unwrap();
        (write, Pool::new(options(folder), 1))
    }

    #[tokio::test]
    async fn what_somebody_still_reads_stays_and_the_rest_is_written_back() {
        let folder = tempfile::tempdir().unwrap();
        let (write, aside) = pools(folder.path()).await;
        commit(&write).await;
        let read = Pool::new(Options { read_only: true, ..options(folder.path()) }, 1);
        let mut reader: Held = read.acquire().await.unwrap();
        reader.batch("begin; select count(*) from t").unwrap();
        commit(&write).await;
        let log = checkpoint(&aside).await.unwrap();
        assert!(log.pages >= 40 && (20..log.pages).contains(&log.done), "{log:?}");
        drop(reader);
        let log = checkpoint(&aside).await.unwrap();
        assert!(log.pages >= 40 && log.done == log.pages, "{log:?}");
        // All is in the file, so that the log begins anew and takes no more room.
        let length = || folder.path().join("x.db-wal").metadata().unwrap().len();
        let before = length();
        commit(&write).await;
        assert_eq!(length(), before);
    }

    #[tokio::test]
    async fn it_is_done_where_enough_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let (write, _) = pools(folder.path()).await;
        let begun = Arc::default();
        begin(&write, &options(folder.path()), &begun);
        commit(&write).await;
        let file = || folder.path().join("x.db").metadata().unwrap().len();
        assert!(file() < 80_000);
        begun.fetch_add(WORTH_IT, Ordering::Relaxed);
        let written_back = async {
            while file() < 80_000 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), written_back).await.expect("written back");
        write.close().await;
    }
}
