//! What happens to money where we are not: a plan rests and goes on at the payment provider, a
//! bank takes a payment back.

use picdesk_sandbox::telegram::{ALICE, OPERATORS};

use super::{
    bot_says,
    plans::{alice_buys, says_after},
};
use crate::{
    database::databases,
    house::{Given, House},
};

const PRO: &str = "Pro · 19.90 USD";

/// Shops whose owner hears of alarms by a chat, on every database.
async fn shops() -> Vec<House> {
    let mut shops = Vec::new();
    for database in databases().await {
        let server = format!("[alarms]\ntelegram_chat_id = {OPERATORS}\n").leak();
        let given = Given { trial: 1, sells: true, refunds: "never", server, ..Given::default() };
        shops.push(House::build_on(database, given).await);
    }
    shops
}

/// How often the bot has said something to Alice.
fn said(house: &House, part: &str) -> usize {
    let chat = house.telegram.chat(ALICE);
    chat.iter().filter(|it| it.is_from_bot() && it.text.contains(part)).count()
}

#[tokio::test]
async fn a_plan_that_goes_on_is_told_of_once_however_it_rested() {
    for house in shops().await {
        let _desk = house.open().await;
        alice_buys(&house, PRO).await;
        let plan = house.creem().subscriptions().remove(0).id;
        let rests = [
            ("scheduled_cancel", "subscription.scheduled_cancel", "is not renewed"),
            ("paused", "subscription.paused", "is paused"),
            ("unpaid", "subscription.unpaid", "could not be paid"),
        ];
        for (number, (status, kind, words)) in (1..).zip(rests) {
            house.creem().set_status(&plan, status, kind);
            bot_says(&house, ALICE, words).await;
            house.until_quiet().await;
            house.creem().set_status(&plan, "active", "subscription.update");
            let told = async || (said(&house, "goes on as before") == number).then_some(());
            house.until(&format!("word that it goes on after {status}"), told).await;
            house.until_quiet().await;
            assert_eq!(said(&house, "goes on as before"), number, "{status}");
        }
    }
}

#[tokio::test]
async fn who_is_below_zero_after_a_bank_took_a_payment_back_reads_why_and_the_owner_hears_of_it() {
    for house in shops().await {
        let _desk = house.open().await;
        alice_buys(&house, super::plans::PACK).await;
        let asked = house.telegram.say(ALICE, "a lighthouse").unwrap();
        says_after(&house, ALICE, asked, "left").await;
        house.until_quiet().await;
        let payment = house.creem().transactions().remove(0).id;
        house.creem().dispute(&payment).unwrap();
        bot_says(&house, OPERATORS, "a bank took a payment back").await;
        let told = bot_says(&house, ALICE, "Your bank took a payment back").await;
        assert!(told.text.contains("no picture can be made"), "{}", told.text);
        assert!(told.button("Ask a human").is_some());
        let asked = house.telegram.say(ALICE, "a fox in the snow").unwrap();
        let why = says_after(&house, ALICE, asked, "I keep it for you").await;
        assert!(why.text.contains("a payment was taken back"), "{}", why.text);
        assert!(why.text.contains("A person can help"), "{}", why.text);
        house.until_quiet().await;
    }
}

#[tokio::test]
async fn whoever_comes_back_from_paying_finds_the_way_to_a_person() {
    for database in databases().await {
        let desk = "telegram_chat_id = -1002000000001\nsupport_url = \"https://help.example\"\n";
        let given = Given { trial: 1, sells: true, desk: Some(desk), ..Given::default() };
        let house = House::build_on(database, given).await;
        let desk = house.open().await;
        let page = reqwest::get(desk.url("/creem/return")).await.unwrap().text().await.unwrap();
        assert!(page.contains("If you have paid"), "{page}");
        assert!(page.contains("href=\"https://help.example/\""), "{page}");
        assert!(page.contains("Talk to us"), "{page}");
        house.until_quiet().await;
    }
}
