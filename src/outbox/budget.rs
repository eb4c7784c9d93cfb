//! How much may be sent, by scope: over all, in one chat, in one group. Edits count like sends.
//!
//! Buckets fill evenly; whatever a channel answers comes before what we reckon: a scope that was
//! told to wait waits. Real time, not the domain's: it is about sockets.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use dashmap::DashMap;
use picdesk_core::channel::{self, Capabilities, Channel, Scope, SendsMax};
use picdesk_core::id::ConversationId;

/// Messages a chat may get at once before the even rate counts. Telegram tolerates short bursts.
const CHAT_BURST: f64 = 3.0;

/// How much later than we begin it a send may be counted: where more are dropped without a word, a
/// minute of the channel's is one of ours and this.
const ON_THE_WAY: Duration = Duration::from_secs(2);

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

    /// Of a chat by its key.
    #[cfg(test)]
    pub(super) fn named(chat: &str) -> Self {
        Self { chat: chat.to_owned(), group: false }
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

    /// How long until `tokens` are there; for more than there is room for, until it is full.
    fn wait_for(&mut self, tokens: f64, now: Instant) -> Duration {
        self.fill(now);
        let missing = (tokens.min(self.room) - self.left).max(0.0);
        if missing > 0.0 { Duration::from_secs_f64(missing / self.per_s) } else { Duration::ZERO }
    }
}

/// The sends of the last hour, where more than so many are lost: no burst comes on top of them.
#[derive(Debug)]
struct Sent {
    max: SendsMax,
    at: VecDeque<Instant>,
}

impl Sent {
    fn limits(&self) -> [(u32, Duration); 2] {
        let within = |minutes| Duration::from_mins(minutes) + ON_THE_WAY;
        [(self.max.per_min, within(1)), (self.max.per_hour, within(60))]
    }

    fn forget_old(&mut self, now: Instant) {
        let [_, (_, longest)] = self.limits();
        while self.at.front().is_some_and(|at| now.saturating_duration_since(*at) >= longest) {
            self.at.pop_front();
        }
    }

    /// How long until so many more may be sent. More than are ever taken at once go alone.
    fn wait_for(&mut self, sends: u32, now: Instant) -> Duration {
        self.forget_old(now);
        let waits = self.limits().map(|(max, within)| {
            let room = max.saturating_sub(sends) as usize;
            let first_too_many = self.at.len().checked_sub(room + 1);
            let over = first_too_many.and_then(|index| self.at.get(index)).map(|at| *at + within);
            over.map_or(Duration::ZERO, |over| over.saturating_duration_since(now))
        });
        waits.into_iter().max().unwrap_or_default()
    }

    fn add(&mut self, sends: u32, now: Instant) {
        self.at.extend((0..sends.min(self.max.per_hour)).map(|_| now));
    }
}

/// What a chat has left. A group has the even rate of every chat, and so many in any minute.
#[derive(Debug)]
struct Chat {
    buckets: Vec<Bucket>,
    sent: Option<Sent>,
    blocked_until: Option<Instant>,
}

impl Chat {
    fn wait_for(&mut self, sends: u32, now: Instant) -> Duration {
        let blocked = self.blocked_until.and_then(|until| until.checked_duration_since(now));
        let tokens = f64::from(sends);
        let filling = self.buckets.iter_mut().map(|bucket| bucket.wait_for(tokens, now)).max();
        let counted = self.sent.as_mut().map(|sent| sent.wait_for(sends, now));
        blocked.max(filling).max(counted).unwrap_or_default()
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.buckets.iter_mut().for_each(|bucket| bucket.fill(now));
        if let Some(sent) = &mut self.sent {
            sent.forget_old(now);
            if !sent.at.is_empty() {
                return false;
            }
        }
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
    group_max: Option<SendsMax>,
    sends_max: Option<SendsMax>,
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Budget {
    /// The budget that a channel's limits allow.
    pub fn of(capabilities: &Capabilities, now: Instant) -> Self {
        let overall = f64::from(capabilities.sends_per_s);
        let per_min = capabilities.group_sends_per_min;
        let group_max = SendsMax { per_min, per_hour: per_min.saturating_mul(60) };
        Self {
            overall: (overall > 0.0).then(|| Bucket::new(overall, overall, now)).into(),
            overall_blocked: None.into(),
            chats: DashMap::new(),
            chat_per_s: f64::from(capabilities.chat_sends_per_s),
            group_max: (per_min > 0).then_some(group_max),
            sends_max: capabilities.chat_sends_max,
        }
    }

    /// A chat whose buckets are full.
    fn chat(&self, scope: &RateScope, now: Instant) -> Chat {
        let mut buckets = Vec::new();
        if self.chat_per_s > 0.0 {
            buckets.push(Bucket::new(self.chat_per_s, CHAT_BURST, now));
        }
        let most = if scope.group { self.group_max.or(self.sends_max) } else { self.sends_max };
        let sent = most.map(|max| Sent { max, at: VecDeque::new() });
        Chat { buckets, sent, blocked_until: None }
    }

    /// Takes one send, or says how long to wait for it. `spare` must stay in the chat's bucket.
    pub fn take(&self, scope: &RateScope, spare: u32, now: Instant) -> Result<(), Duration> {
        self.take_all(scope, 1, spare, now)
    }

    /// Takes as many sends as a message costs, or says how long to wait for them.
    pub fn take_sends(&self, scope: &RateScope, sends: u32, now: Instant) -> Result<(), Duration> {
        self.take_all(scope, sends, 0, now)
    }

    fn take_all(
        &self,
        scope: &RateScope,
        sends: u32,
        spare: u32,
        now: Instant,
    ) -> Result<(), Duration> {
        if let Some(until) = *lock(&self.overall_blocked)
            && until > now
        {
            return Err(until - now);
        }
        let wanted = sends.saturating_add(spare);
        let limited = self.chat_per_s > 0.0
            || scope.group && self.group_max.is_some()
            || self.sends_max.is_some();
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
            let wait = overall.wait_for(f64::from(wanted), now);
            if !wait.is_zero() {
                return Err(wait);
            }
            overall.left -= f64::from(sends);
        }
        if let Some(chat) = chat.as_mut() {
            for bucket in &mut chat.buckets {
                bucket.left -= f64::from(sends);
            }
            if let Some(sent) = &mut chat.sent {
                sent.add(sends, now);
            }
        }
        Ok(())
    }

    /// So many sends went out before this budget began. Those of one chat are told in their order.
    pub fn add_sent(&self, scope: &RateScope, sends: u32, at: Instant) {
        let chat = self.chats.entry(scope.chat.clone());
        let mut chat = chat.or_insert_with(|| self.chat(scope, at));
        if let Some(sent) = &mut chat.sent {
            sent.add(sends, at);
        }
    }

    /// The channel asked for patience in a scope.
    pub fn block(&self, scope: &RateScope, which: Scope, wait: Duration, now: Instant) {
        match which {
            Scope::Channel => later(&mut lock(&self.overall_blocked), now + wait),
            Scope::Conversation => {
                let chat = self.chats.entry(scope.chat.clone());
                let mut chat = chat.or_insert_with(|| self.chat(scope, now));
                later(&mut chat.blocked_until, now + wait);
            }
        }
    }

    /// Forgets chats whose buckets are full again.
    pub fn forget_full(&self, now: Instant) {
        self.chats.retain(|_, chat| !chat.is_full(now));
    }
}

/// Of two waits that were asked for the longer one counts, in whichever order they came.
fn later(until: &mut Option<Instant>, asked: Instant) {
    *until = Some(until.map_or(asked, |known| known.max(asked)));
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
            closes_buttons: true,
            hands_over: false,
            knows_repeats: false,
            meets_contacts: false,
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
            chat_sends_max: None,
            edit_interval_s: 4,
            drafts: false,
            stars: false,
            one_answer: false,
            begins: true,
        };
        Budget::of(&capabilities, now)
    }

    #[test]
    fn of_two_waits_the_longer_one_counts() {
        let now = Instant::now();
        let budget = budget(now);
        for which in [Scope::Conversation, Scope::Channel] {
            let chat = scope("1", false);
            budget.block(&chat, which, Duration::from_mins(1), now);
            budget.block(&chat, which, Duration::from_secs(3), now);
            let wait = budget.take(&chat, 0, now + Duration::from_secs(4)).unwrap_err();
            assert!(wait > Duration::from_secs(50), "{which:?}: {wait:?}");
        }
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
        // No minute has more, wherever it begins.
        assert_eq!(3 + sent_in(1, 60), 20);
        assert_eq!(sent_in(60, 122), 20);
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
    fn where_more_are_lost_no_minute_and_no_hour_has_more() {
        let began = Instant::now();
        let max = SendsMax { per_min: 30, per_hour: 100 };
        let overall = None.into();
        let budget = Budget { sends_max: Some(max), chat_per_s: 0.0, overall, ..budget(began) };
        let member = scope("app:1", false);
        let mut sent: Vec<u64> = Vec::new();
        for second in 0..4000 {
            let now = began + Duration::from_secs(second);
            while budget.take_sends(&member, 3, now).is_ok() {
                sent.extend([second; 3]);
                assert!(sent.len() <= 300, "there is an end");
            }
        }
        let most = |within: u64| {
            let counts = sent
                .iter()
                .map(|from| sent.iter().filter(|at| (*from..from + within).contains(*at)).count());
            counts.max().unwrap()
        };
        assert_eq!((most(60), most(3600)), (30, 99));
        // One that costs more than are ever taken goes by itself.
        let later = began + Duration::from_hours(3);
        budget.take_sends(&member, 40, later).unwrap();
        let wait = budget.take_sends(&member, 1, later).unwrap_err();
        assert_eq!(wait, Duration::from_secs(62));
        budget.forget_full(later + Duration::from_mins(5));
        assert!(budget.take_sends(&member, 1, later + Duration::from_secs(61)).is_err());
    }

    #[test]
    fn what_an_earlier_sender_sent_counts() {
        let began = Instant::now();
        let now = began + Duration::from_secs(14);
        let max = SendsMax { per_min: 30, per_hour: 100 };
        let overall = None.into();
        let budget = Budget { sends_max: Some(max), chat_per_s: 0.0, overall, ..budget(now) };
        let (member, other) = (scope("app:1", false), scope("app:2", false));
        for second in 0..14 {
            budget.add_sent(&member, 2, began + Duration::from_secs(second));
        }
        budget.take_sends(&member, 2, now).unwrap();
        let wait = budget.take_sends(&member, 1, now).unwrap_err();
        assert_eq!(wait, Duration::from_secs(62 - 14));
        budget.take_sends(&other, 30, now).unwrap();
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
