//! The AI bot over its socket.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use futures_util::{SinkExt, StreamExt};
use md5::{Digest, Md5};
use picdesk_sandbox::wecom::{Armed, BOT_GROUP, CHENMO, Fault};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::desk::{Desk, SOON, png};

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn open(desk: &Desk) -> Self {
        Self(connect_async(desk.wecom.socket_url()).await.unwrap().0)
    }

    async fn subscribed(desk: &Desk) -> Self {
        let mut client = Self::open(desk).await;
        let bot = &desk.wecom.options().bot;
        let body = json!({"bot_id": bot.id, "secret": bot.secret});
        assert_eq!(client.call("aibot_subscribe", "sub_1", body).await["errcode"], 0);
        client
    }

    async fn send(&mut self, command: &str, req_id: &str, body: Value) {
        let frame = json!({"cmd": command, "headers": {"req_id": req_id}, "body": body});
        self.0.send(Message::text(frame.to_string())).await.unwrap();
    }

    /// The next frame; none when the connection has ended.
    async fn heard(&mut self) -> Option<Value> {
        let heard = tokio::time::timeout(SOON, self.0.next()).await.expect("a frame");
        match heard {
            Some(Ok(Message::Text(text))) => Some(serde_json::from_str(&text).unwrap()),
            _ => None,
        }
    }

    /// Sends a frame and waits for its acknowledgement.
    async fn call(&mut self, command: &str, req_id: &str, body: Value) -> Value {
        self.send(command, req_id, body).await;
        let ack = self.heard().await.unwrap();
        assert_eq!(ack["headers"]["req_id"], req_id, "{ack}");
        assert!(ack.get("cmd").is_none());
        ack
    }

    async fn callback(&mut self) -> (String, Value) {
        let frame = self.heard().await.unwrap();
        assert!(frame["cmd"].as_str().unwrap().ends_with("_callback"), "{frame}");
        (frame["headers"]["req_id"].as_str().unwrap().to_owned(), frame["body"].clone())
    }
}

fn stream(content: &str, finish: bool) -> Value {
    json!({"msgtype": "stream", "stream": {"id": "s1", "finish": finish, "content": content}})
}

#[tokio::test]
async fn a_turn_goes_over_the_socket_and_its_stream_is_pushed() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("bot-chenmo", "said before anybody listened").unwrap();
    let mut client = Client::subscribed(&desk).await;
    let (first, body) = client.callback().await;
    assert_eq!(body["text"]["content"], "said before anybody listened");
    assert!(body.get("response_url").is_none());
    assert_eq!(client.call("ping", "ping_1", Value::Null).await["errcode"], 0);
    for (text, finish) in [("drawing", false), ("done", true)] {
        let ack = client.call("aibot_respond_msg", &first, stream(text, finish)).await;
        assert_eq!(ack["errcode"], 0);
    }
    let shown = desk.wecom.chat("bot-chenmo").pop().unwrap();
    assert_eq!((shown.text.as_str(), shown.finished, shown.edits), ("done", true, 2));
    let ack = client.call("aibot_respond_msg", &first, stream("more", true)).await;
    assert_eq!(ack["errcode"], 846_608);
    let ack = client.call("aibot_respond_msg", "req_none", stream("x", true)).await;
    assert_eq!(ack["errcode"], 846_605);
}

#[tokio::test]
async fn a_stream_expires_after_six_minutes() {
    let (desk, clock) = Desk::still().await;
    let mut client = Client::subscribed(&desk).await;
    desk.wecom.say("bot-chenmo", "a fox").unwrap();
    let (turn, _) = client.callback().await;
    assert_eq!(client.call("aibot_respond_msg", &turn, stream("…", false)).await["errcode"], 0);
    clock.advance(Duration::from_mins(6));
    let late = client.call("aibot_respond_msg", &turn, stream("done", true)).await;
    assert_eq!(late["errcode"], 846_608);
    let push = json!({
        "chatid": CHENMO, "chat_type": 1, "msgtype": "markdown", "markdown": {"content": "late"},
    });
    assert_eq!(client.call("aibot_send_msg", "push_1", push).await["errcode"], 0);
    assert_eq!(desk.wecom.chat("bot-chenmo").pop().unwrap().text, "late");
}

#[tokio::test]
async fn one_connection_speaks_and_the_older_one_is_told_and_closed() {
    let (desk, _) = Desk::still().await;
    let mut old = Client::subscribed(&desk).await;
    let mut new = Client::subscribed(&desk).await;
    let (_, body) = old.callback().await;
    assert_eq!(body["event"]["eventtype"], "disconnected_event");
    assert!(old.heard().await.is_none());
    desk.wecom.say("bot-chenmo", "a fox").unwrap();
    assert_eq!(new.callback().await.1["text"]["content"], "a fox");
}

#[tokio::test]
async fn nobody_speaks_without_the_secret() {
    let (desk, _) = Desk::still().await;
    let mut client = Client::open(&desk).await;
    let body = json!({"bot_id": desk.wecom.options().bot.id, "secret": "wrong"});
    assert_eq!(client.call("aibot_subscribe", "sub_1", body).await["errcode"], 40001);
    let ack = client.call("aibot_respond_msg", "r", stream("x", true)).await;
    assert_eq!(ack["errcode"], 40001);
    assert!(!desk.wecom.is_socket_open());
}

#[tokio::test]
async fn pushes_go_only_where_somebody_wrote_in_the_right_case_and_thirty_a_minute() {
    let (desk, clock) = Desk::still().await;
    let mut client = Client::subscribed(&desk).await;
    let push = |chatid: &str| {
        json!({
            "chatid": chatid, "chat_type": 0, "msgtype": "markdown", "markdown": {"content": "x"},
        })
    };
    assert_eq!(client.call("aibot_send_msg", "p", push(BOT_GROUP)).await["errcode"], 93006);
    desk.wecom.say("bot-group", "@画图助手 a fox").unwrap();
    client.callback().await;
    assert_eq!(client.call("aibot_send_msg", "p", push(BOT_GROUP)).await["errcode"], 0);
    let lower = push(&BOT_GROUP.to_lowercase());
    assert_eq!(client.call("aibot_send_msg", "p", lower).await["errcode"], 93006);
    let text = json!({"chatid": BOT_GROUP, "msgtype": "text", "text": {"content": "x"}});
    assert_eq!(client.call("aibot_send_msg", "p", text).await["errcode"], 40008);
    let mut codes = Vec::new();
    for _ in 0..30 {
        codes.push(client.call("aibot_send_msg", "p", push(BOT_GROUP)).await["errcode"].clone());
    }
    assert_eq!(codes.iter().filter(|it| **it == 45009).count(), 2);
    clock.advance(Duration::from_secs(61));
    assert_eq!(client.call("aibot_send_msg", "p", push(BOT_GROUP)).await["errcode"], 0);
}

#[tokio::test]
async fn files_have_a_key_of_their_own_and_uploads_come_in_parts() {
    let (desk, _) = Desk::still().await;
    let mut client = Client::subscribed(&desk).await;
    desk.wecom.send_picture("bot-chenmo", png(7, 7, 3)).unwrap();
    let (_, body) = client.callback().await;
    let key = body["image"]["aeskey"].as_str().unwrap();
    assert_eq!(STANDARD_NO_PAD.decode(key.trim_end_matches('=')).unwrap().len(), 32);
    assert!(body["image"]["url"].as_str().unwrap().starts_with(&desk.wecom.api_url()));
    let bytes = png(9, 9, 3);
    let (head, tail) = bytes.split_at(20);
    let init = json!({
        "type": "image", "filename": "fox.png", "total_size": bytes.len(), "total_chunks": 2,
        "md5": hex::encode(Md5::digest(&bytes)),
    });
    let ack = client.call("aibot_upload_media_init", "u1", init).await;
    let id = ack["body"]["upload_id"].clone();
    for (at, part) in [(1, tail), (0, head)] {
        let chunk =
            json!({"upload_id": id, "chunk_index": at, "base64_data": STANDARD.encode(part)});
        let ack = client.call("aibot_upload_media_chunk", "u2", chunk).await;
        assert_eq!(ack["errcode"], 0);
    }
    let ack = client.call("aibot_upload_media_finish", "u3", json!({"upload_id": id})).await;
    let push = json!({
        "chatid": CHENMO, "chat_type": 1, "msgtype": "image",
        "image": {"media_id": ack["body"]["media_id"]},
    });
    assert_eq!(client.call("aibot_send_msg", "p", push).await["errcode"], 0);
    let shown = desk.wecom.chat("bot-chenmo").pop().unwrap();
    assert_eq!(desk.wecom.file(&shown.pictures[0].blob).unwrap().0, bytes);
}

#[tokio::test]
async fn a_socket_that_is_cut_gets_what_it_missed_when_it_is_back() {
    let (desk, _) = Desk::still().await;
    let mut client = Client::subscribed(&desk).await;
    desk.wecom.arm(Armed::times(Fault::SocketCut, 1));
    desk.wecom.say("bot-chenmo", "a fox").unwrap();
    assert!(client.heard().await.is_none());
    let mut again = Client::subscribed(&desk).await;
    let (greeting, body) = again.callback().await;
    assert_eq!(body["text"]["content"], "a fox");
    desk.wecom.enter_bot_chat("wang").unwrap();
    let (entered, body) = again.callback().await;
    assert_eq!(body["event"]["eventtype"], "enter_chat");
    let welcome = json!({"msgtype": "text", "text": {"content": "welcome"}});
    let wrong = again.call("aibot_respond_welcome_msg", &greeting, welcome.clone()).await;
    assert_eq!(wrong["errcode"], 846_605);
    let ack = again.call("aibot_respond_welcome_msg", &entered, welcome).await;
    assert_eq!(ack["errcode"], 0);
    assert_eq!(desk.wecom.chat("bot-wang").pop().unwrap().text, "welcome");
}
