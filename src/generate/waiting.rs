//! Pictures that wait move along the line: their placeholders say so, in private chats.

use std::{
    collections::{HashMap, HashSet},
    sync::{MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use picdesk_core::{
    effect::Body,
    event::Setting,
    facts::Line,
    id::{GenerationId, Slot},
    keys,
    line::{Standing, standing},
};
use tracing::warn;

use super::{Studio, busy::making};
use crate::{
    outbox::Partial,
    store::{
        StoreError,
        line::{self, Claimed},
    },
    turn::render,
};

/// Between two looks. A placeholder says where its picture stands when it is sent, so that none is
/// told again before.
const LOOK_EVERY: Duration = Duration::from_millis(LOOK_EVERY_MS.unsigned_abs());
const LOOK_EVERY_MS: i64 = 4_000;
/// So many of the first in line are told; whoever stands further back waits for news.
const TOLD_MAX: i64 = 100;

/// Who was told what.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    looked_at: Option<Instant>,
    told: HashMap<GenerationId, Standing>,
}

impl Studio {
    pub(super) fn came_back(&self) -> MutexGuard<'_, HashSet<GenerationId>> {
        self.came_back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who wait where they stand now, where that changed.
    pub(super) async fn tell_waiting(&self, waiting: &mut Waiting) {
        if waiting.looked_at.is_some_and(|at| at.elapsed() < LOOK_EVERY) {
            return;
        }
        waiting.looked_at = Some(Instant::now());
        if let Err(error) = self.tell_moved(&mut waiting.told).await {
            warn!(error = %error, "where pictures stand in line cannot be told now");
        }
    }

    async fn tell_moved(
        &self,
        told: &mut HashMap<GenerationId, Standing>,
    ) -> Result<(), StoreError> {
        let now = self.parts.store.clock().now_ms();
        let is_told = |one: &Claimed| one.request.setting == Setting::Private;
        let nearest = self.nearest().await?;
        // What was begun and put back was told that it is being drawn.
        let back = std::mem::take(&mut *self.came_back());
        told.retain(|id, _| {
            !back.contains(id) && nearest.iter().any(|(one, _)| one.generation == *id)
        });
        let mut moved = false;
        for (one, stands) in nearest.iter().filter(|(one, _)| is_told(one)) {
            let known = told.get(&one.generation);
            let is_new = now.saturating_sub(one.request.asked_at) < LOOK_EVERY_MS;
            let is_back = back.contains(&one.generation);
            if known == Some(stands) || known.is_none() && is_new && !is_back {
                continue;
            }
            if known.is_none() {
                // Open before it is looked at again: an edit that ends it closes it for good.
                let progress = self.parts.lanes.lane_to(&one.request.conversation);
                progress.open(Slot::Generation(one.generation));
            }
            moved = true;
        }
        if !moved {
            return Ok(());
        }
        for (one, stands) in self.nearest().await?.iter().filter(|(one, _)| is_told(one)) {
            let was_near = nearest.iter().any(|(other, _)| other.generation == one.generation);
            if was_near && told.insert(one.generation, *stands) != Some(*stands) {
                self.tell(one, *stands);
            }
        }
        Ok(())
    }

    /// The first in line, and where each stands.
    async fn nearest(&self) -> Result<Vec<(Claimed, Standing)>, StoreError> {
        let mut connection = self.parts.store.read().await?;
        let (nearest, running) = line::nearest(&mut connection, TOLD_MAX).await?;
        drop(connection);
        let medians = self.parts.medians.read().unwrap_or_else(PoisonError::into_inner);
        let mut before = Line {
            tags: Vec::new(),
            served_tag: 0,
            running,
            replicas: self.parts.store.replicas(),
            medians: medians.clone(),
        };
        drop(medians);
        let concurrency = self.parts.desk.house.concurrency;
        let mut all = Vec::with_capacity(nearest.len());
        for one in nearest {
            let stands = standing(&before, 0, 0, &one.request.options, concurrency);
            before.tags.push(0);
            all.push((one, stands));
        }
        Ok(all)
    }

    fn tell(&self, one: &Claimed, stands: Standing) {
        let (desk, request) = (&self.parts.desk, &one.request);
        let language = one.language.unwrap_or(desk.house.language_default);
        let say = making(&desk.house, one, stands);
        let text = self.words(one, &say);
        let rows = keys::with_human(&desk.house, &Body::Say(say), keys::cancel(request.id));
        let partial = Partial {
            conversation: request.conversation.clone(),
            text,
            picture: None,
            buttons: render::buttons(desk, language, Some(&request.identity), &rows),
        };
        let progress = self.parts.lanes.lane_to(&request.conversation);
        progress.show(Slot::Generation(one.generation), partial);
    }
}
