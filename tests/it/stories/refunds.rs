//! Refunds that banks take their time with, that people decide about, and who hears of money that
//! went back.

use std::time::Duration;

use picdesk_sandbox::telegram::{ALICE, OLGA, OPERATORS, XIAOMING};

use super::{
    bot_says,
    linking::a_day_later,
    plans::{PACK, alice_buys, buy, calls, plan, press, says_after, shops},
};
use crate::{
    database::databases,
    house::{BotWay, Given, House},
};

const ANNA: &str = "kf-anna";

/// Alice buys, and asks for her money while banks take their time.
async fn pending(house: &House) -> String {
    house.creem().let_refunds_wait(true);
    alice_buys(house, PACK).await;
    let shown = plan(house, "You have no plan").await;
    press(house, ALICE, &shown, "Refund");
    let asked = bot_says(house, ALICE, "Shall it go back now?").await;
    press(house, ALICE, &asked, "Yes, please");
    bot_says(house, ALICE, "The bank has not confirmed it yet").await;
    assert_eq!(house.credits("available").await, 1, "its credits went along");
    let shown = house.telegram.say(ALICE, "/plan").unwrap();
    says_after(house, ALICE, shown, "begun, waiting for the bank").await;
    house.creem().refunds().remove(0).id
}

#[tokio::test]
async fn a_refund_that_fails_later_gives_its_credits_back_once_and_is_told() {
    for house in shops("unspent").await {
        let _desk = house.open().await;
        let refund = pending(&house).await;
        house.creem().end_refund(&refund, false).unwrap();
        bot_says(&house, ALICE, "100 credits are yours again").await;
        assert_eq!(house.credits("available").await, 101);
        for webhook in house.creem().webhooks() {
            house.creem().send_again(&webhook.id).await;
        }
        let shown = house.telegram.say(ALICE, "/plan").unwrap();
        says_after(&house, ALICE, shown, "could not be given").await;
        assert_eq!(house.credits("available").await, 101);
        assert_eq!(calls(&house, "POST /v1/refunds"), 1);
    }
}

#[tokio::test]
async fn a_refund_that_succeeds_later_is_found_by_looking_where_nobody_tells() {
    for house in shops("unspent").await {
        let desk = house.open().await;
        let refund = pending(&house).await;
        house.creem().withhold(true);
        house.creem().end_refund(&refund, true).unwrap();
        desk.kill().await;
        let mut later = house.start_ahead(Duration::from_mins(11));
        house.until_ready(&mut later).await;
        bot_says(&house, ALICE, "is on its way back").await;
        house.until_quiet().await;
        assert_eq!(house.credits("available").await, 1);
        for webhook in house.creem().webhooks() {
            house.creem().send_again(&webhook.id).await;
        }
        house.until_quiet().await;
        assert_eq!(house.credits("available").await, 1);
        assert_eq!(calls(&house, "POST /v1/refunds"), 1);
    }
}

#[tokio::test]
async fn what_people_decided_not_to_give_back_is_not_with_them_any_more() {
    for house in shops("never").await {
        let _desk = house.open().await;
        let olga = OLGA.to_string();
        let operator =
            ["operator", "add", "--name", "Olga", "--role", "agent", "--telegram", &olga];
        house.order_well(&operator).await;
        let words = ["积分", "付款后积分会自动到这里", "100 积分"];
        buy(&house, XIAOMING, "100 积分 · 9.90 USD", words).await;
        house.telegram.say(XIAOMING, "套餐").unwrap();
        let shown = bot_says(&house, XIAOMING, "还没有套餐").await;
        press(&house, XIAOMING, &shown, "退款");
        let asked = bot_says(&house, XIAOMING, "要申请吗").await;
        press(&house, XIAOMING, &asked, "好，退款");
        let told = bot_says(&house, OPERATORS, "Refund / 退款").await;
        let topic = told.topic.unwrap();
        house.telegram.operator_says(OLGA, topic, "/done").unwrap();
        house.until_status("an end", |it| it["escalations"]["resolved"] == 1).await;
        let shown = house.telegram.say(XIAOMING, "/plan").unwrap();
        says_after(&house, XIAOMING, shown, "经人工查看未予退款").await;
    }
}

#[tokio::test]
async fn who_has_left_hears_nothing_of_money_and_who_stayed_does() {
    for database in databases().await {
        let given =
            Given { trial: 1, sells: true, wecom: Some(BotWay::Callback), ..Given::default() };
        let house = House::build_on(database, given).await;
        let _desk = house.open().await;
        alice_buys(&house, PACK).await;
        super::linking::link(&house).await;
        a_day_later(&house).await;
        house.wecom().say(ANNA, "解绑").unwrap();
        let which = super::linking::anna_hears(&house, "要解绑哪个").await;
        house.wecom().press(ANNA, "", which.message, "解绑 2").unwrap();
        bot_says(&house, ALICE, "This chat is unlinked").await;
        house.until_quiet().await;
        let payment = house.creem().transactions().remove(0);
        house.creem().refund(&payment.id, None).unwrap();
        // Both trials, less what went back.
        super::linking::anna_hears(&house, "钱已退回，100 积分也随之收回，现在有 2。").await;
        house.until_quiet().await;
        let chat = house.telegram.transcript(ALICE);
        let after = chat.split_once("This chat is unlinked").unwrap().1;
        assert!(!after.contains("credits") && !after.contains("went back"), "{chat}");
    }
}
