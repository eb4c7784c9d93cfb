//! Where pictures are worked on beside the async tasks.

use std::fs::File;
use std::io::{BufRead, Seek};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::check::check_original;
use super::clean::{Cleaned, clean_into};
use super::fault::PictureFault;
use super::fit::{Fit, Fitted, check_and_fit, fit};
use super::look::{Limits, Looked};
use super::rack::Rack;

/// How long a preview hangs ready: a picture is sent within seconds of being made, or much later.
const HANGS_FOR: Duration = Duration::from_mins(1);

/// Lets one picture a core be worked on at a time, which bounds memory too. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Darkroom {
    benches: Arc<Semaphore>,
    rack: Arc<Mutex<Rack>>,
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
        Self::with_benches(cores)
    }

    /// With one bench of its own, for work that may wait and must not keep others waiting.
    pub fn aside() -> Self {
        Self::with_benches(1)
    }

    fn with_benches(count: usize) -> Self {
        Self { benches: Arc::new(Semaphore::new(count)), rack: Arc::default() }
    }

    /// `clean_into`, on a bench.
    ///
    /// # Errors
    /// What is wrong with the picture; `Source` where the file cannot be written.
    pub async fn clean_into(&self, file: Bytes, into: Arc<File>) -> Result<Cleaned, PictureFault> {
        self.work(move || clean_into(&file, &into)).await
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

    /// `check_and_fit`, on a bench. The preview hangs ready for `take_print` for a while.
    ///
    /// # Errors
    /// What is wrong with the picture.
    pub async fn check_and_print<R>(
        &self,
        source: R,
        limits: Limits,
        name: &str,
        wanted: impl FnOnce(&Looked) -> Option<Fit> + Send + 'static,
    ) -> Result<Looked, PictureFault>
    where
        R: BufRead + Seek + Send + 'static,
    {
        let work = move || {
            let mut asked = None;
            let (looked, fitted) = check_and_fit(source, &limits, |looked| {
                asked = wanted(looked);
                asked
            })?;
            Ok((looked, asked.zip(fitted)))
        };
        let (looked, print) = self.work(work).await?;
        if let Some((fit, fitted)) = print {
            self.rack().hang(name, fit, fitted);
            let (darkroom, name) = (self.clone(), name.to_owned());
            tokio::spawn(async move {
                tokio::time::sleep(HANGS_FOR).await;
                darkroom.rack().clear(&name);
            });
        }
        Ok(looked)
    }

    /// The preview of a picture that was checked a moment ago, once and only if it keeps to these
    /// limits.
    pub fn take_print(&self, name: &str, limits: &Fit) -> Option<Fitted> {
        self.rack().take(name, limits)
    }

    fn rack(&self) -> std::sync::MutexGuard<'_, Rack> {
        self.rack.lock().unwrap_or_else(PoisonError::into_inner)
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
