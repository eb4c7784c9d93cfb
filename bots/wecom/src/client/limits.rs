//! What WeCom takes no more of for a while: each kind of call by itself.
//!
//! A limit of a minute blocks for a minute, one of an hour for an hour, and which one was hit is
//! not told. So the rest grows as long as the first call after it is one too many again.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::answer::CallError;

/// How many times the first rest the longest is: an hour for a minute. Source: 90313, 45009.
const LONGEST: u32 = 60;

/// A kind of call that rests.
#[derive(Clone, Copy, Debug)]
struct Rest {
    until: Instant,
    length: Duration,
}

/// The kinds of calls that were one too many the last time.
#[derive(Debug)]
pub(super) struct Limits {
    first: Duration,
    resting: Mutex<HashMap<&'static str, Rest>>,
}

impl Limits {
    /// `first` is the first rest.
    pub fn new(first: Duration) -> Self {
        Self { first, resting: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Rest>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For how long calls of a kind still rest.
    pub fn rest(&self, kind: &str) -> Option<Duration> {
        let until = self.lock().get(kind)?.until;
        Some(until.saturating_duration_since(Instant::now())).filter(|rest| !rest.is_zero())
    }

    /// Whether a call of a kind may be made.
    pub fn check(&self, kind: &str) -> Result<(), CallError> {
        self.rest(kind).map_or(Ok(()), |rest| Err(CallError::Resting(rest)))
    }

    /// What a call of a kind came to.
    pub fn note(&self, kind: &'static str, error: Option<&CallError>) {
        match error {
            None => {
                self.lock().remove(kind);
            }
            Some(CallError::Answered(no)) if no.is_of_limit() => self.one_too_many(kind),
            Some(_) => {}
        }
    }

    /// Those that were under way together are one time.
    fn one_too_many(&self, kind: &'static str) {
        let now = Instant::now();
        let mut resting = self.lock();
        let length = match resting.get(kind) {
            Some(rest) if rest.until > now => return,
            Some(rest) => (rest.length * 2).min(self.first * LONGEST),
            None => self.first,
        };
        tracing::warn!(rest_s = length.as_secs(), "wecom: too many calls of {kind}");
        resting.insert(kind, Rest { until: now + length, length });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::No;

    #[test]
    fn a_rest_is_its_kinds_alone_and_grows_to_sixty_times_the_first() {
        let limits = Limits::new(Duration::from_nanos(1));
        let no = CallError::Answered(No::read(45_009, ""));
        let mut length = 1;
        for _ in 0..10 {
            limits.note("a", Some(&no));
            assert_eq!(limits.lock()["a"].length, Duration::from_nanos(length));
            length = (length * 2).min(60);
            while limits.rest("a").is_some() {}
        }
        limits.note("a", None);
        assert!(limits.lock().is_empty(), "what was taken begins anew");

        let limits = Limits::new(Duration::from_mins(1));
        limits.note("a", Some(&no));
        limits.note("a", Some(&no));
        assert_eq!(limits.lock()["a"].length, Duration::from_mins(1), "two at once are one time");
        assert!(matches!(limits.check("a"), Err(CallError::Resting(_))));
        assert!(limits.check("b").is_ok());
    }
}
