//! Pictures come once, in one message, and nothing paints over what settled them.

use std::time::Instant;

use picdesk::outbox::RateScope;
use picdesk_core::{
    channel::{OutboundMessage, Place, Repeat},
    id::{GenerationId, Slot},
};
use picdesk_sandbox::telegram::{ALICE, Armed, Fault, MessageView};

use super::{ARTIFACT, Post, SLOT, partial, picture, placeholder, settled};

/// A kept picture that is opened again.
fn opened(id: i64) -> OutboundMessage {
    picture(id, ALICE, Place::New { slot: Some(Slot::Question(ARTIFACT.0)) })
}

#[tokio::test]
async fn an_opened_picture_is_one_message_whatever_its_edit_meets() {
    for fault in [
        Fault::TooManyRequests { retry_after_s: 1 },
        Fault::DropAnswer,
        Fault::DropRequest,
        Fault::ServerError { status: 500 },
    ] {
        let mut post = Post::open().await;
        post.keep_picture().await;
        post.telegram.arm(Armed::times(fault.clone(), 2).on("editMessageMedia"));
        post.put(opened(1)).await;
        post.start();
        let counts = post.until_empty().await;
        assert_eq!(counts.delivered, 1, "{fault:?} {counts:?}");
        let said = post.said(ALICE);
        assert_eq!(said.len(), 1, "{fault:?}\n{}", post.telegram.transcript(ALICE));
        assert!(said[0].picture.is_some(), "{fault:?}");
    }
}

#[tokio::test]
async fn a_death_between_the_message_and_its_picture_leaves_nothing_behind() {
    let mut post = Post::open().await;
    post.keep_picture().await;
    let never = Armed::chance(Fault::ServerError { status: 500 }, 1.0);
    post.telegram.arm(never.on("editMessageMedia"));
    post.put(OutboundMessage { repeat: Repeat::Ask, ..opened(1) }).await;
    post.start();
    post.until_struck("server_error", 3).await;
    post.kill().await;
    post.telegram.clear_faults();
    post.start();
    let counts = post.until_empty().await;
    assert_eq!((counts.delivered, counts.unknown), (1, 0), "{counts:?}");
    assert_eq!(post.said(ALICE).len(), 1, "{}", post.telegram.transcript(ALICE));
}

#[tokio::test]
async fn a_picture_opened_twice_is_there_twice_and_the_later_one_is_the_slots() {
    let mut post = Post::open().await;
    post.keep_picture().await;
    post.put(opened(1)).await;
    post.put(opened(2)).await;
    post.start();
    post.until_empty().await;
    let said = post.said(ALICE);
    assert_eq!(said.len(), 2, "{}", post.telegram.transcript(ALICE));
    let stands = "select cast(message as bigint) from placed where slot = 'q70'";
    assert_eq!(post.int(stands).await, said[1].message);
    assert_eq!(post.int("select count(*) from placed").await, 1);
}

#[tokio::test]
async fn a_placeholder_that_can_never_be_edited_is_given_up() {
    let mut post = Post::open().await;
    post.keep_picture().await;
    let description = "message can't be edited".to_owned();
    let never = Armed::chance(Fault::BadRequest { description }, 1.0);
    post.telegram.arm(never.on("editMessageMedia"));
    post.put(opened(1)).await;
    post.start();
    let counts = post.until_empty().await;
    assert_eq!(counts.refused, 1, "{counts:?}");
}

#[tokio::test]
async fn what_settles_a_picture_waits_for_the_show_that_is_under_way() {
    let mut post = Post::open().await;
    post.put(placeholder(1, ALICE)).await;
    post.start();
    post.until_empty().await;
    post.telegram.arm(Armed::times(Fault::Slow { delay_ms: 400 }, 1).on("editMessageMedia"));
    post.progress.open(SLOT);
    post.progress.show(SLOT, partial(ALICE));
    post.until_struck("slow", 1).await;
    post.put(settled(2, ALICE, "Nothing was charged")).await;
    post.until_empty().await;
    let shown = post.telegram.wait_for(ALICE, crate::house::PATIENCE, |it| it.picture.is_some());
    shown.await.unwrap();
    assert_eq!(post.words(ALICE), ["Nothing was charged"]);
}

#[tokio::test]
async fn the_pictures_of_one_chat_share_its_allowance_for_progress() {
    let mut post = Post::open().await;
    let slots = [SLOT, Slot::Generation(GenerationId(71))];
    for (id, slot) in (1..).zip(slots) {
        let place = Place::New { slot: Some(slot) };
        post.put(OutboundMessage { place, ..placeholder(id, ALICE) }).await;
    }
    post.start();
    post.until_empty().await;
    for slot in slots {
        post.progress.open(slot);
        post.progress.show(slot, partial(ALICE));
    }
    let mut at = Vec::new();
    for placeholder in post.said(ALICE) {
        let is_it = |it: &MessageView| it.message == placeholder.message && it.picture.is_some();
        let shown = post.telegram.wait_for(ALICE, crate::house::PATIENCE, is_it).await.unwrap();
        at.push(shown.edited_at_ms.unwrap());
    }
    at.sort_unstable();
    // They travel a little between the sender's clock and the stand-in's.
    let interval = i64::from(post.channel.capabilities().edit_interval_s) * 1000 - 1000;
    assert!(at[1] - at[0] >= interval, "{at:?}");
}

#[tokio::test]
async fn what_comes_after_the_edit_that_settles_it_is_not_shown() {
    let mut post = Post::open().await;
    post.put(placeholder(1, ALICE)).await;
    post.start();
    post.until_empty().await;
    post.progress.open(SLOT);
    post.put(settled(2, ALICE, "Nothing was charged")).await;
    post.until_empty().await;
    post.progress.show(SLOT, partial(ALICE));
    let scope_of = |to: &_| RateScope::of(post.channel.as_ref(), to);
    let ready = post.progress.ready(std::time::Duration::ZERO, Instant::now(), scope_of);
    assert!(ready.is_empty(), "{ready:?}");
}
