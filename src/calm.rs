//! Work that may have ended a process: when it is begun again, and when never.
//!
//! Processes are killed by others too, and whatever they had in hand then looks guilty. So what
//! three of them ended over goes out of everybody's way first, and is taken up again alone when a
//! process has gone on for a while without it. Only what ends those too is given up.

use std::time::Duration;

use crate::clock::Clock;

/// Deaths after which work is set aside until the process is calm.
const ASIDE: i64 = 3;
/// Deaths after which it is given up.
const FOR_GOOD: i64 = 5;
/// How long a process has gone on when it is calm.
const CALM: Duration = Duration::from_secs(15);

/// When work may be begun that processes ended over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// With others.
    Freely,
    /// Alone, so that it takes no others with it.
    Alone,
    /// Alone, when the process is calm: until then it is set aside.
    WhenCalm,
    /// Never again.
    Never,
}

impl Begin {
    /// When work may be begun that so many processes ended over.
    pub fn after(deaths: i64) -> Self {
        match deaths {
            ..=0 => Self::Freely,
            1..ASIDE => Self::Alone,
            ASIDE..FOR_GOOD => Self::WhenCalm,
            FOR_GOOD.. => Self::Never,
        }
    }

    /// The same where the first death is not counted: nobody knew of the work before it.
    pub fn after_first_and(deaths: i64) -> Self {
        Self::after(if deaths > 0 { deaths + 1 } else { 0 })
    }
}

/// Deaths counted besides the first of what is set aside and may be taken up again: from, up to
/// but not with.
pub const SECOND_CHANCE: (i64, i64) = (ASIDE - 1, FOR_GOOD - 1);

/// Whether this process has gone on for a while.
#[derive(Clone, Debug)]
pub struct Calm {
    clock: Clock,
    at: i64,
}

impl Calm {
    /// Something ended just now: it is calm a while later.
    pub fn after_now(clock: &Clock) -> Self {
        let wait = i64::try_from(CALM.as_millis()).unwrap_or(i64::MAX);
        Self { clock: clock.clone(), at: clock.now_ms().saturating_add(wait) }
    }

    /// How long it is not calm yet; nothing when it is.
    pub fn is_off(&self) -> Option<Duration> {
        let left = self.at.saturating_sub(self.clock.now_ms());
        (left > 0).then(|| Duration::from_millis(left.unsigned_abs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_deaths_set_aside_and_five_end_it() {
        let after: Vec<Begin> = (0..6).map(Begin::after).collect();
        use Begin::{Alone, Freely, Never, WhenCalm};
        assert_eq!(after, [Freely, Alone, Alone, WhenCalm, WhenCalm, Never]);
        let counted: Vec<Begin> = (0..5).map(Begin::after_first_and).collect();
        assert_eq!(counted, [Freely, Alone, WhenCalm, WhenCalm, Never]);
        let (from, to) = SECOND_CHANCE;
        assert!((from..to).all(|deaths| Begin::after_first_and(deaths) == WhenCalm));
    }

    #[test]
    fn it_is_calm_after_a_while() {
        let (clock, hands) = Clock::still(0);
        let calm = Calm::after_now(&clock);
        hands.advance(CALM / 3);
        assert_eq!(calm.is_off(), Some(CALM / 3 * 2));
        hands.advance(CALM);
        assert_eq!(calm.is_off(), None);
    }
}
