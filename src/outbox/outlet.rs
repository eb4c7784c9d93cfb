//! The short way from a commit to the sender: what a turn of this process says is handed over as it
//! is, and need not be read and understood again.
//!
//! Each message takes one way, never both: before its commit it is *promised* to the short way, and
//! whoever reads the rows leaves promised ones alone. A promise that is not kept ends when it is
//! dropped, and the row is read like any other. Nothing goes the short way while rows may wait that
//! the sender has not read: they were said before, and come first. They are read when the sender
//! has read everything: the numbers of messages are not in the order of their commits.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use picdesk_core::id::ConversationId;
use tokio::sync::mpsc;

use crate::store::outbox::Waiting;

/// Messages that the sender knows of; more are left where they are, in their rows.
const KNOWN_MAX: usize = 1024;

/// The short way of one channel.
#[derive(Debug, Default)]
pub struct Outlet {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sender: Option<mpsc::UnboundedSender<Handed>>,
    /// Of each conversation, and how many they are.
    promised: HashMap<ConversationId, BTreeSet<i64>>,
    promises: usize,
    /// Messages that the sender has taken and not settled.
    known: usize,
    /// Batches that went by and are not committed, or are not known to be.
    passing: u32,
    /// Batches that went by and are committed; the sender starts with one unread.
    passed: u64,
    /// So many of them the sender has read.
    read: u64,
}

/// Messages that were handed over.
#[derive(Debug)]
pub(super) struct Handed {
    messages: Vec<Waiting>,
    promise: Promise,
}

/// The way that a batch of messages takes. It is to be kept until the commit is done, and then
/// either [`keep`](Self::keep)s what it promised or is dropped.
#[derive(Debug)]
struct Promise {
    outlet: Arc<Outlet>,
    way: Way,
}

#[derive(Debug)]
enum Way {
    /// These go the short way.
    Short(Vec<(ConversationId, i64)>),
    /// They wait in their rows.
    Rows,
    /// The sender has them.
    Taken,
}

impl Handed {
    /// Takes the messages; what was promised is kept.
    pub(super) fn take(mut self) -> Vec<Waiting> {
        if let Way::Short(ids) = std::mem::replace(&mut self.promise.way, Way::Taken) {
            self.promise.outlet.lock().end(&ids);
        }
        std::mem::take(&mut self.messages)
    }
}

impl State {
    fn end(&mut self, promised: &[(ConversationId, i64)]) {
        for (conversation, id) in promised {
            let Some(ids) = self.promised.get_mut(conversation) else { continue };
            self.promises -= usize::from(ids.remove(id));
            if ids.is_empty() {
                self.promised.remove(conversation);
            }
        }
    }
}

impl Outlet {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the way to a sender that has read nothing yet. What went to an earlier one and was
    /// not taken is read.
    pub(super) fn open(&self) -> mpsc::UnboundedReceiver<Handed> {
        let (sender, handed) = mpsc::unbounded_channel();
        let mut state = self.lock();
        state.sender = Some(sender);
        state.known = 0;
        state.passed += 1;
        handed
    }

    /// How many batches have gone by; to be asked before the rows are read.
    pub(super) fn passed(&self) -> u64 {
        self.lock().passed
    }

    /// Rows may be there that the sender does not know, and has yet to read.
    pub(super) fn leave_unread(&self) {
        self.lock().passed += 1;
    }

    /// All rows were read that had been written when [`passed`](Self::passed) was asked.
    pub(super) fn have_read(&self, passed: u64) {
        self.lock().read = passed;
    }

    /// So many messages the sender has taken and not settled.
    pub(super) fn know(&self, known: usize) {
        self.lock().known = known;
    }

    /// Whether a row is left to the short way.
    pub(super) fn is_promised(&self, conversation: &ConversationId, id: i64) -> bool {
        self.lock().promised.get(conversation).is_some_and(|ids| ids.contains(&id))
    }

    /// Whether something said before this is on its short way still: who turned it first need not
    /// be the first to hand it over.
    pub(super) fn is_behind(&self, conversation: &ConversationId, id: i64) -> bool {
        let state = self.lock();
        state.promised.get(conversation).is_some_and(|ids| ids.first().is_some_and(|one| *one < id))
    }

    /// Chooses the way of messages of this channel that are about to be committed.
    fn promise(self: &Arc<Self>, messages: &[Waiting]) -> Promise {
        let name = |one: &Waiting| (one.message.conversation.clone(), one.message.id.0);
        let ids: Vec<_> = messages.iter().map(name).collect();
        let mut state = self.lock();
        let nothing_unread = state.passing == 0 && state.passed == state.read;
        let room = state.known + state.promises + ids.len() <= KNOWN_MAX;
        if !(nothing_unread && room && state.sender.is_some()) {
            drop(state);
            return self.pass();
        }
        for (conversation, id) in &ids {
            let new = state.promised.entry(conversation.clone()).or_default().insert(*id);
            state.promises += usize::from(new);
        }
        drop(state);
        Promise { outlet: Arc::clone(self), way: Way::Short(ids) }
    }

    /// Rows are about to be committed that the sender has to read.
    fn pass(self: &Arc<Self>) -> Promise {
        self.lock().passing += 1;
        Promise { outlet: Arc::clone(self), way: Way::Rows }
    }
}

/// The short ways of all channels. Only for a process beside which no other turns events: what that
/// said before in a conversation might else be overtaken.
#[derive(Clone, Debug, Default)]
pub struct Outlets(HashMap<&'static str, Arc<Outlet>>);

/// What a batch says on one channel, and the way it goes.
#[derive(Debug)]
pub struct Said {
    promise: Promise,
    messages: Vec<Waiting>,
}

impl Outlets {
    /// Of these channels.
    pub fn of(channels: impl Iterator<Item = &'static str>) -> Self {
        Self(channels.map(|name| (name, Arc::default())).collect())
    }

    /// The short way to the sender of a channel.
    pub fn of_channel(&self, name: &str) -> Arc<Outlet> {
        self.0.get(name).cloned().unwrap_or_default()
    }

    /// Chooses the ways of what is about to be committed. On the channels of `by_rows` other rows
    /// change too.
    pub fn promise(&self, messages: Vec<Waiting>, by_rows: &HashSet<&str>) -> Vec<Said> {
        let mut of_each: HashMap<&str, Vec<Waiting>> = HashMap::new();
        for one in messages {
            if let Some((name, _)) = self.0.get_key_value(one.message.conversation.channel()) {
                of_each.entry(name).or_default().push(one);
            }
        }
        for name in by_rows {
            of_each.entry(name).or_default();
        }
        let ways = of_each.into_iter().filter_map(|(name, messages)| {
            let outlet = self.0.get(name)?;
            let promise =
                if by_rows.contains(name) { outlet.pass() } else { outlet.promise(&messages) };
            Some(Said { promise, messages })
        });
        ways.collect()
    }
}

impl Said {
    /// It is committed: hands it over, where that was promised. Whether the sender has it now; else
    /// it has to be woken to read the rows.
    pub fn hand_over(self) -> bool {
        self.promise.keep(self.messages)
    }
}

impl Promise {
    fn keep(self, messages: Vec<Waiting>) -> bool {
        if !matches!(self.way, Way::Short(_)) {
            return false;
        }
        let sender = self.outlet.lock().sender.clone();
        // Where the sender is gone the promise comes back and ends.
        sender.is_some_and(|sender| sender.send(Handed { messages, promise: self }).is_ok())
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let mut state = self.outlet.lock();
        match &self.way {
            Way::Taken => return,
            Way::Short(ids) => state.end(ids),
            Way::Rows => state.passing -= 1,
        }
        // Rows may be there that the sender has to read.
        state.passed += 1;
    }
}

#[cfg(test)]
mod tests {
    use picdesk_core::{
        channel::{Content, OutboundMessage, Place, Repeat, Text},
        id::{ConversationId, OutboundId},
    };

    use super::*;

    fn waiting(id: i64, conversation: &str) -> Vec<Waiting> {
        let message = OutboundMessage {
            id: OutboundId(id),
            conversation: ConversationId(conversation.to_owned()),
            place: Place::New { slot: None },
            reply_to: None,
            content: Content::Text(Text::plain("x")),
            buttons: Vec::new(),
            repeat: Repeat::Harmless,
            silent: false,
        };
        vec![Waiting::new(message, None, None)]
    }

    fn chat() -> ConversationId {
        ConversationId("telegram:1".to_owned())
    }

    /// An outlet whose sender has read all rows there are.
    fn outlet() -> (Arc<Outlet>, mpsc::UnboundedReceiver<Handed>) {
        let outlet = Arc::new(Outlet::default());
        let handed = outlet.open();
        outlet.have_read(outlet.passed());
        (outlet, handed)
    }

    #[test]
    fn a_message_goes_the_short_way_and_its_row_is_left_alone_meanwhile() {
        let (outlet, mut handed) = outlet();
        let said = waiting(1, "telegram:1");
        let promise = outlet.promise(&said);
        assert!(outlet.is_promised(&chat(), 1));
        assert!(promise.keep(said));
        assert!(outlet.is_promised(&chat(), 1));
        let taken = handed.try_recv().unwrap().take();
        assert_eq!(taken[0].message.id.0, 1);
        assert!(!outlet.is_promised(&chat(), 1));
        let said = waiting(2, "telegram:1");
        assert!(outlet.promise(&said).keep(said), "nothing is unread");
    }

    #[test]
    fn what_is_handed_over_first_waits_for_what_was_said_before() {
        let (outlet, mut handed) = outlet();
        let (first, second) = (waiting(1, "telegram:1"), waiting(2, "telegram:1"));
        let (to_first, to_second) = (outlet.promise(&first), outlet.promise(&second));
        assert!(to_second.keep(second));
        let taken = handed.try_recv().unwrap().take();
        assert_eq!(taken[0].message.id.0, 2);
        assert!(outlet.is_behind(&chat(), 2), "the first is on its way");
        assert!(!outlet.is_behind(&ConversationId("telegram:2".to_owned()), 2));
        assert!(to_first.keep(first));
        assert!(outlet.is_behind(&chat(), 2), "nobody has taken it");
        handed.try_recv().unwrap().take();
        assert!(!outlet.is_behind(&chat(), 2));
        let third = outlet.promise(&waiting(3, "telegram:1"));
        assert!(outlet.is_behind(&chat(), 4));
        drop(third);
        assert!(!outlet.is_behind(&chat(), 4), "it is not said");
    }

    #[test]
    fn nothing_overtakes_a_row_that_is_not_read() {
        let (outlet, _handed) = outlet();
        let row = outlet.pass();
        let before = outlet.passed();
        let said = waiting(2, "telegram:1");
        assert!(!outlet.promise(&said).keep(said), "the first is not committed");
        assert!(!row.keep(Vec::new()));
        outlet.have_read(before);
        let said = waiting(3, "telegram:1");
        assert!(!outlet.promise(&said).keep(said), "it was read before the commits");
        outlet.have_read(outlet.passed());
        let said = waiting(4, "telegram:1");
        assert!(outlet.promise(&said).keep(said));
    }

    #[test]
    fn a_promise_that_is_not_kept_leaves_the_message_to_its_row() {
        let (outlet, handed) = outlet();
        drop(outlet.promise(&waiting(1, "telegram:1")));
        assert!(!outlet.is_promised(&chat(), 1));
        let said = waiting(2, "telegram:1");
        assert!(!outlet.promise(&said).keep(said), "the first may be there, unread");
        outlet.have_read(outlet.passed());
        drop(handed);
        let said = waiting(3, "telegram:1");
        assert!(!outlet.promise(&said).keep(said), "nobody takes it");
        assert!(!outlet.is_promised(&chat(), 3));
    }

    #[test]
    fn a_sender_that_has_much_to_do_reads_the_rest_later() {
        let (outlet, _handed) = outlet();
        outlet.know(KNOWN_MAX);
        let said = waiting(1, "telegram:1");
        assert!(!outlet.promise(&said).keep(said));
    }

    #[test]
    fn each_channel_has_its_own_way_and_other_rows_close_it() {
        let outlets = Outlets::of(["telegram", "wecom-app"].into_iter());
        let mut senders: Vec<_> = ["telegram", "wecom-app"]
            .map(|name| {
                let outlet = outlets.of_channel(name);
                let handed = outlet.open();
                outlet.have_read(outlet.passed());
                handed
            })
            .into();
        let both = || [waiting(1, "telegram:1"), waiting(2, "wecom-app:1")].concat();
        let handed = |said: Vec<Said>| said.into_iter().map(Said::hand_over).collect::<Vec<_>>();
        assert_eq!(handed(outlets.promise(both(), &HashSet::new())), [true, true]);
        for sender in &mut senders {
            assert_eq!(sender.try_recv().unwrap().take().len(), 1);
        }
        let by_rows = HashSet::from(["telegram"]);
        assert_eq!(handed(outlets.promise(Vec::new(), &by_rows)), [false]);
        let mut ways = handed(outlets.promise(both(), &HashSet::new()));
        ways.sort_unstable();
        assert_eq!(ways, [false, true], "its rows are not read");
    }

    #[test]
    fn a_new_sender_reads_before_anything_is_handed_to_it() {
        let (outlet, _gone) = outlet();
        let _handed = outlet.open();
        let said = waiting(1, "telegram:1");
        assert!(!outlet.promise(&said).keep(said));
    }
}
