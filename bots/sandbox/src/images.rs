//! A stand-in for the image provider: a working model of an OpenAI-style images API on loopback.
//!
//! It has wire types of its own, so that a misreading on our side cannot agree with itself. It
//! answers `POST /v1/images/generations` and `POST /v1/images/edits`, checks keys and requests as
//! the real one does, streams partial pictures, draws scenes that depend on the words, the size
//! and the reference pictures, keeps a book of every call, and misbehaves on command.
//!
//! ```no_run
//! use picdesk_sandbox::images::{ImagesFault, ImagesOptions, ImagesStandIn};
//!
//! # async fn example() -> std::io::Result<()> {
//! let provider = ImagesStandIn::start(ImagesOptions::default()).await?;
//! provider.fault(ImagesFault::Overloaded);
//! println!("{} {}", provider.base_url(), provider.api_key());
//! // … the client calls …
//! assert!(provider.double_submissions().is_empty());
//! # Ok(())
//! # }
//! ```

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, MutexGuard, PoisonError};

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

mod answer;
mod book;
mod connection;
mod draw;
mod fault;
mod pace;
mod problem;
mod provider;
mod reference;
mod request;
mod size;

use connection::{Connection, CordListener};
use fault::Armoury;
use provider::{Provider, router};

pub use book::{Call, DoubleSubmission, Outcome, Rejection, Traffic};
pub use draw::Drawing;
pub use fault::{ArmedFault, ImagesFault, Strikes};
pub use pace::Latency;
pub use picdesk_paint::{Format, Nonce, Stage, decode_nonce, decode_nonce_pixels, prompt_hash};
pub use problem::Envelope;
pub use reference::{Metadata, Reference};
pub use request::{Operation, Quality};

/// What happens to a call when `concurrency_max` others are under way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AtLimit {
    /// It waits for its turn.
    #[default]
    Wait,
    /// 429 `rate_limit_exceeded`.
    Refuse,
}

/// How a stand-in is started. The default suits tests: no latency, any free port.
#[derive(Debug, Clone)]
pub struct ImagesOptions {
    /// Loopback port; 0 for any free one.
    pub port: u16,
    /// The only key that is let in.
    pub api_key: String,
    /// Decides every chance of the faults.
    pub seed: u64,
    /// How long a picture takes at first; see [`ImagesStandIn::set_latency`].
    pub latency: Latency,
    /// Painted scenes, or plain colours for load tests.
    pub drawing: Drawing,
    /// Calls made side by side.
    pub concurrency_max: usize,
    /// What happens beyond them.
    pub at_limit: AtLimit,
}

impl Default for ImagesOptions {
    fn default() -> Self {
        Self {
            port: 0,
            api_key: "sk-stand-in".to_owned(),
            seed: 1,
            latency: Latency::None,
            drawing: Drawing::Painted,
            concurrency_max: 64,
            at_limit: AtLimit::Wait,
        }
    }
}

impl ImagesOptions {
    /// For people to watch: pictures take believable 4 to 12 seconds.
    pub fn for_people() -> Self {
        Self { latency: Latency::Believable, concurrency_max: 8, ..Self::default() }
    }

    /// For load: plain pictures at once, and no limit that matters.
    pub fn for_load() -> Self {
        Self { drawing: Drawing::Plain, concurrency_max: 10_000, ..Self::default() }
    }
}

/// A running stand-in. It stops accepting when the last clone is dropped.
#[derive(Debug, Clone)]
pub struct ImagesStandIn {
    provider: Arc<Provider>,
    _stop: Arc<DropGuard>,
}

impl ImagesStandIn {
    /// Listens on loopback and serves in the background.
    pub async fn start(options: ImagesOptions) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let origin = format!("http://{}", listener.local_addr()?);
        let provider = Arc::new(Provider::new(options, origin));
        let service =
            router(Arc::clone(&provider)).into_make_service_with_connect_info::<Connection>();
        let stop = CancellationToken::new();
        let serve = axum::serve(CordListener(listener), service);
        tokio::spawn(serve.with_graceful_shutdown(stop.clone().cancelled_owned()).into_future());
        Ok(Self { provider, _stop: Arc::new(stop.drop_guard()) })
    }

    /// What a client puts before `/images/generations`; ends in `/v1`.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.provider.origin)
    }

    /// The key that is let in.
    pub fn api_key(&self) -> &str {
        &self.provider.api_key
    }

    /// Every well-formed call so far, in order of arrival.
    pub fn calls(&self) -> Vec<Call> {
        self.provider.book.calls()
    }

    /// Every request that was wrong in itself.
    pub fn rejections(&self) -> Vec<Rejection> {
        self.provider.book.rejections()
    }

    /// How many calls were made, and billed.
    pub fn made_count(&self) -> usize {
        self.provider.book.made_count()
    }

    /// Whose prompt was made more than once: what must never happen.
    pub fn double_submissions(&self) -> Vec<DoubleSubmission> {
        self.provider.book.double_submissions()
    }

    /// Calls under way and bytes.
    pub fn traffic(&self) -> Traffic {
        self.provider.book.traffic()
    }

    /// Waits until the calls are as `wanted` says.
    pub async fn until(&self, wanted: impl Fn(&[Call]) -> bool) {
        self.provider.book.until(wanted).await;
    }

    /// Arms a fault for the next call.
    pub fn fault(&self, fault: ImagesFault) {
        self.arm(ArmedFault::times(fault, 1));
    }

    /// Arms a fault by count, by chance, or for some prompts only.
    pub fn arm(&self, fault: ArmedFault) {
        self.armoury().arm(fault);
    }

    /// What is armed now, counts as they stand.
    pub fn armed(&self) -> Vec<ArmedFault> {
        self.armoury().armed()
    }

    /// Disarms everything; calls under way keep what they suffer.
    pub fn clear_faults(&self) {
        self.armoury().clear();
    }

    /// Changes how long pictures take, from the next call on.
    pub fn set_latency(&self, latency: Latency) {
        let mut current = self.provider.latency.lock().unwrap_or_else(PoisonError::into_inner);
        *current = latency;
    }

    fn armoury(&self) -> MutexGuard<'_, Armoury> {
        self.provider.armoury.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
