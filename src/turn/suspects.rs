//! Events that may have ended a process: each try is counted on disk before it is made.
//!
//! A process is killed by others too, and whatever it had in hand then looks guilty: only what six
//! of them ended over, all but the first of them with nothing else in hand, is set aside.

use std::{collections::HashSet, sync::Arc};

use super::{Take, Turner, shards::ShardSet};
use crate::store::{StoreError, inbox};

/// Processes that may end over one event; it goes alone from the second on.
pub(super) const DEATHS_MAX: i64 = 6;
/// Suspects of one batch.
const TOGETHER: usize = 32;

/// Which events are suspect: those of shards that came to us with events waiting. Nobody knows
/// what became of whoever had them before.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    shards: ShardSet,
    /// Later ones came while we were here.
    up_to: i64,
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
        }
        suspects.shards = suspects.shards.common(self.shards.ours());
        if suspects.shards.is_empty() {
            return Ok(0);
        }
        if suspects.up_to == i64::MAX {
            suspects.up_to = inbox::last(&mut self.store.read().await?).await?;
        }
        let mut first = self.first_waiting(&Take::all(suspects.shards)).await?;
        first.retain(|one| one.seq <= suspects.up_to);
        if first.is_empty() {
            suspects.shards = ShardSet::default();
            return Ok(0);
        }
        first.truncate(TOGETHER);
        let poisoned: Vec<i64> =
            first.iter().filter(|one| one.deaths >= DEATHS_MAX).map(|one| one.seq).collect();
        for seq in &poisoned {
            self.set_aside(*seq).await?;
        }
        first.retain(|one| one.deaths < DEATHS_MAX);
        // One that was begun before goes alone, so that it cannot take others with it.
        if let Some(begun) = first.iter().position(|one| one.deaths > 0) {
            first = vec![first.swap_remove(begun)];
        }
        let seqs: HashSet<i64> = first.iter().map(|one| one.seq).collect();
        let counted: Vec<i64> = seqs.iter().copied().collect();
        self.store
            .writer()
            .run(move |tx| {
                let seqs = counted.clone();
                Box::pin(async move { inbox::count_deaths(tx, &seqs).await })
            })
            .await?;
        let seen_to = poisoned.len() + seqs.len();
        self.turn_batch(Take::only(suspects.shards, seqs)).await?;
        Ok(seen_to)
    }
}
