//! The client against small providers on loopback, each written for its test.

mod answers;
mod failures;
mod requests;
mod secrets;
mod stand_in;

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use base64::prelude::*;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use picdesk_core::generation::Background;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::config::{Moderation, NanoUsd, Secret};

/// A provider that answers every request in the same way and remembers what was asked.
struct Provider {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// A request as it arrived.
#[derive(Clone)]
struct Seen {
    path: String,
    headers: axum::http::HeaderMap,
    body: Bytes,
}

impl Provider {
    async fn new(answer: impl Fn(&Seen) -> Response + Clone + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&seen);
        let router = Router::new().fallback(move |request: Request| {
            let (answer, seen) = (answer.clone(), Arc::clone(&remembered));
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
                let request = Seen { path: parts.uri.to_string(), headers: parts.headers, body };
                seen.lock().unwrap().push(request.clone());
                answer(&request)
            }
        });
        Self { address: serve(router).await, seen }
    }

    fn settings(&self) -> ImagesSettings {
        settings(&format!("http://{}/v1", self.address))
    }

    fn client(&self) -> ImagesClient {
        client(self.settings())
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn only_request(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "asked exactly once");
        seen[0].clone()
    }
}

async fn serve(router: Router) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

fn settings(base_url: &str) -> ImagesSettings {
    ImagesSettings {
        base_url: base_url.parse().unwrap(),
        api_key: Secret::new("sk-canary-key"),
        auth: Auth::Bearer,
        model: "gpt-image-2".to_owned(),
        timeout: Duration::from_mins(5),
        idle_timeout: Duration::from_mins(5),
        stream: true,
        partials: 2,
        edits: true,
        moderation: Moderation::Auto,
        prices: Prices {
            text_in: NanoUsd(5000),
            image_in: NanoUsd(8000),
            image_out: NanoUsd(30_000),
        },
    }
}

fn client(settings: ImagesSettings) -> ImagesClient {
    ImagesClient::new(settings, http_client(None).unwrap()).unwrap()
}

fn request() -> PictureRequest {
    PictureRequest {
        prompt: "canary-prompt: 雪中的狐狸".to_owned(),
        size: Size { width: 1024, height: 1536 },
        quality: Quality::Medium,
        background: Background::Auto,
        format: PictureFormat::Png,
        references: Vec::new(),
        safety_identifier: "hash-of-someone".to_owned(),
        partials: 0,
    }
}

fn reference(bytes: &[u8], format: PictureFormat) -> Reference {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    Reference { file: Arc::new(file), bytes: bytes.len() as u64, format }
}

/// A sink that remembers everything.
#[derive(Default)]
struct Album {
    submitted: u32,
    picture: Vec<u8>,
    partials: Vec<(u32, Vec<u8>)>,
    restarts: u32,
    largest_piece: usize,
    is_full: bool,
}

#[async_trait]
impl PictureSink for Album {
    async fn submitted(&mut self) {
        assert!(self.picture.is_empty());
        self.submitted += 1;
    }

    async fn write(&mut self, piece: Bytes) -> io::Result<()> {
        if self.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.largest_piece = self.largest_piece.max(piece.len());
        self.picture.extend_from_slice(&piece);
        Ok(())
    }

    async fn partial(&mut self, index: u32) -> io::Result<()> {
        self.partials.push((index, std::mem::take(&mut self.picture)));
        Ok(())
    }

    async fn restart(&mut self) -> io::Result<()> {
        self.restarts += 1;
        self.picture.clear();
        Ok(())
    }
}

async fn make(client: &ImagesClient, request: PictureRequest) -> (Result<Made, FailedCall>, Album) {
    let mut album = Album::default();
    let made = client.make(request, &mut album).await;
    (made, album)
}

/// What comes of one ordinary request.
async fn ask(provider: &Provider) -> (Result<Made, FailedCall>, Album) {
    make(&provider.client(), PictureRequest { partials: 2, ..request() }).await
}

fn json_answer(value: &Value) -> Response {
    ([("content-type", "application/json")], value.to_string()).into_response()
}

fn picture_answer(picture: &[u8]) -> Response {
    json_answer(&json!({"created": 1, "data": [{"b64_json": BASE64_STANDARD.encode(picture)}]}))
}

fn stream_answer(events: &str) -> Response {
    ([("content-type", "text/event-stream")], events.to_owned()).into_response()
}

/// A body that breaks off after `start`, which hyper sends off as soon as the body is not ready.
fn cut_answer(start: String) -> Response {
    let start = stream::iter([Ok(Bytes::from(start))]);
    let cut = stream::once(async {
        tokio::task::yield_now().await;
        Err(io::Error::other("cut"))
    });
    Body::from_stream(start.chain(cut)).into_response()
}

/// A body that begins and then stays silent.
fn stalled_answer(start: &'static str) -> Response {
    let start = stream::iter([Ok::<_, io::Error>(Bytes::from_static(start.as_bytes()))]);
    Body::from_stream(start.chain(stream::pending())).into_response()
}

fn event(kind: &str, picture: &[u8], more: &str) -> String {
    let picture = BASE64_STANDARD.encode(picture);
    format!("event: {kind}\ndata: {{\"type\":\"{kind}\",\"b64_json\":\"{picture}\"{more}}}\n\n")
}

/// Bytes that do not repeat soon.
fn noise(length: usize) -> Vec<u8> {
    (1_u32..).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[0]).take(length).collect()
}
