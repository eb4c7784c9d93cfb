//! What a panic in the midst of a turn does: something to its own event, nothing to anybody else's.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use picdesk_core::{
    account::Person,
    event::{Event, Message, Setting},
    id::ConversationId,
};

use super::*;
use crate::{
    clock::{Clock, Hands},
    config::Config,
    store::{
        inbox::{NewEvent, Origin, What},
        replica::SHARDS,
        sealed, status,
    },
};

/// How often turns of a conversation still panic. Each test has conversations of its own.
static STRIKES: Mutex<BTreeMap<String, u32>> = Mutex::new(BTreeMap::new());

/// Lets so many turns of a conversation panic.
fn strike_down(conversation: &str, times: u32) {
    let mut strikes = STRIKES.lock().unwrap_or_else(PoisonError::into_inner);
    strikes.insert(format!("telegram:{conversation}"), times);
}

/// Panics where a test says so.
pub(super) fn strike(conversation: &ConversationId) {
    let mut strikes = STRIKES.lock().unwrap_or_else(PoisonError::into_inner);
    let left = strikes.get_mut(conversation.as_str()).filter(|left| **left > 0);
    let strikes = left.map(|left| *left -= 1).is_some();
    assert!(!strikes, "a test wants this turn to panic");
}

struct Scene {
    turner: Arc<Turner>,
    store: Store,
    hands: Hands,
    _folder: tempfile::TempDir,
}

impl Scene {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("picdesk.db").display());
        let (clock, hands) = Clock::still(1_790_000_000_000);
        let store = Store::open(&url, 1, clock).await.unwrap();
        let shards = Arc::new(Shards::default());
        shards.set((0..SHARDS).collect());
        let desk = Arc::new(desk(&store));
        let (answers, _answered) = mpsc::channel(1);
        let turner = Turner::new(store.clone(), desk, shards, Arc::default(), answers);
        Self { turner: Arc::new(turner), store, hands, _folder: folder }
    }

    /// Somebody asks for help.
    async fn ask(&self, who: &str, name: &str) {
        let identity = format!("telegram:{who}");
        let message = Message {
            from: Person { identity: identity.as_str().into(), name: who.into(), language: None },
            setting: Setting::Private,
            id: name.into(),
            text: "/help".to_owned(),
            attachments: Vec::new(),
            album: None,
            reply_to: None,
        };
        let event = NewEvent {
            external_id: name.to_owned(),
            conversation: identity.clone(),
            ordering: identity,
            origin: Origin::People,
            event: What::Known(Arc::new(Event::MessageReceived(message))),
            raw: sealed::seal(&[]),
            set_aside: false,
            happened_at: i64::MAX,
            envelope: None,
        };
        let now = self.store.clock().now_ms();
        let written = self.store.writer().run(move |tx| {
            let event = event.clone();
            Box::pin(async move { inbox::insert(tx, &[event], now, now + 1000).await })
        });
        assert_eq!(written.await.unwrap(), [true]);
    }

    /// Turns what there is, time passing, until nothing waits.
    async fn turn(&self) -> status::Status {
        let mut suspects = Suspects::default();
        loop {
            self.turner.turn_some(&mut suspects).await.unwrap();
            let mut snapshot = self.store.snapshot().await.unwrap();
            let status = status::status(&mut snapshot).await.unwrap();
            if status.inbox.waiting == 0 {
                return status;
            }
            self.hands.advance(Duration::from_secs(1));
        }
    }
}

fn desk(store: &Store) -> Desk {
    let config = Config::from_text("").unwrap();
    let words = Words::load();
    Desk {
        house: config.house(None, words.examples()),
        words,
        alarms: Alarms::new(store.clone(), None),
        context: SayContext::of(&config),
        seal: Seal::new(vec![7; 32]),
        messages_per_min: 0,
        doors: Doors::default(),
    }
}

#[tokio::test]
async fn a_turn_that_panics_once_is_decided_again() {
    let scene = Scene::open().await;
    strike_down("1", 1);
    scene.ask("1", "first").await;
    scene.ask("2", "beside").await;
    let status = scene.turn().await;
    assert_eq!((status.inbox.turned, status.inbox.set_aside), (2, 0));
    assert_eq!(status.accounts, 2, "both were met");
    assert!(status.outbox.waiting > 0);
}

#[tokio::test]
async fn a_turn_that_always_panics_is_set_aside_and_holds_nobody_back() {
    let scene = Scene::open().await;
    strike_down("11", 3);
    scene.ask("11", "poison").await;
    scene.ask("11", "what came after it").await;
    scene.ask("12", "beside").await;
    let status = scene.turn().await;
    assert_eq!((status.inbox.turned, status.inbox.set_aside), (2, 1));
    assert_eq!(status.accounts, 2, "both were met");
    assert!(status.outbox.waiting > 0);
}
