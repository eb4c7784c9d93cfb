//! Shared commits: many pieces of work in one transaction, and nobody suffers for another.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use picdesk::store::{StoreError, inbox};
use tokio::task::JoinSet;

use super::{House, START, arrived, houses, tick};

impl House {
    /// Hands in a piece of work that writes one event down, or fails half-way.
    fn hand_in(&self, pieces: &mut JoinSet<(usize, Result<Vec<bool>, StoreError>)>, number: usize) {
        let store = self.store.clone();
        let event = arrived(&format!("update:{number}"), "telegram:1", &tick(1));
        let fails = number.is_multiple_of(5);
        pieces.spawn(async move {
            let work = store.writer().run(move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    let new = inbox::insert(tx, &[event], START, START).await?;
                    if fails {
                        tx.run("insert into purses (id) values (1)", &[]).await?;
                    }
                    Ok(new)
                })
            });
            (number, work.await)
        });
    }
}

#[tokio::test]
async fn a_piece_that_fails_does_not_spoil_its_neighbours() {
    for house in houses().await {
        let mut pieces = JoinSet::new();
        for number in 0..100 {
            house.hand_in(&mut pieces, number);
        }
        for (number, outcome) in pieces.join_all().await {
            assert_eq!(outcome.is_err(), number.is_multiple_of(5), "{number}: {outcome:?}");
        }
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 80);
    }
}

#[tokio::test]
async fn what_comes_in_a_burst_shares_commits() {
    for mut house in houses().await {
        house.store = house.database.serve(&house.clock).await;
        // Each commit of a serving process touches its lane once.
        let commits = "select cast(sum(turns) as bigint) from lanes";
        let before = house.int(commits, &[]).await;
        let mut pieces = JoinSet::new();
        for number in 0..400 {
            house.hand_in(&mut pieces, number * 5 + 1);
        }
        assert!(pieces.join_all().await.into_iter().all(|(_, outcome)| outcome.is_ok()));
        let commits = house.int(commits, &[]).await - before;
        assert!((1..100).contains(&commits), "{commits} commits for 400 pieces");
    }
}

#[tokio::test]
async fn a_piece_whose_asker_has_gone_is_done_all_the_same() {
    for house in houses().await {
        let runs = Arc::new(AtomicUsize::new(0));
        let begun = Arc::new(tokio::sync::Notify::new());
        let asking = tokio::spawn({
            let (store, runs, begun) = (house.store.clone(), Arc::clone(&runs), Arc::clone(&begun));
            async move {
                let work = store.writer().run(move |tx| {
                    let (runs, begun) = (Arc::clone(&runs), Arc::clone(&begun));
                    Box::pin(async move {
                        runs.fetch_add(1, Ordering::Relaxed);
                        begun.notify_one();
                        let event = arrived("update:1", "telegram:1", &tick(1));
                        inbox::insert(tx, &[event], START, START).await
                    })
                });
                work.await
            }
        });
        begun.notified().await;
        asking.abort();
        let _ = asking.await;
        // Another lane may be done with later work before this one has committed.
        for _ in 0..1000 {
            house.run("delete from counters", &[]).await;
            if house.int("select count(*) from inbox", &[]).await == 1 {
                break;
            }
        }
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 1);
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn a_piece_that_panics_fails_alone_and_its_lane_goes_on() {
    for mut house in houses().await {
        house.store = house.database.serve(&house.clock).await;
        // More often than there are lanes, each time beside others.
        for round in 0..5 {
            let mut pieces = JoinSet::new();
            let store = house.store.clone();
            let panicking = tokio::spawn(async move {
                let work = store.writer().run(move |tx| {
                    Box::pin(async move {
                        tx.run("delete from inbox", &[]).await?;
                        assert!(round > 100, "of a defect");
                        Ok(())
                    })
                });
                work.await
            });
            for number in 0..20 {
                house.hand_in(&mut pieces, (round * 20 + number) * 5 + 1);
            }
            let outcome = panicking.await.unwrap();
            assert!(matches!(outcome, Err(StoreError::Panicked)), "{outcome:?}");
            assert!(pieces.join_all().await.into_iter().all(|(_, outcome)| outcome.is_ok()));
        }
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 100);
        assert!(house.store.health().trouble().is_none(), "the store itself is well");
    }
}
