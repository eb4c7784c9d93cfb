//! What can be made to go wrong with calls.

use picdesk_sandbox::telegram::{ALICE, Armed, Fault};
use serde_json::json;

use crate::desk::Desk;

async fn desk() -> Desk {
    let (desk, _) = Desk::still().await;
    desk.telegram.say(ALICE, "hello").unwrap();
    desk
}

fn message(text: &str) -> serde_json::Value {
    json!({"chat_id": ALICE, "text": text})
}

#[tokio::test]
async fn a_dropped_answer_leaves_the_message_there() {
    let desk = desk().await;
    desk.telegram.arm(Armed::times(Fault::DropAnswer, 1));
    let cut = desk.try_call("sendMessage", message("sent")).await.unwrap_err();
    assert!(cut.is_request(), "{cut:?}");
    let seen = desk.telegram.chat(ALICE);
    assert_eq!((seen.len(), seen[1].text.as_str()), (2, "sent"));
    assert_eq!(desk.send(ALICE, "next").await.status, 200);
    assert_eq!(desk.telegram.counts().faults["drop_answer"], 1);
}

#[tokio::test]
async fn a_dropped_request_leaves_nothing() {
    let desk = desk().await;
    desk.telegram.arm(Armed::times(Fault::DropRequest, 1));
    assert!(desk.try_call("sendMessage", message("lost")).await.is_err());
    assert_eq!(desk.telegram.chat(ALICE).len(), 1);
}

#[tokio::test]
async fn a_garbled_answer_breaks_off_and_leaves_the_message_there() {
    let desk = desk().await;
    desk.telegram.arm(Armed::times(Fault::GarbledAnswer, 1));
    let broken = desk.try_call("sendMessage", message("sent")).await.unwrap_err();
    assert!(broken.is_decode() || broken.is_body(), "{broken:?}");
    assert_eq!(desk.telegram.chat(ALICE).len(), 2);
}

#[tokio::test]
async fn refusals_come_as_armed_and_then_no_more() {
    let desk = desk().await;
    desk.telegram.arm(Armed::times(Fault::TooManyRequests { retry_after_s: 7 }, 2));
    for _ in 0..2 {
        let refused = desk.send(ALICE, "x").await;
        assert_eq!((refused.status, refused.retry_after.as_deref()), (429, Some("7")));
        assert_eq!(refused.description(), "Too Many Requests: retry after 7");
    }
    desk.telegram.arm(Armed::times(Fault::Forbidden, 1).in_chat(ALICE));
    let refused = desk.send(ALICE, "x").await;
    assert_eq!(refused.description(), "Forbidden: bot was blocked by the user");
    desk.telegram.arm(Armed::times(Fault::ServerError { status: 502 }, 1));
    let page = desk.http.post(desk.url("sendMessage")).json(&message("x")).send().await.unwrap();
    assert_eq!(page.status(), 502);
    assert!(page.text().await.unwrap().starts_with("<html>"));
    assert_eq!(desk.send(ALICE, "at last").await.status, 200);
    assert_eq!(desk.telegram.chat(ALICE).len(), 2);
}

#[tokio::test]
async fn an_answer_of_html_leaves_the_message_there_and_an_unknown_token_does_not() {
    let desk = desk().await;
    desk.telegram.arm(Armed::times(Fault::NotJson, 1));
    let page = desk.http.post(desk.url("sendMessage")).json(&message("sent")).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(page.text().await.unwrap().starts_with("<html>"));
    desk.telegram.arm(Armed::times(Fault::Unauthorized, 1));
    assert_eq!(desk.send(ALICE, "not sent").await.status, 401);
    let texts: Vec<_> = desk.telegram.chat(ALICE).into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["hello", "sent"]);
}

#[tokio::test]
async fn a_slow_answer_comes_after_its_time() {
    let desk = desk().await;
    desk.telegram.arm(Armed::times(Fault::Slow { delay_ms: 200 }, 1));
    let began = std::time::Instant::now();
    assert_eq!(desk.send(ALICE, "patience").await.status, 200);
    assert!(began.elapsed().as_millis() >= 200);
}

#[tokio::test]
async fn a_fault_of_every_call_befalls_polls_too_until_cleared() {
    let desk = desk().await;
    desk.telegram.arm(Armed::chance(Fault::ServerError { status: 500 }, 1.0).on("*"));
    let poll = desk.http.post(desk.url("getUpdates")).send().await.unwrap();
    assert_eq!(poll.status(), 500);
    desk.telegram.clear_faults();
    assert_eq!(desk.updates(0).await.len(), 1);
}
