//! The progress lane: what a placeholder shows while its picture is made. The latest state wins,
//! nothing is durable, nothing is tried again, and whatever has to be delivered goes first.

use std::{collections::HashMap, sync::Mutex, time::Instant};

use picdesk_core::{
    channel::{Button, Text},
    id::{ConversationId, Slot},
};
use tokio::sync::Notify;

use super::drafts::Drafts;

/// What a placeholder is to show now.
#[derive(Clone, Debug)]
pub struct Partial {
    /// Where.
    pub conversation: ConversationId,
    /// The words.
    pub text: Text,
    /// A partial picture, small.
    pub picture: Option<Vec<u8>>,
    /// Rows of buttons under it.
    pub buttons: Vec<Vec<Button>>,
}

/// A slot's state.
#[derive(Debug, Default)]
struct State {
    latest: Option<Partial>,
    shown_at: Option<Instant>,
    has_picture: bool,
}

/// How long a typing action stands. Source: Bot API, `sendChatAction`, 5 seconds.
const BUSY: std::time::Duration = std::time::Duration::from_secs(5);

/// Something being made for somebody.
#[derive(Debug, Default)]
struct Busy {
    pictures: usize,
    shown_at: Option<Instant>,
}

/// The lane. Shared between the generation worker, which fills it, and the sender, which drains it.
#[derive(Debug, Default)]
pub struct Progress {
    slots: Mutex<HashMap<Slot, State>>,
    busy: Mutex<HashMap<ConversationId, Busy>>,
    /// Drafts beside placeholders.
    pub drafts: Drafts,
    /// Rings when something is to be shown.
    pub ring: Notify,
}

impl Progress {
    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<Slot, State>> {
        self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Puts a state in place of the one before.
    pub fn show(&self, slot: Slot, partial: Partial) {
        self.slots().entry(slot).or_default().latest = Some(partial);
        self.ring.notify_one();
    }

    /// The final edit is on its way: nothing more is shown.
    pub fn clear(&self, slot: Slot) {
        self.slots().remove(&slot);
    }

    /// Slots with something to show that showed nothing for `interval`.
    pub fn ready(
        &self,
        interval: std::time::Duration,
        now: Instant,
    ) -> Vec<(Slot, ConversationId)> {
        self.slots()
            .iter()
            .filter_map(|(slot, state)| {
                let rested = state.shown_at.is_none_or(|at| now >= at + interval);
                let latest = state.latest.as_ref().filter(|_| rested)?;
                Some((*slot, latest.conversation.clone()))
            })
            .collect()
    }

    /// Takes what is to be shown, and whether the placeholder shows a picture already.
    pub fn take(&self, slot: Slot, now: Instant) -> Option<(Partial, bool)> {
        let mut slots = self.slots();
        let state = slots.get_mut(&slot)?;
        let partial = state.latest.take()?;
        state.shown_at = Some(now);
        let had_picture = state.has_picture;
        state.has_picture |= partial.picture.is_some();
        Some((partial, had_picture))
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, HashMap<ConversationId, Busy>> {
        self.busy.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A picture begins to be made for somebody.
    pub fn begin(&self, conversation: &ConversationId) {
        self.busy().entry(conversation.clone()).or_default().pictures += 1;
        self.ring.notify_one();
    }

    /// It is made, or will not be.
    pub fn end(&self, conversation: &ConversationId) {
        let mut busy = self.busy();
        if let Some(one) = busy.get_mut(conversation) {
            one.pictures = one.pictures.saturating_sub(1);
            if one.pictures == 0 {
                busy.remove(conversation);
            }
        }
    }

    /// Conversations whose typing action is due again.
    pub fn busy_due(&self, now: Instant) -> Vec<ConversationId> {
        let mut busy = self.busy();
        let due = busy.iter_mut().filter(|(_, one)| one.shown_at.is_none_or(|at| now >= at + BUSY));
        due.map(|(conversation, one)| {
            one.shown_at = Some(now);
            conversation.clone()
        })
        .collect()
    }

    /// Whether a placeholder shows a partial picture, so that its words are a caption.
    pub fn has_picture(&self, slot: Slot) -> bool {
        self.slots().get(&slot).is_some_and(|state| state.has_picture)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use picdesk_core::id::GenerationId;

    use super::*;

    fn partial(text: &str) -> Partial {
        Partial {
            conversation: ConversationId::from("telegram:1"),
            text: Text::plain(text),
            picture: None,
            buttons: Vec::new(),
        }
    }

    #[test]
    fn the_latest_state_wins_and_rests_between() {
        let (progress, now) = (Progress::default(), Instant::now());
        let slot = Slot::Generation(GenerationId(1));
        let interval = Duration::from_secs(4);
        progress.show(slot, partial("one"));
        progress.show(slot, partial("two"));
        assert_eq!(progress.ready(interval, now).len(), 1);
        assert_eq!(progress.take(slot, now).unwrap().0.text.text, "two");
        assert!(progress.take(slot, now).is_none());
        progress.show(slot, partial("three"));
        assert!(progress.ready(interval, now + Duration::from_secs(3)).is_empty());
        assert_eq!(progress.ready(interval, now + interval).len(), 1);
        progress.clear(slot);
        assert!(progress.ready(interval, now + interval).is_empty());
    }
}
