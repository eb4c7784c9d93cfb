//! What goes wrong with calls.

use std::time::{Duration, Instant};

use picdesk_sandbox::wecom::{Armed, CHENMO, DESK_KF, Fault, WANG, XIAOLIN};
use serde_json::json;

use crate::desk::{Desk, text_for};

async fn sent(desk: &Desk, fault: Fault) -> (reqwest::Result<serde_json::Value>, usize) {
    desk.wecom.arm(Armed::times(fault, 1));
    let before = desk.wecom.chat("app-chenmo").len();
    let answer = desk.try_post("message/send", &desk.text_to(CHENMO, "fox")).await;
    assert!(desk.wecom.armed().is_empty());
    (answer, desk.wecom.chat("app-chenmo").len() - before)
}

#[tokio::test]
async fn a_lost_answer_is_not_a_lost_message_and_a_lost_request_is() {
    let (desk, _) = Desk::still().await;
    for fault in [Fault::DropAnswer, Fault::GarbledAnswer, Fault::NotJson, Fault::ControlCharacters]
    {
        let (answer, arrived) = sent(&desk, fault.clone()).await;
        assert!(answer.is_err(), "{fault:?}");
        assert_eq!(arrived, 1, "{fault:?}");
    }
    for fault in [Fault::DropRequest, Fault::ServerError { status: 503 }] {
        let (answer, arrived) = sent(&desk, fault.clone()).await;
        assert!(answer.is_err(), "{fault:?}");
        assert_eq!(arrived, 0, "{fault:?}");
    }
    assert_eq!(desk.wecom.counts().faults["drop_answer"], 1);
}

#[tokio::test]
async fn any_errcode_can_be_asked_for() {
    let (desk, _) = Desk::still().await;
    let (answer, arrived) = sent(&desk, Fault::Errcode { errcode: -1 }).await;
    assert_eq!((answer.unwrap()["errcode"].clone(), arrived), (json!(-1), 0));
    let (answer, _) = sent(&desk, Fault::IpRefused).await;
    assert!(answer.unwrap()["errmsg"].as_str().unwrap().contains("203.0.113.7"));
    let (answer, arrived) = sent(&desk, Fault::SentNowhere).await;
    assert_eq!((answer.unwrap()["errcode"].clone(), arrived), (json!(0), 0));
}

#[tokio::test]
async fn a_token_that_is_killed_in_mid_burst_stays_dead() {
    let (mut desk, _) = Desk::still().await;
    desk.wecom.arm(Armed::times(Fault::TokenKilled, 1).on("kf/send_msg").about(XIAOLIN));
    desk.wecom.say("kf-xiaolin", "a fox").unwrap();
    let send = text_for(XIAOLIN, DESK_KF, "fox");
    assert_eq!(desk.errcode("kf/send_msg", send.clone()).await, 40014);
    assert_eq!(desk.errcode("kf/send_msg", send.clone()).await, 40014);
    desk.token = desk.fresh_token().await;
    assert_eq!(desk.errcode("kf/send_msg", send.clone()).await, 0);
    desk.wecom.arm(Armed::times(Fault::TokenExpired, 1).on("*"));
    assert_eq!(desk.errcode("kf/sync_msg", json!({"open_kfid": DESK_KF})).await, 42001);
    assert_eq!(desk.errcode("kf/send_msg", send).await, 42001);
}

#[tokio::test]
async fn a_fault_of_one_person_spares_the_others_and_slowness_passes() {
    let (desk, _) = Desk::still().await;
    desk.wecom.arm(Armed::chance(Fault::Errcode { errcode: 45009 }, 1.0).about(WANG));
    assert_eq!(desk.errcode("message/send", desk.text_to(CHENMO, "x")).await, 0);
    for _ in 0..3 {
        assert_eq!(desk.errcode("message/send", desk.text_to(WANG, "x")).await, 45009);
    }
    desk.wecom.clear_faults();
    desk.wecom.arm(Armed::times(Fault::Slow { delay_ms: 50 }, 1));
    let began = Instant::now();
    assert_eq!(desk.errcode("message/send", desk.text_to(WANG, "x")).await, 0);
    assert!(began.elapsed() >= Duration::from_millis(50));
}
