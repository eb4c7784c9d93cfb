//! A channel that counts our messages says no for now: what was to be said waits, and nobody asks
//! again before it can go.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use picdesk_core::{
    channel::{
        Capabilities, Channel, Delivery, DeliveryError, FetchError, MediaRef, Receipt, Showing,
    },
    effect::Effect,
    id::ConversationId,
};
use picdesk_sandbox::telegram::ALICE;

use super::{Post, words};

/// Takes what comes, after so many answers of another kind.
struct Counting {
    capabilities: Capabilities,
    tries: AtomicUsize,
    first: Mutex<Vec<DeliveryError>>,
}

#[async_trait]
impl Channel for Counting {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn deliver(&self, _: Delivery) -> Result<Receipt, DeliveryError> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        self.first.lock().unwrap().pop().map_or_else(|| Ok(Receipt::default()), Err)
    }

    async fn show(&self, _: Showing) -> Result<(), DeliveryError> {
        Ok(())
    }

    async fn fetch(&self, _: &MediaRef, _: u64) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::Gone)
    }
}

#[tokio::test]
async fn words_that_cannot_go_now_are_tried_once_and_go_with_their_next_message() {
    for error in [DeliveryError::WindowClosed, DeliveryError::HumanHasIt] {
        let mut post = Post::open().await;
        let of_telegram = post.channel.capabilities().clone();
        let channel = Arc::new(Counting {
            capabilities: Capabilities { edits: false, replies_max: Some(5), ..of_telegram },
            tries: AtomicUsize::new(0),
            first: Mutex::new(vec![error]),
        });
        post.channel = Arc::clone(&channel) as Arc<dyn Channel>;
        post.put(words(1, ALICE, "A person answers")).await;
        post.start();
        post.until("select count(*) from outbox where state = 'held'", 1).await;
        // Something else goes, and does not take it along.
        post.put(words(2, 9, "Welcome")).await;
        post.until("select count(*) from outbox where state = 'delivered'", 1).await;
        assert_eq!(channel.tries.load(Ordering::Relaxed), 2);
        let conversation = ConversationId(format!("telegram:{ALICE}"));
        let open = Effect::OpenWindow {
            conversation: conversation.clone(),
            replies: 5,
            closes_at: i64::MAX,
        };
        post.follow(vec![open, Effect::ReleaseHeld { conversation }], Vec::new()).await;
        post.until("select count(*) from outbox where state = 'delivered'", 2).await;
        assert_eq!(channel.tries.load(Ordering::Relaxed), 3);
        post.stop().await;
    }
}
