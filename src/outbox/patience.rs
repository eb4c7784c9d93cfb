//! How long to wait after a try that came to nothing: one message by itself, and the channel as a
//! whole when nobody gets through.

use std::time::{Duration, Instant};

use picdesk_core::id::ConversationId;

/// Different conversations whose tries fail, with no answer to anybody between them, that make it
/// the channel's fault.
const CONVERSATIONS_MIN: usize = 2;

/// How waits grow.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The first wait; each next one is twice as long.
    pub first: Duration,
    /// The longest wait of a message.
    pub most: Duration,
    /// The longest wait while the channel as a whole does not answer.
    pub most_of_all: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(250),
            most: Duration::from_mins(1),
            most_of_all: Duration::from_secs(15),
        }
    }
}

impl Patience {
    /// The wait after so many tries.
    pub(super) fn back_off(self, tries: u32) -> Duration {
        (self.first * 2_u32.saturating_pow(tries.min(16))).min(self.most)
    }
}

/// What a try told of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It answered, whatever it said.
    Answered,
    /// It did not, or not as itself.
    Nothing,
    /// It was not asked.
    NotAsked,
}

/// Whether the channel as a whole does not answer. Then one message at a time is tried, less and
/// less often, until there is an answer: an outage is not made longer by all who wait in it.
#[derive(Debug)]
pub(super) struct Outage {
    patience: Patience,
    failed: Vec<ConversationId>,
    rests: u32,
    until: Option<Instant>,
    /// Since when a try is under way that is to tell whether the channel is back.
    probing: Option<Instant>,
}

impl Outage {
    pub(super) fn none(patience: Patience) -> Self {
        Self { patience, failed: Vec::new(), rests: 0, until: None, probing: None }
    }

    pub(super) fn is_on(&self) -> bool {
        self.failed.len() >= CONVERSATIONS_MIN
    }

    /// Whether something may be tried now, or how long not.
    pub(super) fn may_begin(&self, now: Instant) -> Result<(), Duration> {
        // A try that hangs tells nothing: after a while another one is to tell.
        let told_by = self.probing.map(|since| since + self.patience.most_of_all);
        match self.until.max(told_by).filter(|until| *until > now) {
            Some(until) => Err(until - now),
            None => Ok(()),
        }
    }

    /// A try begins.
    pub(super) fn begins(&mut self, now: Instant) {
        self.probing = self.is_on().then_some(now);
    }

    /// What came of a try; whether an outage is over.
    pub(super) fn hear(
        &mut self,
        heard: Heard,
        conversation: &ConversationId,
        now: Instant,
    ) -> bool {
        match heard {
            Heard::Answered => {
                let was_on = self.is_on();
                *self = Self::none(self.patience);
                was_on
            }
            Heard::Nothing => {
                self.fail(conversation, now);
                false
            }
            Heard::NotAsked => {
                self.probing = None;
                false
            }
        }
    }

    fn fail(&mut self, conversation: &ConversationId, now: Instant) {
        if !self.is_on() && !self.failed.contains(conversation) {
            self.failed.push(conversation.clone());
        }
        // Many were under way when it began: only a try after a rest makes the next one longer.
        if self.is_on() && self.until.is_none_or(|until| until <= now) {
            let rest = self.patience.back_off(self.rests).min(self.patience.most_of_all);
            self.until = Some(now + rest);
            self.rests += 1;
            self.probing = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chat(number: u32) -> ConversationId {
        ConversationId(format!("telegram:{number}"))
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        let patience = Patience::default();
        let waits: Vec<u128> = (0..10).map(|tries| patience.back_off(tries).as_millis()).collect();
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]);
        assert_eq!(patience.back_off(u32::MAX), Duration::from_mins(1));
    }

    #[test]
    fn one_conversation_that_fails_leaves_the_others_alone() {
        let now = Instant::now();
        let mut outage = Outage::none(Patience::default());
        for _ in 0..100 {
            outage.hear(Heard::Nothing, &chat(1), now);
        }
        assert_eq!(outage.may_begin(now), Ok(()));
    }

    #[test]
    fn a_channel_that_does_not_answer_is_asked_by_one_at_a_time_and_less_and_less() {
        let mut now = Instant::now();
        let mut outage = Outage::none(Patience::default());
        // All of these were under way when it began.
        for number in 1..=200 {
            outage.hear(Heard::Nothing, &chat(number), now);
        }
        let mut waits = Vec::new();
        for _ in 0..8 {
            let wait = outage.may_begin(now).unwrap_err();
            waits.push(wait.as_millis());
            now += wait;
            assert_eq!(outage.may_begin(now), Ok(()));
            outage.begins(now);
            assert!(outage.may_begin(now).is_err(), "one at a time");
            outage.hear(Heard::Nothing, &chat(7), now);
        }
        assert_eq!(waits, [250, 500, 1000, 2000, 4000, 8000, 15000, 15000]);
        assert!(outage.hear(Heard::Answered, &chat(7), now));
        assert_eq!(outage.may_begin(now), Ok(()));
        assert!(!outage.hear(Heard::Answered, &chat(7), now));
    }

    #[test]
    fn a_try_that_asked_nothing_leaves_the_next_one_to_find_out() {
        let now = Instant::now();
        let mut outage = Outage::none(Patience::default());
        outage.hear(Heard::Nothing, &chat(1), now);
        outage.hear(Heard::Nothing, &chat(2), now);
        let later = now + Duration::from_secs(1);
        outage.begins(later);
        assert!(outage.may_begin(later).is_err());
        assert_eq!(outage.may_begin(later + Duration::from_secs(15)), Ok(()), "it hangs");
        outage.hear(Heard::NotAsked, &chat(3), later);
        assert_eq!(outage.may_begin(later), Ok(()));
    }
}
