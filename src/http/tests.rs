//! Real sockets against the listener: the slow, the silent, the greedy, the many, and the good
//! ones among them.

mod crowd;
mod ending;
mod patience;
mod plain;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Multipart;
use axum::response::Html;
use axum::routing::{get, post};
use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::*;

/// Longer than any wait here should be, shorter than a person's patience.
const LONG: Duration = Duration::from_secs(20);

/// Large bodies that a route holds now, and the most that it held.
static LARGE_NOW: AtomicUsize = AtomicUsize::new(0);
pub(super) static LARGE_MOST: AtomicUsize = AtomicUsize::new(0);

/// A listener with little patience.
pub(super) struct Desk {
    pub(super) address: SocketAddr,
    pub(super) stop: CancellationToken,
    pub(super) serving: JoinHandle<Ended>,
}

/// Limits under which tests are quick: every wait but the idle one is 300 ms.
pub(super) fn limits() -> Limits {
    let short = Duration::from_millis(300);
    let patience = Patience {
        head: short,
        idle: Duration::from_secs(3),
        body: short,
        write: short,
        linger: short,
        bytes_per_s_min: 4096,
    };
    Limits {
        connections_max: 64,
        connections_per_address_max: 64,
        trusted_proxies: Vec::new(),
        patience,
    }
}

pub(super) async fn open(limits: Limits, router: Router) -> Desk {
    open_with_grace(limits, router, Duration::from_secs(5)).await
}

pub(super) async fn open_with_grace(limits: Limits, router: Router, grace: Duration) -> Desk {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits).await.unwrap();
    let address = listener.address().unwrap();
    let stop = CancellationToken::new();
    let serving = tokio::spawn(listener.serve(router, stop.clone(), grace));
    Desk { address, stop, serving }
}

/// Routes of every kind that there is.
pub(super) fn routes() -> Router {
    async fn slow_count(Whole(body): Whole<1000>) -> String {
        body.len().to_string()
    }
    async fn large(Whole(body): Whole<{ 1 << 20 }>) -> String {
        let now = LARGE_NOW.fetch_add(1, Ordering::SeqCst) + 1;
        LARGE_MOST.fetch_max(now, Ordering::SeqCst);
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        LARGE_NOW.fetch_sub(1, Ordering::SeqCst);
        body.len().to_string()
    }
    async fn parts(
        mut form: Multipart,
    ) -> Result<String, axum::extract::multipart::MultipartError> {
        let mut bytes = 0;
        while let Some(field) = form.next_field().await? {
            bytes += field.bytes().await?.len();
        }
        Ok(bytes.to_string())
    }
    async fn panics() -> String {
        panic!("canary-2214")
    }
    async fn events() -> ([(&'static str, &'static str); 1], Body) {
        let ticks = futures_util::stream::unfold(0, |tick| async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            Some((Ok::<_, io::Error>(Bytes::from(format!("data: {tick}\n\n"))), tick + 1))
        });
        ([("content-type", "text/event-stream")], Body::from_stream(ticks))
    }
    async fn endless() -> Body {
        let block = Bytes::from(vec![0; 64 * 1024]);
        Body::from_stream(futures_util::stream::repeat_with(move || {
            Ok::<_, io::Error>(block.clone())
        }))
    }
    async fn waits() -> &'static str {
        tokio::time::sleep(Duration::from_millis(700)).await;
        "waited"
    }
    Router::new()
        .route("/", get(|| async { "here" }))
        .route("/page", get(|| async { Html("<p>page</p>") }))
        .route("/count", post(slow_count))
        .route("/large", post(large))
        .route(
            "/who",
            get(|ClientAddress(client): ClientAddress| async move { client.to_string() }),
        )
        .route("/panic", get(panics))
        .route("/events", get(events))
        .route("/endless", get(endless))
        .route("/waits", get(waits))
        .merge(limit_bodies(Router::new().route("/parts", post(parts)), 1000))
}

impl Desk {
    pub(super) async fn connect(&self) -> Line {
        Line(TcpStream::connect(self.address).await.unwrap())
    }

    /// One request on a connection of its own; the whole answer.
    pub(super) async fn ask(&self, request: &str) -> String {
        let mut line = self.connect().await;
        line.say(request).await;
        line.read_to_end().await.0
    }

    pub(super) async fn get(&self, path: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")).await
    }
}

/// The client's end of a connection.
pub(super) struct Line(pub(super) TcpStream);

impl Line {
    pub(super) async fn say(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
    }

    /// What comes until the other end closes, and how long that took. A reset is an end too.
    pub(super) async fn read_to_end(&mut self) -> (String, Duration) {
        let begun = Instant::now();
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        let _ = tokio::time::timeout(LONG, read).await.expect("the other end closes");
        (String::from_utf8_lossy(&bytes).into_owned(), begun.elapsed())
    }

    /// What comes until `end` has come.
    pub(super) async fn read_until(&mut self, end: &str) -> String {
        let mut text = String::new();
        let mut buffer = [0; 1024];
        while !text.contains(end) {
            let read = tokio::time::timeout(LONG, self.0.read(&mut buffer)).await;
            let read = read.unwrap_or_else(|_| panic!("{end:?} comes after {text:?}")).unwrap();
            assert!(read > 0, "closed before {end:?}: {text:?}");
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        text
    }
}

pub(super) fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}
