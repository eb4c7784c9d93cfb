//! External contacts and their welcome.

use std::time::Duration;

use picdesk_sandbox::wecom::{ANNA, OLGA};
use serde_json::json;

use crate::desk::Desk;

#[tokio::test]
async fn a_new_contact_is_told_with_a_code_for_one_welcome_within_twenty_seconds() {
    let (desk, clock, hook) = Desk::with_hook().await;
    let way = json!({"type": 1, "scene": 2, "state": "plan_pro", "user": [OLGA]});
    let way = desk.post("externalcontact/add_contact_way", way).await;
    assert!(way["qr_code"].is_string());
    let config = way["config_id"].as_str().unwrap();
    desk.wecom.scan("anna", config).unwrap();
    let event = hook.next().await;
    assert_eq!(event.field("Event"), "change_external_contact");
    assert_eq!(event.field("ChangeType"), "add_external_contact");
    assert_eq!((event.field("UserID"), event.field("State")), (OLGA.into(), "plan_pro".into()));
    assert!(!event.inner.contains("MsgId"));
    let code = event.field("WelcomeCode");
    let picture = desk.upload_picture().await;
    let attachments = json!([{"msgtype": "image", "image": {"media_id": picture}}]);
    let welcome = json!({
        "welcome_code": code, "text": {"content": "welcome"}, "attachments": attachments,
    });
    assert_eq!(desk.errcode("externalcontact/send_welcome_msg", welcome.clone()).await, 0);
    assert_eq!(desk.errcode("externalcontact/send_welcome_msg", welcome).await, 41050);
    let places: Vec<_> = desk.wecom.players().1;
    let chat = places.iter().filter(|it| it.kind == "wecom_contact").find(|it| it.last.is_some());
    let chat = desk.wecom.chat(&chat.unwrap().alias);
    assert_eq!((chat[0].text.as_str(), chat[1].sort.as_str()), ("welcome", "image"));
    let late = desk.wecom.add_contact("anna", "kf-wei", "").unwrap();
    clock.advance(Duration::from_secs(20));
    let late = json!({"welcome_code": late, "text": {"content": "late"}});
    assert_eq!(desk.errcode("externalcontact/send_welcome_msg", late).await, 41050);
}

#[tokio::test]
async fn a_contact_can_be_looked_up_until_they_leave() {
    let (desk, _, hook) = Desk::with_hook().await;
    let of = [("external_userid", ANNA)];
    assert_eq!(desk.get("externalcontact/get", &of).await["errcode"], 84061);
    desk.wecom.add_contact("anna", "kf-olga", "from_kf").unwrap();
    hook.next().await;
    let found = desk.get("externalcontact/get", &of).await;
    assert_eq!(found["external_contact"]["name"], "Anna");
    assert_eq!(found["follow_user"][0]["state"], "from_kf");
    desk.wecom.remove_contact("anna", "kf-olga").unwrap();
    assert_eq!(hook.next().await.field("ChangeType"), "del_follow_user");
    assert_eq!(desk.get("externalcontact/get", &of).await["errcode"], 84061);
    assert!(desk.wecom.remove_contact("anna", "kf-olga").is_err());
    assert!(desk.wecom.scan("anna", "no way").is_err());
    let two = json!({"type": 1, "scene": 2, "user": [OLGA, "ChenMo"]});
    assert_eq!(desk.errcode("externalcontact/add_contact_way", two).await, 40031);
    let long = json!({"type": 1, "scene": 2, "user": [OLGA], "state": "x".repeat(31)});
    assert_eq!(desk.errcode("externalcontact/add_contact_way", long).await, 40058);
}
