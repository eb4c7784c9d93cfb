//! A case of somebody on WeCom at a desk on Telegram, and the other way: pictures come across.

use picdesk_sandbox::telegram::{MessageView as Seen, OLGA, OPERATORS, Say};

use super::{
    photo,
    wecom::{bot_says, house},
};
use crate::house::{House, PATIENCE};

/// Waits until such a message of the bot's stands at the desk on Telegram.
async fn at_desk(house: &House, is_it: impl Fn(&Seen) -> bool) -> Seen {
    let seen = house.telegram.wait_for(OPERATORS, PATIENCE, |it| it.is_from_bot() && is_it(it));
    seen.await.unwrap_or_else(|error| panic!("at the desk: {error}\n{}", house.last_log()))
}

#[tokio::test]
async fn pictures_of_a_case_come_from_wecom_to_telegram_and_back() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    let olga = OLGA.to_string();
    let operator = ["operator", "add", "--name", "Olga", "--role", "agent", "--telegram", &olga];
    house.order_well(&operator).await;
    wecom.say("app-chenmo", "/support 狐狸有五条腿").unwrap();
    bot_says(&house, "app-chenmo", "编号").await;
    let told = at_desk(&house, |it| it.text.contains("狐狸有五条腿")).await;
    let topic = told.topic.unwrap();
    house.until_quiet().await;
    // Into the case, after its words were asked for.
    wecom.say("app-chenmo", "/support").unwrap();
    bot_says(&house, "app-chenmo", "哪方面").await;
    wecom.send_picture("app-chenmo", photo(320, 240)).unwrap();
    let shown = at_desk(&house, |it| it.picture.is_some()).await;
    assert_eq!(shown.topic, Some(topic));

    let say = Say::text(OLGA, "/r 像这样？").in_chat(OPERATORS).in_topic(topic);
    house.telegram.perform(say.with("photo.jpg", photo(240, 320))).await.unwrap();
    at_desk(&house, |it| it.text.contains("✓ Delivered")).await;
    let came =
        wecom.chat("app-chenmo").into_iter().any(|it| it.is_from_bot() && it.picture.is_some());
    assert!(came, "{}", wecom.transcript("app-chenmo"));
    house.until_quiet().await;
    assert!(!house.read_log().contains("alarm"), "{}", house.last_log());
}

#[tokio::test]
async fn a_case_picture_that_is_gone_is_told_plainly_and_alarms_nobody() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.say("app-chenmo", "/support 狐狸有五条腿").unwrap();
    let told = at_desk(&house, |it| it.text.contains("狐狸有五条腿")).await;
    house.until_quiet().await;
    wecom.say("app-chenmo", "/support").unwrap();
    bot_says(&house, "app-chenmo", "哪方面").await;
    let gone = picdesk_sandbox::wecom::Fault::Errcode { errcode: 40_007 };
    wecom.arm(picdesk_sandbox::wecom::Armed::times(gone, 9).on("media/get"));
    wecom.send_picture("app-chenmo", photo(320, 240)).unwrap();
    let plainly = at_desk(&house, |it| it.text.contains("cannot be shown here")).await;
    assert_eq!(plainly.topic, told.topic);
    wecom.clear_faults();
    house.until_quiet().await;
    assert!(!house.read_log().contains("alarm"), "{}", house.last_log());
}
