//! What the WeCom adapter keeps: one fetches the token, and no change of an answer is lost.

use std::time::Duration;

use picdesk::{
    store::{Value, prune, sealed, wecom},
    wecom::Kept,
};
use picdesk_core::id::{ConversationId, OutboundId};
use picdesk_wecom::{
    menus::{Chooses, Menus},
    streams::{STREAM_MS, Stream, StreamStore},
    token::{Token, TokenStore},
    verify::Secret,
};

use super::{House, START, houses};

const APP: &str = "ww1:1000002";

impl House {
    fn kept(&self) -> Kept {
        Kept::new(self.store.clone())
    }

    async fn sweep(&self, now: i64) -> usize {
        self.write(now, |tx, now| Box::pin(wecom::sweep_streams(tx, now))).await.unwrap()
    }
}

fn token(text: &str) -> Token {
    Token { secret: Secret::new(text), renew_at: START + 6_480_000 }
}

fn stream(id: &str, begun_at: i64) -> Stream {
    Stream {
        id: id.to_owned(),
        conversation: place(),
        begun_at,
        version: 0,
        response_url: Some("https://canary.example/answer?code=1".to_owned()),
        req_id: None,
        parts: Vec::new(),
        awaited: Vec::new(),
        pictures: Vec::new(),
        carries: Vec::new(),
        receipt_due: false,
        taken_back: false,
        card: None,
        finish_at: None,
        finished: false,
        responded: None,
    }
}

fn place() -> ConversationId {
    ConversationId("wecom-bot:ChenMo".to_owned())
}

#[tokio::test]
async fn one_replica_alone_fetches_a_token_and_all_have_it() {
    for house in houses().await {
        let (one, other) = (house.kept(), Kept::new(house.database.open(&house.clock).await));
        assert!(one.load(APP).await.is_none());
        let claims = tokio::join!(one.claim(APP, START + 10_000), other.claim(APP, START + 10_000));
        assert!(claims.0 != claims.1, "{claims:?}");
        assert!(one.load(APP).await.is_none(), "a claim is no token");
        TokenStore::save(&one, APP, &token("Canary-1")).await;
        let found = other.load(APP).await.unwrap();
        assert_eq!((found.secret.expose(), found.renew_at), ("Canary-1", START + 6_480_000));
        assert!(other.claim(APP, START + 10_000).await, "the claim ends with the token");
        assert!(other.load(APP).await.is_some(), "the old token stays until there is another");
        assert!(!one.claim(APP, START + 10_000).await);
        house.hands.advance(Duration::from_secs(11));
        assert!(one.claim(APP, START + 21_000).await, "who claimed it may have died");
        other.release(APP, START + 10_000).await;
        assert!(!other.claim(APP, START + 22_000).await, "what ended is not ended again");
        one.release(APP, START + 21_000).await;
        assert!(other.claim(APP, START + 22_000).await, "nothing came of it");
        let bytes = sealed::seal(b"Canary-1");
        let kept = "select count(*) from wecom_tokens where token = $1";
        assert_eq!(house.int(kept, &[Value::from(bytes)]).await, 1, "sealed");
    }
}

#[tokio::test]
async fn no_change_of_an_answer_is_lost() {
    for house in houses().await {
        let kept = house.kept();
        kept.open(stream("s1", START)).await.unwrap();
        let mut first = StreamStore::find(&kept, "s1").await.unwrap().unwrap();
        let mut second = first.clone();
        first.version += 1;
        first.awaited.push("picture".to_owned());
        assert!(StreamStore::save(&kept, &first).await.unwrap());
        second.version += 1;
        assert!(!StreamStore::save(&kept, &second).await.unwrap(), "it has changed meanwhile");
        kept.open(stream("s1", START)).await.unwrap();
        let found = StreamStore::find(&kept, "s1").await.unwrap().unwrap();
        assert_eq!((found.version, found.awaited.len()), (1, 1), "one of the same name stays");
        kept.open(stream("s2", START + 5)).await.unwrap();
        kept.open(stream("s0", START - 5)).await.unwrap();
        let there = kept.recent(&place()).await.unwrap();
        assert_eq!(there.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["s2", "s1", "s0"]);
        for id in ["s9", "s3", "s5"] {
            kept.open(stream(id, START + 5)).await.unwrap();
            assert_eq!(kept.recent(&place()).await.unwrap()[0].id, id, "of one second");
        }
        assert!(kept.recent(&"wecom-bot:other".into()).await.unwrap().is_empty());
        assert!(StreamStore::find(&kept, "nobodys").await.unwrap().is_none());
    }
}

#[tokio::test]
async fn an_answer_that_nobody_came_for_is_told_of_once_and_then_forgotten() {
    for house in houses().await {
        let kept = house.kept();
        kept.open(Stream { carries: vec![OutboundId(7)], ..stream("lost", START) }).await.unwrap();
        kept.open(stream("empty", START)).await.unwrap();
        let told = stream("told", START);
        kept.open(told.clone()).await.unwrap();
        let told = Stream { finished: true, version: 1, carries: vec![OutboundId(8)], ..told };
        assert!(StreamStore::save(&kept, &told).await.unwrap());
        assert_eq!(house.sweep(START + STREAM_MS).await, 0, "there is still time");
        let late = START + STREAM_MS + 1;
        assert_eq!((house.sweep(late).await, house.sweep(late).await), (2, 0));
        let bounced = "select external_id from inbox";
        assert_eq!(house.word(bounced, &[]).await, "stream:lost:7:lost");
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 1);
        let times = prune::Times { now: late, raw_before: late, prompts_before: START };
        house.write(times, |tx, times| Box::pin(prune::prune(tx, times))).await.unwrap();
        assert_eq!(house.int("select count(*) from wecom_streams", &[]).await, 0);
    }
}

#[tokio::test]
async fn the_last_menu_of_a_conversation_answers_to_its_numbers() {
    for house in houses().await {
        let (kept, place) = (house.kept(), place());
        let tokens = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(Menus::find(&kept, &place, 1).await, None);
        kept.remember(&place, &tokens(&["old", "older"])).await;
        kept.remember(&place, &tokens(&["", "", "three", "four"])).await;
        let find = async |number| Menus::find(&kept, &place, number).await;
        assert_eq!(find(3).await.as_deref(), Some("three"));
        assert_eq!(find(4).await.as_deref(), Some("four"));
        assert_eq!((find(0).await, find(1).await, find(5).await), (None, None, None));
    }
}

#[tokio::test]
async fn how_somebody_chose_last_is_known_when_the_next_menu_is_kept() {
    for house in houses().await {
        let (kept, place) = (house.kept(), place());
        let next = async || kept.remember(&place, &["token".to_owned()]).await;
        // Without a menu there is nothing to choose.
        kept.chose(&place, Chooses::ByCard).await;
        assert_eq!(next().await, Chooses::ByNumber);
        assert_eq!(kept.way(&"wecom-app:nobody".into()).await, Chooses::ByNumber);
        for how in [Chooses::ByCard, Chooses::ByCard, Chooses::ByNumber] {
            kept.chose(&place, how).await;
            assert_eq!((next().await, next().await, kept.way(&place).await), (how, how, how));
        }
        // Whoever left their desk may read on in WeChat.
        kept.chose(&place, Chooses::ByCard).await;
        assert_eq!(kept.way(&place).await, Chooses::ByCard);
        house.hands.advance(std::time::Duration::from_secs(10));
        assert_eq!((next().await, kept.way(&place).await), (Chooses::ByNumber, Chooses::ByNumber));
    }
}

#[tokio::test]
async fn a_doorbell_is_passed_on_once_and_the_last_one_counts() {
    for house in houses().await {
        for token in ["first", "second"] {
            house
                .write(token, |tx, token| Box::pin(wecom::keep_doorbell(tx, "wk1", token)))
                .await
                .unwrap();
        }
        let take = async || {
            house.write((), |tx, ()| Box::pin(wecom::take_doorbell(tx, "wk1"))).await.unwrap()
        };
        assert_eq!((take().await.as_deref(), take().await), (Some("second"), None));
    }
}

#[tokio::test]
async fn an_envelope_that_brought_no_event_is_new_once_at_whatever_replica() {
    for house in houses().await {
        let opened = async |envelope: [u8; 16]| {
            let new = house.write(envelope, |tx, envelope| {
                Box::pin(picdesk::store::inbox::keep_envelope(tx, envelope))
            });
            new.await.unwrap()
        };
        assert!(opened([7; 16]).await && opened([8; 16]).await);
        assert!(!opened([7; 16]).await);
    }
}
