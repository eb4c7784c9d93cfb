//! The bot's connection, against a WeCom that accepts, answers, puts out and vanishes.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use picdesk_core::{
    channel::{
        Channel, Content, Delivery, DeliveryError, OutboundFile, OutboundMessage, Place, Repeat,
        Text,
    },
    id::{ArtifactId, OutboundId},
};
use picdesk_wecom::{
    BotMode, BotSettings, WecomBot,
    socket::{Ended, Means, Socket, SocketHandle},
    verify::Secret,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};
use tokio_tungstenite::{WebSocketStream, accept_async, tungstenite::Message};

use crate::stand_in::{StandIn, bot_words};

struct House {
    listener: TcpListener,
    wecom: StandIn,
    handle: Arc<SocketHandle>,
    settings: BotSettings,
}

impl House {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap()).parse().unwrap();
        let mode =
            BotMode::Socket { bot_id: "BOTexample".into(), secret: Secret::new("bot-secret"), url };
        let settings = BotSettings { mode, name: String::new(), words: bot_words() };
        let (wecom, handle) = (StandIn::start().await, SocketHandle::new());
        Self { listener, wecom, handle, settings }
    }

    /// Holds the connection until the sender is used or dropped.
    fn run(&self) -> (JoinHandle<Ended>, oneshot::Sender<()>) {
        let means = Means {
            inbox: self.wecom.inbox.clone(),
            menus: self.wecom.menus.clone(),
            streams: self.wecom.streams.clone(),
        };
        let house = self.wecom.house();
        let socket = Socket::new(&self.settings, self.handle.clone(), means, &house).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            socket
                .run(async {
                    let _ = stopped.await;
                })
                .await
        });
        (task, stop)
    }

    fn channel(&self) -> Arc<WecomBot> {
        let (streams, menus) = (self.wecom.streams.clone(), self.wecom.menus.clone());
        let house = self.wecom.house();
        Arc::new(WecomBot::new(&self.settings, &house, streams, menus, self.handle.clone()))
    }

    /// A connection that has subscribed.
    async fn subscribed(&self) -> Peer {
        let mut peer = self.accepted().await;
        let frame = peer.next("aibot_subscribe").await;
        assert_eq!(frame["body"], json!({ "bot_id": "BOTexample", "secret": "bot-secret" }));
        peer.answer(&frame, 0).await;
        // The first ping shows that the connection is held and answers can leave on it.
        let ping = peer.next("ping").await;
        peer.answer(&ping, 0).await;
        peer
    }

    async fn accepted(&self) -> Peer {
        let accept = self.listener.accept();
        let (stream, _) =
            tokio::time::timeout(Duration::from_secs(20), accept).await.unwrap().unwrap();
        Peer(accept_async(stream).await.unwrap())
    }
}

/// WeCom's end.
struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    /// The next frame of this kind; pings on the way are answered.
    async fn next(&mut self, cmd: &str) -> Value {
        let frame = async {
            loop {
                let Message::Text(text) = self.0.next().await.unwrap().unwrap() else { continue };
                let frame: Value = serde_json::from_str(&text).unwrap();
                if frame["cmd"] == cmd {
                    return frame;
                }
                assert_eq!(frame["cmd"], "ping", "{frame} instead of {cmd}");
                self.answer(&frame, 0).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), frame).await.unwrap()
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    async fn answer(&mut self, frame: &Value, code: i64) {
        self.say(json!({ "headers": frame["headers"], "errcode": code, "errmsg": "" })).await;
    }

    async fn told(&mut self, req_id: &str, body: Value) {
        let cmd =
            if body["msgtype"] == "event" { "aibot_event_callback" } else { "aibot_msg_callback" };
        self.say(json!({ "cmd": cmd, "headers": { "req_id": req_id }, "body": body })).await;
    }
}

fn said(id: &str) -> Value {
    json!({ "msgid": id, "chattype": "single", "from": { "userid": "lisi_01" },
        "msgtype": "text", "text": { "content": "a fox" } })
}

fn event(kind: &str) -> Value {
    json!({ "msgid": kind, "from": { "userid": "lisi_01" }, "msgtype": "event",
        "event": { "eventtype": kind } })
}

fn delivery(id: i64, content: Content) -> Delivery {
    let file = matches!(content, Content::Picture { .. }).then(|| OutboundFile::Upload {
        bytes: vec![1, 2, 3],
        name: "picture.png".into(),
        media_type: "image/png",
    });
    let message = OutboundMessage {
        id: OutboundId(id),
        conversation: "wecom-bot:lisi_01".into(),
        place: Place::New { slot: None },
        reply_to: None,
        content,
        buttons: Vec::new(),
        repeat: Repeat::Harmless,
        silent: false,
    };
    Delivery { message, edit: None, edit_is_picture: false, file, maybe_begun: false }
}

fn words(id: i64, words: &str) -> Delivery {
    delivery(id, Content::Text(Text::plain(words)))
}

fn deliver(channel: &Arc<WecomBot>, delivery: Delivery) -> JoinHandle<Result<(), DeliveryError>> {
    let channel = channel.clone();
    tokio::spawn(async move { channel.deliver(delivery).await.map(|_| ()) })
}

#[tokio::test]
async fn a_message_comes_on_the_connection_and_its_answer_leaves_on_it() {
    let house = House::start().await;
    let (task, stop) = house.run();
    let mut peer = house.subscribed().await;
    peer.told("R1", said("m1")).await;
    let opening = peer.next("aibot_respond_msg").await;
    assert_eq!(
        (&opening["headers"]["req_id"], &opening["body"]["stream"]["finish"]),
        (&json!("R1"), &json!(false))
    );
    peer.answer(&opening, 0).await;
    assert_eq!(house.wecom.inbox.names(), ["wecom-bot:msg:m1"]);
    let picture = Content::Picture { artifact: ArtifactId(9), caption: Text::plain("2 credits") };
    let channel = house.channel();
    let sending = deliver(&channel, delivery(1, picture));
    let last = peer.next("aibot_respond_msg").await;
    let stream = &last["body"]["stream"];
    assert_eq!((&stream["finish"], &stream["content"]), (&json!(true), &json!("2 credits")));
    assert_eq!(stream["msg_item"][0]["image"]["base64"], "AQID");
    assert!(!sending.is_finished(), "delivered is what WeCom has taken");
    peer.answer(&last, 0).await;
    sending.await.unwrap().unwrap();
    // What comes after the end is said on its own.
    let sending = deliver(&channel, words(2, "41 left"));
    let push = peer.next("aibot_send_msg").await;
    assert_eq!(
        (&push["body"]["chatid"], &push["body"]["chat_type"]),
        (&json!("lisi_01"), &json!(1))
    );
    assert_eq!(push["body"]["markdown"]["content"], "41 left");
    peer.answer(&push, 45_009).await;
    assert!(matches!(sending.await.unwrap(), Err(DeliveryError::RetryAfter { .. })));
    stop.send(()).unwrap();
    assert_eq!(task.await.unwrap(), Ended::Stopped);
}

#[tokio::test]
async fn answers_to_one_message_wait_for_each_other() {
    let house = House::start().await;
    let (_task, _stop) = house.run();
    let mut peer = house.subscribed().await;
    let handle = &house.handle;
    let respond = |n: u32| {
        let handle = handle.clone();
        tokio::spawn(
            async move { handle.respond("aibot_respond_msg", "R1", json!({ "n": n })).await },
        )
    };
    let first = respond(1);
    let one = peer.next("aibot_respond_msg").await;
    let second = respond(2);
    // Another's answer overtakes; the second to the same message does not.
    let other = {
        let handle = handle.clone();
        tokio::spawn(
            async move { handle.respond("aibot_respond_msg", "R2", json!({ "n": 3 })).await },
        )
    };
    let overtaking = peer.next("aibot_respond_msg").await;
    assert_eq!((&one["body"]["n"], &overtaking["headers"]["req_id"]), (&json!(1), &json!("R2")));
    peer.answer(&one, 0).await;
    let two = peer.next("aibot_respond_msg").await;
    assert_eq!(two["body"]["n"], 2);
    peer.answer(&two, 846_608).await;
    peer.answer(&overtaking, 0).await;
    first.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    assert!(second.await.unwrap().is_err());
}

#[tokio::test]
async fn nothing_overtakes_the_first_words_of_an_answer() {
    let house = House::start().await;
    let (_task, _stop) = house.run();
    let mut peer = house.subscribed().await;
    peer.told("R1", said("M1")).await;
    let opening = peer.next("aibot_respond_msg").await;
    let handle = house.handle.clone();
    let answer =
        tokio::spawn(
            async move { handle.respond("aibot_respond_msg", "R1", json!({ "n": 1 })).await },
        );
    // Until WeCom has taken the opening, only pings leave.
    let ping = peer.next("ping").await;
    peer.answer(&ping, 0).await;
    peer.answer(&opening, 0).await;
    let second = peer.next("aibot_respond_msg").await;
    assert_eq!(second["body"]["n"], 1);
    assert!(!answer.is_finished(), "the opening's receipt is not its");
    peer.answer(&second, 0).await;
    answer.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_group_has_one_budget_and_only_what_leaves_on_the_connection_has_one() {
    let house = House::start().await;
    let channel = house.channel();
    assert_eq!(channel.capabilities().chat_sends_max.map(|max| max.per_min), Some(24));
    let key = |conversation: &str| channel.budget(&conversation.into()).key.to_owned();
    assert_eq!(key("wecom-bot:wrG/lisi_01"), key("wecom-bot:wrG/zhangsan"));
    assert_ne!(key("wecom-bot:lisi_01"), key("wecom-bot:zhangsan"));
}

#[tokio::test]
async fn whoever_is_put_out_does_not_come_back() {
    let house = House::start().await;
    let (task, _stop) = house.run();
    let mut peer = house.subscribed().await;
    peer.told("R1", event("disconnected_event")).await;
    assert_eq!(task.await.unwrap(), Ended::Replaced);
    let error = house.channel().deliver(words(1, "x")).await.unwrap_err();
    assert!(matches!(error, DeliveryError::WindowClosed), "nobody wrote");
    assert!(house.handle.send("aibot_send_msg", json!({})).await.is_err());
}

#[tokio::test]
async fn a_connection_that_breaks_or_falls_silent_is_opened_again() {
    let house = House::start().await;
    let (_task, _stop) = house.run();
    drop(house.subscribed().await);
    // This one accepts and never answers a ping.
    let silent = house.subscribed().await;
    let mut peer = house.subscribed().await;
    peer.told("R9", said("m9")).await;
    peer.next("aibot_respond_msg").await;
    assert_eq!(house.wecom.inbox.names(), ["wecom-bot:msg:m9"]);
    drop(silent);
}

#[tokio::test]
async fn credentials_that_are_refused_again_and_again_are_an_alarm() {
    let house = House::start().await;
    let (task, _stop) = house.run();
    for _ in 0..5 {
        let mut peer = house.accepted().await;
        let frame = peer.next("aibot_subscribe").await;
        peer.answer(&frame, 40_001).await;
    }
    assert_eq!(task.await.unwrap(), Ended::Refused);
    let alarms = house.wecom.alarms.0.lock().unwrap();
    assert_eq!(alarms[0].what, "bot_secret");
    assert!(!alarms[0].words.contains("bot-secret"));
}

#[tokio::test]
async fn an_opened_chat_is_greeted_and_what_nobody_answers_is_unknown() {
    let house = House::start().await;
    let (_task, _stop) = house.run();
    let mut peer = house.subscribed().await;
    peer.say(json!("noise")).await;
    peer.say(json!({ "cmd": "hologram", "headers": {} })).await;
    peer.told("R1", event("enter_chat")).await;
    let greeting = peer.next("aibot_respond_welcome_msg").await;
    assert_eq!(greeting["body"], json!({ "msgtype": "text", "text": { "content": "你好" } }));
    peer.told("R2", said("m2")).await;
    peer.next("aibot_respond_msg").await;
    let sending = deliver(&house.channel(), words(1, "x"));
    peer.next("aibot_respond_msg").await;
    // Pings are answered meanwhile, this is not.
    let waits = async {
        loop {
            peer.next("ping-nobody-sends").await;
        }
    };
    let outcome = tokio::select! {
        outcome = sending => outcome.unwrap(),
        () = waits => unreachable!(),
    };
    assert!(matches!(outcome, Err(DeliveryError::Unknown(_))));
}

/// A proxy that makes one connection: how it was asked for it, byte by byte.
async fn proxy(answer: fn(&[u8]) -> Option<&'static [u8]>) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut near, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        loop {
            all.push(near.read_u8().await.unwrap());
            if let Some(said) = answer(&all) {
                near.write_all(said).await.unwrap();
                // The last thing that a proxy says.
                if said.len() > 2 {
                    break;
                }
            }
        }
        let text = String::from_utf8_lossy(&all).into_owned();
        let at = text.rfind("127.0.0.1").unwrap();
        let port = match text[at + 9..].strip_prefix(':') {
            Some(rest) => rest.split_whitespace().next().unwrap().parse().unwrap(),
            None => u16::from_be_bytes([all[all.len() - 2], all[all.len() - 1]]),
        };
        let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        all
    });
    (port, task)
}

async fn held_through(proxy: &str) {
    let house = House::start().await;
    let means = Means {
        inbox: house.wecom.inbox.clone(),
        menus: house.wecom.menus.clone(),
        streams: house.wecom.streams.clone(),
    };
    let socket = Socket::new(&house.settings, house.handle.clone(), means, &house.wecom.house());
    let socket = socket.unwrap().through(Some(proxy.parse().unwrap()));
    let task = tokio::spawn(async move { socket.run(std::future::pending()).await });
    let (stream, _) = house.listener.accept().await.unwrap();
    let mut wire = accept_async(stream).await.unwrap();
    let first = wire.next().await.unwrap().unwrap().into_text().unwrap();
    assert!(first.contains("aibot_subscribe"), "{first}");
    task.abort();
}

#[tokio::test]
async fn the_connection_goes_by_way_of_a_proxy_that_makes_one() {
    let (port, asked) = proxy(|asked| {
        asked.ends_with(b"\r\n\r\n").then_some(b"HTTP/1.1 200 made\r\n\r\n".as_slice())
    })
    .await;
    held_through(&format!("http://someone:s%2Bcret@127.0.0.1:{port}")).await;
    let asked = String::from_utf8(asked.await.unwrap()).unwrap();
    assert!(asked.starts_with("CONNECT 127.0.0.1:"), "{asked}");
    // `someone:s+cret`, as base64 has it.
    assert!(asked.contains("Proxy-Authorization: Basic c29tZW9uZTpzK2NyZXQ=\r\n"), "{asked}");
}

#[tokio::test]
async fn the_connection_goes_by_way_of_socks_too() {
    let (port, asked) = proxy(|asked| match asked {
        [5, 1, 0] => Some(&[5, 0]),
        [5, 1, 0, 5, 1, 0, 3, length, rest @ ..] if rest.len() == usize::from(*length) + 2 => {
            Some(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
        }
        _ => None,
    })
    .await;
    held_through(&format!("socks5://127.0.0.1:{port}")).await;
    assert!(asked.await.unwrap().starts_with(&[5, 1, 0, 5, 1, 0, 3, 9]));
}
