//! Calls that WeCom was too busy for.

use std::time::Duration;

use crate::answer::CallError;

/// Most times that a call is made again for that. Source: document/path/90313, -1: at most three.
const AGAIN_MAX: u32 = 3;

/// How a call goes on that WeCom was too busy for: it did nothing, so it may be made again.
#[derive(Debug)]
pub(super) struct Persistence {
    again: u32,
    wait: Duration,
}

impl Persistence {
    /// That of a call which was not made yet; `first` is the first wait.
    pub fn new(first: Duration) -> Self {
        Self { again: 0, wait: first }
    }

    /// How long to wait before the call is made again, twice as long each time; nothing when it is
    /// over.
    pub fn wait_after<T>(&mut self, outcome: &Result<T, CallError>) -> Option<Duration> {
        let is_busy = matches!(outcome, Err(CallError::Answered(no)) if no.is_busy());
        if !is_busy || self.again == AGAIN_MAX {
            return None;
        }
        self.again += 1;
        let wait = self.wait;
        self.wait *= 2;
        Some(wait)
    }
}
