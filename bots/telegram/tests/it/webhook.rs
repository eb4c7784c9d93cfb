//! Updates that are brought: 200 means on disk.

use std::sync::Arc;

use picdesk_core::channel::{Arrival, InboxError};
use picdesk_telegram::{
    Clock,
    webhook::{BODY_BYTES_MAX, Webhook, WebhookAnswer},
};
use serde_json::json;

use crate::stand_in::{Reply, SECRET, StandIn, Tray};

struct Scene {
    api: StandIn,
    inbox: Arc<Tray>,
    webhook: Webhook,
    channel: Arc<picdesk_telegram::TelegramChannel>,
}

async fn scene() -> Scene {
    let api = StandIn::start().await;
    let inbox = Arc::new(Tray::default());
    let clock: Clock = Arc::new(|| 1_790_000_000_000);
    let channel = api.channel();
    let webhook = Webhook::new(channel.clone(), inbox.clone(), clock);
    Scene { api, inbox, webhook, channel }
}

impl Scene {
    async fn post(&self, body: impl Into<String>) -> WebhookAnswer {
        self.webhook.receive([SECRET.as_bytes()], body.into().into()).await
    }
}

fn message(update: i64, text: &str) -> String {
    json!({ "update_id": update, "message": {
        "message_id": 5, "date": 1_790_000_000, "text": text,
        "from": { "id": 5_550_001, "is_bot": false, "first_name": "Ada" },
        "chat": { "id": 5_550_001, "type": "private" },
    }})
    .to_string()
}

#[tokio::test]
async fn an_update_is_in_the_inbox_when_it_is_acknowledged() {
    let scene = scene().await;
    let body = message(17, "a fox");
    assert_eq!(scene.post(body.clone()).await, WebhookAnswer::Ok);
    assert_eq!(scene.inbox.names(), ["telegram:7000000001:update:17"]);
    let accepted = scene.inbox.accepted.lock().unwrap();
    let Arrival::Event(received) = &accepted[0].0[0] else { panic!("not an event") };
    assert_eq!(received.raw, body.as_bytes());
    assert_eq!(accepted[0].1, None);
    assert!(scene.api.asked().is_empty(), "no call stands before the answer");
}

#[tokio::test]
async fn a_caller_without_the_secret_writes_nothing() {
    let scene = scene().await;
    let body = || message(17, "a fox").into();
    let refused = WebhookAnswer::Unauthorized;
    assert_eq!(scene.webhook.receive([], body()).await, refused);
    assert_eq!(scene.webhook.receive([b"wrong".as_slice()], body()).await, refused);
    let twice = [SECRET.as_bytes(), SECRET.as_bytes()];
    assert_eq!(scene.webhook.receive(twice, body()).await, refused);
    assert_eq!(scene.webhook.receive([b"wrong".as_slice()], "no json".into()).await, refused);
    assert!(scene.inbox.names().is_empty());
}

#[tokio::test]
async fn what_does_not_concern_us_is_acknowledged_and_not_kept() {
    let scene = scene().await;
    let group = r#""chat":{"id":-5,"type":"group"},"date":1,"message_id":2"#;
    let ours = r#""from":{"id":7000000001,"is_bot":true},"text":"a fox""#;
    let theirs = r#""from":{"id":5,"is_bot":false},"text":"a fox""#;
    for (number, who) in [(1, ours), (2, theirs)] {
        let body = format!(r#"{{"update_id":{number},"message":{{{group},{who}}}}}"#);
        assert_eq!(
            scene.webhook.receive([SECRET.as_bytes()], body.into()).await,
            WebhookAnswer::Ok
        );
    }
    assert!(scene.inbox.names().is_empty());
}

#[tokio::test]
async fn what_is_of_a_kind_that_nobody_asked_for_is_kept_aside_and_acknowledged() {
    let scene = scene().await;
    for body in [
        r#"{"update_id":1}"#,
        r#"{"update_id":2,"poll":{"id":"1"}}"#,
        r#"{"new_kind":{"x":1},"update_id":3}"#,
        r#"{"update_id":4,"channel_post":{"text":[[]]}}"#,
    ] {
        assert_eq!(scene.post(body).await, WebhookAnswer::Ok, "{body}");
    }
    let aside = |n| format!("aside telegram:7000000001:update:{n}");
    assert_eq!(scene.inbox.names(), (1..=4).map(aside).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_aside_and_acknowledged() {
    let scene = scene().await;
    for body in [
        r#"{"update_id":1,"message":7}"#,
        r#"{"update_id":2,"message":{"message_id":"x"}}"#,
        r#"{"message":{"text":{}},"update_id":3}"#,
        r#"{"update_id":4,"callback_query":[]}"#,
        "{\"update_id\":5,\"message\":{\"text\":\"\\ud800\"}}",
        r#"{"update_id":6,"message":null,"message":null}"#,
    ] {
        assert_eq!(scene.post(body).await, WebhookAnswer::Ok, "{body}");
    }
    let aside = |n| format!("aside telegram:7000000001:update:{n}");
    assert_eq!(scene.inbox.names(), (1..=6).map(aside).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_no_update_is_a_bad_request() {
    let scene = scene().await;
    for body in [
        "",
        " ",
        "x",
        "7",
        "null",
        "[]",
        "[5]",
        "{}",
        "{\"update_id\":}",
        r#"{"update_id":"1"}"#,
        r#"{"update_id":1.5}"#,
        r#"{"update_id":null}"#,
        r#"{"update_id":1"#,
        r#"{"update_id":1} x"#,
        r#"{"update_id":99999999999999999999}"#,
        r#"[{"update_id":1}]"#,
        r#"{"updateid":1}"#,
        "\u{feff}{\"update_id\":1}",
    ] {
        assert_eq!(scene.post(body).await, WebhookAnswer::BadRequest, "{body}");
    }
    assert!(scene.inbox.names().is_empty());
}

#[tokio::test]
async fn a_body_larger_than_any_update_is_too_large() {
    let scene = scene().await;
    let body = message(1, &"x".repeat(BODY_BYTES_MAX));
    assert_eq!(scene.post(body).await, WebhookAnswer::TooLarge);
    let long = message(2, &"x".repeat(BODY_BYTES_MAX - 1000));
    assert_eq!(scene.post(long).await, WebhookAnswer::Ok);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_makes_telegram_come_again() {
    let scene = scene().await;
    scene.inbox.errors.lock().unwrap().push_back(InboxError::Unavailable);
    assert_eq!(scene.post(message(1, "a fox")).await, WebhookAnswer::Unavailable);
    assert_eq!(scene.post(message(1, "a fox")).await, WebhookAnswer::Ok);
    assert_eq!(scene.inbox.names(), ["telegram:7000000001:update:1"]);
}

#[tokio::test]
async fn a_group_message_that_calls_somebody_waits_until_we_know_our_name() {
    let scene = scene().await;
    let body = json!({ "update_id": 9, "message": {
        "message_id": 5, "date": 1_790_000_000, "text": "@picture_desk_bot a fox",
        "entities": [{ "type": "mention", "offset": 0, "length": 17 }],
        "from": { "id": 5_550_001, "is_bot": false, "first_name": "Ada" },
        "chat": { "id": -1009, "type": "supergroup" },
    }})
    .to_string();
    assert_eq!(scene.post(body.clone()).await, WebhookAnswer::Unavailable);
    scene.api.reply("getMe", Reply::Ok(json!({ "username": "Picture_Desk_Bot" })));
    scene.channel.introduce().await.unwrap();
    assert_eq!(scene.post(body).await, WebhookAnswer::Ok);
    assert_eq!(scene.inbox.names(), ["telegram:7000000001:update:9"]);
}

#[tokio::test]
async fn every_part_of_a_groups_album_comes_along_whoever_receives_it() {
    let scene = scene().await;
    let part = |update: i64, caption: Option<&str>| {
        json!({ "update_id": update, "message": {
            "message_id": update, "date": 1_790_000_000, "caption": caption,
            "media_group_id": "13500000000000009",
            "photo": [{ "file_id": "p", "file_unique_id": "u", "width": 9, "height": 9 }],
            "from": { "id": 5_550_001, "is_bot": false, "first_name": "Ada" },
            "chat": { "id": -1009, "type": "supergroup" },
        }})
        .to_string()
    };
    for (update, caption) in [(1, None), (2, Some("/imagine all of them")), (3, None)] {
        // A process for each part: none remembers what the others have heard.
        let clock: Clock = Arc::new(|| 1_790_000_000_000);
        let webhook = Webhook::new(scene.api.channel(), scene.inbox.clone(), clock);
        let body = part(update, caption).into_bytes();
        assert_eq!(webhook.take(body.into()).await, WebhookAnswer::Ok);
    }
    let name = |n| format!("telegram:7000000001:update:{n}");
    assert_eq!(scene.inbox.names(), [name(1), name(2), name(3)]);
}
