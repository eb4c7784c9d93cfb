//! A socket with limited patience: for a request's first byte, for the rest of its head, for the
//! next request, for a reader that does not read.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::deadline::Deadline;
use super::exchange::{Exchange, Turn};
use super::listener::Patience;

/// What a sender may still send after we stopped listening to it, bytes. Closing at once would
/// reset the connection and could take our answer away from under its eyes.
const LINGER_BYTES_MAX: usize = 256 * 1024;

/// The socket of one connection. Waiting for a request body is not its matter: see
/// [`Inflow`](super::body::Inflow).
pub(super) struct Socket {
    tcp: TcpStream,
    exchange: Arc<Exchange>,
    patience: Arc<Patience>,
    reading: Reading,
    writing: Writing,
    lingering: Option<Lingering>,
}

/// What the reading side waits for.
struct Reading {
    turn: Turn,
    head_begun: bool,
    /// What `since` is about.
    waited_for: Option<(Turn, bool)>,
    since: Instant,
    deadline: Deadline,
}

/// How much patience a reader of ours has left. Waiting spends it, reading earns it back.
struct Writing {
    stalled_since: Option<Instant>,
    left: Duration,
    deadline: Deadline,
}

/// The end of a connection whose sender was cut short.
struct Lingering {
    until: Instant,
    bytes_left: usize,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, exchange: Arc<Exchange>, patience: Arc<Patience>) -> Self {
        let reading = Reading {
            turn: exchange.turn(),
            head_begun: false,
            waited_for: None,
            since: Instant::now(),
            deadline: Deadline::default(),
        };
        let writing =
            Writing { stalled_since: None, left: patience.write, deadline: Deadline::default() };
        Self { tcp, exchange, patience, reading, writing, lingering: None }
    }

    /// Until when the next byte must come; none while a request is being answered.
    fn read_deadline(&mut self) -> Option<Instant> {
        let reading = &mut self.reading;
        if reading.turn.is_answering() {
            return None;
        }
        // The first head has its time from the connection's first moment on; later ones from
        // their first byte on.
        let waits_for = (reading.turn, reading.head_begun && !reading.turn.is_first());
        if reading.waited_for != Some(waits_for) {
            reading.waited_for = Some(waits_for);
            reading.since = Instant::now();
            if !reading.head_begun && !reading.turn.is_first() {
                self.exchange.idle_from(reading.since);
            }
        }
        let is_head = reading.head_begun || reading.turn.is_first();
        let patience = if is_head { self.patience.head } else { self.patience.idle };
        Some(reading.since + patience)
    }

    /// What became of a write of ours; an error once the reader has used up its patience.
    fn wrote(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let writing = &mut self.writing;
        match written {
            Poll::Pending => {
                let since = *writing.stalled_since.get_or_insert_with(Instant::now);
                ready!(writing.deadline.poll(since + writing.left, cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Ready(Ok(bytes)) if writing.left < self.patience.write => {
                writing.resume();
                writing.left += self.patience.earned_by(bytes);
                writing.left = writing.left.min(self.patience.write);
                Poll::Ready(Ok(bytes))
            }
            Poll::Ready(result) => {
                writing.resume();
                Poll::Ready(result)
            }
        }
    }
}

impl Writing {
    fn resume(&mut self) {
        if let Some(since) = self.stalled_since.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let turn = self.exchange.turn();
        if turn != self.reading.turn {
            self.reading.turn = turn;
            self.reading.head_begun = false;
        }
        let before = buffer.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut self.tcp).poll_read(cx, buffer) {
            if buffer.filled().len() > before && !turn.is_answering() {
                self.reading.head_begun = true;
                self.exchange.busy();
            }
            return Poll::Ready(result);
        }
        let Some(at) = self.read_deadline() else { return Poll::Pending };
        ready!(self.reading.deadline.poll(at, cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.wrote(written, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, slices);
        self.wrote(written, cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    /// Says that we are done. A sender that was cut short is read on for a moment, so that it
    /// sees our answer before it sees the connection go.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.lingering.is_none() {
            ready!(Pin::new(&mut this.tcp).poll_shutdown(cx))?;
            if !this.exchange.is_body_unread() {
                return Poll::Ready(Ok(()));
            }
        }
        let until = Instant::now() + this.patience.linger;
        let lingering =
            this.lingering.get_or_insert(Lingering { until, bytes_left: LINGER_BYTES_MAX });
        let mut scratch = [0; 4096];
        while lingering.bytes_left > 0 {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut this.tcp).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    let read = buffer.filled().len();
                    lingering.bytes_left = lingering.bytes_left.saturating_sub(read);
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(this.reading.deadline.poll(lingering.until, cx));
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}
