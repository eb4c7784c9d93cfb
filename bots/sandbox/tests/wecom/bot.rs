//! The AI bot over the webhook: turns, streams, late answers.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use picdesk_sandbox::wecom::{BOT_GROUP, CHENMO, Pressed, Say, Unplayable};
use serde_json::{Value, json};

use crate::desk::{Desk, SOON, png};

fn stream(content: &str, finish: bool) -> Value {
    json!({"msgtype": "stream", "stream": {"id": "s1", "finish": finish, "content": content}})
}

fn picture_item(bytes: &[u8]) -> Value {
    let image = json!({"base64": STANDARD.encode(bytes), "md5": hex::encode(Md5::digest(bytes))});
    json!({"msgtype": "image", "image": image})
}

#[tokio::test]
async fn an_answer_grows_while_it_is_asked_for_and_ends_with_its_picture() {
    let (desk, clock, hook) = Desk::with_hook().await;
    let mut last = stream("done", true);
    last["stream"]["msg_item"] = json!([picture_item(&png(5, 4, 1))]);
    hook.bot_replies(&[stream("drawing", false), stream("half", false), last]);
    desk.wecom.say("bot-chenmo", "a fox").unwrap();
    let said = hook.next_for_bot().await.json();
    assert_eq!((&said["msgtype"], &said["text"]["content"]), (&json!("text"), &json!("a fox")));
    assert_eq!((&said["chattype"], &said["from"]["userid"]), (&json!("single"), &json!(CHENMO)));
    let shown = desk.wecom.wait_for("bot-chenmo", SOON, |it| it.text == "drawing").await.unwrap();
    assert!(!shown.finished);
    clock.advance(Duration::from_secs(1));
    let asked = hook.next_for_bot().await.json();
    assert_eq!((&asked["msgtype"], &asked["stream"]["id"]), (&json!("stream"), &json!("s1")));
    assert!(asked.get("text").is_none());
    assert_eq!(asked["msgid"], said["msgid"]);
    assert_eq!(asked["response_url"], said["response_url"], "one address, not one each time");
    desk.wecom.wait_for("bot-chenmo", SOON, |it| it.text == "half").await.unwrap();
    clock.advance(Duration::from_secs(1));
    let done = desk.wecom.wait_for("bot-chenmo", SOON, |it| it.finished && it.text == "done").await;
    let done = done.unwrap();
    assert_eq!((done.message, done.pictures.len()), (shown.message, 1));
    assert_eq!(desk.wecom.file(&done.pictures[0].blob).unwrap().0, png(5, 4, 1));
    clock.advance(Duration::from_mins(1));
    hook.next_for_bot().await;
    assert!(hook.is_quiet().await, "nothing is asked for any more");
    assert!(desk.wecom.counts().misunderstood.is_empty());
}

#[tokio::test]
async fn a_stream_that_does_not_end_is_cut_off_after_six_minutes() {
    let (desk, clock, hook) = Desk::with_hook().await;
    hook.bot_replies(&[stream("drawing", false)]);
    desk.wecom.say("bot-chenmo", "a fox").unwrap();
    let said = hook.next_for_bot().await.json();
    desk.wecom.wait_for("bot-chenmo", SOON, |it| it.text == "drawing").await.unwrap();
    clock.advance(Duration::from_secs(359));
    hook.next_for_bot().await;
    desk.settled(|| !desk.wecom.chat("bot-chenmo").pop().unwrap().finished).await;
    clock.advance(Duration::from_secs(1));
    let over = desk.wecom.wait_for("bot-chenmo", SOON, |it| it.failed.is_some()).await.unwrap();
    assert!(over.finished);
    // The late way is still open, once, for an hour after what was said.
    let late =
        json!({"msgtype": "markdown", "markdown": {"content": "[your fox](https://x.example)"}});
    let url = said["response_url"].as_str().unwrap();
    let post = || {
        let request = desk.http.post(url).json(&late);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    assert_eq!(post().await["errcode"], 0);
    assert_eq!(post().await["errcode"], 40058);
    assert_eq!(desk.wecom.chat("bot-chenmo").pop().unwrap().sort, "markdown");
}

#[tokio::test]
async fn pictures_come_last_whole_and_with_their_sum() {
    let (desk, _, hook) = Desk::with_hook().await;
    let with = |finish: bool, item: Value| {
        let mut reply = stream("x", finish);
        reply["stream"]["msg_item"] = json!([item]);
        reply
    };
    let mut wrong_sum = picture_item(&png(5, 4, 1));
    wrong_sum["image"]["md5"] = json!("00");
    let replies = [
        with(false, picture_item(&png(5, 4, 1))),
        with(true, wrong_sum),
        with(true, picture_item(b"GIF89a no")),
        stream(&"x".repeat(20_481), true),
        json!({"msgtype": "markdown", "markdown": {"content": "not as a reply"}}),
        json!("no envelope at all"),
    ];
    for (at, reply) in replies.into_iter().enumerate() {
        hook.bot_replies(&[reply]);
        desk.wecom.say("bot-chenmo", "a fox").unwrap();
        hook.next_for_bot().await;
        desk.settled(|| desk.wecom.counts().misunderstood.len() == at + 1).await;
    }
    assert!(desk.wecom.chat("bot-chenmo").iter().all(|it| !it.is_from_bot()));
}

#[tokio::test]
async fn a_picture_is_fetched_within_five_minutes_and_decrypted() {
    let (desk, clock, hook) = Desk::with_hook().await;
    let say = Say::text("bot-chenmo", "make it blue").with("fox.png", png(6, 5, 9));
    desk.wecom.perform(&say).unwrap();
    let said = hook.next_for_bot().await.json();
    assert_eq!(said["msgtype"], "mixed");
    let items = &said["mixed"]["msg_item"];
    assert_eq!(items[0]["text"]["content"], "make it blue");
    assert!(items[1]["image"].get("aeskey").is_none());
    let url = items[1]["image"]["url"].as_str().unwrap();
    let sealed = desk.http.get(url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(hook.bot.decrypt(&sealed), png(6, 5, 9));
    clock.advance(Duration::from_mins(5));
    assert_eq!(desk.http.get(url).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn in_a_group_it_hears_only_what_is_said_to_it() {
    let (desk, _, hook) = Desk::with_hook().await;
    desk.wecom.say("bot-group", "nice weather").unwrap();
    desk.wecom.perform(&Say::text("bot-group", "@画图助手 a fox").by("wang")).unwrap();
    let said = hook.next_for_bot().await.json();
    assert_eq!((&said["chattype"], &said["chatid"]), (&json!("group"), &json!(BOT_GROUP)));
    assert_eq!(said["from"]["userid"], "007wang");
    assert_eq!(said["text"]["content"], "@画图助手 a fox");
    assert!(desk.wecom.perform(&Say::text("bot-group", "hello").by("zhaoli")).is_err());
}

#[tokio::test]
async fn a_quoted_message_comes_along() {
    let (desk, _, hook) = Desk::with_hook().await;
    hook.bot_replies(&[stream("here it is", true)]);
    desk.wecom.say("bot-chenmo", "a fox").unwrap();
    let shown =
        desk.wecom.wait_for("bot-chenmo", SOON, |it| it.text == "here it is").await.unwrap();
    desk.wecom.perform(&Say::text("bot-chenmo", "larger").quoting(shown.message)).unwrap();
    hook.next_for_bot().await;
    let said = hook.next_for_bot().await.json();
    assert_eq!(said["quote"], json!({"msgtype": "text", "text": {"content": "here it is"}}));
}

#[tokio::test]
async fn three_at_once_are_enough() {
    let (desk, clock, hook) = Desk::with_hook().await;
    for at in 0..3 {
        let reply = json!({
            "msgtype": "stream",
            "stream": {"id": format!("s{at}"), "finish": false, "content": "…"},
        });
        hook.bot_replies(&[reply]);
        desk.wecom.say("bot-chenmo", "a fox").unwrap();
        hook.next_for_bot().await;
    }
    desk.settled(|| desk.wecom.chat("bot-chenmo").len() == 6).await;
    assert_eq!(desk.wecom.say("bot-chenmo", "a fourth"), Err(Unplayable::Busy));
    clock.advance(Duration::from_mins(6));
    assert!(desk.wecom.say("bot-chenmo", "later").is_ok());
}

#[tokio::test]
async fn a_greeting_and_a_pressed_card_are_answered_at_once_or_never() {
    let (desk, clock, hook) = Desk::with_hook().await;
    let card = |title: &str| {
        json!({
            "card_type": "button_interaction", "task_id": "t1", "main_title": {"title": title},
            "button_list": [{"text": "Again", "key": "again"}],
        })
    };
    hook.bot_replies(&[json!({"msgtype": "text", "text": {"content": "welcome"}})]);
    desk.wecom.enter_bot_chat("chenmo").unwrap();
    assert_eq!(hook.next_for_bot().await.json()["event"]["eventtype"], "enter_chat");
    desk.wecom.wait_for("bot-chenmo", SOON, |it| it.text == "welcome").await.unwrap();
    assert_eq!(desk.wecom.enter_bot_chat("chenmo"), Err(Unplayable::EnteredToday));
    let mut with_card = stream("done", true);
    with_card["msgtype"] = json!("stream_with_template_card");
    with_card["template_card"] = card("A fox");
    hook.bot_replies(&[with_card]);
    desk.wecom.say("bot-chenmo", "a fox").unwrap();
    hook.next_for_bot().await;
    let shown = desk.wecom.wait_for("bot-chenmo", SOON, |it| it.text == "done").await.unwrap();
    let update = json!({"response_type": "update_template_card", "template_card": card("Again!")});
    hook.bot_replies(&[update]);
    let pressed = desk.wecom.press("bot-chenmo", "", shown.message, "Again").unwrap();
    assert_eq!(pressed, Pressed::Told);
    let event = hook.next_for_bot().await.json();
    let told = &event["event"]["template_card_event"];
    assert_eq!((&told["event_key"], &told["task_id"]), (&json!("again"), &json!("t1")));
    let changed = desk.wecom.wait_for("bot-chenmo", SOON, |it| it.edits == 2).await.unwrap();
    assert_eq!(changed.text, "done\nAgain!");
    let late =
        json!({"msgtype": "markdown", "markdown": {"content": "[another](https://x.example)"}});
    let url = event["response_url"].as_str().unwrap();
    let answer = desk.http.post(url).json(&late).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["errcode"], 0, "a press can be answered too");
    hook.answer_with(500);
    desk.wecom.press("bot-chenmo", "", shown.message, "Again").unwrap();
    hook.next_for_bot().await;
    desk.settled(|| desk.wecom.counts().lost == 1).await;
    clock.advance(Duration::from_mins(1));
    assert!(hook.is_quiet().await, "it is told once");
    hook.answer_with(200);
    desk.wecom.rate_answer("bot-chenmo", "chenmo", "f1", 2).unwrap();
    let event = hook.next_for_bot().await.json();
    assert_eq!(event["event"]["feedback_event"], json!({"id": "f1", "type": 2, "content": ""}));
}
