//! One connection, from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future as _, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use axum::response::IntoResponse as _;
use futures_util::{FutureExt as _, future::BoxFuture};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tower::Service as _;

use super::answer::{Outflow, complete};
use super::body::Inflow;
use super::client::Caller;
use super::exchange::Exchange;
use super::listener::Patience;
use super::socket::Socket;
use crate::telemetry::metrics;

/// Most bytes of a request's head, and of what is buffered of one body or answer at once.
const BUFFER_BYTES_MAX: usize = 64 * 1024;

/// How long a connection must have been idle to be asked to leave for somebody else.
const IDLE_ENOUGH: Duration = Duration::from_secs(1);

/// What the accept loop tells all connections.
#[derive(Default)]
pub(super) struct Signal {
    stopping: AtomicBool,
    /// Rises with every call.
    call: AtomicU64,
    called: Notify,
}

impl Signal {
    /// Finish what is under way, then go.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        self.ask_for_room();
    }

    /// Somebody waits for a seat: go, whoever is idle.
    pub(super) fn ask_for_room(&self) {
        self.call.fetch_add(1, Ordering::Release);
        self.called.notify_waiters();
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn call(&self) -> u64 {
        self.call.load(Ordering::Acquire)
    }
}

/// A route that is asked for so much more often than the others that it is found without them. Only
/// for `POST`; whatever else is asked of it is its router's to answer.
#[derive(Clone)]
pub struct First {
    /// Where it is.
    pub path: &'static str,
    /// What answers.
    pub answer: Arc<Answer>,
}

/// What answers a request.
pub type Answer = dyn Fn(Request<Body>) -> BoxFuture<'static, Response<Body>> + Send + Sync;

/// What is served.
#[derive(Clone)]
pub struct Routes {
    /// Everything.
    pub router: Router,
    /// What is found before that.
    pub first: Option<First>,
}

impl From<Router> for Routes {
    fn from(router: Router) -> Self {
        Self { router, first: None }
    }
}

impl Routes {
    async fn call(&self, request: Request<Body>) -> Response<Body> {
        if let Some(first) = &self.first
            && request.method() == Method::POST
            && request.uri().path() == first.path
        {
            return (first.answer)(request).await;
        }
        let Ok(response) = self.router.clone().call(request).await;
        response
    }
}

/// How connections are served.
#[derive(Clone)]
pub(super) struct Converse {
    routes: Routes,
    patience: Arc<Patience>,
    http1: http1::Builder,
    requests: metrics::Requests,
}

impl Converse {
    pub(super) fn new(routes: Routes, patience: Arc<Patience>) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            // The socket does this itself, for heads and for idle connections apart.
            .header_read_timeout(None)
            // Whoever has said everything and closed that side still gets the answer.
            .half_close(true)
            .max_buf_size(BUFFER_BYTES_MAX);
        Self { routes, patience, http1, requests: metrics::Requests::new() }
    }

    /// Serves one connection to its end.
    pub(super) async fn with(self, tcp: TcpStream, exchange: Exchange, signal: &Signal) {
        let exchange = Arc::new(exchange);
        let socket = Socket::new(tcp, Arc::clone(&exchange), Arc::clone(&self.patience));
        let service = service_fn(|request| self.answer(request, &exchange));
        let mut connection = pin!(self.http1.serve_connection(TokioIo::new(socket), service));
        // What was called before we came is not for us, except to stop.
        let mut heard = signal.call();
        let mut leaving = false;
        loop {
            let mut called = pin!(signal.called.notified());
            if signal.is_stopping() && exchange.is_streaming_events() {
                return;
            }
            let idle = exchange.idle_for().is_some_and(|idle| idle >= IDLE_ENOUGH);
            let asked = signal.call() != heard && idle;
            heard = signal.call();
            if !leaving && (signal.is_stopping() || asked) {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
            let mut registered = false;
            let ended = poll_fn(|cx| {
                // How a connection fails is of no use to anybody: the other end has gone, or was
                // too slow, or does not speak HTTP.
                if connection.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(true);
                }
                // One registration is enough: a task is always woken the same way. So a busy
                // connection does not touch what all share.
                if !registered {
                    registered = true;
                    return called.as_mut().poll(cx).map(|()| false);
                }
                if signal.call() == heard { Poll::Pending } else { Poll::Ready(false) }
            })
            .await;
            if ended {
                return;
            }
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        exchange: &Arc<Exchange>,
    ) -> Result<Response<Outflow>, Infallible> {
        exchange.begin();
        let mut request = request.map(|body| Inflow::of(body, exchange, &self.patience));
        request.extensions_mut().insert(Caller(Arc::clone(exchange)));
        // Dropping the request with the panic leaves nothing half done that anybody would see:
        // writes run in tasks of their own. The panic hook has logged where it was.
        let answer = AssertUnwindSafe(self.routes.call(request)).catch_unwind().await;
        let mut response =
            answer.unwrap_or_else(|_panic| StatusCode::INTERNAL_SERVER_ERROR.into_response());
        complete(&mut response, exchange);
        self.requests.answered(response.status());
        Ok(response.map(|body| Outflow::new(body, Arc::clone(exchange))))
    }
}
