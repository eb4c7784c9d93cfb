//! How much may be sent, by scope: over all, in one chat, in one group. Edits count like sends.
//!
//! Buckets fill evenly; whatever a channel answers comes before what we reckon: a scope that was
//! told to wait waits. Real time, not the domain's: it is about sockets.

use std::time::{Duration, Instant};

use dashmap::DashMap;
use picdesk_core::channel::{self, Capabilities, Channel, Scope};
use picdesk_core::id::ConversationId;

/// Messages a chat may get at once before the even rate counts. Telegram tolerates short bursts.
const CHAT_BURST: f64 = 3.0;

/// Whose limits a conversation counts against, kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RateScope {
    chat: String,
    group: bool,
}

impl RateScope {
    /// Of a conversation.
    pub fn of(channel: &dyn Channel, conversation: &ConversationId) -> Self {
        let channel::Budget { key, group } = channel.budget(conversation);
        Self { chat: key.to_owned(), group }
    }
}

/// An evenly filling bucket.
#[derive(Debug)]
struct Bucket {
    left: f64,
    room: f64,
    per_s: f64,
    filled_at: Instant,
}

impl Bucket {
    fn new(per_s: f64, room: f64, now: Instant) -> Self {
        Self { left: room, room, per_s, filled_at: now }
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.left = passed.mul_add(self.per_s, self.left).min(self.room);
        self.filled_at = now;
    }

    /// How long until `tokens` are there.
    fn wait_for(&mut self, tokens: f64, now: Instant) -> Duration {
        self.fill(now);
        let missing = (tokens - self.left).max(0.0);
        if missing > 0.0 { Duration::from_secs_f64(missing / self.per_s) } else { Duration::ZERO }
    }
}

/// The buckets of a chat. A group has two: it has the even rate of every chat, and less over a
/// minute.
#[derive(Debug)]
struct Chat {
    buckets: Vec<Bucket>,
    blocked_until: Option<Instant>,
}

impl Chat {
    fn wait_for(&mut self, tokens: f64, now: Instant) -> Duration {
        let blocked = self.blocked_until.and_then(|until| until.checked_duration_since(now));
        let filling = self.buckets.iter_mut().map(|bucket| bucket.wait_for(tokens, now)).max();
        blocked.unwrap_or_default().max(filling.unwrap_or_default())
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.buckets.iter_mut().for_each(|bucket| bucket.fill(now));
        self.blocked_until.is_none_or(|until| until <= now)
            && self.buckets.iter().all(|bucket| bucket.left >= bucket.room)
    }
}

/// The budget of a channel.
#[derive(Debug)]
pub struct Budget {
    overall: std::sync::Mutex<Option<Bucket>>,
    overall_blocked: std::sync::Mutex<Option<Instant>>,
    chats: DashMap<String, Chat>,
    chat_per_s: f64,
    group_per_s: f64,
    group_room: f64,
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Budget {
    /// The budget that a channel's limits allow.
    pub fn of(capabilities: &Capabilities, now: Instant) -> Self {
        let overall = f64::from(capabilities.sends_per_s);
        let group = f64::from(capabilities.group_sends_per_min);
        Self {
            overall: (overall > 0.0).then(|| Bucket::new(overall, overall, now)).into(),
            overall_blocked: None.into(),
            chats: DashMap::new(),
            chat_per_s: f64::from(capabilities.chat_sends_per_s),
            group_per_s: group / 60.0,
            group_room: group,
        }
    }

    /// A chat whose buckets are full.
    fn chat(&self, scope: &RateScope, now: Instant) -> Chat {
        let mut buckets = Vec::new();
        if self.chat_per_s > 0.0 {
            buckets.push(Bucket::new(self.chat_per_s, CHAT_BURST, now));
        }
        if scope.group && self.group_per_s > 0.0 {
            buckets.push(Bucket::new(self.group_per_s, self.group_room, now));
        }
        Chat { buckets, blocked_until: None }
    }

    /// Takes one send, or says how long to wait for it. `spare` must stay in the chat's bucket.
    pub fn take(&self, scope: &RateScope, spare: u32, now: Instant) -> Result<(), Duration> {
        if let Some(until) = *lock(&self.overall_blocked)
            && until > now
        {
            return Err(until - now);
        }
        let wanted = 1.0 + f64::from(spare);
        let limited = self.chat_per_s > 0.0 || scope.group && self.group_per_s > 0.0;
        let mut chat = match self.chats.get_mut(&scope.chat) {
            None if limited => {
                let chat = self.chats.entry(scope.chat.clone());
                Some(chat.or_insert_with(|| self.chat(scope, now)))
            }
            known => known,
        };
        if let Some(chat) = chat.as_mut() {
            let wait = chat.wait_for(wanted, now);
            if !wait.is_zero() {
                return Err(wait);
            }
        }
        let mut overall = lock(&self.overall);
        if let Some(overall) = overall.as_mut() {
            let wait = overall.wait_for(wanted, now);
            if !wait.is_zero() {
                return Err(wait);
            }
            overall.left -= 1.0;
        }
        for bucket in chat.iter_mut().flat_map(|chat| &mut chat.buckets) {
            bucket.left -= 1.0;
        }
        Ok(())
    }

    /// The channel asked for patience in a scope.
    pub fn block(&self, scope: &RateScope, which: Scope, wait: Duration, now: Instant) {
        match which {
            Scope::Channel => *lock(&self.overall_blocked) = Some(now + wait),
            Scope::Conversation => {
                let chat = self.chats.entry(scope.chat.clone());
                chat.or_insert_with(|| self.chat(scope, now)).blocked_until = Some(now + wait);
            }
        }
    }

    /// Forgets chats whose buckets are full again.
    pub fn forget_full(&self, now: Instant) {
        self.chats.retain(|_, chat| !chat.is_full(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(chat: &str, group: bool) -> RateScope {
        RateScope { chat: chat.to_owned(), group }
    }

    fn budget(now: Instant) -> Budget {
        let capabilities = Capabilities {
            name: "test",
            edits: true,
            buttons: true,
            topics: true,
            hands_over: false,
            knows_repeats: false,
            text_units_max: 4096,
            caption_units_max: 1024,
            photo_bytes_max: 1,
            photo_side_sum_max: 1,
            photo_ratio_max: 1,
            file_bytes_max: 1,
            replies_max: None,
            reply_window_s: None,
            markdown: true,
            buttons_max: None,
            sends_per_s: 30,
            chat_sends_per_s: 1,
            group_sends_per_min: 20,
            edit_interval_s: 4,
            drafts: false,
            one_answer: false,
        };
        Budget::of(&capabilities, now)
    }

    #[test]
    fn a_chat_gets_a_short_burst_and_then_one_a_second() {
        let now = Instant::now();
        let budget = budget(now);
        let chat = scope("1", false);
        for _ in 0..3 {
            budget.take(&chat, 0, now).unwrap();
        }
        let wait = budget.take(&chat, 0, now).unwrap_err();
        assert!(wait > Duration::from_millis(900) && wait <= Duration::from_secs(1));
        budget.take(&chat, 0, now + wait).unwrap();
    }

    #[test]
    fn a_group_gets_twenty_a_minute_and_no_more_at_once_than_any_chat() {
        let began = Instant::now();
        let budget = budget(began);
        let group = scope("-1", true);
        for _ in 0..3 {
            budget.take(&group, 0, began).unwrap();
        }
        budget.take(&group, 0, began).unwrap_err();
        let sent_in = |from: u64, to: u64| {
            let seconds = (from..to).map(|second| began + Duration::from_secs(second));
            seconds.filter(|now| budget.take(&group, 0, *now).is_ok()).count()
        };
        let first = 3 + sent_in(1, 60);
        // What it may at once, and what comes back in the minute.
        assert!((20..=40).contains(&first), "{first}");
        assert_eq!(sent_in(60, 120), 20);
    }

    #[test]
    fn all_chats_together_get_thirty_a_second() {
        let now = Instant::now();
        let budget = budget(now);
        let sent = (0..100).filter(|n| budget.take(&scope(&n.to_string(), false), 0, now).is_ok());
        assert_eq!(sent.count(), 30);
    }

    #[test]
    fn patience_is_kept_in_the_scope_that_asked_for_it() {
        let now = Instant::now();
        let budget = budget(now);
        let (one, other) = (scope("1", false), scope("2", false));
        budget.block(&one, Scope::Conversation, Duration::from_secs(7), now);
        assert_eq!(budget.take(&one, 0, now), Err(Duration::from_secs(7)));
        budget.take(&other, 0, now).unwrap();
        budget.block(&one, Scope::Channel, Duration::from_secs(3), now);
        assert!(budget.take(&other, 0, now).is_err());
        budget.take(&other, 0, now + Duration::from_secs(3)).unwrap();
        budget.take(&one, 0, now + Duration::from_secs(7)).unwrap();
    }

    #[test]
    fn progress_leaves_the_spare_sends_alone() {
        let now = Instant::now();
        let budget = budget(now);
        let chat = scope("1", false);
        budget.take(&chat, 2, now).unwrap();
        assert!(budget.take(&chat, 2, now).is_err());
        budget.take(&chat, 0, now).unwrap();
    }
}
