//! The inbox: each event once, in its conversation's order.

use std::sync::Arc;

use picdesk::store::{
    StoreError,
    inbox::{self, Aside, BatchSize, NewEvent, Pending, What},
    prune,
    replica::{SHARDS, shard_of},
};
use picdesk_core::{channel::Checkpoint, event::Event};

use super::{House, START, arrived, houses, tick};

/// Whatever there is.
const ALL: BatchSize = BatchSize { events: 100, looked_at: 1000 };
/// Every shard there is.
const EVERYWHERE: (i64, i64) = (0, SHARDS);

impl House {
    /// How many of these were new.
    async fn accept(&self, events: &[NewEvent]) -> usize {
        let with = (Arc::new(events.to_vec()), self.clock.now_ms());
        let new = self.write(with, |tx, (events, now)| {
            Box::pin(async move { inbox::insert(tx, &events, now, now + 1000).await })
        });
        new.await.unwrap().into_iter().filter(|new| *new).count()
    }

    /// Ticks that come to one conversation.
    async fn ticks(&self, conversation: &str, numbers: std::ops::Range<i64>) {
        let events: Vec<_> = numbers
            .map(|number| arrived(&format!("{conversation}/{number}"), conversation, &tick(number)))
            .collect();
        self.accept(&events).await;
    }

    async fn waiting_in(&self, shards: (i64, i64), size: BatchSize) -> Vec<Pending> {
        let with = (shards, size, self.clock.now_ms());
        self.write(with, |tx, (shards, size, now)| Box::pin(inbox::waiting(tx, shards, size, now)))
            .await
            .unwrap()
    }

    async fn waiting(&self) -> Vec<Pending> {
        self.waiting_in(EVERYWHERE, ALL).await
    }

    async fn finish(&self, seqs: &[i64]) -> Result<(), StoreError> {
        let with = (seqs.to_vec(), self.clock.now_ms());
        self.write(with, |tx, (seqs, now)| {
            Box::pin(async move { inbox::finish(tx, &seqs, now).await })
        })
        .await
    }

    /// Pulls a page of events from a source.
    async fn pull(&self, from: Option<&str>, to: &str) -> Result<(), StoreError> {
        let source = "telegram".to_owned();
        let checkpoint = Checkpoint { source, from: from.map(str::to_owned), to: to.to_owned() };
        let event = arrived(&format!("pulled up to {to}"), "telegram:1", &tick(1));
        self.write((checkpoint, event), |tx, (checkpoint, event)| {
            Box::pin(async move {
                inbox::move_checkpoint(tx, &checkpoint).await?;
                inbox::insert(tx, &[event], START, START).await?;
                Ok(())
            })
        })
        .await
    }

    async fn checkpoint(&self) -> Option<String> {
        inbox::checkpoint(&mut self.store.read().await.unwrap(), "telegram").await.unwrap()
    }
}

/// Which tick an event is.
fn number(pending: &Pending) -> i64 {
    match pending.event.as_deref() {
        Some(Event::GenerationUncertain { generation }) => generation.0,
        other => panic!("{other:?} is no tick"),
    }
}

fn numbers(pending: &[Pending]) -> Vec<i64> {
    pending.iter().map(number).collect()
}

#[tokio::test]
async fn an_event_accepted_twice_is_kept_once() {
    for house in houses().await {
        let event = arrived("update:7", "telegram:1", &tick(7));
        assert_eq!(house.accept(std::slice::from_ref(&event)).await, 1);
        assert_eq!(house.accept(&[event]).await, 0);
        assert_eq!(numbers(&house.waiting().await), [7]);
    }
}

#[tokio::test]
async fn an_event_that_comes_twice_in_one_batch_is_kept_once() {
    for house in houses().await {
        let first = arrived("update:7", "telegram:1", &tick(7));
        let other = arrived("update:8", "telegram:2", &tick(8));
        assert_eq!(house.accept(&[first.clone(), other, first]).await, 2);
        assert_eq!(numbers(&house.waiting().await), [7, 8]);
        assert_eq!(house.int("select count(*) from inbox_raw", &[]).await, 2);
    }
}

#[tokio::test]
async fn an_event_that_was_turned_is_still_known_when_it_comes_again() {
    for house in houses().await {
        let event = arrived("update:7", "telegram:1", &tick(7));
        house.accept(std::slice::from_ref(&event)).await;
        house.finish(&[house.waiting().await[0].seq]).await.unwrap();
        assert_eq!(house.accept(&[event]).await, 0);
        assert!(house.waiting().await.is_empty());
    }
}

#[tokio::test]
async fn three_hundred_events_of_one_batch_keep_their_order() {
    for house in houses().await {
        house.ticks("telegram:1", 0..300).await;
        let mut seen = Vec::new();
        while let [first] = &house.waiting().await[..] {
            seen.push(number(first));
            house.finish(&[first.seq]).await.unwrap();
        }
        assert_eq!(seen, (0..300).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_conversation_waits_for_its_first_event() {
    for house in houses().await {
        house.ticks("telegram:1", 0..3).await;
        house.ticks("telegram:2", 10..12).await;
        let first = house.waiting().await;
        assert_eq!(numbers(&first), [0, 10]);
        house.finish(&[first[1].seq]).await.unwrap();
        assert_eq!(numbers(&house.waiting().await), [0, 11]);
    }
}

#[tokio::test]
async fn a_flooded_conversation_does_not_hide_the_others() {
    for house in houses().await {
        house.ticks("telegram:1", 0..40).await;
        house.ticks("telegram:2", 100..101).await;
        for looked_at in [0, 8, 100] {
            let small = BatchSize { events: 4, looked_at };
            assert_eq!(numbers(&house.waiting_in(EVERYWHERE, small).await), [0, 100]);
        }
    }
}

#[tokio::test]
async fn an_event_is_turned_once() {
    for house in houses().await {
        house.ticks("telegram:1", 0..2).await;
        let seq = house.waiting().await[0].seq;
        house.finish(&[seq]).await.unwrap();
        let again = house.finish(&[seq]).await.unwrap_err();
        assert!(matches!(again, StoreError::Lost(seqs) if seqs == [seq]));
        assert_eq!(numbers(&house.waiting().await), [1]);
    }
}

#[tokio::test]
async fn what_is_postponed_holds_back_its_conversation_and_no_other() {
    for house in houses().await {
        house.ticks("telegram:1", 0..2).await;
        house.ticks("telegram:2", 10..11).await;
        let with = (house.waiting().await[0].seq, START + 500);
        house
            .write(with, |tx, (seq, until)| Box::pin(inbox::postpone(tx, seq, until)))
            .await
            .unwrap();
        assert_eq!(numbers(&house.waiting().await), [10]);
        house.hands.advance(std::time::Duration::from_millis(500));
        let again = house.waiting().await;
        assert_eq!(numbers(&again), [0, 10]);
        assert_eq!(again[0].attempts, 1);
    }
}

#[tokio::test]
async fn tries_are_counted_before_they_are_made() {
    for house in houses().await {
        house.ticks("telegram:1", 0..1).await;
        let seq = house.waiting().await[0].seq;
        for tries in 1..=2 {
            house
                .write(seq, |tx, seq| {
                    Box::pin(async move { inbox::count_deaths(tx, &[seq]).await })
                })
                .await
                .unwrap();
            assert_eq!(house.waiting().await[0].deaths, tries);
        }
    }
}

#[tokio::test]
async fn what_is_set_aside_lets_its_conversation_go_on() {
    for house in houses().await {
        house.ticks("telegram:1", 0..2).await;
        let seq = house.waiting().await[0].seq;
        house
            .write(seq, |tx, seq| Box::pin(inbox::set_aside(tx, seq, Aside::Failed, START)))
            .await
            .unwrap();
        assert_eq!(numbers(&house.waiting().await), [1]);
        assert_eq!(house.status().await.inbox.set_aside, 1);
        let kept =
            house.int("select kept_until from inbox_raw where seq = $1", &[seq.into()]).await;
        assert_eq!(kept, START + inbox::SET_ASIDE_KEPT_MS);
    }
}

#[tokio::test]
async fn what_cannot_be_read_at_the_door_is_kept_and_never_turned() {
    for house in houses().await {
        let mut event = arrived("update:7", "telegram:1", &tick(7));
        event.set_aside = true;
        assert_eq!(house.accept(&[event]).await, 1);
        assert!(house.waiting().await.is_empty());
        assert_eq!(house.status().await.inbox.set_aside, 1);
    }
}

#[tokio::test]
async fn an_event_of_another_version_is_told_as_unreadable() {
    for house in houses().await {
        let mut event = arrived("update:7", "telegram:1", &tick(7));
        event.event = What::Sealed(b"\x09garbage".to_vec());
        house.accept(&[event]).await;
        let waiting = house.waiting().await;
        assert_eq!(waiting.len(), 1);
        assert!(waiting[0].event.is_none());
    }
}

#[tokio::test]
async fn an_event_is_seen_only_where_its_shard_is() {
    for house in houses().await {
        house.ticks("telegram:1", 0..1).await;
        let shard = shard_of("telegram:1");
        assert_eq!(numbers(&house.waiting_in((shard, shard + 1), ALL).await), [0]);
        assert!(house.waiting_in((0, shard), ALL).await.is_empty());
        assert!(house.waiting_in((shard + 1, SHARDS), ALL).await.is_empty());
    }
}

#[tokio::test]
async fn a_checkpoint_moves_only_from_where_the_pull_began() {
    for house in houses().await {
        assert_eq!(house.checkpoint().await, None);
        house.pull(None, "10").await.unwrap();
        house.pull(Some("10"), "20").await.unwrap();
        for (from, to) in [(Some("10"), "21"), (None, "22"), (Some("30"), "23")] {
            let stale = house.pull(from, to).await.unwrap_err();
            assert!(matches!(stale, StoreError::Constraint(_)), "{stale:?}");
        }
        assert_eq!(house.checkpoint().await.as_deref(), Some("20"));
        // What a stale pull brought is not there either: the next one brings it again.
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 2);
    }
}

#[tokio::test]
async fn what_waits_moves_with_its_conversation() {
    for house in houses().await {
        house.ticks("telegram:1", 0..2).await;
        house.ticks("telegram:2", 10..11).await;
        house.finish(&[house.waiting().await[0].seq]).await.unwrap();
        house
            .write((), |tx, ()| Box::pin(inbox::move_waiting(tx, "telegram:1", "telegram:-100")))
            .await
            .unwrap();
        let shard = shard_of("telegram:-100");
        let there = house.waiting_in((shard, shard + 1), ALL).await;
        assert_eq!(numbers(&there), [1]);
        assert_eq!(there[0].conversation.as_str(), "telegram:-100");
        assert_eq!(there[0].ordering, "telegram:-100");
    }
}

#[tokio::test]
async fn only_what_people_do_is_counted() {
    for house in houses().await {
        house.accept(&[NewEvent::uncertain(7, "telegram:1")]).await;
        house.ticks("telegram:1", 0..2).await;
        house.ticks("telegram:2", 10..11).await;
        house.finish(&[house.waiting().await[1].seq]).await.unwrap();
        let inbox = house.status().await.inbox;
        assert_eq!((inbox.waiting, inbox.turned), (2, 1));
    }
}

/// An event that came in an envelope.
fn came_in(envelope: u8, name: &str, happened_at: i64) -> NewEvent {
    let event = arrived(name, "wecom-app:1", &tick(1));
    NewEvent { envelope: Some([envelope; 16]), happened_at, ..event }
}

#[tokio::test]
async fn what_was_in_an_envelope_comes_once_under_whatever_name() {
    for house in houses().await {
        let one = came_in(1, "one", START);
        assert_eq!(house.accept(std::slice::from_ref(&one)).await, 1);
        assert_eq!(house.accept(&[came_in(1, "another", START), one]).await, 0);
        let both = [came_in(2, "two", START), came_in(2, "two again", START)];
        assert_eq!(house.accept(&both).await, 1, "also within a batch");
        // What came in none is known by its name alone.
        let plain = ["a", "b"].map(|name| arrived(name, "telegram:1", &tick(1)));
        assert_eq!(house.accept(&plain).await, 2);
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 4);
    }
}

#[tokio::test]
async fn an_envelope_is_known_after_its_row_is_forgotten() {
    for house in houses().await {
        house.accept(&[came_in(1, "one", START)]).await;
        let seqs: Vec<i64> = house.waiting().await.iter().map(|pending| pending.seq).collect();
        house.finish(&seqs).await.unwrap();
        house.hands.advance(std::time::Duration::from_hours(24 * 60));
        let now = house.clock.now_ms();
        let times = prune::Times { now, raw_before: now, prompts_before: now };
        while house.write(times, |tx, times| Box::pin(prune::prune(tx, times))).await.unwrap() {}
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 0);
        assert_eq!(house.accept(&[came_in(1, "another", START)]).await, 0);
        assert_eq!(house.accept(&[came_in(2, "another", START)]).await, 1);
    }
}
