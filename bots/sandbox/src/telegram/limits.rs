//! Rate limits by scope: the house and the chat as token buckets, the group by its last minute.
//!
//! Source: core.telegram.org/bots/faq: about 30 messages a second overall, one a second in a chat
//! with short bursts, 20 a minute in a group. Edits count as messages (tdlib/td#2592).

use std::collections::{HashMap, VecDeque};

/// How fast one may send.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimits {
    /// Messages a second, all chats together.
    pub overall_per_s: f64,
    /// Messages a second in one chat.
    pub chat_per_s: f64,
    /// Messages at once in one chat.
    pub chat_burst: f64,
    /// Messages in any minute in one group.
    pub group_per_min: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self { overall_per_s: 30.0, chat_per_s: 1.0, chat_burst: 5.0, group_per_min: 20 }
    }
}

/// A minute.
const MINUTE_MS: i64 = 60_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at_ms: i64,
}

impl Bucket {
    fn refill(&mut self, now_ms: i64, per_s: f64, most: f64) {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a wait, far below 2^52")]
        let passed_s = (now_ms - self.at_ms).max(0) as f64 / 1000.0;
        self.left = (self.left + passed_s * per_s).min(most);
        self.at_ms = now_ms;
    }
}

/// The buckets of all scopes.
#[derive(Debug, Default)]
pub struct Buckets {
    overall: Option<Bucket>,
    chats: HashMap<i64, Bucket>,
    /// When each message of the last minute was taken.
    groups: HashMap<i64, VecDeque<i64>>,
}

impl Buckets {
    /// Takes `messages` to a chat out of every bucket it counts in, or says how many seconds
    /// to wait. What is refused costs nothing.
    pub fn take(
        &mut self,
        limits: &RateLimits,
        chat: i64,
        messages: u32,
        now_ms: i64,
    ) -> Result<(), u32> {
        let cost = f64::from(messages);
        let full = |most: f64| Bucket { left: most, at_ms: now_ms };
        let overall = self.overall.get_or_insert_with(|| full(limits.overall_per_s));
        overall.refill(now_ms, limits.overall_per_s, limits.overall_per_s);
        let of_chat = self.chats.entry(chat).or_insert_with(|| full(limits.chat_burst));
        of_chat.refill(now_ms, limits.chat_per_s, limits.chat_burst);
        let mut of_group = None;
        if chat < 0 {
            let taken = self.groups.entry(chat).or_default();
            while taken.front().is_some_and(|at| now_ms - at >= MINUTE_MS) {
                taken.pop_front();
            }
            of_group = Some(taken);
        }
        let mut wait_s = shortage_s(overall, cost, limits.overall_per_s, limits.overall_per_s);
        wait_s = wait_s.max(shortage_s(of_chat, cost, limits.chat_per_s, limits.chat_burst));
        if let Some(taken) = &of_group {
            let too_many = taken.len() + messages as usize;
            let over = too_many.checked_sub(limits.group_per_min as usize + 1);
            let until = over.and_then(|over| taken.get(over)).map(|at| at + MINUTE_MS);
            #[expect(clippy::cast_precision_loss, reason = "at most a minute")]
            let left_s = until.map_or(0.0, |until| (until - now_ms) as f64 / 1000.0);
            wait_s = wait_s.max(left_s);
        }
        if wait_s > 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a positive number of seconds, capped"
            )]
            return Err(wait_s.ceil().min(3600.0) as u32);
        }
        overall.left -= cost;
        of_chat.left -= cost;
        if let Some(taken) = of_group {
            taken.extend((0..messages).map(|_| now_ms));
        }
        Ok(())
    }
}

/// An album larger than the bucket needs a full one and leaves it in debt.
fn shortage_s(bucket: &Bucket, cost: f64, per_s: f64, most: f64) -> f64 {
    // Tokens are sums of fractions: what lacks less than a thousandth lacks nothing.
    let missing = cost.min(most) - bucket.left - 0.001;
    if missing > 0.0 { missing / per_s } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sends(buckets: &mut Buckets, chat: i64, now_ms: i64) -> u32 {
        let limits = RateLimits::default();
        (0..100).take_while(|_| buckets.take(&limits, chat, 1, now_ms).is_ok()).map(|_| 1).sum()
    }

    #[test]
    fn a_chat_takes_a_short_burst_and_then_one_a_second() {
        let mut buckets = Buckets::default();
        assert_eq!(sends(&mut buckets, 7, 0), 5);
        assert_eq!(buckets.take(&RateLimits::default(), 7, 1, 0), Err(1));
        assert_eq!(sends(&mut buckets, 7, 3_000), 3);
        assert_eq!(sends(&mut buckets, 8, 3_000), 5, "another chat has its own");
    }

    #[test]
    fn a_group_takes_twenty_a_minute() {
        let mut buckets = Buckets::default();
        let first: u32 = (0..60).map(|s| sends(&mut buckets, -7, s * 1000)).sum();
        assert_eq!(first, 20, "with its burst");
        assert_eq!(buckets.take(&RateLimits::default(), -7, 1, 59_500), Err(1));
        let minute: u32 = (60..120).map(|s| sends(&mut buckets, -7, s * 1000)).sum();
        assert_eq!(minute, 20);
    }

    #[test]
    fn all_chats_together_take_thirty_a_second() {
        let mut buckets = Buckets::default();
        let sent: u32 = (0..20).map(|chat| sends(&mut buckets, chat, 0)).sum();
        assert_eq!(sent, 30);
    }

    #[test]
    fn an_album_counts_its_parts() {
        let mut buckets = Buckets::default();
        assert_eq!(buckets.take(&RateLimits::default(), 7, 4, 0), Ok(()));
        assert_eq!(buckets.take(&RateLimits::default(), 7, 4, 0), Err(3));
    }
}
