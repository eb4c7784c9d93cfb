//! One plan in Stars and one by a link: nobody pays for both without being told.

use picdesk_sandbox::telegram::{ALICE, NotPaid};

use super::{
    bot_says,
    buying::{GOOD, PLAN, choose},
    plans::{buttons, press, says_after},
    stars::{link_to_plan, shop},
};
use crate::{
    database::databases,
    house::{Given, House},
};

async fn shops() -> Vec<House> {
    let mut shops = Vec::new();
    for database in databases().await {
        shops.push(House::build_on(database, Given { sells: true, ..shop() }).await);
    }
    shops
}

/// Where the plan is paid in Stars, and where by card: both are open.
async fn both_open(house: &House) -> (String, String) {
    house.telegram.say(ALICE, "/buy").unwrap();
    let offer = bot_says(house, ALICE, "Choose one below").await;
    let page = choose(house, ALICE, &offer, PLAN).await;
    (link_to_plan(house).await, page)
}

#[tokio::test]
async fn no_plan_is_paid_in_stars_beside_one_that_is_paid_by_card() {
    for house in shops().await {
        let _desk = house.open().await;
        let (in_stars, page) = both_open(&house).await;
        house.pay(&page, GOOD).await;
        bot_says(&house, ALICE, "Pro is paid until").await;
        house.until_quiet().await;
        let Err(NotPaid::Refused(why)) = house.telegram.pay_link(ALICE, &in_stars).await else {
            panic!("it was paid twice");
        };
        assert!(why.contains("You have a plan already"), "{why}");
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 501);
    }
}

#[tokio::test]
async fn who_pays_for_two_plans_after_all_is_told_and_ends_the_one_they_choose() {
    for house in shops().await {
        let _desk = house.open().await;
        let (in_stars, page) = both_open(&house).await;
        house.telegram.pay_link(ALICE, &in_stars).await.unwrap();
        bot_says(&house, ALICE, "Pro is paid until").await;
        house.until_quiet().await;
        // A page that is open cannot be taken back.
        house.pay(&page, GOOD).await;
        let receipt = bot_says(&house, ALICE, "You also pay for Pro, 900 ⭐ a period").await;
        house.until_quiet().await;
        press(&house, ALICE, &receipt, "End Pro · 900 ⭐");
        let asked = bot_says(&house, ALICE, "It is the one for 900 ⭐").await;
        press(&house, ALICE, &asked, "Yes, end it");
        bot_says(&house, ALICE, "and is not renewed. It goes on until then").await;
        house.until_quiet().await;
        assert!(!house.telegram.payments()[0].renewed);
        assert_eq!(house.creem().subscriptions()[0].status, "active");
        let asked = house.telegram.say(ALICE, "/plan").unwrap();
        let shown = says_after(&house, ALICE, asked, "500 credits a period for 19.90 USD").await;
        assert!(buttons(&shown).contains(&"End plan".to_owned()), "{:?}", buttons(&shown));
        house.until_quiet().await;
    }
}
