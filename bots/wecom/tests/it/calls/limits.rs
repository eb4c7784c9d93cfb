//! What WeCom takes only so often, or once: calls of a kind, equal messages, messages to a member.

use std::{sync::Arc, time::Duration};

use picdesk_core::{
    channel::{Button, ButtonTarget, Channel, Content, Text},
    id::OutboundId,
};
use picdesk_wecom::{
    Patience, WecomApp,
    client::{Client, File, House},
};
use serde_json::Value;

use super::{MEMBER, app, picture, refused, upload, words};
use crate::stand_in::{Reply, StandIn, hurried};

#[tokio::test]
async fn a_secret_that_is_called_wrong_is_wrong_only_when_another_token_does_not_help() {
    let wecom = StandIn::start().await;
    let app = app(&wecom);
    wecom.reply("message/send", Reply::No(40_001, "invalid credential"));
    app.deliver(words(MEMBER)).await.unwrap();
    assert_eq!(wecom.paths(), ["gettoken", "message/send", "gettoken", "message/send"]);
    assert!(wecom.alarms.0.lock().unwrap().is_empty());
    wecom.reply("media/get", Reply::No(40_001, "")).reply("media/get", Reply::File(vec![7; 9]));
    let file = wecom.client().media("MEDIA", 100).await.unwrap();
    assert_eq!(file, File::Bytes(vec![7; 9]));
    for _ in 0..2 {
        wecom.reply("message/send", Reply::No(40_001, "invalid credential"));
    }
    let mut other = words(MEMBER);
    other.message.id = OutboundId(7_168_010);
    assert_eq!(refused(&app, other).await, "unauthorized");
    assert_eq!(wecom.alarms.0.lock().unwrap()[0].what, "secret");
}

#[tokio::test]
async fn one_call_too_many_rests_its_own_kind_and_is_not_made_meanwhile() {
    let wecom = StandIn::start().await;
    let patience = Patience { limited: Duration::from_mins(1), ..hurried() };
    let house = House { patience, ..wecom.house() };
    let client = Arc::new(Client::new(&wecom.settings(), &house));
    let app = WecomApp::new(&wecom.settings(), client, wecom.menus.clone(), house.clock);
    wecom.reply("media/upload", Reply::No(45_009, "api freq out of limit"));
    for _ in 0..2 {
        let step = refused(&app, picture(MEMBER, upload())).await;
        assert!(step.starts_with("wait ") && step.ends_with(" Conversation"), "{step}");
    }
    assert_eq!(wecom.of("media/upload").len(), 1, "it is not asked again meanwhile");
    app.deliver(words(MEMBER)).await.unwrap();
    wecom.reply("message/send", Reply::No(45_009, ""));
    let mut other = words(MEMBER);
    other.message.id = OutboundId(7_168_012);
    let step = refused(&app, other).await;
    assert!(step.starts_with("wait ") && step.ends_with(" Channel"), "{step}");
}

#[tokio::test]
async fn what_wecom_is_too_busy_for_is_tried_three_times_more_and_then_left_to_the_house() {
    let wecom = StandIn::start().await;
    let app = app(&wecom);
    let busy = |path: &str, times: usize| {
        for _ in 0..times {
            wecom.reply(path, Reply::No(-1, "system busy"));
        }
    };
    busy("message/send", 3);
    app.deliver(words(MEMBER)).await.unwrap();
    let bodies: Vec<Value> = wecom.of("message/send").into_iter().map(|it| it.body).collect();
    assert_eq!(bodies, vec![bodies[0].clone(); 4], "known as a repeat");
    busy("message/send", 4);
    let mut other = words(MEMBER);
    other.message.id = OutboundId(7_168_011);
    assert_eq!(refused(&app, other).await, "not sent");
    assert_eq!(wecom.of("message/send").len(), 8, "no more than three times");
    busy("media/get", 3);
    wecom.reply("media/get", Reply::File(vec![7; 9]));
    let file = wecom.client().media("MEDIA", 100).await.unwrap();
    assert_eq!(file, File::Bytes(vec![7; 9]));
    assert!(wecom.alarms.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn no_two_messages_are_equal_and_a_repeat_is() {
    let wecom = StandIn::start().await;
    for id in [1, 2, 2] {
        let mut message = words(MEMBER);
        message.message.id = OutboundId(id);
        app(&wecom).deliver(message).await.unwrap();
    }
    let bodies: Vec<Value> = wecom.of("message/send").into_iter().map(|it| it.body).collect();
    assert!(bodies[0] != bodies[1] && bodies[1] == bodies[2], "{bodies:?}");
    let within = |body: &Value| body["duplicate_check_interval"].as_i64().unwrap();
    assert!(bodies.iter().all(|body| (600..=14_400).contains(&within(body))));
}

#[tokio::test]
async fn a_message_costs_as_many_sends_as_it_is_made_of() {
    let wecom = StandIn::start().await;
    let app = app(&wecom);
    let button = Button { label: "再来".into(), target: ButtonTarget::Token("tok".into()) };
    let mut with_card = words(MEMBER);
    with_card.message.buttons = vec![vec![button]];
    let mut long = words(MEMBER);
    long.message.content = Content::Text(Text::plain("狐".repeat(1500)));
    let costs = [words(MEMBER), with_card, picture(MEMBER, upload()), long]
        .map(|delivery| app.sends(&delivery.message));
    assert_eq!(costs, [1, 2, 2, 3]);
}
