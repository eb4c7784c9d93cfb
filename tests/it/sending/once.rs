//! What must not be sent twice is sent once, however often it certainly did not leave.

use picdesk_core::{
    channel::{Content, MediaRef, OutboundMessage, Repeat, Text},
    event::About,
    id::EscalationId,
};
use picdesk_sandbox::telegram::{ALICE, Armed, Fault, Options, TelegramStandIn};

use super::{ARTIFACT, Post, words};

const BEGUN: &str = "select count(*) from outbox where state = 'sending'";
const TRIES: &str = "select max(attempts) from outbox";
const ABOUT: Option<About> = Some(About::Relay(EscalationId(9)));

fn once(id: i64) -> OutboundMessage {
    OutboundMessage { repeat: Repeat::Ask, ..words(id, ALICE, "We are looking into it.") }
}

#[tokio::test]
async fn what_could_not_leave_leaves_when_it_can() {
    let mut post = Post::open().await;
    let address = post.telegram.api_url().strip_prefix("http://").unwrap().parse().unwrap();
    post.telegram.stop().await;
    post.put_about(once(1), ABOUT).await;
    post.start();
    post.until(TRIES, 5).await;
    assert_eq!(post.counts().await.waiting, 1);
    let options = Options { listen: address, rate_limits: None, ..post.telegram_options() };
    post.telegram = TelegramStandIn::start(options).await.unwrap();
    post.until_empty().await;
    assert_eq!(post.heard().await, ["outbound:1:delivered"]);
    assert_eq!(post.words(ALICE), ["We are looking into it."]);
}

#[tokio::test]
async fn who_is_told_to_wait_has_not_sent_also_after_a_restart() {
    let mut post = Post::open().await;
    post.telegram.arm(Armed::times(Fault::TooManyRequests { retry_after_s: 1 }, 1));
    post.put_about(once(1), ABOUT).await;
    post.start();
    post.until_struck("too_many_requests", 1).await;
    post.stop().await;
    assert_eq!(post.int(BEGUN).await, 0);
    post.start();
    post.until_empty().await;
    assert_eq!(post.heard().await, ["outbound:1:delivered"]);
    assert_eq!(post.words(ALICE).len(), 1);
}

#[tokio::test]
async fn what_may_have_left_is_not_sent_again_and_somebody_hears_of_it() {
    for fault in [Fault::DropAnswer, Fault::DropRequest, Fault::ServerError { status: 502 }] {
        let mut post = Post::open().await;
        let arrives = fault == Fault::DropAnswer;
        post.telegram.arm(Armed::times(fault, 1));
        post.put_about(once(1), ABOUT).await;
        post.put(words(2, ALICE, "Welcome")).await;
        post.start();
        post.until_empty().await;
        assert_eq!(post.heard().await, ["outbound:1:unknown"]);
        assert_eq!(post.words(ALICE).len(), if arrives { 2 } else { 1 });
    }
}

#[tokio::test]
async fn what_a_process_was_sending_when_it_died_is_asked_about() {
    let mut post = Post::open().await;
    post.telegram.arm(Armed::times(Fault::Slow { delay_ms: 60_000 }, 1));
    post.put_about(once(1), ABOUT).await;
    post.start();
    post.until_struck("slow", 1).await;
    post.kill().await;
    assert_eq!(post.int(BEGUN).await, 1);
    post.start();
    post.until_empty().await;
    assert_eq!(post.heard().await, ["outbound:1:unknown"]);
}

#[tokio::test]
async fn an_original_whose_handle_is_stale_is_uploaded() {
    let mut post = Post::open().await;
    post.keep_picture().await;
    post.run("insert into artifact_files values (70, 'telegram', 'document', 'long-gone')").await;
    let content = Content::Original {
        artifact: ARTIFACT,
        file_name: "picture-70.jpg".to_owned(),
        caption: Text::default(),
    };
    post.put_about(OutboundMessage { content, ..once(1) }, ABOUT).await;
    post.start();
    post.until_empty().await;
    assert_eq!(post.heard().await, ["outbound:1:delivered"]);
    let said = post.said(ALICE);
    assert_eq!(said.len(), 1);
    assert_eq!(said[0].document.as_ref().unwrap().name.as_deref(), Some("picture-70.jpg"));
}

#[tokio::test]
async fn what_cannot_be_passed_on_is_refused_and_what_follows_goes_on() {
    let mut post = Post::open().await;
    let media = MediaRef {
        handle: "long-gone".to_owned(),
        unique: "u".to_owned(),
        bytes: None,
        size: None,
        name: None,
        fetch_before: None,
    };
    let (from, caption) = ("telegram:7".into(), Text::plain("Ada wrote:"));
    let content = Content::Forward { media, from, caption };
    let forward = OutboundMessage { content, ..words(1, ALICE, "") };
    post.put_about(forward, Some(About::TopicLine(EscalationId(9)))).await;
    post.put(words(2, ALICE, "the next line")).await;
    post.start();
    post.until_empty().await;
    assert_eq!(post.heard().await, ["outbound:1:refused:telegram:1001"]);
    assert_eq!(post.words(ALICE), ["the next line"]);
}
