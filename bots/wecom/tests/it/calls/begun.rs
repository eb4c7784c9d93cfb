//! Sends that an earlier process may have made, and sends that reach some of their readers alone.

use picdesk_core::{
    channel::{Channel, Content, Delivery, Text},
    id::OutboundId,
};
use picdesk_wecom::WecomApp;
use serde_json::json;

use super::{CUSTOMER, kf, next_step, picture, refused, upload, words};
use crate::stand_in::{Reply, StandIn};

#[tokio::test]
async fn a_send_that_an_earlier_process_may_have_made_is_there_when_its_name_is_taken() {
    let wecom = StandIn::start().await;
    let kf = kf(&wecom);
    let begun = |delivery: Delivery| Delivery { maybe_begun: true, ..delivery };
    // Which code WeCom has for it nobody has written down.
    for code in [95_099, 40_058] {
        wecom.reply("kf/send_msg", Reply::No(code, "duplicate msgid"));
        let mut delivery = picture(CUSTOMER, upload());
        delivery.message.id = OutboundId(code);
        let receipt = kf.deliver(begun(delivery)).await.unwrap();
        let there = format!("p{code}-0-h1");
        assert_eq!(receipt.message.unwrap().as_str(), there);
        assert!(receipt.file.is_some(), "it was uploaded all the same");
    }
    // Of a long text WeCom has the first part, and gets the others.
    let before = wecom.of("kf/send_msg").len();
    wecom.reply("kf/send_msg", Reply::No(95_099, "duplicate msgid"));
    let mut long = words(CUSTOMER);
    long.message.id = OutboundId(7_168_003);
    long.message.content = Content::Text(Text::plain("狐狸。".repeat(300)));
    kf.deliver(begun(long)).await.unwrap();
    assert_eq!(wecom.of("kf/send_msg").len() - before, 2);
    // What is wrong with the content is no word about its name.
    for code in [40_201, 45_002, 95_030] {
        wecom.reply("kf/send_msg", Reply::No(code, ""));
        let mut delivery = words(CUSTOMER);
        delivery.message.id = OutboundId(code);
        assert_eq!(refused(&kf, begun(delivery)).await, "refused Content", "{code}");
    }
}

#[tokio::test]
async fn operators_who_get_nothing_are_named_to_the_owner() {
    let wecom = StandIn::start().await;
    let mut settings = wecom.settings();
    settings.operators = vec!["ZhangSan".into(), "lisi_01".into()];
    let app = WecomApp::new(&settings, wecom.client(), wecom.menus.clone(), wecom.house().clock);
    let mut delivery = words("wecom-app:desk/S-12");
    let mut line = |reply| {
        delivery.message.id.0 += 1;
        wecom.reply("message/send", reply);
        app.deliver(delivery.clone())
    };
    let told = || std::mem::take(&mut *wecom.alarms.0.lock().unwrap());
    line(Reply::Ok(json!({ "msgid": "M" }))).await.unwrap();
    assert!(told().is_empty());
    line(Reply::Ok(json!({ "unlicenseduser": "zhangsan", "msgid": "M" }))).await.unwrap();
    let alarms = told();
    let [alarm] = alarms.as_slice() else { panic!("{alarms:?}") };
    assert_eq!(alarm.what, "operators");
    for part in ["desk.wecom_operators", "ZhangSan"] {
        assert!(alarm.words.contains(part), "{}", alarm.words);
    }
    assert!(!alarm.words.contains("lisi_01"), "{}", alarm.words);
    // Nobody got it.
    let nobody = json!({ "invaliduser": "zhangsan", "unlicenseduser": "lisi_01", "msgid": "M" });
    for reply in [Reply::Ok(nobody), Reply::No(81_013, "all receivers are invalid")] {
        let error = line(reply).await.unwrap_err();
        assert_eq!(next_step(&error), "refused Blocked");
        let alarms = told();
        let [alarm] = alarms.as_slice() else { panic!("{alarms:?}") };
        assert!(alarm.words.contains("ZhangSan, lisi_01"), "{}", alarm.words);
    }
}
