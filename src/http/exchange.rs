//! What the parts of one connection tell each other: the socket, the request body, the answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::AddressRange;

/// No time: the connection is not idle.
const NOT_IDLE: u64 = u64::MAX;

/// One connection's state. All its parts run in one task, so the orderings are relaxed.
pub(super) struct Exchange {
    peer: IpAddr,
    trusted_proxies: Arc<[AddressRange]>,
    opened: Instant,
    /// Odd while a request is being answered.
    turn: AtomicU32,
    /// Since when nothing is asked, milliseconds after `opened`.
    idle_since_ms: AtomicU64,
    body_unread: AtomicBool,
    event_stream: AtomicBool,
}

/// Which request a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn(u32);

impl Turn {
    /// Whether no request has come yet.
    pub(super) fn is_first(self) -> bool {
        self.0 == 0
    }

    /// Whether a request is being answered.
    pub(super) fn is_answering(self) -> bool {
        self.0 % 2 == 1
    }
}

impl Exchange {
    pub(super) fn new(peer: IpAddr, trusted_proxies: Arc<[AddressRange]>) -> Self {
        Self {
            peer: peer.to_canonical(),
            trusted_proxies,
            opened: Instant::now(),
            turn: AtomicU32::new(0),
            idle_since_ms: AtomicU64::new(NOT_IDLE),
            body_unread: AtomicBool::new(false),
            event_stream: AtomicBool::new(false),
        }
    }

    /// Who is at the other end of the socket.
    pub(super) fn peer(&self) -> IpAddr {
        self.peer
    }

    /// Whether `address` is a proxy whose word on the client's address is believed.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|range| range.contains(address))
    }

    pub(super) fn turn(&self) -> Turn {
        Turn(self.turn.load(Ordering::Relaxed))
    }

    /// A request's head is here.
    pub(super) fn begin(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
        self.idle_since_ms.store(NOT_IDLE, Ordering::Relaxed);
        self.body_unread.store(false, Ordering::Relaxed);
        self.event_stream.store(false, Ordering::Relaxed);
    }

    /// Its answer is written or given up.
    pub(super) fn finish(&self) {
        self.turn.fetch_add(1, Ordering::Relaxed);
    }

    /// The request's body was dropped before its end.
    pub(super) fn leave_body_unread(&self) {
        self.body_unread.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_body_unread(&self) -> bool {
        self.body_unread.load(Ordering::Relaxed)
    }

    /// The answer is a stream of events, which ends when somebody ends it.
    pub(super) fn stream_events(&self) {
        self.event_stream.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_streaming_events(&self) -> bool {
        self.turn().is_answering() && self.event_stream.load(Ordering::Relaxed)
    }

    /// Nothing is asked since `since`.
    pub(super) fn idle_from(&self, since: Instant) {
        let ms = since.duration_since(self.opened).as_millis();
        let ms = u64::try_from(ms).unwrap_or(NOT_IDLE);
        self.idle_since_ms.store(ms, Ordering::Relaxed);
    }

    /// A request began to come in.
    pub(super) fn busy(&self) {
        self.idle_since_ms.store(NOT_IDLE, Ordering::Relaxed);
    }

    /// For how long nothing was asked; none while something is.
    pub(super) fn idle_for(&self) -> Option<Duration> {
        let since = self.idle_since_ms.load(Ordering::Relaxed);
        let since = Some(since).filter(|since| *since != NOT_IDLE)?;
        Some(self.opened.elapsed().saturating_sub(Duration::from_millis(since)))
    }
}
