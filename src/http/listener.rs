//! The accept loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use picdesk_telegram::setup::WEBHOOK_CONNECTIONS_MAX;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::connection::{Converse, Routes, Signal};
use super::exchange::Exchange;
use super::seats::{FreeSeat, Seats};
use crate::config::{self, AddressRange};
use crate::telemetry::metrics;

/// Connections that one address may have at once, unless it is a trusted proxy.
pub const PER_ADDRESS_MAX: usize = 64;

const _: () = assert!(
    (WEBHOOK_CONNECTIONS_MAX as usize) < PER_ADDRESS_MAX,
    "Telegram may come from one address"
);

/// How long we wait before accepting again after the machine refused (no descriptors left).
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How often idle connections are asked to leave while every seat is taken.
const ASK_FOR_ROOM_EVERY: Duration = Duration::from_millis(100);

/// How long the other end may keep us waiting.
#[derive(Debug, Clone)]
pub struct Patience {
    /// For a request's head: from the connection's first moment, later from its first byte on.
    pub head: Duration,
    /// For the next request. Longer than senders keep their connections for another use.
    pub idle: Duration,
    /// For the next bytes of a body, and for a body slower than `bytes_per_s_min` in all.
    pub body: Duration,
    /// For a reader of ours that does not read, and one slower than `bytes_per_s_min` in all.
    pub write: Duration,
    /// For a sender that sends on after its answer.
    pub linger: Duration,
    /// The slowest that anybody may read or send, bytes a second.
    pub bytes_per_s_min: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            idle: Duration::from_secs(65),
            body: Duration::from_secs(5),
            write: Duration::from_secs(5),
            linger: Duration::from_secs(1),
            bytes_per_s_min: 4096,
        }
    }
}

impl Patience {
    /// How much waiting so many bytes make up for.
    pub(super) fn earned_by(&self, bytes: usize) -> Duration {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        Duration::from_micros(
            bytes.saturating_mul(1_000_000) / u64::from(self.bytes_per_s_min.max(1)),
        )
    }
}

/// Who may connect, and how long they may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Sockets open at once.
    pub connections_max: usize,
    /// Sockets of one address open at once; trusted proxies excepted.
    pub connections_per_address_max: usize,
    /// Whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<AddressRange>,
    /// How long they may take.
    pub patience: Patience,
}

impl From<&config::Server> for Limits {
    fn from(server: &config::Server) -> Self {
        Self {
            connections_max: server.connections_max,
            connections_per_address_max: PER_ADDRESS_MAX,
            trusted_proxies: server.trusted_proxies.clone(),
            patience: Patience::default(),
        }
    }
}

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Every answer under way was finished.
    Finished,
    /// So many connections were cut because the grace was over.
    Cut(usize),
}

/// A bound address. Connections queue up from here on, and are served by [`Listener::serve`].
#[derive(Debug)]
pub struct Listener {
    tcp: TcpListener,
    limits: Limits,
}

impl Listener {
    /// Binds an address.
    ///
    /// # Errors
    /// When the machine does not give it to us.
    pub async fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        Ok(Self { tcp: TcpListener::bind(address).await?, limits })
    }

    /// The address, with the port that the machine chose where none was given.
    ///
    /// # Errors
    /// When the socket is gone.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// Serves `routes` until `stop` is cancelled; then accepts nobody, and gives the answers under
    /// way at most `grace`. Streams of events end at once: their readers come again by themselves.
    pub async fn serve(
        self,
        routes: impl Into<Routes>,
        stop: CancellationToken,
        grace: Duration,
    ) -> Ended {
        let Self { tcp, limits } = self;
        let mut door = Door {
            seats: Seats::new(limits.connections_max, limits.connections_per_address_max),
            trusted_proxies: limits.trusted_proxies.into(),
            converse: Converse::new(routes.into(), Arc::new(limits.patience)),
            signal: Arc::default(),
            connections: JoinSet::new(),
            refused_by_machine: false,
        };
        while stop.run_until_cancelled(door.admit_next(&tcp)).await.is_some() {
            // Or the set would grow for ever.
            while door.connections.try_join_next().is_some() {}
        }
        drop(tcp);
        door.close(grace).await
    }
}

/// What the accept loop keeps.
struct Door {
    seats: Seats,
    trusted_proxies: Arc<[AddressRange]>,
    converse: Converse,
    signal: Arc<Signal>,
    connections: JoinSet<()>,
    refused_by_machine: bool,
}

impl Door {
    /// Lets the next one in. May be dropped at any await: no connection is accepted before it.
    async fn admit_next(&mut self, tcp: &TcpListener) {
        let Some(seat) = self.free_seat().await else { return };
        match tcp.accept().await {
            Ok((socket, peer)) => {
                self.refused_by_machine = false;
                self.admit(seat, socket, peer);
            }
            Err(error) => self.wait_for_machine(&error).await,
        }
    }

    /// A free seat. While there is none, connections that nobody uses are asked to leave.
    async fn free_seat(&self) -> Option<FreeSeat> {
        if let Some(seat) = self.seats.find_free() {
            return Some(seat);
        }
        self.signal.ask_for_room();
        tokio::time::timeout(ASK_FOR_ROOM_EVERY, self.seats.wait_for_free()).await.ok()
    }

    fn admit(&mut self, seat: FreeSeat, socket: TcpStream, peer: SocketAddr) {
        let exchange = Exchange::new(peer.ip(), Arc::clone(&self.trusted_proxies));
        let trusted = exchange.trusts(exchange.peer());
        let Some(seat) = self.seats.take(seat, peer.ip(), trusted) else {
            metrics::connection_refused("address_limit");
            return;
        };
        // Answers are small and wait for nothing; where this fails they are only slower.
        let _ = socket.set_nodelay(true);
        let (converse, signal) = (self.converse.clone(), Arc::clone(&self.signal));
        self.connections.spawn(async move {
            let _seat = seat;
            let _counted = metrics::connection();
            converse.with(socket, exchange, &signal).await;
        });
    }

    /// Waits where the machine has nothing left to give; a caller that went away is no reason.
    async fn wait_for_machine(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
            return;
        }
        if !std::mem::replace(&mut self.refused_by_machine, true) {
            tracing::error!(%error, "no connection can be accepted: {error}");
        }
        tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
    }

    async fn close(mut self, grace: Duration) -> Ended {
        self.signal.stop();
        let all_gone = async { while self.connections.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all_gone).await.is_ok() {
            return Ended::Finished;
        }
        let left = self.connections.len();
        self.connections.shutdown().await;
        Ended::Cut(left)
    }
}
