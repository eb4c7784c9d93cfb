//! Showing what may be lost: partial pictures in their placeholders, and that something is made.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use picdesk_core::{
    channel::{Content, DeliveryError, Place, Showing},
    id::Slot,
};

use super::{RateScope, SPARE, Sender, UNDER_WAY_MAX, queue::Queue};
use crate::store::outbox::{self, Stand, Waiting};

/// The slot that a message takes over for good.
pub(super) fn settles(waiting: &Waiting) -> Option<Slot> {
    match (&waiting.message.place, &waiting.message.content) {
        (_, Content::Buttons) | (Place::New { .. } | Place::EditMessage { .. }, _) => None,
        (Place::Edit { slot }, _) => Some(*slot),
    }
}

impl Sender {
    /// Shows what is to be shown, where nothing waits to be delivered and sends are spare.
    pub(super) async fn show_progress(&mut self) {
        let now = Instant::now();
        if self.outage.is_on() {
            return;
        }
        for conversation in self.progress.busy_due(now) {
            let scope = RateScope::of(self.means.channel.as_ref(), &conversation);
            self.show(None, scope, Showing::Busy { conversation });
        }
        if !self.means.capabilities().edits {
            return;
        }
        let interval = Duration::from_secs(self.means.capabilities().edit_interval_s.into());
        let channel = Arc::clone(&self.means.channel);
        let scope_of = |conversation: &_| RateScope::of(channel.as_ref(), conversation);
        for (slot, conversation) in self.progress.ready(interval, now, scope_of) {
            let chat = scope_of(&conversation);
            let idle = self.queues.get(&conversation).is_none_or(Queue::is_idle);
            let under_way = self.showing.values().any(|shown| *shown == slot);
            let rests = self.progress.rests(&chat, interval, now);
            if !idle || under_way || rests || self.shows.len() >= UNDER_WAY_MAX {
                continue;
            }
            let Some(stand) = self.stand_of(slot).await else { continue };
            let scope = RateScope::of(self.means.channel.as_ref(), &stand.conversation);
            if self.means.budget.take(&scope, SPARE, now).is_err() {
                continue;
            }
            let Some((partial, had_picture)) = self.progress.take(slot, now) else { continue };
            self.progress.shown(chat, now);
            let showing = Showing::Partial {
                conversation: stand.conversation,
                message: stand.message,
                is_picture: had_picture || stand.picture,
                text: partial.text,
                picture: partial.picture,
                buttons: partial.buttons,
            };
            self.show(Some(slot), scope, showing);
        }
    }

    /// Shows something. While it is under way, what settles its slot waits: of two edits on two
    /// connections nobody knows which comes last.
    pub(super) fn show(&mut self, slot: Option<Slot>, scope: RateScope, showing: Showing) {
        let means = Arc::clone(&self.means);
        let task = self.shows.spawn(async move {
            if let Err(DeliveryError::RetryAfter { wait, scope: which }) =
                means.channel.show(showing).await
            {
                means.budget.block(&scope, which, wait, Instant::now());
            }
        });
        if let Some(slot) = slot {
            self.showing.insert(task.id(), slot);
        }
    }

    async fn stand_of(&self, slot: Slot) -> Option<Stand> {
        let mut connection = self.means.store.read().await.ok()?;
        let found = outbox::stands(&mut connection, &[slot.key()]).await.ok()?;
        found.into_iter().next().map(|(_, stand)| stand)
    }
}
