//! The connection itself: coming about, being held, ending.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use picdesk_core::channel::{Arrival, Inbox, InboxError};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{Instant, MissedTickBehavior, interval_at, sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};
use url::Url;

use super::{
    Command, SocketHandle,
    line::{Line, frame},
    proxy,
};
use crate::{
    Clock,
    answer::{Alarm, No, bot_named},
    client::Alarms,
    config::{BotMode, BotSettings, BotWords, Patience},
    menus::{self, Menus},
    parse::bot::{BotReading, Said, read_bot},
    render::bot::{greeting, open_frame},
    streams::{Stream, StreamStore},
    verify::Secret,
    webhook::bot::{pressed_card, recognize},
};

/// Largest frame that is read, bytes.
const FRAME_BYTES_MAX: usize = 1 << 20;

/// How often in a row our credentials may be refused before we give up. Source: the SDK.
const REFUSED_MAX: u32 = 5;

/// How often it is tried to write down what came, until it is given up.
const WRITES_MAX: u32 = 8;

/// Why the connection is not held any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// Another one took its place: whoever holds the lease gives it up.
    Replaced,
    /// Our credentials are not accepted.
    Refused,
}

/// How one connection ended.
enum Over {
    Ended(Ended),
    /// It broke: once more. `held`: it had come about.
    Broken {
        held: bool,
    },
    /// Our credentials were refused, with this code.
    NotAccepted(No),
}

type Stop<'s> = Pin<&'s mut (dyn Future<Output = ()> + Send)>;
type Wire = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Holds the bot's connection.
pub struct Socket {
    url: Url,
    bot_id: String,
    secret: Secret,
    proxy: Option<Url>,
    words: BotWords,
    name: String,
    handle: Arc<SocketHandle>,
    inbox: Arc<dyn Inbox>,
    menus: Arc<dyn Menus>,
    streams: Arc<dyn StreamStore>,
    alarms: Arc<dyn Alarms>,
    clock: Clock,
    patience: Patience,
}

/// What a connection needs of the house.
#[derive(Clone)]
pub struct Means {
    /// Where what comes is written down.
    pub inbox: Arc<dyn Inbox>,
    /// Where numbered buttons are kept.
    pub menus: Arc<dyn Menus>,
    /// Where answers are kept.
    pub streams: Arc<dyn StreamStore>,
}

#[derive(Deserialize)]
struct Frame<'f> {
    #[serde(default)]
    cmd: Option<String>,
    #[serde(default)]
    headers: Headers,
    #[serde(borrow, default)]
    body: Option<&'f RawValue>,
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

#[derive(Default, Deserialize)]
struct Headers {
    #[serde(default)]
    req_id: String,
}

impl Socket {
    /// A connection by these settings; nothing in the other mode. Nothing is opened yet.
    #[must_use]
    pub fn new(
        settings: &BotSettings,
        handle: Arc<SocketHandle>,
        means: Means,
        house: &crate::client::House,
    ) -> Option<Self> {
        let BotMode::Socket { bot_id, secret, url } = &settings.mode else { return None };
        Some(Self {
            url: url.clone(),
            bot_id: bot_id.clone(),
            secret: secret.clone(),
            proxy: None,
            words: settings.words.clone(),
            name: settings.name.clone(),
            handle,
            inbox: means.inbox,
            menus: means.menus,
            streams: means.streams,
            alarms: house.alarms.clone(),
            clock: house.clock.clone(),
            patience: house.patience,
        })
    }

    /// By way of this proxy, where calls out need one: http or socks5.
    #[must_use]
    pub fn through(mut self, proxy: Option<Url>) -> Self {
        self.proxy = proxy;
        self
    }

    /// Holds the connection, and opens it again when it breaks, until `stop` is ready or another
    /// one takes its place.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Ended {
        let mut stop = std::pin::pin!(stop);
        let (mut wait, mut refused) = (self.patience.retry_first, 0);
        loop {
            let over = self.once(stop.as_mut()).await;
            self.handle.disconnect();
            match over {
                Over::Ended(ended) => return ended,
                Over::Broken { held } => {
                    if held {
                        (wait, refused) = (self.patience.retry_first, 0);
                    }
                    tracing::warn!("wecom: the bot's connection broke");
                }
                Over::NotAccepted(no) => {
                    refused += 1;
                    tracing::warn!("wecom: the bot's connection was refused: {no}");
                    if refused >= REFUSED_MAX {
                        let words = format!(
                            "it is refused: compare wecom.bot.bot_id and \
                            wecom.bot.secret with the bot's API mode in the console ({no})"
                        );
                        let of = bot_named(&self.bot_id);
                        self.alarms.raise(&Alarm::new("bot_secret", &of, &words));
                        return Ended::Refused;
                    }
                }
            }
            tokio::select! {
                biased;
                () = stop.as_mut() => return Ended::Stopped,
                () = sleep(wait) => {}
            }
            wait = (wait * 2).min(self.patience.retry_most);
        }
    }

    async fn once(&self, mut stop: Stop<'_>) -> Over {
        let broken = Over::Broken { held: false };
        let mut wire = tokio::select! {
            biased;
            () = stop.as_mut() => return Over::Ended(Ended::Stopped),
            wire = self.connect() => match wire {
                Some(wire) => wire,
                None => return broken,
            },
        };
        let mut line = Line::new(self.patience.ack);
        let id = line.id("aibot_subscribe");
        let body = json!({ "bot_id": self.bot_id, "secret": self.secret.expose() });
        if !say(&mut wire, frame("aibot_subscribe", &id, Some(&body))).await {
            return broken;
        }
        let accepted = tokio::select! {
            biased;
            () = stop.as_mut() => return Over::Ended(Ended::Stopped),
            accepted = timeout(self.patience.ack, accepted(&mut wire, &id)) => accepted,
        };
        match accepted {
            Ok(Some(Ok(()))) => {}
            Ok(Some(Err(no))) => return Over::NotAccepted(no),
            Ok(None) | Err(_) => return broken,
        }
        let over = self.hold(&mut wire, &mut line, stop).await;
        self.handle.disconnect();
        line.end();
        let _ = timeout(self.patience.ack, wire.close(None)).await;
        over
    }

    async fn connect(&self) -> Option<Wire> {
        let config = WebSocketConfig::default()
            .max_message_size(Some(FRAME_BYTES_MAX))
            .max_frame_size(Some(FRAME_BYTES_MAX));
        let connect = async {
            let stream = proxy::connect(&self.url, self.proxy.as_ref()).await.ok()?;
            let url = self.url.as_str();
            client_async_tls_with_config(url, stream, Some(config), None).await.ok()
        };
        match timeout(self.patience.call, connect).await {
            Ok(Some((wire, _))) => Some(wire),
            Ok(None) | Err(_) => None,
        }
    }

    async fn hold(&self, wire: &mut Wire, line: &mut Line, mut stop: Stop<'_>) -> Over {
        let broken = Over::Broken { held: true };
        let mut commands = self.handle.connect();
        let mut ping = interval_at(Instant::now() + self.patience.ping, self.patience.ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut look = tokio::time::interval(self.patience.ack.min(Duration::from_millis(500)));
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let frames = tokio::select! {
                biased;
                () = stop.as_mut() => return Over::Ended(Ended::Stopped),
                message = wire.next() => match message {
                    Some(Ok(Message::Text(text))) => match self.heard(&text, line).await {
                        Ok(frames) => frames,
                        Err(ended) => return Over::Ended(ended),
                    },
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return broken,
                    // Pings of the protocol's own are answered by the library.
                    Some(Ok(_)) => Vec::new(),
                },
                command = next(&mut commands) => line.take(command).into_iter().collect(),
                _ = ping.tick() => match line.ping() {
                    Some(frame) => vec![frame],
                    None => return broken,
                },
                _ = look.tick() => line.expire(),
            };
            for frame in frames {
                if !say(wire, frame).await {
                    return broken;
                }
            }
        }
    }

    /// Takes a frame; what is to be said next.
    async fn heard(&self, text: &str, line: &mut Line) -> Result<Vec<String>, Ended> {
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(text) else { return Ok(Vec::new()) };
        let req_id = frame.headers.req_id;
        match frame.cmd.as_deref() {
            None => Ok(line.answered(&req_id, frame.errcode, &frame.errmsg).into_iter().collect()),
            Some("aibot_msg_callback" | "aibot_event_callback") => {
                let body = frame.body.map_or("", RawValue::get);
                let answer = self.told(body, &req_id).await?;
                // In line with what else answers it: the next waits until WeCom has taken this.
                let answer = answer.and_then(|(cmd, body)| line.take(answer_to(cmd, req_id, body)));
                Ok(answer.into_iter().collect())
            }
            Some(_) => Ok(Vec::new()),
        }
    }

    /// Takes what somebody said or did; what answers it at once.
    async fn told(&self, body: &str, req_id: &str) -> Result<Option<(&'static str, Value)>, Ended> {
        match read_bot(body, (self.clock)(), &self.name) {
            BotReading::Said(mut said) => {
                if recognize(self.streams.as_ref(), &mut said).await.is_err() {
                    tracing::warn!("wecom: what is quoted could not be looked for");
                }
                let stream = Stream::begin(&said, Some(req_id.to_owned()));
                let opening = open_frame(&stream.id, &self.words.opening);
                self.open(stream, *said.arrival).await;
                Ok(Some(("aibot_respond_msg", opening)))
            }
            BotReading::Happened(said) => {
                let card = pressed_card(self.streams.as_ref(), &said, &self.words.pressed).await;
                let Said { arrival, .. } = said.clone();
                self.open(Stream::of_tap(&said, Some(req_id.to_owned())), *arrival).await;
                let update = card.unwrap_or_default();
                Ok(update.map(|body| ("aibot_respond_update_msg", body)))
            }
            BotReading::Opened(arrival) => {
                self.write_down(*arrival).await;
                let words = &self.words.greeting;
                let welcome = (!words.is_empty()).then(|| greeting(words));
                Ok(welcome.map(|body| ("aibot_respond_welcome_msg", body)))
            }
            BotReading::Noted(arrival) => {
                self.write_down(*arrival).await;
                Ok(None)
            }
            BotReading::Replaced => Err(Ended::Replaced),
            BotReading::Poll { .. } | BotReading::Nothing => Ok(None),
        }
    }

    async fn open(&self, stream: Stream, arrival: Arrival) {
        let mut wait = self.patience.retry_first;
        for _ in 0..WRITES_MAX {
            if self.streams.open(stream.clone()).await.is_ok() {
                break;
            }
            sleep(wait).await;
            wait = (wait * 2).min(self.patience.retry_most);
        }
        self.write_down(arrival).await;
    }

    /// WeCom does not come again with what it said on the connection, so the store is waited for.
    async fn write_down(&self, arrival: Arrival) {
        let mut arrivals = vec![arrival];
        menus::resolve(&self.menus, &mut arrivals).await;
        let mut wait = self.patience.retry_first;
        for _ in 0..WRITES_MAX {
            match self.inbox.accept(arrivals.clone(), None).await {
                Ok(()) => return,
                Err(InboxError::Unavailable | InboxError::NotOurs) => sleep(wait).await,
            }
            wait = (wait * 2).min(self.patience.retry_most);
        }
        tracing::error!("wecom: a message to the bot could not be written down");
    }
}

/// An answer that nobody here waits for.
fn answer_to(cmd: &'static str, req_id: String, body: Value) -> Command {
    let (asked, _) = oneshot::channel();
    Command { cmd, req_id: Some(req_id), body, asked }
}

/// The next command; waits for ever when there can be none.
async fn next(commands: &mut mpsc::Receiver<Command>) -> Command {
    match commands.recv().await {
        Some(command) => command,
        None => std::future::pending().await,
    }
}

/// Waits for the answer to the subscription.
async fn accepted(wire: &mut Wire, id: &str) -> Option<Result<(), No>> {
    while let Some(Ok(message)) = wire.next().await {
        let Message::Text(text) = message else { continue };
        let Ok(frame) = serde_json::from_str::<Frame<'_>>(&text) else { continue };
        if frame.headers.req_id == id {
            return Some(match frame.errcode {
                0 => Ok(()),
                code => Err(No::read(code, &frame.errmsg)),
            });
        }
    }
    None
}

async fn say(wire: &mut Wire, frame: String) -> bool {
    wire.send(Message::text(frame)).await.is_ok()
}
