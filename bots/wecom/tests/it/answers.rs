//! Which of the bot's answers a message is in, and how each of them ends.

use picdesk_core::{
    channel::{Button, ButtonTarget, Content, Delivery, DeliveryError, Place, Text},
    id::{GenerationId, MessageId, RequestId, Slot},
};
use picdesk_wecom::{
    parse::bot::stream_of,
    streams::{RECEIPT_MS, STREAM_MS},
};
use serde_json::{Value, json};

use crate::{
    stand_in::Reply,
    webhook::{Bot, picture, text},
};

fn made() -> Slot {
    Slot::Generation(GenerationId(7))
}

fn placeholder() -> Place {
    Place::New { slot: Some(made()) }
}

/// The place of the placeholder as the sender names it, once it stands.
fn its_place(msgid: &str) -> Place {
    let message = MessageId(format!("{}/g7", stream_of(msgid)));
    Place::EditMessage { message }
}

fn receipt() -> Place {
    Place::New { slot: Some(Slot::Receipt(RequestId(3))) }
}

impl Bot {
    /// Delivers a message that answers another.
    async fn answer(&self, msgid: &str, place: Place, content: Content, buttons: &[&str]) {
        let mut delivery: Delivery = Self::delivery(1, place, content);
        delivery.message.reply_to = Some(msgid.into());
        delivery.edit = match &delivery.message.place {
            Place::EditMessage { message } => Some(message.clone()),
            _ => None,
        };
        let button = |label: &&str| Button {
            label: (*label).to_owned(),
            target: ButtonTarget::Token(format!("tok-{label}")),
        };
        delivery.message.buttons = vec![buttons.iter().map(button).collect()];
        self.try_deliver(delivery).await.unwrap();
    }

    async fn content(&self, msgid: &str) -> (Value, Value) {
        let frame = self.poll_for(msgid).await;
        (frame["stream"]["content"].clone(), frame["stream"]["finish"].clone())
    }
}

#[tokio::test]
async fn each_of_several_messages_has_its_own_answer_and_each_ends() {
    let bot = Bot::start().await;
    for msgid in ["m1", "m2", "m3"] {
        bot.say_as(msgid).await;
    }
    bot.answer("m1", placeholder(), text("正在画一"), &["取消"]).await;
    bot.answer("m2", Place::New { slot: None }, text("余额 41"), &[]).await;
    bot.answer("m3", Place::New { slot: None }, text("没有了"), &[]).await;
    bot.later(2_000);
    assert_eq!(bot.content("m1").await, (json!("正在画一"), json!(false)));
    assert_eq!(bot.content("m2").await, (json!("余额 41"), json!(true)));
    assert_eq!(bot.content("m3").await, (json!("没有了"), json!(true)));
    bot.answer("m1", its_place("m1"), picture(), &[]).await;
    bot.later(RECEIPT_MS / 2);
    assert_eq!(bot.content("m1").await.1, false, "the receipt is on its way");
    bot.answer("m1", receipt(), text("2 credits"), &["再来一张", "原图"]).await;
    bot.later(2_000);
    let end = bot.poll_for("m1").await;
    assert_eq!(end["stream"]["content"], "2 credits");
    assert_eq!(end["stream"]["msg_item"][0]["msgtype"], "image");
    assert_eq!(end["template_card"]["button_list"][1]["text"], "原图");
}

#[tokio::test]
async fn a_picture_without_a_receipt_ends_its_answer_a_little_later() {
    let bot = Bot::start().await;
    bot.say_as("m1").await;
    bot.answer("m1", placeholder(), text("正在画"), &["取消"]).await;
    bot.answer("m1", its_place("m1"), picture(), &[]).await;
    bot.later(RECEIPT_MS);
    assert_eq!(bot.content("m1").await.1, true);
}

#[tokio::test]
async fn words_in_the_place_of_a_placeholder_end_it_whatever_they_offer() {
    for buttons in [&[][..], &["再来一张"], &["再试", "换个说法", "人工"]] {
        let bot = Bot::start().await;
        bot.say_as("m1").await;
        bot.answer("m1", placeholder(), text("正在画"), &["取消"]).await;
        bot.answer("m1", its_place("m1"), text("途中断了连接"), buttons).await;
        bot.later(2_000);
        let (content, finish) = bot.content("m1").await;
        assert_eq!((content, finish), (json!("途中断了连接"), json!(true)), "{buttons:?}");
    }
}

#[tokio::test]
async fn what_was_taken_back_says_so_and_what_got_no_words_too() {
    let bot = Bot::start().await;
    bot.say_as("m1").await;
    bot.say_as("m2").await;
    bot.answer("m1", placeholder(), text("正在画"), &["取消"]).await;
    let removed = Content::Removed { instead: Text::plain("已删除") };
    let mut delivery = Bot::delivery(2, its_place("m1"), removed);
    delivery.message.silent = true;
    delivery.edit = Some(MessageId(format!("{}/g7", stream_of("m1"))));
    bot.try_deliver(delivery).await.unwrap();
    bot.later(2_000);
    assert_eq!(bot.content("m1").await, (json!("已撤回"), json!(true)));
    assert_eq!(bot.content("m2").await, (json!("…"), json!(false)));
    bot.later(STREAM_MS);
    assert_eq!(bot.content("m2").await, (json!("没能回复"), json!(true)));
}

#[tokio::test]
async fn what_comes_after_an_answers_end_goes_to_its_own_address() {
    let bot = Bot::start().await;
    bot.say_as("m1").await;
    bot.answer("m1", Place::New { slot: None }, text("余额 41"), &[]).await;
    bot.later(2_000);
    assert_eq!(bot.content("m1").await.1, true);
    bot.say_as("m2").await;
    bot.answer("m1", receipt(), text("2 credits"), &[]).await;
    assert_eq!(bot.wecom.of("aibot/response")[0].query["response_code"], "RC-m1");
    assert_eq!(bot.content("m2").await, (json!("…"), json!(false)), "nothing of it is elsewhere");
}

#[tokio::test]
async fn an_address_is_kept_for_what_is_to_come_by_it_and_news_take_one_that_is_left() {
    let bot = Bot::start().await;
    let news = |id| Bot::delivery(id, Place::New { slot: None }, text("5 credits arrived"));
    let used = || {
        let calls = bot.wecom.of("aibot/response").into_iter();
        calls.map(|call| call.query["response_code"].clone()).collect::<Vec<_>>()
    };
    for msgid in ["m1", "m2", "m3"] {
        bot.say_as(msgid).await;
        bot.answer(msgid, Place::New { slot: None }, text("余额 41"), &[]).await;
    }
    bot.later(2_000);
    for msgid in ["m1", "m2", "m3"] {
        assert_eq!(bot.content(msgid).await.1, true);
    }
    bot.answer("m2", placeholder(), text("正在画"), &[]).await;
    for id in [2, 3] {
        bot.try_deliver(news(id)).await.unwrap();
    }
    assert_eq!(used(), ["RC-m3", "RC-m1"]);
    let error = bot.try_deliver(news(4)).await.unwrap_err();
    assert!(matches!(error, DeliveryError::WindowClosed), "{error}");
    let link = Bot::delivery(5, Place::Edit { slot: made() }, text("/p/7"));
    bot.try_deliver(link).await.unwrap();
    assert_eq!(used(), ["RC-m3", "RC-m1", "RC-m2"]);
}

#[tokio::test]
async fn an_address_that_was_too_busy_gets_its_answer_when_it_is_not() {
    let bot = Bot::start().await;
    bot.say_as("m1").await;
    bot.answer("m1", Place::New { slot: None }, text("余额 41"), &[]).await;
    bot.later(2_000);
    assert_eq!(bot.content("m1").await.1, true);
    for _ in 0..8 {
        bot.wecom.reply("aibot/response", Reply::No(-1, "system busy"));
    }
    let mut late = Bot::delivery(2, receipt(), text("2 credits"));
    late.message.reply_to = Some("m1".into());
    for tries in [4, 8] {
        let error = bot.try_deliver(late.clone()).await.unwrap_err();
        assert!(matches!(error, DeliveryError::NotSent(_)), "{error}");
        assert_eq!(bot.wecom.of("aibot/response").len(), tries);
    }
    bot.try_deliver(late).await.unwrap();
    assert_eq!(bot.wecom.of("aibot/response").len(), 9);
}

#[tokio::test]
async fn a_pressed_card_says_at_once_that_it_was_pressed() {
    let bot = Bot::start().await;
    bot.say_as("m1").await;
    bot.answer("m1", Place::New { slot: None }, text("2 credits"), &["再来一张", "原图"]).await;
    bot.later(2_000);
    let card = bot.poll_for("m1").await["template_card"].clone();
    let press = |url: Option<&str>| {
        let told = json!({ "event_key": "tok-再来一张", "task_id": card["task_id"],
            "card_type": "button_interaction" });
        let mut press = json!({ "msgid": "t1", "chattype": "single",
            "from": { "userid": "lisi_01" }, "msgtype": "event",
            "event": { "eventtype": "template_card_event", "template_card_event": told } });
        if let Some(url) = url {
            press["response_url"] = json!(url);
        }
        press
    };
    let update = bot.give(&press(None)).await;
    let mut expected = card.clone();
    expected["sub_title_text"] = json!("✓ 再来一张 · 请写给我");
    let changed = json!({ "response_type": "update_template_card", "template_card": expected });
    assert_eq!(update, changed);
    let names = || bot.wecom.inbox.names();
    assert_eq!(names(), ["wecom-bot:msg:m1"], "nothing is begun that nobody could be told of");
    let update = bot.give(&press(Some("https://wecom.example/response?code=1"))).await;
    assert_eq!(update["template_card"]["sub_title_text"], "✓ 再来一张 · 稍后回复");
    assert_eq!(update["template_card"]["task_id"], card["task_id"]);
    assert_eq!(names(), ["wecom-bot:msg:m1", "wecom-bot:msg:t1"]);
}

#[test]
fn a_press_and_a_typed_number_have_the_answer_of_their_message() {
    let of = |name: &str| stream_of(name);
    assert_eq!((of("wecom-bot:t1"), of("wecom-bot:msg:m1")), (of("t1"), of("m1")));
    assert_ne!(of("m1"), of("m2"));
}
