//! The pictures that this process has under way, so that none it has claimed can be forgotten.

use std::{collections::HashMap, sync::Arc};

use picdesk_core::id::GenerationId;
use tokio::task::{Id, JoinError, JoinSet};
use tracing::error;

use super::Studio;
use crate::store::line::Claimed;

/// Tasks that make pictures, and which.
#[derive(Default)]
pub(super) struct UnderWay {
    tasks: JoinSet<()>,
    pictures: HashMap<Id, GenerationId>,
}

impl UnderWay {
    /// How many.
    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Which.
    pub(super) fn pictures(&self) -> Vec<GenerationId> {
        self.pictures.values().copied().collect()
    }

    /// Begins one.
    pub(super) fn begin(&mut self, studio: &Arc<Studio>, claimed: Claimed) {
        let generation = claimed.generation;
        let task = self.tasks.spawn(Arc::clone(studio).make_one(claimed));
        self.pictures.insert(task.id(), generation);
    }

    /// Waits until one has ended; at once where none is under way. Whether one has.
    pub(super) async fn ended(&mut self, studio: &Studio) -> bool {
        let Some(ended) = self.tasks.join_next_with_id().await else { return false };
        self.forget(studio, ended);
        true
    }

    /// Forgets those that have ended.
    pub(super) fn forget_ended(&mut self, studio: &Studio) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.forget(studio, ended);
        }
    }

    fn forget(&mut self, studio: &Studio, ended: Result<(Id, ()), JoinError>) {
        let (id, panicked) = match ended {
            Ok((id, ())) => (id, false),
            Err(error) => (error.id(), error.is_panic()),
        };
        let Some(generation) = self.pictures.remove(&id).filter(|_| panicked) else { return };
        error!(generation.id = generation.0, "making generation {generation} panicked");
        studio.parts.desk.alarms.raise("making a picture panicked");
    }
}
