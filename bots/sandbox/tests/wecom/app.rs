//! Messages to members.

use std::time::Duration;

use picdesk_sandbox::wecom::{CHENMO, Pressed, WANG, ZHAO};
use serde_json::{Value, json};

use crate::desk::{Desk, SOON};

fn card(task: &str) -> Value {
    json!({
        "card_type": "button_interaction", "task_id": task,
        "main_title": {"title": "A fox", "desc": "2 credits"},
        "button_list": [
            {"text": "Again", "style": 1, "key": "again:1"},
            {"type": 1, "text": "Open", "url": "https://pictures.example/1"},
        ],
    })
}

fn card_to(userid: &str, task: &str) -> Value {
    let (kind, card) = ("template_card", card(task));
    json!({"touser": userid, "agentid": 1_000_002, "msgtype": kind, kind: card})
}

#[tokio::test]
async fn a_text_arrives_cut_at_2048_bytes() {
    let (desk, _) = Desk::still().await;
    desk.post("message/send", desk.text_to(CHENMO, &"狐".repeat(1000))).await;
    let chat = desk.wecom.chat("app-chenmo");
    assert_eq!(chat[0].text.len(), 2046);
    assert!(chat[0].is_from_bot());
    assert_eq!(desk.errcode("message/send", desk.text_to(CHENMO, "")).await, 44004);
}

#[tokio::test]
async fn who_is_not_reached_is_named_in_lower_case() {
    let (desk, _) = Desk::still().await;
    let to = format!("{CHENMO}|NoBody|{ZHAO}");
    let sent = desk.post("message/send", desk.text_to(&to, "fox")).await;
    assert_eq!(sent["errcode"], 0);
    assert_eq!(sent["invaliduser"], "nobody");
    assert_eq!(sent["unlicenseduser"], "zhaoli");
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 1);
    let only = desk.post("message/send", desk.text_to(ZHAO, "fox")).await;
    assert_eq!((&only["errcode"], &only["unlicenseduser"]), (&json!(0), &json!("zhaoli")));
    assert!(desk.wecom.chat("app-zhaoli").is_empty());
    assert_eq!(desk.errcode("message/send", desk.text_to("nobody", "x")).await, 81013);
    let mut other = desk.text_to(CHENMO, "x");
    other["agentid"] = json!(7);
    assert_eq!(desk.errcode("message/send", other).await, 301_002);
}

#[tokio::test]
async fn a_request_that_asks_for_the_check_is_delivered_once_in_its_interval() {
    let (desk, clock) = Desk::still().await;
    let mut body = desk.text_to(CHENMO, "fox");
    body["enable_duplicate_check"] = json!(1);
    body["duplicate_check_interval"] = json!(600);
    let first = desk.post("message/send", body.clone()).await;
    let second = desk.post("message/send", body.clone()).await;
    assert_eq!(first["msgid"], second["msgid"]);
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 1);
    desk.post("message/send", desk.text_to(CHENMO, "fox")).await;
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 2, "nobody asked for the check");
    clock.advance(Duration::from_secs(601));
    desk.post("message/send", body.clone()).await;
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 3);
    body["duplicate_check_interval"] = json!(14_401);
    assert_eq!(desk.errcode("message/send", body).await, 40058);
}

#[tokio::test]
async fn the_thirty_first_message_of_a_minute_is_dropped_without_a_word() {
    let (desk, clock) = Desk::still().await;
    for at in 0..31 {
        let body = desk.text_to(CHENMO, &format!("fox {at}"));
        assert_eq!(desk.errcode("message/send", body).await, 0);
    }
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 30);
    assert_eq!(desk.wecom.counts().dropped, 1);
    clock.advance(Duration::from_secs(61));
    desk.post("message/send", desk.text_to(CHENMO, "fox")).await;
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 31);
}

#[tokio::test]
async fn a_request_that_was_dropped_is_known_and_a_known_one_counts() {
    let (desk, clock) = Desk::still().await;
    let checked = |text: &str| {
        let mut body = desk.text_to(CHENMO, text);
        body["enable_duplicate_check"] = json!(1);
        body
    };
    for _ in 0..30 {
        assert_eq!(desk.errcode("message/send", checked("fox")).await, 0);
    }
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 1);
    assert_eq!(desk.errcode("message/send", checked("owl")).await, 0);
    assert_eq!((desk.wecom.chat("app-chenmo").len(), desk.wecom.counts().dropped), (1, 1));
    clock.advance(Duration::from_secs(61));
    assert_eq!(desk.errcode("message/send", checked("owl")).await, 0);
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 1, "it was taken, and is not delivered again");
    desk.post("message/send", desk.text_to(CHENMO, "hare")).await;
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 2);
}

#[tokio::test]
async fn a_picture_needs_a_media_id_of_its_kind_that_is_not_three_days_old() {
    let (desk, clock) = Desk::still().await;
    let media = desk.upload_picture().await;
    let send = |kind: &str, media: &str| {
        let inner = json!({"media_id": media});
        json!({"touser": CHENMO, "agentid": 1_000_002, "msgtype": kind, kind: inner})
    };
    assert_eq!(desk.errcode("message/send", send("image", &media)).await, 0);
    assert_eq!(desk.errcode("message/send", send("image", &media)).await, 0, "one serves several");
    assert_eq!(desk.errcode("message/send", send("file", &media)).await, 40007);
    assert_eq!(desk.errcode("message/send", send("image", "none")).await, 40007);
    let chat = desk.wecom.chat("app-chenmo");
    assert_eq!((chat[0].pictures[0].width, chat[0].pictures[0].height), (8, 6));
    assert_eq!(desk.wecom.pictures_twice("app-chenmo"), 1);
    clock.advance(Duration::from_hours(48));
    let mut desk = desk;
    desk.token = desk.fresh_token().await;
    assert_eq!(desk.errcode("message/send", send("image", &media)).await, 0);
    clock.advance(Duration::from_hours(24));
    desk.token = desk.fresh_token().await;
    assert_eq!(desk.errcode("message/send", send("image", &media)).await, 40007);
}

#[tokio::test]
async fn who_reads_in_wechat_sees_neither_markdown_nor_cards() {
    let (desk, _, _hook) = Desk::with_hook().await;
    let markdown = |to: &str| {
        let content = json!({"content": "**fox**"});
        json!({"touser": to, "agentid": 1_000_002, "msgtype": "markdown", "markdown": content})
    };
    desk.post("message/send", markdown(CHENMO)).await;
    desk.post("message/send", markdown(WANG)).await;
    desk.post("message/send", card_to(WANG, "task-1")).await;
    assert_eq!(desk.wecom.chat("app-chenmo")[0].sort, "markdown");
    let chat = desk.wecom.chat("app-wang");
    assert!(chat.iter().all(|message| message.sort == "unseen" && message.buttons.is_empty()));
    assert!(desk.wecom.press("app-wang", "", chat[1].message, "Again").is_err());
    let long = json!({"content": "x".repeat(2049)});
    let long =
        json!({"touser": WANG, "agentid": 1_000_002, "msgtype": "markdown", "markdown": long});
    assert_eq!(desk.errcode("message/send", long).await, 45002);
}

#[tokio::test]
async fn a_card_needs_a_callback_address_and_a_task_of_its_own() {
    let (desk, _) = Desk::still().await;
    assert_eq!(desk.errcode("message/send", card_to(CHENMO, "task-1")).await, 43012);
    desk.wecom.point_at("http://127.0.0.1:9");
    assert_eq!(desk.errcode("message/send", card_to(CHENMO, "task-1")).await, 0);
    assert_eq!(desk.errcode("message/send", card_to(CHENMO, "task-1")).await, 40058);
    assert_eq!(desk.errcode("message/send", card_to(CHENMO, "task 2")).await, 40058);
}

#[tokio::test]
async fn a_pressed_card_is_told_with_a_code_that_changes_it_once() {
    let (desk, clock, hook) = Desk::with_hook().await;
    let sent = desk.post("message/send", card_to(CHENMO, "task-1")).await;
    let shown = desk.wecom.chat("app-chenmo").remove(0);
    assert_eq!(shown.text, "A fox\n2 credits");
    let pressed = desk.wecom.press("app-chenmo", "", shown.message, "Again").unwrap();
    assert_eq!(pressed, Pressed::Told);
    let event = hook.next().await;
    assert_eq!(event.field("Event"), "template_card_event");
    assert_eq!(event.field("EventKey"), "again:1");
    assert_eq!(event.field("TaskId"), "task-1");
    assert_eq!(event.field("CardType"), "button_interaction");
    let opens = desk.wecom.press("app-chenmo", "", shown.message, "Open").unwrap();
    assert_eq!(opens, Pressed::Opens("https://pictures.example/1".into()));
    let change = |code: &Value| {
        let button = json!({"replace_name": "Done"});
        json!({"userids": [CHENMO], "agentid": 1_000_002, "response_code": code, "button": button})
    };
    let code = json!(event.field("ResponseCode"));
    assert_eq!(desk.errcode("message/update_template_card", change(&code)).await, 0);
    assert_eq!(desk.errcode("message/update_template_card", change(&code)).await, 42014);
    let changed = desk.wecom.chat("app-chenmo").remove(0);
    assert_eq!(changed.replaced.as_deref(), Some("Done"));
    assert!(changed.buttons[0][0].disabled && !changed.buttons[1][0].disabled);
    assert!(desk.wecom.press("app-chenmo", "", shown.message, "Again").is_err());
    // The code of the sending is another one, and good for 72 hours.
    let mut desk = desk;
    clock.advance(Duration::from_hours(72));
    desk.token = desk.fresh_token().await;
    let late = change(&sent["response_code"]);
    assert_eq!(desk.errcode("message/update_template_card", late).await, 42014);
}

#[tokio::test]
async fn members_words_pictures_and_events_arrive_in_order() {
    let (desk, _, hook) = Desk::with_hook().await;
    desk.wecom.open_app("chenmo").unwrap();
    desk.wecom.say("app-chenmo", "a fox ]]> in <snow> & ice").unwrap();
    desk.wecom.send_picture("app-chenmo", png_small()).unwrap();
    desk.wecom.send_place("chenmo", "广州").unwrap();
    desk.wecom.send_link("chenmo", "Foxes", "https://foxes.example/").unwrap();
    desk.wecom.send_unknown("chenmo", "hologram").unwrap();
    let event = hook.next().await;
    assert_eq!(
        (event.field("Event"), event.field("FromUserName")),
        ("enter_agent".into(), CHENMO.into())
    );
    assert!(!event.inner.contains("MsgId"));
    let text = hook.next().await;
    assert!(text.inner.contains("a fox ]]]]><![CDATA[> in <snow> & ice"), "{}", text.inner);
    assert_eq!(text.field("AgentID"), "1000002");
    assert!(text.outer.contains("<AgentID><![CDATA[1000002]]></AgentID>"));
    assert!(text.field("MsgId").parse::<u64>().unwrap() > 1 << 53);
    let picture = hook.next().await;
    let media = picture.field("MediaId");
    let fetched = desk.http.get(desk.url("media/get"));
    let fetched = fetched.query(&[("access_token", &desk.token), ("media_id", &media)]);
    assert_eq!(fetched.send().await.unwrap().bytes().await.unwrap(), png_small());
    let by_url = desk.http.get(picture.field("PicUrl")).send().await.unwrap();
    assert_eq!(by_url.bytes().await.unwrap(), png_small());
    let kinds = [hook.next().await, hook.next().await, hook.next().await];
    let kinds: Vec<String> = kinds.iter().map(|it| it.field("MsgType")).collect();
    assert_eq!(kinds, ["location", "link", "hologram"]);
}

fn png_small() -> Vec<u8> {
    crate::desk::png(3, 2, 1)
}

#[tokio::test]
async fn the_menu_that_was_set_can_be_pressed() {
    let (desk, _, hook) = Desk::with_hook().await;
    assert_eq!(desk.get("menu/get", &[]).await["errcode"], 46003);
    let below = json!([{"type": "click", "name": "Balance", "key": "balance"}]);
    let menu = json!({"button": [
        {"name": "Account", "sub_button": below},
        {"type": "view", "name": "Site", "url": "https://site.example/"},
    ]});
    assert_eq!(desk.errcode("menu/create", menu).await, 0);
    assert_eq!(desk.wecom.press_menu("chenmo", "Balance").unwrap(), Pressed::Told);
    let event = hook.next().await;
    assert_eq!((event.field("Event"), event.field("EventKey")), ("click".into(), "balance".into()));
    let opened = desk.wecom.press_menu("chenmo", "Site").unwrap();
    assert_eq!(opened, Pressed::Opens("https://site.example/".into()));
    assert!(desk.wecom.press_menu("chenmo", "Account").is_err());
}

#[tokio::test]
async fn a_message_can_be_waited_for_and_taken_back_within_a_day() {
    let (desk, clock) = Desk::still().await;
    let sent = desk.post("message/send", desk.text_to(CHENMO, "fox")).await;
    desk.wecom.wait_for("app-chenmo", SOON, |it| it.text == "fox").await.unwrap();
    let msgid = json!({"msgid": sent["msgid"]});
    assert_eq!(desk.errcode("message/recall", msgid.clone()).await, 0);
    assert_eq!(desk.wecom.chat("app-chenmo")[0].kind, "service");
    let mut desk = desk;
    clock.advance(Duration::from_hours(24));
    desk.token = desk.fresh_token().await;
    assert_eq!(desk.errcode("message/recall", msgid).await, 40058);
    let short = Duration::from_millis(1);
    let unseen = desk.wecom.wait_for("app-chenmo", short, |it| it.text == "wolf").await;
    assert!(unseen.unwrap_err().to_string().contains("the desk took a message back"));
}

#[tokio::test]
async fn the_group_robot_takes_twenty_a_minute_with_its_key() {
    let (desk, _) = Desk::still().await;
    let body = json!({"msgtype": "markdown", "markdown": {"content": "**alarm**"}});
    let post = |url: String| {
        let request = desk.http.post(url).json(&body);
        async move { request.send().await.unwrap().json::<Value>().await.unwrap() }
    };
    for _ in 0..20 {
        assert_eq!(post(desk.wecom.robot_url()).await["errcode"], 0);
    }
    assert_eq!(post(desk.wecom.robot_url()).await["errcode"], 45009);
    assert_eq!(post(desk.url("webhook/send?key=other")).await["errcode"], 93000);
    assert_eq!(desk.wecom.chat("robot").len(), 20);
}
