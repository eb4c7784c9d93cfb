//! What the owner hears of WeCom: of which account or app, and that nobody else is held up by it.

use picdesk_sandbox::{
    telegram::OPERATORS,
    wecom::{Armed, DESK_KF, Fault, STUDIO_KF},
};

use super::wecom::{bot_says, picture_of};
use crate::house::{BotWay, Given, House};

/// A house whose owner hears of alarms by a chat on Telegram, too.
async fn house() -> House {
    let alarms = format!("telegram_chat_id = {OPERATORS}\n").leak();
    House::build(Given { wecom: Some(BotWay::Callback), alarms, ..Given::default() }).await
}

/// Both places in which the owner is told hear of this.
async fn owner_hears(house: &House, part: &str) {
    bot_says(house, "robot", part).await;
    super::bot_says(house, OPERATORS, part).await;
}

#[tokio::test]
async fn what_wecom_warns_of_reaches_the_owner_and_says_of_which_app_and_account() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    let app = format!("WeCom app {}", wecom.options().agent_id);
    wecom.warn_app("inactive_alert");
    owner_hears(&house, &format!("{app}: the app will lose its permissions")).await;
    wecom.warn_app("close_inactive_agent");
    owner_hears(&house, &format!("{app}: the app lost its permissions")).await;
    wecom.manage_account("studio", false).unwrap();
    owner_hears(&house, &format!("{STUDIO_KF} (taken away)")).await;
    // Of each account by itself, however soon after another.
    wecom.manage_account("desk", false).unwrap();
    owner_hears(&house, &format!("{DESK_KF} (taken away)")).await;
    house.until_quiet().await;
}

#[tokio::test]
async fn an_account_whose_news_cannot_be_read_is_told_of_by_name_and_holds_nobody_up() {
    let house = house().await;
    let wecom = house.wecom();
    wecom.arm(Armed::times(Fault::NotJson, 99).on("kf/sync_msg").about(DESK_KF));
    let _desk = house.open().await;
    wecom.say("kf-xiaolin", "雪地里的一只狐狸").unwrap();
    wecom.say("studio-anna", "a fox in the rain").unwrap();
    picture_of(&house, "studio-anna", "a fox in the rain").await;
    owner_hears(&house, &format!("{DESK_KF}: its news cannot be read")).await;
    wecom.clear_faults();
    picture_of(&house, "kf-xiaolin", "雪地里的一只狐狸").await;
    house.until_quiet().await;
}

#[tokio::test]
async fn an_account_that_wecom_refuses_is_told_of_by_name() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.arm(Armed::times(Fault::Errcode { errcode: 95_017 }, 1).on("kf/send_msg"));
    wecom.say("studio-anna", "/privacy").unwrap();
    owner_hears(&house, &format!("{STUDIO_KF}: the account's API is switched off")).await;
}

#[tokio::test]
async fn words_that_wecom_holds_back_are_told_of_once_to_their_reader_and_to_the_owner() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    // At once, on one way and on the other.
    wecom.arm(Armed::times(Fault::Errcode { errcode: 40_201 }, 1).on("kf/send_msg"));
    wecom.say("studio-anna", "/privacy").unwrap();
    bot_says(&house, "studio-anna", "没有让它发出来").await;
    owner_hears(&house, &format!("{STUDIO_KF}: WeCom held words or a picture of ours back")).await;
    // After it was taken.
    wecom.arm(Armed::times(Fault::SendFails { fail_type: 13 }, 1).on("kf/send_msg"));
    wecom.say("kf-anna", "/privacy").unwrap();
    bot_says(&house, "kf-anna", "没有让它发出来").await;
    owner_hears(&house, &format!("{DESK_KF}: the channel took a message of ours")).await;
    house.until_quiet().await;
    // What tells it is held back too: then there is silence, and nothing goes on.
    wecom.arm(Armed::times(Fault::Errcode { errcode: 40_204 }, 99).on("kf/send_msg"));
    wecom.say("kf-xiaolin", "/privacy").unwrap();
    owner_hears(&house, &format!("{DESK_KF}: WeCom held words or a picture of ours back")).await;
    house.until_quiet().await;
    let refused = house.status().await["outbox"]["refused"].as_i64().unwrap();
    assert!(refused <= 5, "{refused}");
    wecom.clear_faults();
}

#[tokio::test]
async fn an_app_that_wecom_does_not_know_is_told_of_by_name() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    let app = format!("WeCom app {}", wecom.options().agent_id);
    wecom.arm(Armed::times(Fault::Errcode { errcode: 301_002 }, 1).on("message/send"));
    wecom.say("app-chenmo", "/privacy").unwrap();
    owner_hears(&house, &format!("{app}: the channel does not accept our credentials")).await;
}

#[tokio::test]
async fn a_member_whom_nothing_reaches_is_told_of_by_name_once() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.say("app-zhaoli", "余额").unwrap();
    owner_hears(&house, "member zhaoli: nothing that the app answers reaches them").await;
    let licence = bot_says(&house, "robot", "接口许可").await;
    wecom.say("app-zhaoli", "帮助").unwrap();
    house.until_quiet().await;
    let told = wecom.chat("robot").into_iter().filter(|it| it.text == licence.text);
    assert_eq!(told.count(), 1, "{}", wecom.transcript("robot"));
}
