//! Turning events in the very commit that writes them down: one flush for what else takes two, and
//! nothing is read and understood again.
//!
//! Only where one process serves, and while no event waits: whatever came before is turned first.
//! What fails is written down as it is, and turned like everything that waits.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use picdesk_core::{channel::Checkpoint, id::ConversationId};
use tracing::warn;

use super::{BATCH, ShardSet, Turned, Turner};
use crate::store::{
    Store, StoreError, Tx, Work,
    inbox::{self, NewEvent, Pending, What},
    replica::SHARDS,
};

/// For how long a process is careful.
const CAREFUL: Duration = Duration::from_mins(10);

/// A process beside which no other turns events.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alone {
    /// Until then every event is on disk before it is turned.
    careful_until: Option<Instant>,
}

impl Alone {
    /// An event that ended the process which turned it came to nothing, and comes again. So after
    /// a death every other process is careful: there its tries are counted on disk.
    pub(super) fn since_now(store: &Store) -> Self {
        let is_odd = store.replica().is_some_and(|replica| replica % 2 == 1);
        let careful = store.follows_a_death() && is_odd;
        Self { careful_until: careful.then(|| Instant::now() + CAREFUL) }
    }

    pub(super) fn is_careful(self) -> bool {
        self.careful_until.is_some_and(|until| Instant::now() < until)
    }
}

/// What came in at once.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// The events.
    pub events: Vec<NewEvent>,
    /// How far their source is read with them.
    pub checkpoint: Option<Checkpoint>,
    /// How long they are kept as they came, milliseconds.
    pub kept_ms: i64,
}

impl Arrived {
    async fn move_checkpoint(&self, tx: &mut Tx) -> Result<(), StoreError> {
        match &self.checkpoint {
            Some(checkpoint) => inbox::move_checkpoint(tx, checkpoint).await,
            None => Ok(()),
        }
    }

    async fn write_down(&self, tx: &mut Tx, now: i64) -> Result<Vec<bool>, StoreError> {
        self.move_checkpoint(tx).await?;
        inbox::insert(tx, &self.events, now, now + self.kept_ms).await
    }
}

impl Turner {
    /// Writes events down, and turns them in the same commit where that may be. Which of them were
    /// new, in their order.
    pub async fn receive(self: &Arc<Self>, arrived: Arc<Arrived>) -> Result<Vec<bool>, StoreError> {
        if self.alone.is_none_or(Alone::is_careful) {
            return write_down(&self.store, arrived).await;
        }
        let began = Instant::now();
        let (turner, given) = (Arc::clone(self), Arc::clone(&arrived));
        let received = self.store.writer().run(move |tx| {
            let (turner, arrived) = (Arc::clone(&turner), Arc::clone(&given));
            Box::pin(async move { turner.receive_in(tx, &arrived).await })
        });
        match received.await {
            Ok((new, turned)) => {
                if let Err(error) = self.committed(turned, began).await {
                    warn!(error = %error, "an event that could not be turned is tried at once");
                }
                Ok(new)
            }
            Err(error @ (StoreError::Fenced | StoreError::Closing)) => Err(error),
            Err(error) if error.is_outage() => Err(error),
            Err(error) => {
                if !matches!(error, StoreError::Lost(_)) {
                    warn!(error = %error, "events are written down first, and turned then");
                }
                write_down(&self.store, arrived).await
            }
        }
    }

    /// The work of a commit.
    async fn receive_in(
        &self,
        tx: &mut Tx,
        arrived: &Arrived,
    ) -> Result<(Vec<bool>, Turned), StoreError> {
        let now = self.store.clock().now_ms();
        let all_ours = self.shards.ours() == (0..SHARDS).collect::<ShardSet>();
        if !all_ours || inbox::does_any_wait(tx).await? {
            let new = arrived.write_down(tx, now).await?;
            return Ok((new, Turned { rings: vec![Work::Inbox], ..Turned::default() }));
        }
        arrived.move_checkpoint(tx).await?;
        let kept_until = now + arrived.kept_ms;
        let seqs = inbox::insert_turned(tx, &arrived.events, now, kept_until).await?;
        let mut keys = HashSet::new();
        let (mut pending, mut first, mut later) = (Vec::new(), HashMap::new(), Vec::new());
        for (one, seq) in arrived.events.iter().zip(&seqs) {
            let (Some(seq), What::Known(event)) = (*seq, &one.event) else { continue };
            if keys.insert(one.ordering.as_str()) && pending.len() < BATCH.events {
                first.insert(seq, one);
                pending.push(Pending {
                    seq,
                    conversation: ConversationId(one.conversation.clone()),
                    ordering: one.ordering.clone(),
                    attempts: 0,
                    deaths: 0,
                    event: Some(Arc::clone(event)),
                });
            } else {
                later.push((seq, one));
            }
        }
        // They wait before anything is turned: where their conversation moves, they move with it.
        inbox::wait(tx, &later).await?;
        let (mut turned, done) = self.turn_these(tx, pending, now).await?;
        for seq in done {
            first.remove(&seq);
        }
        let undone: Vec<_> = first.into_iter().collect();
        inbox::wait(tx, &undone).await?;
        if !(later.is_empty() && undone.is_empty()) {
            turned.rings.push(Work::Inbox);
        }
        Ok((seqs.iter().map(Option::is_some).collect(), turned))
    }
}

/// Writes events down; they are turned when their turn comes.
pub async fn write_down(store: &Store, arrived: Arc<Arrived>) -> Result<Vec<bool>, StoreError> {
    let now = store.clock().now_ms();
    let new = store.writer().run(move |tx| {
        let arrived = Arc::clone(&arrived);
        Box::pin(async move { arrived.write_down(tx, now).await })
    });
    let new = new.await?;
    store.wakes().ring(Work::Inbox);
    Ok(new)
}
