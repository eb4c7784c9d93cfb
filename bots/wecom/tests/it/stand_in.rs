//! A WeCom on loopback that answers as it is told and remembers what it was asked; and a house that
//! remembers what it was given.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Query, Request, State},
    http::{Response, header},
};
use picdesk_core::{
    channel::{Arrival, Checkpoint, Inbox, InboxError},
    id::ConversationId,
};
use picdesk_wecom::{
    BotWords, KfSettings, Patience, WecomSettings,
    answer::Alarm,
    client::{Alarms, Client, House, http_client},
    menus::{Chooses, Menus},
    streams::{Stream, StreamStore, Unavailable},
    token::{Token, TokenStore},
    verify::Secret,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

pub const NOW: i64 = 1_790_000_900_000;

/// How the stand-in answers a call.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Without a fault, and with this.
    Ok(Value),
    /// With this code and these words.
    No(i64, &'static str),
    /// With this status and body, whatever they are.
    Raw(u16, Vec<u8>),
    /// With a file.
    File(Vec<u8>),
    /// With the part of this file that is asked for; who asks for all of it is refused.
    InParts(Bytes),
    /// Not within any time-out.
    Never,
}

/// A call that was made.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The path without `/cgi-bin/`.
    pub path: String,
    /// The query.
    pub query: HashMap<String, String>,
    /// The body, where it is JSON.
    pub body: Value,
    /// The file: name, media type, bytes.
    pub file: Option<(String, String, Vec<u8>)>,
}

#[derive(Default)]
pub struct Inner {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    asked: Mutex<Vec<Asked>>,
    tokens: AtomicU32,
    news: Notify,
}

/// The stand-in and the house around the adapter.
pub struct StandIn {
    inner: Arc<Inner>,
    pub address: String,
    pub inbox: Arc<Tray>,
    pub menus: Arc<Numbers>,
    pub streams: Arc<Rows>,
    pub tokens: Arc<Tokens>,
    pub alarms: Arc<Heard>,
    pub now: Arc<AtomicI64>,
}

impl StandIn {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let router = Router::new().fallback(answer).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            inner,
            address,
            inbox: Arc::default(),
            menus: Arc::default(),
            streams: Arc::default(),
            tokens: Arc::default(),
            alarms: Arc::default(),
            now: Arc::new(AtomicI64::new(NOW)),
        }
    }

    /// The next calls of a path are answered so; later ones without a fault.
    pub fn reply(&self, path: &str, reply: Reply) -> &Self {
        let mut replies = self.inner.replies.lock().unwrap();
        replies.entry(path.to_owned()).or_default().push_back(reply);
        self
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.inner.asked.lock().unwrap().clone()
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.path).collect()
    }

    /// The calls of a path.
    pub fn of(&self, path: &str) -> Vec<Asked> {
        self.asked().into_iter().filter(|asked| asked.path == path).collect()
    }

    /// Waits until a path was called for the `count`th time.
    pub async fn until(&self, path: &str, count: usize) {
        let wait = async {
            loop {
                let news = self.inner.news.notified();
                if self.of(path).len() >= count {
                    return;
                }
                news.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap();
    }

    pub fn settings(&self) -> WecomSettings {
        WecomSettings {
            corp_id: "ww00000000example".into(),
            api_url: self.address.parse().unwrap(),
            agent_id: 1_000_002,
            secret: Secret::new("the-apps-secret-of-the-tests"),
            token: Secret::new(crate::envelopes::TOKEN),
            aes_key: Secret::new(crate::envelopes::KEY),
            kf: Some(kf_settings()),
            greets_contacts: true,
            operators: Vec::new(),
        }
    }

    pub fn house(&self) -> House {
        let now = self.now.clone();
        House {
            http: http_client(None).unwrap(),
            tokens: self.tokens.clone(),
            alarms: self.alarms.clone(),
            clock: Arc::new(move || now.load(Ordering::SeqCst)),
            patience: hurried(),
        }
    }

    pub fn client(&self) -> Arc<Client> {
        Arc::new(Client::new(&self.settings(), &self.house()))
    }
}

pub fn kf_settings() -> KfSettings {
    KfSettings {
        accounts: vec!["wkEXAMPLE1".into()],
        sync_every: Duration::from_hours(1),
        first_sync_age_max: Duration::from_mins(10),
        house: "h1".into(),
        hand_over: picdesk_wecom::HandOver::Pool,
    }
}

/// Quick to lose patience.
pub fn hurried() -> Patience {
    Patience {
        call: Duration::from_millis(700),
        upload: Duration::from_millis(700),
        retry_first: Duration::from_millis(1),
        retry_most: Duration::from_millis(20),
        busy: Duration::from_millis(1),
        limited: Duration::from_millis(30),
        without_token: Duration::from_millis(400),
        ping: Duration::from_millis(100),
        ack: Duration::from_millis(500),
    }
}

async fn answer(State(inner): State<Arc<Inner>>, request: Request) -> Response<Body> {
    let path = request.uri().path().trim_start_matches("/cgi-bin/").to_owned();
    let query = Query::<HashMap<String, String>>::try_from_uri(request.uri()).unwrap().0;
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let kind = kind.map_or_else(String::new, |kind| kind.to_str().unwrap().to_owned());
    let mut asked = Asked { path: path.clone(), query, body: Value::Null, file: None };
    let range = request.headers().get(header::RANGE).map(|it| it.to_str().unwrap().to_owned());
    if kind.starts_with("multipart/") {
        let mut form = Multipart::from_request(request, &()).await.unwrap();
        while let Some(part) = form.next_field().await.unwrap() {
            assert_eq!(part.name(), Some("media"));
            let name = part.file_name().unwrap().to_owned();
            let media_type = part.content_type().unwrap().to_owned();
            asked.file = Some((name, media_type, part.bytes().await.unwrap().to_vec()));
        }
    } else {
        let body: Bytes = axum::body::to_bytes(request.into_body(), 1 << 26).await.unwrap();
        if !body.is_empty() {
            assert_eq!(kind, "application/json");
            assert!(!body.windows(2).any(|pair| pair == b"\\u"), "letters go as they are");
            asked.body = serde_json::from_slice(&body).unwrap();
        }
    }
    inner.asked.lock().unwrap().push(asked);
    inner.news.notify_waiters();
    let reply = inner.replies.lock().unwrap().get_mut(&path).and_then(VecDeque::pop_front);
    match reply.unwrap_or_else(|| Reply::Ok(usual(&inner, &path))) {
        Reply::Ok(mut more) => {
            more["errcode"] = json!(0);
            more["errmsg"] = json!("ok");
            raw(200, more.to_string().into())
        }
        Reply::No(code, words) => {
            raw(200, json!({ "errcode": code, "errmsg": words }).to_string().into())
        }
        Reply::Raw(status, body) => raw(status, body),
        Reply::File(bytes) => Response::builder()
            .header("content-disposition", "attachment; filename=\"a.png\"")
            .body(bytes.into())
            .unwrap(),
        Reply::InParts(whole) => part(&whole, range.as_deref()),
        Reply::Never => std::future::pending().await,
    }
}

fn usual(inner: &Inner, path: &str) -> Value {
    match path {
        "gettoken" => {
            let count = inner.tokens.fetch_add(1, Ordering::SeqCst) + 1;
            json!({ "access_token": format!("token-{count}-of-the-tests"), "expires_in": 7200 })
        }
        "media/upload" => json!({ "media_id": "MEDIAup", "created_at": "1790000900" }),
        "message/send" => json!({ "msgid": "MSGID", "invaliduser": "" }),
        "kf/sync_msg" => json!({ "next_cursor": "", "has_more": 0, "msg_list": [] }),
        _ => json!({}),
    }
}

fn part(whole: &Bytes, range: Option<&str>) -> Response<Body> {
    let Some(range) = range else {
        let no = json!({ "errcode": 830_002, "errmsg": "media too large, use Range" });
        return raw(200, no.to_string().into());
    };
    let (from, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (from, last): (usize, usize) = (from.parse().unwrap(), last.parse().unwrap());
    assert!(from % 16 == 0 && (last + 1) % 16 == 0 && last - from < 20_000_000, "{range}");
    let to = whole.len().min(last + 1);
    Response::builder()
        .status(206)
        .header("content-disposition", "attachment; filename=\"a.png\"")
        .header("content-range", format!("bytes {from}-{}/{}", to - 1, whole.len()))
        .body(whole.slice(from..to).into())
        .unwrap()
}

fn raw(status: u16, body: Vec<u8>) -> Response<Body> {
    Response::builder().status(status).body(body.into()).unwrap()
}

/// An inbox in memory that fails as told, and keeps each name once.
#[derive(Default)]
pub struct Tray {
    pub accepted: Mutex<Vec<(Vec<Arrival>, Option<Checkpoint>)>>,
    pub errors: Mutex<VecDeque<InboxError>>,
    pub stands: Mutex<Option<String>>,
    pub news: Notify,
}

impl Tray {
    /// The names of what was kept, each once, in order.
    pub fn names(&self) -> Vec<String> {
        let accepted = self.accepted.lock().unwrap();
        let mut names = Vec::new();
        for arrival in accepted.iter().flat_map(|(arrivals, _)| arrivals) {
            let name = match arrival {
                Arrival::Event(received) => received.external_id.clone(),
                Arrival::SetAside { external_id, .. } => external_id.clone(),
                Arrival::Asked(asking) => asking.question.clone(),
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

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
        Ok(self.stands.lock().unwrap().clone())
    }
}

/// Menus in memory.
#[derive(Default)]
pub struct Numbers(pub Mutex<HashMap<(String, usize), String>>, Mutex<HashSet<String>>);

#[async_trait]
impl Menus for Numbers {
    async fn remember(&self, conversation: &ConversationId, tokens: &[String]) -> Chooses {
        {
            let mut kept = self.0.lock().unwrap();
            kept.retain(|(place, _), _| *place != conversation.0);
            for (number, token) in (1..).zip(tokens).filter(|(_, token)| !token.is_empty()) {
                kept.insert((conversation.0.clone(), number), token.clone());
            }
        }
        self.way(conversation).await
    }

    async fn way(&self, conversation: &ConversationId) -> Chooses {
        let by_card = self.1.lock().unwrap().contains(&conversation.0);
        if by_card { Chooses::ByCard } else { Chooses::ByNumber }
    }

    async fn find(&self, conversation: &ConversationId, number: usize) -> Option<String> {
        self.0.lock().unwrap().get(&(conversation.0.clone(), number)).cloned()
    }

    async fn chose(&self, conversation: &ConversationId, how: Chooses) {
        let mut by_card = self.1.lock().unwrap();
        match how {
            Chooses::ByCard => by_card.insert(conversation.0.clone()),
            Chooses::ByNumber => by_card.remove(&conversation.0),
        };
    }
}

/// What the bot says of itself.
pub fn bot_words() -> BotWords {
    BotWords {
        opening: "…".into(),
        greeting: "你好".into(),
        taken_back: "已撤回".into(),
        unanswered: "没能回复".into(),
        pressed: "稍后回复".into(),
        write_instead: "请写给我".into(),
    }
}

/// Answers in the making, in memory.
#[derive(Default)]
pub struct Rows(pub Mutex<Vec<Stream>>);

#[async_trait]
impl StreamStore for Rows {
    async fn open(&self, stream: Stream) -> Result<(), Unavailable> {
        let mut rows = self.0.lock().unwrap();
        if rows.iter().all(|row| row.id != stream.id) {
            rows.push(stream);
        }
        Ok(())
    }

    async fn find(&self, id: &str) -> Result<Option<Stream>, Unavailable> {
        Ok(self.0.lock().unwrap().iter().find(|row| row.id == id).cloned())
    }

    async fn recent(&self, conversation: &ConversationId) -> Result<Vec<Stream>, Unavailable> {
        let rows = self.0.lock().unwrap();
        let there = rows.iter().rev().filter(|row| row.conversation == *conversation);
        Ok(there.cloned().collect())
    }

    async fn quoted(
        &self,
        conversation: &ConversationId,
        said: &str,
    ) -> Result<Option<Stream>, Unavailable> {
        let rows = self.0.lock().unwrap();
        let is_meant = |row: &&Stream| {
            row.conversation == *conversation && row.said().as_deref() == Some(said)
        };
        Ok(rows.iter().rev().find(is_meant).cloned())
    }

    async fn save(&self, stream: &Stream) -> Result<bool, Unavailable> {
        let mut rows = self.0.lock().unwrap();
        let Some(row) = rows.iter_mut().find(|row| row.id == stream.id) else { return Ok(false) };
        let ours = row.version + 1 == stream.version;
        if ours {
            *row = stream.clone();
        }
        Ok(ours)
    }
}

/// The token, shared by replicas.
#[derive(Default)]
pub struct Tokens {
    pub token: Mutex<Option<Token>>,
    pub claimed: Mutex<bool>,
}

#[async_trait]
impl TokenStore for Tokens {
    async fn load(&self, _: &str) -> Option<Token> {
        self.token.lock().unwrap().clone()
    }

    async fn save(&self, _: &str, token: &Token) {
        *self.token.lock().unwrap() = Some(token.clone());
        *self.claimed.lock().unwrap() = false;
    }

    async fn claim(&self, _: &str, _: i64) -> bool {
        !std::mem::replace(&mut *self.claimed.lock().unwrap(), true)
    }

    async fn release(&self, _: &str, _: i64) {
        *self.claimed.lock().unwrap() = false;
    }
}

/// What the owner was told.
#[derive(Default)]
pub struct Heard(pub Mutex<Vec<Alarm>>);

impl Alarms for Heard {
    fn raise(&self, alarm: &Alarm) {
        self.0.lock().unwrap().push(alarm.clone());
    }
}
