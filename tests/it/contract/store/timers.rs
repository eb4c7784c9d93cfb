//! Timers: what has not happened yet happens once.

use std::time::Duration;

use picdesk::store::timers::{self, NewTimer, Sooner};

use super::{House, START, houses, tick};

impl House {
    async fn set(&self, timers: Vec<NewTimer>) {
        self.write(timers, |tx, timers| Box::pin(async move { timers::set(tx, &timers).await }))
            .await
            .unwrap();
    }

    async fn fire(&self) -> usize {
        self.write(self.clock.now_ms(), |tx, now| Box::pin(timers::fire(tx, now))).await.unwrap()
    }

    async fn due(&self) -> Option<i64> {
        timers::next_due(&mut self.store.read().await.unwrap()).await.unwrap()
    }

    async fn happened(&self) -> i64 {
        self.int("select count(*) from inbox where state = 'waiting'", &[]).await
    }
}

fn timer(name: &str, due_at: i64) -> NewTimer {
    NewTimer { id: name.to_owned(), due_at, conversation: "telegram:1".into(), event: tick(due_at) }
}

#[tokio::test]
async fn a_timer_fires_when_it_is_due_and_once() {
    for house in houses().await {
        house.set(vec![timer("a", START + 10), timer("b", START + 20)]).await;
        assert_eq!(house.due().await, Some(START + 10));
        assert_eq!(house.fire().await, 0);
        house.hands.advance(Duration::from_millis(10));
        assert_eq!(house.fire().await, 1);
        assert_eq!(house.fire().await, 0);
        assert_eq!((house.happened().await, house.due().await), (1, Some(START + 20)));
        let name = house.word("select external_id from inbox", &[]).await;
        assert_eq!(name, format!("timer:a:{}", START + 10));
    }
}

#[tokio::test]
async fn a_timer_set_again_moves() {
    for house in houses().await {
        house.set(vec![timer("a", START + 10)]).await;
        house.set(vec![timer("a", START + 20), timer("a", START + 30)]).await;
        assert_eq!(house.due().await, Some(START + 30));
        house.hands.advance(Duration::from_millis(29));
        assert_eq!(house.fire().await, 0);
        house.hands.advance(Duration::from_millis(1));
        assert_eq!(house.fire().await, 1);
    }
}

#[tokio::test]
async fn a_timer_of_an_old_name_can_be_set_anew() {
    for house in houses().await {
        for round in 1..=3 {
            house.set(vec![timer("a", house.clock.now_ms() + 1)]).await;
            house.hands.advance(Duration::from_millis(1));
            assert_eq!(house.fire().await, 1);
            assert_eq!(house.happened().await, round);
        }
    }
}

#[tokio::test]
async fn what_waits_in_one_place_under_one_name_happens_sooner_and_in_its_order() {
    for house in houses().await {
        let here = timer("a", 0).conversation;
        let later = |id: &str, due_at| timer(id, due_at + 1000);
        let elsewhere = NewTimer { conversation: "telegram:999".into(), ..later("held:z", START) };
        let all = [later("held:b", START - 1), later("held:a", START), later("h_ld:c", START)];
        house.set(all.into_iter().chain([elsewhere]).collect()).await;
        let sooner = Sooner { conversation: here, named: "held:", by_ms: 1000 };
        let hasten = house.write((sooner, START), |tx, (sooner, now)| {
            Box::pin(async move { timers::hasten(tx, &[sooner], now).await })
        });
        hasten.await.unwrap();
        assert_eq!(house.fire().await, 2);
        let first = "select external_id from inbox order by seq limit 1";
        assert_eq!(house.word(first, &[]).await, format!("timer:held:b:{}", START - 1));
    }
}

#[tokio::test]
async fn a_cleared_timer_never_fires() {
    for house in houses().await {
        house.set(vec![timer("a", START), timer("b", START)]).await;
        house
            .write((), |tx, ()| {
                Box::pin(async move { timers::clear(tx, &["a".into(), "none".into()]).await })
            })
            .await
            .unwrap();
        assert_eq!(house.fire().await, 1);
        assert_eq!(
            house.word("select external_id from inbox", &[]).await,
            format!("timer:b:{START}")
        );
    }
}

#[tokio::test]
async fn more_timers_than_one_commit_takes_fire_all_the_same() {
    for house in houses().await {
        house.set((0..300).map(|number| timer(&format!("t{number}"), START)).collect()).await;
        let mut fired = 0;
        while let more @ 1.. = house.fire().await {
            fired += more;
        }
        assert_eq!((fired, house.happened().await, house.due().await), (300, 300, None));
    }
}

#[tokio::test]
async fn two_clocks_fire_a_timer_once() {
    for house in houses().await {
        house.set((0..20).map(|number| timer(&format!("t{number}"), START)).collect()).await;
        let other = house.database.open(&house.clock).await;
        let both = tokio::join!(
            house.store.writer().run(|tx| Box::pin(timers::fire(tx, START))),
            other.writer().run(|tx| Box::pin(timers::fire(tx, START))),
        );
        // One of them may have lost everything to the other.
        assert!(both.0.is_ok() || both.1.is_ok());
        assert_eq!((house.happened().await, house.due().await), (20, None));
    }
}
