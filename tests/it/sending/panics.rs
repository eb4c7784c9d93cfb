//! A delivery that panics is its own failure: nothing else is sent twice, and all goes on.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use picdesk_core::{
    channel::{
        Budget, Capabilities, Channel, Delivery, DeliveryError, FetchError, MediaRef, Receipt,
        Repeat, Showing,
    },
    event::About,
    id::{ConversationId, EscalationId},
};
use picdesk_sandbox::telegram::{ALICE, Armed, Fault, XIAOMING};

use super::{Post, words};

/// A channel that panics with some messages, and is else another one.
struct Fragile {
    channel: Arc<dyn Channel>,
    /// The message that is its undoing, and how often.
    message: i64,
    times: AtomicUsize,
    /// Whether the message has left by then.
    late: bool,
}

#[async_trait]
impl Channel for Fragile {
    fn capabilities(&self) -> &Capabilities {
        self.channel.capabilities()
    }

    fn budget<'c>(&self, conversation: &'c ConversationId) -> Budget<'c> {
        self.channel.budget(conversation)
    }

    async fn deliver(&self, delivery: Delivery) -> Result<Receipt, DeliveryError> {
        let strikes = delivery.message.id.0 == self.message
            && self
                .times
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok();
        assert!(!strikes || self.late, "of a defect");
        let delivered = self.channel.deliver(delivery).await;
        assert!(!strikes, "of a defect");
        delivered
    }

    async fn show(&self, showing: Showing) -> Result<(), DeliveryError> {
        self.channel.show(showing).await
    }

    async fn fetch(&self, media: &MediaRef, bytes_max: u64) -> Result<Vec<u8>, FetchError> {
        self.channel.fetch(media, bytes_max).await
    }
}

async fn post(message: i64, times: usize, late: bool) -> Post {
    let mut post = Post::open().await;
    let channel = Arc::clone(&post.channel);
    post.channel = Arc::new(Fragile { channel, message, times: times.into(), late });
    post
}

#[tokio::test]
async fn what_was_under_way_beside_a_panic_is_sent_once() {
    let mut post = post(2, 1, false).await;
    // The first one is under way for long, while the second one's delivery panics.
    post.telegram.arm(Armed::times(Fault::Slow { delay_ms: 1_500 }, 1));
    post.put(words(1, ALICE, "a long one")).await;
    post.start();
    post.until_struck("slow", 1).await;
    post.put(words(2, XIAOMING, "a bad one")).await;
    post.put(words(3, XIAOMING, "the next")).await;
    assert_eq!(post.until_empty().await.delivered, 3);
    assert_eq!(post.words(ALICE), ["a long one"]);
    assert_eq!(post.words(XIAOMING), ["a bad one", "the next"]);
}

#[tokio::test]
async fn what_always_panics_is_given_up_and_its_conversation_goes_on() {
    let mut post = post(1, 99, false).await;
    let about = Some(About::TopicLine(EscalationId(9)));
    post.put_about(words(1, ALICE, "a bad one"), about).await;
    post.put(words(2, ALICE, "the next")).await;
    post.start();
    post.until_empty().await;
    assert_eq!(post.heard().await, ["outbound:1:refused:telegram:1001"]);
    assert_eq!(post.words(ALICE), ["the next"]);
}

#[tokio::test]
async fn what_must_not_leave_twice_and_may_have_left_is_asked_about() {
    let mut post = post(1, 1, true).await;
    let mut message = words(1, ALICE, "We are looking into it.");
    message.repeat = Repeat::Ask;
    post.put_about(message, Some(About::Relay(EscalationId(9)))).await;
    post.start();
    post.until_empty().await;
    assert_eq!(post.heard().await, ["outbound:1:unknown"]);
    assert_eq!(post.words(ALICE).len(), 1);
}
