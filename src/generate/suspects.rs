//! Pictures in line that processes have ended over before anything was asked for: one at a time,
//! and in the end only while this one is calm.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use picdesk_core::id::GenerationId;
use tracing::error;

use super::{LOOK_AGAIN, Studio};
use crate::{
    calm::{Begin, Calm},
    clock::Clock,
    store::{
        StoreError,
        line::{self, Claimed},
    },
};

/// What is known of them.
pub(super) struct Suspects {
    calm: Calm,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The one that is begun.
    begun: Option<GenerationId>,
    /// When there was none.
    none_at: Option<Instant>,
    /// Those of which the owner has heard.
    told: HashSet<GenerationId>,
}

/// Lets the next one begin when it is dropped.
pub(super) struct Alone<'s> {
    suspects: &'s Suspects,
    generation: GenerationId,
}

impl Suspects {
    /// In a process that has just begun.
    pub(super) fn since_now(clock: &Clock) -> Self {
        Self { calm: Calm::after_now(clock), state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says when this one need not be begun again any more.
    pub(super) fn begun(&self, claimed: &Claimed) -> Alone<'_> {
        Alone { suspects: self, generation: claimed.generation }
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        let mut state = self.suspects.state();
        if state.begun == Some(self.generation) {
            state.begun = None;
        }
    }
}

impl Studio {
    /// Claims a picture that processes have ended over, where there is one and none is begun.
    pub(super) async fn claim_suspect(&self, now: i64) -> Result<Vec<Claimed>, StoreError> {
        {
            let state = self.suspects.state();
            if state.begun.is_some() || state.none_at.is_some_and(|at| at.elapsed() < LOOK_AGAIN) {
                return Ok(Vec::new());
            }
        }
        let store = &self.parts.store;
        let found = line::suspect(&mut store.read().await?, now).await?;
        let Some((generation, deaths)) = found else {
            self.suspects.state().none_at = Some(Instant::now());
            return Ok(Vec::new());
        };
        if Begin::after(deaths) == Begin::WhenCalm && self.suspects.calm.is_off().is_some() {
            if self.suspects.state().told.insert(generation) {
                error!("picture {generation} waits until it is calm");
                self.parts.desk.alarms.raise("a picture was begun whenever the process ended");
            }
            return Ok(Vec::new());
        }
        let replica = self.parts.replica;
        let claimed = store
            .writer()
            .run(move |tx| Box::pin(line::claim_suspect(tx, replica, generation)))
            .await?;
        if !claimed.is_empty() {
            self.suspects.state().begun = Some(generation);
        }
        Ok(claimed)
    }
}
