//! How a sender comes to know what waits: from the turns of its own process, or from the rows.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use picdesk_core::id::ConversationId;
use tracing::info;

use super::{
    LOOK_AGAIN, RateScope, Sender,
    queue::{KNOWN_OF_ONE_MAX, Queue},
};
use crate::{
    store::{
        StoreError,
        outbox::{self, Waiting, WaitingRow},
    },
    telemetry::metrics,
};

/// Messages known at once, of all conversations together.
const KNOWN_MAX: usize = 16_384;
/// Rows read at once.
const READ_MAX: i64 = 512;
/// A minute, and how much later than it was sent a message may be settled.
const MINUTE_MS: i64 = 62_000;
/// Sends that a message of an earlier sender's is taken for: words, and the card beside them.
const SENDS_OF_ONE: u32 = 2;
/// Conversations whose first messages are read at once.
const CONVERSATIONS_MAX: i64 = 128;

impl Sender {
    /// Reads what waits, where something may wait that is not known.
    pub(super) async fn read_what_waits(&mut self) -> Result<(), StoreError> {
        self.count_what_was_sent().await?;
        self.forget_withdrawn().await?;
        let room = if self.whole { KNOWN_MAX } else { KNOWN_MAX / 4 * 3 };
        if self.known.len() >= room {
            return Ok(());
        }
        if Instant::now() < self.read_all_at {
            return if self.unread && self.whole { self.read_newer().await } else { Ok(()) };
        }
        let passed = self.outlet.passed();
        self.whole = false;
        let read = self.read_everything().await;
        if self.whole {
            self.outlet.have_read(passed);
        } else {
            self.outlet.leave_unread();
        }
        read
    }

    /// Where more than so many are lost without a word, what an earlier sender sent a moment ago
    /// counts: of what it sent nothing else is known.
    async fn count_what_was_sent(&mut self) -> Result<(), StoreError> {
        if self.counted || self.means.capabilities().chat_sends_max.is_none() {
            return Ok(());
        }
        let (name, now) = (self.means.capabilities().name, self.means.store.clock().now_ms());
        let mut connection = self.means.store.read().await?;
        let began = Instant::now();
        let sent = outbox::sent_since(&mut connection, name, now - MINUTE_MS).await?;
        for (conversation, at) in sent {
            let scope = RateScope::of(self.means.channel.as_ref(), &conversation);
            let age = Duration::from_millis(now.saturating_sub(at).unsigned_abs());
            let at = began.checked_sub(age).unwrap_or(began);
            self.means.budget.add_sent(&scope, SENDS_OF_ONE, at);
        }
        self.counted = true;
        Ok(())
    }

    /// Messages were taken back: what is known here and waits on disk no more is forgotten.
    async fn forget_withdrawn(&mut self) -> Result<(), StoreError> {
        let withdrawals = self.means.store.wakes().withdrawals();
        if withdrawals == self.withdrawals {
            return Ok(());
        }
        let mut connection = self.means.store.read().await?;
        let known = self.queues.values().flat_map(Queue::ids);
        let there = outbox::still_waiting(&mut connection, known).await?;
        let there: HashSet<i64> = there.into_iter().collect();
        for queue in self.queues.values_mut() {
            for gone in queue.keep(&there) {
                self.known.remove(&gone);
            }
        }
        self.in_doubt = self.known.difference(&there).copied().collect();
        self.withdrawals = withdrawals;
        self.stirred = true;
        Ok(())
    }

    /// Reads what was written down after everything that is known. The numbers of messages are
    /// nearly in the order of their commits; what came late is found when everything is read.
    async fn read_newer(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        let channel = self.means.capabilities().name;
        let mut connection = self.means.store.read().await?;
        while self.known.len() < KNOWN_MAX {
            let rows = outbox::waiting(&mut connection, channel, self.last_read, READ_MAX).await?;
            for row in &rows {
                self.file_row(row, now)?;
                self.last_read = self.last_read.max(row.id()?);
            }
            if (rows.len() as i64) < READ_MAX {
                self.unread = false;
                break;
            }
        }
        Ok(())
    }

    /// Reads the first messages of each conversation: one with thousands waiting leaves room for
    /// the others. Goes on where the last reading found no room.
    async fn read_everything(&mut self) -> Result<(), StoreError> {
        let now = Instant::now();
        metrics::outbox_waiting(self.known.len() as i64);
        self.read_all_at = now + LOOK_AGAIN;
        let from_the_first = self.read_on.is_empty();
        if from_the_first {
            self.means.budget.forget_full(now);
            self.queues.retain(|_, queue| !queue.is_idle());
            self.queues.values_mut().for_each(|queue| queue.more = false);
        }
        let channel = self.means.capabilities().name;
        let of_one = KNOWN_OF_ONE_MAX as i64;
        let mut connection = self.means.store.read().await?;
        let last = outbox::last(&mut connection).await?;
        self.suspects.are_up_to(last);
        while self.known.len() < KNOWN_MAX {
            let page = (self.read_on.as_str(), CONVERSATIONS_MAX);
            let rows = outbox::first_waiting(&mut connection, channel, page, of_one).await?;
            let mut conversations = 0;
            for row in &rows {
                let ConversationId(conversation) = row.conversation()?;
                if conversation != self.read_on {
                    self.read_on = conversation;
                    conversations += 1;
                }
                self.file_row(row, now)?;
            }
            if conversations < CONVERSATIONS_MAX {
                self.read_on.clear();
                self.whole = from_the_first;
                break;
            }
        }
        if self.whole {
            self.unread = false;
            self.last_read = self.last_read.max(last);
            // After a long outage this takes a while; a tenth of the time is what it may take.
            self.read_all_at = Instant::now() + LOOK_AGAIN.max(now.elapsed() * 10);
        } else {
            self.read_all_at = now;
        }
        Ok(())
    }

    /// Files a message that was read, unless it is known, or comes by the short way.
    fn file_row(&mut self, row: &WaitingRow, now: Instant) -> Result<(), StoreError> {
        let id = row.id()?;
        if self.known.contains(&id) {
            // The last that fits: there may be more.
            if let Some(queue) = self.queues.get_mut(&row.conversation()?) {
                queue.more |= !queue.has_room();
            }
            return Ok(());
        }
        if !self.outlet.is_promised(&row.conversation()?, id) {
            self.file(row.read()?, now);
        }
        Ok(())
    }

    /// Takes what was handed over. It waits on disk like everything else: where the sender does not
    /// know all that waits before it, it is read in its turn.
    pub(super) fn take(&mut self, messages: Vec<Waiting>) {
        let now = Instant::now();
        if !self.whole || self.known.len() >= KNOWN_MAX {
            // Of what was said before something that is known already, all is known.
            for waiting in messages {
                let queue = self.queues.get(&waiting.message.conversation);
                if queue.is_some_and(|queue| queue.knows_later(&waiting)) {
                    self.file(waiting, now);
                }
            }
            return self.read_anew();
        }
        for waiting in messages {
            self.file(waiting, now);
        }
    }

    /// Files a message that waits in its conversation's queue, while that has room; always where
    /// one that was said later stands there.
    fn file(&mut self, waiting: Waiting, now: Instant) {
        let id = waiting.message.id.0;
        if self.known.contains(&id) {
            return;
        }
        let queue = self.queues.entry(waiting.message.conversation.clone()).or_default();
        if !queue.knows_later(&waiting) && (queue.more || !queue.has_room()) {
            queue.more = true;
            return;
        }
        let later = waiting.not_before - self.means.store.clock().now_ms();
        if later > 0 && queue.is_idle() {
            queue.rest_for(Duration::from_millis(later.unsigned_abs()), now, false);
        }
        self.stirred = true;
        self.known.insert(id);
        queue.insert(waiting);
        queue.more |= !queue.has_room();
    }

    /// A conversation moved: its messages are read anew under their new address.
    pub(super) fn move_queue(&mut self, waiting: &Waiting, to: &ConversationId) {
        if let Some(queue) = self.queues.remove(&waiting.message.conversation) {
            for id in queue.ids() {
                self.known.remove(&id);
            }
        }
        info!(channel = to.channel(), "a conversation moved");
        self.read_anew();
    }

    /// There are rows that are not known. Until they are, nothing comes by the short way.
    fn read_anew(&mut self) {
        self.read_all_at = Instant::now();
        self.read_on.clear();
        self.whole = false;
        self.outlet.leave_unread();
    }
}
