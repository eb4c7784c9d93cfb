//! How updates come: fetched and pushed, in order, again, and not for ever.

use std::time::Duration;

use picdesk_sandbox::telegram::{ALICE, Armed, Fault, XIAOMING};
use serde_json::{Value, json};

use crate::desk::{Desk, Hook, SOON};

fn texts(updates: &[Value]) -> Vec<&str> {
    updates.iter().map(|it| it["message"]["text"].as_str().unwrap()).collect()
}

fn id(update: &Value) -> i64 {
    update["update_id"].as_i64().unwrap()
}

#[tokio::test]
async fn an_offset_confirms_what_is_below_it_and_nothing_else() {
    let (desk, _) = Desk::still().await;
    for text in ["one", "two", "three"] {
        desk.telegram.say(ALICE, text).unwrap();
    }
    let all = desk.updates(0).await;
    assert_eq!(texts(&all), ["one", "two", "three"]);
    assert_eq!(texts(&desk.updates(id(&all[1])).await), ["two", "three"]);
    assert_eq!(desk.telegram.updates_waiting(), 2);
    let last = desk.updates(-1).await;
    assert_eq!(texts(&last), ["three"], "a negative offset counts from the end");
    assert_eq!(desk.telegram.updates_waiting(), 1, "and forgets what is before");
    let limited = json!({"offset": id(&all[2]) + 1, "timeout": 0});
    assert_eq!(desk.call("getUpdates", limited).await.result(), &json!([]));
    assert_eq!(desk.telegram.updates_waiting(), 0);
}

#[tokio::test]
async fn a_long_poll_ends_when_something_comes() {
    let (desk, _) = Desk::still().await;
    let telegram = desk.telegram.clone();
    let poll = tokio::spawn(async move {
        desk.call("getUpdates", json!({"offset": 5, "timeout": 30})).await.result().clone()
    });
    while !telegram.counts().calls.contains_key("getupdates") {
        tokio::task::yield_now().await;
    }
    telegram.say(ALICE, "wake up").unwrap();
    let updates = tokio::time::timeout(SOON, poll).await.unwrap().unwrap();
    assert_eq!(texts(updates.as_array().unwrap()), ["wake up"]);
}

#[tokio::test]
async fn a_second_poll_ends_the_first_and_a_webhook_forbids_both() {
    let (desk, _) = Desk::still().await;
    let (first, second) = tokio::join!(
        desk.call("getUpdates", json!({"offset": 1, "timeout": 5})),
        desk.call("getUpdates", json!({"offset": 2, "timeout": 1})),
    );
    let statuses = [first.status, second.status];
    assert!(statuses.contains(&409) && statuses.contains(&200), "{statuses:?}");
    let hook = Hook::open().await;
    assert_eq!(desk.call("setWebhook", json!({"url": hook.url})).await.status, 200);
    let forbidden = desk.call("getUpdates", json!({})).await;
    assert_eq!(forbidden.status, 409);
    assert!(forbidden.description().contains("webhook is active"));
    desk.call("deleteWebhook", json!({})).await;
    assert_eq!(desk.call("getUpdates", json!({"offset": 3})).await.status, 200);
}

#[tokio::test]
async fn the_webhook_gets_each_chat_in_order_one_at_a_time_with_the_secret() {
    let (desk, clock) = Desk::still().await;
    let hook = Hook::open().await;
    hook.answer_with(500);
    let body = json!({"url": hook.url, "secret_token": "s3cret", "max_connections": 10});
    assert_eq!(desk.call("setWebhook", body).await.result(), &json!(true));
    let first = desk.telegram.say(ALICE, "one").unwrap();
    desk.telegram.say(ALICE, "two").unwrap();
    // The first failure is followed at once, the second after 2 s.
    for _ in 0..2 {
        let arrived = hook.next_arrived().await;
        assert_eq!(arrived.secret.as_deref(), Some("s3cret"));
        assert_eq!(arrived.update["message"]["message_id"], first);
    }
    hook.answer_with(200);
    desk.telegram.say(XIAOMING, "你好").unwrap();
    assert_eq!(hook.next().await["message"]["text"], "你好", "another chat does not wait");
    assert!(hook.is_quiet().await);
    clock.advance(Duration::from_secs(2));
    assert_eq!(hook.next().await["message"]["text"], "one");
    assert_eq!(hook.next().await["message"]["text"], "two");
    let info = desk.call("getWebhookInfo", json!({})).await;
    assert!(info.result()["last_error_message"].as_str().unwrap().contains("500"));
}

#[tokio::test]
async fn a_tap_overtakes_the_chat_and_is_dropped_after_150_s() {
    let (desk, clock) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let keyboard = json!({"inline_keyboard": [[{"text": "Go", "callback_data": "g"}]]});
    let body = json!({"chat_id": ALICE, "text": "?", "reply_markup": keyboard});
    let menu = desk.call("sendMessage", body).await.message_id();
    let callback = desk.telegram.tap(ALICE, menu, "Go").unwrap();
    let updates = desk.updates(0).await;
    assert_eq!(updates[1]["callback_query"]["id"], json!(callback));
    assert_eq!(updates[1]["callback_query"]["data"], "g");
    let answer = json!({"callback_query_id": callback, "text": "on it"});
    assert_eq!(desk.call("answerCallbackQuery", answer.clone()).await.status, 200);
    let twice = desk.call("answerCallbackQuery", answer).await;
    assert!(twice.description().contains("query is too old"));

    desk.telegram.tap(ALICE, menu, "g").unwrap();
    clock.advance(Duration::from_secs(149));
    assert_eq!(desk.telegram.updates_waiting(), 3);
    clock.advance(Duration::from_secs(1));
    assert_eq!(desk.telegram.updates_waiting(), 1, "the message waits, the taps are gone");
    clock.advance(Duration::from_hours(24));
    assert_eq!(desk.telegram.updates_waiting(), 0);
}

#[tokio::test]
async fn what_was_acknowledged_can_come_again() {
    let (desk, _) = Desk::still().await;
    for text in ["one", "two"] {
        desk.telegram.say(ALICE, text).unwrap();
    }
    let seen = desk.updates(0).await;
    let next = id(&seen[1]) + 1;
    assert!(desk.updates(next).await.is_empty());
    assert_eq!(desk.telegram.redeliver(5), 2);
    assert_eq!(desk.updates(next - 1).await, seen, "again, below the offset");
    assert!(desk.updates(next + 1).await.is_empty());

    desk.telegram.say(ALICE, "three").unwrap();
    let three = desk.updates(next).await;
    desk.telegram.arm(Armed::times(Fault::LostAck, 1));
    assert_eq!(desk.updates(next + 1).await, three, "an acknowledgement that was lost");
    assert!(desk.updates(next + 2).await.is_empty());
}

#[tokio::test]
async fn the_webhook_gets_lost_and_doubled_updates_again() {
    let (desk, _) = Desk::still().await;
    let hook = Hook::open().await;
    desk.call("setWebhook", json!({"url": hook.url})).await;
    for fault in [Fault::LostAck, Fault::DuplicateUpdate] {
        desk.telegram.arm(Armed::times(fault, 1));
        desk.telegram.say(ALICE, "once").unwrap();
        let first = hook.next().await;
        assert_eq!(hook.next().await, first);
    }
    let delivered = hook.url.clone();
    desk.telegram.say(ALICE, "plain").unwrap();
    assert_eq!(hook.next().await["message"]["text"], "plain", "{delivered}");
    while desk.telegram.updates_waiting() > 0 {
        tokio::task::yield_now().await;
    }
    assert!(hook.is_quiet().await);
    assert_eq!(desk.telegram.redeliver(1), 1);
    assert_eq!(hook.next().await["message"]["text"], "plain");
}

#[tokio::test]
async fn a_webhook_may_answer_with_a_method() {
    let (desk, _) = Desk::still().await;
    let hook = Hook::open().await;
    hook.say(&json!({"method": "sendMessage", "chat_id": ALICE, "text": "by return"}));
    desk.call("setWebhook", json!({"url": hook.url})).await;
    desk.telegram.say(ALICE, "hello").unwrap();
    let seen = desk.telegram.wait_for(ALICE, SOON, |it| it.text == "by return").await.unwrap();
    assert!(seen.is_from_bot());
}

#[tokio::test]
async fn a_webhook_that_asks_for_time_gets_it() {
    let (desk, clock) = Desk::still().await;
    let hook = Hook::open().await;
    hook.answer_with(503);
    hook.ask_for_s(30);
    desk.call("setWebhook", json!({"url": hook.url})).await;
    desk.telegram.say(ALICE, "later").unwrap();
    let first = hook.next().await;
    while desk.call("getWebhookInfo", json!({})).await.result()["last_error_date"].is_null() {}
    hook.answer_with(200);
    clock.advance(Duration::from_secs(29));
    desk.call("getWebhookInfo", json!({})).await;
    assert!(hook.is_quiet().await);
    clock.advance(Duration::from_secs(1));
    assert_eq!(hook.next().await, first);
}

#[tokio::test]
async fn only_wanted_kinds_become_updates() {
    let (desk, _) = Desk::still().await;
    let body = json!({"offset": 1, "timeout": 0, "allowed_updates": ["callback_query"]});
    desk.call("getUpdates", body).await;
    desk.telegram.say(ALICE, "unheard").unwrap();
    assert_eq!(desk.telegram.updates_waiting(), 0);
    let body = json!({"offset": 2, "timeout": 0, "allowed_updates": ["message"]});
    desk.call("getUpdates", body).await;
    desk.telegram.say(ALICE, "heard").unwrap();
    assert_eq!(desk.telegram.updates_waiting(), 1);
}

#[tokio::test]
async fn held_updates_come_when_the_time_has_passed() {
    let (desk, clock) = Desk::still().await;
    let hook = Hook::open().await;
    desk.call("setWebhook", json!({"url": hook.url})).await;
    desk.telegram.hold_updates(Duration::from_mins(1));
    desk.telegram.say(ALICE, "late").unwrap();
    clock.advance(Duration::from_secs(59));
    assert_eq!(desk.telegram.updates_waiting(), 1);
    assert!(hook.is_quiet().await);
    clock.advance(Duration::from_secs(1));
    assert_eq!(hook.next().await["message"]["text"], "late");
}
