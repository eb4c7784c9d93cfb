//! Chats that people have without any event telling of it: what is written there is for them, and
//! the chat is the bot's again when WeCom says so.

use std::time::Duration;

use picdesk_sandbox::wecom::Say;

use super::wecom::{bot_says, house, picture_of};
use crate::house::{Desk, House};

/// People have Anna's chat no more, which nobody tells the bot either: her next words are for it.
async fn given_back_unheard(house: &House, desk: Desk) -> Desk {
    house.until_quiet().await;
    assert!(house.images.calls().is_empty(), "what is for people is no prompt");
    desk.kill().await;
    let desk = house.open().await;
    house.wecom().move_session("kf-anna", None).unwrap();
    house.wecom().say("kf-anna", "雪地里的一只猫").unwrap();
    picture_of(house, "kf-anna", "雪地里的一只猫").await;
    house.until_quiet().await;
    assert_eq!(house.images.calls().len(), 1, "one prompt alone");
    desk
}

/// Waits until the desk has turned so many more messages than before.
async fn until_turned(house: &House, before: i64) {
    let more = |status: &serde_json::Value| status["inbox"]["turned"].as_i64() > Some(before);
    house.until_status("turned", more).await;
}

async fn turned(house: &House) -> i64 {
    house.status().await["inbox"]["turned"].as_i64().unwrap()
}

#[tokio::test]
async fn a_chat_in_which_wecom_refuses_the_bot_is_peoples_also_after_a_restart() {
    let house = house().await;
    let wecom = house.wecom();
    let desk = house.open().await;
    wecom.say("kf-anna", "余额").unwrap();
    bot_says(&house, "kf-anna", "可用").await;
    house.until_quiet().await;
    wecom.move_session("kf-anna", Some("kf-olga")).unwrap();
    wecom.say("kf-anna", "设置").unwrap();
    house.until_status("held", |it| it["outbox"]["held"] == 1).await;
    desk.kill().await;
    let desk = house.open().await;
    let before = turned(&house).await;
    wecom.say("kf-anna", "狐狸有五条腿").unwrap();
    until_turned(&house, before).await;
    let _desk = given_back_unheard(&house, desk).await;
    // What waited comes too, once.
    let shown = wecom.chat("kf-anna").into_iter().filter(|it| it.text.contains("设置")).count();
    assert!(shown >= 1, "{}", wecom.transcript("kf-anna"));
}

#[tokio::test]
async fn the_first_words_after_a_while_in_a_chat_that_people_took_are_no_prompt() {
    let house = house().await;
    let wecom = house.wecom();
    let desk = house.open().await;
    wecom.say("kf-anna", "余额").unwrap();
    bot_says(&house, "kf-anna", "可用").await;
    house.until_quiet().await;
    desk.kill().await;
    // Half an hour later.
    let mut desk = house.start_ahead(Duration::from_mins(30));
    house.until_ready(&mut desk).await;
    wecom.move_session("kf-anna", Some("kf-olga")).unwrap();
    let before = turned(&house).await;
    wecom.say("kf-anna", "我要退款").unwrap();
    until_turned(&house, before).await;
    given_back_unheard(&house, desk).await;
}

#[tokio::test]
async fn a_chat_in_which_one_of_ours_answers_is_peoples() {
    let house = house().await;
    let wecom = house.wecom();
    let desk = house.open().await;
    wecom.say("kf-anna", "余额").unwrap();
    bot_says(&house, "kf-anna", "可用").await;
    house.until_quiet().await;
    wecom.move_session("kf-anna", Some("kf-olga")).unwrap();
    let before = turned(&house).await;
    wecom.perform(&Say::text("kf-anna", "我来看看").by("kf-olga")).unwrap();
    wecom.say("kf-anna", "狐狸有五条腿").unwrap();
    until_turned(&house, before).await;
    given_back_unheard(&house, desk).await;
}
