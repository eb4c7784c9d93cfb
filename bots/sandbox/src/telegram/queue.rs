//! Updates waiting for the desk, ordered as the official server orders them.
//!
//! Source: tdlib/telegram-bot-api, WebhookActor.cpp and Client.cpp. Updates stand in queues by key,
//! each queue has at most one update in flight, and what is not fetched in time is dropped.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

/// How many delivered updates can be delivered once more.
const RECENT_MAX: usize = 200;
/// Expiry of messages, edits and membership: 24 h.
pub const MESSAGE_LIFE_MS: i64 = 86_400_000;
/// Expiry of callback queries and pre-checkout queries: 150 s.
pub const CALLBACK_LIFE_MS: i64 = 150_000;

/// Which updates wait for each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueKey {
    /// Messages and edits of one chat.
    Chat(i64),
    /// Taps of one user.
    Callback(i64),
    /// The bot's own membership in one chat.
    Membership(i64),
    /// Stops of drafts by one user.
    Stop(i64),
    /// What is asked and told of one user's payments, beside their messages.
    Payment(i64),
}

impl QueueKey {
    /// The chat or user.
    pub fn owner(self) -> i64 {
        match self {
            Self::Chat(id)
            | Self::Callback(id)
            | Self::Membership(id)
            | Self::Stop(id)
            | Self::Payment(id) => id,
        }
    }
}

/// One update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// `update_id`.
    pub id: i64,
    /// Which queue it stands in.
    pub key: QueueKey,
    /// Its field in the wire object, for example `message`.
    pub kind: String,
    /// The whole wire object.
    pub body: String,
    /// When nobody wants it any more, ms since 1970.
    pub expires_ms: i64,
    /// It is delivered again although it was acknowledged; an offset does not remove it.
    #[serde(default)]
    pub again: bool,
}

#[derive(Debug, Default)]
struct Queue {
    ids: BTreeSet<i64>,
    in_flight: Option<i64>,
    failures: u32,
    next_try_ms: i64,
    is_ready: bool,
}

/// All updates that wait. Nothing here walks over all queues: there may be a million.
#[derive(Debug, Default)]
pub struct Queues {
    waiting: BTreeMap<i64, Update>,
    by_key: HashMap<QueueKey, Queue>,
    /// Queues that may have their turn now, in that order; some may have gone since.
    ready: VecDeque<QueueKey>,
    /// Queues that failed, by when they are tried again; some may have moved since.
    later: BTreeSet<(i64, QueueKey)>,
    by_expiry: BTreeSet<(i64, i64)>,
    recent: VecDeque<Update>,
    in_flight: usize,
    /// Acknowledged so far.
    pub delivered: u64,
    /// Dropped because nobody fetched them in time.
    pub expired: u64,
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Acknowledged.
    Taken,
    /// To be tried again, after what the answer asked for, if it did (ms).
    Failed(Option<i64>),
}

impl Queues {
    /// Puts an update at its place.
    pub fn push(&mut self, update: Update) {
        self.by_key.entry(update.key).or_default().ids.insert(update.id);
        self.by_expiry.insert((update.expires_ms, update.id));
        let key = update.key;
        self.waiting.insert(update.id, update);
        self.line_up(key);
    }

    /// Gives a queue its place: among those that are ready, or among those that wait.
    fn line_up(&mut self, key: QueueKey) {
        let Some(queue) = self.by_key.get_mut(&key) else {
            return;
        };
        if queue.in_flight.is_some() || queue.is_ready {
            return;
        }
        if queue.next_try_ms > 0 {
            self.later.insert((queue.next_try_ms, key));
        } else {
            queue.is_ready = true;
            self.ready.push_back(key);
        }
        // Where updates are fetched nobody takes from this list: what has gone is swept out.
        if self.ready.len() > 1024 + 2 * self.by_key.len() {
            let mut seen = HashSet::new();
            let by_key = &self.by_key;
            let is_ready = |key: &QueueKey| by_key.get(key).is_some_and(|queue| queue.is_ready);
            self.ready.retain(|key| is_ready(key) && seen.insert(*key));
        }
    }

    /// How many wait, in flight or not.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many are in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// All that wait, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Update> {
        self.waiting.values()
    }

    /// Drops what has expired, and says which; what is in flight may still arrive.
    pub fn expire(&mut self, now_ms: i64) -> Vec<i64> {
        let past = self.by_expiry.range(..=(now_ms, i64::MAX)).map(|(_, id)| *id);
        let dead: Vec<i64> = past.filter(|id| !self.is_in_flight(*id)).collect();
        for id in &dead {
            self.remove(*id);
            self.expired += 1;
        }
        dead
    }

    fn is_in_flight(&self, id: i64) -> bool {
        let key = self.waiting.get(&id).map(|update| update.key);
        key.and_then(|key| self.by_key.get(&key)).is_some_and(|queue| queue.in_flight == Some(id))
    }

    /// Takes up to `count` updates whose turn it is, and marks them in flight.
    pub fn take_due(&mut self, now_ms: i64, count: usize) -> Vec<Update> {
        while let Some((at_ms, key)) = self.later.first().copied().filter(|(at, _)| *at <= now_ms) {
            self.later.remove(&(at_ms, key));
            if let Some(queue) = self.by_key.get_mut(&key).filter(|it| it.next_try_ms == at_ms) {
                queue.next_try_ms = 0;
                self.line_up(key);
            }
        }
        let mut due = Vec::new();
        while due.len() < count {
            let Some(key) = self.ready.pop_front() else {
                break;
            };
            let Some(queue) = self.by_key.get_mut(&key).filter(|queue| queue.is_ready) else {
                continue;
            };
            queue.is_ready = false;
            let first = queue.ids.first().filter(|_| queue.in_flight.is_none());
            if let Some(update) = first.and_then(|id| self.waiting.get(id)) {
                queue.in_flight = Some(update.id);
                due.push(update.clone());
            }
        }
        self.in_flight += due.len();
        due
    }

    /// When the next retry or expiry after now is due, if any is.
    pub fn next_moment_ms(&self, now_ms: i64) -> Option<i64> {
        let retry = self.later.first().map(|(at_ms, _)| *at_ms);
        let expiry = self.by_expiry.range((now_ms + 1, i64::MIN)..).next().map(|(at, _)| *at);
        retry.into_iter().chain(expiry).filter(|at_ms| *at_ms > now_ms).min()
    }

    /// Books how a delivery ended; says whether the update is gone.
    pub fn finish(&mut self, id: i64, outcome: Outcome, now_ms: i64) -> bool {
        let Some(update) = self.waiting.get(&id) else {
            return true;
        };
        let (key, expires_ms) = (update.key, update.expires_ms);
        let Some(queue) = self.by_key.get_mut(&key) else {
            return true;
        };
        if queue.in_flight == Some(id) {
            queue.in_flight = None;
            self.in_flight -= 1;
        }
        match outcome {
            Outcome::Taken => {
                queue.failures = 0;
                queue.next_try_ms = 0;
                self.delivered += 1;
                self.remember(id);
                self.remove(id);
                true
            }
            Outcome::Failed(asked_ms) => {
                let delay_ms = asked_ms.unwrap_or_else(|| retry_delay_ms(queue.failures, id));
                queue.failures += 1;
                queue.next_try_ms = now_ms + delay_ms;
                if queue.next_try_ms > expires_ms {
                    queue.failures = 0;
                    queue.next_try_ms = 0;
                    self.expired += 1;
                    self.remove(id);
                    return true;
                }
                self.line_up(key);
                false
            }
        }
    }

    fn remember(&mut self, id: i64) {
        if let Some(update) = self.waiting.get(&id) {
            if self.recent.len() == RECENT_MAX {
                self.recent.pop_front();
            }
            self.recent.push_back(update.clone());
        }
    }

    fn remove(&mut self, id: i64) {
        let Some(update) = self.waiting.remove(&id) else {
            return;
        };
        self.by_expiry.remove(&(update.expires_ms, id));
        if let Some(queue) = self.by_key.get_mut(&update.key) {
            queue.ids.remove(&id);
            if queue.in_flight == Some(id) {
                queue.in_flight = None;
                self.in_flight -= 1;
            }
            if queue.ids.is_empty() {
                self.by_key.remove(&update.key);
            } else {
                self.line_up(update.key);
            }
        }
    }

    /// Confirms everything below an offset, as `getUpdates` does, and says what went.
    pub fn confirm_below(&mut self, offset: i64) -> Vec<i64> {
        let below: Vec<i64> =
            self.waiting.range(..offset).filter(|(_, it)| !it.again).map(|(id, _)| *id).collect();
        for id in &below {
            self.delivered += 1;
            self.remember(*id);
            self.remove(*id);
        }
        below
    }

    /// The oldest that wait, for `getUpdates`; what was to come again has then come.
    pub fn oldest(&mut self, limit: usize) -> Vec<Update> {
        let mut batch = Vec::new();
        for update in self.waiting.values_mut().take(limit) {
            update.again = false;
            batch.push(update.clone());
        }
        batch
    }

    /// The id from which on the last `count` wait; what a negative offset means.
    pub fn nth_from_end(&self, count: usize) -> Option<i64> {
        self.waiting
            .keys()
            .rev()
            .nth(count.saturating_sub(1))
            .or(self.waiting.keys().next())
            .copied()
    }

    /// Puts the last `count` delivered back, and says which.
    pub fn redeliver(&mut self, count: usize) -> Vec<Update> {
        let from = self.recent.len().saturating_sub(count);
        let again: Vec<Update> = self.recent.drain(from..).collect();
        for update in &again {
            self.push(Update { again: true, ..update.clone() });
        }
        again
    }

    /// Forgets all waits after failures, so that everything is due at once.
    pub fn retry_now(&mut self) {
        for (_, key) in std::mem::take(&mut self.later) {
            if let Some(queue) = self.by_key.get_mut(&key) {
                queue.next_try_ms = 0;
                self.line_up(key);
            }
        }
    }

    /// Which chats and users the updates below an offset are of.
    pub fn owners_below(&self, offset: i64) -> Vec<i64> {
        let below = self.waiting.range(..offset).filter(|(_, it)| !it.again);
        below.map(|(_, update)| update.key.owner()).collect()
    }

    /// Drops these, without counting them.
    pub fn forget(&mut self, ids: &[i64]) {
        for id in ids {
            self.remove(*id);
        }
    }

    /// Drops everything that waits, and says what.
    pub fn clear(&mut self) -> Vec<i64> {
        let ids: Vec<i64> = self.waiting.keys().copied().collect();
        for id in &ids {
            self.remove(*id);
        }
        ids
    }
}

/// 0, 2, 4, 8 … s, at most a figure between 60 and 120 s that depends on the update.
fn retry_delay_ms(failures: u32, id: i64) -> i64 {
    if failures == 0 {
        return 0;
    }
    let cap_ms = 60_000 + (id.wrapping_mul(7_919) % 60).abs() * 1000;
    (1000_i64 << failures.min(20)).min(cap_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn update(id: i64, key: QueueKey, expires_ms: i64) -> Update {
        let kind = "message".into();
        Update { id, key, kind, body: "{}".into(), expires_ms, again: false }
    }

    fn ids(updates: &[Update]) -> Vec<i64> {
        updates.iter().map(|update| update.id).collect()
    }

    #[test]
    fn one_update_of_a_key_is_in_flight_and_keys_do_not_wait_for_each_other() {
        let mut queues = Queues::default();
        queues.push(update(1, QueueKey::Chat(7), 1_000_000));
        queues.push(update(2, QueueKey::Chat(7), 1_000_000));
        queues.push(update(3, QueueKey::Callback(7), 1_000_000));
        assert_eq!(ids(&queues.take_due(0, 10)), [1, 3]);
        assert!(queues.take_due(0, 10).is_empty());
        queues.finish(1, Outcome::Taken, 0);
        assert_eq!(ids(&queues.take_due(0, 10)), [2]);
    }

    #[test]
    fn a_failed_update_is_tried_at_once_then_after_2_4_and_8_s_and_blocks_its_key() {
        let mut queues = Queues::default();
        queues.push(update(1, QueueKey::Chat(7), 1_000_000));
        queues.push(update(2, QueueKey::Chat(7), 1_000_000));
        let mut now_ms = 0;
        let mut waits = Vec::new();
        for _ in 0..5 {
            let started_ms = now_ms;
            while queues.take_due(now_ms, 1).is_empty() {
                now_ms += 1;
            }
            waits.push(now_ms - started_ms);
            queues.finish(1, Outcome::Failed(None), now_ms);
        }
        assert_eq!(waits, [0, 0, 2000, 4000, 8000]);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_kept() {
        let mut queues = Queues::default();
        queues.push(update(1, QueueKey::Chat(7), 1_000_000));
        queues.take_due(0, 1);
        queues.finish(1, Outcome::Failed(Some(30_000)), 0);
        assert!(queues.take_due(29_999, 1).is_empty());
        assert_eq!(ids(&queues.take_due(30_000, 1)), [1]);
    }

    #[test]
    fn a_tap_is_dropped_after_150_s() {
        let mut queues = Queues::default();
        queues.push(update(1, QueueKey::Callback(7), CALLBACK_LIFE_MS));
        assert!(queues.expire(CALLBACK_LIFE_MS - 1).is_empty());
        assert_eq!(queues.expire(CALLBACK_LIFE_MS), [1]);
        assert!(queues.take_due(CALLBACK_LIFE_MS, 1).is_empty());
    }

    #[test]
    fn a_retry_beyond_the_expiry_drops_the_update_and_frees_the_queue() {
        let mut queues = Queues::default();
        queues.push(update(1, QueueKey::Chat(7), 10_000));
        queues.push(update(2, QueueKey::Chat(7), 100_000));
        queues.take_due(0, 1);
        assert!(queues.finish(1, Outcome::Failed(Some(20_000)), 0));
        assert_eq!(ids(&queues.take_due(0, 1)), [2]);
        assert_eq!((queues.len(), queues.in_flight()), (1, 1));
    }

    #[test]
    fn a_queue_that_emptied_and_filled_again_has_one_turn() {
        let mut queues = Queues::default();
        queues.push(update(1, QueueKey::Chat(7), 1_000_000));
        queues.confirm_below(2);
        queues.push(update(2, QueueKey::Chat(7), 1_000_000));
        queues.push(update(3, QueueKey::Chat(8), 1_000_000));
        assert_eq!(ids(&queues.take_due(0, 10)), [2, 3]);
        queues.finish(2, Outcome::Failed(Some(5_000)), 0);
        assert_eq!(queues.next_moment_ms(0), Some(5_000));
        queues.retry_now();
        assert_eq!(ids(&queues.take_due(0, 10)), [2]);
        assert_eq!(queues.next_moment_ms(5_000), Some(1_000_000));
    }

    #[test]
    fn what_was_delivered_comes_again_before_what_waits() {
        let mut queues = Queues::default();
        for id in 1..=4 {
            queues.push(update(id, QueueKey::Chat(7), 1_000_000));
        }
        assert_eq!(queues.confirm_below(4), [1, 2, 3]);
        queues.redeliver(2);
        assert!(queues.confirm_below(4).is_empty(), "an offset does not remove what comes again");
        assert_eq!(ids(&queues.oldest(10)), [2, 3, 4]);
        assert_eq!(queues.confirm_below(5), [2, 3, 4]);
    }
}
