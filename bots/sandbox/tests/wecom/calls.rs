//! Tokens and what every call needs.

use std::time::Duration;

use picdesk_sandbox::clock::Clock;
use picdesk_sandbox::wecom::{CHENMO, Ended, Options};
use serde_json::json;

use crate::desk::{Desk, START_MS};

#[tokio::test]
async fn a_token_is_given_out_again_until_it_nears_its_end() {
    let (desk, clock) = Desk::still().await;
    let again = desk.get_token().await;
    assert_eq!(again["access_token"], desk.token);
    assert_eq!((&again["errcode"], &again["expires_in"]), (&json!(0), &json!(7200)));
    assert!(desk.token.len() > 200 && desk.token.len() <= 512);
    clock.advance(Duration::from_hours(1));
    assert_eq!(desk.get_token().await["expires_in"], 3600);
    clock.advance(Duration::from_secs(3500));
    assert_ne!(desk.fresh_token().await, desk.token);
    assert_eq!(desk.errcode("message/send", desk.text_to(CHENMO, "still good")).await, 0);
    clock.advance(Duration::from_secs(101));
    assert_eq!(desk.errcode("message/send", desk.text_to(CHENMO, "over")).await, 42001);
}

#[tokio::test]
async fn a_token_can_end_before_its_time_in_two_ways() {
    let (mut desk, _) = Desk::still().await;
    desk.wecom.end_tokens(Ended::Killed);
    assert_eq!(desk.errcode("message/send", desk.text_to(CHENMO, "x")).await, 40014);
    desk.token = desk.fresh_token().await;
    assert_eq!(desk.errcode("message/send", desk.text_to(CHENMO, "x")).await, 0);
    desk.wecom.end_tokens(Ended::Expired);
    assert_eq!(desk.errcode("message/send", desk.text_to(CHENMO, "x")).await, 42001);
}

#[tokio::test]
async fn wrong_corp_secret_and_missing_token_have_codes_of_their_own() {
    let (mut desk, _) = Desk::still().await;
    let ask = |corp: &str, secret: &str| {
        let query = [("corpid", corp.to_owned()), ("corpsecret", secret.to_owned())];
        let request = desk.http.get(desk.url("gettoken")).query(&query);
        async move {
            let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
            answer["errcode"].as_i64().unwrap()
        }
    };
    let options = desk.wecom.options();
    assert_eq!(ask("ww0", &options.secret).await, 40013);
    assert_eq!(ask(&options.corp_id, "wrong").await, 40001);
    desk.token = String::new();
    assert_eq!(desk.errcode("message/send", json!({})).await, 41001);
    desk.token = "none".into();
    assert_eq!(desk.errcode("message/send", json!({})).await, 40014);
}

#[tokio::test]
async fn an_address_that_is_not_trusted_is_named() {
    let (desk, _) = Desk::still().await;
    desk.wecom.trust_ip(false);
    let refused = desk.post("message/send", desk.text_to(CHENMO, "x")).await;
    assert_eq!(refused["errcode"], 60020);
    let words = refused["errmsg"].as_str().unwrap();
    assert!(words.contains("from ip: 203.0.113.7, more info at"), "{words}");
    assert!(words.contains("hint: ["), "{words}");
    desk.wecom.trust_ip(true);
    assert_eq!(desk.errcode("message/send", desk.text_to(CHENMO, "x")).await, 0);
}

#[tokio::test]
async fn asking_for_tokens_all_the_time_is_refused_and_forgiven_after_a_minute() {
    let (desk, clock) = Desk::still().await;
    let mut last = 0;
    for _ in 0..60 {
        last = desk.get_token().await["errcode"].as_i64().unwrap();
    }
    assert_eq!(last, 45009);
    clock.advance(Duration::from_secs(61));
    assert_eq!(desk.get_token().await["errcode"], 0);
}

#[tokio::test]
async fn characters_that_are_escaped_are_refused() {
    let (desk, _) = Desk::still().await;
    let request = desk.http.post(desk.url("message/send"));
    let request = request.query(&[("access_token", &desk.token)]);
    let body = r#"{"touser":"ChenMo","text":{"content":"\u72d0"}}"#;
    let answer: serde_json::Value = request.body(body).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["errcode"], 40033);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_names() {
    let run = async |seed| {
        let clock = Clock::manual(START_MS);
        let desk = Desk::start(Options { clock, seed, ..Options::in_memory() }).await;
        let sent = desk.post("message/send", desk.text_to(CHENMO, "fox")).await;
        (desk.token.clone(), sent["msgid"].as_str().unwrap().to_owned())
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}

#[tokio::test]
async fn small_questions_are_answered() {
    let (desk, _) = Desk::still().await;
    let ips = desk.get("getcallbackip", &[]).await;
    assert!(ips["ip_list"].as_array().unwrap().iter().any(|it| it.as_str().unwrap().contains('*')));
    let member = desk.get("user/get", &[("userid", CHENMO)]).await;
    assert_eq!(member["name"], "陈默");
    assert_eq!(desk.get("user/get", &[("userid", "nobody")]).await["errcode"], 60111);
    let agent = desk.get("agent/get", &[("agentid", "1000002")]).await;
    assert_eq!(agent["name"], "AI 画图");
    assert_eq!(desk.get("agent/get", &[("agentid", "7")]).await["errcode"], 301_002);
    assert_eq!(desk.errcode("kf/telepathy", json!({})).await, 40058);
}
