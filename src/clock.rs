//! The time of the domain. Sockets live by real time; whatever is written down, promised or
//! expires lives by a [`Clock`], which a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::Notify;

/// Longest real sleep before looking at the clock again: a machine that slept, or whose time was
/// set, is caught up with after this.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What time it is. Clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock {
    base: Base,
    moved: Arc<Moved>,
}

#[derive(Debug, Clone, Copy)]
enum Base {
    /// The machine's time goes on by itself.
    Machine,
    /// Time stands still.
    Still(i64),
}

/// How far the clock was moved by hand, milliseconds, and who waits for that.
#[derive(Debug, Default)]
struct Moved {
    by_ms: AtomicI64,
    again: Notify,
}

/// Moves a clock forward. Only who made a movable clock has one.
#[derive(Debug, Clone)]
pub struct Hands(Clock);

impl Clock {
    /// The machine's own time, which nobody moves.
    pub fn system() -> Self {
        Self { base: Base::Machine, moved: Arc::default() }
    }

    /// The machine's own time, and hands to move it ahead of that.
    pub fn movable() -> (Self, Hands) {
        let clock = Self::system();
        (clock.clone(), Hands(clock))
    }

    /// A clock that stands still at `at_ms` until its hands move it.
    pub fn still(at_ms: i64) -> (Self, Hands) {
        let clock = Self { base: Base::Still(at_ms), moved: Arc::default() };
        (clock.clone(), Hands(clock))
    }

    /// Milliseconds since the epoch, UTC.
    pub fn now_ms(&self) -> i64 {
        let base_ms = match self.base {
            Base::Machine => machine_ms(),
            Base::Still(at_ms) => at_ms,
        };
        base_ms.saturating_add(self.moved.by_ms.load(Ordering::Acquire))
    }

    /// Waits until the clock shows `at_ms` or later.
    pub async fn reach(&self, at_ms: i64) {
        loop {
            let again = self.moved.again.notified();
            tokio::pin!(again);
            // From here on a move wakes us, so none is missed between the look and the wait.
            again.as_mut().enable();
            let left_ms = at_ms.saturating_sub(self.now_ms());
            let Ok(left_ms @ 1..) = u64::try_from(left_ms) else { return };
            match self.base {
                Base::Still(_) => again.await,
                Base::Machine => {
                    let left = Duration::from_millis(left_ms).min(LOOK_AGAIN_AFTER);
                    // A time-out is no failure here: it is time to look again.
                    let _ = tokio::time::timeout(left, again).await;
                }
            }
        }
    }
}

impl Hands {
    /// Moves the clock forward and wakes whoever waits for a time.
    pub fn advance(&self, by: Duration) {
        let by_ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.moved.by_ms.fetch_add(by_ms, Ordering::AcqRel);
        self.0.moved.again.notify_waiters();
    }

    /// The clock that these hands move.
    pub fn clock(&self) -> Clock {
        self.0.clone()
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the machine's time is read")]
fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_stands_still_until_it_is_moved() {
        let (clock, hands) = Clock::still(1_000);
        let same = clock.clone();
        assert_eq!(clock.now_ms(), 1_000);
        hands.advance(Duration::from_secs(3));
        assert_eq!((clock.now_ms(), same.now_ms()), (4_000, 4_000));
    }

    #[test]
    fn the_machines_time_can_be_moved_ahead() {
        let (clock, hands) = Clock::movable();
        let day_ms = 86_400_000;
        let before = Clock::system().now_ms();
        hands.advance(Duration::from_hours(24));
        assert!(before > 1_700_000_000_000);
        assert!(clock.now_ms() >= before + day_ms);
        assert!(Clock::system().now_ms() < before + day_ms);
    }

    #[tokio::test]
    async fn who_waits_for_a_time_is_woken_when_the_clock_is_moved_there() {
        let (clock, hands) = Clock::still(0);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.reach(2_000).await;
                clock.now_ms()
            }
        });
        tokio::task::yield_now().await;
        hands.advance(Duration::from_secs(1));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        hands.advance(Duration::from_secs(1));
        assert_eq!(waiting.await.unwrap(), 2_000);
        clock.reach(1).await;
    }

    #[tokio::test]
    async fn a_past_time_is_reached_at_once_on_the_machines_clock() {
        let clock = Clock::system();
        clock.reach(clock.now_ms() - 1).await;
        clock.reach(clock.now_ms()).await;
    }
}
