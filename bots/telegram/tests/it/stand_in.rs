//! A Bot API on loopback that answers as it is told and remembers what it was asked; and an inbox
//! that remembers what it was given.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::Body,
    extract::{FromRequest, Multipart, Request, State},
    http::{Response, header},
};
use picdesk_core::channel::{Arrival, Checkpoint, Inbox, InboxError};
use picdesk_telegram::{
    Mode, Patience, TelegramChannel, TelegramSettings, client::http_client, verify::Secret,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

pub const TOKEN: &str = "7000000001:a-token-of-the-tests";
pub const SECRET: &str = "a-webhook-secret-of-the-tests_0001";

/// How the stand-in answers a call.
#[derive(Clone, Debug)]
pub enum Reply {
    /// With this result.
    Ok(Value),
    /// With this no: code, description, `parameters`.
    No(u16, &'static str, Value),
    /// With this status and body, whatever they are.
    Raw(u16, &'static str),
    /// With these bytes.
    Bytes(Vec<u8>),
    /// With these bytes, without saying how many there are.
    Unmeasured(Vec<u8>),
    /// Not within any time-out.
    Never,
    /// By cutting the answer off after its head.
    Cut,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method, or a file's path as it stood in the request line.
    pub method: String,
    /// Its parameters; text parts of a form as text.
    pub parameters: Value,
    /// Files by the names of their parts: file name, media type, bytes.
    pub files: HashMap<String, (String, String, Vec<u8>)>,
}

#[derive(Default)]
struct Inner {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    asked: Mutex<Vec<Asked>>,
    news: Notify,
}

/// The stand-in.
#[derive(Clone, Default)]
pub struct StandIn {
    inner: Arc<Inner>,
    address: String,
}

impl StandIn {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let router = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { inner, address }
    }

    /// The next calls of a method are answered so; later ones with `true`.
    pub fn reply(&self, method: &str, reply: Reply) -> &Self {
        let mut replies = self.inner.replies.lock().unwrap();
        replies.entry(method.to_owned()).or_default().push_back(reply);
        self
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    /// The methods asked so far.
    pub fn methods(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.method).collect()
    }

    /// Waits until a method was asked for the `count`th time.
    pub async fn until(&self, method: &str, count: usize) -> Asked {
        let wait = async {
            loop {
                let news = self.inner.news.notified();
                let asked = self.asked().into_iter().filter(|asked| asked.method == method);
                if let Some(asked) = asked.clone().nth(count - 1) {
                    return asked;
                }
                news.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap()
    }

    pub fn settings(&self) -> TelegramSettings {
        TelegramSettings {
            token: Secret::new(TOKEN),
            api_url: self.address.parse().unwrap(),
            mode: Mode::Polling,
            webhook_secrets: vec![Secret::new(SECRET)],
            register_webhook: true,
            drafts: true,
            sends_per_s: 30,
            chat_sends_per_s: 1,
            group_sends_per_min: 20,
            edit_interval_s: 4,
            desk_chat_id: Some(-1_009_000_000_009),
            public_url: "https://desk.example/".parse().unwrap(),
        }
    }

    pub fn channel(&self) -> Arc<TelegramChannel> {
        channel_of(self.settings())
    }
}

/// A channel by these settings that is quick to lose patience.
pub fn channel_of(settings: TelegramSettings) -> Arc<TelegramChannel> {
    let patience = Patience {
        call: Duration::from_millis(500),
        upload: Duration::from_millis(500),
        poll_s: 0,
        retry_first: Duration::from_millis(1),
        retry_most: Duration::from_millis(20),
    };
    let http = http_client(None).unwrap();
    Arc::new(TelegramChannel::with_patience(settings, http, patience).unwrap())
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let path = request.uri().path().to_owned();
    let bot = format!("/bot{TOKEN}/");
    let (method, is_file) = match path.strip_prefix(&bot) {
        Some(method) => (method.to_owned(), false),
        None => (path, true),
    };
    let asked = read(method.clone(), request).await;
    inner.asked.lock().unwrap().push(asked);
    inner.news.notify_waiters();
    let key = if is_file { "file" } else { &method };
    let reply = inner.replies.lock().unwrap().get_mut(key).and_then(VecDeque::pop_front);
    let none = if method == "getUpdates" { json!([]) } else { json!(true) };
    match reply.unwrap_or(Reply::Ok(none)) {
        Reply::Ok(result) => text(200, json!({ "ok": true, "result": result }).to_string()),
        Reply::No(code, description, parameters) => {
            let no = json!({
                "ok": false, "error_code": code,
                "description": description, "parameters": parameters,
            });
            text(code, no.to_string())
        }
        Reply::Raw(status, body) => text(status, body.to_owned()),
        Reply::Bytes(bytes) => Response::new(bytes.into()),
        Reply::Unmeasured(bytes) => {
            let pieces = bytes.chunks(10).map(|piece| Ok::<_, std::io::Error>(piece.to_vec()));
            let pieces: Vec<_> = pieces.collect();
            Response::new(Body::from_stream(futures_util::stream::iter(pieces)))
        }
        Reply::Never => std::future::pending().await,
        Reply::Cut => {
            let mut cut = Response::new(Body::from_stream(futures_util::stream::iter([
                Ok("{\"ok\":true"),
                Err(std::io::Error::other("cut")),
            ])));
            cut.headers_mut().insert(header::CONTENT_LENGTH, "1000".parse().unwrap());
            cut
        }
    }
}

fn text(status: u16, body: String) -> Response<Body> {
    Response::builder().status(status).body(body.into()).unwrap()
}

async fn read(method: String, request: Request) -> Asked {
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let kind = kind.map_or_else(String::new, |kind| kind.to_str().unwrap().to_owned());
    let mut asked = Asked { method, parameters: json!({}), files: HashMap::new() };
    if kind.starts_with("multipart/") {
        let mut form = Multipart::from_request(request, &()).await.unwrap();
        while let Some(part) = form.next_field().await.unwrap() {
            let name = part.name().unwrap().to_owned();
            if let Some(file) = part.file_name().map(str::to_owned) {
                let media_type = part.content_type().unwrap_or_default().to_owned();
                let bytes = part.bytes().await.unwrap().to_vec();
                asked.files.insert(name, (file, media_type, bytes));
            } else {
                asked.parameters[name] = part.text().await.unwrap().into();
            }
        }
    } else {
        let body = axum::body::to_bytes(request.into_body(), 1 << 26).await.unwrap();
        if !body.is_empty() {
            assert_eq!(kind, "application/json");
            asked.parameters = serde_json::from_slice(&body).unwrap();
        }
    }
    asked
}

/// An inbox in memory that fails as told.
#[derive(Default)]
pub struct Tray {
    pub accepted: Mutex<Vec<(Vec<Arrival>, Option<Checkpoint>)>>,
    /// How accepting fails before it succeeds.
    pub errors: Mutex<VecDeque<InboxError>>,
    /// How reading the checkpoint fails before it succeeds.
    pub checkpoint_errors: Mutex<VecDeque<InboxError>>,
    pub stands: Mutex<Option<String>>,
    pub news: Notify,
}

impl Tray {
    /// The names of all arrivals, in order.
    pub fn names(&self) -> Vec<String> {
        let accepted = self.accepted.lock().unwrap();
        accepted.iter().flat_map(|(arrivals, _)| arrivals).map(name).collect()
    }

    /// Waits until so many were accepted.
    pub async fn until(&self, count: usize) {
        let wait = async {
            loop {
                let news = self.news.notified();
                if self.names().len() >= count {
                    return;
                }
                news.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap();
    }
}

/// An arrival's name.
pub fn name(arrival: &Arrival) -> String {
    match arrival {
        Arrival::Event(received) => received.external_id.clone(),
        Arrival::SetAside { external_id, .. } => format!("aside {external_id}"),
    }
}

#[async_trait]
impl Inbox for Tray {
    async fn accept(
        &self,
        arrivals: Vec<Arrival>,
        checkpoint: Option<Checkpoint>,
    ) -> Result<(), InboxError> {
        if let Some(error) = self.errors.lock().unwrap().pop_front() {
            return Err(error);
        }
        if let Some(checkpoint) = &checkpoint {
            let mut stands = self.stands.lock().unwrap();
            if *stands != checkpoint.from {
                return Err(InboxError::NotOurs);
            }
            *stands = Some(checkpoint.to.clone());
        }
        self.accepted.lock().unwrap().push((arrivals, checkpoint));
        self.news.notify_waiters();
        Ok(())
    }

    async fn checkpoint(&self, _: &str) -> Result<Option<String>, InboxError> {
        match self.checkpoint_errors.lock().unwrap().pop_front() {
            Some(error) => Err(error),
            None => Ok(self.stands.lock().unwrap().clone()),
        }
    }
}
