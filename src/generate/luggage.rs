//! Memory for files of customers on their way from a channel to where they are worked on.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all of them may have together: two of the longest that Telegram gives away (20 MB each).
const MIB_MAX: u32 = 40;

/// So much memory, for whoever fetches a file, in turn.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Luggage(Arc<Semaphore>);

impl Default for Luggage {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MIB_MAX as usize)))
    }
}

impl Luggage {
    /// Waits until there is room for a file of so many bytes. What is longer than there is room
    /// for goes alone.
    pub async fn take(&self, bytes: u64) -> OwnedSemaphorePermit {
        let mib = u32::try_from(bytes.div_ceil(1 << 20)).unwrap_or(MIB_MAX).clamp(1, MIB_MAX);
        let room = Arc::clone(&self.0).acquire_many_owned(mib).await;
        room.expect("it is never closed")
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn many_small_ones_or_two_large_ones_are_on_their_way_at_once() {
        let luggage = Luggage::default();
        let small = futures_util::future::join_all((0..40).map(|_| luggage.take(300_000))).await;
        assert!(luggage.take(1).now_or_never().is_none());
        drop(small);
        let large = [luggage.take(20 << 20).await, luggage.take(20 << 20).await];
        assert!(luggage.take(20 << 20).now_or_never().is_none());
        drop(large);
        let _alone = luggage.take(u64::MAX).await;
        assert!(luggage.take(1).now_or_never().is_none());
    }
}
