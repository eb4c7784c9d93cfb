//! An edit goes to the message it is about, wherever it was asked for.

use std::time::Duration;

use picdesk_core::channel::{Content, OutboundMessage, Place, Text};
use picdesk_sandbox::telegram::{ALICE, GROUP};

use super::{Post, SLOT, picture, placeholder, settled, words};

fn removal(id: i64, chat: i64) -> OutboundMessage {
    let content = Content::Removed { instead: Text::plain("Deleted") };
    OutboundMessage { content, ..settled(id, chat, "") }
}

#[tokio::test]
async fn what_stands_in_another_chat_is_edited_and_removed_there() {
    let mut post = Post::open().await;
    post.start();
    // So that both chats have messages of these numbers.
    for id in 1..=3 {
        post.put(words(id, ALICE, "Welcome")).await;
    }
    post.put(placeholder(4, GROUP)).await;
    post.until_empty().await;
    let before = post.words(ALICE);
    post.put(settled(5, ALICE, "Nothing was charged")).await;
    post.until_empty().await;
    assert_eq!(post.words(GROUP), ["Nothing was charged"]);
    let stands = "select count(*) from placed where slot = 'g5' and conversation like '%:-2001'";
    assert_eq!(post.int(stands).await, 1);
    post.put(removal(6, ALICE)).await;
    post.until_empty().await;
    assert!(post.said(GROUP).is_empty(), "{}", post.telegram.transcript(GROUP));
    assert_eq!(post.words(ALICE), before);
}

#[tokio::test]
async fn what_stood_in_a_group_that_moved_comes_anew() {
    let mut post = Post::open().await;
    post.start();
    post.put(placeholder(1, GROUP)).await;
    post.until_empty().await;
    let moved = post.telegram.migrate(GROUP).unwrap();
    post.put(settled(2, GROUP, "Nothing was charged")).await;
    post.until_empty().await;
    post.put(settled(3, moved, "It is here")).await;
    post.until_empty().await;
    assert_eq!(post.words(moved), ["It is here"]);
}

#[tokio::test]
async fn what_is_too_old_to_be_deleted_shows_the_picture_no_more() {
    let mut post = Post::open().await;
    post.keep_picture().await;
    post.start();
    post.put(placeholder(1, ALICE)).await;
    post.put(picture(2, ALICE, Place::Edit { slot: SLOT })).await;
    post.until_empty().await;
    let shown = post.said(ALICE).remove(0).picture.unwrap();
    post.telegram.advance(Duration::from_hours(49));
    post.put(removal(3, ALICE)).await;
    let counts = post.until_empty().await;
    assert_eq!(counts.delivered, 3, "{counts:?}");
    let said = post.said(ALICE).remove(0);
    assert_eq!(said.text, "Deleted");
    assert_ne!(said.picture.unwrap().source, shown.source);
}
