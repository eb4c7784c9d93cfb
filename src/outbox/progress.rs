//! The progress lane: what a placeholder shows while its picture is made. The latest state wins,
//! nothing is durable, nothing is tried again, and whatever has to be delivered goes first.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use picdesk_core::{
    channel::{Button, Text},
    id::{ConversationId, Slot},
};
use tokio::sync::Notify;

use super::{budget::RateScope, drafts::Drafts};

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
    /// Nothing more will be shown: since when.
    ended_at: Option<Instant>,
}

/// How long a typing action stands. Source: Bot API, `sendChatAction`, 5 seconds.
const BUSY: Duration = Duration::from_secs(5);
/// How long it is remembered that a placeholder shows a partial picture, for the edit that follows.
const ENDED_KEPT: Duration = Duration::from_mins(10);

/// Something being made for somebody.
#[derive(Debug, Default)]
struct Busy {
    pictures: usize,
    shown_at: Option<Instant>,
}

/// The lane. Shared between the generation worker, which fills it, and the sender, which drains it.
/// A process that is not the sender shows nothing.
///
/// A slot is open from the call to whatever comes first: the end of the call, its time-out, or an
/// edit that has to be delivered. What comes later than that finds no slot and is not shown.
#[derive(Debug, Default)]
pub struct Progress {
    slots: Mutex<HashMap<Slot, State>>,
    busy: Mutex<HashMap<ConversationId, Busy>>,
    /// When something was last shown, by whose limits it counts against.
    chats: Mutex<HashMap<RateScope, Instant>>,
    /// Drafts beside placeholders.
    pub drafts: Drafts,
    drained: AtomicBool,
    /// Rings when something is to be shown.
    pub ring: Notify,
}

/// The lanes of all channels, each drained by its own sender.
#[derive(Clone, Debug, Default)]
pub struct Lanes {
    lanes: Arc<HashMap<&'static str, Arc<Progress>>>,
    /// Of no channel: nobody drains it.
    nowhere: Arc<Progress>,
}

impl Lanes {
    /// A lane for each of these channels.
    pub fn of(channels: impl Iterator<Item = &'static str>) -> Self {
        let lanes = channels.map(|name| (name, Arc::default())).collect();
        Self { lanes: Arc::new(lanes), nowhere: Arc::default() }
    }

    /// The lane of a channel.
    pub fn of_channel(&self, name: &str) -> Arc<Progress> {
        Arc::clone(self.lane(name))
    }

    /// The lane that a conversation's progress goes to.
    pub fn lane_to(&self, conversation: &ConversationId) -> &Arc<Progress> {
        self.lane(conversation.channel())
    }

    fn lane(&self, name: &str) -> &Arc<Progress> {
        self.lanes.get(name).unwrap_or(&self.nowhere)
    }
}

impl Progress {
    fn slots(&self) -> std::sync::MutexGuard<'_, HashMap<Slot, State>> {
        self.slots.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Whether a sender of this process drains the lane. What nobody drains is not kept.
    pub fn drained(&self, drained: bool) {
        self.drained.store(drained, Ordering::Relaxed);
        if !drained {
            self.slots().clear();
            self.busy().clear();
            self.chats().clear();
        }
    }

    /// A picture begins to come: what is shown of it goes to its placeholder from now on.
    pub fn open(&self, slot: Slot) {
        if self.drained.load(Ordering::Relaxed) {
            self.slots().entry(slot).or_default().ended_at = None;
        }
    }

    /// Puts a state in place of the one before, while the slot is open.
    pub fn show(&self, slot: Slot, partial: Partial) {
        let mut slots = self.slots();
        let Some(state) = slots.get_mut(&slot).filter(|state| state.ended_at.is_none()) else {
            return;
        };
        state.latest = Some(partial);
        drop(slots);
        self.ring.notify_one();
    }

    /// Nothing more comes of the picture, or nobody waits for it any more.
    pub fn end_show(&self, slot: Slot, now: Instant) {
        let mut slots = self.slots();
        slots.retain(|_, state| state.ended_at.is_none_or(|at| now < at + ENDED_KEPT));
        if let Some(state) = slots.get_mut(&slot) {
            state.latest = None;
            state.ended_at = Some(now);
        }
    }

    /// An edit that has to be delivered is on its way: nothing more is shown. Whether the
    /// placeholder shows a partial picture, so that its words are a caption.
    pub fn close(&self, slot: Slot) -> bool {
        self.slots().remove(&slot).is_some_and(|state| state.has_picture)
    }

    /// Slots with something to show, of chats that were shown nothing for `interval`. What was not
    /// shown for longest comes first, so that several in one chat take turns.
    pub fn ready(
        &self,
        interval: Duration,
        now: Instant,
        scope_of: impl Fn(&ConversationId) -> RateScope,
    ) -> Vec<(Slot, ConversationId)> {
        let mut chats = self.chats();
        chats.retain(|_, shown_at| now < *shown_at + interval);
        let slots = self.slots();
        let mut ready: Vec<_> = slots
            .iter()
            .filter_map(|(slot, state)| {
                let latest = state.latest.as_ref()?;
                let rests = chats.contains_key(&scope_of(&latest.conversation));
                (!rests).then(|| (state.shown_at, *slot, latest.conversation.clone()))
            })
            .collect();
        ready.sort_by_key(|(shown_at, slot, _)| (*shown_at, slot.key()));
        ready.into_iter().map(|(_, slot, conversation)| (slot, conversation)).collect()
    }

    /// Whether something was shown in a chat since `interval` ago.
    pub fn rests(&self, chat: &RateScope, interval: Duration, now: Instant) -> bool {
        self.chats().get(chat).is_some_and(|shown_at| now < *shown_at + interval)
    }

    /// Something is shown in a chat.
    pub fn shown(&self, chat: RateScope, now: Instant) {
        self.chats().insert(chat, now);
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

    fn chats(&self) -> std::sync::MutexGuard<'_, HashMap<RateScope, Instant>> {
        self.chats.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn busy(&self) -> std::sync::MutexGuard<'_, HashMap<ConversationId, Busy>> {
        self.busy.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A picture begins to be made for somebody.
    pub fn begin(&self, conversation: &ConversationId) {
        if !self.drained.load(Ordering::Relaxed) {
            return;
        }
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
}

#[cfg(test)]
mod tests {
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

    const SLOT: Slot = Slot::Generation(GenerationId(1));
    const INTERVAL: Duration = Duration::from_secs(4);

    fn lane() -> (Progress, Instant) {
        let progress = Progress::default();
        progress.drained(true);
        progress.open(SLOT);
        (progress, Instant::now())
    }

    fn scope_of(conversation: &ConversationId) -> RateScope {
        RateScope::named(conversation.as_str().split(':').nth(1).unwrap_or_default())
    }

    fn ready(progress: &Progress, now: Instant) -> Vec<Slot> {
        let ready = progress.ready(INTERVAL, now, scope_of);
        ready.into_iter().map(|(slot, _)| slot).collect()
    }

    fn take(progress: &Progress, slot: Slot, now: Instant) -> Option<(Partial, bool)> {
        let taken = progress.take(slot, now)?;
        progress.shown(scope_of(&taken.0.conversation), now);
        Some(taken)
    }

    #[test]
    fn a_chat_is_shown_one_thing_in_an_interval_and_its_pictures_take_turns() {
        let progress = Progress::default();
        progress.drained(true);
        let began = Instant::now();
        let slots = [1, 2, 3].map(|id| Slot::Generation(GenerationId(id)));
        let elsewhere = Slot::Generation(GenerationId(9));
        for slot in slots.into_iter().chain([elsewhere]) {
            progress.open(slot);
        }
        let mut shown: Vec<(u64, Slot)> = Vec::new();
        for second in 0..32 {
            let now = began + Duration::from_secs(second);
            for (index, slot) in slots.into_iter().enumerate() {
                // Two topics of one chat count against the same limits.
                let topic = format!("telegram:1:{}", index % 2).as_str().into();
                let text = format!("{second}");
                progress.show(slot, Partial { conversation: topic, ..partial(&text) });
            }
            let other = Partial { conversation: "telegram:2".into(), ..partial("else") };
            progress.show(elsewhere, other);
            for slot in ready(&progress, now) {
                let conversation = if slot == elsewhere { "telegram:2" } else { "telegram:1" };
                if progress.rests(&scope_of(&conversation.into()), INTERVAL, now) {
                    continue;
                }
                let (partial, _) = take(&progress, slot, now).unwrap();
                assert!(slot == elsewhere || partial.text.text == format!("{second}"), "newest");
                shown.push((second, slot));
            }
        }
        let here: Vec<_> = shown.iter().filter(|(_, slot)| *slot != elsewhere).collect();
        let turns = (0..8).zip(slots.iter().cycle()).map(|(turn, slot)| (turn * 4, *slot));
        assert!(here.iter().copied().copied().eq(turns), "{here:?}");
        assert_eq!(shown.len() - here.len(), 8, "the other chat has an allowance of its own");
    }

    #[test]
    fn the_latest_state_wins_and_rests_between() {
        let (progress, now) = lane();
        progress.show(SLOT, partial("one"));
        progress.show(SLOT, partial("two"));
        assert_eq!(ready(&progress, now).len(), 1);
        assert_eq!(take(&progress, SLOT, now).unwrap().0.text.text, "two");
        assert!(take(&progress, SLOT, now).is_none());
        progress.show(SLOT, partial("three"));
        assert!(ready(&progress, now + Duration::from_secs(3)).is_empty());
        assert_eq!(ready(&progress, now + INTERVAL).len(), 1);
    }

    #[test]
    fn nothing_is_shown_after_the_edit_that_settles_it() {
        let (progress, now) = lane();
        let picture = Partial { picture: Some(vec![1]), ..partial("one") };
        progress.show(SLOT, picture);
        take(&progress, SLOT, now).unwrap();
        progress.show(SLOT, partial("two"));
        assert!(progress.close(SLOT), "it shows a picture");
        assert!(ready(&progress, now + INTERVAL).is_empty());
        progress.show(SLOT, partial("late"));
        assert!(ready(&progress, now + INTERVAL).is_empty());
        assert!(!progress.close(SLOT));
    }

    #[test]
    fn a_call_that_is_given_up_shows_nothing_more_until_it_is_made_again() {
        let (progress, now) = lane();
        progress.show(SLOT, Partial { picture: Some(vec![1]), ..partial("one") });
        take(&progress, SLOT, now).unwrap();
        progress.show(SLOT, partial("two"));
        progress.end_show(SLOT, now);
        progress.show(SLOT, partial("late"));
        assert!(ready(&progress, now + INTERVAL).is_empty());
        progress.open(SLOT);
        progress.show(SLOT, partial("again"));
        assert_eq!(ready(&progress, now + INTERVAL).len(), 1);
        assert!(progress.close(SLOT), "the picture is still there");
    }

    #[test]
    fn what_nobody_drains_is_not_kept() {
        let (progress, now) = lane();
        let chat = ConversationId::from("telegram:1");
        progress.show(SLOT, partial("one"));
        progress.begin(&chat);
        progress.drained(false);
        progress.open(SLOT);
        progress.show(SLOT, partial("two"));
        progress.begin(&chat);
        assert!(ready(&progress, now + INTERVAL).is_empty());
        assert!(progress.busy_due(now).is_empty());
        let forgotten = Slot::Generation(GenerationId(2));
        progress.drained(true);
        progress.open(forgotten);
        progress.end_show(forgotten, now);
        progress.end_show(SLOT, now + ENDED_KEPT);
        assert!(progress.slots().is_empty());
    }
}
