//! Callbacks: envelopes, order, retries, and what goes wrong with them.

use std::time::Duration;

use picdesk_sandbox::wecom::{Armed, Fault};

use crate::desk::{Desk, SOON};

#[tokio::test]
async fn an_address_is_saved_only_if_it_says_the_words_back() {
    let (desk, _, hook) = Desk::with_hook().await;
    let at = |path: &str| format!("{}{path}", hook.url);
    desk.wecom.save_callback_url(&at("/wecom/callback")).await.unwrap();
    desk.wecom.save_bot_url(&at("/wecom/bot")).await.unwrap();
    let why = desk.wecom.save_callback_url(&at("/quoted")).await.unwrap_err();
    assert_eq!(why, "the answer is not the decrypted echostr");
    let why = desk.wecom.save_callback_url(&at("/nowhere")).await.unwrap_err();
    assert_eq!(why, "the address answered with 404");
    assert!(desk.wecom.save_callback_url("http://127.0.0.1:9/").await.is_err());
}

#[tokio::test]
async fn what_is_not_answered_with_200_is_tried_three_times_more_and_then_lost() {
    let (desk, clock, hook) = Desk::with_hook().await;
    hook.answer_with(500);
    desk.wecom.say("app-chenmo", "fox").unwrap();
    let first = hook.next().await;
    let mut nonces = vec![first.query["nonce"].clone()];
    for wait_s in [1, 5, 10] {
        desk.settled(|| desk.wecom.counts().failed == nonces.len() as u64).await;
        assert!(hook.is_quiet().await);
        clock.advance(Duration::from_secs(wait_s));
        let again = hook.next().await;
        assert_eq!(again.inner, first.inner);
        nonces.push(again.query["nonce"].clone());
    }
    desk.settled(|| desk.wecom.counts().lost == 1).await;
    assert_eq!(desk.wecom.callbacks_waiting(), 0);
    nonces.dedup();
    assert_eq!(nonces.len(), 4, "every retry has an envelope of its own");
}

#[tokio::test]
async fn what_waits_for_a_retry_holds_nobody_up() {
    let (desk, clock, hook) = Desk::with_hook().await;
    hook.answer_with(503);
    desk.wecom.say("app-chenmo", "first").unwrap();
    hook.next().await;
    desk.settled(|| desk.wecom.counts().failed == 1).await;
    hook.answer_with(200);
    desk.wecom.say("app-chenmo", "second").unwrap();
    assert_eq!(hook.next().await.field("Content"), "second");
    desk.settled(|| desk.wecom.counts().taken == 1).await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(hook.next().await.field("Content"), "first");
}

#[tokio::test]
async fn callbacks_wait_for_the_desk_and_then_come_in_order() {
    let (desk, _) = Desk::still().await;
    for at in 0..20 {
        desk.wecom.say("app-chenmo", &format!("fox {at}")).unwrap();
    }
    assert_eq!(desk.wecom.callbacks_waiting(), 20);
    let hook = crate::desk::Hook::open(desk.wecom.options()).await;
    desk.wecom.point_at(&hook.url);
    for at in 0..20 {
        assert_eq!(hook.next().await.field("Content"), format!("fox {at}"));
    }
}

#[tokio::test]
async fn a_callback_can_come_twice_and_in_the_very_same_envelope() {
    let (desk, _, hook) = Desk::with_hook().await;
    desk.wecom.arm(Armed::times(Fault::CallbackTwice, 1).on("text"));
    desk.wecom.say("app-chenmo", "fox").unwrap();
    let (first, second) = (hook.next().await, hook.next().await);
    assert_eq!(first.inner, second.inner);
    assert_ne!(first.outer, second.outer);
    desk.wecom.arm(Armed::times(Fault::CallbackReplayed, 1));
    desk.wecom.say("app-chenmo", "wolf").unwrap();
    let (first, second) = (hook.next().await, hook.next().await);
    assert_eq!((first.outer, first.query), (second.outer, second.query));
}

#[tokio::test]
async fn a_callback_can_be_overtaken_unheard_or_lost() {
    let (desk, clock, hook) = Desk::with_hook().await;
    desk.wecom.arm(Armed::times(Fault::CallbackOvertaken, 1));
    desk.wecom.say("app-chenmo", "first").unwrap();
    desk.wecom.say("app-chenmo", "second").unwrap();
    assert_eq!(hook.next().await.field("Content"), "second");
    assert_eq!(hook.next().await.field("Content"), "first");
    desk.wecom.arm(Armed::times(Fault::CallbackUnheard, 1));
    desk.wecom.say("app-chenmo", "third").unwrap();
    assert_eq!(hook.next().await.field("Content"), "third");
    desk.settled(|| desk.wecom.counts().failed == 1).await;
    clock.advance(Duration::from_secs(1));
    assert_eq!(hook.next().await.field("Content"), "third");
    desk.wecom.arm(Armed::times(Fault::CallbackLost, 1).on("kf_msg_or_event"));
    desk.wecom.say("kf-xiaolin", "never rung").unwrap();
    desk.settled(|| desk.wecom.counts().lost == 1).await;
    assert!(hook.is_quiet().await);
    desk.wecom.ring_doorbell("desk", 3).unwrap();
    for _ in 0..3 {
        assert_eq!(hook.next().await.field("Event"), "kf_msg_or_event");
    }
}

#[tokio::test]
async fn callbacks_can_be_held_back() {
    let (desk, clock, hook) = Desk::with_hook().await;
    desk.wecom.hold_callbacks(Duration::from_mins(1));
    desk.wecom.say("app-chenmo", "fox").unwrap();
    clock.advance(Duration::from_secs(59));
    assert!(hook.is_quiet().await);
    clock.advance(Duration::from_secs(1));
    assert_eq!(hook.next().await.field("Content"), "fox");
}

#[tokio::test]
async fn an_answer_in_an_envelope_is_a_message() {
    let (desk, _, hook) = Desk::with_hook().await;
    let inner = "<xml><ToUserName><![CDATA[ChenMo]]></ToUserName>\
                 <MsgType><![CDATA[text]]></MsgType><Content><![CDATA[welcome]]></Content></xml>";
    let encrypt = hook.app.seal(inner);
    let envelope = |signature: &str| {
        format!(
            "<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt>\
             <MsgSignature><![CDATA[{signature}]]></MsgSignature>\
             <TimeStamp>1764000000</TimeStamp><Nonce><![CDATA[n1]]></Nonce></xml>"
        )
    };
    hook.reply(&envelope(&hook.app.sign("1764000000", "n1", &encrypt)));
    desk.wecom.open_app("chenmo").unwrap();
    desk.wecom.wait_for("app-chenmo", SOON, |it| it.text == "welcome").await.unwrap();
    hook.reply(&envelope("0000"));
    desk.wecom.open_app("chenmo").unwrap();
    desk.settled(|| !desk.wecom.counts().misunderstood.is_empty()).await;
    assert_eq!(desk.wecom.chat("app-chenmo").len(), 1);
    hook.reply("success");
    desk.wecom.open_app("chenmo").unwrap();
    desk.settled(|| desk.wecom.counts().taken == 3).await;
    assert_eq!(desk.wecom.counts().misunderstood.len(), 1);
}

#[tokio::test]
async fn what_concerns_the_app_itself_is_told_by_the_system() {
    let (desk, _, hook) = Desk::with_hook().await;
    desk.wecom.warn_app("inactive_alert");
    let event = hook.next().await;
    assert_eq!(
        (event.field("FromUserName"), event.field("Event")),
        ("sys".into(), "inactive_alert".into())
    );
    desk.wecom.manage_account("studio", false).unwrap();
    let event = hook.next().await;
    assert_eq!(event.field("Event"), "kf_account_auth_change");
    assert!(!event.field("AuthDelOpenKfId").is_empty());
    desk.wecom.show_app("chenmo", false).unwrap();
    assert_eq!(hook.next().await.field("Event"), "unsubscribe");
    assert!(desk.wecom.say("app-chenmo", "fox").is_err());
}
