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
    /// Calls that took effect, by method as Telegram spells it, lower case.
    pub calls: BTreeMap<&'static str, u64>,
    /// Refusals by status.
    pub refused: BTreeMap<u16, u64>,
    /// Faults that struck, by name.
    pub faults: BTreeMap<&'static str, u64>,
    /// Messages sent.
    pub messages: u64,
    /// Messages edited.
    pub edits: u64,
    /// Whether updates were last fetched or pushed.
    pub delivery: Option<Delivery>,
}

/// How the desk gets its updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// It fetches them.
    Polling,
    /// They are pushed to it.
    Webhook,
}

impl Counters {
    /// The counts, locked.
    pub fn lock(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
