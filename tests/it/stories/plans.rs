//! Plans: shown, exchanged, ended, taken up again and paid back, and what can go wrong with each.

use std::time::Duration;

use picdesk_sandbox::{
    rest::{Armed, Fault},
    telegram::{ALICE, GROUP, MessageView, XIAOMING},
};

use super::{bot_says, picture_of};
use crate::{
    database::databases,
    house::{Given, House, PATIENCE},
};

const GOOD: &str = "4242424242424242";
pub(super) const PACK: &str = "100 credits · 9.90 USD";
const PRO: &str = "Pro · 19.90 USD";
const STUDIO: &str = "Studio · 49.90 USD";

/// Shops on every database, whose owner gives unspent money back at once, or asks people.
pub(super) async fn shops(refunds: &'static str) -> Vec<House> {
    let mut shops = Vec::new();
    for database in databases().await {
        let given = Given { trial: 1, sells: true, refunds, ..Given::default() };
        shops.push(House::build_on(database, given).await);
    }
    shops
}

pub(super) fn press(house: &House, who: i64, message: &MessageView, what: &str) {
    house.telegram.press(who, who, message.message, what).unwrap();
}

pub(super) fn buttons(message: &MessageView) -> Vec<String> {
    message.buttons.iter().flatten().map(|button| button.text.clone()).collect()
}

/// Waits until the bot has said something after a message.
pub(super) async fn says_after(house: &House, who: i64, after: i64, part: &str) -> MessageView {
    let is_it = |it: &MessageView| it.is_from_bot() && it.message > after && it.text.contains(part);
    let found = house.telegram.wait_for(who, PATIENCE, is_it).await;
    found.unwrap_or_else(|error| panic!("{part:?}: {error}\n{}", house.last_log()))
}

/// Somebody buys something that is sold.
pub(super) async fn buy(house: &House, who: i64, what: &str, words: [&str; 3]) {
    let asked = house.telegram.say(who, "/buy").unwrap();
    let offer = says_after(house, who, asked, words[0]).await;
    press(house, who, &offer, what);
    let link = says_after(house, who, asked, words[1]).await;
    let url = link.buttons.iter().flatten().find_map(|button| button.url.clone()).unwrap();
    house.pay(&url, GOOD).await;
    says_after(house, who, asked, words[2]).await;
    house.until_quiet().await;
}

pub(super) async fn alice_buys(house: &House, what: &str) {
    let words = ["Choose one below", "Your credits arrive here by themselves", "arrived."];
    buy(house, ALICE, what, words).await;
}

/// Somebody asks what plan they have.
pub(super) async fn plan(house: &House, part: &str) -> MessageView {
    house.until_quiet().await;
    let asked = house.telegram.say(ALICE, "/plan").unwrap();
    says_after(house, ALICE, asked, part).await
}

/// What a message of the bot's has become.
async fn became(house: &House, message: &MessageView, part: &str) -> MessageView {
    let is_it = |it: &MessageView| it.message == message.message && it.text.contains(part);
    let found = house.telegram.wait_for(ALICE, PATIENCE, is_it).await;
    found.unwrap_or_else(|error| panic!("{part:?}: {error}\n{}", house.last_log()))
}

pub(super) fn calls(house: &House, call: &str) -> usize {
    house.creem().calls().iter().filter(|it| it.starts_with(call)).count()
}

#[tokio::test]
async fn a_plan_is_exchanged_for_the_difference_and_brings_credits_in_proportion() {
    for house in shops("never").await {
        let _desk = house.open().await;
        plan(&house, "You have no plan").await;
        alice_buys(&house, PRO).await;
        assert_eq!(house.credits("granted").await, 501);
        let shown = plan(&house, "renewed on").await;
        assert!(shown.text.contains("500 credits a period for 19.90 USD"), "{}", shown.text);
        press(&house, ALICE, &shown, "Change plan");
        let which = bot_says(&house, ALICE, "Which one instead?").await;
        press(&house, ALICE, &which, STUDIO);
        let asked = bot_says(&house, ALICE, "Studio instead of Pro").await;
        assert!(asked.text.contains("Only the difference for the days left"), "{}", asked.text);
        assert_eq!(calls(&house, "POST /v1/subscriptions"), 0, "nothing before the answer");
        // Impatient fingers change it once.
        for _ in 0..3 {
            press(&house, ALICE, &asked, "Yes, change it");
        }
        bot_says(&house, ALICE, "You have Studio now").await;
        bot_says(&house, ALICE, "Studio is paid until").await;
        house.until_quiet().await;
        assert_eq!(calls(&house, "POST /v1/subscriptions"), 1);
        let granted = house.credits("granted").await;
        assert!((501 + 1_195..=501 + 1_203).contains(&granted), "{granted}");
        // Told again, in whatever order, it brings nothing more.
        for webhook in house.creem().webhooks().into_iter().rev() {
            assert_eq!(house.creem().send_again(&webhook.id).await, Some(200));
        }
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, granted);
        // The next period is a whole one of the new plan.
        let subscription = house.creem().subscriptions().remove(0);
        house.creem().renew(&subscription.id).unwrap();
        house.until_status("a period", |it| it["credits"]["granted"] == granted + 2000).await;
        // Back to the smaller one: nothing is taken, nothing goes back.
        let shown = plan(&house, "2000 credits a period").await;
        press(&house, ALICE, &shown, "Change plan");
        let which = bot_says(&house, ALICE, "You have Studio. Which one instead?").await;
        press(&house, ALICE, &which, PRO);
        let asked = bot_says(&house, ALICE, "Pro instead of Studio").await;
        assert!(asked.text.contains("Nothing is taken now"), "{}", asked.text);
        press(&house, ALICE, &asked, "Yes, change it");
        bot_says(&house, ALICE, "You have Pro now").await;
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, granted + 2000);
        assert_eq!(house.credits("refunded").await, 0);
    }
}

#[tokio::test]
async fn a_plan_ends_with_its_period_and_can_be_taken_up_again_and_stale_buttons_do_nothing() {
    for house in shops("never").await {
        let _desk = house.open().await;
        alice_buys(&house, PRO).await;
        let shown = plan(&house, "renewed on").await;
        press(&house, ALICE, &shown, "End plan");
        let asked = became(&house, &shown, "End Pro?").await;
        press(&house, ALICE, &asked, "Yes, end it");
        bot_says(&house, ALICE, "and is not renewed. It goes on until then").await;
        house.until_quiet().await;
        assert_eq!(house.creem().subscriptions()[0].status, "scheduled_cancel");
        // The same button again asks for nothing.
        house.telegram.press(ALICE, ALICE, asked.message, "Yes, end it").ok();
        let shown = plan(&house, "ends on").await;
        assert!(buttons(&shown).contains(&"Keep my plan".to_owned()), "{:?}", buttons(&shown));
        press(&house, ALICE, &shown, "Keep my plan");
        bot_says(&house, ALICE, "Pro goes on as before").await;
        house.until_quiet().await;
        assert_eq!(house.creem().subscriptions()[0].status, "active");
        assert_eq!(calls(&house, "POST /v1/subscriptions"), 2);
        // Each was said once, whoever told it first.
        let said = house.telegram.chat(ALICE);
        let count = |part: &str| {
            said.iter().filter(|it| it.is_from_bot() && it.text.contains(part)).count()
        };
        assert_eq!(count("goes on as before"), 1);
    }
}

#[tokio::test]
async fn what_creem_cannot_do_now_is_done_when_it_is_back_and_done_once() {
    let away = Fault::Status { status: 503, retry_after_s: 1 };
    let faults = [
        away,
        Fault::rate_limited(1),
        Fault::NotJson,
        Fault::HalfAnswer,
        Fault::DropRequest,
        Fault::DropAnswer,
    ];
    for house in shops("never").await {
        let desk = house.open().await;
        alice_buys(&house, PRO).await;
        let subscription = house.creem().subscriptions().remove(0).id;
        for (number, fault) in faults.iter().enumerate() {
            let ending = number % 2 == 0;
            let call = if ending { "cancel" } else { "resume" };
            let path = format!("POST /v1/subscriptions/{subscription}/{call}");
            house.creem().arm(Armed::times(fault.clone(), 1).on(&path));
            house.creem().arm(Armed::times(fault.clone(), 1).on("GET /v1/subscriptions"));
            let shown = plan(&house, if ending { "renewed on" } else { "ends on" }).await;
            if ending {
                press(&house, ALICE, &shown, "End plan");
                let asked = became(&house, &shown, "End Pro?").await;
                press(&house, ALICE, &asked, "Yes, end it");
            } else {
                press(&house, ALICE, &shown, "Keep my plan");
            }
            let status = if ending { "scheduled_cancel" } else { "active" };
            house
                .until("the change", async || {
                    let is_so = house.creem().subscriptions()[0].status == status;
                    is_so.then_some(())
                })
                .await;
            house.until_quiet().await;
        }
        house.creem().clear_faults();
        // Killed before it could ask: it is asked after the next start.
        let shown = plan(&house, "renewed on").await;
        house.creem().arm(Armed::times(Fault::DropRequest, 1).on("GET /v1/subscriptions"));
        press(&house, ALICE, &shown, "End plan");
        let asked = became(&house, &shown, "End Pro?").await;
        press(&house, ALICE, &asked, "Yes, end it");
        became(&house, &asked, "I am asking the payment provider").await;
        desk.kill().await;
        let _desk = house.open().await;
        house
            .until("the end", async || {
                let status = house.creem().subscriptions()[0].status.clone();
                (status == "scheduled_cancel").then_some(())
            })
            .await;
        house.until_quiet().await;
        // What Creem will never do is said, and the plan is as it was.
        let refuses = Fault::Status { status: 400, retry_after_s: 0 };
        let path = format!("POST /v1/subscriptions/{subscription}/resume");
        house.creem().arm(Armed::times(refuses, 1).on(&path));
        let shown = plan(&house, "ends on").await;
        press(&house, ALICE, &shown, "Keep my plan");
        bot_says(&house, ALICE, "did not accept that").await;
        house.until_quiet().await;
    }
}

#[tokio::test]
async fn the_portal_opens_by_a_page_of_ours_for_a_while_and_its_own_address_is_nowhere() {
    for house in shops("never").await {
        let desk = house.open().await;
        alice_buys(&house, PRO).await;
        let shown = plan(&house, "renewed on").await;
        let address = shown.buttons.iter().flatten().find(|it| it.text == "Card, invoices");
        let address = address.and_then(|it| it.url.clone()).unwrap();
        let path = format!("/creem/portal/{}", address.rsplit('/').next().unwrap());
        let browser = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let page = browser.get(desk.url(&path)).send().await.unwrap().text().await.unwrap();
        assert!(page.contains("Card and invoices") && page.contains("?open"), "{page}");
        assert_eq!(calls(&house, "POST /v1/customers/billing"), 0, "a look opens nothing");
        let open = format!("{}?open", desk.url(&path));
        let on = browser.get(&open).send().await.unwrap();
        assert_eq!(on.status(), 303);
        assert_eq!(on.headers()["cache-control"], "private, no-store");
        assert_eq!(on.headers()["referrer-policy"], "no-referrer");
        let login = on.headers()["location"].to_str().unwrap().to_owned();
        assert!(login.contains("/my-orders/login/"), "{login}");
        let away = Fault::Status { status: 503, retry_after_s: 1 };
        house.creem().arm(Armed::times(away, 1).on("POST /v1/customers/billing"));
        let later = browser.get(&open).send().await.unwrap();
        assert_eq!(later.status(), 503);
        assert!(later.text().await.unwrap().contains("does not answer just now"));
        for changed in ["x", &path[path.len() - 40..]] {
            let strange = desk.url(&format!("/creem/portal/{changed}?open"));
            assert_eq!(browser.get(strange).send().await.unwrap().status(), 404, "{changed}");
        }
        house.until_quiet().await;
        let log = house.read_log();
        let token = login.rsplit('/').next().unwrap();
        assert!(!log.contains(token) && !log.contains(path.rsplit('/').next().unwrap()));
        // Among others nothing of it is shown.
        house.telegram.say_in(ALICE, GROUP, "/plan").unwrap();
        bot_says(&house, GROUP, "private").await;
        desk.kill().await;
        let mut later = house.start_ahead(Duration::from_mins(16));
        house.until_ready(&mut later).await;
        let late = browser.get(later.url(&path)).send().await.unwrap();
        assert_eq!(late.status(), 404, "its time is over");
    }
}

#[tokio::test]
async fn unspent_money_goes_back_at_once_where_the_owner_wants_it_and_only_once() {
    for house in shops("unspent").await {
        let _desk = house.open().await;
        alice_buys(&house, PACK).await;
        let shown = plan(&house, "You have no plan").await;
        press(&house, ALICE, &shown, "Refund");
        let asked = bot_says(&house, ALICE, "Shall it go back now?").await;
        assert!(asked.text.contains("9.90 USD") && asked.text.contains("100 credits"));
        // The money goes back and nobody hears of it: it is looked at before it is asked for again.
        house.creem().arm(Armed::times(Fault::DropAnswer, 1).on("POST /v1/refunds"));
        for _ in 0..3 {
            press(&house, ALICE, &asked, "Yes, please");
        }
        bot_says(&house, ALICE, "is on its way back").await;
        let status = house.until_quiet().await;
        assert_eq!(house.creem().transactions()[0].status, "refunded");
        assert_eq!(calls(&house, "POST /v1/refunds"), 1);
        assert_eq!(status["credits"]["refunded"], 100, "{status}");
        assert_eq!(status["credits"]["available"], 1, "{status}");
        // Where it stands.
        plan(&house, "it went back").await;
        for webhook in house.creem().webhooks() {
            house.creem().send_again(&webhook.id).await;
        }
        house.until_quiet().await;
        assert_eq!(house.credits("available").await, 1);
    }
}

#[tokio::test]
async fn a_plan_whose_money_goes_back_ends_with_it() {
    for house in shops("unspent").await {
        let _desk = house.open().await;
        alice_buys(&house, PRO).await;
        let shown = plan(&house, "renewed on").await;
        press(&house, ALICE, &shown, "Refund");
        let asked = bot_says(&house, ALICE, "Pro ends with it").await;
        press(&house, ALICE, &asked, "Yes, please");
        bot_says(&house, ALICE, "is on its way back").await;
        bot_says(&house, ALICE, "Pro has ended").await;
        let status = house.until_quiet().await;
        assert_eq!(house.creem().subscriptions()[0].status, "canceled");
        assert_eq!(status["credits"]["available"], 1, "{status}");
        plan(&house, "You have no plan").await;
    }
}

#[tokio::test]
async fn a_refund_that_cannot_be_given_gives_its_credits_back() {
    for house in shops("unspent").await {
        let _desk = house.open().await;
        alice_buys(&house, PACK).await;
        let refuses = Fault::Status { status: 400, retry_after_s: 0 };
        house.creem().arm(Armed::times(refuses, 1).on("POST /v1/refunds"));
        let shown = plan(&house, "You have no plan").await;
        press(&house, ALICE, &shown, "Refund");
        let asked = bot_says(&house, ALICE, "Shall it go back now?").await;
        press(&house, ALICE, &asked, "Yes, please");
        bot_says(&house, ALICE, "are yours again").await;
        let status = house.until_quiet().await;
        assert_eq!(status["credits"]["available"], 101, "{status}");
        plan(&house, "could not be given").await;
        // And then from the dashboard after all.
        let payment = house.creem().transactions().remove(0);
        house.creem().refund(&payment.id, None).unwrap();
        bot_says(&house, ALICE, "Your money went back, and 100 credits with it").await;
        house.until_quiet().await;
        assert_eq!(house.credits("available").await, 1);
    }
}

#[tokio::test]
async fn about_a_refund_that_is_not_for_us_to_give_people_decide_and_it_is_seen_where_it_stands() {
    for house in shops("never").await {
        let _desk = house.open().await;
        let words = ["积分", "付款后积分会自动到这里", "100 积分"];
        buy(&house, XIAOMING, "100 积分 · 9.90 USD", words).await;
        house.telegram.say(XIAOMING, "套餐").unwrap();
        let shown = bot_says(&house, XIAOMING, "还没有套餐").await;
        press(&house, XIAOMING, &shown, "退款");
        let asked = bot_says(&house, XIAOMING, "要申请吗").await;
        press(&house, XIAOMING, &asked, "好，退款");
        house.until_status("a case", |it| it["escalations"]["open"] == 1).await;
        house.until_quiet().await;
        assert_eq!(calls(&house, "POST /v1/refunds"), 0);
        house.telegram.say(XIAOMING, "/plan").unwrap();
        let stands = bot_says(&house, XIAOMING, "有人在处理").await;
        assert!(stands.text.contains("S-"), "{}", stands.text);
        assert!(!buttons(&stands).contains(&"退款".to_owned()), "asked for once");
    }
}

#[tokio::test]
async fn what_a_plan_brought_lapses_when_its_time_is_up_and_what_was_bought_stays() {
    const DAY: Duration = Duration::from_hours(24);
    for house in shops("never").await {
        let desk = house.open().await;
        alice_buys(&house, PACK).await;
        alice_buys(&house, STUDIO).await;
        house.telegram.say(ALICE, "a fox in the snow").unwrap();
        picture_of(&house, ALICE, "a fox in the snow").await;
        house.until_quiet().await;
        house.telegram.say(ALICE, "/balance").unwrap();
        let balance = bot_says(&house, ALICE, "To be used by").await;
        assert!(balance.text.contains("1998 credits"), "spent first: {}", balance.text);
        assert!(balance.text.contains("Studio, renewed on"), "{}", balance.text);
        desk.kill().await;
        let mut ahead = house.start_ahead(DAY * 28);
        house.until_ready(&mut ahead).await;
        bot_says(&house, ALICE, "1998 credits of your plan lapse on").await;
        house.until_quiet().await;
        assert_eq!(house.credits("expired").await, 0);
        ahead.kill().await;
        let mut after = house.start_ahead(DAY * 30 + Duration::from_hours(1));
        house.until_ready(&mut after).await;
        bot_says(&house, ALICE, "The time of 1998 credits of your plan was up").await;
        let status = house.until_quiet().await;
        assert_eq!(status["credits"]["expired"], 1998, "{status}");
        assert_eq!(status["credits"]["available"], 101, "{status}");
        after.kill().await;
        let mut later = house.start_ahead(DAY * 40);
        house.until_ready(&mut later).await;
        house.until_quiet().await;
        assert_eq!(house.credits("expired").await, 1998, "once");
    }
}

#[tokio::test]
async fn periods_that_were_paid_while_nobody_heard_are_all_given_once() {
    for house in shops("never").await {
        let desk = house.open().await;
        alice_buys(&house, PRO).await;
        desk.kill().await;
        house.creem().withhold(true);
        let subscription = house.creem().subscriptions().remove(0).id;
        for _ in 0..3 {
            house.creem().renew(&subscription).unwrap();
        }
        let _desk = house.open().await;
        house.until_status("all periods", |it| it["credits"]["granted"] == 2001).await;
        for webhook in house.creem().webhooks() {
            assert_eq!(house.creem().send_again(&webhook.id).await, Some(200));
        }
        house.until_quiet().await;
        assert_eq!(house.credits("granted").await, 2001);
    }
}
