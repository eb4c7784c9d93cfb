//! The door: events are written down, many in one commit, before anybody is told that they are.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use futures_util::FutureExt as _;
use picdesk_core::{
    channel::{Arrival, Checkpoint, Inbox, InboxError},
    event::Event,
    payment::Asking,
};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use crate::{
    alarm::Alarms,
    store::{
        Store, StoreError,
        inbox::{self, NewEvent, Origin, What},
        sealed,
    },
    telemetry::metrics,
    turn::{Arrived, Turner, write_down},
};

/// Callers waiting for their commit; more wait for their place.
const WAITING_MAX: usize = 2048;
/// Callers in one commit.
const SHARED_MAX: usize = 256;

/// What one caller brought.
struct Brought {
    events: Vec<NewEvent>,
    done: oneshot::Sender<Result<(), InboxError>>,
}

/// The door. Cheap to clone.
#[derive(Clone)]
pub struct Door {
    entry: Entry,
    brought: mpsc::Sender<Brought>,
    asked: mpsc::Sender<Asking>,
}

impl Door {
    /// Opens the door: starts the task that gathers callers. Raw events are kept for
    /// `raw_kept_ms`. What a channel asks about payments goes to whoever hears `asked`.
    pub fn open(
        store: Store,
        raw_kept_ms: i64,
        alarms: Alarms,
        asked: mpsc::Sender<Asking>,
    ) -> Self {
        let (brought, waiting) = mpsc::channel(WAITING_MAX);
        let entry = Entry { store, raw_kept_ms, alarms, turner: Arc::default() };
        tokio::spawn(entry.clone().gather(waiting));
        Self { entry, brought, asked }
    }

    /// From now on events are turned as they come, where that may be.
    pub fn turn_by(&self, turner: Arc<Turner>) {
        // There is one turner in a process.
        let _ = self.entry.turner.set(turner);
    }
}

/// How events get in: turned in the commit that writes them down, where that may be.
#[derive(Clone)]
struct Entry {
    store: Store,
    raw_kept_ms: i64,
    alarms: Alarms,
    turner: Arc<OnceLock<Arc<Turner>>>,
}

impl Entry {
    async fn admit(
        &self,
        events: Vec<NewEvent>,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), StoreError> {
        let arrived = Arc::new(Arrived { events, checkpoint, kept_ms: self.raw_kept_ms });
        let given = Arc::clone(&arrived);
        let new = match self.turner.get() {
            Some(turner) => turner.receive(given).await?,
            None => write_down(&self.store, given).await?,
        };
        count(&arrived.events, &new, &self.alarms);
        Ok(())
    }

    /// Whoever comes while a commit is under way goes with the next.
    async fn gather(self, mut waiting: mpsc::Receiver<Brought>) {
        let mut callers: Vec<Brought> = Vec::new();
        while waiting.recv_many(&mut callers, SHARED_MAX).await > 0 {
            // Whoever has spoken and is just being heard comes along.
            tokio::task::yield_now().await;
            while callers.len() < SHARED_MAX
                && let Ok(caller) = waiting.try_recv()
            {
                callers.push(caller);
            }
            let mut events = Vec::with_capacity(callers.len());
            let mut told = Vec::with_capacity(callers.len());
            for caller in callers.drain(..) {
                events.extend(caller.events);
                told.push(caller.done);
            }
            // Whatever these were, the next ones are to be heard.
            let admitting = AssertUnwindSafe(self.admit(events, None)).catch_unwind();
            let admitted = admitting.await.unwrap_or(Err(StoreError::Panicked));
            let outcome = admitted.map_err(|error| refused(&error));
            for done in told {
                // A caller that is gone has its event on disk all the same.
                let _ = done.send(outcome);
            }
        }
    }
}

/// Counts what was new and what had come before, by channel. Of what could not be read the owner
/// hears: it waits for a human eye.
fn count(arrived: &[NewEvent], new: &[bool], alarms: &Alarms) {
    let mut counts: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for (event, new) in arrived.iter().zip(new) {
        let channel = event.conversation.split(':').next().unwrap_or_default();
        counts.entry(channel).or_default()[usize::from(*new)] += 1;
        if event.set_aside && *new {
            metrics::set_aside();
            alarms.raise("an update could not be read and was set aside");
        }
    }
    for (channel, [again, new]) in counts {
        metrics::inbox_accepted(channel.to_owned(), new);
        metrics::inbox_duplicates(channel.to_owned(), again);
    }
}

fn refused(error: &StoreError) -> InboxError {
    if !matches!(error, StoreError::Closing | StoreError::Fenced) {
        error!(error = %error, "events cannot be written down");
    }
    InboxError::Unavailable
}

/// An arrival as it is written down; a question is not, and goes to whoever answers it.
fn new_event(arrival: Arrival, asked: &mpsc::Sender<Asking>) -> Option<NewEvent> {
    Some(match arrival {
        Arrival::Asked(asking) => {
            // With so many before it the answer would come too late: they can pay again.
            if asked.try_send(*asking).is_err() {
                warn!("a question before a payment stays without its answer");
            }
            return None;
        }
        Arrival::Event(received) => NewEvent {
            ordering: received.lane.key(&received.conversation),
            external_id: received.external_id,
            conversation: received.conversation.0,
            origin: Origin::People,
            raw: sealed::seal(&received.raw),
            set_aside: false,
            happened_at: match received.event {
                // No channel says when a press was made: it may be old.
                Event::ButtonPressed(_) | Event::DraftStopped { .. } => i64::MIN,
                _ => received.happened_at,
            },
            envelope: received.envelope,
            event: What::Known(Arc::new(received.event)),
        },
        Arrival::SetAside { external_id, channel, why, raw } => {
            warn!(channel, "{external_id} is set aside: {why}");
            NewEvent {
                external_id,
                conversation: channel.to_owned(),
                ordering: channel.to_owned(),
                origin: Origin::People,
                event: What::Sealed(sealed::seal(&[])),
                raw: sealed::seal(&raw),
                set_aside: true,
                // Nobody can read when it happened: it may be old.
                happened_at: i64::MIN,
                envelope: None,
            }
        }
    })
}

#[async_trait]
impl Inbox for Door {
    async fn accept(
        &self,
        arrivals: Vec<Arrival>,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), InboxError> {
        // Nobody waits for a store that is known to be away: they come again. The beat tries on.
        if self.entry.store.health().trouble().is_some() {
            return Err(InboxError::Unavailable);
        }
        let arrivals = arrivals.into_iter();
        let events: Vec<NewEvent> =
            arrivals.filter_map(|arrival| new_event(arrival, &self.asked)).collect();
        if let Some(checkpoint) = checkpoint {
            // One caller, one commit of its own.
            let outcome = self.entry.admit(events, Some(checkpoint)).await;
            return outcome.map_err(|error| match error {
                StoreError::Constraint(_) | StoreError::Fenced => InboxError::NotOurs,
                error => refused(&error),
            });
        }
        if events.is_empty() {
            return Ok(());
        }
        let (done, outcome) = oneshot::channel();
        let brought = Brought { events, done };
        self.brought.send(brought).await.map_err(|_| InboxError::Unavailable)?;
        outcome.await.map_err(|_| InboxError::Unavailable)?
    }

    async fn checkpoint(&self, source: &str) -> Result<Option<String>, InboxError> {
        let read = async {
            let mut connection = self.entry.store.read().await?;
            inbox::checkpoint(&mut connection, source).await
        };
        read.await.map_err(|error| refused(&error))
    }
}
