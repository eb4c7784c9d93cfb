//! What a batch came to, and what leaves after its commit.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use tracing::{error, warn};

use super::{ATTEMPTS_MAX, Turner, pace::Written};
use crate::{
    outbox::Said,
    store::{StoreError, Work, effects::Answer},
    telemetry::metrics,
};

/// Tries while a function of the website's fails, which is for people to mend: a day's.
const ATTEMPTS_AT_SITE: i64 = 1440;

/// What a batch came to.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// Events turned.
    pub(super) count: usize,
    /// Answers to presses.
    pub(super) answers: Vec<Answer>,
    /// What the owner must hear of, and whose trouble it is where that has a name.
    pub(super) alarms: Vec<(&'static str, String)>,
    /// What of the website's did not work.
    pub(super) trouble: Vec<StoreError>,
    /// After how long cases were answered for the first time, milliseconds.
    pub(super) first_answers: Vec<i64>,
    /// Credits moved, by kind of line.
    pub(super) moved: BTreeMap<&'static str, i64>,
    /// Who has something to do now.
    pub(super) rings: Vec<Work>,
    /// Events that count against how fast their writers may write.
    pub(super) written: Vec<Written>,
    /// Events whose deciding panicked.
    pub(super) panicked: Vec<i64>,
    /// Events that cannot be read.
    pub(super) unreadable: Vec<i64>,
    /// The channels on which something is said.
    pub(super) channels: BTreeSet<String>,
    /// What is said, by channel, where that has a short way to its sender.
    pub(super) said: Vec<Said>,
}

impl Turned {
    /// Adds what leaves after the commit for one more event.
    pub(super) fn absorb(&mut self, one: Self) {
        self.answers.extend(one.answers);
        self.alarms.extend(one.alarms);
        self.first_answers.extend(one.first_answers);
        self.rings.extend(one.rings);
        self.written.extend(one.written);
    }
}

impl Turner {
    /// The owner hears of what is not ours; how often an event may meet it.
    pub(super) fn hear(&self, error: &StoreError) -> i64 {
        let StoreError::Site { does, .. } = error else { return ATTEMPTS_MAX };
        self.desk.alarms.raise_in_words(does.alarm(), &error.to_string());
        ATTEMPTS_AT_SITE
    }

    /// What leaves after the commit of a batch; how many events it saw to.
    pub(super) async fn committed(
        &self,
        turned: Turned,
        began: Instant,
    ) -> Result<usize, StoreError> {
        // Each is handed over, whatever became of the one before.
        let ways = turned.said.len();
        let taken = turned.said.into_iter().map(Said::hand_over).filter(|taken| *taken).count();
        let handed = ways > 0 && taken == ways;
        for seq in &turned.panicked {
            error!(inbox.seq = seq, "the turn of event {seq} panicked");
            self.postpone(*seq).await?;
        }
        for seq in &turned.unreadable {
            error!(inbox.seq = seq, "event {seq} cannot be read");
            self.postpone(*seq).await?;
        }
        for (kind, credits) in &turned.moved {
            metrics::credits_moved(kind, *credits);
        }
        for after_ms in &turned.first_answers {
            let after_ms = u64::try_from(*after_ms).unwrap_or_default();
            metrics::first_answered(Duration::from_millis(after_ms));
        }
        for (what, of) in &turned.alarms {
            self.desk.alarms.raise_of(what, of);
        }
        for error in &turned.trouble {
            self.hear(error);
        }
        let now = self.store.clock().now_ms();
        for written in &turned.written {
            self.writers.turned(written, now);
        }
        for answer in turned.answers {
            // What does not fit would come too late; so would what is left when this process ends.
            if self.answers.try_send(answer).is_err() {
                warn!("a press stays without its answer");
            }
        }
        if turned.count > 0 {
            metrics::turned(began.elapsed());
            if !handed {
                self.store.wakes().ring_senders(&turned.channels);
            }
        }
        for work in turned.rings {
            self.store.wakes().ring(work);
        }
        Ok(turned.count + turned.panicked.len() + turned.unreadable.len())
    }
}
