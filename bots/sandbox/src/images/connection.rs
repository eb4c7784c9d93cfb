//! Connections that can be closed from inside a handler, with no answer at all.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// The way to close one connection.
#[derive(Debug, Clone)]
pub(super) struct Connection(Arc<Cord>);

impl Connection {
    /// Closes it as soon as its task looks; what was not written yet is never written.
    pub(super) fn close(&self) {
        self.0.pulled.store(true, Ordering::Release);
        self.0.waker.wake();
    }
}

impl Connected<IncomingStream<'_, CordListener>> for Connection {
    fn connect_info(stream: IncomingStream<'_, CordListener>) -> Self {
        Self(Arc::clone(&stream.io().cord))
    }
}

#[derive(Debug, Default)]
struct Cord {
    pulled: AtomicBool,
    waker: AtomicWaker,
}

/// Accepts connections that a [`Connection`] can close.
#[derive(Debug)]
pub(super) struct CordListener(pub(super) TcpListener);

impl Listener for CordListener {
    type Io = CordStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            match self.0.accept().await {
                Ok((stream, peer)) => {
                    let _ = stream.set_nodelay(true);
                    return (CordStream { stream, cord: Arc::default() }, peer);
                }
                // Out of file descriptors, mostly: let others end first.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

/// A stream that fails once its cord was pulled.
#[derive(Debug)]
pub(super) struct CordStream {
    stream: TcpStream,
    cord: Arc<Cord>,
}

impl CordStream {
    fn check(&self) -> io::Result<()> {
        if self.cord.pulled.load(Ordering::Acquire) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for CordStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // The server reads ahead while a handler works, so this is where it waits.
        self.cord.waker.register(cx.waker());
        self.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for CordStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
