//! A desk that speaks to WeCom with plain requests, and the addresses on which it listens.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aes::Aes256;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use picdesk_sandbox::clock::Clock;
use picdesk_sandbox::wecom::{Options, WecomStandIn};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use tokio::sync::mpsc;

/// Long enough for anything that will happen.
pub const SOON: Duration = Duration::from_secs(10);
/// When the still clocks start, ms since 1970.
pub const START_MS: i64 = 1_764_000_000_000;

/// The stand-in and a client of it.
pub struct Desk {
    pub wecom: WecomStandIn,
    pub http: reqwest::Client,
    pub token: String,
}

impl Desk {
    pub async fn start(options: Options) -> Self {
        let wecom = WecomStandIn::start(options).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut desk = Self { wecom, http, token: String::new() };
        desk.token = desk.fresh_token().await;
        desk
    }

    /// With a clock that stands still until moved.
    pub async fn still() -> (Self, Clock) {
        let clock = Clock::manual(START_MS);
        let options = Options { clock: clock.clone(), ..Options::in_memory() };
        (Self::start(options).await, clock)
    }

    /// The same, with callbacks that arrive.
    pub async fn with_hook() -> (Self, Clock, Hook) {
        let (desk, clock) = Self::still().await;
        let hook = Hook::open(desk.wecom.options()).await;
        desk.wecom.point_at(&hook.url);
        (desk, clock, hook)
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}/cgi-bin/{path}", self.wecom.api_url())
    }

    pub async fn get_token(&self) -> Value {
        let options = self.wecom.options();
        let query = [("corpid", &options.corp_id), ("corpsecret", &options.secret)];
        let answer = self.http.get(self.url("gettoken")).query(&query).send().await.unwrap();
        answer.json().await.unwrap()
    }

    pub async fn fresh_token(&self) -> String {
        self.get_token().await["access_token"].as_str().unwrap_or_default().to_owned()
    }

    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let request = self.http.get(self.url(path)).query(&[("access_token", &self.token)]);
        request.query(query).send().await.unwrap().json().await.unwrap()
    }

    pub async fn try_post(&self, path: &str, body: &Value) -> reqwest::Result<Value> {
        let request = self.http.post(self.url(path)).query(&[("access_token", &self.token)]);
        request.json(body).send().await?.json().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.try_post(path, &body).await.unwrap()
    }

    /// Posts and says only how it ended.
    pub async fn errcode(&self, path: &str, body: Value) -> i64 {
        self.post(path, body).await["errcode"].as_i64().unwrap()
    }

    pub async fn upload(&self, kind: &str, name: &str, bytes: &[u8]) -> Value {
        let part = Part::bytes(bytes.to_vec()).file_name(name.to_owned());
        let request = self.http.post(self.url("media/upload"));
        let request = request.query(&[("access_token", self.token.as_str()), ("type", kind)]);
        let form = Form::new().part("media", part);
        request.multipart(form).send().await.unwrap().json().await.unwrap()
    }

    pub async fn upload_picture(&self) -> String {
        let answer = self.upload("image", "fox.png", &png(8, 6, 9)).await;
        answer["media_id"].as_str().unwrap().to_owned()
    }

    /// Words to a member.
    pub fn text_to(&self, userid: &str, text: &str) -> Value {
        let agent = self.wecom.options().agent_id;
        json!({"touser": userid, "agentid": agent, "msgtype": "text", "text": {"content": text}})
    }
}

impl Desk {
    /// Waits until something is so, which it soon is.
    pub async fn settled(&self, is_so: impl Fn() -> bool) {
        self.wecom.wait_until(SOON, |_| is_so()).await.unwrap();
    }
}

/// Words to a customer.
pub fn text_for(customer: &str, kf: &str, text: &str) -> Value {
    json!({"touser": customer, "open_kfid": kf, "msgtype": "text", "text": {"content": text}})
}

/// A picture of one colour.
pub fn png(width: u32, height: u32, red: u8) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([red, 80, 40]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// The desk's own hands for envelopes.
#[derive(Clone)]
pub struct Seal {
    token: String,
    key: [u8; 32],
    receive_id: String,
}

impl Seal {
    pub fn new(token: &str, key: &str, receive_id: &str) -> Self {
        let lenient = GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true);
        let key = GeneralPurpose::new(&ALPHABET, lenient).decode(format!("{key}=")).unwrap();
        let (token, receive_id) = (token.to_owned(), receive_id.to_owned());
        Self { token, key: key.try_into().unwrap(), receive_id }
    }

    pub fn sign(&self, timestamp: &str, nonce: &str, encrypt: &str) -> String {
        let mut parts = [&self.token, timestamp, nonce, encrypt];
        parts.sort_unstable();
        hex::encode(Sha1::digest(parts.concat()))
    }

    /// Decrypts what has no frame.
    pub fn decrypt(&self, sealed: &[u8]) -> Vec<u8> {
        let iv: [u8; 16] = self.key[..16].try_into().unwrap();
        let cipher = cbc::Decryptor::<Aes256>::new(&self.key.into(), &iv.into());
        let mut plain = cipher.decrypt_padded_vec::<NoPadding>(sealed).unwrap();
        let pad = usize::from(*plain.last().unwrap());
        assert!((1..=32).contains(&pad));
        plain.truncate(plain.len() - pad);
        plain
    }

    pub fn open(&self, encrypt: &str) -> String {
        let plain = self.decrypt(&STANDARD.decode(encrypt).unwrap());
        let length = u32::from_be_bytes(plain[16..20].try_into().unwrap());
        let end = 20 + usize::try_from(length).unwrap();
        assert_eq!(&plain[end..], self.receive_id.as_bytes());
        String::from_utf8(plain[20..end].to_vec()).unwrap()
    }

    pub fn seal(&self, message: &str) -> String {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let receiver = self.receive_id.as_bytes();
        let mut plain = [&[7; 16][..], &length, message.as_bytes(), receiver].concat();
        let pad = 32 - plain.len() % 32;
        plain.resize(plain.len() + pad, u8::try_from(pad).unwrap());
        let iv: [u8; 16] = self.key[..16].try_into().unwrap();
        let cipher = cbc::Encryptor::<Aes256>::new(&self.key.into(), &iv.into());
        STANDARD.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
    }
}

type Parameters = HashMap<String, String>;

/// A callback as it arrived.
#[derive(Debug, Clone)]
pub struct Arrived {
    pub query: Parameters,
    pub outer: String,
    /// The XML, or the JSON, that was inside.
    pub inner: String,
}

impl Arrived {
    pub fn field(&self, name: &str) -> String {
        between(&self.inner, name)
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.inner).unwrap()
    }
}

/// The text of an element, out of CDATA.
pub fn between(xml: &str, name: &str) -> String {
    let inner = xml.split_once(&format!("<{name}>")).map(|(_, rest)| rest).unwrap_or_default();
    let inner = inner.split_once(&format!("</{name}>")).map(|(inner, _)| inner).unwrap_or_default();
    inner.replace("<![CDATA[", "").replace("]]>", "")
}

#[derive(Clone)]
struct Shared {
    app: Seal,
    bot: Seal,
    status: Arc<AtomicU16>,
    app_reply: Arc<Mutex<String>>,
    bot_replies: Arc<Mutex<Vec<Value>>>,
    arrived: mpsc::UnboundedSender<Arrived>,
    bot_arrived: mpsc::UnboundedSender<Arrived>,
}

/// The desk's two addresses, answering with what can be changed.
pub struct Hook {
    pub url: String,
    pub app: Seal,
    pub bot: Seal,
    arrived: tokio::sync::Mutex<mpsc::UnboundedReceiver<Arrived>>,
    bot_arrived: tokio::sync::Mutex<mpsc::UnboundedReceiver<Arrived>>,
    status: Arc<AtomicU16>,
    app_reply: Arc<Mutex<String>>,
    bot_replies: Arc<Mutex<Vec<Value>>>,
}

impl Hook {
    pub async fn open(options: &Options) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, arrived) = mpsc::unbounded_channel();
        let (bot_sender, bot_arrived) = mpsc::unbounded_channel();
        let shared = Shared {
            app: Seal::new(&options.token, &options.aes_key, &options.corp_id),
            bot: Seal::new(&options.bot.token, &options.bot.aes_key, ""),
            status: Arc::new(AtomicU16::new(200)),
            app_reply: Arc::default(),
            bot_replies: Arc::default(),
            arrived: sender,
            bot_arrived: bot_sender,
        };
        let hook = Self {
            url,
            app: shared.app.clone(),
            bot: shared.bot.clone(),
            arrived: tokio::sync::Mutex::new(arrived),
            bot_arrived: tokio::sync::Mutex::new(bot_arrived),
            status: Arc::clone(&shared.status),
            app_reply: Arc::clone(&shared.app_reply),
            bot_replies: Arc::clone(&shared.bot_replies),
        };
        let app = Router::new()
            .route("/wecom/callback", get(verify_app).post(take_app))
            .route("/wecom/bot", get(verify_bot).post(take_bot))
            .route("/quoted", get(async || "\"1\""))
            .with_state(shared);
        tokio::spawn(async move { axum::serve(listener, app).await });
        hook
    }

    pub fn answer_with(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// What callbacks of the app are answered with.
    pub fn reply(&self, body: &str) {
        body.clone_into(&mut self.app_reply.lock().unwrap());
    }

    /// What callbacks of the AI bot are answered with, one after the other; then with nothing.
    pub fn bot_replies(&self, replies: &[Value]) {
        self.bot_replies.lock().unwrap().extend(replies.iter().cloned());
    }

    pub async fn next(&self) -> Arrived {
        let mut arrived = self.arrived.lock().await;
        tokio::time::timeout(SOON, arrived.recv()).await.expect("a callback").unwrap()
    }

    pub async fn next_for_bot(&self) -> Arrived {
        let mut arrived = self.bot_arrived.lock().await;
        tokio::time::timeout(SOON, arrived.recv()).await.expect("a callback").unwrap()
    }

    pub async fn is_quiet(&self) -> bool {
        let app = self.arrived.lock().await.try_recv().is_err();
        app && self.bot_arrived.lock().await.try_recv().is_err()
    }
}

/// Checks the signature as an adapter has to.
fn checked(seal: &Seal, query: &Parameters, encrypt: &str) -> String {
    let signature = seal.sign(&query["timestamp"], &query["nonce"], encrypt);
    assert_eq!(query["msg_signature"], signature);
    seal.open(encrypt)
}

async fn verify_app(State(shared): State<Shared>, Query(query): Query<Parameters>) -> String {
    checked(&shared.app, &query, &query["echostr"])
}

async fn verify_bot(State(shared): State<Shared>, Query(query): Query<Parameters>) -> String {
    checked(&shared.bot, &query, &query["echostr"])
}

async fn take_app(
    State(shared): State<Shared>,
    Query(query): Query<Parameters>,
    outer: String,
) -> Response {
    let inner = checked(&shared.app, &query, &between(&outer, "Encrypt"));
    shared.arrived.send(Arrived { query, outer, inner }).unwrap();
    let status = StatusCode::from_u16(shared.status.load(Ordering::SeqCst)).unwrap();
    let reply = shared.app_reply.lock().unwrap().clone();
    (status, reply).into_response()
}

async fn take_bot(
    State(shared): State<Shared>,
    Query(query): Query<Parameters>,
    outer: String,
) -> Response {
    let body: Value = serde_json::from_str(&outer).unwrap();
    let inner = checked(&shared.bot, &query, body["encrypt"].as_str().unwrap());
    let nonce = query["nonce"].clone();
    shared.bot_arrived.send(Arrived { query, outer, inner }).unwrap();
    let status = StatusCode::from_u16(shared.status.load(Ordering::SeqCst)).unwrap();
    let mut replies = shared.bot_replies.lock().unwrap();
    if replies.is_empty() {
        return status.into_response();
    }
    let reply = replies.remove(0);
    drop(replies);
    if let Some(raw) = reply.as_str() {
        return (status, raw.to_owned()).into_response();
    }
    let encrypt = shared.bot.seal(&reply.to_string());
    let signature = shared.bot.sign("1764000000", &nonce, &encrypt);
    let body = json!({
        "encrypt": encrypt, "msgsignature": signature, "timestamp": 1_764_000_000, "nonce": nonce,
    });
    (status, body.to_string()).into_response()
}
