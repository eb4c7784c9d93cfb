//! Being one replica among others: saying that we live, taking over from those who do not, and
//! holding the leases that are our share.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use crate::{
    store::{
        Store, StoreError, Work,
        replica::{self, BEAT, LEASE, SHARDS, Watch, shard_lease},
    },
    turn::{ShardSet, Shards},
};

/// How long a beat may take before the store is taken to be away.
const BEAT_MAX: Duration = Duration::from_secs(2);
/// How long what we hold is still ours after a beat: others wait for a whole lease.
const HELD_MAX: Duration = LEASE.saturating_sub(BEAT);

/// The names of the leases we hold.
pub type Held = BTreeSet<String>;

/// Leases that this replica leaves to others for a while, because it cannot do their work itself.
#[derive(Clone, Default)]
pub struct LeftToOthers(Arc<Mutex<HashMap<String, Instant>>>);

impl LeftToOthers {
    /// Leaves a lease to others until then, also when nobody takes it.
    pub fn leave(&self, lease: &str, until: Instant) {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.insert(lease.to_owned(), until);
    }

    fn is_left(&self, lease: &str, now: Instant) -> bool {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        left.retain(|_, until| *until > now);
        left.contains_key(lease)
    }
}

/// Keeps this replica a member.
pub struct Membership {
    store: Store,
    replica: i64,
    shards: Arc<Shards>,
    singles: Vec<String>,
    held: watch::Sender<Held>,
    watch: Watch,
    left: LeftToOthers,
    /// What is no longer our share: worked on no more since the last beat, free at the next.
    leaving: Vec<String>,
    beaten_at: Instant,
}

impl Membership {
    /// A member that wants its share of the shards, and whichever of `singles` is free.
    pub fn new(
        store: Store,
        replica: i64,
        shards: Arc<Shards>,
        singles: Vec<String>,
    ) -> (Self, watch::Receiver<Held>) {
        let (held, seen) = watch::channel(Held::new());
        let member = Self {
            store,
            replica,
            shards,
            singles,
            held,
            watch: Watch::default(),
            left: LeftToOthers::default(),
            leaving: Vec::new(),
            beaten_at: Instant::now(),
        };
        (member, seen)
    }

    /// With leases that may be left to others.
    #[must_use]
    pub fn leaving(mut self, left: LeftToOthers) -> Self {
        self.left = left;
        self
    }

    /// Names all leases, once for an installation.
    pub async fn name_leases(&self) -> Result<(), StoreError> {
        let mut names: Vec<String> = (0..SHARDS).map(shard_lease).collect();
        names.extend(self.singles.iter().cloned());
        replica::name_leases(&self.store, names).await
    }

    /// Stays a member until it is told to stop. `fenced` is cancelled when others took our work
    /// over: this process must then end and start anew. A store that is away is no such reason:
    /// what we hold is let go before others may take it, and taken again when it is back.
    pub async fn run(mut self, stop: CancellationToken, fenced: CancellationToken) {
        while !stop.is_cancelled() {
            match self.beat(Instant::now()).await {
                Ok(()) => {}
                Err(StoreError::Fenced) => {
                    error!("others took this replica's work over");
                    fenced.cancel();
                    return;
                }
                Err(StoreError::Closing) => return,
                Err(error) => warn!(error = %error, "this replica cannot say that it lives"),
            }
            tokio::select! {
                () = tokio::time::sleep(BEAT) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Says that we live, takes over from those who do not, and sees to our leases. `now` is when
    /// the beat begins.
    pub async fn beat(&mut self, now: Instant) -> Result<(), StoreError> {
        let began = Instant::now();
        let outcome = match tokio::time::timeout(BEAT_MAX, self.beat_once(now)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(StoreError::Silent),
        };
        match &outcome {
            Ok(()) => self.beaten_at = now,
            Err(StoreError::Fenced | StoreError::Closing) => {}
            // What we hold grew older while the store said nothing.
            Err(error) => self.miss(error, now + began.elapsed()),
        }
        outcome
    }

    /// A beat failed: nobody's silence means anything, and what we hold is not ours for long.
    fn miss(&mut self, error: &StoreError, now: Instant) {
        self.store.health().fail(error);
        self.watch.forget();
        if now.duration_since(self.beaten_at) >= HELD_MAX && !self.held.borrow().is_empty() {
            warn!("this replica lets go of its work until the store is back");
            self.leaving.clear();
            self.shards.set(ShardSet::default());
            self.held.send_replace(Held::new());
        }
    }

    async fn beat_once(&mut self, now: Instant) -> Result<(), StoreError> {
        replica::keep_alive(&self.store, self.replica).await?;
        replica::beat(&self.store, self.replica).await?;
        let living = replica::living(&self.store).await?;
        let others: Vec<(i64, i64)> =
            living.iter().copied().filter(|(id, _)| *id != self.replica).collect();
        let mut dead = self.watch.note(&others, now);
        for (id, _) in &others {
            if !dead.contains(id)
                && self.watch.is_silent(*id, now)
                && replica::session_is_gone(&self.store, *id).await?
            {
                dead.push(*id);
            }
        }
        for id in &dead {
            info!(replica.id = id, "taking over from replica {id}");
            replica::take_over(&self.store, *id).await?;
        }
        let alive: Vec<i64> =
            living.into_iter().map(|(id, _)| id).filter(|id| !dead.contains(id)).collect();
        self.store.count_replicas(alive.len());
        self.balance(&alive, now).await
    }

    /// Gives back what is not our share, and takes what is and is free.
    async fn balance(&mut self, alive: &[i64], now: Instant) -> Result<(), StoreError> {
        if !self.leaving.is_empty() {
            let leaving = std::mem::take(&mut self.leaving);
            replica::give_back(&self.store, self.replica, &leaving).await?;
        }
        let share = share_of(alive, self.replica);
        let singles = self.singles.iter().filter(|name| !self.left.is_left(name, now)).cloned();
        let wanted: Vec<String> = (share.0..share.1).map(shard_lease).chain(singles).collect();
        let held = replica::held(&self.store, self.replica).await?;
        let missing: Vec<String> =
            wanted.iter().filter(|name| !held.contains(name)).cloned().collect();
        let mut all: Held = held.into_iter().collect();
        if !missing.is_empty() {
            all.extend(replica::take(&self.store, self.replica, &missing).await?);
        }
        self.leaving = all
            .iter()
            .filter(|name| !wanted.contains(name))
            .filter(|name| name.starts_with("shard/") || self.singles.contains(name))
            .cloned()
            .collect();
        for name in &self.leaving {
            all.remove(name);
        }
        let ours = (0..SHARDS).filter(|shard| all.contains(&shard_lease(*shard)));
        self.shards.set(ours.collect());
        self.store.wakes().ring_here(Work::Inbox);
        self.held.send_if_modified(|before| {
            let changed = *before != all;
            *before = all;
            changed
        });
        Ok(())
    }
}

/// The shards of a replica among those alive: from, up to but not with.
fn share_of(alive: &[i64], replica: i64) -> (i64, i64) {
    let count = alive.len().max(1) as i64;
    let place = alive.iter().position(|id| *id == replica).unwrap_or(0) as i64;
    (SHARDS * place / count, SHARDS * (place + 1) / count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_every_shard_once() {
        for count in 1..=7_i64 {
            let alive: Vec<i64> = (0..count).map(|id| id * 3).collect();
            let mut covered = Vec::new();
            for id in &alive {
                let (from, to) = share_of(&alive, *id);
                covered.extend(from..to);
            }
            assert_eq!(covered, (0..SHARDS).collect::<Vec<_>>());
        }
    }
}
