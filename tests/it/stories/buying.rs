//! Credits that are bought: from too few of them to the picture, and all that can go wrong between.

use picdesk_sandbox::{
    creem::Scheme,
    rest::{Armed, Fault},
    telegram::{ALICE, MessageView, XIAOMING},
};
use serde_json::{Value, json};

use super::{bot_says, picture_of};
use crate::{
    database::databases,
    house::{Desk, Given, House, PATIENCE},
};

/// Cards that are taken, and that are not.
pub(super) const GOOD: &str = "4242424242424242";
const BAD: &str = "4000000000000002";

pub(super) const PACK: &str = "100 credits · 9.90 USD";
pub(super) const PLAN: &str = "Pro · 19.90 USD";

/// A shop whose customers have one credit to begin with.
fn shop() -> Given {
    Given { trial: 1, sells: true, ..Given::default() }
}

/// The same on every database.
pub(super) async fn shops() -> Vec<House> {
    let mut shops = Vec::new();
    for database in databases().await {
        shops.push(House::build_on(database, shop()).await);
    }
    shops
}

/// The link that a message shows.
pub(super) fn link(message: &MessageView) -> String {
    message.buttons.iter().flatten().find_map(|button| button.url.clone()).unwrap()
}

/// Somebody presses what they want to buy; where it is paid.
pub(super) async fn choose(house: &House, who: i64, offer: &MessageView, what: &str) -> String {
    house.telegram.press(who, who, offer.message, what).unwrap();
    link(&bot_says(house, who, "Your credits arrive here by themselves").await)
}

/// Asks for a picture that costs too much, and buys; where it is paid.
pub(super) async fn out_of_credits(house: &House, who: i64, what: &str) -> String {
    house.telegram.say(who, "a fox in the snow").unwrap();
    let offer = bot_says(house, who, "I keep it for you").await;
    choose(house, who, &offer, what).await
}

#[tokio::test]
async fn what_waited_for_credits_runs_by_itself_once_they_are_paid() {
    for house in shops().await {
        let _desk = house.open().await;
        let url = out_of_credits(&house, ALICE, PACK).await;
        let (_, refused) = house.pay(&url, BAD).await;
        assert!(refused.contains("The card was declined"), "{refused}");
        assert_eq!(house.images.calls().len(), 0);
        let (home, page) = house.pay(&url, GOOD).await;
        assert_eq!(home, "/creem/return");
        assert!(page.contains("Your credits arrive in the chat"), "{page}");
        bot_says(&house, ALICE, "100 credits arrived. Making your picture now").await;
        picture_of(&house, ALICE, "a fox in the snow").await;
        bot_says(&house, ALICE, "99 left").await;
        let status = house.until_quiet().await;
        assert_eq!(status["credits"]["granted"], 101, "{status}");
        assert_eq!(status["credits"]["available"], 99, "{status}");
        assert_eq!(house.images.double_submissions().len(), 0);
        for webhook in house.creem().webhooks() {
            for _ in 0..5 {
                assert_eq!(house.creem().send_again(&webhook.id).await, Some(200));
            }
        }
        house.creem().sign_by(Scheme::Standard);
        for webhook in house.creem().webhooks() {
            assert_eq!(house.creem().send_again(&webhook.id).await, Some(200));
        }
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 101);
    }
}

#[tokio::test]
async fn a_purchase_survives_a_kill_at_every_step() {
    for house in shops().await {
        let desk = house.open().await;
        // The link is made and its answer lost: there is another one, and either may be paid.
        house.creem().arm(Armed::times(Fault::DropAnswer, 1).on("POST /v1/checkouts"));
        let url = out_of_credits(&house, ALICE, PACK).await;
        assert_eq!(house.creem().checkouts().len(), 2);
        desk.kill().await;
        // Nobody is there to be told: it is told again, and found by asking.
        house.creem().pay(url.rsplit('/').next().unwrap(), "anna@example.com").unwrap();
        let _desk = house.open().await;
        bot_says(&house, ALICE, "100 credits arrived. Making your picture now").await;
        picture_of(&house, ALICE, "a fox in the snow").await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 101);
        let unpaid =
            house.creem().checkouts().into_iter().find(|it| it.status == "pending").unwrap();
        house.creem().pay(&unpaid.id, "anna@example.com").unwrap();
        bot_says(&house, ALICE, "100 credits arrived. You have 199 now").await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 201, "what is paid twice is given twice");
    }
}

#[tokio::test]
async fn what_we_were_never_told_is_found_by_asking_and_given_once() {
    for house in shops().await {
        let desk = house.open().await;
        house.creem().withhold(true);
        let url = out_of_credits(&house, ALICE, PACK).await;
        let id = url.rsplit('/').next().unwrap();
        house.creem().pay(id, "anna@example.com").unwrap();
        house.telegram.say(XIAOMING, "/buy").unwrap();
        let offer = bot_says(&house, XIAOMING, "积分").await;
        house.telegram.press(XIAOMING, XIAOMING, offer.message, PLAN).unwrap();
        let url = link(&bot_says(&house, XIAOMING, "付款后积分会自动到这里").await);
        house.creem().pay(url.rsplit('/').next().unwrap(), "wei@example.com").unwrap();
        desk.kill().await;
        // It is asked at the start.
        let _desk = house.open().await;
        bot_says(&house, ALICE, "100 credits arrived. Making your picture now").await;
        bot_says(&house, XIAOMING, "已付款").await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 602);
        // What Creem gave up on comes months later by hand.
        for webhook in house.creem().webhooks() {
            assert_eq!(house.creem().send_again(&webhook.id).await, Some(200), "{}", webhook.kind);
        }
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 602);
    }
}

#[tokio::test]
async fn a_plan_unlocks_is_renewed_and_ends() {
    for house in shops().await {
        let _desk = house.open().await;
        house.telegram.say(ALICE, "/buy").unwrap();
        let offer = bot_says(&house, ALICE, "Choose one below").await;
        let url = choose(&house, ALICE, &offer, PLAN).await;
        house.pay(&url, GOOD).await;
        bot_says(&house, ALICE, "Pro is paid until").await;
        house.until_quiet().await;
        house.telegram.say(ALICE, "a lighthouse --4k").unwrap();
        picture_of(&house, ALICE, "a lighthouse").await;
        let plan = house.creem().subscriptions().remove(0);
        house.creem().renew(&plan.id).unwrap();
        house.until_status("a second period", |status| status["credits"]["granted"] == 1001).await;
        house.creem().set_status(&plan.id, "scheduled_cancel", "subscription.scheduled_cancel");
        bot_says(&house, ALICE, "and is not renewed").await;
        house.creem().set_status(&plan.id, "canceled", "subscription.canceled");
        bot_says(&house, ALICE, "Pro has ended").await;
        house.telegram.say(ALICE, "a castle --4k").unwrap();
        bot_says(&house, ALICE, "4K").await;
        house.until_quiet().await;
    }
}

#[tokio::test]
async fn money_that_goes_back_takes_its_credits_along() {
    for house in shops().await {
        let _desk = house.open().await;
        let url = out_of_credits(&house, ALICE, PACK).await;
        house.pay(&url, GOOD).await;
        picture_of(&house, ALICE, "a fox in the snow").await;
        house.until_quiet().await;
        let payment = house.creem().transactions().remove(0);
        house.creem().refund(&payment.id, Some(600)).unwrap();
        bot_says(&house, ALICE, "Your money went back, and 50 credits with it").await;
        house.until_quiet().await;
        assert_eq!(house.credits("refunded").await, 50);
        house.creem().dispute(&payment.id).unwrap();
        bot_says(&house, ALICE, "Your bank took a payment back, and 50 credits with it").await;
        house.until_quiet().await;
        house.telegram.say(ALICE, "a castle").unwrap();
        bot_says(&house, ALICE, "you have").await;
        house.until_quiet().await;
        assert_eq!(house.images.calls().len(), 1, "below zero nothing is made");
    }
}

#[tokio::test]
async fn who_pays_while_they_have_blocked_us_gets_the_receipt_when_they_are_back() {
    for house in shops().await {
        let _desk = house.open().await;
        let url = out_of_credits(&house, ALICE, PACK).await;
        house.until_quiet().await;
        house.telegram.block(ALICE).unwrap();
        house.until_quiet().await;
        house.pay(&url, GOOD).await;
        house.until_status("paid", |status| status["credits"]["granted"] == 101).await;
        house.until_quiet().await;
        assert_eq!(house.images.calls().len(), 0);
        house.telegram.unblock(ALICE).unwrap();
        bot_says(&house, ALICE, "100 credits arrived. Making your picture now").await;
        picture_of(&house, ALICE, "a fox in the snow").await;
        house.until_quiet().await;
        let receipts = house.telegram.chat(ALICE);
        let receipts = receipts.iter().filter(|it| it.text.contains("100 credits arrived"));
        assert_eq!(receipts.count(), 1);
    }
}

#[tokio::test]
async fn nothing_is_given_for_what_was_not_sold() {
    for house in shops().await {
        let desk = house.open().await;
        let url = out_of_credits(&house, ALICE, PACK).await;
        let id = url.rsplit('/').next().unwrap();
        let request = house.creem().checkouts()[0].request_id.clone();
        let paid = |order: &str, product: &str, amount: i64, mode: &str| {
            json!({"id": format!("evt_{order}"), "eventType": "checkout.completed", "created_at": 1,
            "object": {"id": id, "request_id": request, "status": "completed", "mode": mode,
                "order": {"id": order, "product": product, "amount": amount, "currency": "USD",
                    "status": "paid", "type": "onetime", "mode": mode}}})
        };
        for body in [
            paid("ord_cheap", "prod_starter", 1, "test"),
            paid("ord_other", "prod_pro", 990, "test"),
            paid("ord_live", "prod_starter", 990, "prod"),
            json!({"id": "evt_new", "eventType": "something.new", "created_at": 1,
            "object": {"id": "x"}}),
        ] {
            let signature = house.creem().signature(&body.to_string());
            assert_eq!(house.bring(&desk, &body, &signature).await, 200, "{body}");
        }
        let forged = paid("ord_forged", "prod_starter", 990, "test");
        assert_eq!(house.bring(&desk, &forged, &"0".repeat(64)).await, 401);
        let none = json!({"hello": 1});
        let signature = house.creem().signature(&none.to_string());
        assert_eq!(house.bring(&desk, &none, &signature).await, 400);
        // What is signed and like an event that we cannot read is kept for somebody to look at.
        for unread in [
            json!({"id": 7, "eventType": "checkout.completed", "object": {}}),
            json!({"id": "", "eventType": "", "created_at": 1}),
            json!({"eventType": "refund.created", "object": {"id": "ref_1"}}),
        ] {
            let signature = house.creem().signature(&unread.to_string());
            for _ in 0..3 {
                assert_eq!(house.bring(&desk, &unread, &signature).await, 200, "{unread}");
            }
        }
        let status = house.until_quiet().await;
        assert_eq!(status["inbox"]["set_aside"], 3, "{status}");
        assert_eq!(house.credits("granted").await, 1);
        let numbers = house.metrics(&desk).await;
        assert!(
            numbers.contains("webhooks_rejected_total{route=\"creem\",reason=\"signature\"} 1")
        );
        // A browser that only says that it paid gets a page, and nothing else.
        let lie =
            format!("{}?checkout_id={id}&order_id=ord_1&signature=00", desk.url("/creem/return"));
        let page = reqwest::get(lie).await.unwrap().text().await.unwrap();
        assert!(page.contains("If not, nothing was charged"), "{page}");
    }
}

#[tokio::test]
async fn who_knows_the_secret_of_webhooks_gets_nothing_by_it() {
    for house in shops().await {
        let desk = house.open().await;
        let url = out_of_credits(&house, ALICE, PACK).await;
        let offer = bot_says(&house, ALICE, "I keep it for you").await;
        house.telegram.press(ALICE, ALICE, offer.message, PLAN).unwrap();
        let asked = house.until_status("a second link", |_| house.creem().checkouts().len() == 2);
        asked.await;
        let request = |product: &str| {
            let all = house.creem().checkouts();
            all.into_iter().find(|it| it.product == product).unwrap().request_id.unwrap()
        };
        let order = json!({"id": "ord_forged", "product": "prod_starter", "amount": 990,
            "currency": "USD", "status": "paid", "type": "onetime", "mode": "test"});
        let bought = json!({"id": "ch_1", "request_id": request("prod_starter"), "order": order,
            "status": "completed", "mode": "test"});
        let tran = |id: &str| {
            json!({"id": id, "amount": 1990, "amount_paid": 1990, "currency": "USD",
                "status": "paid", "mode": "test"})
        };
        let begun = |id: &str| {
            json!({"id": "sub_forged", "status": "active", "mode": "test",
                "product": {"id": "prod_pro", "price": 1990, "currency": "USD"},
                "metadata": {"request": request("prod_pro")},
                "last_transaction_id": id, "last_transaction": tran(id)})
        };
        let tell = async |desk: &Desk, kind: &str, object: Value| {
            let name = object["last_transaction_id"].as_str().unwrap_or("order");
            let body = json!({"id": format!("evt_{name}"), "eventType": kind, "created_at": 1,
                "object": object});
            let signature = house.creem().signature(&body.to_string());
            assert_eq!(house.bring(desk, &body, &signature).await, 200);
        };
        tell(&desk, "checkout.completed", bought).await;
        tell(&desk, "subscription.paid", begun("tran_forged")).await;
        // It might be told before it is there.
        house.until_status("looks", |status| status["errands"]["waiting"] == 3).await;
        assert_eq!(house.credits("granted").await, 1);
        // What was really paid is given, also when Creem cannot be asked at first.
        let away = Fault::Status { status: 503, retry_after_s: 0 };
        house.creem().arm(Armed::times(away, 2).on("GET /v1/transactions/search"));
        house.pay(&url, GOOD).await;
        bot_says(&house, ALICE, "100 credits arrived").await;
        // And not once more as the first month of a plan.
        let paid = house.creem().transactions().pop().unwrap().id;
        tell(&desk, "subscription.paid", begun(&paid)).await;
        desk.kill().await;
        // After a while the owner hears of it, and it is looked for all the same.
        let mut desk = house.start_ahead(std::time::Duration::from_mins(20));
        house.until_ready(&mut desk).await;
        let what = "something that was told as paid is not to be found at Creem";
        let alarmed = async || house.metrics(&desk).await.contains(what).then_some(());
        house.until(what, alarmed).await;
        house.until_status("looks", |status| status["errands"]["waiting"] == 3).await;
        assert_eq!(house.credits("granted").await, 101);
        desk.kill().await;
        // What has not come in a week was never paid.
        let mut desk = house.start_ahead(std::time::Duration::from_hours(8 * 24));
        house.until_ready(&mut desk).await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 101);
        let numbers = house.metrics(&desk).await;
        for what in ["what a payment came to cannot be found out", "told of that is not there"] {
            assert!(numbers.contains(what), "{what} in {numbers}");
        }
        house.telegram.say(ALICE, "a castle --4k").unwrap();
        bot_says(&house, ALICE, "4K").await;
    }
}

#[tokio::test]
async fn a_link_that_cannot_be_made_is_said_and_one_that_can_is_made_once() {
    for house in shops().await {
        let _desk = house.open().await;
        let away = Fault::Status { status: 400, retry_after_s: 0 };
        house.creem().arm(Armed::times(away, 1).on("POST /v1/checkouts"));
        house.telegram.say(ALICE, "/buy").unwrap();
        let offer = bot_says(&house, ALICE, "Choose one below").await;
        house.telegram.press(ALICE, ALICE, offer.message, PACK).unwrap();
        let failed = bot_says(&house, ALICE, "could not be made just now").await;
        house.telegram.press(ALICE, ALICE, failed.message, "Try again").unwrap();
        let ready = house
            .telegram
            .wait_for(ALICE, PATIENCE, |it| {
                it.is_from_bot() && it.text.contains("credited to Alice")
            })
            .await
            .unwrap();
        assert!(link(&ready).contains("/checkout/ch_"));
        house.until_quiet().await;
        // Pressed again it is the same link.
        house.telegram.press(ALICE, ALICE, offer.message, PACK).unwrap();
        house.until_quiet().await;
        assert_eq!(house.creem().checkouts().len(), 1);
    }
}
