//! Sessions: their states, and humans who take them.

use std::time::Duration;

use picdesk_sandbox::wecom::{DESK_KF, OLGA, Reception, Say, WEI, XIAOLIN};
use serde_json::{Value, json};

use crate::desk::{Desk, text_for};

async fn trans(desk: &Desk, state: i64, servicer: &str) -> Value {
    let body = json!({
        "open_kfid": DESK_KF, "external_userid": XIAOLIN, "service_state": state,
        "servicer_userid": servicer,
    });
    desk.post("kf/service_state/trans", body).await
}

async fn state(desk: &Desk) -> Value {
    let body = json!({"open_kfid": DESK_KF, "external_userid": XIAOLIN});
    desk.post("kf/service_state/get", body).await["service_state"].clone()
}

async fn events(desk: &Desk) -> Vec<Value> {
    let feed = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    let items = feed["msg_list"].as_array().unwrap().iter();
    items.filter(|it| it["msgtype"] == "event").map(|it| it["event"].clone()).collect()
}

async fn answer(desk: &Desk) -> i64 {
    desk.errcode("kf/send_msg", text_for(XIAOLIN, DESK_KF, "fox")).await
}

async fn by_code(desk: &Desk, code: &Value) -> i64 {
    let body = json!({"code": code, "msgtype": "text", "text": {"content": "a word"}});
    desk.errcode("kf/send_msg_on_event", body).await
}

#[tokio::test]
async fn the_ways_between_states_are_those_of_the_document() {
    let allowed: [(i64, &[i64]); 4] =
        [(0, &[1, 2, 3, 4]), (1, &[2, 3, 4]), (2, &[3, 4]), (3, &[4])];
    for (from, ways) in allowed {
        for to in 1..=4 {
            let (desk, _) = Desk::still().await;
            desk.wecom.say("kf-xiaolin", "a fox").unwrap();
            if from > 0 {
                trans(&desk, from, OLGA).await;
            }
            assert_eq!(state(&desk).await, from);
            let errcode = if ways.contains(&to) { 0 } else { 95016 };
            assert_eq!(trans(&desk, to, OLGA).await["errcode"], errcode, "{from} to {to}");
        }
    }
}

#[tokio::test]
async fn an_ended_session_begins_again_only_when_the_customer_writes() {
    let (desk, _) = Desk::still().await;
    assert_eq!(trans(&desk, 1, "").await["errcode"], 95013);
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    assert_eq!(trans(&desk, 4, "").await["errcode"], 0);
    assert_eq!((answer(&desk).await, state(&desk).await), (95018, json!(4)));
    assert_eq!(trans(&desk, 1, "").await["errcode"], 95013);
    desk.wecom.say("kf-xiaolin", "another").unwrap();
    assert_eq!((answer(&desk).await, state(&desk).await), (0, json!(0)));
}

#[tokio::test]
async fn while_it_waits_or_a_human_has_it_nothing_can_be_sent_but_one_word_by_code() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "help").unwrap();
    let pooled = trans(&desk, 2, "").await["msg_code"].clone();
    assert_eq!(answer(&desk).await, 95018);
    assert_eq!(by_code(&desk, &pooled).await, 0);
    assert_eq!(by_code(&desk, &pooled).await, 95007);
    let taken = trans(&desk, 3, OLGA).await["msg_code"].clone();
    assert_eq!(answer(&desk).await, 95018);
    let menu = json!({"code": taken, "msgtype": "msgmenu", "msgmenu": {"head_content": "x"}});
    assert_eq!(desk.errcode("kf/send_msg_on_event", menu).await, 40008, "text only");
    let ended = trans(&desk, 4, "").await["msg_code"].clone();
    assert_eq!(by_code(&desk, &taken).await, 95018, "the state it was for is over");
    assert_eq!(by_code(&desk, &ended).await, 0);
    assert_eq!(desk.wecom.session("kf-xiaolin").unwrap().answers_left, 5);
    assert!(events(&desk).await.is_empty(), "what the desk does is no event");
}

#[tokio::test]
async fn only_a_servicer_who_receives_can_be_given_a_session() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "help").unwrap();
    assert_eq!(trans(&desk, 3, "").await["errcode"], 40058);
    assert_eq!(trans(&desk, 3, WEI).await["errcode"], 95019);
    assert_eq!(trans(&desk, 3, "ChenMo").await["errcode"], 95014);
    assert_eq!(trans(&desk, 3, "nobody").await["errcode"], 60030);
    desk.wecom.set_reception("desk", "kf-wei", Reception::Receiving).unwrap();
    assert_eq!(events(&desk).await[0]["status"], 1);
    let list = desk.get("kf/servicer/list", &[("open_kfid", DESK_KF)]).await;
    assert_eq!(list["servicer_list"][1], json!({"userid": WEI, "status": 0}));
    assert_eq!(trans(&desk, 3, &WEI.to_uppercase()).await["errcode"], 0);
    let body = json!({"open_kfid": DESK_KF, "external_userid": XIAOLIN});
    assert_eq!(desk.post("kf/service_state/get", body).await["servicer_userid"], WEI);
    desk.wecom.set_reception("desk", "kf-olga", Reception::Suspended).unwrap();
    let event = events(&desk).await.pop().unwrap();
    assert_eq!((&event["status"], &event["stop_type"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn a_human_takes_answers_hands_on_and_ends_and_each_is_told() {
    let (desk, clock) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "help").unwrap();
    trans(&desk, 2, "").await;
    let say = Say::text("kf-xiaolin", "hello, I am Olga").by("kf-olga");
    assert!(desk.wecom.perform(&say).is_err(), "she has not taken it");
    desk.wecom.take_session("kf-xiaolin", "kf-olga").unwrap();
    desk.wecom.perform(&say).unwrap();
    desk.wecom.hand_session("kf-xiaolin", "kf-wei").unwrap();
    desk.wecom.end_session("kf-xiaolin").unwrap();
    let events = events(&desk).await;
    let kinds: Vec<i64> = events.iter().map(|it| it["change_type"].as_i64().unwrap()).collect();
    assert_eq!(kinds, [1, 2, 3]);
    assert_eq!(events[0]["new_servicer_userid"], OLGA);
    assert!(events[0].get("old_servicer_userid").is_none());
    let handed = (&events[1]["old_servicer_userid"], &events[1]["new_servicer_userid"]);
    assert_eq!(handed, (&json!(OLGA), &json!(WEI)));
    assert!(events[1].get("msg_code").is_none() && events[0].get("msg_code").is_some());
    assert_eq!(by_code(&desk, &events[2]["msg_code"]).await, 0);
    desk.wecom.say("kf-xiaolin", "and another fox").unwrap();
    assert_eq!(answer(&desk).await, 0);
    desk.wecom.take_session("kf-xiaolin", "kf-olga").unwrap();
    desk.wecom.end_session("kf-xiaolin").unwrap();
    let late = self::events(&desk).await.pop().unwrap();
    clock.advance(Duration::from_secs(20));
    assert_eq!(by_code(&desk, &late["msg_code"]).await, 95007);
}

#[tokio::test]
async fn a_servicers_words_are_of_origin_five_and_open_an_ended_session() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "help").unwrap();
    trans(&desk, 4, "").await;
    desk.wecom.perform(&Say::text("kf-xiaolin", "one more thing").by("kf-olga")).unwrap();
    assert_eq!(state(&desk).await, 3);
    let feed = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    let items = feed["msg_list"].as_array().unwrap();
    assert_eq!(items[1]["event"]["change_type"], 4);
    assert_eq!((&items[2]["origin"], &items[2]["servicer_userid"]), (&json!(5), &json!(OLGA)));
    assert_eq!(items[2]["text"]["content"], "one more thing");
}

#[tokio::test]
async fn a_session_that_nobody_ended_lapses_after_48_hours() {
    let (mut desk, clock) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "help").unwrap();
    trans(&desk, 3, OLGA).await;
    clock.advance(Duration::from_hours(48));
    desk.token = desk.fresh_token().await;
    assert_eq!(state(&desk).await, 4);
    desk.wecom.say("kf-xiaolin", "hello?").unwrap();
    assert_eq!((state(&desk).await, answer(&desk).await), (json!(0), 0));
}

#[tokio::test]
async fn accounts_and_servicers_are_listed_added_and_removed() {
    let (desk, _) = Desk::still().await;
    let list = desk.post("kf/account/list", json!({"offset": 0, "limit": 100})).await;
    assert_eq!(list["account_list"].as_array().unwrap().len(), 2);
    assert_eq!(list["account_list"][0]["manage_privilege"], true);
    assert_eq!(desk.errcode("kf/account/list", json!({"limit": 101})).await, 40058);
    let added = desk.post("kf/account/add", json!({"name": "Foxes"})).await;
    let kf = added["open_kfid"].clone();
    let body = json!({"open_kfid": kf, "userid_list": [OLGA, "nobody"]});
    let result = desk.post("kf/servicer/add", body.clone()).await;
    assert_eq!(result["result_list"][0]["errmsg"], "success");
    assert_eq!(result["result_list"][1]["errcode"], 40003);
    let again = desk.post("kf/servicer/add", body).await;
    assert_eq!(again["result_list"][0]["errmsg"], "ignored");
    assert_eq!(desk.errcode("kf/account/del", json!({"open_kfid": kf})).await, 0);
    assert_eq!(desk.errcode("kf/account/del", json!({"open_kfid": kf})).await, 95000);
    desk.wecom.manage_account("studio", false).unwrap();
    let list = desk.post("kf/account/list", json!({})).await;
    assert_eq!(list["account_list"][1]["manage_privilege"], false);
}
