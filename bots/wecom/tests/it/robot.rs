//! The group robot, by which the owner is told.

use picdesk_wecom::{answer::CallError, client::Robot, verify::Secret};

use crate::stand_in::{Reply, StandIn, hurried};

#[tokio::test]
async fn the_owner_is_told_by_the_groups_robot() {
    let wecom = StandIn::start().await;
    let settings = wecom.settings();
    let key = Secret::new("robot-key");
    let robot = Robot::new(wecom.house().http, &settings.api_url, &key, hurried());
    robot.say(&"长".repeat(2000)).await.unwrap();
    let asked = wecom.of("webhook/send").remove(0);
    assert_eq!(asked.query["key"], "robot-key");
    assert!(asked.body["text"]["content"].as_str().unwrap().len() <= 2048);
    wecom.reply("webhook/send", Reply::No(45_009, "too many"));
    let error = robot.say("x").await.unwrap_err();
    assert!(matches!(&error, CallError::Answered(no) if no.code == 45_009));
    assert!(!format!("{error:?}").contains("robot-key"));
}
