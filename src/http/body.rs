//! Request bodies: limited in size, in pauses and in slowness.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{BoxError, Router};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;
use tower_http::limit::RequestBodyLimitLayer;

use super::deadline::Deadline;
use super::exchange::Exchange;
use super::listener::Patience;

/// What is set aside for a body before its bytes are there, bytes: a promise costs nothing.
const AHEAD_BYTES_MAX: usize = 64 * 1024;

/// Bodies of more than [`AHEAD_BYTES_MAX`] that are in memory at once, in this process. Whoever
/// brings another waits with it on their side of the connection: few have reason to bring one.
pub(super) const LARGE_AT_ONCE: usize = 4;

/// The room for large bodies.
static ROOM: Semaphore = Semaphore::const_new(LARGE_AT_ONCE);

/// A large body, which takes up room until its last bytes are let go.
struct Large {
    whole: Bytes,
    _room: SemaphorePermit<'static>,
}

impl AsRef<[u8]> for Large {
    fn as_ref(&self) -> &[u8] {
        &self.whole
    }
}

/// A body as it comes in.
pub(super) struct Inflow {
    body: Incoming,
    exchange: Arc<Exchange>,
    patience: Arc<Patience>,
    wait: Option<Wait>,
    received: usize,
    ended: bool,
}

/// The waiting for a body: begun when the first byte was not there yet.
struct Wait {
    begun: Instant,
    /// Since when the next bytes are waited for; none after they came.
    pause: Option<Instant>,
    deadline: Deadline,
}

/// The sender made us wait too long.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
struct TooSlow;

impl Inflow {
    /// The body of a request, as the router takes it.
    pub(super) fn of(body: Incoming, exchange: &Arc<Exchange>, patience: &Arc<Patience>) -> Body {
        if body.is_end_stream() {
            return Body::empty();
        }
        Body::new(Self {
            body,
            exchange: Arc::clone(exchange),
            patience: Arc::clone(patience),
            wait: None,
            received: 0,
            ended: false,
        })
    }

    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now;
        let wait = self.wait.get_or_insert_with(|| Wait {
            begun: now(),
            pause: None,
            deadline: Deadline::default(),
        });
        let pause = *wait.pause.get_or_insert_with(now);
        let slow = wait.begun + self.patience.body + self.patience.earned_by(self.received);
        wait.deadline.poll(slow.min(pause + self.patience.body), cx)
    }
}

impl HttpBody for Inflow {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                this.received += frame.data_ref().map_or(0, Bytes::len);
                if let Some(wait) = &mut this.wait {
                    wait.pause = None;
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => {
                this.ended = true;
                Poll::Ready(None)
            }
            Poll::Pending => this.poll_patience(cx).map(|()| Some(Err(TooSlow.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Inflow {
    fn drop(&mut self) {
        if !self.ended && !self.body.is_end_stream() {
            self.exchange.leave_body_unread();
        }
    }
}

/// A request's whole body of at most `MAX` bytes. Refused before it is read where its length is
/// declared; without a copy where it came in one piece. A large one counts among those that may be
/// in memory at once for as long as any of it is held.
#[derive(Debug)]
pub struct Whole<const MAX: usize>(pub Bytes);

/// Why a body was not taken. The answer has an empty body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyRefused {
    /// It is larger than the route takes: 413.
    #[error("the body is too large")]
    TooLarge,
    /// It came too slowly: 408.
    #[error("the body came too slowly")]
    TooSlow,
    /// It ended before its end: 400.
    #[error("the body was cut")]
    Cut,
}

impl BodyRefused {
    /// A word for logs and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Cut => "cut",
        }
    }
}

impl IntoResponse for BodyRefused {
    fn into_response(self) -> Response {
        let status = match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Cut => StatusCode::BAD_REQUEST,
        };
        let mut response = status.into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

impl<const MAX: usize, S: Send + Sync> FromRequest<S> for Whole<MAX> {
    type Rejection = BodyRefused;

    async fn from_request(request: Request, _: &S) -> Result<Self, BodyRefused> {
        read_whole(request.into_body(), MAX).await.map(Self)
    }
}

async fn read_whole(mut body: Body, bytes_max: usize) -> Result<Bytes, BodyRefused> {
    let promised = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if promised > bytes_max {
        return Err(BodyRefused::TooLarge);
    }
    let mut first = Bytes::new();
    let mut more: Option<BytesMut> = None;
    // Before the first byte is waited for: waiting for room is not the sender's slowness.
    let mut room = if promised > AHEAD_BYTES_MAX { Some(find_room().await) } else { None };
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| refusal_of(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        let so_far = more.as_ref().map_or(first.len(), BytesMut::len);
        if so_far + data.len() > bytes_max {
            return Err(BodyRefused::TooLarge);
        }
        if room.is_none() && so_far + data.len() > AHEAD_BYTES_MAX {
            room = Some(find_room().await);
        }
        if so_far == 0 {
            first = data;
            continue;
        }
        let whole = more.get_or_insert_with(|| {
            // Who has found room may have all that was promised, so that it is not moved again.
            let ahead = if room.is_some() { promised } else { promised.min(AHEAD_BYTES_MAX) };
            let mut whole = BytesMut::with_capacity(ahead.max(first.len()));
            whole.extend_from_slice(&first);
            whole
        });
        whole.extend_from_slice(&data);
    }
    let whole = more.map_or(first, BytesMut::freeze);
    Ok(match room {
        Some(room) => Bytes::from_owner(Large { whole, _room: room }),
        None => whole,
    })
}

/// Waits until there is room for a large body.
async fn find_room() -> SemaphorePermit<'static> {
    ROOM.acquire().await.expect("the semaphore is never closed")
}

fn refusal_of(error: &axum::Error) -> BodyRefused {
    let is_slow = error.source().is_some_and(<dyn Error>::is::<TooSlow>);
    if is_slow { BodyRefused::TooSlow } else { BodyRefused::Cut }
}

/// Lets the routes of `router` take bodies of at most `bytes`, with any extractor. A body whose
/// length is declared is refused before it is read; others when they have passed the limit.
pub fn limit_bodies<S: Clone + Send + Sync + 'static>(
    router: Router<S>,
    bytes: usize,
) -> Router<S> {
    router.layer(RequestBodyLimitLayer::new(bytes)).layer(DefaultBodyLimit::disable())
}
