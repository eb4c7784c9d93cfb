//! The provider's state, and the road of a request through it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Multipart, Path, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, body};
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

use super::answer::{answer, gateway_page, media_type};
use super::book::{Arrival, Book};
use super::connection::Connection;
use super::draw::{Drawing, draw};
use super::fault::{Armoury, ImagesFault};
use super::pace::Latency;
use super::problem::{self, Problem};
use super::request::{Ask, Files, Operation, check, field_from_text};
use super::{AtLimit, ImagesOptions};
use picdesk_paint::Format;
use picdesk_paint::{Nonce, Stage, prompt_hash};

/// Largest request, bytes: sixteen references of 50 MB do not fit, ours never come near.
const BODY_BYTES_MAX: usize = 256 * 1024 * 1024;
/// Pictures that can still be fetched by address.
const FILES_KEPT: usize = 32;
/// Words that the safety system refuses, so that one can see it without arming a fault.
const BLOCKED: [(&str, &str); 6] = [
    ("nude", "sexual"),
    ("porn", "sexual"),
    ("gore", "violence"),
    ("裸体", "sexual"),
    ("色情", "sexual"),
    ("血腥", "violence"),
];

/// Everything the handlers share.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) api_key: String,
    pub(super) origin: String,
    pub(super) book: Arc<Book>,
    pub(super) armoury: Mutex<Armoury>,
    pub(super) latency: Mutex<Latency>,
    drawing: Drawing,
    at_limit: AtLimit,
    places: Arc<Semaphore>,
    /// One place for each core, so that drawing never starves the runtime.
    easels: Semaphore,
    files: Mutex<VecDeque<(String, Format, Bytes)>>,
}

/// An accepted call on its way to an answer.
#[derive(Debug)]
pub(super) struct Making {
    pub(super) provider: Arc<Provider>,
    pub(super) ask: Arc<Ask>,
    pub(super) call: u32,
    pub(super) fault: Option<ImagesFault>,
    pub(super) latency: Duration,
    pub(super) connection: Connection,
    _place: OwnedSemaphorePermit,
}

impl Making {
    /// Draws one picture of the call, away from the runtime's threads.
    pub(super) async fn draw(&self, picture: u8, stage: Stage, size: (u32, u32)) -> Vec<u8> {
        let _easel = self.provider.easels.acquire().await.expect("the easels stay open");
        let prompt = prompt_hash(&self.ask.prompt);
        let nonce = Nonce { call: self.call, picture, stage, prompt };
        let ask = Arc::clone(&self.ask);
        let drawing = self.provider.drawing;
        let drawn = tokio::task::spawn_blocking(move || draw(&ask, size, nonce, drawing)).await;
        drawn.expect("drawing does not panic")
    }
}

impl Provider {
    pub(super) fn new(options: ImagesOptions, origin: String) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            api_key: options.api_key,
            origin,
            book: Arc::new(Book::new()),
            armoury: Mutex::new(Armoury::new(options.seed)),
            latency: Mutex::new(options.latency),
            drawing: options.drawing,
            at_limit: options.at_limit,
            places: Arc::new(Semaphore::new(options.concurrency_max)),
            easels: Semaphore::new(cores),
            files: Mutex::default(),
        }
    }

    /// Keeps a picture to be fetched, and says where.
    pub(super) fn keep_file(&self, bytes: Vec<u8>, format: Format) -> String {
        let name = format!("{:016x}.{}", rand::random::<u64>(), format.as_str());
        let url = format!("{}/files/{name}", self.origin);
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.push_back((name, format, bytes.into()));
        if files.len() > FILES_KEPT {
            files.pop_front();
        }
        url
    }

    fn check_key(&self, headers: &HeaderMap) -> Result<(), Problem> {
        let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let bearer = said("authorization").map(|value| value.strip_prefix("Bearer ").unwrap_or(""));
        match bearer.or_else(|| said("api-key")) {
            None | Some("") => Err(problem::no_key()),
            Some(key) if key == self.api_key => Ok(()),
            Some(_) => Err(problem::wrong_key()),
        }
    }
}

/// The routes of the API.
pub(super) fn router(provider: Arc<Provider>) -> Router {
    Router::new()
        .route("/v1/images/generations", post(generations))
        .route("/v1/images/edits", post(edits))
        .route("/files/{name}", get(file))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(provider)
}

async fn generations(
    State(provider): State<Arc<Provider>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    serve(provider, connection, request, Operation::Generation).await
}

async fn edits(
    State(provider): State<Arc<Provider>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    request: Request,
) -> Response {
    serve(provider, connection, request, Operation::Edit).await
}

async fn file(State(provider): State<Arc<Provider>>, Path(name): Path<String>) -> Response {
    let files = provider.files.lock().unwrap_or_else(PoisonError::into_inner);
    match files.iter().find(|file| file.0 == name) {
        Some((_, format, bytes)) => {
            ([(header::CONTENT_TYPE, media_type(*format))], bytes.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn unknown(method: Method, uri: Uri) -> Response {
    problem::unknown_path(method.as_str(), uri.path()).into_response()
}

async fn serve(
    provider: Arc<Provider>,
    connection: Connection,
    request: Request,
    operation: Operation,
) -> Response {
    let request_id = format!("req_{:032x}", rand::random::<u128>());
    let headers = request.headers().clone();
    let read = async {
        provider.check_key(&headers)?;
        read_ask(&provider, request, operation).await
    };
    let mut response = match read.await {
        Ok(ask) => take(provider, connection, &headers, ask, &request_id).await,
        Err(problem) => {
            provider.book.reject(problem.status.as_u16(), problem.book_code(), &request_id);
            problem.into_response()
        }
    };
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-request-id", value);
    }
    response
}

/// Books a call, lets it suffer what is armed, and has it answered.
async fn take(
    provider: Arc<Provider>,
    connection: Connection,
    headers: &HeaderMap,
    ask: Ask,
    request_id: &str,
) -> Response {
    let suffered = {
        let mut armoury = provider.armoury.lock().unwrap_or_else(PoisonError::into_inner);
        armoury.strike(&ask.prompt, ask.partials.is_some())
    };
    let idempotency_key = headers.get("idempotency-key").and_then(|value| value.to_str().ok());
    let arrival = Arrival {
        request_id: request_id.to_owned(),
        idempotency_key: idempotency_key.map(str::to_owned),
        fault: suffered.fault.clone(),
    };
    let flight = provider.book.begin(&ask, arrival);
    let refusal = suffered.fault.as_ref().and_then(ImagesFault::refusal);
    if let Some(problem) = refusal.or_else(|| blocked(&ask.prompt)) {
        sleep(suffered.slower_by).await;
        flight.refused(problem.status.as_u16(), problem.book_code());
        return problem.into_response();
    }
    if suffered.fault == Some(ImagesFault::Gateway { status: 502 }) {
        flight.refused(502, "502".to_owned());
        return gateway_page(502);
    }
    let places = Arc::clone(&provider.places);
    let place = match provider.at_limit {
        AtLimit::Wait => places.acquire_owned().await.ok(),
        AtLimit::Refuse => places.try_acquire_owned().ok(),
    };
    let Some(place) = place else {
        let problem = problem::rate_limited(1);
        flight.refused(problem.status.as_u16(), problem.book_code());
        return problem.into_response();
    };
    let latency = *provider.latency.lock().unwrap_or_else(PoisonError::into_inner);
    let making = Making {
        latency: latency.of(&ask, flight.id).saturating_add(suffered.slower_by),
        provider,
        ask: Arc::new(ask),
        call: flight.id,
        fault: suffered.fault,
        connection,
        _place: place,
    };
    answer(making, flight).await
}

fn blocked(prompt: &str) -> Option<Problem> {
    let prompt = prompt.to_lowercase();
    let word = |word: &str| {
        if word.is_ascii() {
            prompt.split(|char: char| !char.is_alphanumeric()).any(|said| said == word)
        } else {
            prompt.contains(word)
        }
    };
    let found = BLOCKED.iter().find(|entry| word(entry.0));
    found.map(|(_, category)| problem::moderation_blocked(category))
}

async fn read_ask(
    provider: &Provider,
    request: Request,
    operation: Operation,
) -> Result<Ask, Problem> {
    match operation {
        Operation::Generation => {
            let bytes = body::to_bytes(request.into_body(), BODY_BYTES_MAX).await;
            let bytes = bytes.map_err(|_| unreadable("JSON body"))?;
            provider.book.count_in(bytes.len());
            let fields: Map<String, Value> =
                serde_json::from_slice(&bytes).map_err(|_| unreadable("JSON body"))?;
            check(operation, &fields, Files::default())
        }
        Operation::Edit => {
            let form = Multipart::from_request(request, &()).await;
            let mut form = form.map_err(|_| unreadable("multipart form"))?;
            let (mut fields, mut files) = (Map::new(), Files::default());
            while let Some(field) =
                form.next_field().await.map_err(|_| unreadable("multipart form"))?
            {
                let name = field.name().unwrap_or_default().to_owned();
                let bytes = field.bytes().await.map_err(|_| unreadable("multipart form"))?;
                provider.book.count_in(bytes.len());
                match name.as_str() {
                    "image" | "image[]" => files.images.push(bytes),
                    "mask" => files.mask = Some(bytes),
                    _ => {
                        let text = String::from_utf8_lossy(&bytes).into_owned();
                        let value = field_from_text(&name, text);
                        fields.insert(name, value);
                    }
                }
            }
            check(operation, &fields, files)
        }
    }
}

fn unreadable(what: &str) -> Problem {
    Problem::invalid(format!("We could not parse the {what} of your request."))
}
