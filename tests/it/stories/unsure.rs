//! Payments of which Creem does not say everything, or not in time: whoever paid gets theirs, once.

use std::time::Duration;

use picdesk_sandbox::{
    rest::{Armed, Fault},
    telegram::{ALICE, XIAOMING},
};

use super::{
    bot_says,
    buying::{GOOD, PACK, PLAN, choose, link, out_of_credits, shops},
    plans::alice_buys,
};
use crate::house::{House, PATIENCE};

/// Somebody buys a plan, from the list of all that is sold; where it is paid.
async fn choose_plan(house: &House, who: i64) -> String {
    house.telegram.say(who, "/buy").unwrap();
    let offer = bot_says(house, who, "Choose one below").await;
    choose(house, who, &offer, PLAN).await
}

#[tokio::test]
async fn a_creem_that_has_our_names_in_webhooks_only_takes_nothing_for_nothing() {
    for house in shops().await {
        let desk = house.open().await;
        house.creem().leave_names_out(true);
        alice_buys(&house, PACK).await;
        alice_buys(&house, PLAN).await;
        let plan = house.creem().subscriptions().remove(0);
        house.creem().renew(&plan.id).unwrap();
        house.until_status("a second period", |status| status["credits"]["granted"] == 1101).await;
        // And what is not told at all is found by the links that we made, and goes on.
        house.creem().withhold(true);
        house.telegram.say(XIAOMING, "/buy").unwrap();
        let offer = bot_says(&house, XIAOMING, "积分").await;
        house.telegram.press(XIAOMING, XIAOMING, offer.message, PLAN).unwrap();
        let url = link(&bot_says(&house, XIAOMING, "付款后积分会自动到这里").await);
        house.creem().pay(url.rsplit('/').next().unwrap(), "wei@example.com").unwrap();
        house.creem().renew(&plan.id).unwrap();
        desk.kill().await;
        let _desk = house.open().await;
        bot_says(&house, XIAOMING, "已付款").await;
        house.until_status("all of it", |status| status["credits"]["granted"] == 2102).await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 2102);
    }
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_not_bought_a_second_time() {
    for house in shops().await {
        let _desk = house.open().await;
        let url = choose_plan(&house, ALICE).await;
        let away = |call: &str| {
            let fault = Fault::Status { status: 503, retry_after_s: 0 };
            house.creem().arm(Armed::chance(fault, 1.0).on(call));
        };
        // First nobody can say whose the payment is, then how the plan is.
        away("GET /v1/checkouts");
        away("GET /v1/subscriptions");
        house.pay(&url, GOOD).await;
        let is_looked_at = async |asked: &str, granted: i64| {
            let asked = house.telegram.say(ALICE, asked).unwrap();
            let seen = house
                .telegram
                .wait_for(ALICE, PATIENCE, |it| {
                    it.is_from_bot() && it.message > asked && it.text.contains("being looked at")
                })
                .await
                .unwrap();
            assert!(!seen.buttons.iter().flatten().any(|it| it.text == PLAN), "{seen:?}");
            let offer = house.telegram.say(ALICE, "/buy").unwrap();
            let offer = house
                .telegram
                .wait_for(ALICE, PATIENCE, |it| {
                    it.is_from_bot() && it.message > offer && it.text.contains("Choose one below")
                })
                .await
                .unwrap();
            house.telegram.press(ALICE, ALICE, offer.message, PLAN).unwrap();
            house
                .telegram
                .wait_for(ALICE, PATIENCE, |it| {
                    let is_later = it.is_from_bot() && it.message > offer.message;
                    is_later && it.text.contains("being looked at")
                })
                .await
                .unwrap();
            assert_eq!(house.creem().checkouts().len(), 1);
            assert_eq!(house.credits("granted").await, granted);
        };
        house.until_status("a look", |status| status["errands"]["waiting"] != 0).await;
        is_looked_at("/plan", 1).await;
        house.creem().clear_faults();
        away("GET /v1/subscriptions");
        bot_says(&house, ALICE, "500 credits arrived").await;
        is_looked_at("/plan", 501).await;
        house.creem().clear_faults();
        house.until_quiet().await;
        house.telegram.say(ALICE, "/plan").unwrap();
        bot_says(&house, ALICE, "renewed on").await;
        assert_eq!(house.creem().subscriptions().len(), 1);
    }
}

#[tokio::test]
async fn an_old_link_that_is_paid_without_anybody_telling_us_is_found() {
    for house in shops().await {
        let desk = house.open().await;
        let url = out_of_credits(&house, ALICE, PACK).await;
        house.until_quiet().await;
        desk.kill().await;
        house.creem().withhold(true);
        house.creem().pay(url.rsplit('/').next().unwrap(), "anna@example.com").unwrap();
        // Somebody else sells by the same Creem.
        let theirs = house.link_of_others("prod_starter").await;
        house.creem().pay(&theirs, "bob@example.com").unwrap();
        let mut desk = house.start_ahead(Duration::from_hours(30 * 24));
        house.until_ready(&mut desk).await;
        house.until_status("its credits", |status| status["credits"]["granted"] == 101).await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 101);
    }
}
