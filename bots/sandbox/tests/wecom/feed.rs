//! `kf/sync_msg`: pages, cursors, tokens.

use std::time::Duration;

use picdesk_sandbox::wecom::{Armed, DESK_KF, Fault, OLGA, STUDIO_KF, XIAOLIN};
use serde_json::{Value, json};

use crate::desk::{Desk, png, text_for};

fn texts(page: &Value) -> Vec<&str> {
    let items = page["msg_list"].as_array().unwrap().iter();
    items.filter_map(|it| it["text"]["content"].as_str()).collect()
}

fn page(cursor: &Value, limit: u64) -> Value {
    json!({"open_kfid": DESK_KF, "cursor": cursor, "limit": limit})
}

#[tokio::test]
async fn pages_follow_each_other_by_cursor_until_there_is_no_more() {
    let (desk, _) = Desk::still().await;
    for at in 0..5 {
        desk.wecom.say("kf-xiaolin", &format!("fox {at}")).unwrap();
    }
    desk.wecom.say("studio-xiaolin", "elsewhere").unwrap();
    let first = desk.post("kf/sync_msg", page(&json!(""), 2)).await;
    assert_eq!((texts(&first), &first["has_more"]), (vec!["fox 0", "fox 1"], &json!(1)));
    let second = desk.post("kf/sync_msg", page(&first["next_cursor"], 3)).await;
    assert_eq!((texts(&second).len(), &second["has_more"]), (3, &json!(0)));
    let third = desk.post("kf/sync_msg", page(&second["next_cursor"], 3)).await;
    assert_eq!((texts(&third).len(), &third["has_more"]), (0, &json!(0)));
    desk.wecom.say("kf-xiaolin", "fox 5").unwrap();
    let fourth = desk.post("kf/sync_msg", page(&third["next_cursor"], 3)).await;
    assert_eq!(texts(&fourth), ["fox 5"]);
    let again = desk.post("kf/sync_msg", page(&first["next_cursor"], 1)).await;
    assert_eq!(texts(&again), ["fox 2"], "an old cursor still leads to where it led");
    assert!(first["next_cursor"].as_str().unwrap().len() <= 64);
}

#[tokio::test]
async fn a_cursor_is_of_one_account_and_an_account_must_be_named() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "fox").unwrap();
    let first = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    let other = json!({"open_kfid": STUDIO_KF, "cursor": first["next_cursor"]});
    assert_eq!(desk.errcode("kf/sync_msg", other).await, 40058);
    assert_eq!(desk.errcode("kf/sync_msg", json!({"cursor": ""})).await, 60251);
    let many = json!({"open_kfid": DESK_KF, "limit": 1001});
    assert_eq!(desk.errcode("kf/sync_msg", many).await, 40058);
}

#[tokio::test]
async fn an_empty_page_is_not_the_end() {
    let (desk, _) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "fox").unwrap();
    desk.wecom.say("kf-xiaolin", "wolf").unwrap();
    desk.wecom.arm(Armed::times(Fault::EmptyPage, 1));
    desk.wecom.arm(Armed::times(Fault::ShortPage { entries: 1 }, 1));
    let empty = desk.post("kf/sync_msg", page(&json!(""), 10)).await;
    assert_eq!((texts(&empty).len(), &empty["has_more"]), (0, &json!(1)));
    let short = desk.post("kf/sync_msg", page(&empty["next_cursor"], 10)).await;
    assert_eq!((texts(&short), &short["has_more"]), (vec!["fox"], &json!(1)));
    let rest = desk.post("kf/sync_msg", page(&short["next_cursor"], 10)).await;
    assert_eq!((texts(&rest), &rest["has_more"]), (vec!["wolf"], &json!(0)));
}

#[tokio::test]
async fn a_doorbell_has_a_token_for_ten_minutes_and_without_one_it_is_slow() {
    let (desk, clock, hook) = Desk::with_hook().await;
    desk.wecom.say("kf-xiaolin", "fox").unwrap();
    let bell = hook.next().await;
    assert_eq!(bell.field("OpenKfId"), DESK_KF);
    for absent in ["FromUserName", "MsgId", "AgentID"] {
        assert!(!bell.inner.contains(absent) && !bell.outer.contains("AgentID"));
    }
    let token = bell.field("Token");
    let ask = |token: &str| json!({"open_kfid": DESK_KF, "token": token});
    for _ in 0..30 {
        assert_eq!(desk.errcode("kf/sync_msg", ask(&token)).await, 0);
    }
    let other = json!({"open_kfid": STUDIO_KF, "token": token});
    assert_eq!(desk.errcode("kf/sync_msg", other).await, 95007);
    clock.advance(Duration::from_mins(10));
    assert_eq!(desk.errcode("kf/sync_msg", ask(&token)).await, 95007);
    let mut codes = Vec::new();
    for _ in 0..11 {
        codes.push(desk.errcode("kf/sync_msg", json!({"open_kfid": DESK_KF})).await);
    }
    assert_eq!(codes, [&[0; 10][..], &[45009]].concat());
}

#[tokio::test]
async fn three_days_are_kept() {
    let (mut desk, clock) = Desk::still().await;
    desk.wecom.say("kf-xiaolin", "old").unwrap();
    clock.advance(Duration::from_hours(48));
    desk.wecom.say("kf-xiaolin", "new").unwrap();
    clock.advance(Duration::from_hours(24));
    desk.token = desk.fresh_token().await;
    let first = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    assert_eq!(texts(&first), ["new"]);
}

#[tokio::test]
async fn every_entry_says_who_where_and_when_and_our_own_are_not_among_them() {
    let (desk, _) = Desk::still().await;
    desk.wecom.send_picture("kf-xiaolin", png(4, 4, 1)).unwrap();
    desk.post("kf/send_msg", text_for(XIAOLIN, DESK_KF, "ours")).await;
    let place = json!({"latitude": 23.1, "longitude": 113.3, "name": "广州", "address": "天河"});
    desk.wecom.send_item("kf-xiaolin", "location", place.clone()).unwrap();
    desk.wecom.send_item("kf-xiaolin", "business_card", json!({"userid": OLGA})).unwrap();
    let feed = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    let items = feed["msg_list"].as_array().unwrap();
    let kinds: Vec<&str> = items.iter().map(|it| it["msgtype"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["image", "location", "business_card"]);
    for item in items {
        assert_eq!((&item["origin"], &item["external_userid"]), (&json!(3), &json!(XIAOLIN)));
        assert_eq!(
            (&item["open_kfid"], &item["send_time"]),
            (&json!(DESK_KF), &json!(1_764_000_000))
        );
        assert!(item["msgid"].as_str().unwrap().starts_with("from_msgid_"));
    }
    assert_eq!(items[1]["location"], place);
    assert!(items[0]["image"]["media_id"].is_string());
}

#[tokio::test]
async fn a_picture_of_more_than_two_megabytes_arrives_as_words() {
    let (desk, _) = Desk::still().await;
    let mut picture = png(4, 4, 1);
    picture.resize((2 << 20) + 1, 0);
    desk.wecom.send_picture("kf-xiaolin", picture).unwrap();
    let feed = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    assert_eq!(feed["msg_list"][0]["msgtype"], "text");
}

#[tokio::test]
async fn what_was_taken_back_is_told() {
    let (desk, _) = Desk::still().await;
    let said = desk.wecom.say("kf-xiaolin", "oops").unwrap();
    desk.wecom.take_back("kf-xiaolin", said).unwrap();
    let feed = desk.post("kf/sync_msg", json!({"open_kfid": DESK_KF})).await;
    let event = &feed["msg_list"][1]["event"];
    assert_eq!(event["event_type"], "user_recall_msg");
    assert_eq!(event["recall_msgid"], feed["msg_list"][0]["msgid"]);
    desk.post("kf/send_msg", text_for(XIAOLIN, DESK_KF, "ours")).await;
    assert!(desk.wecom.take_back("kf-xiaolin", said + 1).is_err());
}
