//! Drafts: what is being made, with the channel's own stop button, beside the placeholder. An extra
//! where the owner wants it; like the progress lane nothing of it is durable.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use picdesk_core::{
    channel::{Showing, Text},
    id::{ConversationId, GenerationId},
};

use super::{SPARE, Sender, UNDER_WAY_MAX, budget::RateScope, queue::Queue};

/// How long a draft is left before it is shown again. It stands for 30 seconds. Source: Bot API,
/// `sendMessageDraft`.
const SHOWN_AGAIN: Duration = Duration::from_secs(20);

/// A draft that is to stand.
#[derive(Clone, Debug)]
struct Draft {
    conversation: ConversationId,
    text: Text,
    shown_at: Option<Instant>,
}

/// The drafts of pictures that are being made. Shared between the generation worker, which begins
/// and ends them, and the sender, which shows them.
#[derive(Debug, Default)]
pub struct Drafts(Mutex<HashMap<GenerationId, Draft>>);

impl Drafts {
    fn all(&self) -> MutexGuard<'_, HashMap<GenerationId, Draft>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A picture begins to be made.
    pub fn begin(&self, generation: GenerationId, conversation: ConversationId, text: Text) {
        self.all().insert(generation, Draft { conversation, text, shown_at: None });
    }

    /// It is made, or will not be: its draft is not shown again.
    pub fn end(&self, generation: GenerationId) {
        self.all().remove(&generation);
    }

    /// Drafts that have to be shown now, so that they go on standing.
    fn due(&self, now: Instant) -> Vec<(GenerationId, ConversationId, Text)> {
        let drafts = self.all();
        let due = drafts
            .iter()
            .filter(|(_, draft)| draft.shown_at.is_none_or(|at| now >= at + SHOWN_AGAIN));
        due.map(|(id, draft)| (*id, draft.conversation.clone(), draft.text.clone())).collect()
    }

    fn shown(&self, generation: GenerationId, now: Instant) {
        if let Some(draft) = self.all().get_mut(&generation) {
            draft.shown_at = Some(now);
        }
    }
}

impl Sender {
    /// Shows drafts, where nothing waits to be delivered and sends are spare.
    pub(super) fn show_drafts(&mut self) {
        if !self.means.capabilities().drafts || self.outage.is_on() {
            return;
        }
        let now = Instant::now();
        let interval = Duration::from_secs(self.means.capabilities().edit_interval_s.into());
        for (generation, conversation, text) in self.progress.drafts.due(now) {
            let idle = self.queues.get(&conversation).is_none_or(Queue::is_idle);
            let scope = RateScope::of(self.means.channel.as_ref(), &conversation);
            if !idle
                || self.progress.rests(&scope, interval, now)
                || self.shows.len() >= UNDER_WAY_MAX
                || self.means.budget.take(&scope, SPARE, now).is_err()
            {
                continue;
            }
            self.progress.drafts.shown(generation, now);
            self.progress.shown(scope.clone(), now);
            self.show(None, scope, Showing::Draft { conversation, draft: generation.0, text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_shown_again_before_it_falls_and_not_after_its_end() {
        let (drafts, now) = (Drafts::default(), Instant::now());
        let generation = GenerationId(1);
        drafts.begin(generation, "telegram:1".into(), Text::plain("a fox"));
        assert_eq!(drafts.due(now).len(), 1);
        drafts.shown(generation, now);
        assert!(drafts.due(now + Duration::from_secs(19)).is_empty());
        assert_eq!(drafts.due(now + SHOWN_AGAIN).len(), 1);
        drafts.end(generation);
        assert!(drafts.due(now + SHOWN_AGAIN).is_empty());
    }
}
