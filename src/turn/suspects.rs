//! Events that may have ended a process: each try is counted on disk before it is made.
//!
//! A process is killed by others too, and whatever it had in hand then looks guilty. So what three
//! of them ended over is set aside, and taken up again alone when a process is calm.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use picdesk_core::event::{Event, Words};
use tracing::{error, info};

use super::{Take, Turner, receive::Alone, shards::ShardSet};
use crate::{
    calm::{Begin, Calm},
    store::{
        StoreError, Work,
        inbox::{self, Aside, NewEvent, Pending},
    },
    telemetry::metrics,
};

/// Suspects of one batch.
const TOGETHER: usize = 32;
/// Between two second chances: what came of the one before may need the process yet.
const BETWEEN: Duration = Duration::from_secs(1);

/// Which events are suspect: those of shards that came to us with events waiting. Nobody knows
/// what became of whoever had them before.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    shards: ShardSet,
    /// Later ones came while we were here.
    up_to: i64,
    /// Counted by this process, which goes on.
    counted: HashSet<i64>,
    /// What waits for this process to be calm.
    aside: Option<Chances>,
}

/// The second chances of what was set aside.
#[derive(Debug)]
struct Chances {
    calm: Calm,
    /// When the last one was taken up.
    last_at: Option<Instant>,
    /// What is left to be taken up, with its shard; nothing before it was looked for.
    left: Option<Vec<(i64, i64)>>,
}

impl Suspects {
    /// Whose events are all beyond suspicion.
    pub(super) fn trusted(&self, ours: ShardSet) -> ShardSet {
        ours.without(self.shards)
    }
}

impl Turner {
    /// Turns some suspects, where there are any; how many it saw to.
    pub(super) async fn turn_suspects(
        self: &Arc<Self>,
        suspects: &mut Suspects,
    ) -> Result<usize, StoreError> {
        let fresh = self.shards.take_fresh();
        if !fresh.is_empty() {
            suspects.shards = suspects.shards.with(fresh);
            // Whatever the store says next, they are suspect until it has said up to where.
            suspects.up_to = i64::MAX;
            let calm = Calm::after_now(self.store.clock());
            suspects.aside = Some(Chances { calm, last_at: None, left: None });
        }
        let ours = self.shards.ours();
        // While this process is careful, everything is.
        let careful = self.alone.is_some_and(Alone::is_careful);
        suspects.shards = if careful { ours } else { suspects.shards.common(ours) };
        if suspects.shards.is_empty() {
            suspects.counted.clear();
            return Ok(0);
        }
        if suspects.up_to == i64::MAX || careful {
            suspects.up_to = inbox::last(&mut self.store.read().await?).await?;
        }
        let mut first = self.first_waiting(&Take::all(suspects.shards)).await?;
        first.retain(|one| one.seq <= suspects.up_to);
        if first.is_empty() {
            if !careful {
                suspects.shards = ShardSet::default();
            }
            return Ok(0);
        }
        let guilty = self.set_guilty_aside(&mut first, &suspects.counted).await?;
        first.truncate(TOGETHER);
        // One that was begun before goes alone, so that it cannot take others with it.
        if let Some(begun) = first.iter().position(|one| one.deaths > 0) {
            first = vec![first.swap_remove(begun)];
        }
        let seqs: HashSet<i64> = first.iter().map(|one| one.seq).collect();
        self.count(&seqs, &mut suspects.counted).await?;
        if seqs.is_empty() {
            return Ok(guilty);
        }
        self.turn_batch(Take::only(suspects.shards, seqs.clone())).await?;
        Ok(guilty + seqs.len())
    }

    /// Sets aside what too many processes ended over; how many.
    async fn set_guilty_aside(
        &self,
        first: &mut Vec<Pending>,
        counted: &HashSet<i64>,
    ) -> Result<usize, StoreError> {
        let mut guilty = 0;
        for one in &*first {
            match Begin::after_first_and(one.deaths) {
                _ if counted.contains(&one.seq) => {}
                Begin::Freely | Begin::Alone => {}
                Begin::WhenCalm => {
                    guilty += 1;
                    self.set_aside(one.seq, Aside::Deadly, None).await?;
                }
                Begin::Never => {
                    guilty += 1;
                    self.give_up(one.seq, Aside::Deadly, Some(one)).await?;
                }
            }
        }
        first.retain(|one| {
            counted.contains(&one.seq)
                || matches!(Begin::after_first_and(one.deaths), Begin::Freely | Begin::Alone)
        });
        Ok(guilty)
    }

    /// Counts, each once in this process's life, that it may end over these.
    async fn count(
        &self,
        seqs: &HashSet<i64>,
        counted: &mut HashSet<i64>,
    ) -> Result<(), StoreError> {
        let new: Vec<i64> = seqs.difference(counted).copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        let seqs = new.clone();
        self.store
            .writer()
            .run(move |tx| {
                let seqs = seqs.clone();
                Box::pin(async move { inbox::count_deaths(tx, &seqs).await })
            })
            .await?;
        counted.extend(new);
        Ok(())
    }

    /// Takes up again one event that processes ended over, when this one is calm; whether there
    /// was one.
    pub(super) async fn take_up(
        self: &Arc<Self>,
        suspects: &mut Suspects,
    ) -> Result<bool, StoreError> {
        let Some(chances) = &mut suspects.aside else { return Ok(false) };
        let too_soon = chances.last_at.is_some_and(|at| at.elapsed() < BETWEEN);
        if chances.calm.is_off().is_some() || too_soon {
            return Ok(false);
        }
        if chances.left.is_none() {
            chances.left = Some(inbox::find_aside(&mut self.store.read().await?).await?);
        }
        let left = chances.left.get_or_insert_default();
        let Some((seq, shard)) = left.pop() else {
            if chances.last_at.is_some() {
                info!("all that was set aside had its second chance");
            }
            suspects.aside = None;
            return Ok(false);
        };
        chances.last_at = Some(Instant::now());
        let ours = self.shards.ours();
        if ours.common([shard].into_iter().collect()).is_empty() {
            return Ok(true);
        }
        if self.store.writer().run(move |tx| Box::pin(inbox::take_up(tx, seq))).await? {
            info!(inbox.seq = seq, "event {seq} was set aside and is taken up again");
            self.turn_batch(Take::only(ours, HashSet::from([seq]))).await?;
        }
        Ok(true)
    }

    /// Puts an event aside for good. Whoever waits for what comes of it is told that nothing does.
    pub(super) async fn give_up(
        &self,
        seq: i64,
        why: Aside,
        event: Option<&Pending>,
    ) -> Result<(), StoreError> {
        self.set_aside(seq, why, event.and_then(nothing_came_of)).await?;
        self.store.wakes().ring(Work::Inbox);
        Ok(())
    }

    async fn set_aside(
        &self,
        seq: i64,
        why: Aside,
        told: Option<NewEvent>,
    ) -> Result<(), StoreError> {
        let now = self.store.clock().now_ms();
        self.store
            .writer()
            .run(move |tx| {
                let told = told.clone();
                Box::pin(async move {
                    inbox::set_aside(tx, seq, why, now).await?;
                    inbox::insert(tx, told.as_slice(), now, now).await?;
                    Ok(())
                })
            })
            .await?;
        metrics::set_aside();
        let (alarm, what) = match why {
            Aside::Failed => {
                ("an event could not be turned and was set aside", "could not be turned")
            }
            Aside::Deadly => (
                "an event was under way whenever the process ended and was set aside",
                "was under way whenever the process ended",
            ),
        };
        error!(inbox.seq = seq, "event {seq} was set aside: it {what}");
        self.desk.alarms.raise(alarm);
        Ok(())
    }
}

/// What tells of an event that was given up: to whoever asked, or about the picture it was for,
/// whose fate nobody knows then.
fn nothing_came_of(pending: &Pending) -> Option<NewEvent> {
    let event = pending.event.as_deref()?;
    if let Some(generation) = event.tells_of() {
        return Some(NewEvent::uncertain(generation.0, pending.conversation.as_str()));
    }
    let (who, setting) = event.asked_by()?;
    let told = Event::CameToNothing { who, setting, words: Words::Theirs };
    let id = format!("inbox:{}:nothing", pending.seq);
    Some(NewEvent::of_house(id, &pending.conversation, &told))
}
