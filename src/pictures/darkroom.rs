//! Where pictures are worked on beside the async tasks.

use std::io::{BufRead, Seek};
use std::sync::Arc;
use std::thread::available_parallelism;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::check::check_original;
use super::clean::{CleanPicture, clean_reference};
use super::fault::PictureFault;
use super::fit::{Fit, Fitted, fit};
use super::look::{Limits, Looked};

/// Lets one picture a core be worked on at a time, which bounds memory too. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Darkroom {
    benches: Arc<Semaphore>,
}

impl Default for Darkroom {
    fn default() -> Self {
        Self::new()
    }
}

impl Darkroom {
    /// As many benches as there are cores.
    pub fn new() -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        Self { benches: Arc::new(Semaphore::new(cores)) }
    }

    /// With one bench of its own, for work that may wait and must not keep others waiting.
    pub fn aside() -> Self {
        Self { benches: Arc::new(Semaphore::new(1)) }
    }

    /// `clean_reference`, on a bench.
    ///
    /// # Errors
    /// What is wrong with the picture.
    pub async fn clean_reference(&self, file: Bytes) -> Result<CleanPicture, PictureFault> {
        self.work(move || clean_reference(&file)).await
    }

    /// `check_original`, on a bench.
    ///
    /// # Errors
    /// What is wrong with the picture.
    pub async fn check_original<R>(&self, source: R, limits: Limits) -> Result<Looked, PictureFault>
    where
        R: BufRead + Seek + Send + 'static,
    {
        self.work(move || check_original(source, &limits)).await
    }

    /// `fit`, on a bench.
    ///
    /// # Errors
    /// What is wrong with the picture.
    pub async fn fit<R>(&self, source: R, limits: Fit) -> Result<Fitted, PictureFault>
    where
        R: BufRead + Seek + Send + 'static,
    {
        self.work(move || fit(source, &limits)).await
    }

    /// Waits for a bench and works there. The bench stays taken until the work is done, even when
    /// nobody waits for it any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PictureFault> + Send + 'static,
    ) -> Result<T, PictureFault> {
        let bench = Arc::clone(&self.benches).acquire_owned().await;
        let bench = bench.expect("the benches are never closed");
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(bench);
            outcome
        });
        // A decoder that gives up by a panic has met a picture that it cannot read.
        done.await.unwrap_or(Err(PictureFault::Unreadable))
    }
}
