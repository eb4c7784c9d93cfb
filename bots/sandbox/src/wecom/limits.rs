//! How much WeCom takes in a while, counted over sliding windows.

use std::collections::{HashMap, VecDeque};

/// A minute, ms.
const MINUTE_MS: i64 = 60_000;
/// An hour, ms.
const HOUR_MS: i64 = 3_600_000;

/// How many in a minute and in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// In any minute.
    pub per_min: usize,
    /// In any hour.
    pub per_hour: usize,
}

/// Calls of one path by one corp. Source: document 90454: 10,000 a minute, 150,000 an hour.
pub const CALLS: Limit = Limit { per_min: 10_000, per_hour: 150_000 };
/// Messages to one member. Source: document 90454: 30 a minute, 1,000 an hour.
pub const MEMBER: Limit = Limit { per_min: 30, per_hour: 1_000 };
/// Messages of one group robot. Source: document 99110: 20 a minute.
pub const ROBOT: Limit = Limit { per_min: 20, per_hour: 1_200 };
/// `kf/sync_msg` without a token: "strictly limited", says document 94670, and no number. Ours.
pub const SYNC_WITHOUT_TOKEN: Limit = Limit { per_min: 10, per_hour: 120 };
/// Replies and pushes in one conversation of the AI bot's socket: 30 a minute, 1,000 an hour, as a
/// third party quotes document 101463.
pub const BOT_CONVERSATION: Limit = Limit { per_min: 30, per_hour: 1_000 };

/// What was counted lately.
#[derive(Debug, Default)]
pub struct Windows(HashMap<String, VecDeque<i64>>);

impl Windows {
    /// Counts one more under a name, unless that is one too many.
    pub fn take(&mut self, name: &str, limit: Limit, now_ms: i64) -> bool {
        let times = self.0.entry(name.to_owned()).or_default();
        while times.front().is_some_and(|at_ms| *at_ms <= now_ms - HOUR_MS) {
            times.pop_front();
        }
        let lately = times.iter().rev().take_while(|at_ms| **at_ms > now_ms - MINUTE_MS).count();
        let fits = lately < limit.per_min && times.len() < limit.per_hour;
        if fits {
            times.push_back(now_ms);
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_and_an_hour_are_counted_by_name() {
        let mut windows = Windows::default();
        let limit = Limit { per_min: 2, per_hour: 3 };
        assert!(windows.take("a", limit, 0) && windows.take("a", limit, 1));
        assert!(!windows.take("a", limit, 59_999));
        assert!(windows.take("b", limit, 59_999), "another name has its own");
        assert!(windows.take("a", limit, 60_001));
        assert!(!windows.take("a", limit, 200_000), "the hour is full");
        assert!(windows.take("a", limit, HOUR_MS + 1));
    }
}
