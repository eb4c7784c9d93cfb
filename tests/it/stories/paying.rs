//! Credits that run out and come, and pictures that are owed.

use picdesk_sandbox::telegram::ALICE;

use super::{bot_says, picture_of};
use crate::house::{Given, House};

#[tokio::test]
async fn out_of_credits_the_request_is_kept_and_a_grant_runs_it() {
    let house = House::build(Given { trial: 1, ..Given::default() }).await;
    let _desk = house.open().await;
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    let said = bot_says(&house, ALICE, "I keep it for you").await;
    assert!(said.text.contains("2 credits"), "{}", said.text);
    assert_eq!(house.images.calls().len(), 0);
    let whose = format!("telegram:{ALICE}");
    house.order_well(&["credits", "grant", &whose, "5", "--reason", "for a test"]).await;
    bot_says(&house, ALICE, "5 credits arrived").await;
    picture_of(&house, ALICE, "a fox in the snow").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["granted"], 6, "{status}");
    assert_eq!(status["credits"]["available"], 4, "{status}");
}

#[tokio::test]
async fn a_picture_for_somebody_who_blocked_us_is_owed_and_comes_when_they_are_back() {
    let mut house = House::build(Given { provider: false, ..Given::default() }).await;
    let desk = house.open().await;
    house.telegram.say(ALICE, "a lighthouse").unwrap();
    bot_says(&house, ALICE, "Making a lighthouse").await;
    house.telegram.block(ALICE).unwrap();
    desk.kill().await;
    house.provide(true);
    let _desk = house.open().await;
    house.until_status("a picture that is owed", |status| status["outbox"]["owed"] == 1).await;
    house.until_quiet().await;
    house.telegram.unblock(ALICE).unwrap();
    house.telegram.say(ALICE, "/balance").unwrap();
    picture_of(&house, ALICE, "a lighthouse").await;
    bot_says(&house, ALICE, "This one was ready, but could not reach you before").await;
    let status = house.until_quiet().await;
    assert_eq!(status["outbox"]["owed"], 0, "{status}");
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(house.telegram.pictures_twice_anywhere(), 0);
}
