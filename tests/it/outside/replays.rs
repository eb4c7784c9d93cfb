//! What comes again, in another order, or cannot be turned at all.

use picdesk::store::{
    inbox::{self, NewEvent, Origin, What},
    sealed,
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use serde_json::Value;

use super::{Called, bodies::bring_all, called_houses, count, scale, text_update};
use crate::database::databases;
use crate::house::Given;

/// Rounds of what they say where all of it is done.
const ROUNDS: usize = 20;
/// What each of them sends.
const SAID: [&str; 4] = ["a fox in the snow", "/balance", "a lighthouse --low", "/settings"];
/// Times that everything comes again.
const AGAIN: usize = 5;
/// How far an update may stray from its place.
const STRAYS: usize = 50;

#[tokio::test]
async fn what_was_brought_before_changes_nothing() {
    for mut called in called_houses().await {
        let people = greeted(&called, scale(50, 250)).await;
        let script = script(&people, SAID.len());
        assert!(bring_all(&called.caller, script.clone()).await.iter().all(|it| *it == 200));
        until_turned(&called).await;
        let before = called.house.until_quiet_but_for_the_line().await;
        let events = called.events().await;
        for _ in 0..AGAIN {
            assert!(bring_all(&called.caller, script.clone()).await.iter().all(|it| *it == 200));
        }
        until_turned(&called).await;
        assert_eq!(called.house.until_quiet_but_for_the_line().await, before);
        assert_eq!(called.events().await, events);
        let numbers = called.house.numbers(&called.desk).await;
        let again = count(&numbers, "picdesk_inbox_duplicates_total", "telegram");
        assert_eq!(again, (AGAIN * script.len()) as u64);
        // Whoever serves next knows them too.
        called = called.restart().await;
        assert!(bring_all(&called.caller, script).await.iter().all(|it| *it == 200));
        until_turned(&called).await;
        assert_eq!(called.house.until_quiet_but_for_the_line().await, before);
        assert_eq!(called.events().await, events);
        called.end(0).await;
    }
}

#[tokio::test]
async fn the_order_in_which_a_script_comes_does_not_change_where_it_ends() {
    for number in 0..databases().await.len() {
        let mut ends = Vec::new();
        let seeds = (1..=scale(1, 200) as u64).map(Some);
        for seed in [None].into_iter().chain(seeds) {
            let database = databases().await.swap_remove(number);
            let called = Called::build(database, Given::default()).await;
            let people = greeted(&called, scale(50, 500)).await;
            let mut script = script(&people, scale(SAID.len(), ROUNDS));
            if let Some(seed) = seed {
                stray(&mut script, seed);
            }
            assert!(bring_all(&called.caller, script).await.iter().all(|it| *it == 200));
            until_turned(&called).await;
            let status = called.house.until_quiet_but_for_the_line().await;
            ends.push((status, asked(&called).await));
            called.end(0).await;
        }
        assert!(ends.iter().all(|end| *end == ends[0]), "{ends:?}");
    }
}

#[tokio::test]
async fn events_that_cannot_be_turned_are_set_aside_and_the_others_go_on() {
    for called in called_houses().await {
        let people = greeted(&called, scale(50, 500)).await;
        let rounds = scale(SAID.len(), ROUNDS);
        let poisoned = scale(20, 100);
        for number in 0..poisoned {
            let whose = people[number % people.len()];
            poison(&called, number, whose).await;
        }
        let script = script(&people, rounds);
        assert!(bring_all(&called.caller, script).await.iter().all(|it| *it == 200));
        until_turned(&called).await;
        let status = called.house.until_quiet_but_for_the_line().await;
        assert_eq!(status["inbox"]["set_aside"], poisoned, "{status}");
        let requests = asked(&called).await.len();
        assert_eq!(requests, rounds / 2 * people.len(), "what came after them was turned");
        called.end(0).await;
    }
}

/// People whom Telegram knows, and who have said hello.
async fn greeted(called: &Called, count: usize) -> Vec<i64> {
    let mut people = Vec::new();
    for number in 0..count {
        let name = format!("Somebody {number}");
        let user = called.house.telegram.add_user(&format!("somebody-{number}"), &name, Some("en"));
        called.house.telegram.say(user, "/start").unwrap();
        people.push(user);
    }
    let all = i64::try_from(count).unwrap();
    called.house.until_status("everybody is greeted", |it| it["accounts"] == all).await;
    people
}

/// What they send in so many rounds, in its order.
fn script(people: &[i64], rounds: usize) -> Vec<Vec<u8>> {
    let mut updates = Vec::new();
    for (round, said) in SAID.iter().cycle().take(rounds).enumerate() {
        for (place, user) in people.iter().enumerate() {
            let number = 2_000_000 + (round * people.len() + place) as i64;
            updates.push(text_update(number, *user, number, said).to_string().into_bytes());
        }
    }
    updates
}

/// Every third one comes twice, and all of them stray from their places.
fn stray(script: &mut Vec<Vec<u8>>, seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let twice: Vec<_> = script.iter().filter(|_| chance.random_bool(0.3)).cloned().collect();
    script.extend(twice);
    for piece in script.chunks_mut(STRAYS) {
        piece.shuffle(&mut chance);
    }
}

/// An event in somebody's conversation that no version can read.
async fn poison(called: &Called, number: usize, whose: i64) {
    let store = called.house.look().await;
    let conversation = format!("telegram:{whose}");
    let event = NewEvent {
        external_id: format!("poison:{number}"),
        ordering: conversation.clone(),
        conversation,
        origin: Origin::People,
        event: What::Sealed(sealed::seal(b"{\"Nothing\":1}")),
        raw: sealed::seal(&[]),
        set_aside: false,
        happened_at: i64::MAX,
        envelope: None,
    };
    let now = store.clock().now_ms();
    let written = store.writer().run(move |tx| {
        let event = event.clone();
        Box::pin(async move { inbox::insert(tx, &[event], now, now + 3_600_000).await })
    });
    written.await.unwrap();
}

/// Waits until nothing that was brought is left to turn.
pub async fn until_turned(called: &Called) {
    called.house.until_status("all is turned", |status| status["inbox"]["waiting"] == 0).await;
}

/// Who asked for what, in no order.
async fn asked(called: &Called) -> Vec<(String, String, i64)> {
    let store = called.house.look().await;
    let mut connection = store.read().await.unwrap();
    let text = "select conversation, body, price_each from requests";
    let mut all: Vec<_> = connection
        .rows(text, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| {
            let body: Value = sealed::open_json(&row.blob(1).unwrap(), "requests", "body").unwrap();
            let prompt = body["prompt"].as_str().unwrap().to_owned();
            (row.text(0).unwrap(), prompt, row.int(2).unwrap())
        })
        .collect();
    all.sort();
    all
}
