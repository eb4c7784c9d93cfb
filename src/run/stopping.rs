//! The end of serving, in order: no new picture, the calls under way, no new callers, what is left
//! to turn and to send, and the beat last of all.

use std::{io, sync::Arc, time::Duration};

use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{ServeError, channels::sent_on, workers::Workers};
use crate::{
    clockwork::membership::Held,
    http::Ended,
    store::{Store, StoreError, errands, inbox, outbox, replica},
    turn::Shards,
};

/// How often it is asked whether all is done.
const ASK_EVERY: Duration = Duration::from_millis(25);
/// Messages looked at for one that is due.
const LOOKED_AT: i64 = 64;
/// How long the last words to the store may take.
const LEAVE_MAX: Duration = Duration::from_secs(8);

/// SIGTERM and SIGINT, heard from the moment this is made.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Stops, in the order in which they are asked for.
#[derive(Default)]
pub(super) struct Stops {
    /// No new generation is claimed.
    pub(super) claims: CancellationToken,
    /// Nobody is let in.
    pub(super) intake: CancellationToken,
    /// Nothing is turned or sent any more.
    pub(super) work: CancellationToken,
    /// Others may take over.
    pub(super) beat: CancellationToken,
    /// Others took our work over.
    pub(super) fenced: CancellationToken,
}

/// Why serving ends.
#[derive(Clone, Copy)]
pub(super) enum Cause {
    /// Somebody asked for it.
    Signal,
    /// Others took our work over.
    Fenced,
    /// A worker is gone without which there is no going on.
    Lost(&'static str),
}

impl Cause {
    /// Waits for it.
    pub(super) async fn come(signals: &mut Signals, stops: &Stops, workers: &Workers) -> Self {
        tokio::select! {
            () = signals.next() => Self::Signal,
            () = stops.fenced.cancelled() => Self::Fenced,
            name = workers.lost() => Self::Lost(name),
        }
    }
}

/// What runs while we serve.
pub(super) struct Running {
    pub(super) store: Store,
    pub(super) replica: i64,
    pub(super) shards: Arc<Shards>,
    pub(super) held: watch::Receiver<Held>,
    pub(super) stops: Stops,
    pub(super) workers: Workers,
    pub(super) beat: JoinHandle<()>,
    pub(super) studio: Option<JoinHandle<()>>,
    pub(super) http: JoinHandle<Option<Ended>>,
    pub(super) grace: Duration,
}

impl Running {
    /// Ends it. A second signal ends it at once; so does being taken over.
    pub(super) async fn stop(
        mut self,
        cause: Cause,
        signals: &mut Signals,
    ) -> Result<(), ServeError> {
        let outcome = match cause {
            Cause::Fenced => return Err(ServeError::Fenced),
            Cause::Signal => Ok(()),
            Cause::Lost(name) => Err(ServeError::Lost(name)),
        };
        self.workers.stopping();
        let fenced = self.stops.fenced.clone();
        tokio::select! {
            () = self.stop_in_order() => {
                info!("stopped");
                outcome
            }
            () = signals.next() => {
                warn!("a second signal: stopped at once");
                outcome
            }
            () = fenced.cancelled() => Err(ServeError::Fenced),
        }
    }

    async fn stop_in_order(&mut self) {
        info!("stopping: no new picture is begun");
        self.stops.claims.cancel();
        if let Some(studio) = self.studio.take() {
            // A studio that panicked has nothing under way.
            let _ = studio.await;
        }
        info!("stopping: nobody is let in any more");
        self.stops.intake.cancel();
        let until = tokio::time::Instant::now() + self.grace;
        // The last quarter is for what is under way when the rest is given up.
        let done = async {
            let _ = (&mut self.http).await;
            until_quiet(&self.store, &self.shards, &self.held).await;
        };
        let is_quiet = tokio::time::timeout_at(until - self.grace / 4, done).await.is_ok();
        self.stops.work.cancel();
        let have_ended = tokio::time::timeout_at(until, self.workers.ended()).await.is_ok();
        if !(is_quiet && have_ended) {
            warn!("some work is left for the next start");
        }
        self.stops.beat.cancel();
        if tokio::time::timeout(LEAVE_MAX, self.leave()).await.is_err() {
            error!("this replica could not say that it leaves: the store does not answer");
        }
    }

    async fn leave(&mut self) {
        // It ends between two beats.
        let _ = (&mut self.beat).await;
        if let Err(error) = replica::leave(&self.store, self.replica).await {
            error!(error = %error, "this replica could not say that it leaves");
        }
        self.store.database().close().await;
    }
}

/// Waits until nothing of ours is left to turn or to send.
async fn until_quiet(store: &Store, shards: &Shards, held: &watch::Receiver<Held>) {
    let mut quiet = 0;
    // Twice, for what is done may move from one table to the other while we look.
    while quiet < 2 {
        let channels = sent_on(&held.borrow());
        match is_quiet(store, shards, &channels).await {
            Ok(true) => quiet += 1,
            Ok(false) => quiet = 0,
            Err(error) => {
                warn!(error = %error, "nobody knows what is left to do");
                quiet = 0;
                tokio::time::sleep(ASK_EVERY * 20).await;
            }
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
}

async fn is_quiet(store: &Store, shards: &Shards, channels: &[String]) -> Result<bool, StoreError> {
    let now = store.clock().now_ms();
    let mut connection = store.read().await?;
    if errands::is_any_due(&mut connection, now).await? {
        return Ok(false);
    }
    for range in shards.ours().ranges() {
        if inbox::is_any_due(&mut connection, range, now).await? {
            return Ok(false);
        }
    }
    for channel in channels {
        for row in outbox::first_waiting(&mut connection, channel, ("", LOOKED_AT), 1).await? {
            if row.not_before()? <= now {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
