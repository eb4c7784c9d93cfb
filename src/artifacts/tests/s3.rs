//! A small stand-in for an S3-compatible server: as much of the protocol as the client speaks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use tokio::net::TcpListener;

pub(super) const ACCESS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";
pub(super) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// How the server feels about being written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mood {
    Well,
    Full,
    Refusing,
    Broken,
}

#[derive(Default)]
struct Shelf {
    objects: BTreeMap<String, Bytes>,
    /// Uploads that are not completed: where to, and their parts by number.
    uploads: BTreeMap<u64, (String, BTreeMap<u32, Bytes>)>,
    begun: u64,
    mood: Option<Mood>,
}

/// The server; it ends with the test's runtime.
pub(super) struct StandInS3 {
    address: std::net::SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
}

impl StandInS3 {
    pub(super) async fn start() -> Self {
        let shelf = Arc::new(Mutex::new(Shelf::default()));
        let app = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(16 << 20))
            .with_state(Arc::clone(&shelf));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, shelf }
    }

    pub(super) fn endpoint(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(super) fn mood(&self, mood: Mood) {
        lock(&self.shelf).mood = Some(mood);
    }

    /// No object and no part of one; waits for what is aborted in the background.
    pub(super) async fn nothing_is_left(&self) {
        for _ in 0..1_000 {
            if self.left() == (0, 0) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("objects and uploads are left: {:?}", self.left());
    }

    fn left(&self) -> (usize, usize) {
        let shelf = lock(&self.shelf);
        (shelf.objects.len(), shelf.uploads.len())
    }
}

fn lock(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().expect("no panic in the server")
}

type Asked = BTreeMap<String, String>;

async fn answer(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    method: Method,
    uri: Uri,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let start = format!("AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/");
    let Some(key) = uri.path().strip_prefix("/pictures") else {
        return fault(404, "NoSuchBucket", "");
    };
    if !signed.is_some_and(|signed| signed.starts_with(&start)) {
        return fault(403, "AccessDenied", "");
    }
    let key = key.trim_start_matches('/').to_owned();
    let mut shelf = lock(&shelf);
    if method == Method::PUT || method == Method::POST {
        // Servers do quote what they were sent.
        match shelf.mood.unwrap_or(Mood::Well) {
            Mood::Well => {}
            Mood::Full => return fault(507, "XMinioStorageFull", ""),
            Mood::Refusing => return fault(403, "SignatureDoesNotMatch", &start),
            Mood::Broken => return fault(400, "MalformedXML", SECRET_KEY),
        }
    }
    match (method, asked.get("uploadId").and_then(|id| id.parse().ok())) {
        (Method::POST, None) => shelf.begin(key),
        (Method::PUT, Some(id)) => shelf.put_part(id, &asked, body),
        (Method::POST, Some(id)) => shelf.complete(id),
        (Method::DELETE, Some(id)) => {
            shelf.uploads.remove(&id);
            StatusCode::NO_CONTENT.into_response()
        }
        (Method::PUT, None) => {
            shelf.objects.insert(key, body);
            ([(header::ETAG, "\"e\"")], "").into_response()
        }
        (Method::DELETE, None) => {
            shelf.objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        (Method::GET, None) if key.is_empty() => shelf.list(&asked),
        (Method::GET | Method::HEAD, None) => shelf.get(&key, &headers),
        _ => fault(405, "MethodNotAllowed", ""),
    }
}

impl Shelf {
    fn begin(&mut self, key: String) -> Response {
        self.begun += 1;
        self.uploads.insert(self.begun, (key, BTreeMap::new()));
        let id = self.begun;
        format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>")
            .into_response()
    }

    fn put_part(&mut self, id: u64, asked: &Asked, body: Bytes) -> Response {
        let number = asked.get("partNumber").and_then(|number| number.parse().ok());
        match (self.uploads.get_mut(&id), number) {
            (Some((_, parts)), Some(number)) => {
                parts.insert(number, body);
                ([(header::ETAG, format!("\"p{number}\""))], "").into_response()
            }
            _ => fault(404, "NoSuchUpload", ""),
        }
    }

    fn complete(&mut self, id: u64) -> Response {
        let Some((key, parts)) = self.uploads.remove(&id) else {
            return fault(404, "NoSuchUpload", "");
        };
        let last = parts.keys().next_back().copied();
        // Parts below 5 MiB are for the end only.
        if parts.iter().any(|(number, part)| part.len() < 5 << 20 && Some(*number) != last) {
            return fault(400, "EntityTooSmall", "");
        }
        self.objects.insert(key, parts.into_values().flatten().collect());
        "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>"
            .into_response()
    }

    fn get(&self, key: &str, headers: &HeaderMap) -> Response {
        let Some(object) = self.objects.get(key) else { return fault(404, "NoSuchKey", "") };
        let same = [
            (header::ETAG, "\"e\"".to_owned()),
            (header::LAST_MODIFIED, "Wed, 21 Oct 2026 07:28:00 GMT".to_owned()),
        ];
        let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
        let Some(range) = range.and_then(|range| range.strip_prefix("bytes=")) else {
            return (same, object.clone()).into_response();
        };
        let (start, end) = range.split_once('-').expect("a range");
        let start: usize = start.parse().expect("a start");
        let end = end.parse::<usize>().map_or(object.len(), |last| (last + 1).min(object.len()));
        if start >= object.len() {
            return fault(416, "InvalidRange", "");
        }
        let is = format!("bytes {start}-{}/{}", end - 1, object.len());
        let part = object.slice(start..end);
        (StatusCode::PARTIAL_CONTENT, same, [(header::CONTENT_RANGE, is)], part).into_response()
    }

    /// A list in pages of four, so that the client has to ask on.
    fn list(&self, asked: &Asked) -> Response {
        let prefix = asked.get("prefix").map_or("", String::as_str);
        let after = asked.get("continuation-token").map_or("", String::as_str);
        let mut met =
            self.objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
        let page: Vec<_> = met.by_ref().take(4).collect();
        let more = met.next().is_some();
        let entry = |(key, object): &(&String, &Bytes)| {
            let (size, when) = (object.len(), "2026-10-21T07:28:00Z");
            format!(
                "<Contents><Key>{key}</Key><Size>{size}</Size><LastModified>{when}</LastModified></Contents>"
            )
        };
        let contents = page.iter().map(entry).collect::<Vec<_>>().concat();
        let next = match page.last() {
            Some((key, _)) if more => {
                format!("<NextContinuationToken>{key}</NextContinuationToken>")
            }
            _ => String::new(),
        };
        format!(
            "<ListBucketResult><IsTruncated>{more}</IsTruncated>{contents}{next}</ListBucketResult>"
        )
        .into_response()
    }
}

fn fault(status: u16, code: &str, quoted: &str) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let text = format!("<Error><Code>{code}</Code><Message>{quoted}</Message></Error>");
    (status, text).into_response()
}
