//! Messages handed over to a WeCom that takes them, refuses them, or breaks; and its token.

mod begun;
mod limits;
mod media;
mod menus;
mod tokens;

use std::sync::atomic::Ordering;

use picdesk_core::{
    channel::{
        Button, ButtonTarget, Channel, Content, Delivery, DeliveryError, OutboundFile,
        OutboundMessage, Place, Receipt, Repeat, Text,
    },
    id::{ArtifactId, OutboundId},
};
use picdesk_wecom::{
    HandTo, SessionState, WecomApp, WecomKf,
    call::{Api, Call},
    token::Token,
    verify::Secret,
};
use serde_json::{Value, json};

use crate::stand_in::{NOW, Reply, StandIn, kf_settings};

const MEMBER: &str = "wecom-app:lisi_01";
const CUSTOMER: &str = "wecom-kf:wkEXAMPLE1/wmEXAMPLEcustomer";

fn words(conversation: &str) -> Delivery {
    Delivery {
        message: OutboundMessage {
            id: OutboundId(7_168_001),
            conversation: conversation.into(),
            place: Place::New { slot: None },
            reply_to: None,
            content: Content::Text(Text::plain("狐狸")),
            buttons: Vec::new(),
            repeat: Repeat::Ask,
            silent: false,
        },
        edit: None,
        edit_is_picture: false,
        file: None,
        maybe_begun: false,
    }
}

fn picture(conversation: &str, file: OutboundFile) -> Delivery {
    let mut delivery = words(conversation);
    delivery.message.content =
        Content::Picture { artifact: ArtifactId(9), caption: Text::plain("2 credits") };
    Delivery { file: Some(file), ..delivery }
}

fn upload() -> OutboundFile {
    OutboundFile::Upload { bytes: vec![7; 70_000], name: "狐.png".into(), media_type: "image/png" }
}

fn app(wecom: &StandIn) -> WecomApp {
    let house = wecom.house();
    WecomApp::new(&wecom.settings(), wecom.client(), wecom.menus.clone(), house.clock)
}

fn kf(wecom: &StandIn) -> WecomKf {
    WecomKf::new(&kf_settings(), wecom.client(), wecom.menus.clone(), wecom.house().clock)
}

/// The short word of what is to be done next.
fn next_step(error: &DeliveryError) -> String {
    match error {
        DeliveryError::RetryAfter { wait, scope } => format!("wait {} {scope:?}", wait.as_secs()),
        DeliveryError::Refused(why) => format!("refused {why:?}"),
        DeliveryError::Moved(to) => format!("moved {to}"),
        DeliveryError::NotSent(_) => "not sent".into(),
        DeliveryError::Unknown(_) => "unknown".into(),
        DeliveryError::Reupload => "reupload".into(),
        DeliveryError::WindowClosed => "window closed".into(),
        DeliveryError::HumanHasIt => "a human has it".into(),
        DeliveryError::Unauthorized => "unauthorized".into(),
    }
}

async fn refused(channel: &dyn Channel, delivery: Delivery) -> String {
    next_step(&channel.deliver(delivery).await.unwrap_err())
}

#[tokio::test]
async fn a_message_is_sent_with_the_token_and_its_id_comes_back() {
    let wecom = StandIn::start().await;
    let receipt = app(&wecom).deliver(words(MEMBER)).await.unwrap();
    assert_eq!(receipt, Receipt { message: Some("MSGID".into()), ..Receipt::default() });
    assert_eq!(wecom.paths(), ["gettoken", "message/send"]);
    let asked = wecom.asked();
    assert_eq!(asked[0].query["corpsecret"], "the-apps-secret-of-the-tests");
    assert_eq!(asked[1].query["access_token"], "token-1-of-the-tests");
    assert_eq!(asked[1].body["text"], json!({ "content": "狐狸" }));
}

#[tokio::test]
async fn a_card_is_known_by_the_code_that_changes_it() {
    let wecom = StandIn::start().await;
    wecom.reply("message/send", Reply::Ok(json!({ "msgid": "M", "response_code": "RC1" })));
    let mut delivery = words(MEMBER);
    let button = Button { label: "再来".into(), target: ButtonTarget::Token("tok".into()) };
    delivery.message.buttons = vec![vec![button]];
    let receipt = app(&wecom).deliver(delivery.clone()).await.unwrap();
    assert_eq!(receipt.message, Some("card:RC1".into()));
    delivery.message.id = OutboundId(7_168_002);
    delivery.message.place = Place::EditMessage { message: "pressed:RC1".into() };
    app(&wecom).deliver(delivery.clone()).await.unwrap();
    assert_eq!(wecom.of("message/update_template_card")[0].body["response_code"], "RC1");
    // The second time the code is used up: the message becomes one of its own.
    wecom.reply("message/update_template_card", Reply::No(42_045, "response code used"));
    assert_eq!(refused(&app(&wecom), delivery).await, "refused MessageGone");
}

#[tokio::test]
async fn a_picture_goes_up_once_and_serves_several_sends() {
    let wecom = StandIn::start().await;
    let receipt = app(&wecom).deliver(picture(MEMBER, upload())).await.unwrap();
    let handle = receipt.file.unwrap();
    let asked = wecom.of("media/upload").remove(0);
    assert_eq!((asked.query["type"].as_str(), asked.body), ("image", Value::Null));
    let (name, media_type, bytes) = asked.file.unwrap();
    assert_eq!(
        (name.as_str(), media_type.as_str(), bytes.len()),
        ("picture.png", "image/png", 70_000)
    );
    let sent = wecom.of("message/send");
    assert_eq!(sent[0].body["image"]["media_id"], "MEDIAup");
    assert_eq!(sent[1].body["text"]["content"], "2 credits");

    let known = || OutboundFile::Known { handle: handle.clone() };
    let receipt = kf(&wecom).deliver(picture(CUSTOMER, known())).await.unwrap();
    assert_eq!((receipt.file, wecom.of("media/upload").len()), (None, 1));
    assert_eq!(wecom.of("kf/send_msg")[0].body["image"]["media_id"], "MEDIAup");

    // After three days it is uploaded again, without asking WeCom first.
    wecom.now.store(NOW + 3 * 24 * 60 * 60 * 1000, Ordering::SeqCst);
    assert_eq!(refused(&app(&wecom), picture(MEMBER, known())).await, "reupload");
    wecom.now.store(NOW, Ordering::SeqCst);
    wecom.reply("message/send", Reply::No(40_007, "invalid media_id"));
    let mut other = picture(MEMBER, known());
    other.message.id = OutboundId(7_168_009);
    assert_eq!(refused(&app(&wecom), other).await, "reupload");
}

#[tokio::test]
async fn whoever_is_named_in_an_answer_without_a_fault_did_not_get_it() {
    let wecom = StandIn::start().await;
    for list in ["invaliduser", "unlicenseduser"] {
        wecom.reply("message/send", Reply::Ok(json!({ list: "other|LISI_01", "msgid": "M" })));
        assert_eq!(refused(&app(&wecom), words(MEMBER)).await, "refused Blocked");
    }
}

#[tokio::test]
async fn every_no_says_what_to_do_next() {
    let wecom = StandIn::start().await;
    let app = app(&wecom);
    let cases = [
        (45_033, "not sent"),
        (40_003, "refused Blocked"),
        (60_111, "refused Blocked"),
        (81_013, "refused Blocked"),
        (40_008, "refused Content"),
        (40_058, "refused Content"),
        (45_002, "refused Content"),
        (40_201, "refused Content"),
        (999_999, "refused Content"),
        (48_002, "wait 60 Channel"),
        (60_020, "wait 60 Channel"),
        (40_056, "unauthorized"),
        (301_002, "unauthorized"),
    ];
    for (code, step) in cases {
        wecom.reply("message/send", Reply::No(code, "no, from ip: 203.0.113.9, more"));
        assert_eq!(refused(&app, words(MEMBER)).await, step, "{code}");
    }
    let alarms = wecom.alarms.0.lock().unwrap();
    let kinds: Vec<&str> = alarms.iter().map(|alarm| alarm.what).collect();
    let told = ["visible_range", "content", "permission", "trusted_ip", "agent_id", "agent_id"];
    assert_eq!(kinds, told);
    assert!(alarms[3].words.contains("203.0.113.9"), "{}", alarms[3].words);
}

#[tokio::test]
async fn what_breaks_is_sorted_by_whether_it_may_have_arrived() {
    let wecom = StandIn::start().await;
    let app = app(&wecom);
    // What WeCom would know again is said three times before nobody knows.
    let (send, never) = ("message/send", || Reply::Never);
    wecom.reply(send, never()).reply(send, never()).reply(send, never());
    assert_eq!(refused(&app, words(MEMBER)).await, "unknown");
    let page = || Reply::Raw(502, b"<html>bad gateway</html>".to_vec());
    wecom.reply(send, page()).reply(send, page()).reply(send, page());
    assert_eq!(refused(&app, words(MEMBER)).await, "unknown");
    assert_eq!(wecom.of(send).len(), 6);
    wecom.reply("media/upload", Reply::Never);
    assert_eq!(refused(&app, picture(MEMBER, upload())).await, "not sent");
    let mut gone = wecom.settings();
    gone.api_url = "http://127.0.0.1:9".parse().unwrap();
    let client = std::sync::Arc::new(picdesk_wecom::client::Client::new(&gone, &wecom.house()));
    let app = WecomApp::new(&gone, client, wecom.menus.clone(), wecom.house().clock);
    wecom.reply("gettoken", Reply::Never);
    assert_eq!(refused(&app, words(MEMBER)).await, "not sent");
}

#[tokio::test]
async fn an_old_token_is_replaced_once_and_the_call_repeated_once() {
    let wecom = StandIn::start().await;
    wecom.reply("message/send", Reply::No(42_001, "access_token expired"));
    app(&wecom).deliver(words(MEMBER)).await.unwrap();
    assert_eq!(wecom.paths(), ["gettoken", "message/send", "gettoken", "message/send"]);
    assert_eq!(wecom.of("message/send")[1].query["access_token"], "token-2-of-the-tests");
    for _ in 0..2 {
        wecom.reply("message/send", Reply::No(40_014, "invalid access_token"));
    }
    let before = wecom.asked().len();
    assert_eq!(refused(&app(&wecom), words(MEMBER)).await, "unauthorized");
    assert_eq!(wecom.asked().len() - before, 3, "{:?}", wecom.paths());
}

#[tokio::test]
async fn many_calls_at_once_fetch_one_token() {
    let wecom = StandIn::start().await;
    let client = wecom.client();
    let calls = (0..20).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            client.call(&Call::get(Api::KfServicerList, Vec::new())).await.map(|_| ())
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap().unwrap();
    }
    assert_eq!(wecom.of("gettoken").len(), 1);
    // Twenty find it old: one replaces it.
    let stale = wecom.tokens.token.lock().unwrap().clone().unwrap();
    for _ in 0..20 {
        wecom.reply("kf/servicer/list", Reply::No(42_001, ""));
    }
    let calls = (0..20).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            client.call(&Call::get(Api::KfServicerList, Vec::new())).await.map(|_| ())
        })
    });
    for call in calls.collect::<Vec<_>>() {
        // Whoever comes late finds the stand-in's last no; nobody fetches a third token for it.
        let _ = call.await.unwrap();
    }
    assert!(wecom.of("gettoken").len() <= 3, "{}", wecom.of("gettoken").len());
    let fresh = wecom.tokens.token.lock().unwrap().clone().unwrap();
    assert_ne!(stale.secret.expose(), fresh.secret.expose());
}

#[tokio::test]
async fn another_replicas_token_is_used_and_waited_for() {
    let wecom = StandIn::start().await;
    let token = |text: &str| Token { secret: Secret::new(text), renew_at: NOW + 1 };
    *wecom.tokens.token.lock().unwrap() = Some(token("token-of-another"));
    app(&wecom).deliver(words(MEMBER)).await.unwrap();
    assert_eq!(wecom.paths(), ["message/send"]);
    // It is time for a new one, and another replica fetches it.
    wecom.now.store(NOW + 2, Ordering::SeqCst);
    *wecom.tokens.claimed.lock().unwrap() = true;
    let (app, tokens) = (app(&wecom), wecom.tokens.clone());
    let sending = tokio::spawn(async move { app.deliver(words(MEMBER)).await });
    let later = Token { secret: Secret::new("token-fetched-elsewhere"), renew_at: NOW + 99_999 };
    *tokens.token.lock().unwrap() = Some(later);
    sending.await.unwrap().unwrap();
    assert_eq!(wecom.of("gettoken").len(), 0);
    // It never comes: fetching twice does no harm.
    wecom.now.store(NOW + 200_000, Ordering::SeqCst);
    crate::calls::app(&wecom).deliver(words(MEMBER)).await.unwrap();
    assert_eq!(wecom.of("gettoken").len(), 1);
}

#[tokio::test]
async fn a_wrong_secret_is_an_alarm_and_no_secret_is_ever_shown() {
    let wecom = StandIn::start().await;
    wecom.reply("gettoken", Reply::No(40_001, "invalid credential, hint: [123], from ip: 1.2.3.4"));
    let error = app(&wecom).deliver(words(MEMBER)).await.unwrap_err();
    assert_eq!(next_step(&error), "unauthorized");
    assert_eq!(wecom.alarms.0.lock().unwrap()[0].what, "secret");
    let client = wecom.client();
    wecom.reply("kf/servicer/list", Reply::Never);
    let error = client.call(&Call::get(Api::KfServicerList, Vec::new())).await.unwrap_err();
    let token = wecom.tokens.token.lock().unwrap().clone().unwrap();
    let mut shown = format!("{error:?} {error} {token:?}");
    let mut source: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = source {
        shown.extend([format!("{error:?}"), error.to_string()]);
        source = error.source();
    }
    for secret in ["token-1-of-the-tests", "the-apps-secret", "access_token", "127.0.0.1"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[tokio::test]
async fn one_code_of_customer_service_means_two_things() {
    let wecom = StandIn::start().await;
    let kf = kf(&wecom);
    let no = || Reply::No(95_018, "send msg session status invalid");
    let cases = [
        (json!({ "service_state": 2 }), "a human has it"),
        (json!({ "service_state": 3, "servicer_userid": "zhangsan" }), "a human has it"),
        (json!({ "service_state": 4 }), "window closed"),
        (json!({ "service_state": 1 }), "window closed"),
    ];
    for (state, step) in cases {
        wecom.reply("kf/send_msg", no()).reply("kf/service_state/get", Reply::Ok(state));
        assert_eq!(refused(&kf, words(CUSTOMER)).await, step);
    }
    wecom.reply("kf/send_msg", no()).reply("kf/service_state/get", Reply::Never);
    assert_eq!(refused(&kf, words(CUSTOMER)).await, "not sent");
    for (code, step) in [
        (95_001, "window closed"),
        (95_002, "window closed"),
        (95_013, "window closed"),
        (95_004, "refused ConversationGone"),
        (48_007, "wait 60 Conversation"),
    ] {
        wecom.reply("kf/send_msg", Reply::No(code, ""));
        assert_eq!(refused(&kf, words(CUSTOMER)).await, step, "{code}");
    }
}

#[tokio::test]
async fn a_send_is_not_made_twice_after_an_outcome_that_nobody_knew() {
    let wecom = StandIn::start().await;
    let kf = kf(&wecom);
    // The picture is taken, of its words nobody knows.
    wecom.reply("kf/send_msg", Reply::Ok(json!({ "msgid": "p7168001-0-h1" })));
    wecom.reply("kf/send_msg", Reply::Never);
    assert_eq!(refused(&kf, picture(CUSTOMER, upload())).await, "unknown");
    // The words had arrived: their name is taken.
    wecom.reply("kf/send_msg", Reply::No(95_099, "duplicate msgid"));
    kf.deliver(picture(CUSTOMER, upload())).await.unwrap();
    let names: Vec<Value> =
        wecom.of("kf/send_msg").iter().map(|asked| asked.body["msgid"].clone()).collect();
    assert_eq!(names, ["p7168001-0-h1", "c7168001-1-h1", "c7168001-1-h1"]);
    // A no that nothing uncertain came before is a no.
    wecom.reply("kf/send_msg", Reply::No(95_099, "something else"));
    let mut other = words(CUSTOMER);
    other.message.id = OutboundId(7_168_002);
    assert_eq!(refused(&kf, other).await, "refused Content");
}

#[tokio::test]
async fn chats_are_handed_over_and_asked_about() {
    let wecom = StandIn::start().await;
    let kf = kf(&wecom);
    wecom.reply("kf/service_state/trans", Reply::Ok(json!({ "msg_code": "CODE" })));
    let servicer = HandTo::Servicer("zhangsan".into());
    let code = kf.hand_over("wkEXAMPLE1", "wm1", &servicer).await.unwrap();
    assert_eq!(code.as_deref(), Some("CODE"));
    let body = &wecom.of("kf/service_state/trans")[0].body;
    assert_eq!((&body["service_state"], &body["servicer_userid"]), (&json!(3), &json!("zhangsan")));
    wecom.reply("kf/service_state/get", Reply::Ok(json!({ "service_state": 0 })));
    assert_eq!(kf.session_state("wk", "wm").await.unwrap(), Some(SessionState::New));
    let servicers = json!({ "servicer_list": [
        { "userid": "zhangsan", "status": 0 }, { "userid": "lisi", "status": 1 },
        { "department_id": 2 } ] });
    wecom.reply("kf/servicer/list", Reply::Ok(servicers));
    assert_eq!(kf.servicers("wk").await.unwrap(), ["zhangsan"]);
    let url = "https://work.weixin.qq.com/kf/kfc1?enc_scene=ENC";
    wecom.reply("kf/add_contact_way", Reply::Ok(json!({ "url": url })));
    assert_eq!(kf.link("wk", "poster").await.unwrap().as_deref(), Some(url));
    let accounts = json!({ "account_list": [
        { "open_kfid": "wk1", "manage_privilege": true },
        { "open_kfid": "wk2", "manage_privilege": false } ] });
    wecom.reply("kf/account/list", Reply::Ok(accounts));
    assert_eq!(kf.managed_accounts().await.unwrap(), ["wk1"]);
}

#[tokio::test]
async fn names_with_control_characters_can_be_read() {
    let wecom = StandIn::start().await;
    let body = b"{\"errcode\":0,\"errmsg\":\"ok\",\"customer_list\":[{\"nickname\":\"a\x02b\"}]}";
    wecom.reply("kf/customer/batchget", Reply::Raw(200, body.to_vec()));
    let call = Call::post(Api::KfCustomerBatchget, json!({ "external_userid_list": ["wm1"] }));
    let answer = wecom.client().ask(&call).await.unwrap();
    assert_eq!(answer["customer_list"][0]["nickname"], "a b");
}

#[tokio::test]
async fn a_contact_is_greeted_by_the_code_of_their_coming() {
    let wecom = StandIn::start().await;
    let mut delivery = words("wecom-app:contact/woEXAMPLEperson");
    assert_eq!(refused(&app(&wecom), delivery.clone()).await, "refused ConversationGone");
    delivery.message.reply_to = Some("coming:WELCOME autumn".into());
    app(&wecom).deliver(delivery.clone()).await.unwrap();
    let body = &wecom.of("externalcontact/send_welcome_msg")[0].body;
    assert_eq!(body["welcome_code"], "WELCOME");
    for (code, step) in [(41_050, "refused MessageGone"), (41_096, "not sent")] {
        delivery.message.id = OutboundId(i64::from(code));
        wecom.reply("externalcontact/send_welcome_msg", Reply::No(code.into(), ""));
        assert_eq!(refused(&app(&wecom), delivery.clone()).await, step);
    }
}

#[tokio::test]
async fn messages_of_other_channels_are_refused() {
    let wecom = StandIn::start().await;
    assert_eq!(refused(&app(&wecom), words(CUSTOMER)).await, "refused ConversationGone");
    assert_eq!(refused(&kf(&wecom), words(MEMBER)).await, "refused ConversationGone");
    assert!(wecom.asked().is_empty());
}
