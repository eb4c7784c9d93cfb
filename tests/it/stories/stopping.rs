//! Signals and the status it ends with: what was begun is handed over, the rest is left in order.

use std::{process::Stdio, time::Duration};

use picdesk_sandbox::{
    images::Latency,
    telegram::{ALICE, Armed, Fault, OLGA},
};

use super::{bot_says, picture_of};
use crate::house::{Given, House};

/// A call that is under way when the signal comes.
async fn ask(house: &House, words: &str, takes_s: f64) {
    house.images.set_latency(Latency::Seconds(takes_s));
    house.telegram.say(ALICE, words).unwrap();
    house.images.until(|calls| calls.len() == 1).await;
}

#[tokio::test]
async fn a_picture_that_is_being_made_is_delivered_before_the_end() {
    let house = House::build(Given::default()).await;
    let desk = house.open().await;
    ask(&house, "a fox", 2.0).await;
    desk.signal("TERM").await;
    // Who writes meanwhile is heard, and answered as far as nothing has to be made.
    house.until_logged("no new picture is begun").await;
    house.telegram.say(OLGA, "/credits").unwrap();
    let ended = desk.ended().await;
    assert_eq!(ended.code(), Some(0), "{}", house.last_log());
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    picture_of(&house, ALICE, "a fox").await;
    bot_says(&house, ALICE, "8 left").await;
    bot_says(&house, OLGA, "10").await;
    assert_eq!(house.telegram.updates_waiting(), 0);
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let house = House::build(Given::default()).await;
    let desk = house.open().await;
    ask(&house, "a fox", 600.0).await;
    desk.signal("INT").await;
    house.until_logged("no new picture is begun").await;
    desk.signal("TERM").await;
    assert_eq!(desk.ended().await.code(), Some(0), "{}", house.last_log());
    // Nobody knows what became of the call: the customer gets the credits back.
    house.images.set_latency(Latency::None);
    let _desk = house.open().await;
    let status = house.until_quiet().await;
    assert_eq!(status["generations"]["uncertain"], 1, "{status}");
    assert_eq!(status["credits"]["available"], 10, "{status}");
}

#[tokio::test]
async fn what_cannot_be_sent_within_the_grace_is_sent_by_the_next() {
    let given = Given { server: "shutdown_grace_s = 2\n", ..Given::default() };
    let house = House::build(given).await;
    let desk = house.open().await;
    house.telegram.arm(Armed::chance(Fault::DropRequest, 1.0).on("sendmessage"));
    house.telegram.say(ALICE, "/credits").unwrap();
    house.until_status("a message", |status| status["outbox"]["waiting"].as_i64() >= Some(1)).await;
    desk.signal("TERM").await;
    assert_eq!(desk.ended().await.code(), Some(0), "{}", house.last_log());
    assert!(house.last_log().contains("some work is left"), "{}", house.last_log());
    house.telegram.clear_faults();
    let _desk = house.open().await;
    bot_says(&house, ALICE, "10").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn the_status_says_why_it_did_not_begin() {
    let house = House::build(Given::default()).await;
    let desk = house.open().await;
    // The file is served already, and is left as it is.
    let refused = house.order(&["serve"]).await;
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("another process serves from this database"), "{said}");
    house.telegram.say(ALICE, "a fox").unwrap();
    picture_of(&house, ALICE, "a fox").await;
    desk.signal("TERM").await;
    assert_eq!(desk.ended().await.code(), Some(0), "{}", house.last_log());
    let wrong = tokio::process::Command::new(crate::house::PROGRAM)
        .args(["serve", "--config"])
        .arg(house.write("wrong.toml", "[store]\nurl = \"sqlite:here.db\"\n"))
        .env_clear()
        .stdin(Stdio::null())
        .output();
    let wrong = tokio::time::timeout(Duration::from_mins(1), wrong).await.unwrap().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    let said = String::from_utf8_lossy(&wrong.stderr).into_owned();
    assert!(said.contains("store.url"), "{said}");
}
