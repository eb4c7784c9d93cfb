//! The line for the provider, as those see it who wait in it.

use picdesk_sandbox::{
    images::Latency,
    telegram::{ALICE, GROUP, OLGA, Say, WEI},
};

use super::{bot_says, picture_of};
use crate::house::{Given, House};

#[tokio::test]
async fn who_waits_sees_the_line_move() {
    let house = House::build(Given { images: "concurrency = 1\n", ..Given::default() }).await;
    house.images.set_latency(Latency::Seconds(6.0));
    let _desk = house.open().await;
    house.telegram.say(OLGA, "a boat").unwrap();
    house.until_status("one is made", |status| status["generations"]["running"] == 1).await;
    house.telegram.say(WEI, "a lamp").unwrap();
    house.until_status("one waits", |status| status["generations"]["queued"] == 1).await;
    house.telegram.say(ALICE, "a fox").unwrap();
    let placeholder = bot_says(&house, ALICE, "2nd in line").await;
    let moved = bot_says(&house, ALICE, "next in line").await;
    assert_eq!(moved.message, placeholder.message, "it is said in the same place");
    assert!(!moved.buttons.is_empty(), "it can still be taken back");
    picture_of(&house, ALICE, "a fox").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn in_a_group_it_is_said_once_that_a_picture_is_under_way() {
    let house = House::build(Given::default()).await;
    house.telegram.make_bot_admin(GROUP).unwrap();
    house.images.set_latency(Latency::Seconds(6.0));
    let _desk = house.open().await;
    house.telegram.perform(Say::text(ALICE, "/imagine a fox").in_chat(GROUP)).await.unwrap();
    let waiting = bot_says(&house, GROUP, "Making a fox").await;
    let under_way = async || {
        let message = house.telegram.message(GROUP, waiting.message)?;
        message.buttons.is_empty().then_some(message)
    };
    let drawn = house.until("it is under way", under_way).await;
    assert!(drawn.picture.is_none() && !drawn.text.contains("Making"), "{drawn:?}");
    picture_of(&house, GROUP, "a fox").await;
    house.until_quiet().await;
}
