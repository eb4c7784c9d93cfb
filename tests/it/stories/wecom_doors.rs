//! What WeCom's own ways do to members and to customers on WeChat: equal messages, cards that are
//! done with, readers in WeChat, files of other kinds, notes in the place of files, replays.

use picdesk_sandbox::{
    images::Latency,
    wecom::{Armed, DESK_KF, Fault, MessageView, Say},
};
use serde_json::{Value, json};

use super::wecom::{bot_says, house, picture_of};
use crate::house::House;

fn said(house: &House, chat: &str, part: &str) -> Vec<MessageView> {
    let all = house.wecom().chat(chat);
    all.into_iter().filter(|it| it.is_from_bot() && it.text.contains(part)).collect()
}

#[tokio::test]
async fn the_same_question_asked_twice_is_answered_twice() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    for times in 1..=3 {
        wecom.say("app-olga", "/privacy").unwrap();
        house.until_quiet().await;
        assert_eq!(
            said(&house, "app-olga", "作画的图像服务").len(),
            times,
            "{}",
            wecom.transcript("app-olga")
        );
    }
    assert_eq!(wecom.counts().repeated, 0, "none of them is a repeat");
}

#[tokio::test]
async fn the_card_of_a_placeholder_is_done_with_when_the_picture_is_there() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    house.images.set_latency(Latency::Seconds(1.0));
    wecom.say("app-chenmo", "雪地里的一只狐狸").unwrap();
    let card = wecom
        .wait_for("app-chenmo", crate::house::PATIENCE, |it| {
            it.is_from_bot() && it.button("取消").is_some()
        })
        .await
        .unwrap();
    picture_of(&house, "app-chenmo", "雪地里的一只狐狸").await;
    house.until_quiet().await;
    wecom.press("app-chenmo", "", card.message, "取消").unwrap_err();
}

#[tokio::test]
async fn whoever_reads_in_wechat_reads_everything_and_chooses_by_number() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.say("app-wang", "雪地里的一只狐狸").unwrap();
    picture_of(&house, "app-wang", "雪地里的一只狐狸").await;
    let receipt = bot_says(&house, "app-wang", "1 再来一次").await;
    assert!(receipt.text.contains("余 "), "{}", receipt.text);
    house.until_quiet().await;
    wecom.say("app-wang", "1").unwrap();
    house.images.until(|calls| calls.len() == 2).await;
    house.until_quiet().await;
}

#[tokio::test]
async fn what_cannot_be_drawn_from_is_answered_politely() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    let sound = b"#!AMR\n\0\0\0\0\0\0\0\0".to_vec();
    for chat in ["app-chenmo", "kf-anna"] {
        for name in ["a.amr", "a.mp4", "a.pdf"] {
            let before = house.wecom().chat(chat).iter().filter(|it| it.is_from_bot()).count();
            wecom.perform(&Say::text(chat, "").with(name, sound.clone())).unwrap();
            let answered = |it: &MessageView| it.is_from_bot();
            let more = async || {
                let now = house.wecom().chat(chat).iter().filter(|it| answered(it)).count();
                (now > before).then_some(())
            };
            house.until(&format!("answer to {name} in {chat}"), more).await;
        }
    }
    wecom.send_place("chenmo", "广州塔").unwrap();
    wecom.send_link("chenmo", "A page", "https://example.com/").unwrap();
    wecom.send_item("kf-anna", "location", json!({ "name": "广州塔" })).unwrap();
    wecom.send_item("kf-anna", "link", json!({ "title": "A page" })).unwrap();
    house.until_quiet().await;
    assert!(house.images.calls().is_empty(), "nothing is made of them");
    let status = house.status().await;
    assert_eq!(status["inbox"]["set_aside"], 0, "{status}");
}

#[tokio::test]
async fn a_note_in_the_place_of_a_picture_is_explained_and_is_no_prompt() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    // A picture that is larger than gets through: noise does not become smaller.
    let mut picture = super::photo(320, 240);
    picture.resize(2_200_000, 7);
    wecom.send_picture("kf-anna", picture.clone()).unwrap();
    bot_says(&house, "kf-anna", "太大了").await;
    house.until_quiet().await;
    assert!(house.images.calls().is_empty());
    // Nor are they what somebody says to a person.
    wecom.say("kf-anna", "/support").unwrap();
    let question = bot_says(&house, "kf-anna", "哪方面").await;
    wecom.press("kf-anna", "", question.message, "其他").unwrap();
    bot_says(&house, "kf-anna", "说说情况").await;
    wecom.send_picture("kf-anna", picture).unwrap();
    house.until_quiet().await;
    let status = house.status().await;
    assert_eq!(status["escalations"]["open"], 0, "{status}");
}

#[tokio::test]
async fn a_doorbell_rings_once_for_an_envelope_however_often_that_comes() {
    let house = house().await;
    let wecom = house.wecom();
    let desk = house.open().await;
    wecom.arm(Armed::times(Fault::CallbackReplayed, 3).on("kf_msg_or_event").about(DESK_KF));
    for words in ["a fox in the snow", "a fox in the rain", "a fox in the sun"] {
        wecom.say("kf-anna", words).unwrap();
        picture_of(&house, "kf-anna", words).await;
    }
    house.until_quiet().await;
    let counted = async || {
        let counted = house.metrics(&desk).await;
        counted.contains("picdesk_inbox_duplicates_total{channel=\"wecom-kf\"} 3").then_some(())
    };
    house.until("three replays", counted).await;
}

#[tokio::test]
async fn a_picture_comes_through_a_wecom_that_is_busy_and_forgets_tokens() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.arm(Armed::times(Fault::Errcode { errcode: -1 }, 3).on("message/send"));
    wecom.arm(Armed::times(Fault::Errcode { errcode: 40_001 }, 1).on("media/upload"));
    wecom.say("app-chenmo", "雪地里的一只狐狸").unwrap();
    picture_of(&house, "app-chenmo", "雪地里的一只狐狸").await;
    house.until_quiet().await;
    assert_eq!(wecom.pictures_twice("app-chenmo"), 0);
}

#[tokio::test]
async fn a_reference_that_is_no_picture_is_said_before_anything_is_made() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    let mut broken = super::photo(320, 240);
    broken.truncate(200);
    wecom.send_picture("kf-anna", broken.clone()).unwrap();
    bot_says(&house, "kf-anna", "第 1 张参考图读不出来").await;
    house.until_quiet().await;
    // What was sent beside it is still there.
    wecom.send_picture("app-chenmo", super::photo(320, 240)).unwrap();
    wecom.send_picture("app-chenmo", broken).unwrap();
    bot_says(&house, "app-chenmo", "第 2 张参考图读不出来").await;
    house.until_quiet().await;
    assert!(house.images.calls().is_empty(), "{}", wecom.transcript("kf-anna"));
    let status = house.status().await;
    assert_eq!(status["credits"]["posted"], 0, "{status}");
    wecom.say("app-chenmo", "画成一张邮票").unwrap();
    picture_of(&house, "app-chenmo", "画成一张邮票").await;
    house.until_quiet().await;
    assert_eq!(house.images.calls()[0].references.len(), 1);
}

/// Asks for the settings; the answer, which has this in it.
async fn settings_of(house: &House, chat: &str, words: &str, part: &str) -> MessageView {
    house.wecom().say(chat, words).unwrap();
    let settings = bot_says(house, chat, part).await;
    house.until_quiet().await;
    settings
}

#[tokio::test]
async fn a_menu_that_is_too_small_is_answered_by_number_in_either_language() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    let menu = settings_of(&house, "kf-anna", "设置", "11. ").await;
    assert_eq!(menu.buttons.len(), 10, "WeChat has ten lines that can be pressed: {menu:?}");
    assert!(menu.text.contains("18. ") && !menu.text.contains("19. "), "{}", menu.text);
    assert!(menu.text.contains("11. 高清"), "{}", menu.text);
    // What has no number there, and what nobody has: asked about, never drawn.
    for wrong in ["19", "99", "3", "７。"] {
        let number = picdesk_core::intent::choice(wrong).unwrap();
        wecom.say("kf-anna", wrong).unwrap();
        bot_says(&house, "kf-anna", &format!("没有编号是 {number} 的选项")).await;
    }
    // Two pictures from now on.
    wecom.say("kf-anna", "１３").unwrap();
    house.until_quiet().await;
    wecom.say("kf-anna", "雪地里的一只狐狸").unwrap();
    picture_of(&house, "kf-anna", "雪地里的一只狐狸").await;
    house.until_quiet().await;
    assert_eq!(house.images.calls().len(), 2);

    wecom.say("kf-anna", "/language en").unwrap();
    settings_of(&house, "kf-anna", "settings", "11. High").await;
    wecom.say("kf-anna", "19.").unwrap();
    bot_says(&house, "kf-anna", "No choice here has the number 19").await;
    wecom.say("kf-anna", "12").unwrap();
    house.until_quiet().await;
    wecom.say("kf-anna", "a fox in the snow").unwrap();
    picture_of(&house, "kf-anna", "a fox in the snow").await;
    let status = house.until_quiet().await;
    assert_eq!(status["credits"]["posted"], 6, "numbers cost nothing: {status}");
    assert_eq!(house.images.calls().len(), 3, "one picture again");
}

#[tokio::test]
async fn whoever_presses_cards_does_not_read_their_choices_twice() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    let receipts = || said(&house, "app-chenmo", "保存到");
    wecom.say("app-chenmo", "雪地里的一只狐狸").unwrap();
    picture_of(&house, "app-chenmo", "雪地里的一只狐狸").await;
    house.until_quiet().await;
    // Nobody knows yet where they read.
    assert!(receipts()[0].text.contains("1 再来一次"), "{:?}", receipts());
    let has_again = |it: &MessageView| it.is_from_bot() && it.button("再来一次").is_some();
    let card = wecom.wait_for("app-chenmo", crate::house::PATIENCE, has_again).await.unwrap();
    wecom.press("app-chenmo", "", card.message, "再来一次").unwrap();
    house.images.until(|calls| calls.len() == 2).await;
    house.until_quiet().await;
    let second = receipts()[2..].to_vec();
    assert!(!second.is_empty(), "{}", wecom.transcript("app-chenmo"));
    assert!(!second.iter().any(|it| it.text.contains("1 再来一次")), "{second:?}");
    // In WeChat they choose by number, and read the choices again.
    wecom.say("app-chenmo", "1").unwrap();
    house.images.until(|calls| calls.len() == 3).await;
    house.until_quiet().await;
    let third = receipts().into_iter().filter(|it| it.text.contains("1 再来一次"));
    assert_eq!(third.count(), 2, "{}", wecom.transcript("app-chenmo"));
}

#[tokio::test]
async fn whoever_presses_cards_reads_emphasis_and_whoever_reads_in_wechat_reads_words() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    for chat in ["app-chenmo", "app-wang"] {
        wecom.say(chat, "余额").unwrap();
        let balance = bot_says(&house, chat, "可用").await;
        assert!(balance.sort == "text" && !balance.text.contains('*'), "{balance:?}");
        house.until_quiet().await;
    }
    let has_buttons = |it: &MessageView| it.is_from_bot() && !it.buttons.is_empty();
    let card = wecom.wait_for("app-chenmo", crate::house::PATIENCE, has_buttons).await.unwrap();
    let label = card.buttons[0][0].text.clone();
    wecom.press("app-chenmo", "", card.message, &label).unwrap();
    wecom.say("app-wang", "1").unwrap();
    house.until_quiet().await;
    for (chat, sort) in [("app-chenmo", "markdown"), ("app-wang", "text")] {
        let before = said(&house, chat, "可用").len();
        wecom.say(chat, "余额").unwrap();
        house.until_quiet().await;
        let balance = said(&house, chat, "可用").swap_remove(before);
        assert_eq!(balance.sort, sort, "{balance:?}");
        assert_eq!(balance.text.contains("**"), sort == "markdown", "{balance:?}");
    }
    let unseen =
        |chat: &str| wecom.chat(chat).iter().any(|it| it.sort == "unseen" && it.is_from_bot());
    assert!(!unseen("app-chenmo"));
}

#[tokio::test]
async fn a_picture_that_wecom_gives_away_in_parts_alone_is_worked_from() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    wecom.arm(Armed::times(Fault::Errcode { errcode: 830_002 }, 1).on("media/get"));
    wecom.send_picture("app-chenmo", super::photo(320, 240)).unwrap();
    wecom.say("app-chenmo", "画成一张邮票").unwrap();
    picture_of(&house, "app-chenmo", "画成一张邮票").await;
    house.until_quiet().await;
    let references = house.images.calls()[0].references.clone();
    assert_eq!(references.len(), 1, "{}", wecom.transcript("app-chenmo"));
    assert_eq!((references[0].width, references[0].height), (320, 240));
    assert_eq!(wecom.counts().refused.get(&830_002), Some(&1));
}

/// Gives the app a menu, as its owner does.
async fn give_menu(house: &House) {
    let wecom = house.wecom();
    let (api, options) = (wecom.api_url(), wecom.options());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (corp, secret) = (&options.corp_id, &options.secret);
    let token = format!("{api}/cgi-bin/gettoken?corpid={corp}&corpsecret={secret}");
    let token: Value = http.get(token).send().await.unwrap().json().await.unwrap();
    let token = token["access_token"].as_str().unwrap();
    let url = format!("{api}/cgi-bin/menu/create?access_token={token}");
    let menu = json!({ "button": [
        { "type": "click", "name": "我的积分", "key": "MENU_BALANCE" },
        { "type": "click", "name": "选项", "key": "设置" },
    ] });
    let made: Value = http.post(url).json(&menu).send().await.unwrap().json().await.unwrap();
    assert_eq!(made["errcode"], 0, "{made}");
}

#[tokio::test]
async fn whoever_opens_the_app_is_greeted_and_its_menu_says_what_it_stands_for() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    give_menu(&house).await;
    wecom.open_app("chenmo").unwrap();
    bot_says(&house, "app-chenmo", "积分").await;
    wecom.press_menu("chenmo", "我的积分").unwrap();
    bot_says(&house, "app-chenmo", "可用").await;
    wecom.press_menu("chenmo", "选项").unwrap();
    bot_says(&house, "app-chenmo", "18. ").await;
    house.until_quiet().await;
    assert!(house.images.calls().is_empty());
}

#[tokio::test]
async fn a_picture_for_whoever_cannot_be_reached_is_owed_although_wecom_says_no_error() {
    let house = house().await;
    let wecom = house.wecom();
    let _desk = house.open().await;
    house.images.set_latency(Latency::Seconds(1.0));
    wecom.say("app-chenmo", "雪地里的一只狐狸").unwrap();
    house.images.until(|calls| !calls.is_empty()).await;
    // From now on WeCom takes what is sent, and names whom it missed.
    wecom.license("chenmo", false).unwrap();
    let status = house.until_quiet().await;
    assert_eq!((&status["outbox"]["owed"], &status["credits"]["posted"]), (&1.into(), &2.into()));
    wecom.license("chenmo", true).unwrap();
    wecom.say("app-chenmo", "余额").unwrap();
    picture_of(&house, "app-chenmo", "雪地里的一只狐狸").await;
    let status = house.until_quiet().await;
    assert_eq!((&status["outbox"]["owed"], &status["credits"]["posted"]), (&0.into(), &2.into()));
}
