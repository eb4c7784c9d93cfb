//! Who is polling: at most one, and not in a frenzy.

use std::time::Duration;

use tokio::time::Instant;

/// The poll under way, and when the last one began.
#[derive(Debug, Default)]
pub struct Polls {
    ticket: u64,
    last: Option<(i64, Instant)>,
    webhook_set: Option<Instant>,
}

impl Polls {
    /// Begins a poll, which ends the one before it. A repeated offset slows it down: within 3 s it
    /// waits at least 3 s, within 0.5 s it gets one update. Source: telegram-bot-api Client.cpp.
    pub fn begin(&mut self, offset: i64, timeout_s: &mut i64, limit: &mut usize) -> u64 {
        let now = Instant::now();
        if let Some((last_offset, at)) = self.last
            && last_offset == offset
        {
            if now - at < Duration::from_secs(3) {
                *timeout_s = (*timeout_s).max(3);
            }
            if now - at < Duration::from_millis(500) {
                *limit = 1;
            }
        }
        self.last = Some((offset, now));
        self.ticket += 1;
        self.ticket
    }

    /// Whether a poll has not been ended by another one.
    pub fn is_current(&self, ticket: u64) -> bool {
        self.ticket == ticket
    }

    /// At most one `setWebhook` a second. Source: telegram-bot-api Client.cpp.
    pub fn may_set_webhook(&mut self) -> bool {
        let now = Instant::now();
        let fits = self.webhook_set.is_none_or(|at| now - at >= Duration::from_secs(1));
        if fits {
            self.webhook_set = Some(now);
        }
        fits
    }
}
