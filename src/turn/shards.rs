//! Which shards this process turns, and which of them are new to it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::store::replica::SHARDS;

const _: () = assert!(SHARDS == 64, "a set of shards has a bit for each");

/// Some of the shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ShardSet(u64);

impl ShardSet {
    /// Whether there is none in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those of either.
    #[must_use]
    pub fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those of both.
    #[must_use]
    pub fn common(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// Those that are not among the others.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// As ranges: from, up to but not with.
    pub fn ranges(self) -> Vec<(i64, i64)> {
        let mut ranges: Vec<(i64, i64)> = Vec::new();
        for shard in (0..SHARDS).filter(|shard| self.0 & (1 << shard) != 0) {
            match ranges.last_mut() {
                Some(last) if last.1 == shard => last.1 = shard + 1,
                _ => ranges.push((shard, shard + 1)),
            }
        }
        ranges
    }
}

impl FromIterator<i64> for ShardSet {
    fn from_iter<I: IntoIterator<Item = i64>>(shards: I) -> Self {
        let known = shards.into_iter().filter(|shard| (0..SHARDS).contains(shard));
        Self(known.fold(0, |set, shard| set | 1 << shard))
    }
}

/// The shards this process turns. Written by whoever keeps its leases, read by the turner.
#[derive(Debug, Default)]
pub struct Shards {
    ours: AtomicU64,
    fresh: AtomicU64,
}

impl Shards {
    /// From now on these are ours, and no others.
    pub fn set(&self, ours: ShardSet) {
        let before = self.ours.swap(ours.0, Ordering::SeqCst);
        self.fresh.fetch_or(ours.0 & !before, Ordering::SeqCst);
    }

    /// Those that are ours.
    pub fn ours(&self) -> ShardSet {
        ShardSet(self.ours.load(Ordering::SeqCst))
    }

    /// Those that came since the last time this was asked: whoever had them before may have died
    /// of one of their events.
    pub fn take_fresh(&self) -> ShardSet {
        ShardSet(self.fresh.swap(0, Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(shards: &[i64]) -> ShardSet {
        shards.iter().copied().collect()
    }

    #[test]
    fn neighbours_become_one_range() {
        assert_eq!(set(&[3, 4, 5, 9]).ranges(), [(3, 6), (9, 10)]);
        assert_eq!((0..SHARDS).collect::<ShardSet>().ranges(), [(0, SHARDS)]);
        assert_eq!(ShardSet::default().ranges(), []);
    }

    #[test]
    fn what_comes_is_fresh_once_and_what_stays_is_not() {
        let shards = Shards::default();
        assert!(shards.take_fresh().is_empty(), "nothing is ours yet");
        shards.set(set(&[1, 2]));
        shards.set(set(&[2, 3]));
        assert_eq!(shards.ours(), set(&[2, 3]));
        assert_eq!(shards.take_fresh().common(shards.ours()), set(&[2, 3]));
        shards.set(set(&[2, 3, 63]));
        assert_eq!(shards.take_fresh(), set(&[63]));
        // Who comes back is new again: others had it meanwhile.
        shards.set(set(&[3, 63]));
        shards.set(set(&[2, 3, 63]));
        assert_eq!(shards.take_fresh(), set(&[2]));
    }
}
