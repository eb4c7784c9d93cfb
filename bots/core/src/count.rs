//! What is counted for a while, and how far it goes: tries, codes, letters.

use alloc::string::String;

use crate::{
    effect::{Effect, LinkEffect},
    facts::Tally,
    turn::Turn,
};

/// A count as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    now: i64,
    tally: Tally,
    lasts_ms: i64,
    most: i64,
}

impl Count {
    /// What was counted last, if that is not over by now. Of the two numbers the first is after
    /// how long it begins anew, milliseconds, the second how far it goes.
    pub(crate) fn of(turn: &Turn<'_>, tally: Tally, (lasts_ms, most): (i64, i64)) -> Self {
        let now = turn.frame.now;
        let is_over = now.saturating_sub(tally.began_at) >= lasts_ms;
        let tally = if is_over { Tally { began_at: now, count: 0 } } else { tally };
        Self { now, tally, lasts_ms, most }
    }

    /// How many more there may be.
    pub(crate) fn left(&self) -> i64 {
        self.most.saturating_sub(self.tally.count).max(0)
    }

    /// When it begins anew, milliseconds since the epoch.
    pub(crate) fn over_at(&self) -> i64 {
        self.tally.began_at.saturating_add(self.lasts_ms)
    }

    /// One more, under this name.
    pub(crate) fn one_more(&self, turn: &mut Turn<'_>, scope: String) {
        let Tally { began_at, count } = self.tally;
        let over = self.now.saturating_sub(self.lasts_ms);
        turn.then(Effect::Link(LinkEffect::Count { scope, began_at, count: count + 1, over }));
    }
}
