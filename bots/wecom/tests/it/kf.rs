//! News of an account: pages, cursors, doorbells, and everything that loses messages elsewhere.

mod hands;
mod pages;

use std::{future::Future, sync::Arc, time::Duration};

use picdesk_core::channel::{Arrival, InboxError};
use picdesk_core::event::Event;
use picdesk_wecom::{
    kf::{Bell, Bells, Ended, KfSync, SyncError, Synced},
    parse::Doorbell,
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::stand_in::{NOW, Reply, StandIn, hurried, kf_settings};

fn sync_of(wecom: &StandIn) -> Arc<KfSync> {
    Arc::new(KfSync::new(
        "wkEXAMPLE1",
        &kf_settings(),
        wecom.client(),
        wecom.inbox.clone(),
        wecom.menus.clone(),
        wecom.house().clock,
        hurried(),
    ))
}

fn text(number: usize, at: i64) -> Value {
    json!({
        "msgid": format!("m{number}"), "open_kfid": "wkEXAMPLE1", "external_userid": "wm1",
        "send_time": at, "origin": 3, "msgtype": "text", "text": { "content": format!("{number}") },
    })
}

fn page(cursor: &str, more: u8, messages: impl IntoIterator<Item = Value>) -> Reply {
    let messages: Vec<Value> = messages.into_iter().collect();
    Reply::Ok(json!({ "next_cursor": cursor, "has_more": more, "msg_list": messages }))
}

fn named(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("wecom-kf:msg:m{number}")).collect()
}

const JUST_NOW: i64 = NOW / 1000 - 10;

#[tokio::test]
async fn twenty_five_messages_on_three_pages_with_an_empty_one_are_all_there() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    wecom
        .reply("kf/sync_msg", page("C1", 1, (0..10).map(|n| text(n, JUST_NOW))))
        .reply("kf/sync_msg", page("C2", 1, []))
        .reply("kf/sync_msg", page("C3", 1, (10..20).map(|n| text(n, JUST_NOW))))
        .reply("kf/sync_msg", page("C4", 0, (20..25).map(|n| text(n, JUST_NOW))));
    let synced = sync_of(&wecom).sync(Some("ENCtoken")).await.unwrap();
    assert_eq!(synced, Synced { pages: 4, arrivals: 25 });
    assert_eq!(wecom.inbox.names(), named(0..25));
    let asked = wecom.of("kf/sync_msg");
    let cursors: Vec<&Value> = asked.iter().map(|asked| &asked.body["cursor"]).collect();
    assert_eq!(cursors, ["C0", "C1", "C2", "C3"]);
    assert!(asked.iter().all(|asked| asked.body["token"] == "ENCtoken"));
    assert!(asked.iter().all(|asked| asked.body["open_kfid"] == "wkEXAMPLE1"));
    // Each page and where the next begins came in one commit.
    let accepted = wecom.inbox.accepted.lock().unwrap();
    let steps: Vec<_> = accepted
        .iter()
        .map(|(_, checkpoint)| checkpoint.clone().unwrap())
        .map(|checkpoint| (checkpoint.source, checkpoint.from.unwrap(), checkpoint.to))
        .collect();
    let step = |from: &str, to: &str| ("wecom-kf:wkEXAMPLE1".into(), from.into(), to.into());
    assert_eq!(steps, [step("C0", "C1"), step("C1", "C2"), step("C2", "C3"), step("C3", "C4")]);
}

#[tokio::test]
async fn a_crash_between_two_pages_loses_nothing_and_doubles_nothing() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    let sync = sync_of(&wecom);
    // The process dies while it waits for the second page.
    wecom
        .reply("kf/sync_msg", page("C1", 1, [text(1, JUST_NOW)]))
        .reply("kf/sync_msg", Reply::Never);
    let dying = {
        let sync = sync.clone();
        tokio::spawn(async move { sync.sync(None).await })
    };
    wecom.inbox.until(1).await;
    dying.abort();
    assert!(dying.await.is_err());
    wecom.reply("kf/sync_msg", page("C2", 0, [text(2, JUST_NOW)]));
    sync.sync(None).await.unwrap();
    assert_eq!(wecom.inbox.names(), named(1..=2));

    // The store fails: what was read is read again from where it stood.
    wecom.inbox.errors.lock().unwrap().push_back(InboxError::Unavailable);
    wecom.reply("kf/sync_msg", page("C3", 0, [text(3, JUST_NOW)]));
    let failed = sync.sync(None).await.unwrap_err();
    assert!(matches!(failed, SyncError::Inbox(InboxError::Unavailable)));
    assert_eq!(wecom.inbox.stands.lock().unwrap().as_deref(), Some("C2"));
    wecom.reply("kf/sync_msg", page("C3", 0, [text(3, JUST_NOW)]));
    sync.sync(None).await.unwrap();
    assert_eq!(wecom.of("kf/sync_msg").last().unwrap().body["cursor"], "C2");
    assert_eq!(wecom.inbox.names(), named(1..=3));
}

#[tokio::test]
async fn the_history_of_the_first_time_is_not_answered_not_even_after_a_crash_in_it() {
    let wecom = StandIn::start().await;
    let old = NOW / 1000 - 3600;
    wecom
        .reply("kf/sync_msg", page("C1", 1, [text(1, old)]))
        .reply("kf/sync_msg", Reply::Raw(502, b"<html>".to_vec()));
    let sync = sync_of(&wecom);
    assert!(sync.sync(None).await.is_err());
    assert!(wecom.of("kf/sync_msg")[0].body.get("cursor").is_none());
    // Another process goes on where this one was.
    wecom
        .reply("kf/sync_msg", page("C2", 1, [text(2, old)]))
        .reply("kf/sync_msg", page("C3", 0, [text(3, old), text(4, JUST_NOW)]));
    let sync = sync_of(&wecom);
    sync.sync(None).await.unwrap();
    assert_eq!(wecom.of("kf/sync_msg")[2].body["cursor"], "C1");
    assert_eq!(wecom.inbox.names(), named([4]));
    assert_eq!(wecom.inbox.stands.lock().unwrap().as_deref(), Some("C3"));
    // From now on, what is old was only late.
    wecom.reply("kf/sync_msg", page("C4", 0, [text(5, old)]));
    sync.sync(None).await.unwrap();
    assert_eq!(wecom.inbox.names(), named([4, 5]));
}

#[tokio::test]
async fn a_first_time_without_any_news_ends_as_well() {
    let wecom = StandIn::start().await;
    wecom.reply("kf/sync_msg", page("C1", 1, [])).reply("kf/sync_msg", page("C1", 0, []));
    sync_of(&wecom).sync(None).await.unwrap();
    assert_eq!(wecom.inbox.stands.lock().unwrap().as_deref(), Some("C1"));
}

#[tokio::test]
async fn an_account_that_promises_more_for_ever_is_left_for_later() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C1".into());
    for _ in 0..10 {
        wecom.reply("kf/sync_msg", page("C1", 1, []));
    }
    let synced = sync_of(&wecom).sync(None).await.unwrap();
    assert_eq!(synced.pages, 3);
}

#[tokio::test]
async fn a_doorbell_that_rang_too_long_ago_is_done_without() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    wecom
        .reply("kf/sync_msg", Reply::No(95_007, "invalid msgtoken"))
        .reply("kf/sync_msg", page("C1", 0, [text(1, JUST_NOW)]));
    sync_of(&wecom).sync(Some("old")).await.unwrap();
    let asked = wecom.of("kf/sync_msg");
    assert_eq!((asked.len(), &asked[0].body["token"]), (2, &json!("old")));
    assert!(asked[1].body.get("token").is_none());
    assert_eq!(wecom.inbox.names(), named([1]));
}

/// Runs what fetches until `enough` is ready.
async fn run_until(sync: &KfSync, bell: &Bell, enough: impl Future<Output = ()> + Send) {
    assert_eq!(sync.run(bell, enough).await, Ended::Stopped);
}

#[tokio::test]
async fn the_token_of_a_doorbell_is_kept_until_it_was_of_use() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    let (sync, bell) = (sync_of(&wecom), Bell::default());
    bell.ring("ENCbell");
    wecom
        .reply("kf/sync_msg", Reply::No(-1, "busy"))
        .reply("kf/sync_msg", Reply::Raw(502, b"<html>".to_vec()))
        .reply("kf/sync_msg", page("C1", 0, [text(1, JUST_NOW)]));
    run_until(&sync, &bell, wecom.inbox.until(1)).await;
    let asked = wecom.of("kf/sync_msg");
    let tokens: Vec<&Value> = asked.iter().take(3).map(|asked| &asked.body["token"]).collect();
    assert_eq!(tokens, ["ENCbell"; 3]);
}

#[tokio::test]
async fn bad_tokens_do_not_use_up_the_calls_without_one_nor_keep_a_good_one_waiting() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    let (sync, bell) = (sync_of(&wecom), Arc::new(Bell::default()));
    let task = {
        let (sync, bell) = (sync.clone(), bell.clone());
        let stop = wecom.inbox.clone();
        tokio::spawn(async move { sync.run(&bell, stop.until(1)).await })
    };
    wecom.until("kf/sync_msg", 1).await;
    for asked in 2..8 {
        wecom.reply("kf/sync_msg", Reply::No(95_007, "invalid msgtoken"));
        bell.ring("old");
        wecom.until("kf/sync_msg", asked).await;
    }
    wecom.reply("kf/sync_msg", page("C1", 0, [text(1, JUST_NOW)]));
    bell.ring("good");
    task.await.unwrap();
    let asked = wecom.of("kf/sync_msg");
    let bare = asked.iter().filter(|asked| asked.body.get("token").is_none()).count();
    assert_eq!((bare, asked.len()), (1, 8), "{asked:?}");
    assert_eq!(asked[7].body["token"], "good");
}

#[tokio::test]
async fn whoever_has_lost_the_account_to_another_replica_stops() {
    let wecom = StandIn::start().await;
    let (sync, bell) = (sync_of(&wecom), Bell::default());
    wecom.inbox.errors.lock().unwrap().push_back(InboxError::NotOurs);
    wecom.reply("kf/sync_msg", page("C1", 0, [text(1, JUST_NOW)]));
    assert_eq!(sync.run(&bell, std::future::pending()).await, Ended::NotOurs);
}

#[tokio::test]
async fn it_fetches_at_the_start_when_rung_and_after_whatever_fails() {
    let wecom = StandIn::start().await;
    let (sync, bell) = (sync_of(&wecom), Arc::new(Bell::default()));
    let (stop, stopped) = oneshot::channel::<()>();
    wecom
        .reply("kf/sync_msg", page("C1", 0, [text(1, JUST_NOW)]))
        .reply("kf/sync_msg", Reply::No(45_009, "api freq out of limit"))
        .reply("kf/sync_msg", Reply::Raw(502, b"<html>".to_vec()))
        .reply("kf/sync_msg", page("C2", 0, [text(2, JUST_NOW)]));
    let task = {
        let (sync, bell) = (sync.clone(), bell.clone());
        tokio::spawn(async move {
            sync.run(&bell, async {
                let _ = stopped.await;
            })
            .await
        })
    };
    wecom.inbox.until(1).await;
    // However often it rings, it has rung; and what fails is tried again without a ring.
    for _ in 0..50 {
        bell.ring("ENCbell");
    }
    wecom.inbox.until(2).await;
    stop.send(()).unwrap();
    assert_eq!(task.await.unwrap(), Ended::Stopped);
    assert_eq!(wecom.inbox.names(), named(1..=2));
    assert!(wecom.of("kf/sync_msg").len() <= 6, "{}", wecom.of("kf/sync_msg").len());
}

#[tokio::test]
async fn without_a_ring_it_fetches_all_the_same() {
    let wecom = StandIn::start().await;
    let settings =
        picdesk_wecom::KfSettings { sync_every: Duration::from_millis(5), ..kf_settings() };
    let sync = KfSync::new(
        "wkEXAMPLE1",
        &settings,
        wecom.client(),
        wecom.inbox.clone(),
        wecom.menus.clone(),
        wecom.house().clock,
        hurried(),
    );
    let bell = Bell::default();
    let enough = wecom.until("kf/sync_msg", 3);
    assert_eq!(sync.run(&bell, enough).await, Ended::Stopped);
}

#[tokio::test]
async fn a_number_of_the_last_menu_is_a_press() {
    let wecom = StandIn::start().await;
    *wecom.inbox.stands.lock().unwrap() = Some("C0".into());
    let place = ("wecom-kf:wkEXAMPLE1/wm1".to_owned(), 12);
    wecom.menus.0.lock().unwrap().insert(place, "tok12".into());
    wecom.reply("kf/sync_msg", page("C1", 0, [text(12, JUST_NOW), text(13, JUST_NOW)]));
    sync_of(&wecom).sync(None).await.unwrap();
    let accepted = wecom.inbox.accepted.lock().unwrap();
    let event = |at: usize| match &accepted[0].0[at] {
        Arrival::Event(received) => received.event.clone(),
        Arrival::SetAside { .. } | Arrival::Asked(_) => panic!("set aside"),
    };
    assert!(matches!(event(0), Event::ButtonPressed(press) if press.token == "tok12"));
    assert!(matches!(event(1), Event::MessageReceived(message) if message.text == "13"));
}

#[tokio::test]
async fn every_account_has_its_own_bell() {
    let accounts = ["wk1".to_owned(), "wk2".to_owned()];
    let bells = Bells::of(&accounts);
    let ring = |account: Option<&str>| {
        bells.ring(&Doorbell { account: account.map(Into::into), token: "T".into() });
        accounts.clone().map(|account| bells.of_account(&account).unwrap().take())
    };
    assert_eq!(ring(Some("wk1")), [Some("T".into()), None]);
    assert_eq!(ring(Some("wk3")), [None, None]);
    // The old form does not tell whose token it is.
    assert_eq!(ring(None), [Some(String::new()), Some(String::new())]);
    assert!(bells.of_account("wk3").is_none());
}
