//! A WeCom that stands in for the real one, and its members: so many messages at once, each in an
//! envelope of its own, and what the desk sends back. As cheap as can be, for it shares the machine
//! with what it measures.

use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Context as _;
use axum::{Router, extract::State, http::Uri};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::FutureExt as _;
use picdesk::clock::Clock;
use picdesk_wecom::{
    envelope::{AesKey, Envelope},
    verify::Secret,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinSet};

use crate::{
    house::{Desk, PATIENCE},
    line::Line,
};

const CORP: &str = "ww00000000bench00";
const AGENT: u32 = 1_000_002;
const TOKEN: &str = "benchToken7";
const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
/// What members say, in turn. Both are answered with one message.
const COMMANDS: [&str; 2] = ["/help", "/balance"];

/// Members of the company, and the WeCom that they write in.
pub struct Wecom {
    api_url: String,
    members: Arc<Vec<Notify>>,
    envelope: Envelope,
    next: AtomicU64,
    clock: Clock,
}

impl Wecom {
    /// Opens one with so many members.
    pub async fn open(members: usize) -> anyhow::Result<Arc<Self>> {
        let members: Arc<Vec<Notify>> = Arc::new((0..members).map(|_| Notify::new()).collect());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&members));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let api_url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        let key = AesKey::read(KEY).context("a key")?;
        let envelope = Envelope::new(Secret::new(TOKEN), key, CORP);
        let next = AtomicU64::new(7_381_000_000_000_000_001);
        Ok(Arc::new(Self { api_url, members, envelope, next, clock: Clock::system() }))
    }

    /// The section of the configuration that leads here.
    pub fn config(&self) -> String {
        format!(
            "[wecom]\ncorp_id = \"{CORP}\"\napi_url = \"{}\"\nagent_id = {AGENT}\n\
             secret = \"bench\"\ntoken = \"{TOKEN}\"\naes_key = \"{KEY}\"\n",
            self.api_url
        )
    }

    /// A call of the callback with a member's next command.
    fn callback(&self, member: usize) -> Vec<u8> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let command = COMMANDS[usize::from(number.is_multiple_of(2))];
        let now_s = self.clock.now_ms() / 1000;
        let message = format!(
            "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName>\
             <![CDATA[member_{member}]]></FromUserName><CreateTime>{now_s}</CreateTime>\
             <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{command}]]></Content>\
             <MsgId>{number}</MsgId><AgentID>{AGENT}</AgentID></xml>"
        );
        self.sealed(number, &message)
    }

    /// One that tells that somebody has left who never wrote: it is written down, and nothing
    /// follows from it.
    fn leaving(&self) -> Vec<u8> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let now_s = self.clock.now_ms() / 1000;
        let event = format!(
            "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><FromUserName>\
             <![CDATA[stranger_{number}]]></FromUserName><CreateTime>{now_s}</CreateTime>\
             <MsgType><![CDATA[event]]></MsgType><Event><![CDATA[unsubscribe]]></Event>\
             <AgentID>{AGENT}</AgentID></xml>"
        );
        self.sealed(number, &event)
    }

    /// A call with this in its envelope.
    fn sealed(&self, number: u64, message: &str) -> Vec<u8> {
        let now_s = self.clock.now_ms() / 1000;
        let mut random = [7; 16];
        random[..8].copy_from_slice(&number.to_le_bytes());
        let encrypted = self.envelope.encrypt(message, random);
        let (timestamp, nonce) = (now_s.to_string(), format!("{}", number % 10_000_000_000));
        let signature = self.envelope.sign(&timestamp, &nonce, &encrypted);
        posted(&signature, (&timestamp, &nonce), &encrypted)
    }

    /// Whatever was sent to a member before is not the answer to what they say next: who is new
    /// gets two messages.
    fn forget(&self, member: usize) {
        let _rung = self.members[member].notified().now_or_never();
    }

    async fn answered(&self, member: usize) -> anyhow::Result<()> {
        let rung = tokio::time::timeout(PATIENCE, self.members[member].notified()).await;
        rung.with_context(|| format!("no answer to member {member}"))
    }

    /// Everybody writes once, so that everybody is known.
    pub async fn meet(self: &Arc<Self>, desk: &Desk) -> anyhow::Result<()> {
        let mut all = JoinSet::new();
        for first in 0..LINES {
            let this = Arc::clone(self);
            let mut line = Line::open(desk.address).await?;
            all.spawn(async move {
                for member in (first..this.members.len()).step_by(LINES) {
                    line.bring(&this.callback(member)).await?;
                    this.answered(member).await?;
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = all.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// So many members say one thing after the other, each once the last one is answered, for a
    /// while; how many were answered.
    pub async fn at_once(
        self: &Arc<Self>,
        desk: &Desk,
        members: usize,
        lasting: Duration,
    ) -> anyhow::Result<u64> {
        let answered = Arc::new(AtomicU64::new(0));
        let until = Instant::now() + lasting;
        // Goes on where the last run ended: WeCom lets nobody have more than 30 a minute.
        let start = usize::try_from(self.next.load(Ordering::Relaxed))?;
        let mut all = JoinSet::new();
        for first in 0..members {
            let (this, answered) = (Arc::clone(self), Arc::clone(&answered));
            let mut line = Line::open(desk.address).await?;
            all.spawn(async move {
                let mut turn = 0;
                while Instant::now() < until {
                    let member = (start + first + turn * members) % this.members.len();
                    turn += 1;
                    this.forget(member);
                    line.bring(&this.callback(member)).await?;
                    this.answered(member).await?;
                    answered.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = all.join_next().await {
            ended??;
        }
        Ok(answered.load(Ordering::Relaxed))
    }
}

impl Wecom {
    /// So many connections bring one event after the other from which nothing follows, each once
    /// the last one is on disk, for a while; how many were.
    pub async fn on_disk_at_once(
        self: &Arc<Self>,
        desk: &Desk,
        lines: usize,
        lasting: Duration,
    ) -> anyhow::Result<u64> {
        let brought = Arc::new(AtomicU64::new(0));
        let until = Instant::now() + lasting;
        let mut all = JoinSet::new();
        for _ in 0..lines {
            let (this, brought) = (Arc::clone(self), Arc::clone(&brought));
            let mut line = Line::open(desk.address).await?;
            all.spawn(async move {
                while Instant::now() < until {
                    line.bring(&this.leaving()).await?;
                    brought.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            });
        }
        while let Some(ended) = all.join_next().await {
            ended??;
        }
        Ok(brought.load(Ordering::Relaxed))
    }
}

/// What is wrong with a callback that is refused. All are of one length.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// One letter of its signature.
    Signature,
    /// Its padding, rightly signed.
    Padding,
    /// For whom it is, rightly signed.
    Receiver,
}

impl Wrong {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Signature, Self::Padding, Self::Receiver];

    /// What it is called, and the status that it gets.
    pub const fn named(self) -> (&'static str, u16) {
        match self {
            Self::Signature => ("a signature", 403),
            Self::Padding => ("a padding", 400),
            Self::Receiver => ("a receiver", 400),
        }
    }
}

impl Wecom {
    /// A callback that is refused.
    pub fn wrong(&self, wrong: Wrong) -> anyhow::Result<Vec<u8>> {
        let message = "x".repeat(300);
        let encrypted = match wrong {
            Wrong::Receiver => {
                let key = AesKey::read(KEY).context("a key")?;
                let other: String = CORP.chars().rev().collect();
                Envelope::new(Secret::new(TOKEN), key, other).encrypt(&message, [7; 16])
            }
            Wrong::Signature | Wrong::Padding => self.envelope.encrypt(&message, [7; 16]),
        };
        let mut bytes = STANDARD.decode(encrypted)?;
        if wrong == Wrong::Padding {
            // A bit of the last block but one is the same bit of the last one's plain text.
            let at = bytes.len().checked_sub(17).context("two blocks")?;
            bytes[at] ^= 0x80;
        }
        let encrypted = STANDARD.encode(bytes);
        let (timestamp, nonce) = ("1790000000", "1597212914");
        let mut signature = self.envelope.sign(timestamp, nonce, &encrypted);
        if wrong == Wrong::Signature {
            let last = if signature.ends_with('0') { "1" } else { "0" };
            signature.replace_range(39.., last);
        }
        Ok(posted(&signature, (timestamp, nonce), &encrypted))
    }
}

/// A call of the callback.
fn posted(signature: &str, (timestamp, nonce): (&str, &str), encrypted: &str) -> Vec<u8> {
    let body = format!(
        "<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]>\
         </Encrypt><AgentID><![CDATA[{AGENT}]]></AgentID></xml>"
    );
    let length = body.len();
    format!(
        "POST /wecom/callback?msg_signature={signature}&timestamp={timestamp}&nonce={nonce} \
         HTTP/1.1\r\nhost: desk\r\ncontent-type: text/xml\r\ncontent-length: {length}\r\n\r\n\
         {body}"
    )
    .into_bytes()
}

/// Connections while everybody is met.
const LINES: usize = 50;

/// Answers a call of the API: a token, or that a message was sent.
async fn answer(State(members): State<Arc<Vec<Notify>>>, uri: Uri, body: Bytes) -> String {
    if uri.path().ends_with("/gettoken") {
        let token = "a".repeat(214);
        return json!({"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200})
            .to_string();
    }
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let member = message["touser"].as_str().and_then(|user| user.strip_prefix("member_"));
    if let Some(rung) = member.and_then(|number| members.get(number.parse::<usize>().ok()?)) {
        rung.notify_one();
    }
    r#"{"errcode":0,"errmsg":"ok","msgid":"m1"}"#.to_owned()
}
