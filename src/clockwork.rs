//! What happens by itself: timers, the sweeper, the auditor, measured medians.

pub mod auditor;
pub mod membership;
pub mod sweeper;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use picdesk_core::{
    facts::Median,
    generation::{Quality, Resolution},
};
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::store::{Store, StoreError, Work, status, timers};

/// The net under the wake-ups.
const LOOK_AGAIN_MS: i64 = 1000;
/// How often medians are measured anew.
const MEASURE_AGAIN: Duration = Duration::from_secs(10);
/// Samples that a median is taken of.
const SAMPLES_MAX: usize = 50;
/// Fewer samples tell nothing.
const SAMPLES_MIN: usize = 3;

/// Fires timers until it is told to stop.
pub async fn fire_timers(store: Store, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let now = store.clock().now_ms();
        let fired = store.writer().run(move |tx| Box::pin(timers::fire(tx, now))).await;
        let next = match fired {
            Ok(0) => next_due(&store).await,
            Ok(_) => {
                store.wakes().ring(Work::Inbox);
                continue;
            }
            Err(StoreError::Fenced | StoreError::Closing) => return,
            Err(error) => {
                error!(error = %error, "timers cannot be fired now");
                None
            }
        };
        let at = next.unwrap_or(i64::MAX).min(now + LOOK_AGAIN_MS);
        tokio::select! {
            () = store.clock().reach(at) => {}
            () = store.wakes().rung(Work::Clock) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn next_due(store: &Store) -> Option<i64> {
    let mut connection = store.read().await.ok()?;
    timers::next_due(&mut connection).await.ok().flatten()
}

/// How long pictures take, as it was measured last.
pub type Medians = Arc<RwLock<Vec<Median>>>;

/// Measures medians until it is told to stop, and counts what waits for the metrics.
pub async fn measure(store: Store, medians: Medians, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match read_medians(&store).await {
            Ok(measured) => *medians.write().unwrap_or_else(PoisonError::into_inner) = measured,
            Err(StoreError::Closing) => return,
            Err(error) => error!(error = %error, "medians cannot be measured now"),
        }
        tokio::select! {
            () = tokio::time::sleep(MEASURE_AGAIN) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn read_medians(store: &Store) -> Result<Vec<Median>, StoreError> {
    let mut connection = store.read().await?;
    let mut samples: HashMap<(Resolution, Quality), Vec<i64>> = HashMap::new();
    for (resolution, quality, took_ms) in status::samples(&mut connection).await? {
        let of = samples.entry((resolution, quality)).or_default();
        if of.len() < SAMPLES_MAX {
            of.push(took_ms);
        }
    }
    status::gauges(&mut connection).await?;
    let medians = samples.into_iter().filter_map(|((resolution, quality), mut took)| {
        took.sort_unstable();
        let took_ms = *took.get(took.len() / 2).filter(|_| took.len() >= SAMPLES_MIN)?;
        Some(Median { resolution, quality, took_ms })
    });
    Ok(medians.collect())
}
