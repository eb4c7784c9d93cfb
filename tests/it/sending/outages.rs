//! Telegram is away for a while.

use picdesk_sandbox::telegram::{ALICE, Armed, Fault, GROUP, XIAOMING};

use super::{Post, SLOT, picture, placeholder, settled, words};
use picdesk_core::channel::Place;

#[tokio::test]
async fn an_outage_of_any_length_loses_nothing() {
    let mut post = Post::open().await;
    post.keep_picture().await;
    post.telegram.arm(Armed::chance(Fault::ServerError { status: 502 }, 1.0));
    post.put(placeholder(1, ALICE)).await;
    post.put(picture(2, ALICE, Place::Edit { slot: SLOT })).await;
    post.put(words(3, ALICE, "That was 2 credits")).await;
    post.put(words(4, XIAOMING, "Welcome")).await;
    post.start();
    // Many more than any number of tries that one would give a message.
    post.until_struck("server_error", 60).await;
    assert_eq!(post.counts().await.waiting, 4);
    post.telegram.clear_faults();
    let counts = post.until_empty().await;
    assert_eq!((counts.delivered, counts.unknown), (4, 0), "{counts:?}");
    assert_eq!(post.words(ALICE), ["a fox", "That was 2 credits"]);
    assert!(post.said(ALICE)[0].picture.is_some());
    assert_eq!(post.words(XIAOMING), ["Welcome"]);
}

#[tokio::test]
async fn a_dropped_answer_is_asked_for_again_until_it_comes() {
    let mut post = Post::open().await;
    post.telegram.arm(Armed::times(Fault::DropAnswer, 12).on("sendMessage"));
    post.put(placeholder(1, ALICE)).await;
    post.put(settled(2, ALICE, "Cancelled")).await;
    post.start();
    let counts = post.until_empty().await;
    assert_eq!((counts.delivered, counts.unknown), (2, 0), "{counts:?}");
    assert_eq!(post.words(ALICE).last().unwrap(), "Cancelled");
}

#[tokio::test]
async fn what_one_chat_cannot_be_told_keeps_nobody_else_waiting() {
    let mut post = Post::open().await;
    for chat in [ALICE, GROUP] {
        let always = Armed::chance(Fault::ServerError { status: 500 }, 1.0);
        post.telegram.arm(always.in_chat(chat));
        post.put(words(chat.abs(), chat, "It never goes")).await;
    }
    post.start();
    post.until_struck("server_error", 20).await;
    for id in 1..=5 {
        post.put(words(id, XIAOMING, "Welcome")).await;
    }
    post.until("select count(*) from outbox where state = 'delivered'", 5).await;
    assert_eq!(post.counts().await.waiting, 2);
}

#[tokio::test]
async fn a_flooded_conversation_keeps_nobody_else_waiting() {
    let mut post = Post::open().await;
    let hour = Fault::TooManyRequests { retry_after_s: 3600 };
    post.telegram.arm(Armed::chance(hour, 1.0).in_chat(ALICE));
    post.put_all((1..=3000).map(|id| words(id, ALICE, "once more"))).await;
    post.put(words(5000, XIAOMING, "Welcome")).await;
    post.start();
    post.until("select count(*) from outbox where state = 'delivered'", 1).await;
    assert_eq!(post.words(XIAOMING), ["Welcome"]);
}

#[tokio::test]
async fn many_messages_of_one_conversation_stay_in_order() {
    let mut post = Post::open().await;
    let numbered = |id: i64| words(id, ALICE, &id.to_string());
    post.put_all((1..=100).map(numbered)).await;
    post.start();
    for first in [101, 111, 121] {
        post.put_all((first..first + 10).map(numbered)).await;
    }
    post.until_empty().await;
    let wanted: Vec<String> = (1..=130).map(|id: i64| id.to_string()).collect();
    assert_eq!(post.words(ALICE), wanted);
}
