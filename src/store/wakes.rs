//! Waking the workers when rows for them were committed: those of this process, and on PostgreSQL
//! those of the others too. A ring that is lost costs time, not work: every worker also looks
//! again by itself.

use std::{
    sync::atomic::{AtomicU8, AtomicU64, Ordering},
    time::Duration,
};

use sqlx::{
    PgPool,
    postgres::{PgListener, PgPoolOptions},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::{Database, Store, StoreError};

/// The channel of `LISTEN` and `NOTIFY` on PostgreSQL.
const CHANNEL: &str = "picdesk";
/// Between two notices to other processes: rings that come closer together go out as one.
const NOTICE_EVERY: Duration = Duration::from_millis(5);
/// Before the next try when the others cannot be heard or told.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// Whom a ring is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Events wait to be turned.
    Inbox,
    /// Messages wait to be sent.
    Outbox,
    /// Pictures wait to be made.
    Line,
    /// A timer was set.
    Clock,
    /// Something expired or was deleted.
    Sweeper,
    /// An account of WeCom's customer service has news.
    Doorbell,
    /// Errands wait to be run.
    Errands,
    /// Messages were taken back that senders may know of.
    Withdrawal,
}

impl Work {
    const ALL: [Self; 8] = [
        Self::Inbox,
        Self::Outbox,
        Self::Line,
        Self::Clock,
        Self::Sweeper,
        Self::Doorbell,
        Self::Errands,
        Self::Withdrawal,
    ];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The bells of a process.
#[derive(Debug, Default)]
pub struct Wakes {
    bells: [Notify; 8],
    /// Work, by bit, that other processes have not been told of yet.
    untold: AtomicU8,
    telling: Notify,
    /// How often messages were taken back: each sender has to see to it, and a bell wakes only one.
    withdrawals: AtomicU64,
}

impl Wakes {
    /// Waits until there may be such work.
    pub async fn rung(&self, work: Work) {
        self.bells[work as usize].notified().await;
    }

    /// Rings for whoever does such work, wherever that is.
    pub fn ring(&self, work: Work) {
        self.ring_here(work);
        self.ring_elsewhere(work);
    }

    /// Rings for the other processes alone.
    pub fn ring_elsewhere(&self, work: Work) {
        self.untold.fetch_or(work.bit(), Ordering::Relaxed);
        self.telling.notify_one();
    }

    /// Rings for this process alone.
    pub fn ring_here(&self, work: Work) {
        if work == Work::Withdrawal {
            self.withdrawals.fetch_add(1, Ordering::Release);
        }
        self.bells[work as usize].notify_one();
    }

    /// How often messages were taken back, as far as this process knows.
    pub fn withdrawals(&self) -> u64 {
        self.withdrawals.load(Ordering::Acquire)
    }

    /// Wakes everybody here.
    pub fn ring_all_here(&self) {
        for work in Work::ALL {
            self.ring_here(work);
        }
    }

    /// What a process told: its number, then its work by bit.
    fn heard(&self, notice: &str, ours: i64) {
        let Some((who, bits)) = notice.split_once(' ') else { return };
        let (Ok(who), Ok(bits)) = (who.parse::<i64>(), bits.parse::<u8>()) else { return };
        if who == ours {
            return;
        }
        for work in Work::ALL.into_iter().filter(|work| bits & work.bit() != 0) {
            self.ring_here(work);
        }
    }
}

/// Tells the other processes once of everything that was rung for; nothing on SQLite, where one
/// process serves.
pub async fn tell_others(store: &Store) -> Result<(), StoreError> {
    let bits = store.wakes().untold.swap(0, Ordering::Relaxed);
    let (Database::Postgres(pool), true) = (store.database(), bits != 0) else { return Ok(()) };
    let told = tell(pool, store.replica(), bits).await;
    if told.is_err() {
        store.wakes().untold.fetch_or(bits, Ordering::Relaxed);
    }
    told
}

async fn tell(pool: &PgPool, replica: Option<i64>, bits: u8) -> Result<(), StoreError> {
    sqlx::query("select pg_notify($1, $2)")
        .bind(CHANNEL)
        .bind(format!("{} {bits}", replica.unwrap_or(0)))
        .execute(pool)
        .await?;
    Ok(())
}

/// Rings between processes until it is told to stop.
pub async fn ring_between_processes(store: Store, stop: CancellationToken) {
    let Database::Postgres(pool) = store.database().clone() else {
        return stop.cancelled().await;
    };
    tokio::join!(speak(&store, &stop), listen(&store, &pool, &stop));
}

async fn speak(store: &Store, stop: &CancellationToken) {
    while stop.run_until_cancelled(store.wakes().telling.notified()).await.is_some() {
        let pause = match tell_others(store).await {
            Ok(()) => NOTICE_EVERY,
            Err(error) => {
                warn!(error = %error, "the other replicas cannot be told now");
                store.wakes().telling.notify_one();
                TRY_AGAIN
            }
        };
        stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

async fn listen(store: &Store, pool: &PgPool, stop: &CancellationToken) {
    // A connection of its own: it is never given back, and those of the pool are counted on.
    let own = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(pool.connect_options().as_ref().clone());
    let listened = async || -> Result<(), StoreError> {
        let mut listener = PgListener::connect_with(&own).await?;
        listener.listen(CHANNEL).await?;
        // Nobody knows what was missed while nobody listened.
        store.wakes().ring_all_here();
        // Nothing comes back when the connection was lost and made anew.
        while let Some(notice) = listener.try_recv().await? {
            store.wakes().heard(notice.payload(), store.replica().unwrap_or(0));
        }
        Ok(())
    };
    while !stop.is_cancelled() {
        if let Some(Err(error)) = stop.run_until_cancelled(listened()).await {
            warn!(error = %error, "the other replicas cannot be heard now");
            stop.run_until_cancelled(tokio::time::sleep(TRY_AGAIN)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn rung(wakes: &Wakes) -> Vec<Work> {
        let heard = |work: &Work| wakes.rung(*work).now_or_never().is_some();
        Work::ALL.into_iter().filter(heard).collect()
    }

    #[test]
    fn a_ring_is_heard_by_those_it_is_for() {
        let wakes = Wakes::default();
        wakes.ring(Work::Line);
        wakes.ring_here(Work::Clock);
        assert_eq!(rung(&wakes), [Work::Line, Work::Clock]);
        assert_eq!(rung(&wakes), []);
        assert_eq!(wakes.untold.load(Ordering::Relaxed), Work::Line.bit());
    }

    #[test]
    fn another_process_is_heard_and_oneself_is_not() {
        let wakes = Wakes::default();
        let notice = format!("7 {}", Work::Inbox.bit() | Work::Sweeper.bit());
        wakes.heard(&notice, 7);
        assert_eq!(rung(&wakes), []);
        wakes.heard(&notice, 8);
        assert_eq!(rung(&wakes), [Work::Inbox, Work::Sweeper]);
        wakes.heard("of another program", 8);
        wakes.heard("nonsense", 8);
        assert_eq!(rung(&wakes), Work::ALL[..0]);
    }
}
