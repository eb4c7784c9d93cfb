//! Credits that are paid in Telegram Stars, in the chat itself.

use std::time::{Duration, Instant};

use picdesk::store::inbox::{self, NewEvent};
use picdesk_core::{
    account::Person,
    event::{Event, Rating},
    id::ConversationId,
};
use picdesk_sandbox::telegram::{ALICE, MessageView, NotPaid, OLGA, OPERATORS, XIAOMING};

use super::{bot_says, picture_of, plans::says_after};
use crate::house::{Given, House, PATIENCE};

pub(super) const PACK: &str = "100 credits · 500 ⭐";
pub(super) const PLAN: &str = "Pro · 900 ⭐";

/// A shop that takes Stars, whose customers have one credit to begin with.
pub(super) fn shop() -> Given {
    Given { trial: 1, takes_stars: true, ..Given::default() }
}

/// Somebody presses what they want to buy; the invoice.
async fn invoice(house: &House, who: i64, offer: &MessageView, what: &str) -> MessageView {
    house.telegram.press(who, who, offer.message, what).unwrap();
    let is_invoice = |it: &MessageView| it.is_from_bot() && it.button("pay").is_some();
    let invoice = house.telegram.wait_for(who, PATIENCE, is_invoice).await;
    invoice.unwrap_or_else(|error| panic!("no invoice: {error}\n{}", house.last_log()))
}

pub(super) async fn buy(house: &House, who: i64, what: &str, offered: &str) -> MessageView {
    house.telegram.say(who, "/buy").unwrap();
    let offer = bot_says(house, who, offered).await;
    invoice(house, who, &offer, what).await
}

#[tokio::test]
async fn what_waited_for_credits_runs_once_stars_are_paid_however_often_it_is_told() {
    let house = House::build(shop()).await;
    let desk = house.open().await;
    house.telegram.say(ALICE, "a fox in the snow").unwrap();
    let offer = bot_says(&house, ALICE, "I keep it for you").await;
    let links = offer.buttons.iter().flatten().filter(|it| it.text.contains("USD")).count();
    assert_eq!(links, 0, "links are the owner's to allow");
    let bill = invoice(&house, ALICE, &offer, PACK).await;
    assert!(bill.text.contains("100 credits for Picture Desk"), "{}", bill.text);
    assert_eq!(house.images.calls().len(), 0);
    house.telegram.pay(ALICE, ALICE, bill.message).await.unwrap();
    bot_says(&house, ALICE, "100 credits arrived. Making your picture now").await;
    picture_of(&house, ALICE, "a fox in the snow").await;
    bot_says(&house, ALICE, "99 left").await;
    house.until_quiet().await;
    house.telegram.redeliver(50);
    house.until_quiet().await;
    desk.kill().await;
    let _desk = house.open().await;
    house.telegram.redeliver(50);
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["granted"], 101, "{status}");
    assert_eq!(status["credits"]["available"], 99, "{status}");
    house.telegram.say(ALICE, "/balance").unwrap();
    bot_says(&house, ALICE, "+100 · credits bought").await;
}

#[tokio::test]
async fn nobody_pays_what_was_paid_what_is_too_old_or_what_was_made_for_somebody_else() {
    let house = House::build(shop()).await;
    let desk = house.open().await;
    let bill = buy(&house, ALICE, PACK, "Choose one below").await;
    house.telegram.say(XIAOMING, "你好").unwrap();
    house.until_quiet().await;
    let refused = |outcome: Result<String, NotPaid>| match outcome {
        Err(NotPaid::Refused(why)) => why,
        other => panic!("{other:?}"),
    };
    let why = refused(house.telegram.pay(XIAOMING, ALICE, bill.message).await);
    assert!(why.contains("这一单是给别人的"), "{why}");
    // Two devices press at once, and both may: what is paid twice is given twice.
    let first = house.telegram.ask_to_pay(ALICE, ALICE, bill.message).await.unwrap();
    let second = house.telegram.ask_to_pay(ALICE, ALICE, bill.message).await.unwrap();
    house.telegram.charge(first);
    house.telegram.charge(second);
    house.until_status("both", |status| status["credits"]["granted"] == 202).await;
    house.until_quiet().await;
    let why = refused(house.telegram.pay(ALICE, ALICE, bill.message).await);
    assert!(why.contains("paid already"), "{why}");
    let bill = buy(&house, ALICE, PACK, "Choose one below").await;
    let bill = house
        .telegram
        .wait_for(ALICE, PATIENCE, |it| it.button("pay").is_some() && it.message > bill.message)
        .await
        .unwrap_or(bill);
    desk.kill().await;
    let mut later = house.start_ahead(Duration::from_hours(25));
    house.until_ready(&mut later).await;
    let why = refused(house.telegram.pay(ALICE, ALICE, bill.message).await);
    assert!(why.contains("too old"), "{why}");
    house.until_quiet().await;
    assert_eq!(house.credits("granted").await, 202);
}

#[tokio::test]
async fn who_pays_is_answered_in_time_while_the_inbox_is_full() {
    let house = House::build(shop()).await;
    let desk = house.open().await;
    let bill = buy(&house, ALICE, PACK, "Choose one below").await;
    house.until_quiet().await;
    desk.kill().await;
    fill_inbox(&house, 40_000).await;
    let _desk = house.open().await;
    let began = Instant::now();
    let charge = house.telegram.pay(ALICE, ALICE, bill.message).await.unwrap();
    let waited = began.elapsed();
    let status = house.status().await;
    assert!(!charge.is_empty());
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert!(status["inbox"]["waiting"].as_i64() > Some(0), "the inbox was empty: {status}");
    bot_says(&house, ALICE, "100 credits arrived").await;
    house.until_quiet().await;
}

/// Leaves so many events waiting from which nothing follows.
async fn fill_inbox(house: &House, count: usize) {
    let store = house.look().await;
    let event = |number: usize| {
        let place = ConversationId(format!("telegram:{}", 600_000_000 + number));
        let name = String::from("nobody");
        let by = Person { identity: place.0.as_str().into(), name, language: None };
        let rated = Event::AnswerRated { by, message: "1".into(), rating: Rating::Good };
        let event = NewEvent::of_house(format!("filler:{number}"), &place, &rated);
        NewEvent { origin: inbox::Origin::People, ..event }
    };
    let numbers: Vec<usize> = (0..count).collect();
    for part in numbers.chunks(2000) {
        let events: Vec<NewEvent> = part.iter().map(|number| event(*number)).collect();
        let written = store.writer().run(move |tx| {
            let events = events.clone();
            Box::pin(async move { inbox::insert(tx, &events, 1, i64::MAX).await })
        });
        written.await.unwrap();
    }
}

/// Alice asks for the plan; where it is paid.
pub(super) async fn link_to_plan(house: &House) -> String {
    house.telegram.say(ALICE, "/buy").unwrap();
    let offer = bot_says(house, ALICE, "Choose one below").await;
    house.telegram.press(ALICE, ALICE, offer.message, PLAN).unwrap();
    let ready = bot_says(house, ALICE, "You pay in Telegram Stars").await;
    ready.buttons.iter().flatten().find_map(|button| button.url.clone()).unwrap()
}

#[tokio::test]
async fn a_plan_in_stars_is_renewed_stopped_and_ends() {
    let house = House::build(shop()).await;
    let desk = house.open().await;
    let url = link_to_plan(&house).await;
    let first = house.telegram.pay_link(ALICE, &url).await.unwrap();
    bot_says(&house, ALICE, "Pro is paid until").await;
    house.telegram.say(ALICE, "a lighthouse --4k").unwrap();
    picture_of(&house, ALICE, "a lighthouse").await;
    house.until_quiet().await;
    assert_eq!(house.credits("granted").await, 501);
    house.telegram.renew(&first).unwrap();
    house.until_status("a second month", |status| status["credits"]["granted"] == 1001).await;
    house.telegram.cancel_subscription(&first, true).unwrap();
    bot_says(&house, ALICE, "and is not renewed").await;
    house.telegram.cancel_subscription(&first, false).unwrap();
    bot_says(&house, ALICE, "goes on as before").await;
    end_by_plan(&house, &first).await;
    desk.kill().await;
    // Two months later nobody told us anything.
    let mut later = house.start_ahead(Duration::from_hours(62 * 24));
    house.until_ready(&mut later).await;
    bot_says(&house, ALICE, "Pro has ended").await;
    house.until_quiet().await;
    house.telegram.say(ALICE, "a castle --4k").unwrap();
    bot_says(&house, ALICE, "4K").await;
    house.until_quiet().await;
}

/// A plan is ended in the chat, may be renewed after all, and is ended again.
async fn end_by_plan(house: &House, first: &str) {
    let mut after = 0;
    for allowed_after in [true, false] {
        house.telegram.say(ALICE, "/plan").unwrap();
        let shown = |it: &MessageView| it.message > after && it.button("End plan").is_some();
        let plan = house.telegram.wait_for(ALICE, PATIENCE, shown).await.unwrap();
        house.telegram.press(ALICE, ALICE, plan.message, "End plan").unwrap();
        let asks =
            |it: &MessageView| it.message >= plan.message && it.button("Yes, end it").is_some();
        let asks = house.telegram.wait_for(ALICE, PATIENCE, asks).await.unwrap();
        house.telegram.press(ALICE, ALICE, asks.message, "Yes, end it").unwrap();
        let ends =
            |it: &MessageView| it.message > asks.message && it.text.contains("and is not renewed");
        let ends = house.telegram.wait_for(ALICE, PATIENCE, ends).await.unwrap();
        house.until_quiet().await;
        assert!(house.telegram.cancel_subscription(first, false).is_err(), "the bot ended it");
        after = ends.message;
        if !allowed_after {
            return;
        }
        house.telegram.say(ALICE, "/plan").unwrap();
        let shown = |it: &MessageView| it.message > after && it.button("Keep my plan").is_some();
        let plan = house.telegram.wait_for(ALICE, PATIENCE, shown).await.unwrap();
        house.telegram.press(ALICE, ALICE, plan.message, "Keep my plan").unwrap();
        bot_says(house, ALICE, "It may be renewed again").await;
        house.telegram.cancel_subscription(first, false).unwrap();
        let goes_on =
            |it: &MessageView| it.message > after && it.text.contains("goes on as before");
        after = house.telegram.wait_for(ALICE, PATIENCE, goes_on).await.unwrap().message;
        house.until_quiet().await;
    }
}

#[tokio::test]
async fn stars_go_back_by_the_owners_rule_by_an_operator_and_from_outside() {
    let telegram = "[creem]\nrefund_auto = \"unspent\"\n";
    let house = House::build(Given { telegram, ..shop() }).await;
    let _desk = house.open().await;
    let olga = OLGA.to_string();
    let operator = ["operator", "add", "--name", "Olga", "--role", "agent", "--telegram", &olga];
    house.order_well(&operator).await;
    let bill = buy(&house, ALICE, PACK, "Choose one below").await;
    house.telegram.pay(ALICE, ALICE, bill.message).await.unwrap();
    bot_says(&house, ALICE, "100 credits arrived").await;
    house.until_quiet().await;
    wants_back(&house, "500 ⭐ of", "100 credits with it").await;
    bot_says(&house, ALICE, "Your money went back, and 100 credits with it").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["refunded"], 100, "{status}");
    assert!(house.telegram.payments()[0].refunded_at_ms.is_some());
    // There is nothing more to give back but what people decide.
    let asked = house.telegram.say(ALICE, "/paysupport").unwrap();
    let support = says_after(&house, ALICE, asked, "About a payment or a refund").await;
    assert!(support.button("Return my last payment").is_none(), "{:?}", support.buttons);
    house.until_quiet().await;

    let bill = again(&house, bill.message).await;
    house.telegram.pay(ALICE, ALICE, bill.message).await.unwrap();
    house.until_status("paid", |status| status["credits"]["granted"] == 201).await;
    house.telegram.say(ALICE, "a fox").unwrap();
    picture_of(&house, ALICE, "a fox").await;
    house.telegram.say(ALICE, "/support").unwrap();
    let question = bot_says(&house, ALICE, "What is it about?").await;
    house.telegram.press(ALICE, ALICE, question.message, "A payment").unwrap();
    bot_says(&house, ALICE, "Tell us in your own words").await;
    house.telegram.say(ALICE, "I want my Stars back").unwrap();
    let asked = |it: &MessageView| it.is_from_bot() && it.text.contains("I want my Stars back");
    let told = house.telegram.wait_for(OPERATORS, PATIENCE, asked).await.unwrap();
    house.telegram.operator_says(OLGA, told.topic.unwrap(), "/refund").unwrap();
    house.until_status("back", |status| status["credits"]["refunded"] == 200).await;
    house.until_quiet().await;
    assert!(house.telegram.payments()[1].refunded_at_ms.is_some());

    let bill = again(&house, bill.message).await;
    let charge = house.telegram.pay(ALICE, ALICE, bill.message).await.unwrap();
    house.until_status("paid", |status| status["credits"]["granted"] == 301).await;
    house.telegram.refund_from_outside(&charge).unwrap();
    let gone = |status: &serde_json::Value| status["credits"]["available"] == -1;
    house.until_status("gone", gone).await;
    house.telegram.redeliver(50);
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["available"], -1, "{status}");
}

/// Alice asks for her last payment back, is shown what goes with it, and says yes.
pub(super) async fn wants_back(house: &House, price: &str, with_it: &str) {
    let asked = house.telegram.say(ALICE, "/paysupport").unwrap();
    let support = says_after(house, ALICE, asked, "About a payment or a refund").await;
    house.telegram.press(ALICE, ALICE, support.message, "Return my last payment").unwrap();
    let question = says_after(house, ALICE, asked, "would go back to you in Telegram").await;
    assert!(question.text.contains(price) && question.text.contains(with_it), "{question:?}");
    house.until_quiet().await;
    assert_eq!(house.credits("refunded").await, 0, "nothing goes before the answer");
    house.telegram.press(ALICE, ALICE, question.message, "Yes, please").unwrap();
}

/// Another invoice than the one before.
async fn again(house: &House, before: i64) -> MessageView {
    house.telegram.say(ALICE, "/buy").unwrap();
    let offer = |it: &MessageView| it.message > before && it.button(PACK).is_some();
    let offer = house.telegram.wait_for(ALICE, PATIENCE, offer).await.unwrap();
    house.telegram.press(ALICE, ALICE, offer.message, PACK).unwrap();
    let bill = |it: &MessageView| it.message > offer.message && it.button("pay").is_some();
    house.telegram.wait_for(ALICE, PATIENCE, bill).await.unwrap()
}

#[tokio::test]
async fn a_payment_in_stars_that_we_were_never_told_of_is_found_and_given_once() {
    let house = House::build(shop()).await;
    let desk = house.open().await;
    let bill = buy(&house, ALICE, PACK, "Choose one below").await;
    house.until_quiet().await;
    let allowed = house.telegram.ask_to_pay(ALICE, ALICE, bill.message).await.unwrap();
    desk.kill().await;
    house.telegram.charge(allowed);
    // Telegram forgets after a day what nobody fetched.
    house.telegram.forget_updates();
    let _desk = house.open().await;
    bot_says(&house, ALICE, "100 credits arrived").await;
    house.until_quiet().await;
    assert_eq!(house.credits("granted").await, 101);
}
