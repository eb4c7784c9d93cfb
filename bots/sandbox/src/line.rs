//! Connections that can be told to break: how an answer gets lost on its way.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// A connection as the handler sees it: it can be told to break.
#[derive(Clone, Debug)]
pub struct Line(Arc<AtomicUsize>);

impl Line {
    /// Breaks the connection after so many more bytes.
    pub fn cut_after(&self, bytes: usize) {
        self.0.store(bytes, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Lines>> for Line {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Accepts connections that can be told to break.
pub struct Lines(pub TcpListener);

impl Listener for Lines {
    type Io = Breakable;
    type Addr = Line;

    async fn accept(&mut self) -> (Breakable, Line) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        // An answer is one small write: waiting for more would only delay it.
        drop(stream.set_nodelay(true));
        let line = Line(Arc::new(AtomicUsize::new(usize::MAX)));
        (Breakable { stream, line: line.clone() }, line)
    }

    fn local_addr(&self) -> io::Result<Line> {
        Ok(Line(Arc::new(AtomicUsize::new(usize::MAX))))
    }
}

/// A stream that fails to write once its line is cut.
pub struct Breakable {
    stream: TcpStream,
    line: Line,
}

impl AsyncRead for Breakable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Breakable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self.line.0.load(Ordering::Acquire);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionReset.into()));
        }
        let bytes = bytes.get(..left).unwrap_or(bytes);
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &written
            && left != usize::MAX
        {
            self.line.cut_after(left - count);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
