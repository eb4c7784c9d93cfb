//! A plan that is paid in Stars and is over: by its time, or since its money went back.

use std::time::Duration;

use picdesk_sandbox::telegram::ALICE;

use super::{
    bot_says,
    stars::{link_to_plan, shop, wants_back},
};
use crate::house::{Given, House};

/// Nobody says that the plan goes on, and what it has is not to be had.
async fn is_over(house: &House) {
    house.until_quiet().await;
    house.telegram.say(ALICE, "/plan").unwrap();
    bot_says(house, ALICE, "You have no plan").await;
    house.telegram.say(ALICE, "a castle --4k").unwrap();
    bot_says(house, ALICE, "4K").await;
    house.until_quiet().await;
    let said = house.telegram.chat(ALICE);
    assert!(!said.iter().any(|it| it.text.contains("It goes on until then")), "{said:?}");
}

#[tokio::test]
async fn a_plan_whose_stars_went_back_is_over_and_stays_over() {
    let telegram = "[creem]\nrefund_auto = \"unspent\"\n";
    let house = House::build(Given { telegram, ..shop() }).await;
    let _desk = house.open().await;
    let url = link_to_plan(&house).await;
    let first = house.telegram.pay_link(ALICE, &url).await.unwrap();
    bot_says(&house, ALICE, "Pro is paid until").await;
    house.until_quiet().await;
    wants_back(&house, "900 ⭐ of", "Pro ends with it").await;
    bot_says(&house, ALICE, "Pro has ended").await;
    // Telegram tells of it as of any plan that is not renewed.
    is_over(&house).await;
    assert!(house.telegram.cancel_subscription(&first, false).is_err(), "we ended it");
}

#[tokio::test]
async fn a_plan_in_stars_that_ran_out_does_not_come_back_by_being_stopped() {
    let house = House::build(shop()).await;
    let desk = house.open().await;
    let url = link_to_plan(&house).await;
    let first = house.telegram.pay_link(ALICE, &url).await.unwrap();
    bot_says(&house, ALICE, "Pro is paid until").await;
    house.until_quiet().await;
    desk.kill().await;
    let mut later = house.start_ahead(Duration::from_hours(33 * 24));
    house.until_ready(&mut later).await;
    bot_says(&house, ALICE, "Pro has ended").await;
    house.until_quiet().await;
    house.telegram.cancel_subscription(&first, true).unwrap();
    is_over(&house).await;
}
