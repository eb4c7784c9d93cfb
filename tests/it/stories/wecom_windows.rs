//! What WeCom takes only for a while, and only so often.

use std::time::Duration;

use picdesk_sandbox::{
    images::Latency,
    rest,
    wecom::{ANNA, Armed, Fault, MessageView},
};

use super::wecom::{bot_says, house, picture_of, shows};
use crate::house::{BotWay, Given, House};

/// Numbers of the messages of the bot's that arrived, in their order.
fn arrived(house: &House, chat: &str) -> Vec<MessageView> {
    let all = house.wecom().chat(chat);
    all.into_iter().filter(|it| it.is_from_bot() && it.has_arrived()).collect()
}

/// Waits until the store owes pictures, or owes none.
async fn until_owed(house: &House, owed: i64) {
    house.until_status("owed", |it| it["outbox"]["owed"] == owed).await;
}

#[tokio::test]
async fn a_window_that_closes_under_a_picture_owes_it_and_it_goes_first_when_they_write() {
    let house = house().await;
    let wecom = house.wecom();
    let desk = house.open().await;
    house.images.set_latency(Latency::Seconds(1.5));
    wecom.say("kf-anna", "雪地里的一只狐狸").unwrap();
    house.images.until(|calls| !calls.is_empty()).await;
    wecom.close_window("kf-anna").unwrap();
    until_owed(&house, 1).await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "it is made and theirs: {status}");
    let before = arrived(&house, "kf-anna").len();
    desk.kill().await;
    let _desk = house.open().await;
    wecom.say("kf-anna", "余额").unwrap();
    picture_of(&house, "kf-anna", "雪地里的一只狐狸").await;
    bot_says(&house, "kf-anna", "可用").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
    assert_eq!(status["outbox"]["owed"], 0, "{status}");
    assert_eq!(status["outbox"]["held"], 0, "{status}");
    let new = arrived(&house, "kf-anna").split_off(before);
    assert!(shows(&house, &new[0], "雪地里的一只狐狸"), "{}", wecom.transcript("kf-anna"));
    assert_eq!(wecom.pictures_twice("kf-anna"), 0);
}

#[tokio::test]
async fn credits_are_told_to_a_customer_who_never_asked_for_a_picture() {
    let house = house().await;
    let _desk = house.open().await;
    house.wecom().say("kf-anna", "余额").unwrap();
    bot_says(&house, "kf-anna", "可用 10 积分").await;
    house.until_quiet().await;
    let who = format!("wecom-kf:{ANNA}");
    house.order_well(&["credits", "grant", &who, "5", "--reason", "a gift"]).await;
    bot_says(&house, "kf-anna", "已到账").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn the_sixth_answer_waits_and_a_picture_is_never_behind_it() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    house.images.set_latency(Latency::Seconds(2.0));
    // Four pictures and their menu are all that one message of theirs allows.
    wecom.say("kf-anna", "雪地里的一只狐狸 --x4").unwrap();
    house.images.until(|calls| !calls.is_empty()).await;
    let who = format!("wecom-kf:{ANNA}");
    house.order_well(&["credits", "grant", &who, "5", "--reason", "a gift"]).await;
    let status = house.until_quiet().await;
    let shown = arrived(&house, "kf-anna");
    let pictures: usize = shown.iter().map(|it| it.pictures.len()).sum();
    assert_eq!(pictures, 4, "{}", wecom.transcript("kf-anna"));
    assert_eq!(shown.len(), 5, "{}", wecom.transcript("kf-anna"));
    let menu = shown.last().filter(|it| it.sort == "menu");
    assert!(menu.is_some(), "no gift goes before it: {}", wecom.transcript("kf-anna"));
    assert_eq!(status["outbox"]["held"], 1, "the gift is told when they write: {status}");
    wecom.say("kf-anna", "余额").unwrap();
    bot_says(&house, "kf-anna", "已到账").await;
    let status = house.until_quiet().await;
    assert_eq!(status["outbox"]["held"], 0, "{status}\n{}", wecom.transcript("kf-anna"));
    assert_eq!(status["outbox"]["refused"], 0, "nothing was sent in vain: {status}");
}

#[tokio::test]
async fn pictures_whose_words_are_being_looked_at_keep_their_slots_from_news() {
    let wecom = Some(BotWay::Callback);
    let given = Given { wecom, trial: 30, sells: true, ..Given::default() };
    let house = House::build(given).await;
    let _desk = house.open().await;
    let who = format!("wecom-kf:{ANNA}");
    // Whoever looks at the words is not to be had for a while.
    let away = rest::Fault::Status { status: 503, retry_after_s: 0 };
    house.creem().arm(rest::Armed::times(away, 999).on("POST /v1/moderation/prompt"));
    house.wecom().say("kf-anna", "雪地里的一只狐狸 --x4").unwrap();
    let looks = async || {
        let calls = house.creem().calls();
        calls.iter().any(|it| it.contains("moderation")).then_some(())
    };
    house.until("words that are looked at", looks).await;
    let before = arrived(&house, "kf-anna").len();
    house.order_well(&["credits", "grant", &who, "5", "--reason", "a gift"]).await;
    house.until_status("held", |it| it["outbox"]["held"] == 1).await;
    house.creem().clear_faults();
    let status = house.until_quiet().await;
    let shown = arrived(&house, "kf-anna").split_off(before);
    let pictures: usize = shown.iter().map(|it| it.pictures.len()).sum();
    let transcript = house.wecom().transcript("kf-anna");
    assert_eq!((pictures, shown.len()), (4, 5), "{transcript}");
    assert_eq!((&status["outbox"]["held"], &status["outbox"]["owed"]), (&1.into(), &0.into()));
    assert!(shown.last().is_some_and(|it| it.sort == "menu"), "{transcript}");
}

#[tokio::test]
async fn a_chat_that_people_took_gets_what_was_made_when_they_give_it_back() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    house.images.set_latency(Latency::Seconds(2.0));
    wecom.say("kf-anna", "雪地里的一只狐狸").unwrap();
    house.images.until(|calls| !calls.is_empty()).await;
    // Nobody tells the bot: WeCom refuses its next message, and it asks why (95018).
    wecom.arm(Armed::times(Fault::CallbackLost, 50).on("kf_msg_or_event"));
    wecom.take_session("kf-anna", "kf-olga").unwrap();
    until_owed(&house, 1).await;
    wecom.clear_faults();
    wecom.end_session("kf-anna").unwrap();
    house.until_quiet().await;
    assert_eq!(wecom.pictures_twice("kf-anna"), 0);
    wecom.say("kf-anna", "余额").unwrap();
    picture_of(&house, "kf-anna", "雪地里的一只狐狸").await;
    let status = house.until_quiet().await;
    assert_eq!((&status["credits"]["posted"], &status["outbox"]["owed"]), (&2.into(), &0.into()));
    let menus = arrived(&house, "kf-anna").into_iter().filter(|it| it.text.contains("早就画好"));
    assert_eq!(menus.count(), 1, "one menu for one picture: {}", wecom.transcript("kf-anna"));
    assert_eq!(status["outbox"]["held"], 0, "{status}");
}

#[tokio::test]
async fn words_that_wecom_took_and_lost_are_said_when_they_write_again() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    // Yes at first; then: more than five messages.
    wecom.arm(Armed::times(Fault::SendFails { fail_type: 6 }, 1).on("kf/send_msg"));
    wecom.say("kf-anna", "余额").unwrap();
    house.until_status("held", |it| it["outbox"]["held"] == 1).await;
    let balances = || {
        let said = arrived(&house, "kf-anna");
        said.iter().filter(|it| it.text.contains("可用")).count()
    };
    assert_eq!(balances(), 0, "{}", wecom.transcript("kf-anna"));
    wecom.say("kf-anna", "设置").unwrap();
    house.until("balance", async || (balances() > 0).then_some(())).await;
    let status = house.until_quiet().await;
    assert_eq!(status["outbox"]["held"], 0, "{status}");
    assert_eq!(balances(), 1, "{}", wecom.transcript("kf-anna"));
}

#[tokio::test]
async fn an_original_is_a_link_on_wechat() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.say("kf-anna", "雪地里的一只狐狸").unwrap();
    picture_of(&house, "kf-anna", "雪地里的一只狐狸").await;
    let menu = bot_says(&house, "kf-anna", "保存到").await;
    wecom.press("kf-anna", "", menu.message, "原图").unwrap();
    let link = bot_says(&house, "kf-anna", "/p/").await;
    let at = link.text.find("http").unwrap();
    let url = link.text[at..].split_whitespace().next().unwrap();
    let original = reqwest::get(url).await.unwrap();
    assert_eq!(original.status(), 200, "{url}");
    let status = house.until_quiet().await;
    assert_eq!(status["outbox"]["refused"], 0, "{status}");
}

#[tokio::test]
async fn what_the_ai_bot_makes_after_its_six_minutes_goes_to_the_address_that_came_along() {
    // Without a provider it waits in line.
    let wecom = Some(BotWay::Callback);
    let mut house = House::build(Given { wecom, provider: false, ..Given::default() }).await;
    let desk = house.open().await;
    house.wecom().say("bot-chenmo", "雪地里的一只狐狸").unwrap();
    house.until_status("in line", |it| it["generations"]["queued"] == 1).await;
    house.until_quiet_but_for_the_line().await;
    desk.kill().await;
    // Seven minutes later there is one.
    let later = Duration::from_mins(7);
    house.wecom().advance(later);
    house.provide(true);
    let mut desk = house.start_ahead(later);
    house.until_ready(&mut desk).await;
    let wecom = house.wecom();
    let wait = crate::house::PATIENCE;
    let answer = wecom
        .wait_for("bot-chenmo", wait, |it| it.is_from_bot() && it.text.contains("/p/"))
        .await
        .unwrap_or_else(|error| {
            panic!("{error}\n{}\n{}", wecom.transcript("bot-chenmo"), house.last_log())
        });
    assert!(answer.pictures.is_empty(), "an address carries no pictures: {answer:?}");
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 2, "{status}");
}

#[tokio::test]
async fn a_picture_in_an_answer_that_wecom_gave_up_comes_by_the_address_and_is_paid_once() {
    let house = House::build(Given { wecom: Some(BotWay::Callback), ..Given::default() }).await;
    let desk = house.open().await;
    house.images.set_latency(Latency::Seconds(2.0));
    house.wecom().say("bot-chenmo", "雪地里的一只狐狸").unwrap();
    // The desk is told, and then heard of no more.
    house.images.until(|calls| !calls.is_empty()).await;
    house.wecom().point_at("http://127.0.0.1:9");
    house.until_status("picture", |it| it["credits"]["posted"] == 2).await;
    desk.kill().await;
    let later = Duration::from_mins(7);
    house.wecom().advance(later);
    let mut desk = house.start_ahead(later);
    house.until_ready(&mut desk).await;
    let by_address = bot_says(&house, "bot-chenmo", "/p/").await;
    assert!(by_address.pictures.is_empty(), "{by_address:?}");
    let status = house.until_quiet().await;
    assert_eq!((&status["credits"]["posted"], &status["outbox"]["owed"]), (&2.into(), &0.into()));
    let transcript = house.wecom().transcript("bot-chenmo");
    let chat = house.wecom().chat("bot-chenmo");
    assert!(chat.iter().all(|it| it.pictures.is_empty()), "{transcript}");
}
