//! Money as others lose it: what must be true where desks like this one were seen to fail.

use picdesk_sandbox::{
    creem::Fate,
    rest::{Armed, Fault},
    telegram::{ALICE, GROUP, MessageView},
};
use serde_json::json;

use super::{bot_says, picture_of};
use crate::{
    database::databases,
    house::{BotWay, Given, House, PATIENCE},
};

const GOOD: &str = "4242424242424242";
const PACK: &str = "100 credits · 9.90 USD";

fn shop() -> Given {
    Given { trial: 1, sells: true, ..Given::default() }
}

async fn shops() -> Vec<House> {
    let mut shops = Vec::new();
    for database in databases().await {
        shops.push(House::build_on(database, shop()).await);
    }
    shops
}

/// A link to pay, for somebody who asked for one in private.
async fn link(house: &House) -> String {
    house.telegram.say(ALICE, "/buy").unwrap();
    let offer = bot_says(house, ALICE, "Choose one below").await;
    house.telegram.press(ALICE, ALICE, offer.message, PACK).unwrap();
    let shown = bot_says(house, ALICE, "Your credits arrive here by themselves").await;
    shown.buttons.iter().flatten().find_map(|button| button.url.clone()).unwrap()
}

fn checkout(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn nobody_makes_credits_by_any_address_of_ours() {
    for house in shops().await {
        let desk = house.open().await;
        let url = link(&house).await;
        let request = house.creem().checkouts()[0].request_id.clone();
        let paid = json!({"id": "evt_1", "eventType": "checkout.completed", "created_at": 1,
            "object": {"id": checkout(&url), "request_id": request, "status": "completed",
                "mode": "test", "order": {"id": "ord_1", "product": "prod_starter",
                    "amount": 990, "currency": "USD", "status": "paid", "type": "onetime"}}});
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for path in [
            "/creem/webhook",
            "/creem/return",
            "/creem/portal/x",
            "/api/v1/payments/stars/confirm",
            "/api/v1/payments/stars/refund/1",
            "/api/payments",
            "/stars/confirm",
            "/credits/grant",
            "/telegram/webhook",
            "/desk",
        ] {
            let sent = client.post(desk.url(path)).json(&paid).send().await.unwrap();
            assert!(sent.status().is_client_error(), "{path}: {}", sent.status());
        }
        let lie = format!("/creem/return?checkout_id={}&order_id=ord_1", checkout(&url));
        for signature in ["", "&signature=00", "&signature="] {
            let page = client.get(desk.url(&format!("{lie}{signature}"))).send().await.unwrap();
            assert!(page.text().await.unwrap().contains("If not, nothing was charged"));
        }
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 1);
    }
}

#[tokio::test]
async fn a_payment_whose_telling_we_took_is_given_however_we_die_after_it_and_once() {
    for house in shops().await {
        let desk = house.open().await;
        let url = link(&house).await;
        house.until_quiet().await;
        // Told, taken, and killed at once: again and again.
        house.creem().pay(checkout(&url), "anna@example.com").unwrap();
        house
            .until("it was told", async || {
                let told = house.creem().webhooks();
                told.iter().all(|it| it.fate == Fate::Taken).then_some(())
            })
            .await;
        desk.kill().await;
        for _ in 0..3 {
            let desk = house.open().await;
            for webhook in house.creem().webhooks() {
                house.creem().send_again(&webhook.id).await;
            }
            desk.kill().await;
        }
        let _desk = house.open().await;
        bot_says(&house, ALICE, "100 credits arrived").await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 101);
        let said = house.telegram.chat(ALICE);
        let told = said.iter().filter(|it| it.text.contains("100 credits arrived")).count();
        // Words whose arrival a death kept from us are said again; credits are not given again.
        assert!((1..=4).contains(&told), "told {told} times");
    }
}

#[tokio::test]
async fn what_goes_back_is_what_was_given_whatever_it_costs_by_then() {
    for mut house in shops().await {
        let desk = house.open().await;
        let url = link(&house).await;
        house.pay(&url, GOOD).await;
        bot_says(&house, ALICE, "100 credits arrived").await;
        house.until_quiet().await;
        desk.kill().await;
        house.sell_otherwise();
        let _desk = house.open().await;
        let payment = house.creem().transactions().remove(0);
        house.creem().refund(&payment.id, Some(599)).unwrap();
        bot_says(&house, ALICE, "and 50 credits with it").await;
        house.creem().refund(&payment.id, None).unwrap();
        house.until_status("the rest", |it| it["credits"]["refunded"] == 100).await;
        // Told again and found by looking, it is the same money.
        for webhook in house.creem().webhooks() {
            house.creem().send_again(&webhook.id).await;
        }
        let status = house.until_quiet().await;
        assert_eq!(status["credits"]["available"], 1, "{status}");
    }
}

#[tokio::test]
async fn a_price_that_is_not_the_one_shown_is_never_charged() {
    for mut house in shops().await {
        house.sell_otherwise();
        let _desk = house.open().await;
        house.telegram.say(ALICE, "/buy").unwrap();
        let offer = bot_says(&house, ALICE, "Choose one below").await;
        house.telegram.press(ALICE, ALICE, offer.message, "250 credits · 7.50 USD").unwrap();
        bot_says(&house, ALICE, "could not be made just now").await;
        house.until_quiet().await;
        assert_eq!(house.creem().checkouts().len(), 0);
    }
}

#[tokio::test]
async fn credits_of_a_picture_that_is_not_made_come_back_and_its_asker_hears_of_it() {
    for house in shops().await {
        let desk = house.open().await;
        let url = link(&house).await;
        house.pay(&url, GOOD).await;
        bot_says(&house, ALICE, "100 credits arrived").await;
        house.until_quiet().await;
        house.images.set_latency(picdesk_sandbox::images::Latency::Seconds(30.0));
        house.telegram.say(ALICE, "a fox in the snow").unwrap();
        house.images.until(|calls| !calls.is_empty()).await;
        desk.kill().await;
        let _desk = house.open().await;
        bot_says(&house, ALICE, "101 credits left").await;
        let status = house.until_quiet().await;
        assert_eq!(status["credits"]["available"], 101, "{status}");
        assert_eq!(house.images.calls().len(), 1, "and nobody is asked again");
    }
}

#[tokio::test]
async fn who_lacks_credits_in_a_group_pays_in_private_and_gets_the_picture_in_the_group() {
    for house in shops().await {
        let _desk = house.open().await;
        house.telegram.say_in(ALICE, GROUP, "/imagine a fox in the snow").unwrap();
        let told = bot_says(&house, GROUP, "write to me in private").await;
        let sells = |it: &MessageView| it.buttons.iter().flatten().any(|it| it.url.is_some());
        assert!(!sells(&told), "no price and no link among others");
        let url = link(&house).await;
        house.pay(&url, GOOD).await;
        bot_says(&house, ALICE, "100 credits arrived").await;
        picture_of(&house, GROUP, "a fox in the snow").await;
        let status = house.until_quiet().await;
        assert_eq!(status["credits"]["available"], 99, "{status}");
        let in_group = house.telegram.chat(GROUP);
        let money = |it: &&MessageView| it.is_from_bot() && it.text.contains("100 credits");
        assert_eq!(in_group.iter().filter(money).count(), 0);
    }
}

#[tokio::test]
async fn on_wechat_a_link_is_bought_by_within_what_the_channel_takes() {
    for database in databases().await {
        let given = Given { wecom: Some(BotWay::Callback), ..shop() };
        let house = House::build_on(database, given).await;
        let wecom = house.wecom();
        let _desk = house.open().await;
        wecom.say("kf-anna", "雪地里的一只狐狸").unwrap();
        let offer = super::wecom::bot_says(&house, "kf-anna", "请求先替你留着").await;
        house.creem().arm(Armed::times(Fault::rate_limited(1), 1).on("POST /v1/checkouts"));
        let id = wechat_link(&house, offer.message).await;
        house.creem().pay(&id, "anna@example.com").unwrap();
        super::wecom::picture_of(&house, "kf-anna", "雪地里的一只狐狸").await;
        let status = house.until_quiet().await;
        assert_eq!(status["outbox"]["refused"], 0, "nothing was sent in vain: {status}");
        assert_eq!(status["credits"]["granted"], 101, "{status}");
        // Whoever pays when the window is closed has the credits, and hears of it when they write.
        wecom.say("kf-anna", "充值").unwrap();
        let offer = super::wecom::bot_says(&house, "kf-anna", "积分包").await;
        let id = wechat_link(&house, offer.message).await;
        house.until_quiet().await;
        wecom.close_window("kf-anna").unwrap();
        house.creem().pay(&id, "anna@example.com").unwrap();
        house.until_status("credits", |it| it["credits"]["granted"] == 201).await;
        let status = house.until_quiet().await;
        assert_eq!(status["outbox"]["held"], 1, "{status}");
        wecom.say("kf-anna", "余额").unwrap();
        house.until_status("what was held", |it| it["outbox"]["held"] == 0).await;
        house.until_quiet().await;
        let told = wecom.chat("kf-anna").iter().filter(|it| it.text.contains("已到账")).count();
        assert_eq!(told, 2, "of both packs");
    }
}

/// Anna presses what she wants to buy; the link's id at Creem.
async fn wechat_link(house: &House, offer: i64) -> String {
    let wecom = house.wecom();
    let before = wecom.chat("kf-anna").last().map_or(0, |it| it.message);
    wecom.press("kf-anna", "", offer, "100 积分 · 9.90 USD").unwrap();
    let has_link = |it: &picdesk_sandbox::wecom::MessageView| {
        it.message > before.max(offer)
            && it.is_from_bot()
            && format!("{it:?}").contains("/checkout/ch_")
    };
    let shown = wecom.wait_for("kf-anna", PATIENCE, has_link).await.unwrap();
    let text = format!("{shown:?}");
    let (_, rest) = text.split_once("/checkout/").unwrap();
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}
