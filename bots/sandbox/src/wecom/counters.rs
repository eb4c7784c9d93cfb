//! What the stand-in counts.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Counters(Mutex<Tally>);

/// What was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Calls that took effect, by path.
    pub calls: BTreeMap<String, u64>,
    /// Refusals by `errcode`.
    pub refused: BTreeMap<i64, u64>,
    /// Faults that struck, by word.
    pub faults: BTreeMap<&'static str, u64>,
    /// Callbacks that were answered with 200.
    pub taken: u64,
    /// Tries that were not.
    pub failed: u64,
    /// Callbacks given up after the last retry, or lost on purpose.
    pub lost: u64,
    /// Of those, the ones that were more than a doorbell.
    pub lost_words: u64,
    /// Answers of the desk that could not be opened or were none, in words, the last ten.
    pub misunderstood: Vec<String>,
    /// Messages that were taken and silently dropped: more than a member gets.
    pub dropped: u64,
    /// Messages sent again that were known already.
    pub repeated: u64,
}

impl Counters {
    /// The counts, locked.
    pub fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A callback of this kind is gone.
    pub fn lose(&self, kind: &str) {
        let mut tally = self.lock();
        tally.lost += 1;
        tally.lost_words += u64::from(kind != "kf_msg_or_event");
    }

    /// Writes down what could not be understood.
    pub fn misunderstood(&self, words: String) {
        let mut tally = self.lock();
        if tally.misunderstood.len() == 10 {
            tally.misunderstood.remove(0);
        }
        tally.misunderstood.push(words);
    }
}
