//! Answers to customers: five, within 48 hours, once per name.

use std::time::Duration;

use picdesk_sandbox::wecom::{
    ANNA, Armed, DESK_KF, Fault, MessageView, Pressed, STUDIO_KF, XIAOLIN,
};
use serde_json::{Value, json};

use crate::desk::{Desk, text_for};

const DAY: Duration = Duration::from_hours(24);

async fn send(desk: &Desk, text: &str) -> i64 {
    desk.errcode("kf/send_msg", text_for(XIAOLIN, DESK_KF, text)).await
}

#[tokio::test]
async fn nobody_can_be_spoken_to_before_they_wrote() {
    let (desk, _) = Desk::still().await;
    assert_eq!(send(&desk, "hello").await, 95018);
    desk.wecom.say("kf-xiaolin", "hello").unwrap();
    assert_eq!(send(&desk, "hello").await, 0);
    assert_eq!(desk.errcode("kf/send_msg", text_for(XIAOLIN, STUDIO_KF, "x")).await, 95018);
    assert_eq!(desk.errcode("kf/send_msg", text_for("wmNobody", DESK_KF, "x")).await, 40096);
    assert_eq!(desk.errcode("kf/send_msg", text_for(XIAOLIN, "wkNone", "x")).await, 95000);
    assert_eq!(desk.errcode("kf/send_msg", text_for(XIAOLIN, "", "x")).await, 60251);
}

#[tokio::test]
async fn a_message_allows_five_answers_and_the_next_one_five_more() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    for at in 0..5 {
        assert_eq!(send(&desk, &format!("answer {at}")).await, 0);
    }
    assert_eq!(send(&desk, "a sixth").await, 95001);
    assert_eq!(desk.wecom.session("kf-xiaolin").unwrap().answers_left, 0);
    desk.wecom.say("kf-xiaolin", "more").unwrap();
    assert_eq!(send(&desk, "again").await, 0);
    assert_eq!(desk.wecom.session("kf-xiaolin").unwrap().answers_left, 4);
}

#[tokio::test]
async fn the_window_closes_after_48_hours() {
    let (mut desk, clock) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    clock.advance(Duration::from_secs(2 * 86_400 - 1));
    desk.token = desk.fresh_token().await;
    assert_eq!(send(&desk, "in time").await, 0);
    clock.advance(Duration::from_secs(1));
    assert_eq!(send(&desk, "late").await, 95002);
    desk.wecom.say("kf-xiaolin", "are you there").unwrap();
    assert_eq!(send(&desk, "yes").await, 0);
    desk.wecom.close_window("kf-xiaolin").unwrap();
    assert_eq!(send(&desk, "late").await, 95002);
}

#[tokio::test]
async fn a_name_is_good_for_one_message_of_an_account() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    let named = |msgid: &str| {
        let mut body = text_for(XIAOLIN, DESK_KF, "fox");
        body["msgid"] = json!(msgid);
        body
    };
    let sent = desk.post("kf/send_msg", named("out_1-a")).await;
    assert_eq!(sent["msgid"], "out_1-a");
    assert_eq!(desk.errcode("kf/send_msg", named("out_1-a")).await, 40058);
    assert_eq!(desk.wecom.counts().repeated, 1);
    assert_eq!(desk.wecom.session("kf-xiaolin").unwrap().answers_left, 4, "a repeat costs nothing");
    assert_eq!(desk.errcode("kf/send_msg", named(&"x".repeat(33))).await, 40058);
    assert_eq!(desk.errcode("kf/send_msg", named("no spaces")).await, 40058);
    let answers = desk.wecom.chat("kf-xiaolin").into_iter().filter(MessageView::is_from_bot);
    assert_eq!(answers.count(), 1);
}

#[tokio::test]
async fn a_tapped_line_is_said_with_its_id_and_opens_the_allowance_again() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    let menu = json!({
        "touser": XIAOLIN, "open_kfid": DESK_KF, "msgtype": "msgmenu",
        "msgmenu": {"head_content": "2 credits", "tail_content": "41 left", "list": [
            {"type": "click", "click": {"id": "again_1", "content": "Again"}},
            {"type": "view", "view": {"url": "https://pictures.example/", "content": "Original"}},
            {"type": "text", "text": {"content": "or\\nwrite", "no_newline": 1}},
        ]},
    });
    assert_eq!(desk.errcode("kf/send_msg", menu).await, 0);
    let shown = desk.wecom.chat("kf-xiaolin").pop().unwrap();
    assert_eq!(shown.text, "2 credits\nor\nwrite\n41 left");
    let said = desk.wecom.press("kf-xiaolin", "", shown.message, "Again").unwrap();
    let Pressed::Said(said) = said else { panic!("{said:?}") };
    let said = desk.wecom.message(shown.chat, said).unwrap();
    assert_eq!((said.text.as_str(), said.menu_id.as_deref()), ("Again", Some("again_1")));
    assert_eq!(desk.wecom.session("kf-xiaolin").unwrap().answers_left, 5);
    let opened = desk.wecom.press("kf-xiaolin", "", shown.message, "Original").unwrap();
    assert_eq!(opened, Pressed::Opens("https://pictures.example/".into()));
    let feed = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    assert_eq!(feed["msg_list"][1]["text"], json!({"content": "Again", "menu_id": "again_1"}));
}

#[tokio::test]
async fn neither_markdown_nor_cards_go_to_customers() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    for kind in ["markdown", "template_card", "news"] {
        let inner = json!({"content": "x"});
        let body = json!({"touser": XIAOLIN, "open_kfid": DESK_KF, "msgtype": kind, kind: inner});
        assert_eq!(desk.errcode("kf/send_msg", body).await, 40008);
    }
    assert_eq!(desk.wecom.session("kf-xiaolin").unwrap().answers_left, 5);
}

#[tokio::test]
async fn yes_can_later_turn_out_to_be_no() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    desk.wecom.arm(Armed::times(Fault::SendFails { fail_type: 13 }, 1).about(XIAOLIN));
    let sent = desk.post("kf/send_msg", text_for(XIAOLIN, DESK_KF, "fox")).await;
    assert_eq!(sent["errcode"], 0);
    assert!(!desk.wecom.chat("kf-xiaolin").pop().unwrap().has_arrived());
    desk.wecom.reject("kf-xiaolin", true).unwrap();
    let second = desk.post("kf/send_msg", text_for(XIAOLIN, DESK_KF, "fox")).await;
    assert_eq!(second["errcode"], 0);
    let feed = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    let failures: Vec<&Value> = feed["msg_list"].as_array().unwrap().iter().skip(1).collect();
    let expected = |msgid: &Value, why: i64| {
        json!({
            "event_type": "msg_send_fail", "open_kfid": DESK_KF, "external_userid": XIAOLIN,
            "fail_msgid": msgid, "fail_type": why,
        })
    };
    assert_eq!(failures[0]["event"], expected(&sent["msgid"], 13));
    assert_eq!(failures[1]["event"], expected(&second["msgid"], 10));
    assert_eq!(failures[0]["msgtype"], "event");
    assert!(failures[0].get("open_kfid").is_none(), "it stands inside the event");
}

#[tokio::test]
async fn a_welcome_has_twenty_seconds_one_message_and_only_newcomers() {
    let (mut desk, clock) = Desk::still().await;
    let way = json!({"open_kfid": DESK_KF, "scene": "link"});
    let link =
        desk.post("kf/add_contact_way", way.clone()).await["url"].as_str().unwrap().to_owned();
    assert_eq!(desk.post("kf/add_contact_way", way).await["url"], link);
    let with = format!("{link}&scene_param=one%20time%2Bcode");
    let (_, code) = desk.wecom.open_link("anna", &with).unwrap();
    let code = code.unwrap();
    let feed = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    let event = &feed["msg_list"][0]["event"];
    assert_eq!(event["scene_param"], "one time+code");
    assert_eq!((&event["scene"], &event["welcome_code"]), (&json!("link"), &json!(code)));
    let welcome =
        |code: &str| json!({"code": code, "msgtype": "text", "text": {"content": "welcome"}});
    assert_eq!(desk.errcode("kf/send_msg", text_for(ANNA, DESK_KF, "hi")).await, 95018);
    assert_eq!(desk.errcode("kf/send_msg_on_event", welcome(&code)).await, 0);
    assert_eq!(desk.errcode("kf/send_msg_on_event", welcome(&code)).await, 95007);
    assert!(desk.wecom.open_link("anna", &link).unwrap().1.is_none(), "she was welcomed");
    clock.advance(2 * DAY);
    desk.token = desk.fresh_token().await;
    let late = desk.wecom.open_link("anna", &link).unwrap().1.unwrap();
    clock.advance(Duration::from_secs(20));
    assert_eq!(desk.errcode("kf/send_msg_on_event", welcome(&late)).await, 95007);
    desk.wecom.say("kf-anna", "hello").unwrap();
    assert!(desk.wecom.open_link("anna", &link).unwrap().1.is_none(), "she has written");
}

#[tokio::test]
async fn a_link_that_was_changed_leads_nowhere() {
    let (desk, _) = Desk::still().await;
    let plain = desk.post("kf/add_contact_way", json!({"open_kfid": DESK_KF})).await;
    let plain = plain["url"].as_str().unwrap().to_owned();
    assert!(!plain.contains("enc_scene"));
    assert!(desk.wecom.open_link("anna", &plain).is_ok());
    assert!(desk.wecom.open_link("anna", &format!("{plain}&scene_param=x")).is_err());
    assert!(desk.wecom.open_link("anna", &format!("{plain}x")).is_err());
    let bad = json!({"open_kfid": DESK_KF, "scene": "no spaces"});
    assert_eq!(desk.errcode("kf/add_contact_way", bad).await, 40058);
}

#[tokio::test]
async fn who_came_or_wrote_lately_can_be_looked_up() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    desk.wecom.enter_session("anna", "desk", "link", "token").unwrap();
    let ask =
        json!({"external_userid_list": [XIAOLIN, ANNA, "wm0"], "need_enter_session_context": 1});
    let answer = desk.post("kf/customer/batchget", ask).await;
    assert_eq!(answer["customer_list"][0]["nickname"], "小林");
    let context = json!({"scene": "link", "scene_param": "token"});
    assert_eq!(answer["customer_list"][1]["enter_session_context"], context);
    assert_eq!(answer["invalid_external_userid"], json!(["wm0"]));
}

#[tokio::test]
async fn an_answer_can_be_taken_back_for_two_minutes_and_still_counts() {
    let (desk, clock) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    let sent = desk.post("kf/send_msg", text_for(XIAOLIN, DESK_KF, "wolf")).await;
    let recall = json!({"msgid": sent["msgid"], "open_kfid": DESK_KF});
    assert_eq!(desk.errcode("kf/recall_msg", recall.clone()).await, 0);
    assert_eq!(desk.wecom.chat("kf-xiaolin")[1].kind, "service");
    assert_eq!(desk.wecom.session("kf-xiaolin").unwrap().answers_left, 4);
    clock.advance(Duration::from_mins(2));
    assert_eq!(desk.errcode("kf/recall_msg", recall).await, 40058);
}
