//! How fast people write: a bucket for each that fills evenly. Looking at it takes nothing; what
//! was decided is taken when its turn has committed, so that an event pays once however often it
//! is begun.

use std::collections::HashSet;

use dashmap::DashMap;
use picdesk_core::{
    facts::Pace,
    id::{ConversationId, IdentityId},
};

/// Milliseconds in which an empty bucket is full again.
const FULL_MS: i64 = 60_000;

/// An event that counts against its writer.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// Who wrote.
    pub(super) by: IdentityId,
    /// Where.
    pub(super) conversation: ConversationId,
    /// How fast that was.
    pub(super) pace: Pace,
}

/// How much somebody may still write.
#[derive(Debug)]
struct Bucket {
    left: f64,
    filled_at: i64,
    /// Where it was said that they write too fast, since they last did not.
    told: HashSet<ConversationId>,
}

/// Everybody who wrote lately. In memory: a start forgives.
#[derive(Debug)]
pub(super) struct Writers {
    per_min: u32,
    buckets: DashMap<IdentityId, Bucket>,
}

impl Writers {
    /// Nobody has written. `per_min` messages are taken; 0 = no limit.
    pub(super) fn new(per_min: u32) -> Self {
        Self { per_min, buckets: DashMap::new() }
    }

    /// How fast one more message would be.
    pub(super) fn pace(&self, by: &IdentityId, conversation: &ConversationId, now: i64) -> Pace {
        if self.per_min == 0 {
            return Pace::Fine;
        }
        let Some(bucket) = self.buckets.get(by) else { return Pace::Fine };
        if bucket.filled(self.per_min, now) >= 1.0 {
            Pace::Fine
        } else if bucket.told.contains(conversation) {
            Pace::TooFast
        } else {
            Pace::TooFastNow
        }
    }

    /// A message was turned at this pace.
    pub(super) fn turned(&self, written: &Written, now: i64) {
        if self.per_min == 0 {
            return;
        }
        let mut bucket = self.buckets.entry(written.by.clone()).or_insert_with(|| Bucket {
            left: f64::from(self.per_min),
            filled_at: now,
            told: HashSet::new(),
        });
        bucket.left = bucket.filled(self.per_min, now);
        bucket.filled_at = now;
        match written.pace {
            Pace::Fine => {
                bucket.left = (bucket.left - 1.0).max(0.0);
                bucket.told.clear();
            }
            Pace::TooFastNow => {
                bucket.told.insert(written.conversation.clone());
            }
            Pace::TooFast => {}
        }
    }

    /// Forgets whose bucket is full again.
    pub(super) fn forget_full(&self, now: i64) {
        self.buckets.retain(|_, bucket| now - bucket.filled_at < FULL_MS);
    }
}

impl Bucket {
    fn filled(&self, per_min: u32, now: i64) -> f64 {
        let limit = f64::from(per_min);
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of minutes")]
        let passed = (now - self.filled_at).max(0) as f64 / FULL_MS as f64;
        (self.left + passed * limit).min(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn who() -> (IdentityId, ConversationId) {
        ("telegram:7".into(), "telegram:7".into())
    }

    /// One more message; how fast it was.
    fn write(writers: &Writers, conversation: &str, now: i64) -> Pace {
        let (by, conversation) = (who().0, conversation.into());
        let pace = writers.pace(&by, &conversation, now);
        writers.turned(&Written { by, conversation, pace }, now);
        pace
    }

    #[test]
    fn looking_takes_nothing() {
        let (writers, (by, conversation)) = (Writers::new(2), who());
        for _ in 0..9 {
            assert_eq!(writers.pace(&by, &conversation, 0), Pace::Fine);
        }
        assert_eq!(write(&writers, "telegram:7", 0), Pace::Fine);
        assert_eq!(write(&writers, "telegram:7", 0), Pace::Fine);
        for _ in 0..9 {
            assert_eq!(writers.pace(&by, &conversation, 0), Pace::TooFastNow, "not said yet");
        }
    }

    #[test]
    fn too_fast_is_said_once_in_each_conversation_until_it_is_slow_again() {
        let writers = Writers::new(2);
        let paces: Vec<Pace> = [0, 1, 2, 3].map(|now| write(&writers, "telegram:7", now)).into();
        assert_eq!(paces, [Pace::Fine, Pace::Fine, Pace::TooFastNow, Pace::TooFast]);
        assert_eq!(write(&writers, "telegram:-5", 4), Pace::TooFastNow);
        assert_eq!(write(&writers, "telegram:7", 30_000), Pace::Fine);
        assert_eq!(write(&writers, "telegram:7", 30_001), Pace::TooFastNow);
        writers.forget_full(90_001);
        assert!(writers.buckets.is_empty());
    }

    #[test]
    fn without_a_limit_everybody_is_slow() {
        let writers = Writers::new(0);
        for now in 0..99 {
            assert_eq!(write(&writers, "telegram:7", now), Pace::Fine);
        }
    }
}
