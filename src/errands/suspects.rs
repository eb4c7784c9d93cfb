//! Errands that processes have ended over: one at a time, and in the end only while this one is
//! calm.

use std::{collections::HashSet, sync::Arc};

use picdesk_core::id::ErrandId;
use tracing::error;

use super::{Errands, UnderWay};
use crate::{
    calm::{Begin, Calm},
    clock::Clock,
    store::{
        StoreError,
        errands::{self as rows, Claim},
    },
};

/// Suspects looked at for one that may be begun.
const LOOKED_AT: i64 = 64;

/// What is known of them.
pub(super) struct Suspects {
    calm: Calm,
    /// The one that was begun last.
    begun: Option<Claim>,
    /// Those of which the owner has heard.
    told: HashSet<ErrandId>,
}

impl Suspects {
    /// In a process that has just begun.
    pub(super) fn since_now(clock: &Clock) -> Self {
        Self { calm: Calm::after_now(clock), begun: None, told: HashSet::new() }
    }
}

impl Errands {
    /// Begins an errand that processes have ended over, where there is one and none is under way.
    pub(super) async fn begin_suspect(
        self: &Arc<Self>,
        under_way: &mut UnderWay,
        suspects: &mut Suspects,
        now: i64,
    ) -> Result<(), StoreError> {
        if suspects.begun.is_some_and(|claim| under_way.claims().contains(&claim)) {
            return Ok(());
        }
        let found = rows::suspects(&mut self.store.read().await?, LOOKED_AT, now).await?;
        for one in found {
            let Some(kind) = one.kind else { continue };
            let late = one.until <= now;
            let may_begin = match Begin::after(one.deaths) {
                Begin::Freely | Begin::Alone | Begin::Never => true,
                Begin::WhenCalm => suspects.calm.is_off().is_none(),
            };
            if !may_begin && suspects.told.insert(one.errand) {
                error!("errand {} ({}) waits until it is calm", one.errand, kind.word());
                self.alarms.raise("an errand was under way whenever the process ended");
            }
            let is_ours = may_begin && self.handlers.contains_key(&kind);
            if !(late || is_ours) {
                continue;
            }
            let (replica, errand) = (self.replica, one.errand);
            let claimed = self
                .store
                .writer()
                .run(move |tx| Box::pin(rows::claim_suspect(tx, replica, errand)))
                .await?;
            let Some(claimed) = claimed else { continue };
            let claim = claimed.claim;
            suspects.begun = Some(claim);
            under_way.begin(kind, claim, Arc::clone(self).run_one(kind, claimed));
            return Ok(());
        }
        Ok(())
    }
}
