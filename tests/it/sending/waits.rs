//! A channel that counts our messages says no for now: what was to be said waits, and nobody asks
//! again before it can go.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use picdesk_core::{
    channel::{
        Capabilities, Channel, Delivery, DeliveryError, FetchError, MediaRef, Receipt, SendsMax,
        Showing,
    },
    effect::Effect,
    id::ConversationId,
};
use picdesk_sandbox::telegram::ALICE;

use tokio::sync::Notify;

use super::{Post, words};
use crate::house::PATIENCE;

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
        // Whoever had the chat has it no more.
        let back = Effect::HandChat { conversation: conversation.clone(), handed: false };
        post.follow(vec![open, back, Effect::ReleaseHeld { conversation }], Vec::new()).await;
        post.until("select count(*) from outbox where state = 'delivered'", 2).await;
        assert_eq!(channel.tries.load(Ordering::Relaxed), 3);
        post.stop().await;
    }
}

#[tokio::test]
async fn what_an_earlier_sender_sent_in_the_last_minute_counts_where_more_is_lost() {
    let mut post = Post::open().await;
    let of_telegram = post.channel.capabilities().clone();
    let chat_sends_max = Some(SendsMax { per_min: 4, per_hour: 100 });
    let channel = Arc::new(Counting {
        capabilities: Capabilities { chat_sends_max, ..of_telegram },
        tries: AtomicUsize::new(0),
        first: Mutex::new(Vec::new()),
    });
    post.channel = Arc::clone(&channel) as Arc<dyn Channel>;
    for id in 1..=3 {
        post.put(words(id, ALICE, "hello")).await;
    }
    post.start();
    post.until("select count(*) from outbox where state = 'delivered'", 3).await;
    post.stop().await;
    post.start();
    post.put(words(4, ALICE, "not within this minute")).await;
    post.put(words(5, 9, "somebody else")).await;
    post.until("select count(*) from outbox where state = 'delivered'", 4).await;
    assert_eq!(channel.tries.load(Ordering::Relaxed), 4);
    assert_eq!(post.counts().await.waiting, 1, "each may have been two sends");
    post.stop().await;
}

/// Takes nothing, and remembers what it was told of what came.
struct Silent {
    capabilities: Capabilities,
    maybe_begun: Mutex<Vec<(i64, bool)>>,
    news: Notify,
}

#[async_trait]
impl Channel for Silent {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn deliver(&self, delivery: Delivery) -> Result<Receipt, DeliveryError> {
        let told = (delivery.message.id.0, delivery.maybe_begun);
        self.maybe_begun.lock().unwrap().push(told);
        self.news.notify_one();
        Err(DeliveryError::NotSent("there is no line".into()))
    }

    async fn show(&self, _: Showing) -> Result<(), DeliveryError> {
        Ok(())
    }

    async fn fetch(&self, _: &MediaRef, _: u64) -> Result<Vec<u8>, FetchError> {
        Err(FetchError::Gone)
    }
}

#[tokio::test]
async fn what_waited_when_a_sender_began_may_have_been_begun_before_however_often_it_is_tried() {
    let mut post = Post::open().await;
    let capabilities = post.channel.capabilities().clone();
    let silent =
        Arc::new(Silent { capabilities, maybe_begun: Mutex::default(), news: Notify::new() });
    post.channel = Arc::clone(&silent) as Arc<dyn Channel>;
    let told = |id: i64, maybe: bool| {
        let all = silent.maybe_begun.lock().unwrap();
        all.iter().filter(|one| **one == (id, maybe)).count()
    };
    let until = async |id: i64, maybe: bool, times: usize| {
        while told(id, maybe) < times {
            tokio::time::timeout(PATIENCE, silent.news.notified()).await.unwrap();
        }
    };
    post.put(words(1, 9, "somebody else")).await;
    post.start();
    until(1, true, 1).await;
    post.put(words(2, ALICE, "hello")).await;
    until(2, false, 2).await;
    assert_eq!(told(2, true), 0, "it came while this sender was here");
    post.kill().await;
    post.start();
    until(2, true, 3).await;
    post.kill().await;
}
