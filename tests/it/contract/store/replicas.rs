//! Replicas: who serves, and that the dead stay dead.

use std::{collections::HashSet, sync::Arc, time::Instant};

use picdesk::{
    clockwork::membership::{LeftToOthers, Membership},
    store::{
        Store, StoreError, inbox,
        line::{self, PendingHold},
        replica::{self, BEAT, LEASE, SHARDS},
    },
    turn::{ShardSet, Shards},
};
use tokio::sync::Notify;

use super::{Asked, House, START, arrived, houses, tick};

impl House {
    /// A process that serves from this house.
    async fn replica(&self) -> (Store, i64) {
        let store = self.database.serve(&self.clock).await;
        let number = store.replica().unwrap();
        (store, number)
    }
}

async fn accept(store: &Store, name: &str) -> Result<Vec<bool>, StoreError> {
    let event = arrived(name, "telegram:1", &tick(1));
    store
        .writer()
        .run(move |tx| {
            let event = event.clone();
            Box::pin(async move { inbox::insert(tx, &[event], START, START).await })
        })
        .await
}

async fn submit(store: &Store, replica: i64, asked: Asked) -> Option<PendingHold> {
    let submitting = store.writer().run(move |tx| {
        Box::pin(async move {
            line::claim(tx, replica, 9, START).await?;
            line::submit(tx, replica, asked.generation, "object").await
        })
    });
    submitting.await.unwrap()
}

async fn state(house: &House, asked: Asked) -> (String, i64) {
    let id = [asked.generation.0.into()];
    let owner = "select coalesce(claimed_by, 0) from generations where id = $1";
    (house.state(asked).await, house.int(owner, &id).await)
}

#[tokio::test]
async fn a_stale_replica_commits_nothing_after_it_was_taken_over() {
    for house in houses().await {
        let (stale, number) = house.replica().await;
        accept(&stale, "before").await.unwrap();
        replica::take_over(&house.store, number).await.unwrap();
        // Each of its lanes, however often it tries.
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            let outcome = accept(&stale, name).await;
            assert!(matches!(outcome, Err(StoreError::Fenced)), "{outcome:?}");
        }
        assert!(matches!(replica::beat(&stale, number).await, Err(StoreError::Fenced)));
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 1);
        assert!(replica::living(&house.store).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn all_that_shares_a_commit_with_a_stale_replica_is_refused() {
    for house in houses().await {
        let (stale, number) = house.replica().await;
        replica::take_over(&house.store, number).await.unwrap();
        let mut burst = tokio::task::JoinSet::new();
        for piece in 0..50 {
            let stale = stale.clone();
            burst.spawn(async move { accept(&stale, &format!("piece {piece}")).await });
        }
        for outcome in burst.join_all().await {
            assert!(matches!(outcome, Err(StoreError::Fenced)), "{outcome:?}");
        }
        assert_eq!(house.int("select count(*) from inbox", &[]).await, 0);
    }
}

#[tokio::test]
async fn a_takeover_frees_leases_and_puts_work_back() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        let (sent, claimed) = (house.ask(&ada, 1, 1).await, house.ask(&ada, 1, 2).await);
        let (dead, number) = house.replica().await;
        let names = vec!["clock".to_owned(), "sender/telegram".to_owned()];
        replica::name_leases(&dead, names.clone()).await.unwrap();
        assert_eq!(replica::take(&dead, number, &names).await.unwrap().len(), 2);
        assert!(submit(&dead, number, sent).await.is_some());
        assert_eq!(state(&house, claimed).await, ("claimed".to_owned(), number));
        replica::take_over(&house.store, number).await.unwrap();
        assert!(replica::held(&house.store, number).await.unwrap().is_empty());
        assert_eq!(state(&house, claimed).await, ("held".to_owned(), 0));
        assert_eq!(state(&house, sent).await, ("submitting".to_owned(), 0));
        let uncertain =
            "select count(*) from inbox where external_id like 'generation:%:uncertain'";
        assert_eq!(house.int(uncertain, &[]).await, 1);
    }
}

#[tokio::test]
async fn whoever_leaves_leaves_its_work_in_line() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        let asked = house.ask(&ada, 1, 1).await;
        let (store, number) = house.replica().await;
        store.writer().run(move |tx| Box::pin(line::claim(tx, number, 1, START))).await.unwrap();
        replica::leave(&store, number).await.unwrap();
        assert_eq!(state(&house, asked).await, ("held".to_owned(), 0));
        assert!(replica::living(&house.store).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_lease_is_held_by_one_at_a_time() {
    for house in houses().await {
        let names: Vec<String> = (0..replica::SHARDS).map(replica::shard_lease).collect();
        replica::name_leases(&house.store, names.clone()).await.unwrap();
        // Naming them again frees nothing.
        let (one, other) = (11, 12);
        let both = tokio::join!(
            replica::take(&house.store, one, &names),
            replica::take(&house.store, other, &names),
        );
        replica::name_leases(&house.store, names.clone()).await.unwrap();
        let (ours, theirs) = (both.0.unwrap(), both.1.unwrap());
        let all: HashSet<_> = ours.iter().chain(&theirs).collect();
        assert_eq!((ours.len() + theirs.len(), all.len()), (names.len(), names.len()));
        assert_eq!(replica::held(&house.store, one).await.unwrap().len(), ours.len());
        assert_eq!(replica::held(&house.store, other).await.unwrap().len(), theirs.len());
    }
}

#[tokio::test]
async fn a_lease_given_back_can_be_taken_by_another() {
    for house in houses().await {
        let name = ["clock".to_owned()];
        replica::name_leases(&house.store, name.to_vec()).await.unwrap();
        assert_eq!(replica::take(&house.store, 1, &name).await.unwrap(), name);
        // Who has it may take it again, and nobody else may give it back.
        assert_eq!(replica::take(&house.store, 1, &name).await.unwrap(), name);
        replica::give_back(&house.store, 2, &name).await.unwrap();
        assert!(replica::take(&house.store, 2, &name).await.unwrap().is_empty());
        replica::give_back(&house.store, 1, &name).await.unwrap();
        assert_eq!(replica::take(&house.store, 2, &name).await.unwrap(), name);
    }
}

#[tokio::test]
async fn a_beat_rises() {
    for house in houses().await {
        let (store, number) = house.replica().await;
        let before = replica::living(&store).await.unwrap();
        replica::beat(&store, number).await.unwrap();
        replica::beat(&store, number).await.unwrap();
        let after = replica::living(&store).await.unwrap();
        assert_eq!(after, [(number, before[0].1 + 2)]);
    }
}

#[tokio::test]
async fn one_file_is_served_by_one_process_and_one_server_by_several() {
    for house in houses().await {
        let (first, number) = house.replica().await;
        let second = house.database.try_to_serve(&house.clock).await;
        if house.database.is_shared() {
            assert_ne!(second.unwrap().replica().unwrap(), number);
        } else {
            assert!(matches!(second, Err(StoreError::InUse)));
        }
        accept(&first, "still here").await.unwrap();
    }
}

#[tokio::test]
async fn replicas_that_start_at_once_have_numbers_of_their_own() {
    for house in houses().await.into_iter().filter(|house| house.database.is_shared()) {
        let starts = (0..4).map(|_| house.replica());
        let started = futures_util::future::join_all(starts).await;
        let numbers: HashSet<i64> = started.iter().map(|(_, number)| *number).collect();
        assert_eq!(numbers.len(), 4);
    }
}

#[tokio::test]
async fn a_restart_takes_over_what_the_last_process_left() {
    for house in houses().await {
        let ada = house.customer("1", 20).await;
        let asked = house.ask(&ada, 1, 1).await;
        let (dead, number) = house.replica().await;
        dead.writer().run(move |tx| Box::pin(line::claim(tx, number, 1, START))).await.unwrap();
        drop(dead);
        let (next, again) = house.replica().await;
        if house.database.is_shared() {
            // The server frees the session's lock once it has seen the connection end.
            while !replica::session_is_gone(&next, number).await.unwrap() {
                tokio::task::yield_now().await;
            }
            assert!(!replica::session_is_gone(&next, again).await.unwrap());
            replica::take_over(&next, number).await.unwrap();
        }
        assert_eq!(state(&house, asked).await, ("held".to_owned(), 0));
        let living = replica::living(&next).await.unwrap();
        assert_eq!(living.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [again]);
    }
}

/// A replica that keeps its leases; time is said to it.
async fn member(house: &House) -> (Store, i64, Membership, Arc<Shards>) {
    let (store, number) = house.replica().await;
    let shards = Arc::new(Shards::default());
    let singles = vec!["clock".to_owned()];
    let (member, _held) = Membership::new(store.clone(), number, Arc::clone(&shards), singles);
    member.name_leases().await.unwrap();
    (store, number, member, shards)
}

fn all_shards() -> ShardSet {
    (0..SHARDS).collect()
}

#[tokio::test]
async fn a_session_that_was_lost_is_made_anew_and_kills_nobody() {
    for house in houses().await.into_iter().filter(|house| house.database.is_shared()) {
        let (one, first, mut ours, our_shards) = member(&house).await;
        let (other, second, mut theirs, their_shards) = member(&house).await;
        let start = Instant::now();
        for beat in 0..3 {
            ours.beat(start + BEAT * beat).await.unwrap();
            theirs.beat(start + BEAT * beat).await.unwrap();
        }
        assert_eq!(our_shards.ours().with(their_shards.ours()), all_shards());
        assert_eq!((one.replicas(), other.replicas()), (2, 2));
        assert!(our_shards.ours().common(their_shards.ours()).is_empty());
        // The server was started anew: every session is gone, those that prove life too.
        house.database.end_sessions().await;
        let gone = loop {
            // A connection of the pool that is gone too says so once.
            if let Ok(gone) = replica::session_is_gone(&one, second).await {
                break gone;
            }
        };
        assert!(gone);
        let later = start + BEAT * 4;
        // The one that is back first finds the other one without its lock.
        beat_until_well(&mut ours, later).await;
        beat_until_well(&mut theirs, later).await;
        for number in [first, second] {
            assert!(!replica::session_is_gone(&one, number).await.unwrap());
        }
        for beat in 5..9 {
            ours.beat(start + BEAT * beat).await.unwrap();
            theirs.beat(start + BEAT * beat).await.unwrap();
        }
    }
}

/// The pool's own connections are gone too, and each is found out when it is used.
async fn beat_until_well(member: &mut Membership, now: Instant) {
    for _ in 0..20 {
        match member.beat(now).await {
            Ok(()) => return,
            Err(error) => assert!(!matches!(error, StoreError::Fenced), "it was taken over"),
        }
    }
    panic!("no beat goes through");
}

#[tokio::test]
async fn a_replica_without_its_lock_that_is_silent_is_taken_over_before_its_lease_ends() {
    for house in houses().await.into_iter().filter(|house| house.database.is_shared()) {
        let (dead, number, silent, _) = member(&house).await;
        let (store, _, mut ours, shards) = member(&house).await;
        drop((dead, silent));
        // The server frees the session's lock once it has seen the connection end.
        while !replica::session_is_gone(&store, number).await.unwrap() {
            tokio::task::yield_now().await;
        }
        let start = Instant::now();
        for beat in 0..4 {
            assert!(BEAT * beat < LEASE);
            ours.beat(start + BEAT * beat).await.unwrap();
        }
        assert_eq!(shards.ours(), all_shards());
        assert_eq!(store.replicas(), 1);
    }
}

#[tokio::test]
async fn who_cannot_say_that_it_lives_lets_go_in_time_and_comes_back() {
    for house in houses().await {
        let (store, number, mut member, shards) = member(&house).await;
        let start = Instant::now();
        member.beat(start).await.unwrap();
        assert_eq!(shards.ours(), all_shards());
        house.run("alter table replicas rename column beats to hidden", &[]).await;
        assert!(member.beat(start + BEAT).await.is_err());
        assert_eq!(shards.ours(), all_shards(), "others wait for a whole lease");
        assert!(store.health().trouble().is_some());
        assert!(member.beat(start + BEAT * 4).await.is_err());
        assert!(shards.ours().is_empty(), "others may take them any moment");
        house.run("alter table replicas rename column hidden to beats", &[]).await;
        beat_until_well(&mut member, start + LEASE * 3).await;
        assert_eq!(shards.ours(), all_shards());
        assert!(store.health().trouble().is_none());
        assert_eq!(replica::living(&store).await.unwrap()[0].0, number);
    }
}

#[tokio::test]
async fn a_beat_that_hangs_is_noticed_and_what_is_held_is_let_go_in_time() {
    for house in houses().await {
        let (store, number, mut member, shards) = member(&house).await;
        let start = Instant::now();
        member.beat(start).await.unwrap();
        assert_eq!(shards.ours(), all_shards());
        // Somebody keeps the row of its beats to themselves for long.
        let (begun, enough) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let with = (number, Arc::clone(&begun), Arc::clone(&enough));
        let tool = house.store.clone();
        let hoarding = tokio::spawn(async move {
            let hoard = tool.writer().run(move |tx| {
                let (number, begun, enough) = with.clone();
                Box::pin(async move {
                    let text = "update replicas set started_at = started_at where id = $1";
                    tx.run(text, &[number.into()]).await?;
                    begun.notify_one();
                    enough.notified().await;
                    Ok(())
                })
            });
            hoard.await
        });
        begun.notified().await;
        assert!(member.beat(start + BEAT).await.is_err(), "it does not wait without end");
        assert_eq!(shards.ours(), all_shards(), "others wait for a whole lease");
        assert!(member.beat(start + BEAT * 3).await.is_err());
        assert!(shards.ours().is_empty(), "it stops before others may begin");
        enough.notify_one();
        hoarding.await.unwrap().unwrap();
        beat_until_well(&mut member, start + LEASE).await;
        assert_eq!(shards.ours(), all_shards());
        accept(&store, "after").await.unwrap();
    }
}

#[tokio::test]
async fn a_lease_that_is_left_to_others_is_free_for_them_and_comes_back() {
    for house in houses().await {
        let (store, number, ours, _) = member(&house).await;
        let left = LeftToOthers::default();
        let mut ours = ours.leaving(left.clone());
        let start = Instant::now();
        ours.beat(start).await.unwrap();
        let has_clock = async || {
            let held = replica::held(&store, number).await.unwrap();
            held.contains(&"clock".to_owned())
        };
        assert!(has_clock().await);
        left.leave("clock", start + BEAT * 5);
        for beat in 1..3 {
            ours.beat(start + BEAT * beat).await.unwrap();
        }
        assert!(!has_clock().await, "worked on no more since one beat, free at the next");
        ours.beat(start + BEAT * 6).await.unwrap();
        assert!(has_clock().await, "nobody else has taken it");
    }
}
