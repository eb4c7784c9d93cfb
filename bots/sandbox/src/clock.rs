//! The stand-ins' time: the wall clock, or one that only moves when it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

/// What the stand-ins call now. Cheap to clone; all clones move together.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    base: Base,
    moved_ms: AtomicI64,
    moves: watch::Sender<u64>,
}

#[derive(Debug)]
enum Base {
    Wall,
    Fixed(i64),
}

impl Clock {
    /// The wall clock, plus whatever it is advanced by.
    pub fn wall() -> Self {
        Self::over(Base::Wall)
    }

    /// A clock that stands still at `start_ms` (since 1970) until it is advanced.
    pub fn manual(start_ms: i64) -> Self {
        Self::over(Base::Fixed(start_ms))
    }

    fn over(base: Base) -> Self {
        let moves = watch::Sender::new(0);
        Self(Arc::new(Inner { base, moved_ms: AtomicI64::new(0), moves }))
    }

    /// Milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        let base = match self.0.base {
            Base::Wall => wall_ms(),
            Base::Fixed(start) => start,
        };
        base + self.0.moved_ms.load(Ordering::Acquire)
    }

    /// How far it was advanced, ms.
    pub fn moved_ms(&self) -> i64 {
        self.0.moved_ms.load(Ordering::Acquire)
    }

    /// Moves it forward and wakes whoever waits for a moment that has come.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.moved_ms.fetch_add(by, Ordering::AcqRel);
        self.0.moves.send_modify(|moves| *moves += 1);
    }

    /// Waits until `at_ms` has come, by this clock.
    pub async fn sleep_until(&self, at_ms: i64) {
        let mut moves = self.0.moves.subscribe();
        loop {
            let left = at_ms - self.now_ms();
            if left <= 0 {
                return;
            }
            match self.0.base {
                Base::Wall => {
                    let left = Duration::from_millis(left.unsigned_abs());
                    tokio::select! {
                        () = tokio::time::sleep(left) => {}
                        _ = moves.changed() => {}
                    }
                }
                Base::Fixed(_) => {
                    if moves.changed().await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the stand-ins' one reading of the wall clock")]
fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual(1_000);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move {
                clock.sleep_until(6_000).await;
                clock.now_ms()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(4));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_secs(1));
        assert_eq!(waiting.await.unwrap(), 6_000);
    }
}
