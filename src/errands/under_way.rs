//! The errands that this process has under way, so that none it has claimed can be forgotten.

use std::collections::{BTreeSet, HashMap};

use picdesk_core::errand::ErrandKind;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::error;

use crate::store::errands::Claim;

/// Tasks that run errands, and which.
#[derive(Default)]
pub(super) struct UnderWay {
    tasks: JoinSet<()>,
    errands: HashMap<Id, (ErrandKind, Claim)>,
    claims: BTreeSet<Claim>,
}

impl UnderWay {
    /// How many of a kind.
    pub(super) fn count(&self, kind: ErrandKind) -> usize {
        self.errands.values().filter(|(of, _)| *of == kind).count()
    }

    /// Which.
    pub(super) fn claims(&self) -> &BTreeSet<Claim> {
        &self.claims
    }

    /// Begins one.
    pub(super) fn begin(
        &mut self,
        kind: ErrandKind,
        claim: Claim,
        work: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = self.tasks.spawn(work);
        self.errands.insert(task.id(), (kind, claim));
        self.claims.insert(claim);
    }

    /// Waits until one has ended; at once where none is under way. Whether one has.
    pub(super) async fn ended(&mut self) -> bool {
        let Some(ended) = self.tasks.join_next_with_id().await else { return false };
        self.forget(ended);
        true
    }

    /// Forgets those that have ended.
    pub(super) fn forget_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.forget(ended);
        }
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let (id, panicked) = match ended {
            Ok((id, ())) => (id, false),
            Err(error) => (error.id(), error.is_panic()),
        };
        let Some((kind, claim)) = self.errands.remove(&id) else { return };
        self.claims.remove(&claim);
        if panicked {
            error!("running errand {} ({}) panicked", claim.errand(), kind.word());
        }
    }
}
