//! A desk that speaks the Bot API with plain requests, and a webhook that it can listen on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::post;
use picdesk_sandbox::clock::Clock;
use picdesk_sandbox::telegram::{Options, TelegramStandIn};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};

/// Long enough for anything that will happen.
pub const SOON: Duration = Duration::from_secs(10);

/// The stand-in and a client of it.
pub struct Desk {
    pub telegram: TelegramStandIn,
    pub http: reqwest::Client,
}

/// An answer of the Bot API.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: Value,
}

impl Answer {
    pub fn result(&self) -> &Value {
        assert_eq!(self.body["ok"], true, "{self:?}");
        &self.body["result"]
    }

    pub fn description(&self) -> &str {
        assert_eq!(self.body["ok"], false, "{self:?}");
        self.body["description"].as_str().unwrap()
    }

    pub fn message_id(&self) -> i64 {
        self.result()["message_id"].as_i64().unwrap()
    }
}

impl Desk {
    pub async fn start(options: Options) -> Self {
        let telegram = TelegramStandIn::start(options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { telegram, http }
    }

    /// With a clock that stands still until moved, and no rate limits.
    pub async fn still() -> (Self, Clock) {
        let clock = Clock::manual(1_764_000_000_000);
        let options = Options { clock: clock.clone(), rate_limits: None, ..Options::in_memory() };
        (Self::start(options).await, clock)
    }

    pub fn url(&self, method: &str) -> String {
        format!("{}/bot{}/{method}", self.telegram.api_url(), self.telegram.token())
    }

    pub async fn try_call(&self, method: &str, body: Value) -> reqwest::Result<Answer> {
        let response = self.http.post(self.url(method)).json(&body).send().await?;
        let header = response.headers().get("retry-after");
        let retry_after = header.map(|value| value.to_str().unwrap().to_owned());
        let status = response.status().as_u16();
        Ok(Answer { status, retry_after, body: response.json().await? })
    }

    pub async fn call(&self, method: &str, body: Value) -> Answer {
        self.try_call(method, body).await.unwrap()
    }

    pub async fn send(&self, chat: i64, text: &str) -> Answer {
        self.call("sendMessage", json!({"chat_id": chat, "text": text})).await
    }

    /// A call with one file, as `attach://file` where `fields` say so.
    pub async fn upload(&self, method: &str, fields: Value, part: &str, bytes: &[u8]) -> Answer {
        let mut form = Form::new();
        for (name, value) in fields.as_object().unwrap() {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            form = form.text(name.clone(), text);
        }
        form = form.part(part.to_owned(), Part::bytes(bytes.to_vec()).file_name("fox.png"));
        let response = self.http.post(self.url(method)).multipart(form).send().await.unwrap();
        let status = response.status().as_u16();
        Answer { status, retry_after: None, body: response.json().await.unwrap() }
    }

    pub async fn updates(&self, offset: i64) -> Vec<Value> {
        let answer = self.call("getUpdates", json!({"offset": offset, "timeout": 0})).await;
        answer.result().as_array().unwrap().clone()
    }
}

/// A picture of one colour.
pub fn png(width: u32, height: u32, red: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let pixel = image::Rgb([red, 80, 40]);
    image::RgbImage::from_pixel(width, height, pixel)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// What arrived at the webhook.
#[derive(Debug)]
pub struct Arrived {
    pub secret: Option<String>,
    pub update: Value,
}

/// A webhook that answers with a status that can be changed.
pub struct Hook {
    pub url: String,
    pub arrived: Mutex<mpsc::UnboundedReceiver<Arrived>>,
    status: Arc<AtomicU16>,
    retry_after_s: Arc<AtomicU16>,
    body: Arc<std::sync::Mutex<String>>,
}

impl Hook {
    pub async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, arrived) = mpsc::unbounded_channel();
        let status = Arc::new(AtomicU16::new(200));
        let retry_after_s = Arc::new(AtomicU16::new(0));
        let body: Arc<std::sync::Mutex<String>> = Arc::default();
        let answer = (Arc::clone(&status), Arc::clone(&retry_after_s), Arc::clone(&body));
        let take = move |State(sender): State<mpsc::UnboundedSender<Arrived>>,
                         headers: HeaderMap,
                         body: String| async move {
            let secret = headers.get("x-telegram-bot-api-secret-token");
            let secret = secret.map(|value| value.to_str().unwrap().to_owned());
            let update = serde_json::from_str(&body).unwrap();
            let status = StatusCode::from_u16(answer.0.load(Ordering::SeqCst)).unwrap();
            let retry_after_s = answer.1.load(Ordering::SeqCst).to_string();
            let body = answer.2.lock().unwrap().clone();
            sender.send(Arrived { secret, update }).unwrap();
            let mut response = (status, body).into_response();
            if retry_after_s != "0" {
                response.headers_mut().insert("retry-after", retry_after_s.parse().unwrap());
            }
            response
        };
        let app = Router::new().route("/hook", post(take)).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, arrived: Mutex::new(arrived), status, retry_after_s, body }
    }

    pub fn ask_for_s(&self, seconds: u16) {
        self.retry_after_s.store(seconds, Ordering::SeqCst);
    }

    pub fn say(&self, body: &Value) {
        *self.body.lock().unwrap() = body.to_string();
    }

    pub fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    pub async fn next(&self) -> Value {
        self.next_arrived().await.update
    }

    pub async fn next_arrived(&self) -> Arrived {
        let mut arrived = self.arrived.lock().await;
        tokio::time::timeout(SOON, arrived.recv()).await.expect("an update").unwrap()
    }

    pub async fn is_quiet(&self) -> bool {
        self.arrived.lock().await.try_recv().is_err()
    }
}
