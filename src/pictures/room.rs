//! Memory for whole pictures: so much for all that are opened at once, whoever opens them.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// What all open pictures of this process may take together, bytes: two photographs of twelve
/// million pixels. What takes more (`Limits::memory_max`) is opened alone.
const BYTES: u64 = 80 << 20;

/// The room of this process.
pub(super) static ROOM: Room = Room::of(BYTES);

/// So much memory, for whoever takes some of it in turn.
#[derive(Debug)]
pub(super) struct Room {
    bytes: u64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    left: u64,
    /// The number that the next one who comes gets.
    next: u64,
    /// Whose turn it is.
    turn: u64,
}

/// Memory that is taken until this goes.
#[derive(Debug)]
pub(super) struct Taken<'r> {
    room: &'r Room,
    bytes: u64,
}

impl Room {
    const fn of(bytes: u64) -> Self {
        let state = Mutex::new(State { left: bytes, next: 0, turn: 0 });
        Self { bytes, state, changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until so much is left, and takes it. What asks for more than there is gets all of it.
    /// Whoever came first is first, so that nobody waits for ever behind smaller ones. Whoever has
    /// taken some must not ask for more before it is given back.
    pub(super) fn take(&self, bytes: u64) -> Taken<'_> {
        let bytes = bytes.min(self.bytes);
        let mut state = self.state();
        let number = state.next;
        state.next += 1;
        while state.turn != number || state.left < bytes {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.turn += 1;
        state.left -= bytes;
        drop(state);
        self.changed.notify_all();
        Taken { room: self, bytes }
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.room.state().left += self.bytes;
        self.room.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn never_more_is_taken_than_there_is_and_everybody_gets_some() {
        let room = Room::of(100);
        let (now, most) = (AtomicU64::new(0), AtomicU64::new(0));
        thread::scope(|scope| {
            for worker in 0..8_u64 {
                let (room, now, most) = (&room, &now, &most);
                scope.spawn(move || {
                    for round in 0..200 {
                        let wanted = (worker * 37 + round * 11) % 130;
                        let taken = room.take(wanted);
                        let sum = now.fetch_add(taken.bytes, Ordering::SeqCst) + taken.bytes;
                        most.fetch_max(sum, Ordering::SeqCst);
                        thread::yield_now();
                        now.fetch_sub(taken.bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert!(most.into_inner() <= 100);
        assert_eq!(room.state().left, 100);
    }
}
